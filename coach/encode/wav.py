"""The uncompressed track: the mix in 16 bits, sample by sample."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, BinaryIO

from coach.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from coach.encode.track import Track

_LARGEST = 0xFFFFFFFF - 36
"""Bytes of sound in a RIFF file: its 32-bit size covers them and 36 bytes of header."""


def write(file: BinaryIO, track: Track, sound: Iterator[NDArray[np.int16]]) -> None:
    """Write a track: 16-bit PCM, mono. Arguments and errors are those of `Writer.write`."""
    if 2 * track.length > _LARGEST:
        raise AudioError(
            f"a WAV file holds at most {_LARGEST / 2 / track.rate / 3600:.0f} hours"
            f" ({track.length / track.rate / 3600:.0f} asked for): export an .mp3"
        )
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(track.rate)
        out.setnframes(track.length)
        for block in sound:
            out.writeframesraw(block.tobytes())
