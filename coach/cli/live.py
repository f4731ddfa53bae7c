"""What a person sees while a session plays: a screen to be read from two metres, or plain lines."""

from __future__ import annotations

import sys
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import click

from coach.cli.app import one_line
from coach.cli.compiling import note
from coach.cli.keys import listening
from coach.cli.screen import clock, columns, filled, wide, wrapped
from coach.units import RATE

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from coach.session import Now
    from coach.timeline import Set, Timeline

KEYS = {
    " ": "toggle",
    "n": "next",
    "p": "previous",
    "r": "repeat",
    "left": "back",
    "right": "forward",
    "up": "louder",
    "down": "softer",
    "+": "louder",
    "-": "softer",
    "q": "stop",
}
"""What a key does: one of the session's commands."""

_KEYS_LINE = "space pause · n next · p previous · r repeat · ←→ 10 s · ↑↓ volume · q stop"
_LARGE = (44, 18)  # columns and rows that the large screen needs


class Screen(Protocol):
    """Shows where a session is."""

    def draw(self, now: Now) -> None:
        """Show a moment."""
        ...

    def tell(self, message: str) -> None:
        """Show a line for the person."""
        ...

    def leave(self) -> None:
        """Give the terminal back."""
        ...


def screen(timeline: Timeline, *, silent: bool = False) -> Screen:
    """Return the screen for what standard error is: a large terminal, a small one, or none.

    Args:
        timeline: the track.
        silent: whether to show nothing where there is no terminal.
    """
    if not sys.stderr.isatty():
        return _Silence() if silent else _Lines(timeline)
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if (
        listening()
        and console.width >= _LARGE[0]
        and console.height >= _LARGE[1]
        and not console.is_dumb_terminal
    ):
        return _Large(timeline, console)
    return _Line(timeline)


class _Silence:
    """Nobody is there."""

    def draw(self, now: Now) -> None:
        """Show nothing."""

    def tell(self, message: str) -> None:
        """As a line of its own: what goes wrong must be found somewhere."""
        note(message)

    def leave(self) -> None:
        """Do nothing."""


class _Lines(_Silence):
    """A line a chapter, for a file or a pipe."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._shown: int | None = None

    def draw(self, now: Now) -> None:
        """Show the chapter, if it is a new one."""
        if now.chapter != self._shown:
            self._shown = now.chapter
            title = self._timeline.chapters[now.chapter].title
            click.echo(f"{_times(self._timeline, now.sample)}  {one_line(title)}", err=True)


class _Line(_Silence):
    """One line, redrawn, for a small terminal, or one whose keys are not ours."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._drawn = False
        keys = " Space pauses and goes on, q stops." if listening() else ""
        told = f"{timeline.title}, {clock(timeline.length)} minutes, {timeline.voice}.{keys}"
        for line in wrapped(told, columns() - 1):
            click.echo(line, err=True)

    def draw(self, now: Now) -> None:
        """Show time, cue, rep and chapter."""
        parts = [now.cue.text if now.cue else "", _rep(now), self._timeline.chapters[now.chapter].title]
        state = "" if now.state == "playing" else f"{_STATES[now.state]}  "
        line = f"{_times(self._timeline, now.sample)}  {state}{' · '.join(filter(None, parts))}"
        click.echo("\r" + filled(one_line(line), columns() - 1), nl=False, err=True)
        self._drawn = True

    def tell(self, message: str) -> None:
        """Show it in the place of the line."""
        self.leave()
        note(message)

    def leave(self) -> None:
        """Leave the line as it is, and go to the next one."""
        if self._drawn:
            click.echo(err=True)
        self._drawn = False


