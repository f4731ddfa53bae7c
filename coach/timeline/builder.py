"""Builds the timeline: puts cues in their places, then adds the opening and the chapters."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.errors import Location, Problem, ScriptError
from coach.routine import SoundName, find_side
from coach.timeline.booth import BREATH, Booth
from coach.timeline.model import Added, Chapter, Cue, CueKind, Round, Sentence, Set, Timeline
from coach.timeline.wording import word_news
from coach.units import RATE, ExactSamples, Samples, nearest, to_samples, to_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from coach.phrases import Phrasebook
    from coach.routine import Routine, Text
    from coach.timeline.score import Score
    from coach.timeline.sets import WorkSet

LONGEST = 12 * 3600 * RATE
"""Samples of the longest builder."""

_TAIL = RATE
"""Quiet after the last word, so that no player cuts it."""

LAST_SECONDS = 10
"""In the last seconds of work, what comes next may be said; a rest says that they are left, if it is at least
twice as long."""

_LEAST_ROOM = 3 * RATE // 2
"""Samples without a word that a sentence about the next work needs at least: more than between two counts."""

_AFTER_TITLE = RATE // 2


class Line(NamedTuple):
    """A sentence that must be said, with the quiet before it (if another comes first) and after it."""

    sentence: Sentence
    lead: Samples = BREATH
    pause: Samples = BREATH


class Label(NamedTuple):
    """What the cues of a work belong to, and the title of the chapter that it makes.

    Attributes:
        rep_sides: the sides of its reps, in turn; empty where `side` is that of all.
    """

    exercise: str | None = None
    side: str | None = None
    set: int | None = None
    chapter: str = ""
    round: Round | None = None
    rep_sides: tuple[str, ...] = ()
    part: int | None = None

    def mark(self, cue: Cue) -> Cue:
        """Return a cue as one that belongs to this."""
        of_rep = None if cue.rep is None else find_side(self.rep_sides, cue.rep)
        return replace(cue, exercise=self.exercise, side=of_rep or self.side, set=self.set)


class _Part(NamedTuple):
    """Work that makes a chapter, or part of one: its title, and the first sample after it."""

    title: str
    end: Samples


@dataclass
class TimelineBuilder:
    """Takes one cue after another. The steps begin at sample 0; the opening is put before it at the end.

    Attributes:
        booth: where its sentences are spoken.
        now: the exact end of what has been placed, in samples; spoken words may end later.
        free: the first sample at which a sentence may start.
        first_beat: that of the first work since this was last set to None.
        cues: what has been placed, sorted.
        sounds: what rings under the voice.
        problems: what makes the routine impossible.
        introductions: what each introduction adds to the time that was written.
        delays: what else does.
    """

    booth: Booth
    now: ExactSamples = Fraction(0)
    free: Samples = 0
    first_beat: ExactSamples | None = None
    cues: list[Cue] = field(default_factory=list)
    sounds: list[Cue] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    introductions: list[Samples] = field(default_factory=list)
    delays: list[Samples] = field(default_factory=list)
    _sets: list[Set] = field(default_factory=list)
    _parts: list[_Part] = field(default_factory=list)

    @property
    def has_work(self) -> bool:
        """Whether any work is placed."""
        return bool(self._parts)

    @property
    def next_start(self) -> int:
        """The first sample from `now` on at which a sentence may start."""
        return max(self.free, nearest(self.now))

    @property
    def end(self) -> int:
        """The first sample after all that is placed."""
        return max(nearest(self.now), self.cues[-1].end if self.cues else 0)

    def fail(self, location: Location, message: str) -> None:
        """Note what makes the routine impossible."""
        self.problems.append(Problem(location, message))

    def line_up(self, lines: Iterable[Line], start: Samples) -> tuple[list[int], int]:
        """Return where each line begins, the first at `start`, and where the pause after the last ends."""
        at, pause, starts = start, 0, []
        for number, (sentence, lead, after) in enumerate(lines):
            at += max(lead, pause) if number else 0
            starts.append(at)
            at, pause = at + self.booth.clip(sentence).length, after
        return starts, at + pause

    def say(self, lines: Sequence[Line], start: Samples, label: Label) -> None:
        """Place lines one after another, the first at `start`."""
        for line, at in zip(lines, self.line_up(lines, start)[0], strict=True):
            self.put(Cue(at, self.booth.clip(line.sentence), line.sentence), label)

    def perform(self, work: WorkSet, score: Score, label: Label) -> None:
        """Place work with its first beat at `now`; it makes a chapter, or goes on with that of its title."""
        beat = nearest(self.now)
        self.first_beat = self.now if self.first_beat is None else self.first_beat
        for cue in score.cues:
            self.put(cue.shift(beat), label)
        tick = Sentence(CueKind.SOUND, SoundName.TICK, work.step.location)
        for at in score.ticks:
            self.ring(tick, beat + at, label)
        self.now += score.seconds * RATE
        *spans, last = (span.shift(beat) for span in work.lay_out())
        last = last._replace(end=nearest(self.now))  # rounded as the first beat of what may follow at once
        self._sets.append(
            Set(
                work.step,
                label.exercise or "",
                label.side,
                label.set,
                (*spans, last),
                label.round,
                label.part,
            )
        )
        if self._parts and self._parts[-1].title == label.chapter:
            self._parts.pop()
        self._parts.append(_Part(label.chapter, self.end))

    def put(self, cue: Cue, label: Label) -> None:
        """Place a cue that belongs to what the label names."""
        if self._parts and self._parts[-1].end > cue.start:  # no chapter ends within a cue of the next one
            self._parts[-1] = self._parts[-1]._replace(end=cue.start)
        self.cues.append(label.mark(cue))
        self.free = max(self.free, cue.end + BREATH)

    def ring(self, sound: Sentence, at: Samples, label: Label) -> Cue:
        """Place a sound with its attack at a sample, whatever is said there; return it."""
        clip = self.booth.clip(sound)
        cue = Cue(at - clip.attack, clip, sound, at)
        self.sounds.append(label.mark(cue))
        return cue

    def is_quiet(self, start: Samples, end: Samples) -> bool:
        """Tell whether a sentence from one sample to another has its quiet around it."""
        for cue in reversed(self.cues):
            if cue.end + BREATH <= start:
                return True
            if cue.start < end + BREATH:
                return False
        return True

    def find_room(self, length: Samples, latest: Samples) -> Samples | None:
        """Return where a sentence can start in the last seconds of the work placed last; None if nowhere.

        It comes as late as can be, but not amid seconds that are counted.

        Args:
            length: samples of the sentence.
            latest: the sample at which it must be over.
        """
        joint = nearest(self.now)
        earliest = max(joint - LAST_SECONDS * RATE, (self._sets[-1].start + joint) // 2)
        end = latest
        for cue in reversed(self.cues):
            if cue.beat is not None and cue.beat >= joint:
                continue  # it yields
            counted = cue.kind is CueKind.COUNTDOWN and cue.beat is not None and cue.beat >= joint - 3 * RATE
            start = end - length
            if start < earliest:
                return None
            if not counted and cue.end + BREATH <= start and cue.end + _LEAST_ROOM <= end:
                return start
            end = cue.start - BREATH
        return None

    def insert(self, cue: Cue, label: Label) -> None:
        """Place a cue among those that are there; it belongs to what the label names."""
        insort(self.cues, label.mark(cue), key=lambda other: other.start)

    def give_way(self, joint: Samples, start: Samples, quiet: Samples) -> None:
        """Make room for words where the work before them ends: its last words yield.

        Args:
            joint: the sample at which it ends; what lies on it yields without a word.
            start: the first sample of the words that come.
            quiet: samples of quiet that they need before them.
        """
        otherwise = "it is left out for the next exercise's name"
        while self.cues and self.cues[-1].kind.yields:
            cue = self.cues[-1]
            limit = start - (BREATH if cue.beat is None else quiet)
            if cue.end <= limit:
                break
            self.cues.pop()
            if cue.beat is None:
                self.booth.note_shortage(cue.sentence, limit - cue.start, otherwise)
            elif cue.beat < joint:
                floor = self.cues[-1].end if self.cues else -LONGEST
                clip = self.booth.fit_on_beat(cue.sentence, cue.beat, floor, limit, otherwise)
                if clip:
                    self.cues.append(replace(cue, start=cue.beat - clip.attack, clip=clip))
                    break

    def timeline(self, routine: Routine, book: Phrasebook, voice: str) -> Timeline:
        """Return the timeline, with its opening before the steps.

        Raises:
            ScriptError: what was noted, a text that the voice is silent on, a track that is too long.
        """
        self.sounds.sort(key=lambda sound: sound.start)
        opening = self._opening(routine, book)
        said = opening[-1].end + _AFTER_TITLE if opening else to_samples(routine.lead_in)
        shift = said - min(0, *(cue.start for cue in (*self.cues[:1], *self.sounds[:1])))
        rung = max((sound.end for sound in self.sounds), default=0)
        length = shift + max(self.end + _TAIL, rung)
        if length > LONGEST:
            hours = to_seconds(length) / 3600
            self.fail(routine.location, f"the track lasts {hours:.1f} hours; the most is 12")
        problems = (*self.problems, *self.booth.silences())
        if problems:
            raise ScriptError(problems)
        return Timeline(
            title=routine.title,
            language=routine.language,
            voice=voice,
            level=routine.level,
            length=length,
            cues=(*opening, *(cue.shift(shift) for cue in self.cues)),
            chapters=self._chapters(routine.title, shift, length),
            warnings=self.booth.warnings(),
            sounds=tuple(sound.shift(shift) for sound in self.sounds),
            added=Added(tuple(self.introductions), tuple(self.delays)),
            sets=tuple(
                replace(work, spans=tuple(span.shift(shift) for span in work.spans)) for work in self._sets
            ),
        )

    def _opening(self, routine: Routine, book: Phrasebook) -> list[Cue]:
        """Return the title, how long the routine takes and what it needs."""
        lead_in = to_samples(routine.lead_in)
        if routine.opening is not None:
            return self._own_opening(routine.opening, lead_in)
        things = list(dict.fromkeys(thing for step in routine.exercises() for thing in step.equipment))
        needs = [book.sentence("needs", things=book.together(things))] if things else []
        body = self.end + _TAIL
        said = lead_in
        cues: list[Cue] = []
        for _ in range(2):  # the opening is part of the time that it names
            takes = book.sentence("takes", duration=book.duration(_about(to_seconds(body + said))))
            cues, at = [], lead_in
            for text in (routine.title, " ".join([takes, *needs]), *word_news(routine, book)):
                sentence = Sentence(CueKind.TITLE, text, routine.location)
                cues.append(Cue(at, self.booth.clip(sentence), sentence))
                at = cues[-1].end + BREATH
            said = cues[-1].end + _AFTER_TITLE
        return cues

    def _own_opening(self, texts: Sequence[Text], lead_in: Samples) -> list[Cue]:
        """Return what a script has said first in place of the usual opening."""
        lines = [Line(Sentence.of(CueKind.TITLE, text, {}), lead=_AFTER_TITLE) for text in texts]
        starts, _ = self.line_up(lines, lead_in)
        return [
            Cue(at, self.booth.clip(line.sentence), line.sentence)
            for line, at in zip(lines, starts, strict=True)
        ]

    def _chapters(self, title: str, shift: Samples, length: Samples) -> tuple[Chapter, ...]:
        """Return the chapters; a track without work is one, of the routine's title."""
        parts = self._parts or [_Part(title, 0)]
        ends = [*(part.end + shift for part in parts[:-1]), length]
        return tuple(
            Chapter(part.title, start, end)
            for part, start, end in zip(parts, [0, *ends[:-1]], ends, strict=True)
        )


def _about(seconds: float) -> int:
    """Return a time as a person says it: to five seconds below a minute, to half minutes below three."""
    step = 5 if seconds < 57.5 else 30 if seconds < 165 else 60
    return max(5, int(seconds / step + 0.5) * step)
