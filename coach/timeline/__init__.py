"""The timeline: what is heard, and when, to the sample."""

from coach.timeline.compiler import compile_routine
from coach.timeline.model import (
    Added,
    Bed,
    Chapter,
    Cue,
    CueKind,
    PhaseSpan,
    Sentence,
    Set,
    Timeline,
    contract,
)
from coach.timeline.rehearsal import rehearse, texts

__all__ = [
    "Added",
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
    "rehearse",
    "texts",
]