class _Large:
    """The whole terminal, in letters for two metres."""

    def __init__(self, timeline: Timeline, console: Console) -> None:
        from rich.live import Live

        self._timeline, self._console = timeline, console
        self._message = ""
        self._live = Live(console=console, screen=True, auto_refresh=False, transient=True)
        self._live.start()

    def draw(self, now: Now) -> None:
        """Show exercise, phase, rep, caption, what comes, and how much is left."""
        from rich.text import Text

        width, height = self._console.size
        lines = self._lines(now, width - 4)
        spare = height - len(lines) - 1
        for at in sorted((at for at, line in enumerate(lines) if not line), reverse=True):
            if spare < 0:  # a terminal that was made smaller: no empty lines
                del lines[at]
                spare += 1
        lines = lines[: height - 1]
        self._live.update(Text("\n").join([Text(), *(Text("  ") + line for line in lines)]), refresh=True)

    def tell(self, message: str) -> None:
        """Show it above the keys."""
        self._message = message

    def leave(self) -> None:
        """Give the terminal back as it was; what was told last stays."""
        self._live.stop()
        if self._message:
            note(self._message)

    def _lines(self, now: Now, width: int) -> list[Text]:
        from rich.text import Text

        timeline, work = self._timeline, now.work or now.coming
        state = "" if now.state == "playing" else _STATES[now.state].upper()
        volume = f"volume {now.volume:.0%}" if now.volume < 1 else ""
        name = _titled(work) if work else timeline.title
        right = "  ".join(filter(None, (volume, state)))
        lines = [_spread(Text(one_line(name), style="bold"), Text(right, style="bold yellow"), width), Text()]
        large = _large(self._phase(now), width)
        lines += [Text(line, style="bold cyan") for line in large] + [Text()]
        rep = _rep(now)
        if rep and len(large) > 1:
            assert now.stretch is not None
            lines += [Text(line, style="bold") for line in _large(f"{now.stretch.rep}/{_reps(now)}", width)]
        lines += [Text(rep, style="bold"), Text()]
        caption = one_line(now.cue.text) if now.cue else ""
        lines += [Text(line, style="italic") for line in wrapped(caption, width)[:2]]
        coming = now.coming
        told = (
            f"next: {_titled(coming)}"
            if coming and coming is not work
            else "next: the end"
            if not coming
            else ""
        )
        lines += [Text(one_line(told), style="dim"), Text()]
        if now.work:
            done = (now.sample - now.work.start) / (now.work.end - now.work.start)
            lines.append(_bar("exercise", done, now.work.end - now.sample, width, "cyan"))
        else:
            lines.append(Text())
        lines.append(
            _bar("routine", now.sample / timeline.length, timeline.length - now.sample, width, "green")
        )
        lines += [
            Text(),
            Text(filled(self._message or _KEYS_LINE, width), style="yellow" if self._message else "dim"),
        ]
        return lines

    def _phase(self, now: Now) -> str:
        """Return what the body does now, as short as can be: "Down 2", or the time to the first beat."""
        if now.work is None or now.stretch is None:
            return clock(max(0, now.coming.start - now.sample)) if now.coming else ""
        if now.stretch.phase is None:
            return clock(now.work.end - now.sample)
        second = max(0, now.sample - now.stretch.start) // RATE + 1
        return f"{now.stretch.phase} {second}"


_STATES = {"paused": "paused", "waiting": "no sound", "playing": ""}


def _times(timeline: Timeline, sample: int) -> str:
    return f"{clock(sample)} / {clock(timeline.length)}"


def _titled(work: Set) -> str:
    return work.name if work.side is None else f"{work.name}, {work.side}"


def _reps(now: Now) -> int | None:
    return now.work.reps if now.work else None


def _rep(now: Now) -> str:
    """Return which rep it is, and which set if there are several; "" outside of one."""
    work, part = now.work, now.stretch
    if work is None or part is None or part.rep is None:
        return ""
    kind = "round" if work.number is None else "rep"
    sets = getattr(work.step, "sets", 1)
    return f"{kind} {part.rep} of {work.reps}" + (f", set {work.number} of {sets}" if sets > 1 else "")


def _spread(left: Text, right: Text, width: int) -> Text:
    left.truncate(max(0, width - right.cell_len - 1), overflow="ellipsis")
    return left + " " * (width - left.cell_len - right.cell_len) + right


def _bar(name: str, done: float, left: int, width: int, colour: str) -> Text:
    """Return a bar with its name before it and the time left behind it."""
    from rich.text import Text

    behind = f" {clock(max(0, left))} left"
    room = max(4, width - 10 - len(behind))
    full = min(room, max(0, round(done * room)))
    bar = Text(f"{name:<10}", style="dim")
    bar.append("█" * full, style=colour).append("░" * (room - full), style="dim")
    return bar.append(behind)


@lru_cache(maxsize=256)
def _large(text: str, width: int) -> tuple[str, ...]:
    """Return a text in large letters, line by line; as it is where those don't fit, or don't know it."""
    from pyfiglet import figlet_format

    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    if plain and len(plain) >= len(text):
        lines = figlet_format(plain.upper(), font="ansi_regular", width=1000).rstrip().split("\n")
        if max(map(wide, lines)) <= width:
            return tuple(line.rstrip() for line in lines)
    return (one_line(text),)
