"""The texts of scripts, each read once, from files, pipes and standard input."""

from __future__ import annotations

import os
from pathlib import Path

from coach.errors import ScriptError
from coach.script.document import STDIN, read_file


def has_name(path: Path) -> bool:
    """Tell whether a script has a name of its own, as standard input and the shell's `<(...)` do not."""
    return path != STDIN and path.parts[:2] not in ((os.sep, "dev"), (os.sep, "proc"))


def folder_of(path: Path) -> Path:
    """Return the folder that a script's own paths start from; the current one where it lies in none."""
    return path.parent if has_name(path) else Path()


class Sources:
    """Gives the texts of scripts, each read when it is first asked for and never again.

    So all that one command makes of a script is of the same text, and a script may come through a pipe.
    """

    def __init__(self) -> None:
        self._texts: dict[Path, str | ScriptError] = {}

    def read(self, path: Path, shown: str) -> str:
        """Return the text of a script.

        Args:
            path: the file; `STDIN` for standard input.
            shown: the path as problems name it.

        Raises:
            ScriptError: as `read_file`.
        """
        if path not in self._texts:
            try:
                self._texts[path] = read_file(path, shown)
            except ScriptError as error:
                self._texts[path] = error
        text = self._texts[path]
        if isinstance(text, ScriptError):
            raise text
        return text
