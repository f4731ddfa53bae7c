"""A script as the argument of a command: its path or its name."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from coach import script
from coach.borders import printable


class _ScriptFile(click.ParamType[Path]):
    """A script's path, or the name of one on the shelves; `-` is standard input.

    Args:
        stays: whether it must still be there later, as nothing is that comes through a pipe.
    """

    name = "script"

    def __init__(self, *, stays: bool = False) -> None:
        self.stays = stays

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if isinstance(value, Path):
            return value
        name = str(value)
        path = script.STDIN if name == "-" else script.find(name)
        if path is not None and self.stays and not script.has_name(path):
            self.fail(f"must be a script in a file, which is still there later (got '{name}')", param, ctx)
        if path == script.STDIN:
            return path
        if path is None:
            from difflib import get_close_matches

            close = get_close_matches(name, script.on_shelves(), n=1)
            hint = f"did you mean '{close[0]}'?" if close else "'coach list' shows those there are"
            self.fail(f"no script '{name}'; {hint}", param, ctx)
        if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises where the name is too long
            self.fail(f"there is no file {path}", param, ctx)
        return path

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        # A shell shows and inserts them as they are, so what a terminal may not be given is left out.
        safe = (name for name in script.on_shelves() if printable(name) == name)
        names = [name for name in safe if name.startswith(incomplete)]
        return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


SCRIPT_FILE = _ScriptFile()
SAVED_SCRIPT = _ScriptFile(stays=True)
