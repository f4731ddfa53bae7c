"""The score of one set: words on their beats, reminders in turn, and where there is room between them.

All samples here count from the set's first beat; the count-in lies before it, at negative samples.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from coach.phrases import Milestone
from coach.routine import find_side
from coach.timeline.booth import BREATH, Booth
from coach.timeline.model import Cue, CueKind, Sentence
from coach.units import RATE, Samples, Seconds, to_samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from coach.errors import Location
    from coach.phrases import Phrasebook
    from coach.routine import Text

FAR = 1 << 60
"""A sample beyond every set."""


class Beat(NamedTuple):
    """A moment that the body follows, with what may be said on it, the best first."""

    at: Samples
    sentences: tuple[Sentence, ...]
    rep: int | None = None
    phase: str | None = None


@dataclass
class Score:
    """What is spoken in one set.

    Attributes:
        seconds: exact length from the first beat to the end.
        cues: what is said, sorted; the cues never overlap.
        too_long: reminders that no window of the set can hold.
        ticks: the beats of a metronome that have no word.
    """

    seconds: Seconds
    cues: list[Cue]
    too_long: list[Text] = field(default_factory=list)
    ticks: tuple[Samples, ...] = ()

    def __post_init__(self) -> None:
        self.cues.sort(key=lambda cue: cue.start)

    @property
    def first(self) -> int:
        """Where its sound begins: at the count-in, or a little before the first beat."""
        return min(0, self.cues[0].start) if self.cues else 0


class SortedCues:
    """Cues in order, which tell what lies around a moment.

    A cue that names work is a sentence, even on a beat: it is over a breath after its end.
    """

    def __init__(self, cues: Iterable[Cue]) -> None:
        self._cues = sorted(cues, key=lambda cue: cue.start)
        self._starts = [cue.start for cue in self._cues]

    def _over(self, index: int) -> int:
        """Return the first sample that a count may have after a cue."""
        cue = self._cues[index]
        return cue.end + BREATH if cue.kind.names_work else cue.end

    def around(self, at: Samples) -> tuple[int, int]:
        """Return where the cue that starts at or before a sample is over, and the start of the next one."""
        index = bisect_right(self._starts, at)
        before = self._over(index - 1) if index else -FAR
        return before, self._starts[index] if index < len(self._starts) else FAR

    def gaps(self, begin: Samples, end: Samples, quiet: Samples) -> Iterator[tuple[int, int]]:
        """Yield the gaps between cues from one sample to another, each `quiet` after the cue before it."""
        index = bisect_right(self._starts, begin)
        at = max(begin, self._over(index - 1) + quiet) if index else begin
        while index < len(self._starts) and self._starts[index] < end:
            yield at, self._starts[index]
            at = self._over(index) + quiet
            index += 1
        yield at, end


class Reminders:
    """The form cues of one exercise, in rotation over all its sets.

    Attributes:
        turns: those in the rotation, the next one first.
        unsaid: those that nobody has heard yet.
    """

    def __init__(self, texts: Sequence[Text]) -> None:
        self.turns = list({(text.words, text.recording): text for text in texts}.values())
        self.unsaid = list(self.turns)
        self._last: Text | None = None

    def copy(self) -> Reminders:
        """Return reminders in the same state, to try something out."""
        twin = Reminders(self.turns)
        twin.unsaid, twin._last = list(self.unsaid), self._last
        return twin

    def retire_longer(
        self, booth: Booth, values: Mapping[str, str], rep: int | None, room: Samples
    ) -> list[Text]:
        """Take those that `room` samples cannot hold out of the rotation; return them."""
        too_long = []
        for text in tuple(self.turns):
            sentence = make_reminder(text, values, rep)
            if booth.clip(sentence).length > room:
                booth.note_shortage(sentence, room, "it is spoken before the set")
                self.turns.remove(text)
                self._heard(text)
                too_long.append(text)
        return too_long

    def take(
        self,
        booth: Booth,
        values: Mapping[str, str],
        start: Samples,
        end: Samples,
        rep: int | None,
        phase: str | None,
    ) -> Cue | None:
        """Return the next one that has room between two samples; the one said last lets others go first."""
        for text in self.turns:
            if text is self._last and len(self.turns) > 1:
                continue
            sentence = make_reminder(text, values, rep)
            clip = booth.clip(sentence)
            if clip.length <= end - start:
                self._last = text
                self.turns.remove(text)
                self.turns.append(text)
                self._heard(text)
                return Cue(start, clip, sentence, None, rep, phase)
        return None

    def _heard(self, text: Text) -> None:
        if text in self.unsaid:
            self.unsaid.remove(text)


def make_reminder(text: Text, values: Mapping[str, str], rep: int | None) -> Sentence:
    """Return a form cue as it is said in a rep; `values` is what its other placeholders stand for."""
    return Sentence.of(CueKind.REMINDER, text, {**values, "rep": str(rep or "")})


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls the beats of one set.

    Attributes:
        booth: where its words are spoken.
        book: the words.
        location: the line that asked for the set.
        count_in: one-second beats before the first beat.
        sides: those of the reps, in turn; empty where they don't change within the set.
    """

    booth: Booth
    book: Phrasebook
    location: Location
    count_in: int
    sides: tuple[str, ...] = ()

    def side_of(self, rep: int) -> str | None:
        """Return the side of a rep where it changes with every rep; else None."""
        return find_side(self.sides, rep)

    def values_in(self, values: Mapping[str, str], rep: int | None) -> Mapping[str, str]:
        """Return what the placeholders of a text stand for in a rep."""
        side = None if rep is None else self.side_of(rep)
        return values if side is None else {**values, "side": self.book.side(side)}

    def sentence(self, kind: CueKind, text: str) -> Sentence:
        """Return a sentence on the line that asked for the set."""
        return Sentence(kind, text, self.location)

    def breath(self, breath: str) -> Sentence:
        """Return the breathing word that goes with work, for one of the words of `Breath`."""
        return self.sentence(CueKind.BREATH, self.book.breath(breath))

    def milestone(self, milestone: Milestone) -> Sentence:
        """Return what is said at a milestone."""
        return self.sentence(CueKind.MILESTONE, self.book.milestone(milestone))

    def milestone_on(self, milestone: Milestone, side: str, room: Samples) -> Sentence | None:
        """Return a milestone with the side of its rep, if there are so many samples for both; else None."""
        text = f"{self.book.milestone(milestone)}, {self.book.side_name(side)}"
        sentence = self.sentence(CueKind.MILESTONE, text)
        clip = self.booth.clip(sentence)
        return sentence if clip.length - clip.attack + 2 * BREATH <= room else None

    def count_in_beats(self) -> list[Beat]:
        """Return the beats of the count-in."""
        numbers = range(self.count_in, 0, -1)
        return [Beat(-n * RATE, (self.sentence(CueKind.COUNTDOWN, self.book.count(n)),)) for n in numbers]

    def place_on_beats(
        self, beats: Sequence[Beat], end: Samples, names: Sequence[Sentence]
    ) -> list[Cue | None]:
        """Put a word on each beat, from the last to the first, so that each knows how much room it has.

        Args:
            beats: sorted by their moments.
            end: samples; no word of the set reaches beyond it.
            names: what is said on the first beat in place of its word, the whole form first and then a
                shorter one; empty for nothing.
        """
        heads: list[Cue | None] = [None] * len(beats)
        ceiling = end
        for index in range(len(beats) - 1, 0 if names else -1, -1):
            beat = beats[index]
            for sentence in beat.sentences:
                last = sentence is beat.sentences[-1]
                otherwise = "it is left out" if last else "another word takes its place"
                clip = self.booth.fit_on_beat(sentence, beat.at, -FAR, ceiling, otherwise)
                if clip:
                    ceiling = beat.at - clip.attack
                    heads[index] = Cue(ceiling, clip, sentence, beat.at, beat.rep, beat.phase)
                    break
        if names:
            self._put_name(names, beats[0], heads, ceiling)
        return heads

    def _put_name(
        self, names: Sequence[Sentence], beat: Beat, heads: list[Cue | None], ceiling: Samples
    ) -> None:
        """Put the name on the first beat: its longest form that fits, or else others make room for it."""
        short = names[-1]
        for sentence in names:
            clip = self.booth.clip(sentence)
            if beat.at - clip.attack + clip.length + BREATH <= ceiling:
                break
        else:
            sentence, otherwise = short, "words after it are left out"
            faster = self.booth.fit_on_beat(short, beat.at, -FAR, ceiling - BREATH, otherwise)
            clip = faster or self.booth.clip(short)
        name = Cue(beat.at - clip.attack, clip, sentence, beat.at, beat.rep, beat.phase)
        heads[0] = name
        until = name.end + BREATH
        for index, head in enumerate(heads[1:], 1):
            if head and head.start < until:
                self.booth.note_shortage(
                    head.sentence, head.end - until, "it is left out for the exercise's name"
                )
                heads[index] = None


def find_ticks(tick: Seconds | None, seconds: Seconds, cues: Iterable[Cue]) -> tuple[Samples, ...]:
    """Return the beats of a metronome, up to the end of a set, that have no word.

    Args:
        tick: seconds from one beat to the next; None for no metronome.
        seconds: the length of the set.
        cues: its words.
    """
    if tick is None:
        return ()
    spoken = {cue.beat for cue in cues}
    beats = (to_samples(number * tick) for number in range(int(-(-seconds // tick))))
    return tuple(beat for beat in beats if beat not in spoken)


def find_milestone(rep: int, reps: int) -> Milestone | None:
    """Return the milestone that a rep opens with; None for most."""
    if rep == reps and reps > 1:
        return Milestone.LAST_ONE
    if rep == reps - 2 and reps >= 8:
        return Milestone.THREE_MORE
    if rep == (reps + 1) // 2 + 1 and reps >= 6:
        return Milestone.HALFWAY
    return None
