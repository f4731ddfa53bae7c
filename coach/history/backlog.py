"""What could not be written into the log of sessions yet: one file beside the log for each session."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from coach.history.entries import Entry, read_entries
from coach.lock import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BINARY = getattr(os, "O_BINARY", 0)


class Left(NamedTuple):
    """What one session could not write.

    Attributes:
        path: its file.
        entries: what the file holds, in order.
        is_whole: whether all of the file makes sense.
    """

    path: Path
    entries: list[Entry]
    is_whole: bool


class Backlog:
    """The files beside a log. Sorted by name, they are in the order in which their sessions began.

    Args:
        log: the database; it may not exist yet.
    """

    def __init__(self, log: Path) -> None:
        self._log = log

    def file(self, name: str) -> BacklogFile:
        """Return the file for a new session; it does not exist yet."""
        return BacklogFile(self._log.with_name(f"{self._prefix}{name}.jsonl"))

    def read(self) -> list[Left]:
        """Return what all files hold, oldest session first, including one that is playing."""
        return list(filter(None, map(_read, self._paths())))

    @contextmanager
    def claim(self) -> Iterator[list[Left]]:
        """Yield what sessions that are over could not write, oldest first.

        When the `with` block succeeds, their files are removed. A damaged file is renamed instead, so that it
        is not read again. The caller may change `is_whole` of what it was given.
        """
        claimed: list[Left] = []
        with ExitStack() as stack:
            for path in self._paths():
                with suppress(OSError):
                    number = os.open(path, os.O_RDWR | _BINARY)
                    stack.callback(os.close, number)
                    if try_lock(number) is not False and (left := _read(path)):
                        claimed.append(left)
            yield claimed
            if sys.platform != "win32":  # while it is locked, so that a session that has just made it notices
                _dispose_of(claimed)
        if sys.platform == "win32":  # where open files can't be removed
            _dispose_of(claimed)

    @property
    def _prefix(self) -> str:
        return f"{self._log.stem}.unlogged-"

    def _paths(self) -> list[Path]:
        try:
            names = os.listdir(self._log.parent)  # noqa: PTH208 - no Path for each of a folder's many files
        except OSError:
            return []
        wanted = (name for name in names if name.startswith(self._prefix) and name.endswith(".jsonl"))
        return [self._log.with_name(name) for name in sorted(wanted)]


def _read(path: Path) -> Left | None:
    """Return what a file holds; None if it cannot be read."""
    try:
        return Left(path, *read_entries(path.read_bytes()))
    except OSError:
        return None


def _dispose_of(claimed: Sequence[Left]) -> None:
    for left in claimed:
        with suppress(OSError):
            if left.is_whole:
                left.path.unlink()
            else:
                left.path.replace(left.path.with_suffix(".damaged"))


class BacklogFile:
    """The file of one session, created by the first `append` and locked, so that nobody else claims it.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number: int | None = None
        self._size = 0

    def append(self, entries: Sequence[Entry]) -> None:
        """Append entries; they are on the disk when this returns.

        Raises:
            OSError: it failed, and nothing was written.
        """
        if self._number is None:
            self._number = self._open()
        data = b"".join(entry.as_line() for entry in entries)
        try:
            written = os.write(self._number, data)
            while written < len(data):
                written += os.write(self._number, data[written:])
            os.fsync(self._number)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._number, self._size)
            raise
        self._size += len(data)

    def remove(self) -> None:
        """Remove the file, if there is one: the log has everything in it."""
        if self._number is not None:
            if sys.platform != "win32":
                self.path.unlink(missing_ok=True)
            self.close()
            if sys.platform == "win32":
                self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, and leave it to the next session."""
        if self._number is not None:
            os.close(self._number)
            self._number = None

    def _open(self) -> int:
        """Return the file, opened, locked and empty."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _BINARY, 0o600)
            # Between the two calls another session may have claimed and removed it.
            if try_lock(number) is not False and self.path.exists():
                os.ftruncate(number, 0)
                self._size = 0
                return number
            os.close(number)
