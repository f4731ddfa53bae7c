"""Scripts: from a YAML file to a routine, with every problem as path:line:column."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from coach.routine import Level
from coach.script.build import build
from coach.script.exercises import Change
from coach.user_folders import data_folder

if TYPE_CHECKING:
    from coach.routine import Routine

__all__ = ["LEVELS", "Change", "find", "load", "on_shelves"]

LEVELS = tuple(Level)

_SUFFIXES = (".yaml", ".yml")


def load(
    path: str | Path, *, level: str | None = None, change: Change | None = None, language: str | None = None
) -> Routine:
    """Return the routine that a script describes.

    Args:
        path: the script file.
        level: the variant wanted, or its word; None for the plain one.
        change: the user's own dose, which overrides the script's.
        language: the language to speak, instead of the script's own.

    Raises:
        ScriptError: with every problem in the file and in those that it includes.
        ValueError: there is no such level.
    """
    variant = None if level is None else Level(level)
    return build(Path(path), str(path), level=variant, change=change or Change(), language=language)


def find(name: str) -> Path | None:
    """Return the script that a path or a bare name stands for; None if there is none.

    A bare name is a file in the current folder, or else a script in the first of the `shelves` that has it.
    """
    path = Path(name)
    bare = not name or (path.name == name and path.suffix not in _SUFFIXES)
    if not bare or os.path.isfile(name):  # noqa: PTH113 - Path.is_file raises if a name is too long
        return path
    for shelf in shelves():
        for suffix in _SUFFIXES:
            if os.path.isfile(shelf / f"{name}{suffix}"):  # noqa: PTH113 - as above
                return shelf / f"{name}{suffix}"
    return path if os.path.exists(name) else None  # noqa: PTH110 - as above


def shelves() -> list[Path]:
    """Return the folders with scripts: `./scripts`, the user's own, and the shipped one."""
    user = data_folder() / "scripts"
    package = Path(__file__).parents[1]
    shipped = package / "scripts" if (package / "scripts").is_dir() else package.parent / "scripts"
    return [Path("scripts"), user, shipped]


def on_shelves() -> dict[str, Path]:
    """Return every script that a bare name can find, by name, sorted."""
    found: dict[str, Path] = {}
    for shelf in shelves():
        for path in sorted(shelf.glob("*")) if shelf.is_dir() else ():
            if path.suffix in _SUFFIXES:
                found.setdefault(path.stem, path)
    return dict(sorted(found.items(), key=lambda item: os.fsencode(item[0])))
