"""The timeline: what is heard, and when, to the sample."""

from coach.timeline.compiler import compile_routine, texts
from coach.timeline.model import Chapter, Cue, Timeline, contract

__all__ = ["Chapter", "Cue", "Timeline", "compile_routine", "contract", "texts"]
