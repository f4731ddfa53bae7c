"""What the user sees while a session plays: a screen that can be read from two metres, or plain lines."""

from __future__ import annotations

import sys
import time
import unicodedata
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

import click

from coach.app.amounts import clock
from coach.borders import printable
from coach.cli.keys import brief_of, command_of, key_presses, listening, name_of, only_wait
from coach.cli.reporting import REPORTER
from coach.cli.terminal import columns, filled, wide, wrapped
from coach.cli.verbose import is_logged_to_stderr
from coach.history import Question
from coach.phrases import phrasebook
from coach.routine import Exercise, Hold
from coach.session.controls import Controls, Order, SessionCommand
from coach.session.now import SessionState
from coach.stderr import keep_stderr
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from coach.app.play import Screen
    from coach.session.now import Now
    from coach.timeline import PhaseSpan, Set, Timeline

    Keys = Callable[[float], list[str]]

_STATES = {SessionState.PLAYING: "", SessionState.PAUSED: "paused", SessionState.WAITING: "no sound"}
_ANSWERS = {
    Question.EFFORT: {
        SessionCommand.NEXT: "too hard",
        SessionCommand.PREVIOUS: "too easy",
        SessionCommand.TOGGLE: "just right",
        SessionCommand.STOP: "no answer",
    },
    Question.PAIN: {
        SessionCommand.NEXT: "more",
        SessionCommand.PREVIOUS: "less",
        SessionCommand.TOGGLE: "no change",
        SessionCommand.STOP: "no answer",
    },
}
"""What a key answers in the check-in."""

_LEAST = (24, 6)  # columns and rows below which there is only one line
_MARGIN = 2  # columns on either side
_NAMED = 28  # columns needed to show a bar's name
_HELP = 2  # the weight of what can be left out
_TOLD = 10.0  # seconds for which a message replaces the keys
_SIZES = ((3, 2), (2, 2), (2, 1), (1, 1), (1, 0), (0, 1), (0, 0))
"""How large phase and rep are: how often each dot of a letter is drawn; 0 for plain text. The best first."""


@contextmanager
def open_screen(timeline: Timeline, *, silent: bool = False) -> Iterator[Screen]:
    """Yield the screen that suits standard error, a terminal or not, with its keys.

    Afterwards, the terminal is as it was.

    Args:
        timeline: the track.
        silent: whether to show nothing if there is no terminal.
    """
    with keep_stderr():
        screen = _Expendable(partial(_choose, timeline, silent=silent))
        with key_presses() as keys:
            screen.keys = keys
            try:
                yield screen
            finally:
                screen.leave()


def _choose(timeline: Timeline, *, silent: bool) -> _Silence:
    if not sys.stderr.isatty() or is_logged_to_stderr():
        return _Silence() if silent else _Lines(timeline)
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if (
        listening()
        and console.width >= _LEAST[0]
        and console.height >= _LEAST[1]
        and not console.is_dumb_terminal
    ):
        return _Large(timeline, console)
    return _Line(timeline)


class _Silence:
    """Nobody is there.

    Attributes:
        keys: waits for keys and returns them, as `key_presses` yields it.
    """

    def __init__(self) -> None:
        self.keys: Keys = only_wait

    def draw(self, now: Now) -> None:
        """Show nothing."""

    def tell(self, message: str) -> None:
        """Show it as a line of its own, because what goes wrong must be found somewhere."""
        REPORTER.warn(message)

    def ask(self, question: Question, sentence: str) -> None:
        """Show nothing."""

    def wait(self, seconds: float, controls: Controls) -> None:
        """Wait for keys, and pass on what they ask for."""
        for key in self.keys(seconds):
            if command := command_of(key):
                controls.give(Order(command))

    def leave(self) -> None:
        """Do nothing."""


class _Expendable(_Silence):
    """A screen that may fail: its disk is full, its terminal has gone. The session goes on without it.

    Args:
        make: returns the screen that is shown as long as that works.
    """

    def __init__(self, make: Callable[[], _Silence]) -> None:
        super().__init__()
        self._screen = _Silence()
        with self._giving_up():
            self._screen = make()

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            broken, self._screen = self._screen, _Silence()
            with suppress(OSError):
                broken.leave()

    def draw(self, now: Now) -> None:
        """Show it on the screen."""
        with self._giving_up():
            self._screen.draw(now)

    def tell(self, message: str) -> None:
        """Show it on the screen."""
        with self._giving_up():
            self._screen.tell(message)

    def ask(self, question: Question, sentence: str) -> None:
        """Show it on the screen."""
        with self._giving_up():
            self._screen.ask(question, sentence)

    def leave(self) -> None:
        """Leave the screen."""
        with self._giving_up():
            self._screen.leave()


