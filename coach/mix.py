"""The one renderer: from a timeline to samples, any part of it, in blocks of any size.

The track has two lanes. In the voice lane, one cue follows another. Under it lies the bed lane: its beds
and sounds are added up, and added to the voice, which is never changed. Where both together would be too
loud, the beds are turned down.

`functools.partial(render, timeline, clips)` is what a player pulls from.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Protocol

import numpy as np

from coach.speech.clip import LONGEST
from coach.units import RATE, Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from coach.speech import Clip
    from coach.timeline import Timeline

BLOCK = 2 * RATE
"""Samples of a block where the size does not matter: 2 s, small beside the libraries that are loaded."""

CEILING = 10 ** (-1 / 20)
"""The most that a sample of voice and beds together comes to: -1 dBFS. (A louder voice is left alone.)"""

UNDER = 10 ** (-6 / 20)
"""The gain of sounds: 6 dB below the voice, so that words are heard through them."""

_FRAME = RATE // 50
"""Samples (20 ms) over which the beds are turned down, or up again, so that nothing clicks."""

_STEPS = 32768
"""16-bit steps from silence to full scale; a power of two, so that dividing by it loses nothing."""

LOUDEST = 29_204
"""Steps of -1 dBFS, rounded down: above all samples of clips, whose true peak is at most -1 dBTP."""


class Clips(Protocol):
    """Where the samples of a clip come from."""

    def samples(self, clip: Clip) -> NDArray[np.int16]:
        """Return a clip's sound: shape (clip.length,), int16, at RATE; the caller only reads it."""
        ...

    @property
    def volume(self) -> float:
        """The gain in dB that is already in `samples`; together with the clips' keys it decides them."""
        ...


def cue_index(timeline: Timeline, sample: Samples) -> int:
    """Return the index of the cue heard at a sample, else of the next one to come.

    After the last cue it is `len(timeline.cues)`. O(log n): cues never overlap, so their ends are sorted.
    """
    return bisect_right(timeline.cues, sample, key=lambda cue: cue.end)


