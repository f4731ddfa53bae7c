"""`coach play`: a routine on the loudspeaker, with the cue and the time while it plays."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from coach.cli.app import one_line
from coach.cli.compiling import (
    compiled,
    limit_option,
    load,
    note,
    opened,
    options,
    player_option,
    volume_option,
    wait_option,
    wanted,
    words,
)
from coach.cli.keys import key_presses, listening
from coach.cli.screen import clock, columns, filled, wrapped
from coach.cli.scripts import SCRIPT_FILE
from coach.errors import AudioError, CoachError
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path

    from coach.cli.compiling import Wanted
    from coach.player import Player
    from coach.session import Session
    from coach.session.journal import Journal
    from coach.timeline import Chapter, Timeline

_REDRAW = 0.1  # seconds between two looks at the player
_WAIT = 120.0  # seconds that a scheduled run waits for the sound server: a log-in takes less
_LOOK_AGAIN = 1.0  # seconds between two looks for it
_LONGER = 15 * 60.0  # seconds that a scheduled run may last longer than its track, for pauses


class _Play(click.Command):
    """Writes a wrong command line into the log of scheduled runs, too: nobody sees its message."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        words = list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.ClickException as error:
            if "--scheduled" in words:
                name = words[words.index("--name") + 1 :][:1] if "--name" in words else []
                _tell_run(
                    "".join(name) or "play", f"not played: {one_line(error.format_message())}", alarm=True
                )
            raise


@click.command(cls=_Play)
@click.argument("script", type=SCRIPT_FILE)
@player_option
@volume_option
@limit_option
@options
@click.option(
    "--scheduled", is_flag=True, help="As cron starts it: wait for sound, begin softly, keep a log."
)
@click.option("--name", help="What the log of scheduled runs calls it, in place of the script's name.")
@wait_option
def command(
    script: Path,
    *,
    player: str,
    scheduled: bool,
    name: str | None,
    limit: Fraction | None,
    wait: Fraction | None,
    **choices: Any,
) -> None:
    """Play SCRIPT. Space pauses and goes on, q stops.

    After a pause it goes on at the start of the sentence that was interrupted.
    """
    seconds = None if limit is None else float(limit)
    with ExitStack() as stack:
        outcome = stack.enter_context(_logged(name or script.stem)) if scheduled else []
        wish = wanted(script, **choices)
        routine = load(wish)
        _alone(stack, routine.title)
        if scheduled:
            device = _awaited(player, _WAIT if wait is None else float(wait))
        else:
            device = opened(player, "'coach export' writes a file instead")
        stack.enter_context(closing(device))  # before the voice works
        timeline, speech = compiled(wish, routine)
        if scheduled and seconds is None:
            seconds = timeline.length / RATE + _LONGER
        from coach.session import Session

        journal = _journal(stack, wish, timeline, name or script.stem if scheduled else None)
        session = Session(timeline, speech, device, journal=journal, gently=scheduled, limit=seconds)
        try:
            _follow(session, silent=scheduled and not sys.stderr.isatty())
        finally:
            outcome.append(_ended(session))


def _alone(stack: ExitStack, title: str) -> None:
    """Hold the right to play until the stack closes: two voices at once help nobody."""
    from coach.history import session_lock
    from coach.lock import LockedError, holding

    try:
        stack.enter_context(holding(session_lock(), note=f"{title}, since {datetime.now():%H:%M}"))
    except LockedError as error:
        who = f" ({one_line(error.note)})" if error.note else ""
        raise AudioError(f"a session is playing already{who}; one plays at a time") from error
    except OSError as error:
        note(f"cannot tell whether another session is playing: {error.strerror or error} ({error.filename})")


def _journal(stack: ExitStack, wish: Wanted, timeline: Timeline, schedule: str | None) -> Journal | None:
    """Return where the session is logged; None, and a note, where that cannot be."""
    from coach.history import History, HistoryError
    from coach.session.journal import Journal

    try:
        history = stack.enter_context(closing(History()))
        record = history.begin(
            title=timeline.title,
            script=os.path.abspath(wish.script),  # noqa: PTH100 - resolve() would follow links
            language=timeline.language,
            voice=timeline.voice,
            level=timeline.level,
            schedule=schedule,
            options={"words": words(wish)},
            length=timeline.length / RATE,
        )
    except HistoryError as error:
        note(f"{error}; the session plays, and is not logged")
        return None
    return Journal(timeline, record, note)