class _Lines(_Silence):
    """A line for each chapter, for a file or a pipe."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline
        self._shown: int | None = None

    def draw(self, now: Now) -> None:
        """Show the chapter, if it is a new one."""
        if now.chapter != self._shown:
            self._shown = now.chapter
            title = self._timeline.chapters[now.chapter].title
            click.echo(f"{_times(self._timeline, now.sample)}  {printable(title)}", err=True)

    def ask(self, question: Question, sentence: str) -> None:
        """Show it as lines."""
        _write_question(question, sentence)


class _Line(_Silence):
    """One line, redrawn, for a small terminal or one whose keys we don't get."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self._timeline = timeline
        self._drawn = False
        hints = brief_of(SessionCommand.TOGGLE, SessionCommand.STOP) if listening() else []
        told = ", ".join([timeline.title, f"{clock(timeline.length)} minutes", timeline.voice, *hints])
        for line in wrapped(told, columns() - 1):
            click.echo(line, err=True)

    def draw(self, now: Now) -> None:
        """Show time, cue, rep and chapter."""
        from coach.session.titles import rep_title

        parts = [now.cue.text if now.cue else "", rep_title(now), self._timeline.chapters[now.chapter].title]
        state = f"{_STATES[now.state]}  ".lstrip()
        line = f"{_times(self._timeline, now.sample)}  {state}{' · '.join(filter(None, parts))}"
        click.echo("\r" + filled(printable(line), columns() - 1), nl=False, err=True)
        self._drawn = True

    def tell(self, message: str) -> None:
        """Show it instead of the line."""
        self.leave()
        REPORTER.warn(message)

    def ask(self, question: Question, sentence: str) -> None:
        """Show it below the line."""
        self.leave()
        _write_question(question, sentence)

    def leave(self) -> None:
        """Leave the line as it is, and go to the next one."""
        if self._drawn:
            click.echo(err=True)
        self._drawn = False


class _Large(_Silence):
    """The whole terminal, in letters that can be read from two metres."""

    def __init__(self, timeline: Timeline, console: Console) -> None:
        from rich.live import Live

        super().__init__()
        self._timeline, self._console = timeline, console
        self._messages: dict[str, float] = {}  # with when they were told
        self._shown: tuple[int, int, list[Text]] | None = None
        self._live = Live(console=console, screen=True, auto_refresh=False, transient=True)
        self._live.start()

    def draw(self, now: Now) -> None:
        """Show exercise, phase, rep, caption, what comes next, and how much time is left."""
        from rich.text import Text

        width, height = self._console.size
        fresh = [each for each, at in self._messages.items() if time.monotonic() - at < _TOLD]
        lines = frame(self._timeline, now, width, height, "".join(fresh[-1:]))
        if self._shown != (width, height, lines):
            self._shown = width, height, lines
            self._live.update(Text("\n", no_wrap=True, overflow="crop").join(lines), refresh=True)

    def tell(self, message: str) -> None:
        """Show it instead of the keys, for a while."""
        self._messages.pop(message, None)
        self._messages[message] = time.monotonic()

    def ask(self, question: Question, sentence: str) -> None:
        """Show it on the normal terminal."""
        self.leave()
        _write_question(question, sentence)

    def leave(self) -> None:
        """Give the terminal back as it was; messages stay."""
        self._console.clear()  # a terminal that was resized meanwhile may mix up its two screens
        self._live.stop()
        for message in self._messages:
            REPORTER.warn(message)
        self._messages.clear()


def _write_question(question: Question, sentence: str) -> None:
    """Write a question of the check-in, and the keys that answer it if we get keys."""
    keys = " \u00b7 ".join(f"{name_of(command)} {says}" for command, says in _ANSWERS[question].items())
    for text in (sentence, keys) if listening() else (sentence,):
        for line in wrapped(text, columns() - 1):
            click.echo(line, err=True)


