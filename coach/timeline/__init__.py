"""The timeline: what is heard, and when, to the sample."""

from coach.timeline.model import Chapter, Cue, Timeline, contract
from coach.timeline.track import compile_routine, texts

__all__ = ["Chapter", "Cue", "Timeline", "compile_routine", "contract", "texts"]
