"""Play a routine: from the request to the end of the session."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from coach.app.amounts import clock
from coach.app.device import open_device
from coach.app.prepare import compile_track, fit, load, prepare_recaps
from coach.app.reporter import SILENT
from coach.app.resume import find_place, find_way_back
from coach.app.sessions import SessionReader
from coach.borders import printable
from coach.errors import AudioError, CoachError, SpeechError
from coach.history import Outcome
from coach.script import has_name
from coach.session.controls import Controls, Order
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from coach.app.reporter import Reporter
    from coach.app.request import Request
    from coach.app.scheduled import ScheduledRun
    from coach.history import Question, SessionLog
    from coach.player import Player
    from coach.session.checkin import CheckIn
    from coach.session.journal import Journal
    from coach.session.now import Now
    from coach.session.places import Landing
    from coach.session.session import Session
    from coach.speech import Speech
    from coach.timeline import Timeline

    OpenScreen: TypeAlias = Callable[[Timeline], AbstractContextManager["Screen"]]
    """Shows a track's screen while it plays."""

_TICK = 0.1
"""Seconds between two looks at the session."""

_GLANCE = 0.3
"""Seconds to wait for the lock: a process that only checks whether a session is playing holds it briefly."""


class Screen(Protocol):
    """What shows a session to the user, and passes on how they steer it."""

    def draw(self, now: Now) -> None:
        """Show a moment."""
        ...

    def tell(self, message: str) -> None:
        """Show a line: the sound has gone, or the session can't be logged."""
        ...

    def ask(self, question: Question, sentence: str) -> None:
        """Show a question of the check-in while it is spoken."""
        ...

    def wait(self, seconds: float, controls: Controls) -> None:
        """Wait this long, and pass on what the user asks for meanwhile."""
        ...


class NoScreen:
    """A screen that shows nothing."""

    def draw(self, now: Now) -> None:
        """Show nothing."""

    def tell(self, message: str) -> None:
        """Show nothing."""

    def ask(self, question: Question, sentence: str) -> None:
        """Show nothing."""

    def wait(self, seconds: float, controls: Controls) -> None:  # noqa: ARG002 - nobody asks for anything
        """Wait."""
        time.sleep(seconds)


@contextmanager
def show_nothing(timeline: Timeline) -> Iterator[Screen]:  # noqa: ARG001 - an `OpenScreen`
    """Yield a screen that shows nothing."""
    yield NoScreen()


def play(
    request: Request,
    reporter: Reporter = SILENT,
    *,
    open_screen: OpenScreen = show_nothing,
    player: str = "auto",
    start: str | None = None,
    resumes: SessionLog | None = None,
    check_in: bool = False,
    limit: float | None = None,
    run: ScheduledRun | None = None,
) -> str:
    """Play a routine to its end, log the session, and return in words how it ended.

    Args:
        request: what to play.
        reporter: receives progress, notes and warnings until the screen opens.
        open_screen: opens what shows the session and passes on how the user steers it.
        player: the name of the player.
        start: where to start: an exercise's name or number, or a time such as 6:30; None for the beginning.
        resumes: the session to continue; `start` is None then.
        check_in: whether to ask the user at the end how it was.
        limit: seconds after which it stops, pauses included; None for never, or a scheduled run's own limit.
        run: the scheduled run that this is; None if a person started it.

    Raises:
        ScriptError: with every problem in the script.
        RefusedError: there is no such side, or no such place to start.
        SpeechError: no voice speaks the language, or the voice failed.
        AudioError: there is no sound device or it went away for good, or another session is playing.
    """
    with ExitStack() as stack:
        routine = fit(request, load(request), SessionReader(reporter), resumes=resumes)
        stack.enter_context(_hold_floor(routine.title, reporter))
        # The device before the voice: without one, nobody has to wait for a voice in vain.
        device = stack.enter_context(closing(run.wait_for_device(player) if run else open_device(player)))
        timeline, speech = compile_track(request, routine, reporter)
        prepare_recaps(timeline, speech, reporter)
        landing = _find_landing(timeline, start, resumes)
        screen = stack.enter_context(open_screen(timeline))
        journal = _open_journal(stack, request, timeline, screen, run, check_in=check_in, resumes=resumes)
        questions = _prepare_check_in(timeline, speech, device, journal, screen) if check_in else None
        from coach.session.session import Session

        session = Session(
            timeline,
            speech,
            device,
            journal=journal,
            gently=run is not None,
            limit=run.limit(timeline) if run and limit is None else limit,
            tell=screen.tell,
        )
        try:
            _follow(session, screen, landing, questions)
        finally:
            ending = describe_ending(session)
            if run:
                run.outcome = ending
    return ending


