"""Files that appear whole or not at all, whatever happens while they are written."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from coach.errors import AudioError
from coach.lock import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = ".coach-part"
_DAY = 86_400.0
_MINUTE = 60.0
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def replace_file(target: Path, size: int, *, private: bool = False) -> Iterator[BinaryIO]:
    """Open a file that replaces the target when the `with` block succeeds, and disappears if it fails.

    It is beside the target, under a hidden name. The target is either the old file or the whole new one, even
    after a power cut. What killed processes left in the folder is removed first. Files that other processes
    are still writing stay, so several can write the same target: the last to finish wins.

    Args:
        target: the file to create or replace; a symbolic link is followed.
        size: about how many bytes it will have, for the message if the disk is full.
        private: whether nobody else may read it; if not, the umask decides.

    Yields:
        The file, open for binary reading, writing and seeking.

    Raises:
        AudioError: it cannot be written; the message says why and what to do.
    """
    target = Path(os.path.realpath(target))
    parts: list[Path] = []  # each is listed before it is made, in case of an interrupt in between
    file: BinaryIO | None = None
    try:
        check_target(target)
        _sweep(target.parent)
        part, file = _open_part(target, parts, 0o600 if private else 0o666)
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":  # still locked, so that nobody takes it for an abandoned one
                part.replace(target)
        if sys.platform == "win32":  # which can't rename an open file
            part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        if file is not None and error.filename not in {None, *map(str, parts)}:
            raise  # it is about another file, one that the caller reads
        raise AudioError(_explain(error, target, size)) from error
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def check_target(target: Path) -> None:
    """Check whether a file can be written, as far as one can know in advance.

    Raises:
        AudioError: it cannot be written; the message says why and what to do.
    """
    if target.is_dir():
        raise AudioError(f"{target} is a folder: name a file in it")
    if target.exists() and not target.is_file():
        raise AudioError(f"{target} is not a regular file: name another one")
    if not target.parent.is_dir():
        raise AudioError(f"cannot write {target.name}: there is no folder {target.parent}; make it first")
    if not os.access(target.parent, os.W_OK):
        raise AudioError(_explain(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), target, 0))


def _open_part(target: Path, parts: list[Path], mode: int) -> tuple[Path, BinaryIO]:
    """Make a new file beside the target and lock it. The lock, not the process id, marks it as in use.

    Each name is added to `parts` before it is tried.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        # A file name may have 255 bytes, and a character takes up to four.
        part = target.with_name(f".{target.name[:40]}.{os.getpid()}-{os.urandom(4).hex()}{_SUFFIX}")
        parts.append(part)
        number = os.open(part, flags, mode)
        held = try_lock(number)
        os.lseek(number, 0, os.SEEK_SET)
        # Between the two calls, another process may have locked or removed it while cleaning up.
        if held is not False and part.exists():
            return part, _named(part, number)
        os.close(number)
        with suppress(OSError):
            part.unlink()


def _named(path: Path, number: int) -> BinaryIO:
    """Return a file object for an open file; unlike with `os.fdopen`, it has a name, which ffmpeg needs."""
    return open(path, "w+b", opener=lambda *_: number)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left; folders and files that don't allow it are left alone."""
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - no Path for each of a folder's many files
            if name.startswith(".") and name.endswith(_SUFFIX):
                with suppress(OSError):
                    remove_abandoned(folder / name)


def remove_abandoned(part: Path) -> None:
    """Remove an unfinished file of `replace_file`'s unless a process is still writing it.

    Raises:
        OSError: it cannot be removed.
    """
    number = os.open(part, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        held = try_lock(number)
        age = time.time() - os.fstat(number).st_mtime
        if sys.platform != "win32" and held:
            part.unlink()  # while locked, so that its maker, about to lock it, notices that it is gone
    finally:
        os.close(number)
    # Windows can only remove closed files, so a file just made or about to be renamed is recognised by its
    # age.
    if (held is None and age > _DAY) or (sys.platform == "win32" and held and age > _MINUTE):
        part.unlink()


def _sync_folder(folder: Path) -> None:
    """Make sure that a rename survives a power cut, on systems that can."""
    if sys.platform != "win32":
        with suppress(OSError):
            number = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)


def _explain(error: OSError, target: Path, size: int) -> str:
    """Return one line that says what failed, where, and what to do."""
    needs = f"it needs about {max(1, round(size / 1e6))} MB"
    if error.errno in _FULL:
        return f"disk full while writing {target}: {needs}; free some space or write elsewhere"
    if error.errno == errno.EFBIG:
        return f"{target} is larger than its file system or your limits allow: {needs}; write elsewhere"
    if error.errno in _FORBIDDEN:
        return f"cannot write {target}: {error.strerror}; write to a folder of your own"
    return f"cannot write {target}: {error.strerror or error}"