def _follow(session: Session, *, silent: bool) -> None:
    """Play to the end, or until q is pressed."""
    screen = None if silent else _Screen(session.timeline)
    with key_presses() as keys:
        try:
            session.start()
            while session.tick():
                if screen:
                    screen.draw(session.position, paused=session.paused)
                for key in keys(_REDRAW).lower():
                    if key == "q":
                        session.end("stopped")
                    elif key == " ":
                        session.toggle()
            if screen and session.outcome == "completed":
                screen.draw(session.timeline.length, paused=False)
        except BaseException as error:
            session.end("broken off", str(error) if isinstance(error, CoachError) else None)
            raise
        finally:
            if screen:
                screen.leave()


def _ended(session: Session) -> str:
    """Return in words how a session ended."""
    whole, reason = clock(session.timeline.length), f": {session.reason}" if session.reason else ""
    if session.outcome == "completed":
        return f"completed, {whole} minutes"
    return f"{session.outcome} at {clock(session.position)} of {whole} minutes{reason}"


class _Screen:
    """One line that tells the time and the current cue; without a terminal, a line a chapter."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._terminal = sys.stderr.isatty()
        self._chapter: Chapter | None = None
        self._drawn = False
        if self._terminal:
            keys = " Space pauses and goes on, q stops." if listening() else ""
            told = f"{timeline.title}, {clock(timeline.length)} minutes, {timeline.voice}.{keys}"
            for line in wrapped(told, columns() - 1):
                click.echo(line, err=True)

    def draw(self, sample: int, *, paused: bool) -> None:
        """Show the moment that is heard now."""
        timeline = self._timeline
        chapter = next((each for each in timeline.chapters if sample < each.end), timeline.chapters[-1])
        time = f"{clock(sample)} / {clock(timeline.length)}"
        if not self._terminal:
            if chapter is not self._chapter:
                click.echo(f"{time}  {one_line(chapter.title)}", err=True)
            self._chapter = chapter
            return
        from coach.session import last_cue

        cue = last_cue(timeline, sample)
        parts = [cue.text if cue else "", f"rep {cue.rep}" if cue and cue.rep else "", chapter.title]
        state = f"{time}  paused  " if paused else f"{time}  "
        line = one_line(state + " · ".join(part for part in parts if part))
        click.echo("\r" + filled(line, columns() - 1), nl=False, err=True)
        self._drawn = True

    def leave(self) -> None:
        """Leave the line as it is, and go to the next one."""
        if self._drawn:
            click.echo(err=True)


# Scheduled runs.


@contextmanager
def _logged(name: str) -> Iterator[list[str]]:
    """Write what becomes of a scheduled run into its log; where it cannot play, tell the desktop too.

    Yields:
        A list for the outcome, once there is one.
    """
    outcome: list[str] = []
    try:
        yield outcome
    except BaseException as error:
        why = str(error).partition("\n")[0] or "it was interrupted"
        known = isinstance(error, (CoachError, click.ClickException))
        told = outcome[0] if outcome else f"not played: {why if known else type(error).__name__}"
        _tell_run(name, told, alarm=isinstance(error, Exception))
        raise
    _tell_run(name, outcome[0], alarm=False)


def _tell_run(name: str, outcome: str, *, alarm: bool) -> None:
    from coach.desktop import notify, person_environment
    from coach.schedule.runs import log_run

    try:
        log_run(name, one_line(outcome))
    except CoachError as error:
        note(str(error))
    if alarm:
        os.environ.update(person_environment())
        notify(f"Coach: {name}", outcome)


def _awaited(player: str, patience: float) -> Player:
    """Return an open player, as soon as the person's sound server is there.

    Raises:
        AudioError: it did not come.
    """
    from coach.desktop import person_environment
    from coach.player import open_player

    deadline = time.monotonic() + patience
    while True:
        os.environ.update(person_environment())
        try:
            return open_player(player)
        except AudioError as error:
            left = deadline - time.monotonic()
            if left <= 0:
                who = "" if "XDG_RUNTIME_DIR" in os.environ else "; nobody is logged in"
                raise AudioError(f"{error}, after {patience:g} seconds of waiting{who}") from error
        time.sleep(min(left, _LOOK_AGAIN))
