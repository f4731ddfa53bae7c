"""`coach list`: the routines that a name alone finds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from coach.app.amounts import clock
from coach.app.listing import list_routines
from coach.cli.command import Command
from coach.cli.reporting import REPORTER
from coach.cli.terminal import Column, print_table
from coach.units import to_seconds

if TYPE_CHECKING:
    from coach.app.listing import Entry


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON, for programs.")
def command(*, as_json: bool) -> None:
    """List the routines in ./scripts, your own and the shipped ones, with their lengths.

    A routine with a problem is listed too, with the problem.
    """
    entries = list(list_routines(REPORTER))
    if as_json:
        click.echo(json.dumps([_as_data(entry) for entry in entries], indent=2))
    else:
        print_table([Column(), Column(right=True), Column()], map(_row, entries))


def _row(entry: Entry) -> tuple[str, str, str]:
    if entry.length is None:
        return entry.name, "-", entry.problem or ""
    return entry.name, clock(entry.length), f"{entry.title}. {entry.about or ''}"


def _as_data(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "path": str(entry.path),
        "title": entry.title,
        "about": entry.about,
        "duration": None if entry.length is None else to_seconds(entry.length),
        "problem": entry.problem,
    }
