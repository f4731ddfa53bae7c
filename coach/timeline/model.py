"""A compiled routine: sentences at their places, chapters, warnings, and its report for other programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from coach.text_enum import TextEnum, assert_never
from coach.units import Samples, to_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from coach.errors import Location, Problem
    from coach.routine import Breathing, Exercise, Level, Text
    from coach.speech import Clip


class CueKind(TextEnum):
    """Why something is said."""

    TITLE = "title"
    SAY = "say"
    SETUP = "setup"
    ANNOUNCE = "announce"
    COUNTDOWN = "countdown"
    COUNT = "count"
    MILESTONE = "milestone"
    BREATH = "breath"
    REMINDER = "reminder"
    REST = "rest"
    SWITCH = "switch"
    SOUND = "sound"
    END = "end"

    @property
    def is_called(self) -> bool:
        """Whether it is a word that a beat calls for, gone in a moment, and not a sentence to remember."""
        match self:
            case CueKind.COUNTDOWN | CueKind.COUNT | CueKind.MILESTONE | CueKind.BREATH:
                return True
            case (
                CueKind.TITLE
                | CueKind.SAY
                | CueKind.SETUP
                | CueKind.ANNOUNCE
                | CueKind.REMINDER
                | CueKind.REST
                | CueKind.SWITCH
                | CueKind.SOUND
                | CueKind.END
            ):
                return False
            case _:
                assert_never(self)

    @property
    def introduces(self) -> bool:
        """Whether it introduces the work that it belongs to."""
        match self:
            case CueKind.SAY | CueKind.ANNOUNCE | CueKind.SWITCH | CueKind.SETUP | CueKind.REMINDER:
                return True
            case (
                CueKind.TITLE
                | CueKind.COUNTDOWN
                | CueKind.COUNT
                | CueKind.MILESTONE
                | CueKind.BREATH
                | CueKind.REST
                | CueKind.SOUND
                | CueKind.END
            ):
                return False
            case _:
                assert_never(self)

    @property
    def instructs(self) -> bool:
        """Whether a person may ask to hear it again."""
        return self is CueKind.TITLE or self.introduces

    @property
    def names_work(self) -> bool:
        """Whether it says what comes next: that is a sentence, even when it falls on a beat."""
        return self in (CueKind.ANNOUNCE, CueKind.SWITCH)

    @property
    def yields(self) -> bool:
        """Whether it gives way to the name of the next exercise when both want the same beat."""
        return self.is_called or self is CueKind.REMINDER


class Sentence(NamedTuple):
    """What is to be said, if there is room.

    Attributes:
        kind: why.
        text: what, as a person would write it.
        location: the line of the script that asked for it.
        recording: a person's own recording of it; None where the voice speaks.
    """

    kind: CueKind
    text: str
    location: Location
    recording: Path | None = None

    @classmethod
    def of(cls, kind: CueKind, text: Text, values: Mapping[str, str]) -> Sentence:
        """Return the sentence that a text of the script makes once its placeholders are filled in."""
        return cls(kind, text.fill(values), text.location, text.recording)


@dataclass(frozen=True, slots=True)
class Cue:
    """A sentence at its place.

    Attributes:
        start: its first sample, on the timeline; within a `Score`, from the first beat of the set.
        clip: what is heard; it lasts `clip.length` samples.
        sentence: what is said.
        beat: the sample on which its attack falls, counted as `start` is; None for a floating cue.
        rep: the rep it belongs to, from 1; None outside of one. Likewise phase.
        exercise: the exercise it belongs to; None outside of one. Likewise side and set.
    """

    start: Samples
    clip: Clip
    sentence: Sentence
    beat: Samples | None = None
    rep: int | None = None
    phase: str | None = None
    exercise: str | None = None
    side: str | None = None
    set: int | None = None

    @property
    def kind(self) -> CueKind:
        """Why it is said."""
        return self.sentence.kind

    @property
    def text(self) -> str:
        """What is said, as a person would write it."""
        return self.sentence.text

    @property
    def location(self) -> Location:
        """The line of the script that asked for it."""
        return self.sentence.location

    @property
    def end(self) -> int:
        """The first sample after it."""
        return self.start + self.clip.length

    def shift(self, samples: Samples) -> Cue:
        """Return the cue so many samples later."""
        return replace(
            self, start=self.start + samples, beat=None if self.beat is None else self.beat + samples
        )


@dataclass(frozen=True, slots=True)
class Chapter:
    """Part of the timeline: one exercise on one side, from `start` up to, and without, `end`."""

    title: str
    start: Samples
    end: Samples


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
    start: Samples
    end: Samples

    def shift(self, samples: Samples) -> PhaseSpan:
        """Return the span so many samples later."""
        return self._replace(start=self.start + samples, end=self.end + samples)


class Round(NamedTuple):
    """A round of a `repeat` or an `every`, from 1, and how many there are."""

    number: int
    rounds: int

    def values(self) -> dict[str, str]:
        """Return what the placeholders of a text in it stand for."""
        return {"round": str(self.number), "rounds": str(self.rounds)}


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
        round: which round it is in, of the nearest `repeat` or `every`; None outside of one.
        part: which part of a set it is, from 1, where that has short rests in it; else None.
    """

    step: Exercise | Breathing
    name: str
    side: str | None
    number: int | None
    spans: tuple[PhaseSpan, ...]
    round: Round | None = None
    part: int | None = None

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


