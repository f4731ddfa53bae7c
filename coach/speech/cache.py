"""The clip cache: one WAV file a clip, found by what was said, by whom and how.

`coach.speech.inventory` draws its folder. A file's time of modification is that of its last use, to the day.
Any number of processes may share a cache. A clip is written beside its place and moved there whole. It is
believed only if it bears this user's seal: one that is damaged, or was made by somebody else, counts as
missing.
No failure of the cache is ever an error: without it speech only takes longer.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import time
from contextlib import suppress
from hashlib import blake2b
from itertools import count
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING

from coach import seal
from coach.atomic import remove_abandoned
from coach.errors import SpeechError
from coach.speech.clip import LONGEST, Recording
from coach.speech.inventory import MARK, Kept, Kind, is_free, is_marked, mark, note_made, take_inventory
from coach.trust import distrust, is_private, make_inner, make_private, open_private, shut_out_others
from coach.units import RATE
from coach.user_folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

FORMAT_VERSION = 3
"""Raised when the same raw sound would give another recording, or the file another layout."""

FOLDER = "audio_cache"
"""The folder beside or above a script that holds the clips of the scripts below it."""

_HEADER = struct.Struct("<4sI4s 4sIHHIIHH 4sI32sIdd 4sI")
_FORMAT = (b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)  # PCM, one channel, 16 bits
_CHUNK = b"coch"  # seal, attack, loudness, peak; players skip chunks that they don't know
_CHUNK_SIZE = seal.SIZE + 20
_LARGEST = LONGEST * RATE * 2  # bytes of samples
_READING = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"))
_ABANDONED = 3600.0  # seconds after which an unfinished file has no writer any more
_ATTEMPTS = 10
_DAY = 86_400.0
_TAKEN = "it holds files that are not Coach's"
_serial = count()


class ClipCache:
    """A folder of recordings.

    Args:
        root: the folder; it is made, and marked as Coach's, when the first clip is saved.
        instead_of: a folder that a person would look for the clips in, and why it is not this one.
        closed: why nothing may be read or written there; None if it may.

    Attributes:
        root: see there.
        exports: the folder in it for what `coach.encode.export` remembers.
        covers: the folder in it for covers; the name says what a cover was drawn from.
        tracks: the folder in it for tracks that are only made to be copied elsewhere.
        instead_of: see there.
        closed: see there.
        failure: the first error met in saving a clip, None without one.
    """

    def __init__(
        self, root: Path, *, instead_of: tuple[Path, str] | None = None, closed: str | None = None
    ) -> None:
        self.root = root
        self.exports = root / "exports"
        self.covers = root / "covers"
        self.tracks = root / "tracks"
        self.instead_of = instead_of
        self.closed = closed
        self.failure: OSError | None = OSError(errno.EPERM, closed) if closed else None
        self._claimed = False
        self._swept = False
        self._seal: seal.Seal | None = None

    def notes(self) -> list[str]:
        """Return what a person should know of how this cache works, a line each."""
        notes = []
        if self.instead_of:
            folder, reason = self.instead_of
            notes.append(f"{folder} is not used for clips: {reason}; they go to {self.root}")
        if self._seal and self._seal.failure:
            notes.append(f"{self._seal.failure}, so clips are spoken again in every run")
        if self.failure:
            reason = self.closed or str(self.failure)
            notes.append(f"the clip cache cannot be written ({reason}); all still works, only slower")
        return notes

    def path(self, key: str) -> Path:
        """Return the file of a clip, whether it is there or not."""
        return Path(self._name(key))

    def load(self, key: str) -> Recording | None:
        """Return a recording, and mark it as used; None if there is none to be believed and to be heard."""
        if self.closed:
            return None
        name = self._name(key)
        try:
            number = os.open(name, _READING)
            try:
                there = os.fstat(number)
                size = there.st_size - _HEADER.size
                if not stat.S_ISREG(there.st_mode) or not 0 <= size <= _LARGEST:
                    return None
                content = os.read(number, there.st_size)
            finally:
                os.close(number)
        except (OSError, ValueError):
            return None
        header, pcm = content[: _HEADER.size], content[_HEADER.size :]
        if len(content) != there.st_size:
            return None
        recording = Recording(pcm, *_HEADER.unpack(header)[14:17])
        if header != self._header(key, recording) or recording.fault():
            return None
        if time.time() - there.st_mtime > _DAY:
            with suppress(OSError):  # a cache that may only be read
                os.utime(name)
        return recording

    def save(self, key: str, recording: Recording) -> None:
        """Keep a recording, or set `failure`."""
        if self.closed:
            return
        target = Path(self._name(key))
        beside = target.with_name(f"{key}.{os.getpid()}-{get_ident()}-{next(_serial)}.tmp")
        content = self._header(key, recording) + recording.pcm
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

    def claim(self) -> None:
        """Make the folder, and mark it as a cache of Coach's, if that has not been done.

        Raises:
            OSError: it cannot be made, or something else is in it.
        """
        if self._claimed:
            return
        if self.closed:
            raise OSError(errno.EPERM, "it may not be used", str(self.root))
        own = cache_folder()
        if own in self.root.parents:
            make_private(own)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        if not self.root.is_dir():
            make_inner(self.root)
        if reason := distrust(self.root):
            raise OSError(errno.EPERM, reason, str(self.root))
        if not is_marked(self.root):
            if not is_free(self.root):
                raise OSError(errno.EEXIST, _TAKEN, str(self.root))
            mark(self.root)
        self._shut_out_others()
        self._claimed = True

    def _shut_out_others(self) -> None:
        """Shut others out of a cache that an older Coach made: of what is in it, then of its folder."""
        root = Path(os.path.realpath(self.root))
        if is_private(root.stat()):
            return
        found = take_inventory(root)
        for path in {each.path for each in (*found.files, *found.litter)}:
            shut_out_others(path)
            shut_out_others(path.parent)
        notes = root / "made"
        for path in (*notes.glob("*"), notes, root / MARK, root / self.tracks.name, root):
            shut_out_others(path)

    def make_tracks(self) -> Path:
        """Return `tracks`, made if it was not there.

        Raises:
            SpeechError: it cannot be made.
        """
        try:
            self.claim()
            self._sweep()
            make_inner(self.tracks)
        except OSError as error:
            raise SpeechError(
                f"cannot make {self.tracks}: {error.strerror or error}; name a folder with -o"
            ) from error
        return self.tracks

    def note_made(self, files: Iterable[Path]) -> None:
        """Note which of the files in `tracks` Coach made: no others there are ever removed."""
        with suppress(OSError):  # without a note they stay
            note_made(self.root, [file for file in files if self.tracks in file.parents])

    def files(self) -> list[Kept]:
        """Return all that Coach keeps there: clips, memories of exports, covers, and tracks to be copied."""
        return take_inventory(self.root).files if is_marked(self.root) else []

    def others(self) -> list[Path]:
        """Return what is there and not Coach's; what is in its folders is not looked for."""
        return take_inventory(self.root).others

    def clips(self) -> list[Kept]:
        """Return the clips that are kept."""
        return [file for file in self.files() if file.kind is Kind.CLIP]

    def usage(self) -> tuple[int, int]:
        """Return how many clips there are and the bytes that they take."""
        clips = self.clips()
        return len(clips), sum(clip.size for clip in clips)

    def stale(self, *, older_than: float | None = None, max_size: int | None = None) -> list[Kept]:
        """Return what was not used for long; it is made again when it is needed.

        Args:
            older_than: seconds since the last use, from which on a file is stale; None for no such limit.
            max_size: bytes that may stay: what was not used for longest is stale; None for no limit.
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
        return stale

    def clear(self) -> tuple[int, int]:
        """Remove all of `files()`; see `remove`."""
        return self.remove(self.files())

    def remove(self, files: Collection[Kept]) -> tuple[int, int]:
        """Remove files of the cache, what killed writers left, and the folders that are empty then.

        Args:
            files: some of `files()`.

        Returns:
            How many files were removed, and their bytes; what cannot be removed stays.

        Raises:
            SpeechError: the folder bears no mark of Coach's.
        """
        if files and not is_marked(self.root):
            raise SpeechError(f"{self.root} is no cache that Coach made: nothing is removed")
        removed = []
        emptied = {self.root / name for name in ("exports", "covers", "made", "tracks")}
        for file in files:
            emptied.add(file.path.parent)
            with suppress(OSError):  # another process has removed it, or holds it open on Windows
                file.path.unlink()
                removed.append(file.size)
        self._swept = False
        self._sweep()
        for folder in sorted(emptied - {self.root}, reverse=True):  # an album's before that of all tracks
            with suppress(OSError):  # not empty, a link, or not there
                folder.rmdir()
        return len(removed), sum(removed)

    def _name(self, key: str) -> str:
        return f"{self.root}{os.sep}{key[:2]}{os.sep}{key}.wav"

    def _header(self, key: str, recording: Recording) -> bytes:
        """Return all that stands before the samples; the seal is that of key, measures and samples."""
        if self._seal is None:
            self._seal = seal.own_seal()
        size = len(recording.pcm)
        measures = (recording.attack, recording.loudness, recording.peak)
        sealed = self._seal.of("clip", repr((key, *measures)).encode(), recording.pcm)
        riff, data = (b"RIFF", _HEADER.size - 8 + size, b"WAVE"), (b"data", size)
        return _HEADER.pack(*riff, *_FORMAT, _CHUNK, _CHUNK_SIZE, sealed, *measures, *data)

    def _write(self, target: Path, beside: Path, content: bytes) -> None:
        self.claim()
        try:
            make_inner(target.parent)
        except FileNotFoundError:  # the root is gone
            self._claimed = False
            raise
        self._sweep()
        try:
            with open(beside, "xb", opener=open_private) as file:  # never through a link
                file.write(content)
            os.replace(beside, target)  # noqa: PTH105 - Path.replace does the same, no shorter
        except OSError:
            beside.unlink(missing_ok=True)
            raise

    def _sweep(self) -> None:
        """Remove what killed writers left, and notes of tracks that are gone, once for each cache object."""
        if self._swept or not is_marked(self.root):
            return
        self._swept = True
        for file in take_inventory(self.root).litter:
            with suppress(OSError):
                if file.path.suffix == ".coach-part":
                    remove_abandoned(file.path)
                    if self.tracks in file.path.parents:
                        file.path.parent.rmdir()  # of an album that has nothing else; fails if it has
                elif file.kind is Kind.NOTE or time.time() - file.used > _ABANDONED:
                    file.path.unlink()


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


def find_cache(script: Path | None) -> ClipCache:
    """Return the clip cache for a script, in a folder that nobody else can change.

    That is the folder that the environment variable COACH_CACHE names, or `audio_cache` in it where it holds
    other things; else the `audio_cache` of the nearest folder, from the script's upwards, that has one;
    else a folder of this user's, which also serves where the other cannot be trusted.

    Args:
        script: the script's path; None for speech that belongs to none.
    """
    own = cache_folder() / "clips"
    root, found, instead_of = own, False, None
    if named := os.environ.get("COACH_CACHE"):
        root = Path(named).expanduser()
        if _is_taken(root):
            inside = root / FOLDER
            instead_of = None if is_marked(inside) else (root, _TAKEN)  # said until it is there
            root, found = inside, True
    elif script is not None:
        for folder in Path(os.path.abspath(script)).parents:  # noqa: PTH100 - resolve() would follow links
            if (folder / FOLDER).is_dir():
                root, found = folder / FOLDER, True
                break
    # A link that a person names is meant; one that is found may have come with a stranger's scripts.
    reason = "it is a link" if found and root.is_symlink() else _doubt(root)
    if reason is None:
        return ClipCache(root, instead_of=instead_of)
    if root == own:
        return ClipCache(own, closed=reason)
    return ClipCache(own, instead_of=(root, reason), closed=_doubt(own))


def _doubt(root: Path) -> str | None:
    """Return why a folder is not used for clips; None if it may be."""
    return _TAKEN if _is_taken(root) else distrust(root)


def _is_taken(root: Path) -> bool:
    return root.is_dir() and not is_marked(root) and not is_free(root)
