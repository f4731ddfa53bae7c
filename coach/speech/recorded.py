"""A person's own recording in place of a synthesised sentence."""

from __future__ import annotations

import re
import stat
import struct
from hashlib import blake2b
from typing import TYPE_CHECKING

from coach.errors import AudioError
from coach.speech.cache import FORMAT_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from pydub import AudioSegment

    from coach.speech.clip import Recording

LONGEST = 60
"""Seconds of a recording: a cue is a sentence or two."""

LARGEST = 50_000_000
"""Bytes of a recording: a minute of 32-bit stereo at 48 kHz has half of that."""

_SLOWEST, _FASTEST = 4_000, 192_000  # samples a second
_MOST_SAMPLES = LONGEST * 48_000  # of each channel, in memory at once
_BLOCK = 1 << 16  # of them, averaged at once
_RATES = "8000|11025|12000|16000|22050|24000|32000|44100|48000"  # what ffmpeg may give: the nearest one
_PATIENCE = 30.0  # seconds for ffmpeg; a minute of sound takes it less than one
_MISSING = 0.5  # seconds by which a file may be shorter than it says: lossy formats round and pad
_UNKNOWN = 0x7FFF_0000  # sizes from here on stand in a WAV written by a program that could not go back
_PCM, _EXTENSIBLE = 1, 0xFFFE
_BITS = (8, 16, 24, 32)

_MARGIN_BEFORE, _MARGIN_BEHIND = 0.08, 0.15  # s kept around what stands out of the noise
_ABOVE_NOISE, _BELOW_SPEECH = 10.0, 25.0  # dB


def recording_key(path: Path) -> str:
    """Return the address of a recording in the clip cache: 40 hexadecimal digits that its bytes decide.

    Raises:
        AudioError: the file cannot be read, is empty, or too large; the message is one line with its path.
    """
    return blake2b(f"recording {FORMAT_VERSION}:".encode() + _content(path), digest_size=20).hexdigest()


def record_file(path: Path) -> Recording:
    """Return a recording as a clip of the cache has it: trimmed, levelled, its attack found.

    The room's noise before and behind the speech goes too, where the speech stands out of it.

    Raises:
        AudioError: as `read_recording`, or there is nothing to hear in it.
    """
    from coach.speech.sound import record  # noqa: PLC0415 - numpy is slow to import, and a warm cache needs none

    sound, sample_rate = read_recording(path)
    recording = record(_out_of_noise(sound - sound.mean(), sample_rate), sample_rate)
    if not recording.pcm:
        raise AudioError(f"there is nothing to hear in {path}")
    return recording


