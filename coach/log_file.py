"""Files of log lines that only this user can read, and that stay small."""

from __future__ import annotations

from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from coach.trust import open_private, shut_out_others

if TYPE_CHECKING:
    from io import TextIOWrapper
    from pathlib import Path


class LogFile(RotatingFileHandler):
    """Adds lines to a file in UTF-8; when it is full, it begins a new one and keeps some old ones beside it.

    Args:
        path: the file; it is made with its folder. The old ones end in .1, .2 ...
        most_bytes: the size of one file.
        old_files: how many old ones are kept.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, *, most_bytes: int, old_files: int) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        olds = (path.with_name(f"{path.name}.{number}") for number in range(1, old_files + 1))
        for each in (path.parent, path, *olds):
            shut_out_others(each)
        # Names of files, which lines may hold, are not always UTF-8.
        super().__init__(
            path, maxBytes=most_bytes, backupCount=old_files, encoding="utf-8", errors="backslashreplace"
        )

    def _open(self) -> TextIOWrapper:
        """Return the file, made if need be; the base asks for it at the start and whenever one is full."""
        return open(self.baseFilename, "a", encoding=self.encoding, errors=self.errors, opener=open_private)
