"""The file formats that a track can be written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from coach.errors import AudioError
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from coach.encode.track import Track

RATES = (RATE, 44_100, 48_000)
"""The sample rates of files: the voice's own, the CD's (for old stereos) and video's."""


class Writer(Protocol):
    """Something that writes a format: a module, or an object in a module for several formats."""

    def write(self, file: BinaryIO, track: Track, sound: Iterator[NDArray[np.int16]]) -> None:
        """Write a track with its tags.

        Args:
            file: empty, and open for reading, writing and seeking; the track is all that it will contain.
            track: gives length, title and chapters.
            sound: the `track.length` samples, mono, at `track.rate`, in blocks; reading them reports
                progress.

        Raises:
            AudioError: the format cannot hold the track.
            OSError: an error of the file, passed on.
        """
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A file format.

    Attributes:
        module: the module of this package that writes it, loaded when a track is written.
        version: must be raised when the module writes other bytes for the same timeline.
        byte_rate: about how many bytes a second of sound takes, at RATE.
        libraries: top-level modules of other projects whose versions affect the bytes.
        codec: the name of the `Writer` in the module, which uses ffmpeg; None if the module itself is one.
        rates: the sample rates it can have.
        lossless: whether a higher rate takes more bytes.
    """

    module: str
    version: int
    byte_rate: int
    libraries: tuple[str, ...] = ()
    codec: str | None = None
    rates: tuple[int, ...] = RATES
    lossless: bool = False

    def size(self, samples: int, rate: int) -> int:
        """Return about how many bytes so many samples take, at a rate."""
        return samples * self.byte_rate // (RATE if self.lossless else rate)


_OF_OPUS = (RATE, 48_000)

FORMATS = {
    ".mp3": Format("mp3", version=2, byte_rate=8_000, libraries=("lameenc", "mutagen")),
    ".wav": Format("wav", version=1, byte_rate=2 * RATE, lossless=True),
    ".flac": Format("ffmpeg_formats", version=2, byte_rate=16_000, codec="flac", lossless=True),
    ".opus": Format("ffmpeg_formats", version=2, byte_rate=4_000, codec="opus", rates=_OF_OPUS),
    ".ogg": Format("ffmpeg_formats", version=2, byte_rate=4_000, codec="ogg", rates=_OF_OPUS),
    ".m4a": Format("ffmpeg_formats", version=2, byte_rate=8_000, codec="m4a"),
    ".m4b": Format("ffmpeg_formats", version=2, byte_rate=8_000, codec="m4b"),
}
"""The formats by file suffix, in lower case."""


def format_of(target: Path, rate: int = RATE) -> Format:
    """Return the format that a file name asks for.

    Args:
        target: the file.
        rate: its samples a second.

    Raises:
        AudioError: Coach can't write files with that suffix, or not at that rate; the message says which it
            can.
    """
    try:
        kind = FORMATS[target.suffix.lower()]
    except KeyError:
        raise AudioError(f"cannot write {target}: the name must end in {_join_with_or(FORMATS)}") from None
    if rate not in kind.rates:
        known = _join_with_or(kind.rates)
        raise AudioError(f"cannot write {target.suffix} files at {rate} Hz: the rate must be {known}")
    return kind


def _join_with_or(known: Iterable[object]) -> str:
    *others, last = map(str, known)
    return f"{', '.join(others)} or {last}"
