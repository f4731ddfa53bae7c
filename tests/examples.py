"""How many examples property tests draw."""

from __future__ import annotations

from hypothesis import settings

USUAL = 50
"""Examples of a test that does not say, where there is time. The profile `explore` has ten times as many."""

QUICK = 20
"""Examples of such a test in the plain suite."""


def examples(usual: int) -> int:
    """Return how many examples a test draws now, of which there would be so many if there is time."""
    profile = settings.default
    assert profile is not None
    return max(1, usual * profile.max_examples // USUAL)
