"""`coach schema`: the JSON Schema of scripts, for editors."""

from __future__ import annotations

import json
from pathlib import Path

import click

from coach.atomic import replace_file
from coach.cli.app import one_line
from coach.script.format import schema


@click.command()
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write it to this file instead.")
def command(output: str | None) -> None:
    """Print the JSON Schema of scripts, with which editors complete keys and mark mistakes.

    Scripts made by 'coach new' already tell editors where to find it.
    """
    text = schema_text()
    if output is None:
        click.echo(text, nl=False)
        return
    with replace_file(Path(output), len(text)) as file:
        file.write(text.encode())
    click.echo(one_line(f"{output}: written"))


def schema_text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
