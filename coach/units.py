"""The one place where seconds become samples.

The script's times are exact fractions of a second; a moment on the timeline is a whole number of
samples. A length is summed up in fractions first and rounded once, so rounding never adds up.

What a time or a length is counted in, its name or its type says: `Samples`, `ExactSamples`, `Seconds`. They are
aliases, not `NewType`s: the sum of two `NewType`s is a plain number again, and each of the compiler's sums
would need a cast, which checks nothing either.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

Samples: TypeAlias = int
"""Whole samples at RATE: a length, or a moment counted from the start of what is spoken of."""

ExactSamples: TypeAlias = Fraction
"""Samples at RATE before they are rounded."""

Seconds: TypeAlias = Fraction
"""Exact seconds, as the script gives them."""

RATE = 24_000
"""Samples a second of every clip, timeline and rendered block: what the neural voice speaks at."""


def nearest(samples: ExactSamples) -> Samples:
    """Return the whole sample nearest to an exact moment in samples; halves go up."""
    return int((samples + Fraction(1, 2)) // 1)


def to_samples(seconds: Seconds | int) -> Samples:
    """Return the sample nearest to a time in seconds; halves go up."""
    return nearest(Fraction(seconds) * RATE)


def to_seconds(samples: Samples) -> float:
    """Return a number of samples in seconds, to the six decimals that every report shows."""
    return round(samples / RATE, 6)