def read_recording(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return the sound of a file: WAV by pydub alone, anything else through ffmpeg.

    The first sound track is taken, also out of a video; its channels are averaged.

    Args:
        path: a file of at most `LARGEST` bytes and `LONGEST` seconds.

    Returns:
        Shape (samples,), float32, -1.0 to 1.0, at least one sample; and samples a second. The caller owns it.

    Raises:
        AudioError: the file is missing, no sound, cut off, too long or too large, or this machine lacks what
            reads it; the message is one line with the path.
    """
    import numpy as np  # noqa: PLC0415 - as above

    data = _content(path)
    try:
        segment = _segment(data)
        if segment is None:
            segment = _through_ffmpeg(data)
    except AudioError as error:
        raise AudioError(f"cannot read {path}: {error}") from error
    width, channels = segment.sample_width, segment.channels
    samples = np.frombuffer(segment.raw_data, f"i{width}")
    whole = samples[: samples.size // channels * channels].reshape(-1, channels)
    sound = np.empty(len(whole), np.float32)
    for start in range(0, len(whole), _BLOCK):  # means of all at once would take four times the room
        block = slice(start, start + _BLOCK)
        sound[block] = whole[block].mean(1) / (1 << 8 * width - 1)
    return sound, segment.frame_rate


def _content(path: Path) -> bytes:
    try:
        there = path.stat()
        if stat.S_ISDIR(there.st_mode):
            raise AudioError(f"{path} is a folder, not a recording")
        if not stat.S_ISREG(there.st_mode):  # a pipe might never end
            raise AudioError(f"{path} is not a regular file")
        if there.st_size > LARGEST:
            raise AudioError(
                f"{path} is too large: a recording may have {LARGEST / 1e6:.0f} MB"
                f" (got {there.st_size / 1e6:.0f})"
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise AudioError(f"there is no recording {path}") from error
    except OSError as error:
        raise AudioError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise AudioError(f"cannot read {path}: its name has a zero byte") from error
    if not data:
        raise AudioError(f"{path} is empty")
    return data


def _segment(data: bytes) -> AudioSegment | None:
    """Return what pydub's own reader makes of a WAV; None where it does not know the kind.

    Raises:
        AudioError: the sound is too long, cut off, or at a rate that no recorder has.
    """
    from coach.ffmpeg import segment_class  # noqa: PLC0415 - a warm cache needs none

    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return None
    segment = segment_class()
    from pydub.audio_segment import extract_wav_headers, read_wav_audio  # noqa: PLC0415 - quiet from here on
    from pydub.exceptions import CouldntDecodeError  # noqa: PLC0415 - as above

    try:
        found = read_wav_audio(data)
    except (CouldntDecodeError, struct.error):
        return None
    chunks = extract_wav_headers(data)
    kind = found.audio_format
    if kind == _EXTENSIBLE:  # pydub takes it for whole numbers; the real kind stands further on
        place = next(chunk.position for chunk in chunks if chunk.id == b"fmt ") + 32
        kind = int.from_bytes(data[place : place + 2], "little")
    frame = found.channels * found.bits_per_sample // 8
    if kind != _PCM or found.bits_per_sample not in _BITS or not 0 < frame <= len(found.raw_data):
        return None
    if not _SLOWEST <= found.sample_rate <= _FASTEST:
        raise AudioError(f"it must have {_SLOWEST} to {_FASTEST} samples a second (got {found.sample_rate})")
    second = frame * found.sample_rate
    _check_length(len(found.raw_data) / second)
    if len(found.raw_data) // frame > _MOST_SAMPLES:
        return None  # ffmpeg makes fewer of them
    if chunks[-1].size < _UNKNOWN:
        _check_whole(len(found.raw_data) / second, chunks[-1].size / second)
    return segment(data=data)


def _through_ffmpeg(data: bytes) -> AudioSegment:
    """Return the first sound track of a file: one channel, 32 bits, at most 48 kHz.

    Raises:
        AudioError: there is none that ffmpeg can read, or it is too long or cut off.
    """
    from coach.ffmpeg import convert  # noqa: PLC0415 - as above

    most = ("-t", str(LONGEST + 1))  # nobody waits for the rest of what is too long
    rates = ("-af", f"aformat=sample_rates={_RATES}")
    wanted = ("-map", "0:a:0", *most, *rates, "-ac", "1", "-c:a", "pcm_s32le", "-f", "wav")
    wav, log = convert(data, wanted, timeout=_PATIENCE)
    if not wav:
        raise AudioError(_reason(log))
    promised = _promised(log)
    _check_length(promised)
    segment = _segment(wav)
    if segment is None:
        raise AudioError("there is no sound in it")
    _check_whole(segment.frame_count() / segment.frame_rate, promised)
    return segment


def _promised(log: list[str]) -> float:
    """Return the seconds that a file says it has; 0 where it doesn't say or they are no promise."""
    said = "\n".join(log)
    told = re.search(r"^\[info\] +Duration: (\d+):(\d+):(\d+\.\d+)", said, re.MULTILINE)
    # ffmpeg may guess from the bit rate; and beside a picture the sound may end early.
    if told is None or "Estimating duration" in said or "Video: " in said:
        return 0.0
    return sum(float(part) * unit for part, unit in zip(told.groups(), (3600, 60, 1), strict=True))


def _reason(log: list[str]) -> str:
    """Return why ffmpeg could not read a file, in a person's words."""
    if any("matches no streams" in line for line in log):
        return "there is no sound in it"
    if any("moov atom not found" in line for line in log):
        return "it is cut off: its index, at the end, is missing"
    if any("Invalid data found" in line for line in log):
        return "it is no sound that ffmpeg knows"
    said = [line for line in log if "[error]" in line or "[fatal]" in line]
    return re.sub(r"\[[^]]*\] *", "", said[0]) if said else "ffmpeg failed on it"


def _check_length(seconds: float) -> None:
    if seconds > LONGEST:
        raise AudioError(f"it must be at most {LONGEST} seconds long (got {seconds:.1f})")


def _check_whole(seconds: float, promised: float) -> None:
    if seconds < promised - _MISSING:
        raise AudioError(f"it is cut off: it promises {promised:.1f} seconds and has {seconds:.1f}")


def _out_of_noise(sound: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return sound without the stretches at both ends where only the room is heard.

    A voice from a machine has silence around it, a person's recording a room 30 to 50 dB below the speech:
    too loud to pass for silence, and the attack is looked for at the start of what is left. The noise is what
    the softest tenth of the recording stays below.
    """
    import numpy as np  # noqa: PLC0415 - as above

    step = sample_rate // 100
    levels = (sound[: sound.size // step * step].reshape(-1, step).astype(np.float64) ** 2).mean(1)
    if not levels.size:
        return sound
    noise = float(np.percentile(levels, 10)) * 10 ** (_ABOVE_NOISE / 10)
    heard = np.flatnonzero(levels >= min(noise, levels.max() / 10 ** (_BELOW_SPEECH / 10)))
    start = int(heard[0]) * step - int(_MARGIN_BEFORE * sample_rate)
    end = (int(heard[-1]) + 1) * step + int(_MARGIN_BEHIND * sample_rate)
    return sound[max(0, start) : end]
