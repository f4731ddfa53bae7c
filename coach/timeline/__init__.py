"""The timeline: what is heard, and when, to the sample."""

from coach.timeline.compiler import compile_routine, texts
from coach.timeline.model import Chapter, Cue, Set, Stretch, Timeline, contract

__all__ = ["Chapter", "Cue", "Set", "Stretch", "Timeline", "compile_routine", "contract", "texts"]
