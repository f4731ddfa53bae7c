"""The track as a constant-rate MP3 whose exact length every player knows."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import lameenc
import numpy as np

from coach.encode.tags import id3

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from coach.encode.track import Track

_KBITS = 64
_DELAY = 576
"""Samples that LAME adds before the sound. (Decoders add 529 more and drop both.)"""
_CHUNK = 1 << 19


class _Layer(NamedTuple):
    """The layout of Layer III frames at a rate (ISO/IEC 11172-3 from 32 kHz on, 13818-3 below).

    Attributes:
        header: the header of a frame: no checksum, 64 kbit/s, no padding, mono, original.
        samples: the samples in a frame.
        side_info: the bytes between the header and the sound.
    """

    header: bytes
    samples: int
    side_info: int


_LAYERS = {
    24_000: _Layer(bytes.fromhex("fff384c4"), 576, 9),
    44_100: _Layer(bytes.fromhex("fffb50c4"), 1152, 17),
    48_000: _Layer(bytes.fromhex("fffb54c4"), 1152, 17),
}


def write(file: BinaryIO, track: Track, sound: Iterator[NDArray[np.int16]]) -> None:
    """Write a track: tags, the Info frame, sound. Arguments and errors are those of `Writer.write`."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_in_sample_rate(track.rate)
    encoder.set_channels(1)
    encoder.set_bit_rate(_KBITS)
    encoder.set_quality(5)

    file.write(id3(track))
    info_at = file.tell()
    info_size = _frame_bits(track.rate) // (8 * track.rate)
    file.write(bytes(info_size))  # replaced below, once the checksum of the sound is known
    file.write(encoder.encode(b""))  # so that flush works on a track without samples
    for block in sound:
        file.write(encoder.encode(block.tobytes()))
    file.write(encoder.flush())

    sound_bytes = file.tell() - info_at - info_size
    file.seek(info_at + info_size)
    crc = 0
    while chunk := file.read(_CHUNK):
        crc = crc16(chunk, crc)
    file.seek(info_at)
    file.write(info_frame(track.length, track.rate, sound_bytes, crc))


def info_frame(length: int, rate: int, sound_bytes: int, sound_crc: int) -> bytes:
    """Return the frame that tells players how long the track is and how much to cut from both ends.

    Layout: the Xing header with LAME's extension, as in G. Bouvigne, "Mp3 Info Tag revision 1"
    (http://gabriel.mp3-tech.org/mp3infotag.html). Decoders that don't know it play a silent frame.

    Args:
        length: samples of the track, at its rate.
        rate: 24000, 44100 or 48000.
        sound_bytes: bytes of the frames that follow.
        sound_crc: their `crc16`.

    Returns:
        A frame as large as the other frames without padding.
    """
    layer = _LAYERS[rate]
    size, rest = divmod(_frame_bits(rate), 8 * rate)
    # At 44.1 kHz most frames have one byte more, so the total is less than a byte off the exact rate.
    frames = round(sound_bytes / (size + rest / (8 * rate)))
    total = size + sound_bytes
    padding = max(0, frames * layer.samples - _DELAY - length)
    toc = bytes((size + sound_bytes * percent // 100) * 256 // total for percent in range(100))
    frame = (
        layer.header + bytes(layer.side_info) + struct.pack(">4sIII", b"Info", 0b1111, frames, total) + toc
    )
    frame += struct.pack(
        ">I9sBBfHHBB3sBBHIH",
        50,  # quality, 0 to 100
        b"LAME3.100",  # the layout is LAME's; readers look for the name
        0x01,  # revision 0, constant rate
        0,  # low-pass unknown
        0.0,  # peak and gains unknown
        0,
        0,
        0,  # encoding flags
        _KBITS,
        (_DELAY << 12 | padding).to_bytes(3, "big"),
        0,  # mono, no more than 32 kHz at the source
        0,  # gain unchanged
        0,  # no preset
        total,
        sound_crc,
    )
    return (frame + struct.pack(">H", crc16(frame))).ljust(size, b"\0")


def _frame_bits(rate: int) -> int:
    """Return the exact number of bits in a frame, multiplied by the rate."""
    return _LAYERS[rate].samples * _KBITS * 1000


def _crc_tables() -> tuple[NDArray[np.uint16], list[NDArray[np.uint16]]]:
    """Return the CRC of each single byte, and what 1, 2, 4, ... zero bytes make of each CRC."""
    byte = np.arange(256, dtype=np.uint16)
    for _ in range(8):
        byte = ((byte >> 1) ^ np.where(byte & 1, 0xA001, 0)).astype(np.uint16)
    crc = np.arange(1 << 16, dtype=np.uint32)
    shifts = [(crc >> 8).astype(np.uint16) ^ byte[crc & 0xFF]]
    while 1 << len(shifts) < _CHUNK:
        shifts.append(shifts[-1][shifts[-1]])
    return byte, shifts


_BYTE, _SHIFTS = _crc_tables()


def crc16(data: bytes, crc: int = 0) -> int:
    """Return the CRC-16 that LAME's header uses (polynomial 0x8005, reflected, from zero).

    A CRC that starts at zero is linear: the CRC of two halves is the CRC of the first half followed by as
    many zero bytes as the second has, xor the CRC of the second. So all pairs of bytes are joined at once,
    then all pairs of pairs, and so on: 14 MB take 0.1 s, while a loop over the bytes takes seconds.

    Args:
        data: at most `_CHUNK` bytes, and at least two if `crc` is given.
        crc: the CRC of the bytes before.
    """
    values = np.frombuffer(data, np.uint8).copy()
    values[:2] ^= np.frombuffer(struct.pack("<H", crc), np.uint8)
    joined = _BYTE[values]
    for shift in _SHIFTS:
        if joined.size < 2:
            break
        if joined.size % 2:  # zeros in front change nothing
            joined = np.append(_BYTE[:1], joined)
        joined = shift[joined[::2]] ^ joined[1::2]
    return int(joined[0])
