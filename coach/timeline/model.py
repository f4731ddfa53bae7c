"""A compiled routine: cues, chapters, warnings, and the report that other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from coach.units import to_seconds

if TYPE_CHECKING:
    from coach.errors import Location, Problem
    from coach.routine import Breathing, Exercise
    from coach.speech import Clip


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing heard.

    Attributes:
        start: its first sample on the timeline.
        clip: what is heard; it lasts `clip.length` samples.
        kind: title, say, setup, announce, countdown, count, milestone, breath, reminder, rest, switch or end.
        text: what is said, as a person would write it.
        location: the line of the script that asked for it.
        beat: the sample on which the attack falls; None for a floating cue.
        exercise: the exercise it belongs to; None outside of one. Likewise side, set, rep (from 1) and phase.
    """

    start: int
    clip: Clip
    kind: str
    text: str
    location: Location
    beat: int | None = None
    exercise: str | None = None
    side: str | None = None
    set: int | None = None
    rep: int | None = None
    phase: str | None = None

    @property
    def end(self) -> int:
        """The first sample after it."""
        return self.start + self.clip.length


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of the timeline, one exercise on one side; start and end in samples, half-open."""

    title: str
    start: int
    end: int


class PhaseSpan(NamedTuple):
    """One phase of one rep (or of one round of breathing), or all of timed work, which has neither.

    Attributes:
        rep: from 1; None for timed work.
        phase: its name, such as "up"; None for timed work.
        start: its first sample on the timeline: a beat.
        end: the first sample after it.
    """

    rep: int | None
    phase: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Set:
    """Work from its first beat to its end: one set of an exercise on one side, or a block of breathing.

    Attributes:
        step: what is done.
        name: the exercise's name, or the language's word for breathing.
        side: None where there are no sides.
        number: which set of this side it is, from 1; None for breathing.
        spans: not empty, without a gap, each as long as the body takes; after the last of several holds
            nobody relaxes in the set.
    """

    step: Exercise | Breathing
    name: str
    side: str | None
    number: int | None
    spans: tuple[PhaseSpan, ...]

    @property
    def start(self) -> int:
        """Its first beat, in samples."""
        return self.spans[0].start

    @property
    def end(self) -> int:
        """The first sample after its work."""
        return self.spans[-1].end

    @property
    def reps(self) -> int | None:
        """How many reps (or rounds) it has; None for timed work."""
        return self.spans[-1].rep


@dataclass(frozen=True, slots=True)
class Timeline:
    """A compiled routine: what is heard, and when.

    Attributes:
        title: the routine's title.
        language: its language, such as "en".
        voice: the name of the voice that speaks, such as "neural/heart".
        level: None, "easier" or "harder".
        length: samples of the whole track.
        cues: sorted by start; they never overlap.
        chapters: they cover the track without a gap.
        warnings: what did not fit, and what became of it.
        sets: the work, in its order; sets never overlap.
    """

    title: str
    language: str
    voice: str
    level: str | None
    length: int
    cues: tuple[Cue, ...]
    chapters: tuple[Chapter, ...]
    warnings: tuple[Problem, ...]
    sets: tuple[Set, ...] = ()


def contract(timeline: Timeline) -> dict[str, object]:
    """Return the timeline as plain values for JSON; other programs build on it, so its keys are stable.

    Times are seconds from the start of the track, to six decimals. Keys that do not apply are None.
    """
    return {
        "version": 1,
        "title": timeline.title,
        "language": timeline.language,
        "voice": timeline.voice,
        "level": timeline.level,
        "duration": to_seconds(timeline.length),
        "chapters": [
            {"title": chapter.title, "start": to_seconds(chapter.start), "end": to_seconds(chapter.end)}
            for chapter in timeline.chapters
        ],
        "cues": [
            {
                "start": to_seconds(cue.start),
                "end": to_seconds(cue.end),
                "kind": cue.kind,
                "text": cue.text,
                "beat": None if cue.beat is None else to_seconds(cue.beat),
                "exercise": cue.exercise,
                "side": cue.side,
                "set": cue.set,
                "rep": cue.rep,
                "phase": cue.phase,
                "path": cue.location.path,
                "line": cue.location.line,
            }
            for cue in timeline.cues
        ],
        "warnings": [
            {**problem.location._asdict(), "message": problem.message} for problem in timeline.warnings
        ],
    }
