"""The track at another rate, for players that know only 44,100 or 48,000 samples a second.

Like `mix.render`, it gives the same samples however the track is cut, so the joined tracks of an album are
the track. That is why it is our own. (soxr, the usual library, works in single precision on blocks that
depend on where it starts: from another start, one sample in a thousand was one step higher or lower.) Here
samples and filter are whole numbers, small enough for the sums of their products to be exact in float64, in
any order.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from coach.encode.track import REACH
from coach.mix import LOUDEST, render, to_sink
from coach.units import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from coach.mix import Clips
    from coach.timeline import Timeline

_STEP = 80
"""As many samples of the track become a whole number of new ones: 147 at 44,100 Hz, 160 at 48,000 Hz."""
_ONE = 1 << 24
"""1.0 in the filter. 16-bit samples, 24 bits and a hundred summands stay far below the 53 bits of float64."""
_BETA = 9.0
"""The shape of Kaiser's window: 90 dB, or 15 bits, between what passes and what doesn't."""
_EDGE = 0.94
"""The middle of the filter's slope, relative to RATE / 2: flat to 10.6 kHz, no aliases above 12 kHz."""


def render_at_rate(timeline: Timeline, clips: Clips, rate: int, start: int, count: int) -> NDArray[np.int16]:
    """Return a stretch of the track at another rate, the same samples however the track is cut.

    Args:
        timeline: the track.
        clips: its sound.
        rate: samples a second, a multiple of 300 above RATE.
        start: the first sample wanted, at that rate.
        count: how many samples.

    Returns:
        Shape (count,), int16, at the rate; zero where there is silence. The caller owns it.
    """
    filters = _filters(rate)
    up = filters.shape[1]
    first, last = start // up, -(-(start + max(count, 1)) // up)
    steps = to_sink(
        render(timeline, clips, first * _STEP - REACH, (last - first) * _STEP + 2 * REACH)
    ).astype(np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(steps, _STEP + 2 * REACH)[::_STEP]
    new = np.rint(windows @ filters / _ONE).clip(-LOUDEST, LOUDEST).astype(np.int16).ravel()
    return new[start - first * up :][:count]


@cache
def _filters(rate: int) -> NDArray[np.float64]:
    """Return the filters for `_STEP` samples and `REACH` on either side: one column for each new sample.

    It is a sinc under Kaiser's window (J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh
    window function", 1974), in whole numbers.
    """
    new = np.arange(_STEP * rate // RATE) * (RATE / rate)
    away = new[np.newaxis, :] - np.arange(-REACH, _STEP + REACH)[:, np.newaxis]
    window = np.i0(_BETA * np.sqrt((1 - (away / REACH) ** 2).clip(0.0))) / np.i0(_BETA)
    shape = np.where(np.abs(away) < REACH, _EDGE * np.sinc(_EDGE * away) * window, 0.0)
    filters: NDArray[np.float64] = np.rint(shape * _ONE)
    return filters
