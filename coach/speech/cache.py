"""The clip cache: one WAV file a clip, found by what was said, by whom and how.

    <root>/3f/3f0c...e1.wav
    <root>/exports/5a17...c2      what an export wrote, as `coach.encode` remembers it
    <root>/covers/07d1...4b.jpg   a cover that was drawn
    <root>/tracks/hip_morning.mp3 a track from which copies for phones are made, or an album's folder of them

A file's time of modification is that of its last use, to the day. Any number of processes may share a
cache. A clip is written beside its place and moved there whole; one that is damaged nevertheless is found
on reading and counts as missing. No failure of the cache is ever an error: without it speech only takes
longer.
"""

from __future__ import annotations

import os
import re
import struct
import time
import zlib
from contextlib import suppress
from hashlib import blake2b
from itertools import count
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, NamedTuple

from coach.speech.clip import Recording
from coach.units import RATE
from coach.user_folders import cache_folder

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
_ATTEMPTS = 10
_DAY = 86_400.0
_CLIP = re.compile(r"[0-9a-f]{40}\.wav")
_UNFINISHED = re.compile(r"[0-9a-f]{2,40}\.[0-9]+-[0-9]+-[0-9]+\.tmp")
_EXPORT = re.compile(r"[0-9a-f]{40}")
_TRACK = re.compile(r"[^.].*\.[0-9a-z]+")
_serial = count()


class Kept(NamedTuple):
    """A file of the cache.

    Attributes:
        used: when it was used last, to the day: seconds since the epoch.
        size: its bytes.
        path: where it is.
    """

    used: float
    size: int
    path: Path


