"""Copy tracks to a phone, a USB stick or a synced folder.

Such places are slow, disappear when a cable is pulled, and can't all rename files. So a file is copied only
if it is missing or out of date, read back and compared, and then renamed into place. A list in the folder,
`.coach.json`, records which files Coach put there and which bytes they had: no others are replaced or
removed.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple

from coach.digest import digest_file
from coach.errors import AudioError
from coach.lock import LockedError, holding
from coach.user_folders import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LIST = ".coach.json"
"""The file in the folder that records what Coach put there."""

_PART = ".coach-part"
_CHUNK = 1 << 20
_LARGEST_LIST = 4 << 20  # bytes
_DIGEST_BYTES = 20
_UNSUPPORTED = {
    getattr(errno, name)
    for name in ("EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EPERM", "EEXIST", "EXDEV", "ENOTTY", "EACCES")
    if hasattr(errno, name)
}
"""The errors of file systems that can't rename or flush."""


class _Copy(NamedTuple):
    """A file that Coach put there: the digest of its bytes ("" while they are written) and their number."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """The result of a delivery: names of files.

    Attributes:
        copied: files that were written.
        unchanged: files that were already up to date.
        removed: files that Coach had put there and that no longer belong.
        refused: files whose place is taken by a file that Coach didn't put there, or that somebody changed.
    """

    copied: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def deliver(
    files: Mapping[str, Path], folder: Path, *, progress: Callable[[int, int], None] | None = None
) -> Delivered:
    """Copy files into a folder, unless they are there already, and check what was written.

    In the sub-folders that `files` names, such as an album's, files that an earlier run put there and this
    run doesn't have are removed. Everything else in the folder is left alone.

    Args:
        files: the path of each file, by its name in the folder: "01.mp3", or "album/01.mp3" in a sub-folder.
        folder: the target; it must exist.
        progress: called with the bytes done and the total bytes.

    Raises:
        AudioError: it failed; the message says why. Files that are complete by then stay.
    """
    check_place(folder)
    place = blake2b(os.fsencode(folder.resolve()), digest_size=8).hexdigest()
    try:
        # The lock is here, not there: few of those places support locks.
        with holding(state_folder() / f"delivery-{place}.lock"):
            return _Delivery(folder).run(files, progress or (lambda _done, _total: None))
    except LockedError as error:
        raise AudioError(f"another export is already copying to {folder}") from error


def check_place(folder: Path) -> None:
    """Check that a folder exists. Coach won't create it, because the phone may be unplugged.

    Raises:
        AudioError: it doesn't exist.
    """
    if not folder.is_dir():
        raise AudioError(f"there is no folder {folder}: connect the phone or the stick, or make the folder")


class _Delivery:
    """One run of `deliver`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.device = folder.stat().st_dev
        self.brought = _read_list(folder / LIST)

    def run(self, files: Mapping[str, Path], progress: Callable[[int, int], None]) -> Delivered:
        """Copy all files."""
        result = Delivered()
        total = sum(source.stat().st_size for source in files.values())
        done = 0
        progress(0, total)
        self._sweep({name.rpartition("/")[0] for name in (*self.brought, *files)})
        for name, source in files.items():
            self._deliver(name, source, result)
            done += source.stat().st_size
            progress(done, total)
        albums = {name.partition("/")[0] for name in files if "/" in name}
        for name in [name for name in self.brought if name.partition("/")[0] in albums and name not in files]:
            self._retire(name, result)
        self._save()
        return result

    def _sweep(self, folders: set[str]) -> None:
        """Remove what a killed run left half-written: nobody else writes here, because we hold the lock."""
        for part in (self.folder / each / _PART for each in folders):
            with suppress(OSError):
                self._check_there()
                if S_ISREG(part.lstat().st_mode):
                    part.unlink()

    def _deliver(self, name: str, source: Path, result: Delivered) -> None:
        target = self.folder / name
        try:
            want = _Copy(_digest(source), source.stat().st_size)
        except OSError as error:
            raise AudioError(f"cannot read {source}: {error.strerror or error}") from error
        try:
            self._check_there()
            known, there = self.brought.get(name), _size(target)
            if there == want.size and (known == want or _digest(target) == want.digest):
                result.unchanged.append(name)
                self.brought[name] = want
            elif there is None or (known and self._is_ours(target, known)):
                target.parent.mkdir(exist_ok=True)
                self._replace(
                    target,
                    lambda path: _copy(source, path, want),
                    before=lambda: self._note(name, _Copy("", want.size)),
                )
                self._note(name, want)
                result.copied.append(name)
            else:
                result.refused.append(name)
        except OSError as error:
            raise AudioError(self._why(error, target, want.size)) from error

    def _retire(self, name: str, result: Delivered) -> None:
        """Remove a file that Coach put there, unless somebody has changed it."""
        target = self.folder / name
        with suppress(OSError):
            self._check_there()
            if self._is_ours(target, self.brought[name]):
                target.unlink()
                result.removed.append(name)
        self.brought.pop(name)

    def _is_ours(self, target: Path, known: _Copy) -> bool:
        """Return whether a file is one that Coach put there, or was still writing when it was interrupted."""
        there = _size(target)
        return not known.digest or (there == known.size and _digest(target) == known.digest)

    def _replace(
        self, target: Path, write: Callable[[Path], None], before: Callable[[], None] | None = None
    ) -> None:
        """Write a file beside its target and rename it; where that can't be done, write the target itself.

        Args:
            target: the file to make or to replace.
            write: makes a new file at a path.
            before: called before the target itself is written, if it has to be.
        """
        part = target.with_name(_PART)
        part.unlink(missing_ok=True)
        try:
            write(part)
            self._check_there()
            try:
                part.replace(target)
            except OSError as error:
                if error.errno not in _UNSUPPORTED:
                    raise
                part.unlink()
                if before:
                    before()
                target.unlink(missing_ok=True)
                write(target)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _note(self, name: str, copy: _Copy) -> None:
        self.brought[name] = copy
        self._save()

    def _save(self) -> None:
        """Write the list, if it has changed."""
        path = self.folder / LIST
        text = json.dumps({"version": 1, "files": self.brought}, ensure_ascii=False, indent=1, sort_keys=True)
        data = text.encode("utf-8", "surrogateescape")
        try:
            with suppress(FileNotFoundError):
                if path.read_bytes() == data:
                    return
            self._replace(path, lambda part: _write_new(part, data))
        except OSError as error:
            raise AudioError(self._why(error, path, len(data))) from error

    def _check_there(self) -> None:
        """Raise OSError if the device is gone: an empty mount point belongs to another disk."""
        if self.folder.stat().st_dev != self.device:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    def _why(self, error: OSError, target: Path, size: int) -> str:
        """Return one line that says what failed, where, and what to do."""
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            needs = f"{target.name} needs {size / 1e6:.1f} MB"
            return f"{self.folder} is full: {needs}; free some space, then run this again"
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return f"cannot write {target}: {error.strerror}; is the card's lock switch on?"
        if error.errno in (errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ENOTCONN, errno.ESTALE):
            what = f"{self.folder} disappeared while {target.name} was being copied"
            return f"{what}; connect it, then run this again"
        return f"cannot write {target}: {error.strerror or error}"


