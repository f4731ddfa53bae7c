"""From a voice's raw sound to a recording: resampled, trimmed, levelled, its attack found.

Everything is done a whole clip at a time in the frequency domain, with numpy alone: about a
millisecond for a spoken word. Nothing here reads or writes a file.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from coach.speech.clip import CEILING, FAINTEST, LOUDNESS, Recording
from coach.units import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LIMIT = (
    CEILING - 0.05
)  # what fourfold oversampling may miss between its samples, and the rounding to 16 bits
_FULL_SCALE = 32768.0
_WILD = 8.0  # 18 dB over full scale: no voice means that
_MILLISECOND = RATE // 1000

_AUDIBLE = -50.0  # dBFS; what a voice hums on text that it cannot read lies below
_FLOOR = -45.0  # dB below the loudest moment: the first breath of "four" and the last of "feet" lie above
_SMOOTHING = 5  # ms over which a level is taken
_LEAD, _TAIL = 5 * _MILLISECOND, 10 * _MILLISECOND  # kept around what lies above the floor
_FADE_IN, _FADE_OUT = 3 * _MILLISECOND, 8 * _MILLISECOND

_EASE = 5 * _MILLISECOND // 2
_BRIEF = 1000 * _MILLISECOND  # shorter clips are single words
_BLOCK, _STEP = 400 * _MILLISECOND, 100 * _MILLISECOND  # BS.1770-4: 400 ms blocks that overlap by 75 %
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0
_OVERSAMPLING = 4
_PIECE = 20 * RATE  # samples that are oversampled at once; few clips are longer
_RINGING = 100 * _MILLISECOND  # on either side of a piece, for what lies across its ends

_ATTACK_BAND = (300.0, 3000.0)  # Hz
_ATTACK_SEARCH = 250 * _MILLISECOND
_ATTACK_WINDOW = 10 * _MILLISECOND
_ATTACK_MARGIN = 50 * _MILLISECOND  # the band-pass has rung out by then to less than a 16-bit step
_ATTACK_SIZE = 8640  # at least margin + search + margin = 8400; 2^6 x 3^3 x 5 transforms fast


def record(sound: NDArray[np.float32], sample_rate: int) -> Recording:
    """Return the recording of what a voice spoke: trimmed, at `LOUDNESS` where `CEILING` allows it.

    Args:
        sound: shape (samples,), -1.0 to 1.0; values that are no number count as 0. It is left as it is.
        sample_rate: samples a second of it.

    Returns:
        The recording; an empty one where nothing is audible.
    """
    samples = np.nan_to_num(np.asarray(sound, np.float64).ravel(), nan=0.0, posinf=0.0, neginf=0.0)
    if samples.size and (most := max(samples.max(), -samples.min())) > _WILD:
        samples = samples / most  # else its square might be more than there are numbers for
    if sample_rate != RATE:
        samples = resample(samples, sample_rate)
    samples = trim(samples)
    if not samples.any():
        return Recording(b"")
    loudness, peak = measure(samples)
    if LOUDNESS - loudness > _LIMIT - peak:  # a few stray peaks would hold the whole sentence back
        samples = ease_peaks(samples, 10 ** ((_LIMIT - LOUDNESS + loudness) / 20))
        loudness, peak = measure(samples)
    gain = min(LOUDNESS - loudness, _LIMIT - peak)
    if loudness + gain < FAINTEST:  # a hum below all hearing, as loud as it can be
        return Recording(b"")
    pcm = np.rint(samples * (_FULL_SCALE * 10 ** (gain / 20))).astype("<i2")
    return Recording(pcm.tobytes(), attack(pcm), loudness + gain, peak + gain)


def at_volume(recording: Recording, volume: float) -> NDArray[np.int16]:
    """Return a recording's samples at a volume.

    Args:
        recording: what to play.
        volume: dB relative to `LOUDNESS`. A clip that its peak holds back stays below; at 0 the samples
            are those of the recording, bit for bit.

    Returns:
        Shape (samples,), int16, read-only, true peak at most `CEILING`.
    """
    samples: NDArray[np.int16] = np.frombuffer(recording.pcm, "<i2")
    if volume == 0 or not samples.size:
        return samples
    gain = min(LOUDNESS + volume - recording.loudness, _LIMIT - recording.peak)
    scaled: NDArray[np.int16] = np.rint(samples * 10 ** (gain / 20)).astype("<i2")
    scaled.flags.writeable = False
    return scaled


def resample(sound: Floats, sample_rate: int) -> Floats:
    """Return sound at `RATE`, band-limited by cutting its spectrum, silence assumed around it.

    Args:
        sound: shape (samples,).
        sample_rate: samples a second of it, above 0.

    Returns:
        Shape (samples * RATE / sample_rate, rounded up,).
    """
    if not sound.size:
        return sound
    common = math.gcd(sample_rate, RATE)
    source, target = sample_rate // common, RATE // common
    # A length that is a whole number of periods in both rates, with 20 ms for the filter to ring in.
    periods = _fast_size(-(-(sound.size + sample_rate // 50) // source))
    spectrum = np.fft.rfft(sound, periods * source)
    bins = periods * target // 2 + 1
    kept = min(spectrum.size, bins)
    # The last 5 % of the narrower band fade out: a cliff there would ring audibly.
    slope = max(1, kept // 20)
    spectrum[kept - slope : kept] *= np.cos(np.linspace(0, np.pi / 2, slope)) ** 2
    spectrum = np.concatenate([spectrum[:kept], np.zeros(bins - kept)])
    resampled: Floats = np.fft.irfft(spectrum, periods * target) * (target / source)
    wanted: Floats = resampled[: -(-sound.size * target // source)]
    return wanted


def trim(sound: Floats) -> Floats:
    """Return sound without the silence around it, its edges faded.

    Silence is what lies 45 dB below the loudest moment; 5 ms before and 10 ms behind the rest are kept.

    Args:
        sound: shape (samples,), -1.0 to 1.0, at `RATE`.

    Returns:
        A new array of shape (at most samples,); empty where nothing is audible.
    """
    steps = max(1, -(-sound.size // _MILLISECOND))
    power = np.zeros(steps * _MILLISECOND)
    power[: sound.size] = sound * sound
    level = np.convolve(power.reshape(steps, _MILLISECOND).mean(1), np.full(_SMOOTHING, 1 / _SMOOTHING))
    loudest = level.max()
    if loudest < 10 ** (_AUDIBLE / 10):
        return np.zeros(0)
    # level[k] is the mean of the steps k-4 to k: centred on step k-2.
    heard = np.flatnonzero(level >= loudest * 10 ** (_FLOOR / 10)) - _SMOOTHING // 2
    start = max(0, int(heard[0]) * _MILLISECOND - _LEAD)
    end = min(sound.size, (int(heard[-1]) + 1) * _MILLISECOND + _TAIL)
    kept: Floats = sound[start:end].copy()
    rise, fall = min(_FADE_IN, kept.size), min(_FADE_OUT, kept.size)
    kept[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise, endpoint=False)) ** 2
    kept[kept.size - fall :] *= np.cos(np.linspace(np.pi / 2, 0, fall, endpoint=False)[::-1]) ** 2
    return kept


def ease_peaks(sound: Floats, ceiling: float) -> Floats:
    """Return sound whose peaks are turned down, smoothly within 5 ms around each, to a ceiling.

    Args:
        sound: shape (samples,), at `RATE`.
        ceiling: the true peak to come down to, more than 0, on the scale of `sound`.

    Returns:
        A new array of that shape; what lies more than 5 ms from any peak is as it was.
    """
    peaks = np.maximum(_true_peaks(sound), np.abs(sound))
    wanted = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-12))
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(wanted, _EASE, constant_values=1.0), 2 * _EASE + 1
    )
    # Every gain that is averaged at a peak is at most the one wanted there, so their mean is too.
    bell = np.hanning(2 * _EASE + 3)[1:-1]
    held = np.pad(around.min(1), _EASE, constant_values=1.0)
    return sound * np.convolve(held, bell / bell.sum(), "valid")


def measure(sound: Floats) -> tuple[float, float]:
    """Return the loudness in LUFS and the true peak in dBTP (ITU-R BS.1770-4, annexes 1 and 2).

    Loudness is gated as in the standard. Sound shorter than one block of 400 ms, which the standard leaves
    open, is taken as a whole. Of a word below one second the few blocks leave out the soft ends, which a
    plain mean counts in full: its loudness is taken halfway between the two.

    Args:
        sound: shape (samples,), -1.0 to 1.0, at `RATE`, mono, not empty.

    Returns:
        Loudness and true peak; -inf for silence.
    """
    size = _fast_size(sound.size + _STEP)  # room for the weighting to ring out, so nothing wraps around
    spectrum = np.fft.rfft(sound, size)
    weighted = np.fft.irfft(spectrum * _weighting(size), size)[: sound.size]
    energy = np.concatenate([[0.0], np.cumsum(weighted * weighted)])
    plain = mean = energy[-1] / sound.size
    if sound.size >= _BLOCK:
        blocks = (energy[_BLOCK::_STEP] - energy[: energy.size - _BLOCK : _STEP]) / _BLOCK
        gated = blocks[blocks > 10 ** ((_ABSOLUTE_GATE + 0.691) / 10)]
        if gated.size:
            mean = gated[gated > gated.mean() * 10 ** (_RELATIVE_GATE / 10)].mean()
    if sound.size < _BRIEF:
        mean = math.sqrt(mean * plain)
    if sound.size <= _PIECE:
        oversampled = np.fft.irfft(spectrum, size * _OVERSAMPLING) * _OVERSAMPLING
        peak = max(oversampled.max(), -oversampled.min())
    else:
        peak = _true_peaks(sound).max()
    return -0.691 + 10 * _log10(mean), 20 * _log10(peak)


def _true_peaks(sound: Floats) -> Floats:
    """Return the largest of four samples at each sample's place, in pieces, which bounds the memory.

    Args:
        sound: shape (samples,), at `RATE`.

    Returns:
        Shape (samples,), 0 or more.
    """
    peaks = np.empty(sound.size)
    for start in range(0, sound.size, _PIECE):
        end = min(start + _PIECE, sound.size)
        before = min(start, _RINGING)
        piece = sound[start - before : end + _RINGING]
        size = _fast_size(piece.size)
        oversampled = np.fft.irfft(np.fft.rfft(piece, size), size * _OVERSAMPLING) * _OVERSAMPLING
        highest = np.abs(oversampled).reshape(size, _OVERSAMPLING).max(1)
        peaks[start:end] = highest[before : before + end - start]
    return peaks


def attack(pcm: NDArray[np.int16]) -> int:
    """Return the moment of a clip that a listener hears as "now", in samples from its start.

    It is the first moment where the RMS envelope (a centred 10 ms window) of the 300-3000 Hz band
    reaches half of its maximum over the first 250 ms: a plain form of the perceptual centre, which
    follows the rise of the mid-band amplitude (S. K. Scott, P-centres in speech, 1993). The band-pass
    is a second-order Butterworth run forwards and backwards, silence assumed around the clip.

    Args:
        pcm: shape (samples,), as it will be heard.
    """
    head = pcm[: _ATTACK_SEARCH + _ATTACK_MARGIN]
    buffer = np.zeros(_ATTACK_SIZE)
    buffer[_ATTACK_MARGIN : _ATTACK_MARGIN + head.size] = head
    band = np.fft.irfft(np.fft.rfft(buffer) * _attack_band(), _ATTACK_SIZE)
    energy = np.concatenate([[0.0], np.cumsum(band * band)])
    first = _ATTACK_MARGIN - _ATTACK_WINDOW // 2
    count = min(_ATTACK_SEARCH, pcm.size)
    envelope = energy[first + _ATTACK_WINDOW :][:count] - energy[first:][:count]  # squared
    return int(np.argmax(envelope >= envelope.max() / 4)) if count else 0


def _log10(value: float) -> float:
    return math.log10(value) if value > 0 else -math.inf


@lru_cache(maxsize=1024)
def _fast_size(least: int) -> int:
    """Return a length that transforms fast: the least of 4, 5 and 6 times a power of two that suffices.

    So few lengths exist that the responses below are computed once each.
    """
    power = max(0, (least - 1).bit_length() - 3)
    return next(factor << power for factor in (4, 5, 6, 8) if factor << power >= least)


@lru_cache(maxsize=32)
def _weighting(size: int) -> NDArray[np.complex128]:
    """Return the response of the K-weighting at `RATE` for a real transform of that size.

    BS.1770-4 gives two biquads for 48 kHz (annex 1, tables 1 and 2). Each is taken back to its analogue
    prototype and to `RATE` by the bilinear transform, warped so that its corner stays where it was.
    """
    shelf = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585))
    high_pass = ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621))
    omega = np.linspace(0, np.pi, size // 2 + 1)
    response = np.ones(omega.size, np.complex128)
    for (b0, b1, b2), (a1, a2) in (shelf, high_pass):
        corner = math.sqrt((1 + a1 + a2) / (1 - a1 + a2))  # tan(pi * f / 48000) of the prototype's corner f
        s = 1j * np.tan(omega / 2) * (corner / math.tan(math.atan(corner) * 48_000 / RATE))
        z = (1 - s) / (1 + s)  # z^-1 at 48 kHz of what lies at omega at RATE
        response *= (b0 + z * (b1 + z * b2)) / (1 + z * (a1 + z * a2))
    return response


@lru_cache(maxsize=1)
def _attack_band() -> Floats:
    """Return the squared response of the band-pass of `attack`: what two passes of it leave.

    A Butterworth low-pass of order n has |H|^2 = 1 / (1 + x^2n); the band-pass puts
    x = (W^2 - W1 W2) / (W (W2 - W1)), and the bilinear transform W = tan(pi f / RATE).
    """
    low, high = (math.tan(math.pi * edge / RATE) for edge in _ATTACK_BAND)
    response = np.zeros(_ATTACK_SIZE // 2 + 1)  # nothing passes at 0 Hz and at half the rate
    warped = np.tan(np.linspace(0, np.pi / 2, response.size)[1:-1])
    response[1:-1] = 1 / (1 + ((warped**2 - low * high) / (warped * (high - low))) ** 4)
    return response
