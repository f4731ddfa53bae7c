"""`coach schema`: the JSON Schema of scripts, for editors."""

from __future__ import annotations

from pathlib import Path

import click

from coach.app.schema import schema_text, write_schema
from coach.borders import printable
from coach.cli.command import Command


@click.command(cls=Command)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write it to this file instead.")
def command(output: str | None) -> None:
    """Print the JSON Schema of scripts, with which editors complete keys and mark mistakes.

    Scripts made by 'coach new' already tell editors where to find it.
    """
    if output is None:
        click.echo(schema_text(), nl=False)
        return
    write_schema(Path(output))
    click.echo(printable(f"{output}: written"))
