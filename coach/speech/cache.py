"""The clip cache: one WAV file a clip, found by what was said, by whom and how.

    <root>/3f/3f0c...e1.wav

Any number of processes may share a cache. A clip is written beside its place and moved there whole; one
that is damaged nevertheless is found on reading and counts as missing. No failure of the cache is ever
an error: without it speech only takes longer.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from contextlib import suppress
from hashlib import blake2b
from itertools import count
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING

from coach.speech.clip import Recording
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT_VERSION = 2
"""Raised when the same raw sound would give another recording, or the file another layout."""

FOLDER = "audio_cache"
"""The folder beside or above a script that holds the clips of the scripts below it."""

_HEADER = struct.Struct("<4sI4s 4sIHHIIHH 4sIIIdd 4sI")
_FORMAT = (b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)  # PCM, one channel, 16 bits
_CHUNK = b"coch"  # checksum, attack, loudness, peak; players skip chunks that they don't know
_CHUNK_SIZE = 24
_ABANDONED = 3600.0  # seconds after which an unfinished file has no writer any more
_serial = count()


class ClipCache:
    """A folder of recordings.

    Attributes:
        root: the folder; it is made when the first clip is saved.
        failure: the first error met in saving a clip, None without one: worth one warning to a person.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.failure: OSError | None = None
        self._swept = False

    def path(self, key: str) -> Path:
        """Return the file of a clip, whether it is there or not."""
        return Path(self._name(key))

    def load(self, key: str) -> Recording | None:
        """Return a recording; None where it is missing, unreadable or damaged."""
        try:
            with open(self._name(key), "rb", buffering=0) as file:  # noqa: PTH123 - half the time of Path.open
                header = file.read(_HEADER.size)
                size = os.fstat(file.fileno()).st_size - _HEADER.size
                if len(header) != _HEADER.size or header[-4:] != size.to_bytes(4, "little"):
                    return None
                pcm = file.read(size)
        except (OSError, OverflowError, ValueError):
            return None
        recording = Recording(pcm, *_HEADER.unpack(header)[14:17])
        return recording if header == _header(key, recording) else None

    def save(self, key: str, recording: Recording) -> None:
        """Keep a recording, or set `failure`."""
        target = Path(self._name(key))
        beside = target.with_name(f"{key}.{os.getpid()}-{get_ident()}-{next(_serial)}.tmp")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._sweep()
            try:
                beside.write_bytes(_header(key, recording) + recording.pcm)
                os.replace(beside, target)  # noqa: PTH105 - Path.replace does the same, no shorter
            except OSError:
                beside.unlink(missing_ok=True)
                raise
        except OSError as error:
            # Windows refuses to replace a file that another process reads; then the clip is there.
            if self.load(key) is None:
                self.failure = self.failure or error

    def usage(self) -> tuple[int, int]:
        """Return how many clips there are and the bytes that they take."""
        sizes = []
        for path in self._files():
            with suppress(OSError):  # another process may just have removed it
                sizes.append(path.stat().st_size)
        return len(sizes), sum(sizes)

    def clear(self) -> tuple[int, int]:
        """Remove all clips, and nothing else that lies in the folder.

        Returns:
            How many were removed, and their bytes; what cannot be removed stays.
        """
        removed = []
        for path in list(self._files()):
            with suppress(OSError):
                size = path.stat().st_size
                path.unlink()
                removed.append(size)
        for folder in self._folders():
            with suppress(OSError):  # not empty
                folder.rmdir()
        return len(removed), sum(removed)

    def _name(self, key: str) -> str:
        return f"{self.root}{os.sep}{key[:2]}{os.sep}{key}.wav"

    def _folders(self) -> list[Path]:
        return [folder for folder in self.root.glob("[0-9a-f][0-9a-f]") if folder.is_dir()]

    def _files(self, pattern: str = "*.wav") -> Iterator[Path]:
        for folder in self._folders():
            yield from folder.glob(f"{folder.name}{pattern}")

    def _sweep(self) -> None:
        """Remove what killed writers left, once for each cache object."""
        if self._swept:
            return
        self._swept = True
        for path in self._files("*.tmp"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _ABANDONED:
                    path.unlink()


def clip_key(text: str, *, language: str, engine: str, version: str, voice: str, rate: float) -> str:
    """Return the address of a clip: 40 hexadecimal digits.

    Args:
        text: as the voice reads it, normalised.
        language: the voice's.
        engine: the engine's name.
        version: all else that can change the voice's bytes.
        voice: the voice's name within the engine.
        rate: a multiplier of the voice's own speed; three decimals count.
    """
    parts = (str(FORMAT_VERSION), text, language, engine, version, voice, f"{rate:.3f}")
    address = "".join(f"{len(part)}:{part}" for part in parts)
    return blake2b(address.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def cache_root(script: Path | None) -> Path:
    """Return the folder of the clip cache for a script.

    Args:
        script: the script's path; None for speech that belongs to none.

    Returns:
        What the environment variable COACH_CACHE names; else the `audio_cache` of the nearest folder, from
        the script's upwards, that has one; else a folder of this user's.
    """
    if named := os.environ.get("COACH_CACHE"):
        return Path(named).expanduser()
    if script is not None:
        for folder in Path(os.path.abspath(script)).parents:  # noqa: PTH100 - resolve() would follow links
            if (folder / FOLDER).is_dir():
                return folder / FOLDER
    from platformdirs import user_cache_path  # noqa: PLC0415 - rarely needed, and slow to import

    return user_cache_path("coach") / "clips"


def _header(key: str, recording: Recording) -> bytes:
    """Return all that stands before the samples; the checksum covers key, measures and samples."""
    size = len(recording.pcm)
    measures = (recording.attack, recording.loudness, recording.peak)
    checksum = zlib.crc32(recording.pcm, zlib.crc32(repr((key, *measures)).encode()))
    riff, data = (b"RIFF", _HEADER.size - 8 + size, b"WAVE"), (b"data", size)
    return _HEADER.pack(*riff, *_FORMAT, _CHUNK, _CHUNK_SIZE, checksum, *measures, *data)
