"""A clip: one synthesised sentence, trimmed, levelled, its attack known."""

from __future__ import annotations

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