@contextmanager
def _hold_floor(title: str, reporter: Reporter) -> Iterator[None]:
    """Hold the lock on playing, so that no two sessions play at once.

    Raises:
        AudioError: another session holds it.
    """
    from coach.history import session_lock
    from coach.lock import LockedError, holding

    with ExitStack() as stack:
        note = printable(f"{title}, since {datetime.now():%H:%M}")
        try:
            stack.enter_context(holding(session_lock(), patience=_GLANCE, note=note))
        except LockedError as error:
            who = f" ({error.note})" if error.note else ""
            raise AudioError(f"a session is playing already{who}; one plays at a time") from error
        except OSError as error:
            why = f"{error.strerror or error} ({error.filename})"
            reporter.note(f"cannot tell whether another session is playing: {why}")
        yield


def _find_landing(timeline: Timeline, start: str | None, resumes: SessionLog | None) -> Landing | None:
    """Return where to start; None for the beginning of the track."""
    if resumes:
        return find_way_back(timeline, resumes)
    return None if start is None else find_place(timeline, start)


def _open_journal(
    stack: ExitStack,
    request: Request,
    timeline: Timeline,
    screen: Screen,
    run: ScheduledRun | None,
    *,
    check_in: bool,
    resumes: SessionLog | None,
) -> Journal:
    """Return what logs the session; the screen shows a message if it cannot be logged."""
    from coach.history import History
    from coach.session.journal import Journal

    script = str(request.script)
    if has_name(request.script):
        script = os.path.abspath(script)  # noqa: PTH100 - resolve() would follow links
    options: dict[str, object] = {"request": replace(request, script=Path(script)).as_data()}
    if check_in:
        options["check_in"] = True
    if resumes:
        options["resumes"] = resumes.id
    history = stack.enter_context(History())
    record = history.begin(
        title=timeline.title,
        script=script,
        language=timeline.language,
        voice=timeline.voice,
        level=timeline.level,
        schedule=run.name if run else None,
        options=options,
        length=timeline.length / RATE,
        tell=screen.tell,
    )
    return Journal(timeline, stack.enter_context(closing(record)))


def _prepare_check_in(
    timeline: Timeline, speech: Speech, device: Player, journal: Journal, screen: Screen
) -> CheckIn | None:
    """Return the check-in; None, and a message on the screen, if the voice fails."""
    from coach.session.checkin import CheckIn

    try:
        return CheckIn(timeline, speech, device, journal.answer)
    except SpeechError as error:
        screen.tell(f"{error}; nothing is asked at the end")
        return None


class _Steered(Controls):
    """Passes orders on to what is being steered: the session, then the check-in."""

    def __init__(self, controls: Controls) -> None:
        self.controls = controls

    def give(self, order: Order) -> None:
        self.controls.give(order)


def _follow(session: Session, screen: Screen, landing: Landing | None, questions: CheckIn | None) -> None:
    """Play to the end, steered from screen and desktop; then ask the questions of the check-in."""
    from coach.session.remote import Remote

    steered = _Steered(session)
    with closing(Remote(session.timeline, steered)) as remote:
        try:
            session.start(landing)
            while session.tick():
                now = session.now()
                remote.show(now)
                screen.draw(now)
                screen.wait(_TICK, steered)
            if questions and session.outcome is Outcome.COMPLETED:
                steered.controls = questions
                _ask(questions, screen, steered)
        except BaseException as error:
            session.end(Outcome.BROKEN_OFF, str(error) if isinstance(error, CoachError) else None)
            raise


def _ask(questions: CheckIn, screen: Screen, controls: Controls) -> None:
    asked: Question | None = None
    while questions.tick():
        if questions.question and questions.question is not asked:
            asked = questions.question
            screen.ask(asked, questions.sentence)
        screen.wait(_TICK, controls)


def describe_ending(session: Session) -> str:
    """Return in words how a session ended, such as "stopped at 2:05 of 9:30 minutes"."""
    whole, reason = clock(session.timeline.length), f": {session.reason}" if session.reason else ""
    if session.outcome is Outcome.COMPLETED:
        return f"{session.outcome}, {whole} minutes"
    reached = clock(session.now().sample)
    return f"{session.outcome or Outcome.BROKEN_OFF} at {reached} of {whole} minutes{reason}"
