"""The timeline: what is heard, and when, to the sample."""

from coach.timeline.compiler import compile_routine, texts
from coach.timeline.model import Chapter, Cue, PhaseSpan, Set, Timeline, contract

__all__ = ["Chapter", "Cue", "PhaseSpan", "Set", "Timeline", "compile_routine", "contract", "texts"]
