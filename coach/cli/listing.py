"""`coach list`: the routines that a bare name finds."""

from __future__ import annotations

import json
import sys

import click

from coach import script
from coach.cli.compiling import Wanted, compiled, fitted, load
from coach.cli.screen import clock, columns, filled, wide, wrapped
from coach.errors import CoachError, ScriptError
from coach.units import to_seconds


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list for a program.")
def command(*, as_json: bool) -> None:
    """List the routines in ./scripts, your own and the shipped ones, with their lengths.

    A routine with a problem is listed with it, and the others all the same.
    """
    rows: list[dict[str, object]] = []
    table = []
    for name, path in script.on_shelves().items():
        row: dict[str, object] = {
            "name": name,
            "path": str(path),
            "title": None,
            "about": None,
            "duration": None,
            "problem": None,
        }
        length, text = "-", ""
        try:
            wish = Wanted(path)
            routine = fitted(wish, load(wish), "auto")
            timeline, _ = compiled(wish, routine)
            row |= {"title": routine.title, "about": routine.about, "duration": to_seconds(timeline.length)}
            length, text = clock(timeline.length), f"{routine.title}. {routine.about or ''}"
        except ScriptError as error:
            others = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
            text = f"{error.problems[0]}{others}"
            row["problem"] = text
        except CoachError as error:
            text = str(error)
            row["problem"] = text
        rows.append(row)
        table.append((name, length, text))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    names = max((wide(name) for name, _, _ in table), default=0)
    lengths = max((len(length) for _, length, _ in table), default=0)
    margin = names + lengths + 4
    room = max(20, columns() - margin) if sys.stdout.isatty() else sys.maxsize
    for name, length, text in table:
        first, *more = wrapped(text, room)
        click.echo(f"{filled(name, names)}  {length:>{lengths}}  {first}")
        for rest in more:
            click.echo(" " * margin + rest)
