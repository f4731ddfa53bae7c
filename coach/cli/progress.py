"""`coach progress`: how doses have grown, and today's dose of each exercise."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coach.cli.app import one_line
from coach.cli.compiling import Wanted, load
from coach.cli.screen import columns, filled, styled, wide, wrapped
from coach.cli.scripts import SCRIPT_FILE
from coach.errors import CoachError
from coach.progress import describe_dose, outgrown, standings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coach.history import SessionLog
    from coach.progress import Standing
    from coach.routine import Routine

_WEEKS = 12
_BARS = "▁▂▃▄▅▆▇█"
_PLAIN_BARS = "12345678"  # if the encoding has no bars
_NARROW = 24  # columns; if fewer are left for a name, it gets its own line


@click.command()
@click.argument("script", type=SCRIPT_FILE, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
def command(script: Path | None, *, as_json: bool) -> None:
    """Show today's dose of each exercise in SCRIPT, the last 12 weeks, and the reason for the dose.

    Without SCRIPT, show every routine you have played that still exists. Each bar is a week: the higher it
    is, the further up its range the dose was. A week without the exercise is blank.
    """
    from coach.history import History, session_lock
    from coach.lock import is_held

    with History() as log:
        sessions = log.sessions(playing=is_held(session_lock()))
    now = datetime.now().astimezone()
    shown = [
        (path, routine, standings(routine, sessions, now)) for path, routine in _routines(script, sessions)
    ]
    if as_json:
        click.echo(json.dumps([_plain(*each, now) for each in shown], indent=2))
        return
    if not sessions:
        click.echo("no sessions yet; 'coach play' logs each one, and doses grow from there", err=True)
    lines = [line for each in shown for line in ("", *_table(*each, now))]
    if lines:
        click.echo("\n".join(lines[1:]))


def dose_lines(stands: Sequence[Standing]) -> list[str]:
    """Return today's doses of one exercise with a range, and the reasons: one line, or one for each side."""
    told = {stand.side: f"{_dose(stand)}, {stand.why}" for stand in stands if stand.grows}
    if len(set(told.values())) == 1:
        return [*told.values()][:1]
    return [f"{side}: {text}" for side, text in told.items()]


def _routines(script: Path | None, sessions: Sequence[SessionLog]) -> Iterator[tuple[Path, Routine]]:
    """Yield the routines asked for, at every level at which they were played."""
    played = dict.fromkeys((Path(session.script), session.level) for session in sessions)
    if script is not None:
        levels = [level for path, level in played if path == script.absolute()]
        wanted = [(script, level) for level in levels or [None]]
    else:
        wanted = [(path, level) for path, level in played if path.is_file()]
    for path, level in wanted:
        if script is not None:
            yield path, load(Wanted(path, level))
            continue
        with suppress(
            CoachError
        ):  # it has changed since then, and 'coach check' will say why it cannot be read
            yield path, load(Wanted(path, level))


def _table(path: Path, routine: Routine, stands: Sequence[Standing], now: datetime) -> Iterator[str]:
    """Yield the lines of one routine: for each exercise and side dose, weeks, last day and reason."""
    screen = columns()
    level = f" ({routine.level})" if routine.level else ""
    for line in wrapped(f"{routine.title}{level}", screen):
        yield styled(line, bold=True)
    names = [one_line(_name(stand)) for stand in stands]
    doses = [_dose(stand) for stand in stands]
    lasts = [_day(stand.visits[-1].moment) if stand.visits else "not yet" for stand in stands]
    behind = max(map(wide, doses), default=0) + _WEEKS + max(map(len, lasts), default=0) + 6
    room = min(max(map(wide, names), default=0), screen - behind - 2)
    apart = room < min(_NARROW, max(map(wide, names), default=0))
    for name, dose, last, stand in zip(names, doses, lasts, stands, strict=True):
        picture = styled(_picture(stand, now), fg="cyan")
        if apart:
            yield from (f"  {line}" for line in wrapped(name, screen - 2))
            yield f"    {dose}".rstrip()
            yield f"    {picture}  {last}".rstrip()
        else:
            *more, end = wrapped(name, room)
            yield from (f"  {line}" for line in more)
            yield f"  {filled(end, room)}  {filled(dose, max(map(wide, doses)))}  {picture}  {last}".rstrip()
        if stand.grows:
            yield from (styled(f"    {line}", dim=True) for line in wrapped(stand.why, screen - 4))
    if grown := outgrown(routine, stands):
        option = " --level harder" if routine.level is None else ""
        hint = f"worth a try, for {', '.join(grown)}: coach play {path.stem}{option}"
        yield from (f"  {line}" for line in wrapped(hint, screen - 2))


def _plain(path: Path, routine: Routine, stands: Sequence[Standing], now: datetime) -> dict[str, object]:
    """Return one routine as JSON values."""
    return {
        "script": str(path.absolute()),
        "title": routine.title,
        "level": routine.level,
        "exercises": [
            {
                "exercise": stand.exercise.name,
                "side": stand.side,
                "dose": _dose(stand),
                "step": stand.step + 1,
                "steps": len(stand.steps),
                "why": stand.why if stand.grows else None,
                "outgrown": stand.outgrown,
                "last": stand.visits[-1].moment.isoformat() if stand.visits else None,
                "weeks": [None if step is None else step + 1 for step in _weeks(stand, now)],
            }
            for stand in stands
        ],
    }


def _name(stand: Standing) -> str:
    return ", ".join(filter(None, (stand.exercise.name, stand.side)))


def _dose(stand: Standing) -> str:
    """Return today's dose: "12 of 10-15 reps", or without a range "12 reps", "3 x 20 s", "40 s"."""
    from coach.routine import Hold, Timed

    if stand.grows:
        return ", ".join(describe_dose(stand.exercise.dose, stand.dose, of=True))
    dose = stand.dose
    if isinstance(dose, Timed):
        return f"{float(dose.seconds):g} s"
    if isinstance(dose, Hold):
        return f"{dose.reps.low} x {float(dose.hold.low):g} s"
    return f"{dose.reps.low} rep{'' if dose.reps.low == 1 else 's'}"


def _weeks(stand: Standing, now: datetime) -> list[int | None]:
    """Return the step of the last dose in each week, the current week last; None for a week without one."""
    weeks: list[int | None] = [None] * _WEEKS
    for visit in stand.visits:
        ago = max(timedelta(0), now - visit.moment) // timedelta(weeks=1)
        if ago < _WEEKS:
            weeks[-1 - ago] = stand.step_of(visit) or 0
    return weeks


def _picture(stand: Standing, now: datetime) -> str:
    """Return the weeks as bars."""
    bars, top = _bars(), max(1, len(stand.steps) - 1)
    return "".join(
        " " if step is None else bars[round(step * (len(bars) - 1) / top)] for step in _weeks(stand, now)
    )


def _bars() -> str:
    try:
        _BARS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeError, LookupError):
        return _PLAIN_BARS
    return _BARS


def _day(moment: datetime) -> str:
    return f"{moment:%a} {moment.day:2} {moment:%b}"
