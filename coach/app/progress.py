"""Where the user stands with the exercises of their routines."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from coach.app.prepare import load
from coach.app.request import Request
from coach.app.sessions import read_sessions
from coach.errors import CoachError
from coach.progress import describe_dose, grows, outgrown, standings
from coach.routine import Hold, Level, Timed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coach.app.sessions import Sessions
    from coach.history import SessionLog
    from coach.progress import Standing
    from coach.routine import Dose, Routine

WEEKS = 12
"""How far back progress is shown."""


class RoutineProgress(NamedTuple):
    """Where the user stands with a routine.

    Attributes:
        script: its file.
        routine: the routine, as in its script.
        standings: where the user stands with each exercise on each side.
        now: the moment that this is about.
    """

    script: Path
    routine: Routine
    standings: tuple[Standing, ...]
    now: datetime

    @property
    def outgrown(self) -> tuple[str, ...]:
        """The exercises that the user has outgrown."""
        return outgrown(self.routine, self.standings)


def read_progress(script: Path | None = None) -> tuple[list[RoutineProgress], bool]:
    """Return where the user stands, and whether any session has ever been played.

    Args:
        script: the routine, at every level at which it was played; None for every routine that has been
            played and still exists.

    Raises:
        HistoryError: the log of sessions cannot be read.
        ScriptError: with every problem in `script`.
    """
    sessions, now = read_sessions(), datetime.now().astimezone()
    found = [
        RoutineProgress(path, routine, tuple(standings(routine, sessions, now)), now)
        for path, routine in _load_routines(script, sessions)
    ]
    return found, bool(sessions)


def _load_routines(script: Path | None, sessions: Sequence[SessionLog]) -> Iterator[tuple[Path, Routine]]:
    """Yield the routines asked for, at every level at which they were played."""
    played = dict.fromkeys(
        (Path(session.script), Level(session.level) if session.level else None) for session in sessions
    )
    if script is not None:
        levels = [level for path, level in played if path == script.absolute()]
        for level in levels or [None]:
            yield script, load(Request(script, level))
        return
    for path, level in played:
        if path.is_file():
            with suppress(CoachError):  # it has changed since; 'coach check' says why
                yield path, load(Request(path, level))


def find_standings(request: Request, routine: Routine, sessions: Sessions) -> list[Standing]:
    """Return where the user stands with each exercise of a routine on each side, as `prepare.fit` sees it."""
    log = sessions() if request.grows and any(map(grows, routine.exercises())) else []
    return standings(routine, log, datetime.now().astimezone())


def explain_doses(stands: Sequence[Standing]) -> list[str]:
    """Return today's doses of one exercise with a range, and the reasons: one line, or one for each side."""
    told = {stand.side: f"{describe_todays_dose(stand)}, {stand.why}" for stand in stands if stand.grows}
    if len(set(told.values())) == 1:
        return [*told.values()][:1]
    return [f"{side}: {text}" for side, text in told.items()]


def describe_todays_dose(stand: Standing) -> str:
    """Return today's dose: "12 of 10-15 reps", or without a range "12 reps", "3 x 20 s", "40 s"."""
    if stand.grows:
        return ", ".join(describe_dose(stand.exercise.dose, stand.dose, of=True))
    if plans := stand.exercise.plans:
        return ", ".join(dict.fromkeys(_describe(plan.dose) for plan in plans))
    return _describe(stand.dose)


def _describe(dose: Dose) -> str:
    if isinstance(dose, Timed):
        return f"{float(dose.seconds):g} s"
    if isinstance(dose, Hold):
        return f"{dose.reps.low} x {float(dose.hold.low):g} s"
    return f"{dose.reps.low} rep{'' if dose.reps.low == 1 else 's'}"


def list_weeks(stand: Standing, now: datetime) -> list[int | None]:
    """Return the step of the last dose in each of the WEEKS, this week last; None for a week without one."""
    weeks: list[int | None] = [None] * WEEKS
    for visit in stand.visits:
        ago = max(timedelta(0), now - visit.moment) // timedelta(weeks=1)
        if ago < WEEKS:
            weeks[-1 - ago] = stand.step_of(visit) or 0
    return weeks
