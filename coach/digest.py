"""Digests of files: they tell whether a file still has the bytes that it had."""

from __future__ import annotations

from hashlib import blake2b
from typing import BinaryIO

_CHUNK = 1 << 20


def digest_file(file: BinaryIO, size_bytes: int) -> str:
    """Return the digest (BLAKE2b, in hexadecimal) of all the bytes of an open file.

    Args:
        file: open for reading; it is read from its beginning, whatever its position, and left at its end.
        size_bytes: the length of the digest before it is written in hexadecimal, 1 to 64.
    """
    digest = blake2b(digest_size=size_bytes)
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
