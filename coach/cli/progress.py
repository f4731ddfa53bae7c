"""`coach progress`: how doses have grown, and today's dose of each exercise."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from coach.app.progress import WEEKS, describe_todays_dose, list_weeks, read_progress
from coach.borders import printable
from coach.cli.command import Command
from coach.cli.scripts import SCRIPT_FILE
from coach.cli.terminal import Column, columns, styled, table, wide, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from coach.app.progress import RoutineProgress
    from coach.progress import Standing

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN_BARS = "12345678"  # if the encoding has no bars
_NARROW = 24  # columns; if fewer are left for a name, it gets its own line


@click.command(cls=Command)
@click.argument("script", type=SCRIPT_FILE, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
def command(script: Path | None, *, as_json: bool) -> None:
    """Show today's dose of each exercise in SCRIPT, the last 12 weeks, and the reason for the dose.

    Without SCRIPT, show every routine you have played that still exists. Each bar is a week: the higher it
    is, the further up its range the dose was. A week without the exercise is blank.
    """
    found, played = read_progress(script)
    if as_json:
        click.echo(json.dumps(list(map(_as_data, found)), indent=2))
        return
    if not played:
        click.echo("no sessions yet; 'coach play' logs each one, and doses grow from there", err=True)
    lines = [line for each in found for line in ("", *_describe(each))]
    if lines:
        click.echo("\n".join(lines[1:]))


def _describe(of: RoutineProgress) -> Iterator[str]:
    """Yield the lines of one routine: for each exercise and side dose, weeks, last day and reason."""
    routine = of.routine
    level = f" ({routine.level})" if routine.level else ""
    for line in wrapped(f"{routine.title}{level}", columns()):
        yield styled(line, bold=True)
    names = [printable(_name(stand)) for stand in of.standings]
    doses = [describe_todays_dose(stand) for stand in of.standings]
    lasts = [_day(stand.visits[-1].moment) if stand.visits else "not yet" for stand in of.standings]
    of_name, of_dose = (max(map(wide, texts), default=0) for texts in (names, doses))
    room = min(of_name, columns() - of_dose - WEEKS - max(map(len, lasts), default=0) - 8)
    apart = room < min(_NARROW, of_name)
    shape = [Column(room), Column(of_dose), Column(WEEKS, style="cyan"), Column()]
    for name, dose, last, stand in zip(names, doses, lasts, of.standings, strict=True):
        picture = _draw_weeks(stand, of.now)
        if apart:
            yield from (f"  {line}" for line in wrapped(name, columns() - 2))
            yield f"    {dose}".rstrip()
            yield f"    {styled(picture, fg='cyan')}  {last}".rstrip()
        else:
            yield from table(shape, [(name, dose, picture, last)], indent=2)
        if stand.grows:
            yield from (styled(f"    {line}", dim=True) for line in wrapped(stand.why, columns() - 4))
    if of.outgrown:
        option = " --level harder" if routine.level is None else ""
        hint = f"worth a try, for {', '.join(of.outgrown)}: coach play {of.script.stem}{option}"
        yield from (f"  {line}" for line in wrapped(hint, columns() - 2))


def _as_data(of: RoutineProgress) -> dict[str, object]:
    """Return one routine as JSON values."""
    return {
        "script": str(of.script.absolute()),
        "title": of.routine.title,
        "level": of.routine.level,
        "exercises": [
            {
                "exercise": stand.exercise.name,
                "side": stand.side,
                "dose": describe_todays_dose(stand),
                "step": stand.step + 1,
                "steps": len(stand.steps),
                "why": stand.why if stand.grows else None,
                "outgrown": stand.outgrown,
                "last": stand.visits[-1].moment.isoformat() if stand.visits else None,
                "weeks": [None if step is None else step + 1 for step in list_weeks(stand, of.now)],
            }
            for stand in of.standings
        ],
    }


def _name(stand: Standing) -> str:
    return ", ".join(filter(None, (stand.exercise.name, stand.side)))


def _draw_weeks(stand: Standing, now: datetime) -> str:
    """Return the weeks as bars."""
    bars, top = _choose_bars(), max(1, len(stand.steps) - 1)
    return "".join(
        " " if step is None else bars[round(step * (len(bars) - 1) / top)] for step in list_weeks(stand, now)
    )


def _choose_bars() -> str:
    try:
        _BARS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeError, LookupError):
        return _PLAIN_BARS
    return _BARS


def _day(moment: datetime) -> str:
    return f"{moment:%a} {moment.day:2} {moment:%b}"
