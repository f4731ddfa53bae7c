"""Write a timeline to a file: whole or not at all, and only if it would change."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from coach.encode.whole import check_target, whole_file
from coach.errors import AudioError
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from coach.mix import Clips
    from coach.timeline import Timeline

    Progress = Callable[[int, int], None]

__all__ = ["FORMATS", "Exported", "Format", "Writer", "check_target", "export", "fingerprint", "format_of"]

_CHUNK = 1 << 20


class Writer(Protocol):
    """What writes a format: the module of one, or an object in a module of several."""

    def write(self, file: BinaryIO, timeline: Timeline, sound: Iterator[NDArray[np.int16]]) -> None:
        """Write a track, tags and all.

        Args:
            file: empty, open for reading, writing and seeking; its end becomes the end of the track.
            timeline: for length, title, chapters.
            sound: the track's `timeline.length` samples, mono, at RATE, in blocks. Taking them reports the
                progress.

        Raises:
            AudioError: the format cannot hold the track.
            OSError: from the file, passed on as it is.
        """
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes:
        module: the module of this package that writes it; loaded when a track is written.
        version: to be raised when the module's bytes change for the same timeline.
        byte_rate: about how many bytes a second of sound takes.
        libraries: the top-level modules of other projects whose versions decide the bytes.
        codec: the `Writer` in the module, which ffmpeg then is at work for; None where the module is one.
    """

    module: str
    version: int
    byte_rate: int
    libraries: tuple[str, ...] = ()
    codec: str | None = None


FORMATS = {
    ".mp3": Format("mp3", version=1, byte_rate=8_000, libraries=("lameenc", "mutagen")),
    ".wav": Format("wav", version=1, byte_rate=2 * RATE),
    ".flac": Format("converted", version=1, byte_rate=16_000, codec="flac"),
    ".opus": Format("converted", version=1, byte_rate=4_000, codec="opus"),
    ".ogg": Format("converted", version=1, byte_rate=4_000, codec="ogg"),
    ".m4a": Format("converted", version=1, byte_rate=8_000, codec="m4a"),
}
"""The formats by the suffix of their files, in lower case."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of an export.

    Attributes:
        path: the file.
        size: its bytes.
        length: samples of the track in it.
        written: False where the file was already what it should be, and was not touched.
    """

    path: Path
    size: int
    length: int
    written: bool


def format_of(target: Path) -> Format:
    """Return the format that a file's name asks for.

    Raises:
        AudioError: its suffix is none that Coach writes; the message names those it does.
    """
    try:
        return FORMATS[target.suffix.lower()]
    except KeyError:
        *others, last = FORMATS
        known = f"{', '.join(others)} or {last}"
        raise AudioError(f"cannot write {target}: the name must end in {known}") from None


def export(
    timeline: Timeline,
    clips: Clips,
    target: Path,
    *,
    progress: Progress | None = None,
    memo: Path | None = None,
) -> Exported:
    """Write a track into a file in the format of its name, with title and chapters where the format has them.

    Whatever happens, the target is its old self or the whole new track. Equal timelines give equal bytes.

    Args:
        timeline: the track.
        clips: its sound.
        target: the file; its folder must exist.
        progress: called with the samples written and the samples in all, every two seconds of sound; what it
            raises ends the export.
        memo: a folder that remembers what was written. With it a target that already holds these very bytes
            is left as it is, and no encoder is loaded. None encodes always.

    Raises:
        AudioError: the track cannot be written; the message says why and what to do.
        OSError: a clip could not be read.
    """
    kind = format_of(target)
    key = fingerprint(timeline, kind, volume=clips.volume) if memo else ""
    if memo and (size := _holds(target, memo / key)) is not None:
        return Exported(target, size, timeline.length, written=False)
    try:
        module = import_module(f"coach.encode.{kind.module}")
    except ImportError as error:
        raise AudioError(f"cannot write {target.suffix} files on this machine: {error}") from error
    writer = cast("Writer", getattr(module, kind.codec) if kind.codec else module)
    with whole_file(target, timeline.length * kind.byte_rate // RATE) as file:
        writer.write(file, timeline, _sound(timeline, clips, progress))
        size = file.seek(0, 2)
        digest = _digest(file) if memo else ""
    if memo:
        _remember(memo, key, f"{digest} {size}\n")
    return Exported(target, size, timeline.length, written=True)


def fingerprint(timeline: Timeline, kind: Format, *, volume: float = 0.0) -> str:
    """Return a name for everything that decides the bytes of an exported track: equal names, equal bytes.

    Args:
        timeline: the track.
        kind: the format.
        volume: that of the clips.

    Raises:
        AudioError: the format needs ffmpeg, and there is none.
    """
    parts = (
        (kind.module, kind.version, [_library(name) for name in kind.libraries], *_converter(kind)),
        (timeline.title, timeline.language, timeline.voice, timeline.level, timeline.length, volume),
        [(chapter.title, chapter.start, chapter.end) for chapter in timeline.chapters],
        [(cue.start, cue.clip.length, cue.clip.key) for cue in timeline.cues],
    )
    return blake2b(repr(parts).encode(), digest_size=20).hexdigest()


def _converter(kind: Format) -> tuple[str, ...]:
    if kind.codec is None:
        return ()
    from coach.ffmpeg import identity  # noqa: PLC0415 - only the formats that it writes need it

    return (kind.codec, identity())


def _library(name: str) -> str:
    """Return a digest of a library's main file: the extension module, or the `__init__.py` with the version.

    It costs a millisecond; importing the library, or the standard library's package metadata, costs 20 to 50.
    """
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    with Path(spec.origin).open("rb") as file:
        return _digest(file)


def _digest(file: BinaryIO) -> str:
    digest = blake2b(digest_size=32)
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _holds(target: Path, record: Path) -> int | None:
    """Return the size of a target that is, byte for byte, what the record says; None if it is not."""
    try:
        digest, size = record.read_text("ascii").split()
        if target.stat().st_size == int(size):
            with target.open("rb") as file:
                if _digest(file) == digest:
                    return int(size)
    except (OSError, ValueError):
        pass  # no record, no target, or one of them damaged: the track is written anew
    return None


def _remember(memo: Path, key: str, record: str) -> None:
    with suppress(OSError, AudioError):  # a memo only saves time
        memo.mkdir(parents=True, exist_ok=True)
        with whole_file(memo / key, len(record)) as file:
            file.write(record.encode("ascii"))


def _sound(timeline: Timeline, clips: Clips, progress: Progress | None) -> Iterator[NDArray[np.int16]]:
    from coach.mix import blocks, to_int16  # noqa: PLC0415 - an unchanged track is known without numpy

    done = 0
    for block in blocks(timeline, clips):
        yield to_int16(block)
        done += block.size
        if progress:
            progress(done, timeline.length)