class ClipCache:
    """A folder of recordings.

    Attributes:
        root: the folder; it is made when the first clip is saved.
        exports: the folder in it for what `coach.encode.export` remembers.
        covers: the folder in it for covers; the name says what a cover was drawn from.
        tracks: the folder in it for tracks that are only made to be copied elsewhere.
        failure: the first error met in saving a clip, None without one: worth one warning to a person.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.exports = root / "exports"
        self.covers = root / "covers"
        self.tracks = root / "tracks"
        self.failure: OSError | None = None
        self._swept = False

    def path(self, key: str) -> Path:
        """Return the file of a clip, whether it is there or not."""
        return Path(self._name(key))

    def load(self, key: str) -> Recording | None:
        """Return a recording, and mark it as used; None where it is missing, unreadable or damaged."""
        name = self._name(key)
        try:
            with open(name, "rb", buffering=0) as file:  # noqa: PTH123 - half the time of Path.open
                header = file.read(_HEADER.size)
                there = os.fstat(file.fileno())
                size = there.st_size - _HEADER.size
                if len(header) != _HEADER.size or header[-4:] != size.to_bytes(4, "little"):
                    return None
                pcm = file.read(size)
        except (OSError, OverflowError, ValueError):
            return None
        recording = Recording(pcm, *_HEADER.unpack(header)[14:17])
        if header != _header(key, recording):
            return None
        if time.time() - there.st_mtime > _DAY:
            with suppress(OSError):  # a cache that may only be read
                os.utime(name)
        return recording

    def save(self, key: str, recording: Recording) -> None:
        """Keep a recording, or set `failure`."""
        target = Path(self._name(key))
        beside = target.with_name(f"{key}.{os.getpid()}-{get_ident()}-{next(_serial)}.tmp")
        content = _header(key, recording) + recording.pcm
        try:
            for _ in range(_ATTEMPTS - 1):
                # Another process that clears the cache may remove the folder before the clip is in it.
                with suppress(FileNotFoundError, FileExistsError):
                    self._write(target, beside, content)
                    return
            self._write(target, beside, content)
        except OSError as error:
            # Windows refuses to replace a file that another process reads; then the clip is there.
            if self.load(key) is None:
                self.failure = self.failure or error

    def _write(self, target: Path, beside: Path, content: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self._sweep()
        try:
            beside.write_bytes(content)
            os.replace(beside, target)  # noqa: PTH105 - Path.replace does the same, no shorter
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def clips(self) -> list[Kept]:
        """Return the clips that are kept."""
        return list(_kept(self._folders(), _CLIP))

    def memos(self) -> list[Kept]:
        """Return what is remembered of exports."""
        return list(_kept([self.exports], _EXPORT))

    def files(self) -> list[Kept]:
        """Return all that Coach keeps there: clips, memories of exports, covers, and tracks to be copied."""
        tracks = _kept([self.covers, self.tracks, *self._albums()], _TRACK)
        return [*self.clips(), *self.memos(), *tracks]

    def usage(self) -> tuple[int, int]:
        """Return how many clips there are and the bytes that they take."""
        clips = self.clips()
        return len(clips), sum(clip.size for clip in clips)

    def clear(self) -> tuple[int, int]:
        """Remove what `files` returns, and nothing else that lies in the folder.

        Returns:
            How many files were removed, and their bytes; what cannot be removed stays.
        """
        return self._remove(self.files())

    def prune(self, *, older_than: float | None = None, max_size: int | None = None) -> tuple[int, int]:
        """Remove what was not used for long; it is made again when it is needed.

        Args:
            older_than: seconds since the last use, from which on a file goes; None for no such limit.
            max_size: bytes that may stay: the files that were not used for longest go; None for no limit.

        Returns:
            How many files were removed, and their bytes; what cannot be removed stays.
        """
        files = sorted(self.files())
        now = time.time()
        stale = [file for file in files if older_than is not None and now - file.used >= older_than]
        rest = files[len(stale) :]
        excess = sum(file.size for file in rest) - max_size if max_size is not None else 0
        for file in rest:
            if excess <= 0:
                break
            stale.append(file)
            excess -= file.size
        return self._remove(stale)

    def _remove(self, files: list[Kept]) -> tuple[int, int]:
        """Remove files, what killed writers left, and the folders that are empty then."""
        removed = []
        for file in files:
            with suppress(OSError):  # another process has removed it, or holds it open on Windows
                file.path.unlink()
                removed.append(file.size)
        self._swept = False
        self._sweep()
        for folder in [*self._folders(), self.exports, self.covers, *self._albums(), self.tracks]:
            with suppress(OSError):  # not empty, or not there
                folder.rmdir()
        return len(removed), sum(removed)

    def _name(self, key: str) -> str:
        return f"{self.root}{os.sep}{key[:2]}{os.sep}{key}.wav"

    def _folders(self) -> list[Path]:
        return [folder for folder in self.root.glob("[0-9a-f][0-9a-f]") if folder.is_dir()]

    def _albums(self) -> list[Path]:
        return [folder for folder in self.tracks.glob("*") if folder.is_dir() and not folder.is_symlink()]

    def _sweep(self) -> None:
        """Remove what killed writers left, once for each cache object."""
        if self._swept:
            return
        self._swept = True
        for file in _kept(self._folders(), _UNFINISHED):
            if time.time() - file.used > _ABANDONED:
                with suppress(OSError):
                    file.path.unlink()


def _kept(folders: list[Path], name: re.Pattern[str]) -> Iterator[Kept]:
    """Yield the files of these folders whose whole name is of the cache's own making."""
    for folder in folders:
        with suppress(OSError):  # the folder is not there
            for entry in list(os.scandir(folder)):
                if name.fullmatch(entry.name) and (
                    folder.name == entry.name[:2] or name in (_EXPORT, _TRACK)
                ):
                    with suppress(OSError):  # another process may just have removed it
                        if entry.is_file(follow_symlinks=False):
                            there = entry.stat(follow_symlinks=False)
                            yield Kept(there.st_mtime, there.st_size, Path(entry.path))


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
    return cache_folder() / "clips"


def _header(key: str, recording: Recording) -> bytes:
    """Return all that stands before the samples; the checksum covers key, measures and samples."""
    size = len(recording.pcm)
    measures = (recording.attack, recording.loudness, recording.peak)
    checksum = zlib.crc32(recording.pcm, zlib.crc32(repr((key, *measures)).encode()))
    riff, data = (b"RIFF", _HEADER.size - 8 + size, b"WAVE"), (b"data", size)
    return _HEADER.pack(*riff, *_FORMAT, _CHUNK, _CHUNK_SIZE, checksum, *measures, *data)