class _Part(NamedTuple):
    """Lines of the large screen that belong together.

    Attributes:
        weight: if there is no room, what weighs least is left out first.
        lines: the lines.
    """

    weight: int
    lines: Sequence[Text]


def frame(timeline: Timeline, now: Now, width: int, height: int, message: str = "") -> list[Text]:
    """Return the lines of the large screen: at most `height` lines of at most `width`, as large as fits.

    Args:
        timeline: the track.
        now: the moment.
        width: columns of the terminal.
        height: its rows.
        message: what replaces the keys; "" to show the keys.
    """
    from rich.text import Text

    room = max(1, width - 2 * _MARGIN)
    parts: list[_Part] = []
    for sizes in _SIZES:
        if not _fits(
            (*_letters(_widest(timeline, now), sizes[0]), *_letters(_widest_rep(now), sizes[1])), room
        ):
            continue
        parts = list(_parts(timeline, now, message, room, sizes))
        least = _HELP if sum(sizes) == 1 else 0  # one line of large letters is worth more than the keys
        if sum(len(part.lines) for part in parts if part.weight > least) <= height:
            break
    while len(parts) > 1 and sum(len(part.lines) for part in parts) > height:
        parts.remove(min(parts))
    gaps = max(0, height - sum(len(part.lines) for part in parts))
    lines: list[Text] = []
    for index, part in enumerate(parts):
        share = (index + 1) * gaps // (len(parts) + 1) - index * gaps // (len(parts) + 1)
        lines += [Text()] * share
        lines += [Text(" " * _MARGIN) + line for line in part.lines]
    return lines[:height]


def _parts(timeline: Timeline, now: Now, message: str, width: int, sizes: tuple[int, int]) -> Iterator[_Part]:
    """Yield what the large screen shows, from top to bottom."""
    from rich.text import Text

    from coach.session.titles import rep_title, set_title

    work, coming = now.work, now.coming
    state = _STATES[now.state].upper()
    if work:
        name, then = set_title(timeline, work), set_title(timeline, coming) if coming else "the end"
    else:
        name, then = f"Next: {set_title(timeline, coming)}" if coming else timeline.title, ""
    volume = Text(f"volume {now.volume:.0%}" if now.volume < 1 else "", style="dim")
    yield _Part(5, [_spread(Text(printable(name), style="bold"), volume, width)])
    phase = state or printable(_phase(timeline, now))
    sized = (_letters(phase, size) for size in range(sizes[0], -1, -1))
    large = next((lines for lines in sized if _fits(lines, width)), (filled(phase, width),))
    style = "red" if state else "green" if work and not now.ahead else "magenta"
    yield _Part(9, [Text(line, style=style if len(large) > 1 else "bold") for line in large])
    if work and work.reps and now.stretch and sizes[1]:
        yield _Part(4, [Text(line) for line in _letters(f"{now.stretch.rep}/{work.reps}", sizes[1])])
    if told := rep_title(now) if work else _dose(coming):
        yield _Part(7, [Text(filled(told, width).rstrip(), style="bold")])
    caption = wrapped(now.cue.text, width) if now.cue else []
    yield _Part(8, [Text(line, style="italic") for line in [*caption, "", ""][:2]])
    if then:
        yield _Part(2, [Text(filled(printable(f"next: {then}"), width).rstrip())])
    yield _Part(6, [*_bars(timeline, now, width)])
    if message:
        yield _Part(3, [Text(line, style="bold") for line in wrapped(message, width)[:2]])
    else:
        yield _Part(1, [Text(line, style="dim") for line in _packed(brief_of(), width)])


def _bars(timeline: Timeline, now: Now, width: int) -> Iterator[Text]:
    """Yield the bar of the exercise, or of what comes before it, and the bar of the routine."""
    sets, start = timeline.sets, 0
    if now.work:
        name, start, end = "exercise", now.work.start, now.work.end
    else:
        index = sets.index(now.coming) if now.coming else len(sets)
        start = sets[index - 1].end if index else 0
        name, end = ("before", now.coming.start) if now.coming else ("after", timeline.length)
    yield _bar(name, now.sample - start, end - start, now.ahead, width, "cyan")
    yield _bar("routine", now.sample, timeline.length, now.ahead, width, "green")


