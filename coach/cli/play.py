"""`coach play`: a routine on the loudspeaker, with the cue and the time while it plays."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from coach.cli.app import one_line
from coach.cli.compiling import (
    Typed,
    check_in_option,
    compiled,
    fitted,
    limit_option,
    load,
    note,
    opened,
    options,
    player_option,
    ready_to_steer,
    typed,
    volume_option,
    wait_option,
    wanted,
)
from coach.cli.keys import command_of, key_presses
from coach.cli.play_screen import screen
from coach.cli.screen import clock
from coach.cli.scripts import SCRIPT_FILE
from coach.cli.starting import left_off, named, resumed
from coach.errors import AudioError, CoachError, SpeechError
from coach.history import Outcome
from coach.session.controls import Controls, Order
from coach.stderr import keep_stderr
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction
    from pathlib import Path

    from coach.cli.compiling import Wanted
    from coach.cli.play_screen import Screen
    from coach.history import SessionLog
    from coach.player import Player
    from coach.session.checkin import CheckIn
    from coach.session.journal import Journal
    from coach.session.places import Landing
    from coach.session.session import Session
    from coach.speech import Speech
    from coach.timeline import Timeline

_REDRAW = 0.1  # seconds between two looks at the player
_WAIT = 120.0  # seconds that a scheduled run waits for the sound server: a log-in takes less
_LOOK_AGAIN = 1.0  # seconds between two looks for it
_GLANCE = 0.3  # seconds that somebody who looks whether a session is playing may hold the lock
_LONGER = 15 * 60.0  # seconds that a scheduled run may last longer than its track, for pauses


_OWN = {"start", "resume", "scheduled", "name", "wait", "limit", "player"}
"""Options that belong to one session, and not to the one that takes it up."""


class _Play(Typed):
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
                _tell_run("".join(name) or "play", f"not played: {_why(error)}", alarm=True)
            raise


@click.command(cls=_Play)
@click.argument("script", type=SCRIPT_FILE, required=False, metavar="SCRIPT")
@click.option("--from", "start", metavar="PLACE", help="Begin at an exercise, or at a time.")
@click.option("--resume", is_flag=True, help="Take up the last session where it was broken off.")
@player_option
@volume_option
@limit_option
@check_in_option
@options
@click.option(
    "--scheduled", is_flag=True, help="As cron starts it: wait for sound, begin softly, keep a log."
)
@click.option("--name", help="What the log of scheduled runs calls it, in place of the script's name.")
@wait_option
@click.pass_context
def command(
    context: click.Context,
    /,
    script: Path | None,
    *,
    start: str | None,
    resume: bool,
    player: str,
    scheduled: bool,
    name: str | None,
    limit: Fraction | None,
    check_in: bool,
    wait: Fraction | None,
    **choices: Any,
) -> None:
    """Play SCRIPT, or with --resume what was played last.

    Space pauses and goes on, n and p go to the next and the previous exercise, r repeats the last
    instruction, the arrows go 10 seconds back and forward and change the volume, q stops.
    """
    if resume and start is not None:
        raise click.UsageError("--resume knows where to begin: leave --from out", context)
    left = left_off(script) if resume else None
    words = typed(context, _OWN)
    if left:
        words = [*_words_of(left), *words]
        before = command.make_context("play", [*words, left.script], parent=context.parent).params
        script, choices = before["script"], {name: before[name] for name in choices}
        check_in = before["check_in"]
    if script is None:
        raise click.MissingParameter(ctx=context, param=context.command.params[0])
    seconds = None if limit is None else float(limit)
    with ExitStack() as stack:
        outcome = stack.enter_context(_logged(name or script.stem)) if scheduled else []
        wish = wanted(script, **choices)
        routine = fitted(wish, load(wish), "auto", resumes=left)
        _alone(stack, routine.title)
        if scheduled:
            device = _awaited(player, _WAIT if wait is None else float(wait))
        else:
            device = opened(player, "'coach export' writes a file instead")
        stack.enter_context(closing(device))  # before the voice works
        timeline, speech = compiled(wish, routine)
        ready_to_steer(timeline, speech)
        if scheduled and seconds is None:
            seconds = timeline.length / RATE + _LONGER
        from coach.session.session import Session

        landing = resumed(timeline, left) if left else named(timeline, start) if start is not None else None
        log: dict[str, object] = {"words": words} | ({"resumes": left.id} if left else {})
        journal = _journal(stack, wish, timeline, name or script.stem if scheduled else None, log)
        stack.enter_context(keep_stderr())
        shown = screen(timeline, silent=scheduled)
        session = Session(
            timeline, speech, device, journal=journal, gently=scheduled, limit=seconds, tell=shown.tell
        )
        check = _check_in(timeline, speech, device, journal) if check_in else None
        try:
            _follow(session, shown, landing, check)
        finally:
            outcome.append(_ended(session))


def _alone(stack: ExitStack, title: str) -> None:
    """Hold the right to play until the stack closes: two voices at once help nobody."""
    from coach.history import session_lock
    from coach.lock import LockedError, holding

    try:
        stack.enter_context(
            holding(session_lock(), patience=_GLANCE, note=f"{title}, since {datetime.now():%H:%M}")
        )
    except LockedError as error:
        who = f" ({one_line(error.note)})" if error.note else ""
        raise AudioError(f"a session is playing already{who}; one plays at a time") from error
    except OSError as error:
        note(f"cannot tell whether another session is playing: {error.strerror or error} ({error.filename})")


def _words_of(left: SessionLog) -> list[str]:
    """Return the options that a session was played with, as they were typed."""
    words = left.options.get("words")
    return [str(word) for word in words] if isinstance(words, list) else []


def _journal(
    stack: ExitStack, wish: Wanted, timeline: Timeline, schedule: str | None, log: dict[str, object]
) -> Journal | None:
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
            options=log,
            length=timeline.length / RATE,
        )
    except HistoryError as error:
        note(f"{error}; the session plays, and is not logged")
        return None
    return Journal(timeline, record, note)


def _check_in(timeline: Timeline, speech: Speech, device: Player, journal: Journal | None) -> CheckIn | None:
    """Return what asks at the end; None, and a note, where the voice cannot."""
    from coach.session.checkin import CheckIn

    try:
        return CheckIn(timeline, speech, device, journal.answer if journal else lambda *_: None)
    except SpeechError as error:
        note(f"{error}; nothing is asked at the end")
        return None


def _follow(session: Session, shown: Screen, landing: Landing | None, check: CheckIn | None) -> None:
    """Play to the end, and do what the keys and the desktop say; then ask what is to be asked."""
    from coach.session.remote import Remote

    steered = _Steered(session)
    with key_presses() as keys, closing(Remote(session.timeline, steered)) as remote:
        try:
            session.start(landing)
            while session.tick():
                now = session.now()
                remote.show(now)
                shown.draw(now)
                _pass_on(keys, steered)
            question = None
            if check and session.outcome is Outcome.COMPLETED:
                steered.controls = check
                while check.tick():
                    if check.question and check.question != question:
                        question = check.question
                        shown.ask(question, check.sentence)
                    _pass_on(keys, steered)
        except BaseException as error:
            session.end(Outcome.BROKEN_OFF, str(error) if isinstance(error, CoachError) else None)
            raise
        finally:
            shown.leave()


class _Steered(Controls):
    """Passes orders on to whatever is being steered: the session, then the check-in."""

    def __init__(self, controls: Controls) -> None:
        self.controls = controls

    def give(self, order: Order) -> None:
        self.controls.give(order)


def _pass_on(keys: Callable[[float], list[str]], controls: Controls) -> None:
    """Wait a moment for keys, and give the orders that they stand for."""
    for key in keys(_REDRAW):
        if command := command_of(key):
            controls.give(Order(command))


def _ended(session: Session) -> str:
    """Return in words how a session ended."""
    whole, reason = clock(session.timeline.length), f": {session.reason}" if session.reason else ""
    if session.outcome is Outcome.COMPLETED:
        return f"completed, {whole} minutes"
    return (
        f"{session.outcome or Outcome.BROKEN_OFF} at {clock(session.now().sample)} of {whole} minutes{reason}"
    )


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
        told = outcome[0] if outcome else f"not played: {_why(error)}"
        _tell_run(name, told, alarm=isinstance(error, Exception))
        raise
    _tell_run(name, outcome[0], alarm=False)


def _why(error: BaseException) -> str:
    """Return in one line what an error means to a person."""
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument):
        return error.message  # the script needs no name
    if isinstance(error, click.ClickException):
        return " ".join(error.format_message().split())
    if isinstance(error, CoachError):
        return str(error).partition("\n")[0]
    return f"{type(error).__name__}: {error}" if isinstance(error, Exception) else "it was interrupted"


def _tell_run(name: str, outcome: str, *, alarm: bool) -> None:
    """Log what became of a run; if need be tell the desktop, too."""
    from coach.desktop import notify, person_environment
    from coach.schedule.runs import log_run

    try:
        log_run(one_line(name), one_line(outcome))
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
    from coach.desktop import is_logged_in, person_environment
    from coach.player import open_player

    deadline = time.monotonic() + patience
    while True:
        os.environ.update(person_environment())
        try:
            return open_player(player)
        except AudioError as error:
            left = deadline - time.monotonic()
            if left <= 0:
                who = "" if is_logged_in() else "; nobody is logged in"
                raise AudioError(f"{error}, after {patience:g} seconds of waiting{who}") from error
        time.sleep(min(left, _LOOK_AGAIN))
