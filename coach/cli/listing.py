"""`coach list`: the routines that a bare name finds."""

from __future__ import annotations

import json

import click

from coach import script
from coach.cli.compiling import Wanted, clock, compiled
from coach.errors import ScriptError
from coach.units import to_seconds


@click.command(short_help="List the routines that a bare name finds, with their lengths.")
@click.option("--json", "as_json", is_flag=True, help="Print the list for a program.")
def command(*, as_json: bool) -> None:
    """List the routines in ./scripts, your own and the shipped ones, with their lengths.

    A routine with a problem is listed with it, and the others all the same.
    """
    rows: list[dict[str, object]] = []
    for name, path in script.on_shelves().items():
        row: dict[str, object] = {"name": name, "path": str(path)}
        try:
            timeline, _ = compiled(Wanted(path, None, None, None, None, script.Change()))
            about = script.load(path).about
            row |= {"title": timeline.title, "duration": to_seconds(timeline.length), "about": about}
            row |= {"length": clock(timeline.length)}
        except ScriptError as error:
            more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
            row |= {"problem": f"{error.problems[0]}{more}"}
        rows.append(row)
    if as_json:
        plain = [{key: value for key, value in row.items() if key != "length"} for row in rows]
        click.echo(json.dumps(plain, ensure_ascii=False, indent=2))
        return
    width = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        told = row.get("problem") or f"{row['title']}. {row['about'] or ''}".rstrip()
        click.echo(f"{row['name']!s:{width}}  {row.get('length', '-')!s:>7}  {told}")
