"""A clip: one synthesised sentence, trimmed, levelled, its attack known."""

from __future__ import annotations

import math
from dataclasses import dataclass


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
