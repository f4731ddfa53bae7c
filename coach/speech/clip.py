"""A clip: one synthesised sentence, trimmed, levelled, its attack known."""

from __future__ import annotations

import math
from dataclasses import dataclass

from coach.units import RATE

LOUDNESS = -19.0
"""LUFS of every clip at volume 0: the usual level of spoken mono, as loud as -16 LUFS stereo."""

CEILING = -1.0
"""dBTP that no clip exceeds."""

LONGEST = 600
"""Seconds of a clip: the longest text that a script may have takes a slow voice five minutes."""

_MOST_OVER = 6.0  # LU over LOUDNESS that no clip exceeds

FAINTEST = -70.0
"""LUFS below which there is nothing to hear (the absolute gate of BS.1770-4); dBTP, too."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A spoken sentence in the cache.

    Attributes:
        key: its address in the cache: what was said, by whom and how.
        length: samples; 0 where the voice is silent on the text.
        attack: samples from its start to the moment that a listener hears as "now".
    """

    key: str
    length: int
    attack: int


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip with its sound, as the cache keeps it.

    Attributes:
        pcm: the samples, 16-bit signed little-endian mono at `coach.units.RATE`; empty for silence.
        attack: samples from its start to the moment that a listener hears as "now".
        loudness: LUFS (ITU-R BS.1770-4); -inf for silence.
        peak: true peak in dBTP; -inf for silence.
    """

    pcm: bytes
    attack: int = 0
    loudness: float = -math.inf
    peak: float = -math.inf

    def clip(self, key: str) -> Clip:
        """Return what the timeline needs to know of it."""
        return Clip(key, len(self.pcm) // 2, self.attack)

    def fault(self) -> str | None:
        """Return why nobody should hear it, as a part of a sentence; None if all its measures are sane."""
        length, odd = divmod(len(self.pcm), 2)
        if odd:
            return "it ends amid a sample"
        if length > LONGEST * RATE:
            return f"it must be at most {LONGEST} seconds long (got {length / RATE:.0f})"
        if not 0 <= self.attack <= length:
            return f"its attack must be one of its {length} samples (got {self.attack})"
        if not length:
            silent = self.loudness == self.peak == -math.inf
            return None if silent else "silence must have no level"
        if not FAINTEST <= self.peak <= CEILING:  # NaN fails, as in every comparison
            return f"its true peak must be {FAINTEST:.0f} to {CEILING:.0f} dBTP (got {self.peak:g})"
        if not FAINTEST <= self.loudness <= LOUDNESS + _MOST_OVER:
            most = LOUDNESS + _MOST_OVER
            return f"its loudness must be {FAINTEST:.0f} to {most:.0f} LUFS (got {self.loudness:g})"
        return None
