"""`coach new`: write a script to start from, explained or copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from coach.app.new_script import write_script
from coach.borders import printable
from coach.cli.command import Command
from coach.cli.reporting import REPORTER
from coach.cli.scripts import SAVED_SCRIPT

if TYPE_CHECKING:
    from pathlib import Path


@click.command(cls=Command)
@click.argument("name")
@click.option("--from", "source", type=SAVED_SCRIPT, help="Start from a copy of this routine.")
@click.option("-o", "--output", type=click.Path(), help="The file (.yaml), or a folder for it.")
def command(name: str, *, source: Path | None, output: str | None) -> None:
    """Write the script NAME, which explains itself and can be played as it is.

    It becomes NAME.yaml in ./scripts, or here if there is no such folder; NAME may also be a path. An
    existing file is never touched. Editors with the YAML language server complete its keys.
    """
    new = write_script(name, source=source, output=output, reporter=REPORTER)
    click.echo(printable(f"{new.path}: written; edit it, then: coach play {new.name}"))
    if new.hides is not None:
        REPORTER.note(f"the name {new.path.stem} now means it, and no longer {new.hides}")