def _read_list(path: Path) -> dict[str, _Copy]:
    """Return the files in the list; none if it is missing, damaged, or not Coach's."""
    found: dict[str, _Copy] = {}
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_LIST:
            return {}
        content = json.loads(path.read_bytes())
        if content["version"] != 1:
            return {}
        for name, (digest, size) in content["files"].items():
            parts = name.split("/")
            plain = len(parts) <= 2 and all(part.strip(".") and "\\" not in part for part in parts)
            if plain and isinstance(digest, str) and isinstance(size, int):
                found[name] = _Copy(digest, size)
    return found


def _copy(source: Path, target: Path, want: _Copy) -> None:
    """Copy a file to a new one and read it back; if that fails, nothing is left."""
    try:
        with source.open("rb") as file, target.open("xb") as copy:
            while chunk := file.read(_CHUNK):
                copy.write(chunk)
            _flush(copy.fileno(), copy.flush)
        whole = _digest(target, from_disk=True) == want.digest
    except BaseException:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise
    if not whole:
        target.unlink(missing_ok=True)
        raise AudioError(f"{target} reads back differently: the card, the stick or the cable may be damaged")


def _write_new(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        _flush(file.fileno(), file.flush)


def _flush(number: int, flush: Callable[[], None]) -> None:
    """Write everything to the disk, if the file system can."""
    flush()
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _digest(path: Path, *, from_disk: bool = False) -> str:
    """Return the digest of a file's bytes, from the disk itself where the system can be told so."""
    with path.open("rb") as file:
        if from_disk and hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return digest_file(file, _DIGEST_BYTES)


def _size(path: Path) -> int | None:
    """Return the size of a file in bytes; None if there is nothing, -1 if it is not a regular file."""
    try:
        there = path.lstat()
    except FileNotFoundError:
        return None
    return there.st_size if S_ISREG(there.st_mode) else -1
