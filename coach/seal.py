"""A seal that only this user's Coach can set: what is read back from a cache is believed if it bears it.

A seal is a keyed BLAKE2b digest (RFC 7693). Its key is made once, in the user's own folder of states, and
never leaves it; so what another person made, or a program that cannot read that folder, bears no right seal.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from hashlib import blake2b
from hmac import compare_digest
from typing import TYPE_CHECKING

from coach.atomic import replace_file
from coach.errors import CoachError
from coach.lock import holding
from coach.trust import is_private, make_private, shut_out_others
from coach.user_folders import state_folder

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 32
"""Bytes of a seal, and of the key."""

_KEY, _LOCK = "seal.key", "seal.lock"
_PATIENCE = 10.0  # seconds; another process makes the key in a hundredth of one


class Seal:
    """Sets and checks seals with one key.

    Attributes:
        failure: why the key could not be kept, as one line: then these seals hold within this process only.
            None if it is kept.
    """

    def __init__(self, key: bytes, failure: str | None = None) -> None:
        self._key = key
        self.failure = failure

    def of(self, kind: str, *parts: bytes) -> bytes:
        """Return the seal of some bytes: `SIZE` bytes.

        Args:
            kind: what they are: the seal of one kind is none of another.
            parts: the bytes; where one part ends and the next begins counts too.
        """
        digest = blake2b(key=self._key, digest_size=SIZE)
        for part in (kind.encode(), *parts):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
        return digest.digest()

    def holds(self, seal: bytes, kind: str, *parts: bytes) -> bool:
        """Tell whether a seal is that of these bytes."""
        return compare_digest(seal, self.of(kind, *parts))


def own_seal() -> Seal:
    """Return the seal of this user. Its key is made if there is none; a spoilt or exposed one is replaced."""
    return _open_seal(state_folder())


@cache
def _open_seal(folder: Path) -> Seal:
    try:
        key = _read_key(folder / _KEY) or _make_key(folder)
        shut_out_others(folder)
        return Seal(key)
    except (OSError, CoachError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        return Seal(os.urandom(SIZE), f"the key {folder / _KEY} cannot be kept ({reason or error})")


def _read_key(path: Path) -> bytes | None:
    """Return the key; None if there is none that only this user can know."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        number = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise
    try:
        there = os.fstat(number)
        if not stat.S_ISREG(there.st_mode) or there.st_size != SIZE or not is_private(there):
            return None
        key = os.read(number, SIZE + 1)
    finally:
        os.close(number)
    return key if len(key) == SIZE else None


def _make_key(folder: Path) -> bytes:
    """Make a key, or return the one that another process has just made."""
    make_private(folder)
    path = folder / _KEY
    with holding(folder / _LOCK, patience=_PATIENCE):
        if key := _read_key(path):
            return key
        if path.is_symlink():
            path.unlink()
        with replace_file(path, SIZE, private=True) as file:
            file.write(os.urandom(SIZE))
        key = _read_key(path)
    if key is None:
        raise CoachError("it does not read back")
    return key
