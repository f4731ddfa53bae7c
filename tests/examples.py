"""How many examples property tests draw."""

from __future__ import annotations

from hypothesis import settings

USUAL = 50
"""Examples of a test that does not say. The profile `explore` has ten times as many of each."""


def examples(usual: int) -> int:
    """Return how many examples a test draws that usually draws so many."""
    profile = settings.default
    assert profile is not None
    return usual * profile.max_examples // USUAL
