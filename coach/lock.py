"""Locks between processes. A lock disappears with the process that holds it, however that ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from coach.errors import CoachError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCKED = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
_LONGEST_NOTE = 1000
_LOOK_AGAIN = 0.05  # seconds


class LockedError(CoachError):
    """Another process holds the lock.

    Attributes:
        note: what that process wrote into the file; "" for nothing.
    """

    def __init__(self, message: str, note: str = "") -> None:
        super().__init__(message)
        self.note = note


def try_lock(number: int) -> bool | None:
    """Lock an open file until it is closed.

    Returns:
        True if it is locked now, False if another process holds the lock, None if locks are not supported.
    """
    try:
        if sys.platform == "win32":
            os.lseek(
                number, 1 << 40, os.SEEK_SET
            )  # far past the end, because a locked byte cannot be written
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _LOCKED else None
    return True


@contextmanager
def holding(path: Path, *, patience: float = 0.0, note: str = "") -> Iterator[None]:
    """Hold the lock on a file during the `with` block; the file stays afterwards.

    Args:
        path: the file; it and its folder are created if needed.
        patience: seconds to wait for another process.
        note: a line that tells other processes who holds the lock.

    Raises:
        LockedError: another process held the lock the whole time.
        OSError: the file cannot be created.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        deadline = time.monotonic() + patience
        while try_lock(number) is False:
            if time.monotonic() >= deadline:
                os.lseek(number, 0, os.SEEK_SET)
                there = os.read(number, _LONGEST_NOTE).decode(errors="replace").strip()
                raise LockedError(f"{path} is held by another process", there)
            time.sleep(_LOOK_AGAIN)
        os.ftruncate(number, 0)
        os.lseek(number, 0, os.SEEK_SET)
        os.write(number, note.encode()[:_LONGEST_NOTE])
        yield
        os.ftruncate(number, 0)
    finally:
        os.close(number)


def is_held(path: Path) -> bool:
    """Return whether any process, including this one, holds the lock on a file."""
    try:
        number = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except OSError:
        return False
    try:
        return try_lock(number) is False
    finally:
        os.close(number)
