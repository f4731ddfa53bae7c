"""The one renderer: from a timeline to samples, any stretch of it, in blocks of any size.

`functools.partial(render, timeline, clips)` is what a player pulls from.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol

import numpy as np

from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from coach.speech import Clip
    from coach.timeline import Timeline

BLOCK = 2 * RATE
"""Samples of a block where the size does not matter: 2 s, small beside the libraries that are loaded."""

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


def cue_index(timeline: Timeline, sample: int) -> int:
    """Return the index of the cue heard at a sample, else of the next one to come.

    It is `len(timeline.cues)` behind the last cue. O(log n): cues never overlap, so their ends are sorted.
    """
    return bisect_right(timeline.cues, sample, key=lambda cue: cue.end)


def render(timeline: Timeline, clips: Clips, start: int, count: int) -> NDArray[np.float32]:
    """Return a stretch of the track, the same samples however the track is cut into stretches.

    Args:
        timeline: what is heard, and when.
        clips: where the samples of its clips come from.
        start: the first sample wanted; may lie before or behind the track.
        count: how many samples, 0 or more.

    Returns:
        Shape (count,), float32, -1.0 to 1.0, at RATE: a clip's 16-bit samples divided by 32768, exactly;
        exactly zero between cues and outside of the track. The caller owns it.
    """
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


def fading_in(
    pull: Callable[[int, int], NDArray[np.float32]], first: int, length: int, start: int, count: int
) -> NDArray[np.float32]:
    """Return a stretch of a source whose level grows from nothing: half a cosine, and then the source itself.

    Args:
        pull: the source, as `render` is with its first two arguments given.
        first: the sample where it begins to grow; silence before.
        length: samples in which it grows.
        start: the first sample wanted.
        count: how many samples.
    """
    block = pull(start, count)
    if start < first + length:
        done = (np.arange(start, start + count, dtype=np.float64) - first) / length
        block *= (0.5 - 0.5 * np.cos(np.pi * done.clip(0.0, 1.0))).astype(np.float32)
    return block


def blocks(timeline: Timeline, clips: Clips, size: int = BLOCK) -> Iterator[NDArray[np.float32]]:
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