class Bed(Protocol):
    """Sound that lies under the voice throughout a track: tones, noise, music.

    It is asked for any part of the track, in any order, from any thread, and always gives the same samples.
    """

    @property
    def key(self) -> str:
        """What decides its samples: beds of one key sound alike."""
        ...

    def samples(self, start: Samples, count: Samples) -> NDArray[np.float32]:
        """Return part of its sound.

        Args:
            start: the first sample wanted, counted from the start of the track, 0 or more.
            count: how many.

        Returns:
            Shape (count,), float32, finite, at RATE; exactly 0.0 where it is silent. It may be louder than
            there is room for: `coach.mix` turns it down there. The caller only reads it.
        """
        ...


class ShiftedBed(NamedTuple):
    """A bed under a part of its track: the part that begins `first` samples in."""

    bed: Bed
    first: Samples

    @property
    def key(self) -> str:
        """What decides its samples."""
        return f"{self.bed.key}, from {self.first}"

    def samples(self, start: Samples, count: Samples) -> NDArray[np.float32]:
        """Return part of its sound; see `Bed`."""
        return self.bed.samples(self.first + start, count)


class Added(NamedTuple):
    """By how much a track is longer, from its first beat on, than what was written adds up to; samples.

    Attributes:
        introductions: what each introduction adds that no rest lies before.
        others: rests that a setup makes longer, and sentences that wait for a word to end.
    """

    introductions: tuple[Samples, ...] = ()
    others: tuple[Samples, ...] = ()


_NOTHING = Added()


@dataclass(frozen=True, slots=True)
class Timeline:
    """A compiled routine: what is heard, and when.

    Attributes:
        title: the routine's title.
        language: its language, such as "en".
        voice: the name of the voice that speaks, such as "neural/heart".
        level: the variant that it is; None for the plain one.
        length: samples of the whole track.
        cues: sorted by start; they never overlap.
        chapters: they cover the track without a gap.
        warnings: what did not fit, and what became of it.
        sets: the work, in its order; sets never overlap.
        sounds: what rings under the voice, each at its beat; sorted by start, they may overlap.
        added: what joints take that was not written.
        beds: what lies under the voice from the first sample to the last, added up.
    """

    title: str
    language: str
    voice: str
    level: Level | None
    length: Samples
    cues: tuple[Cue, ...]
    chapters: tuple[Chapter, ...]
    warnings: tuple[Problem, ...]
    sets: tuple[Set, ...] = ()
    sounds: tuple[Cue, ...] = ()
    added: Added = _NOTHING
    beds: tuple[Bed, ...] = ()

    @property
    def heard(self) -> tuple[Cue, ...]:
        """Cues and sounds together, sorted by start."""
        return tuple(sorted((*self.cues, *self.sounds), key=lambda cue: cue.start))


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
                "kind": str(cue.kind),
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
            for cue in timeline.heard
        ],
        "warnings": [
            {**problem.location._asdict(), "message": problem.message} for problem in timeline.warnings
        ],
    }