def render(timeline: Timeline, clips: Clips, start: Samples, count: Samples) -> NDArray[np.float32]:
    """Return part of the track, the same samples however the track is cut into parts.

    Args:
        timeline: what is heard, and when.
        clips: where the samples of its clips come from.
        start: the first sample wanted; may lie before or after the track.
        count: how many samples, 0 or more.

    Returns:
        Shape (count,), float32, -1.0 to 1.0, at RATE: a clip's 16-bit samples divided by 32768, exactly,
        with the beds added; exactly zero outside of the track, and wherever nothing plays. The caller owns
        it.
    """
    if not timeline.beds and not timeline.sounds:
        return _render_voice(timeline, clips, start, count)
    # The beds are turned down frame by frame, and each frame needs its neighbours.
    first = (start // _FRAME - 1) * _FRAME
    frames = -(-(start + count - first) // _FRAME) + 1
    voice = _render_voice(timeline, clips, first, frames * _FRAME)
    beds = _render_beds(timeline, clips, first, frames * _FRAME)
    block = voice + beds * _make_room(voice, beds)
    return block[start - first :][:count]


def _render_beds(timeline: Timeline, clips: Clips, start: Samples, count: Samples) -> NDArray[np.float32]:
    """Return part of the bed lane, silent outside of the track; the arguments are those of `render`."""
    block = np.zeros(count, np.float32)
    first, stop = max(start, 0), min(start + count, timeline.length)
    if first < stop:
        for bed in timeline.beds:
            block[first - start : stop - start] += bed.samples(first, stop - first)
    begins = bisect_left(timeline.sounds, first - LONGEST * RATE, key=lambda sound: sound.start)
    for sound in timeline.sounds[begins:]:
        if sound.start >= stop:
            break
        if sound.end > first:
            one, other = max(sound.start, first), min(sound.end, stop)
            part = clips.samples(sound.clip)[one - sound.start : other - sound.start]
            block[one - start : other - start] += part * np.float32(UNDER / _STEPS)
    return block


def _make_room(voice: NDArray[np.float32], beds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the gain, sample by sample, that keeps the beds below the ceiling.

    A frame's gain is what its loudest moment allows. At the border of two frames the lower of the two holds,
    and from border to border the gain changes evenly, so it is never more than either allows.

    Args:
        voice: whole frames; shape (n * _FRAME,).
        beds: likewise.

    Returns:
        The same shape, 0.0 to 1.0. In the first frame and the last, whose neighbours are not known, 1.0.
    """
    room = np.maximum(CEILING - np.abs(voice, dtype=np.float64), 0)
    wanted = np.abs(beds, dtype=np.float64)
    gain = np.divide(room, wanted, out=np.ones_like(room), where=wanted > room)
    of_frames = gain.reshape(-1, _FRAME).min(axis=1)
    borders = np.minimum(of_frames[:-1], of_frames[1:])
    done = np.arange(_FRAME) / _FRAME
    ramps = borders[:-1, None] + np.diff(borders)[:, None] * done
    ends = np.ones((1, _FRAME))
    return np.concatenate([ends, ramps, ends]).reshape(-1).astype(np.float32)


def _render_voice(timeline: Timeline, clips: Clips, start: Samples, count: Samples) -> NDArray[np.float32]:
    """Return part of the voice lane; the arguments are those of `render`."""
    block = np.zeros(count, np.float32)
    stop = min(start + count, timeline.length)
    for index in range(cue_index(timeline, start), len(timeline.cues)):
        cue = timeline.cues[index]
        first, last = max(cue.start, start), min(cue.end, stop)
        if cue.start >= stop:
            break
        block[first - start : last - start] = clips.samples(cue.clip)[first - cue.start : last - cue.start]
    block /= _STEPS
    return block


def fade_in(
    pull: Callable[[int, int], NDArray[np.float32]],
    first: Samples,
    length: Samples,
    start: Samples,
    count: Samples,
) -> NDArray[np.float32]:
    """Return part of a source that fades in from silence: half a cosine, and then the source itself.

    Args:
        pull: the source, as `render` is with its first two arguments given.
        first: the sample where it begins to fade in; before that it is silent.
        length: how many samples that takes.
        start: the first sample wanted.
        count: how many samples.
    """
    block = pull(start, count)
    if start < first + length:
        done = (np.arange(start, start + count, dtype=np.float64) - first) / length
        block *= (0.5 - 0.5 * np.cos(np.pi * done.clip(0.0, 1.0))).astype(np.float32)
    return block


def blocks(timeline: Timeline, clips: Clips, size: Samples = BLOCK) -> Iterator[NDArray[np.float32]]:
    """Yield the whole track, from its first sample to its last, in blocks of `size` and a shorter last one.

    Each block is as `render` returns it; only one exists at a time.
    """
    for start in range(0, timeline.length, size):
        yield render(timeline, clips, start, min(size, timeline.length - start))


def to_int16(block: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return a block at 16 bits, for files and devices: what `render` made of 16-bit clips, exactly.

    Args:
        block: any shape, -1.0 to 1.0; what lies outside is clipped.

    Returns:
        The same shape, int16, native byte order; the nearest step. The caller owns it.
    """
    steps: NDArray[np.float32] = np.rint(block * np.float32(_STEPS)).clip(-_STEPS, _STEPS - 1)
    return steps.astype(np.int16)


def to_sink(block: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return a block as a file or a device gets it: `to_int16` of it, and nothing that hurts.

    Speech is levelled long before. This is the last safety: what is louder than -1 dBFS is cut off there, and
    what is no number is silent. Sample by sample, so the track may be cut into blocks anywhere.
    """
    sane = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
    return to_int16(sane.clip(-1.0, 1.0)).clip(-LOUDEST, LOUDEST)