def _phase(timeline: Timeline, now: Now) -> str:
    """Return what the body does, as short as can be: "DOWN 2"; between two sets, the time to the next."""
    work, part = now.work, now.stretch
    if work is None or part is None:
        until = now.coming.start if now.coming else timeline.length
        return _seconds(now.ahead + until - now.sample)
    if now.ahead:
        return _seconds(now.ahead + max(0, part.start - now.sample))
    return _doing(timeline, work, part, now.sample)


def _doing(timeline: Timeline, work: Set, part: PhaseSpan, sample: int) -> str:
    """Return the phase with its second; what is held, or done for a time, tells the seconds that are left."""
    left = _seconds(part.end - sample)
    if part.phase is None:
        return left
    name = phrasebook(timeline.language).phase(part.phase).upper()
    if isinstance(work.step, Exercise) and isinstance(work.step.dose, Hold):
        return f"{name} {left}"
    return f"{name} {max(0, sample - part.start) // RATE + 1}"


def _times(timeline: Timeline, sample: int) -> str:
    return f"{clock(sample)} / {clock(timeline.length)}"


def _seconds(samples: int) -> str:
    """Return a time that is left, as it is counted aloud: 3 until two seconds are left."""
    whole = -(-max(0, samples) // RATE)
    return str(whole) if whole < 10 else clock(whole * RATE)


def _widest(timeline: Timeline, now: Now) -> str:
    """Return the longest of what the phase of a set shows in large letters, so that their size stays."""
    if now.work is None:
        return "0:00"
    first = [part for part in now.work.spans if part.rep in (1, None)]
    return max((_doing(timeline, now.work, part, part.start) for part in first), key=len)


def _widest_rep(now: Now) -> str:
    digits = len(str(now.work.reps)) if now.work and now.work.reps else 0
    return f"{'8' * digits}/{'8' * digits}" if digits else ""


def _dose(work: Set | None) -> str:
    """Return how much of a set there is to do: "12 reps, set 2 of 3"."""
    if work is None:
        return ""
    kind = "round" if work.number is None else "rep"
    dose = clock(work.end - work.start) if work.reps is None else f"{work.reps} {kind}{'s' * (work.reps > 1)}"
    sets = work.step.sets if isinstance(work.step, Exercise) else 1
    return f"{dose}, set {work.number} of {sets}" if sets > 1 else dose


def _fits(lines: Sequence[str], width: int) -> bool:
    return all(wide(line) <= width for line in lines)


def _spread(left: Text, right: Text, width: int) -> Text:
    if right.cell_len >= width:
        right = right[:0]
    left.truncate(max(0, width - right.cell_len - bool(right)), overflow="ellipsis")
    return left + " " * (width - left.cell_len - right.cell_len) + right


def _bar(name: str, done: int, whole: int, ahead: int, width: int, colour: str) -> Text:
    """Return a bar with its name before it and the time left after it; all but the width in samples."""
    from rich.text import Text

    behind = f" {clock(-(-max(0, whole - done + ahead) // RATE) * RATE)} left"
    bar = Text(f"{name:<9}" if width >= _NAMED else "")
    room = max(0, width - bar.cell_len - len(behind))
    full = min(room, max(0, done * room // max(1, whole)))
    bar.append("\u2588" * full, style=colour).append("\u2591" * (room - full), style="dim")
    bar.append(behind)
    bar.truncate(width)
    return bar


def _packed(items: Sequence[str], width: int) -> list[str]:
    """Return lines of items with dots between them."""
    lines = [""]
    for item in items:
        more = f"{lines[-1]} \u00b7 {item}" if lines[-1] else item
        if wide(more) > width and lines[-1]:
            lines.append(item)
        else:
            lines[-1] = more
    return [filled(line, width).rstrip() for line in lines]


@lru_cache(maxsize=512)
def _letters(text: str, size: int) -> tuple[str, ...]:
    """Return a text in large letters, line by line; unchanged if they lack a character, or for size 0."""
    from pyfiglet import figlet_format

    spelled = text.upper().translate(_SPELLED)
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    if not size or len(plain.strip()) < len(text.strip()):
        return (printable(text),) if text else ()
    lines = [line.rstrip() for line in figlet_format(plain, font="ansi_regular", width=2000).split("\n")]
    return tuple("".join(dot * size for dot in line) for line in lines if line for _ in range(size))


_SPELLED = str.maketrans({"\u00c4": "AE", "\u00d6": "OE", "\u00dc": "UE"})
"""The large letters have no umlauts; German spells them like this instead."""
