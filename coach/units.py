"""The one place where seconds become samples.

The script's times are exact fractions of a second; a moment on the timeline is a whole number of
samples. A length is summed up in fractions first and rounded once, so rounding never adds up.
"""

from __future__ import annotations

from fractions import Fraction

RATE = 24_000
"""Samples a second of every clip, timeline and rendered block: what the neural voice speaks at."""


def nearest(samples: Fraction) -> int:
    """Return the whole sample nearest to an exact moment in samples; halves go up."""
    return int((samples + Fraction(1, 2)) // 1)


def to_samples(seconds: Fraction | int) -> int:
    """Return the sample nearest to a time in seconds; halves go up."""
    return nearest(Fraction(seconds) * RATE)


def to_seconds(samples: int) -> float:
    """Return a number of samples in seconds, to the six decimals that every report shows."""
    return round(samples / RATE, 6)
