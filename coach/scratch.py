"""Temporary folders that are removed in any case: if their process was killed, by the next that makes one."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import TYPE_CHECKING

from coach.lock import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "coach-"
_LOCK = ".coach-lock"
"""The file that says that a folder is Coach's; it is locked as long as the folder is in use."""

_MINUTE = 60.0


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that only this user can enter, and that is gone after the `with` block.

    Those of processes that were killed are removed first.

    Yields:
        The folder.

    Raises:
        OSError: it cannot be made.
    """
    _sweep()
    owner = os.getpid()
    folder = Path(mkdtemp(prefix=_PREFIX))
    try:
        number = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try_lock(number)
            yield folder
        finally:
            os.close(number)
    finally:
        if os.getpid() == owner:  # not a fork, which ends with a copy of all this
            shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    with suppress(OSError), os.scandir(gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _remove_abandoned(Path(entry.path))


def _remove_abandoned(folder: Path) -> None:
    """Remove a folder if it is Coach's and this user's, and no process uses it.

    Raises:
        OSError: it is none of Coach's, or somebody else's.
    """
    if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
        return
    if time.time() - folder.lstat().st_mtime < _MINUTE:
        return  # its maker may be about to lock it
    number = os.open(folder / _LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        is_free = try_lock(number)
        if is_free and sys.platform != "win32":
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(number)
    if is_free and sys.platform == "win32":  # where open files can't be removed
        shutil.rmtree(folder, ignore_errors=True)
