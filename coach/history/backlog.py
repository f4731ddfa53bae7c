"""What could not be written into the log of sessions yet: files beside it, one for each session."""

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
    """What one session left behind.

    Attributes:
        path: its file.
        entries: what the file holds, in order.
        is_whole: whether all of the file made sense.
    """

    path: Path
    entries: list[Entry]
    is_whole: bool


class Backlog:
    """The files beside a log. They are named so that they sort by when their sessions began.

    Args:
        log: the database; it need not exist.
    """

    def __init__(self, log: Path) -> None:
        self._log = log

    def file(self, name: str) -> BacklogFile:
        """Return the file of a session, which is not made yet."""
        return BacklogFile(self._log.with_name(f"{self._prefix}{name}.jsonl"))

    def read(self) -> list[Left]:
        """Return what there is, the oldest session first, also that of a session that is playing."""
        return list(filter(None, map(_read, self._paths())))

    @contextmanager
    def claim(self) -> Iterator[list[Left]]:
        """Give what sessions that are over left, oldest first.

        When the `with` block ends well, their files are removed. One that is damaged is renamed instead, so
        that nobody looks at it again.
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
            if sys.platform != "win32":  # still locked: who has just made one sees that it is gone
                _dispose_of(claimed)
        if sys.platform == "win32":  # which keeps files that are open
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
    """Return what a file holds; None for one that cannot be read, or has just gone."""
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
    """The file of one session, made by the first `append`; locked, so that nobody else claims it.

    Attributes:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number: int | None = None
        self._size = 0

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries behind those it has; they are on the disk when this returns.

        Raises:
            OSError: they could not be written; none of them is.
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
        """Remove it, if it is there: the log has all that it holds."""
        if self._number is not None:
            if sys.platform != "win32":
                self.path.unlink(missing_ok=True)
            self.close()
            if sys.platform == "win32":
                self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave it to the next session, as it is."""
        if self._number is not None:
            os.close(self._number)
            self._number = None

    def _open(self) -> int:
        """Return the open file, which is empty and ours."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _BINARY, 0o600)
            # Between the two calls somebody who claims what is left may have removed it.
            if try_lock(number) is not False and self.path.exists():
                os.ftruncate(number, 0)
                self._size = 0
                return number
            os.close(number)
