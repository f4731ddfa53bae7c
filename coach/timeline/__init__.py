"""The timeline: what is heard, and when, to the sample."""

from coach.timeline.compiler import compile_routine, texts
from coach.timeline.model import Bed, Chapter, Cue, CueKind, PhaseSpan, Sentence, Set, Timeline, contract

__all__ = [
    "Bed",
    "Chapter",
    "Cue",
    "CueKind",
    "PhaseSpan",
    "Sentence",
    "Set",
    "Timeline",
    "compile_routine",
    "contract",
    "texts",
]
