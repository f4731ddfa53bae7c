"""The score of one set: which word falls on which beat, and what floats between them.

All samples here count from the set's first beat; the count-in lies before it, at negative ones.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.routine import Breathing, Exercise, Hold, Phase, Tempo, Text, Timed
from coach.timeline.voiced import BREATH, Booth, Wish
from coach.units import RATE, to_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coach.errors import Location
    from coach.phrases import Phrasebook
    from coach.speech import Clip

_FAR = 1 << 60
_REMIND_SECONDS = 10
"""In holds and timed work a reminder comes about this often."""

_BREATH_AGAIN = 4
"""After the first three reps, a breathing word comes about every so many."""


class Spoken(NamedTuple):
    """A clip at its place in the set; `beat` is where its attack lies, None where it floats."""

    start: int
    clip: Clip
    wish: Wish
    beat: int | None
    rep: int | None
    phase: str | None

    @property
    def end(self) -> int:
        """The first sample after it."""
        return self.start + self.clip.length


class Beat(NamedTuple):
    """A moment that the body follows, with what could be said on it, the first that fits."""

    at: int
    wishes: tuple[Wish, ...]
    rep: int | None = None
    phase: str | None = None


@dataclass
class Score:
    """What is spoken in one set.

    Attributes:
        seconds: exact length from the first beat to the end.
        spoken: the cues, sorted; they never overlap.
        too_long: reminders that no window of the set can hold.
    """

    seconds: Fraction
    spoken: list[Spoken]
    too_long: list[Text] = field(default_factory=list)

    @property
    def first(self) -> int:
        """Where its sound begins: at the count-in, or a little before the first beat."""
        return min(0, self.spoken[0].start) if self.spoken else 0

    @property
    def end(self) -> int:
        """The first sample after its last word, which may follow the last beat."""
        return self.spoken[-1].end if self.spoken else 0


class Reminders:
    """The form cues of one exercise, in rotation over all its sets."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self.texts = list(texts)
        self.unsaid = list(texts)
        self._last: Text | None = None

    def wishes(self, values: dict[str, str]) -> Iterator[tuple[Text, Wish]]:
        """Yield the reminders in the order of their turns; the one said last waits if there are others."""
        for text in self.texts:
            if text is not self._last or len(self.texts) == 1:
                yield text, Wish("reminder", text.fill(values), text.location)

    def said(self, text: Text) -> None:
        """Move a reminder to the end of the rotation."""
        self._last = text
        self.texts.remove(text)
        self.texts.append(text)
        if text in self.unsaid:
            self.unsaid.remove(text)


class SetScorer:
    """Scores the sets of one exercise, or a breathing block."""

    def __init__(self, booth: Booth, book: Phrasebook, location: Location, count_in: int) -> None:
        self.booth = booth
        self.book = book
        self.location = location
        self.count_in = count_in

    def wish(self, kind: str, text: str) -> Wish:
        """Return a wish on the line of the exercise."""
        return Wish(kind, text, self.location)

    def exercise(
        self, exercise: Exercise, reminders: Reminders, values: dict[str, str], name: Wish | None = None
    ) -> Score:
        """Return the score of one set.

        Args:
            exercise: the exercise.
            reminders: its form cues; those that are used move on.
            values: what the placeholders of its texts stand for in this set.
            name: what is said on the first beat in place of its word; None for nothing.
        """
        dose = exercise.dose
        if isinstance(dose, Tempo):
            score = self._tempo(exercise, dose, reminders, values, name)
        elif isinstance(dose, Hold):
            score = self._hold(exercise, dose, reminders, values, name)
        else:
            score = self._timed(exercise, dose, reminders, values, name)
        score.spoken.sort(key=lambda spoken: spoken.start)
        return score

    def breathing(self, block: Breathing) -> Score:
        """Return the score of a breathing block: its words on their beats, in every round."""
        beats = self._counted_in()
        spans = list(_spans(block.phases, block.rounds))
        for rep, phase, start, _ in spans:
            word = self.wish("breath", self.book.breath(phase.name, paced=True))
            beats.append(Beat(to_samples(start), (word,), rep, phase.name))
        end = to_samples(block.seconds)
        heads = self._on_beats(beats, end)
        spoken = [head for head in heads if head]
        if block.count == "tempo":
            spoken += self._seconds(spans, spoken, end, [])
        return Score(block.seconds, sorted(spoken, key=lambda cue: cue.start))

    # Repetitions at a tempo

    def _tempo(
        self, exercise: Exercise, dose: Tempo, reminders: Reminders, values: dict[str, str], name: Wish | None
    ) -> Score:
        reps = int(dose.reps.low)
        end = to_samples(dose.seconds)
        spans = list(_spans(dose.phases, reps))
        behind = self._breath_fits_behind(exercise, dose)
        beats = self._counted_in()
        for number, (rep, phase, start, _) in enumerate(spans):
            wishes = self._words(exercise, dose, rep, number % len(dose.phases), behind)
            if name and not number:
                wishes = (name,)
            beats.append(Beat(to_samples(start), wishes, rep, phase.name))
        heads = self._on_beats(beats, end, first=name)
        locked = [head for head in heads if head]
        floating, too_long = self._between(exercise, dose, reminders, values, locked)
        spoken = locked + floating
        if exercise.count in ("tempo", "both"):
            spoken += self._seconds(spans, locked, end, floating)
        return Score(dose.seconds, spoken, too_long)

    def _words(
        self, exercise: Exercise, dose: Tempo, rep: int, phase: int, behind: set[int]
    ) -> tuple[Wish, ...]:
        """Return what may be said on the first beat of a phase, the best first."""
        reps = int(dose.reps.low)
        own = self.wish("count", self.book.phase(dose.phases[phase].name))
        speaks_phases = exercise.count in ("tempo", "both")
        breath = dict(exercise.breathe).get(dose.phases[phase].name)
        wishes = []
        if phase == 0:
            milestone = _milestone(rep, reps)
            if milestone:
                wishes.append(self.wish("milestone", self.book.milestone(milestone)))
            if exercise.count == "reps" or (exercise.count == "both" and rep > 1):
                wishes.append(self.wish("count", self.book.count(rep)))
        if breath and phase not in behind and rep in (2, 3) and (phase == 0 or not speaks_phases):
            wishes.append(self.wish("breath", self.book.breath(breath, paced=False)))
        if speaks_phases:
            wishes.append(own)
        return tuple(wishes)

    def _breath_fits_behind(self, exercise: Exercise, dose: Tempo) -> set[int]:
        """Return the phases (by index) that have room for their breathing word behind their own word."""
        breathe = dict(exercise.breathe)
        fitting = set()
        for index, phase in enumerate(dose.phases):
            if phase.name not in breathe:
                continue
            breath = self.booth.clip(self.book.breath(breathe[phase.name], paced=False), exercise.location)
            room = to_samples(phase.seconds) - 2 * BREATH
            if exercise.count in ("tempo", "both"):
                after = dose.phases[(index + 1) % len(dose.phases)]
                own = self.booth.clip(self.book.phase(phase.name), exercise.location)
                following = self.booth.clip(self.book.phase(after.name), exercise.location)
                room -= own.length - own.attack + following.attack
            if breath.length <= room:
                fitting.add(index)
        return fitting

    def _between(
        self,
        exercise: Exercise,
        dose: Tempo,
        reminders: Reminders,
        values: dict[str, str],
        locked: list[Spoken],
    ) -> tuple[list[Spoken], list[Text]]:
        """Return breathing words and reminders, and the reminders too long for all windows of the set."""
        reps = int(dose.reps.low)
        starts = [cue.start for cue in locked]
        windows = {rep: self._windows(dose, rep, locked, starts) for rep in range(1, reps + 1)}
        open_reps = range(3, reps)
        longest = max((end - start for rep in open_reps for start, end, _ in windows[rep]), default=0)
        too_long = self._too_long(reminders, {**values, "rep": str(reps)}, longest)
        floating: list[Spoken] = []
        last_reminder, last_breath = 3 - exercise.reminders_every, 0
        said_in_place = {cue.rep for cue in locked if cue.wish.kind == "breath"}
        breathed = bool(said_in_place)
        for rep in range(1, reps + 1):
            free = list(windows[rep])
            due = rep - last_reminder >= max(exercise.reminders_every, 2) or rep == 3
            if rep in open_reps and due and free:
                window = max(free, key=lambda stretch: stretch[1] - stretch[0])
                cue = self._reminder(reminders, {**values, "rep": str(rep)}, window, rep, too_long)
                if cue:
                    floating.append(cue)
                    free.remove(window)
                    last_reminder = rep
            if rep <= 3 or rep - last_breath >= _BREATH_AGAIN:
                cues = list(self._breaths(exercise, rep, free))
                if cues or rep in said_in_place:
                    last_breath, breathed = rep, True
                floating += cues
        if exercise.breathe and not breathed:
            text = self.book.breath(exercise.breathe[0][1], paced=False)
            self.booth.short(self.wish("breath", text), max(longest, 0), "it is left out")
        return floating, too_long

    def _breaths(self, exercise: Exercise, rep: int, free: list[tuple[int, int, str]]) -> Iterator[Spoken]:
        breathe = dict(exercise.breathe)
        for start, end, name in free:
            if name not in breathe:
                continue
            wish = self.wish("breath", self.book.breath(breathe[name], paced=False))
            clip = self.booth.clip(wish.text, wish.location)
            if clip.length <= end - start:
                yield Spoken(start, clip, wish, None, rep, name)

    def _windows(
        self, dose: Tempo, rep: int, locked: list[Spoken], starts: list[int]
    ) -> list[tuple[int, int, str]]:
        """Return the stretches of a rep without beat-locked words: start, end and the phase they lie in."""
        length = sum((phase.seconds for phase in dose.phases), Fraction(0))
        windows = []
        at = (rep - 1) * length
        for phase in dose.phases:
            begin, at = to_samples(at), at + phase.seconds
            index = bisect_right(
                starts, begin
            )  # the word on this beat starts before it: its attack lies on it
            before = locked[index - 1].end + BREATH if index else begin
            after = locked[index].start if index < len(locked) else _FAR
            start, end = max(begin, before), min(after, to_samples(at)) - BREATH
            if end > start:
                windows.append((start, end, phase.name))
        return windows

    # Holds and timed work

    def _hold(
        self, exercise: Exercise, dose: Hold, reminders: Reminders, values: dict[str, str], name: Wish | None
    ) -> Score:
        reps = int(dose.reps.low)
        held = dose.hold.low
        hold_word = self.wish("count", self.book.phase("hold"))
        relax_word = self.wish("count", self.book.phase("relax"))
        counted = exercise.count != "off"
        beats = self._counted_in()
        starts = []
        for rep in range(1, reps + 1):
            start = (rep - 1) * (held + dose.relax)
            starts.append((rep, start))
            wishes = [hold_word]
            if reps > 1:
                milestone = _milestone(rep, reps)
                numbered = [self.wish("count", self.book.count(rep))] if counted else []
                wishes = numbered + wishes
                if milestone:
                    wishes.insert(0, self.wish("milestone", self.book.milestone(milestone)))
            if name and rep == 1:
                wishes = [name]
            beats.append(Beat(to_samples(start), tuple(wishes), rep, "hold"))
            beats += self._time_left(start, held, rep, "hold") if counted else []
            if dose.relax or rep == reps:
                beats.append(Beat(to_samples(start + held), (relax_word,), rep, "relax"))
        locked = [head for head in self._on_beats(beats, _FAR, first=name) if head]
        spoken = locked + self._behind(locked, hold_word) if reps > 1 else list(locked)
        holds = [(rep, start, start + held) for rep, start in starts]
        spoken += self._breaths_in_seconds(exercise, holds, spoken)
        reminded = holds[2:-1] if reps > 3 else holds
        floating, too_long = self._reminders_in_seconds(reminders, values, reminded, spoken)
        return Score(dose.seconds, spoken + floating, too_long)

    def _behind(self, locked: list[Spoken], wish: Wish) -> list[Spoken]:
        """Return "hold" behind each rep's number, where there is room before the next word."""
        said = []
        for cue, after in zip(locked, [*locked[1:], None], strict=True):
            if cue.phase != "hold" or cue.wish.kind == "countdown" or cue.wish.text == wish.text:
                continue
            clip = self.booth.clip(wish.text, wish.location)
            start = cue.end + BREATH
            room = (after.start if after else _FAR) - start
            if clip.length <= room:
                said.append(Spoken(start, clip, wish, None, cue.rep, "hold"))
            else:
                self.booth.short(wish, room, "it is left out")
        return said

    def _timed(
        self, exercise: Exercise, dose: Timed, reminders: Reminders, values: dict[str, str], name: Wish | None
    ) -> Score:
        seconds = dose.seconds
        start = name or self.wish("count", self.book.word("start"))
        beats = [*self._counted_in(), Beat(0, (start,))]
        if exercise.count != "off":
            beats += self._time_left(Fraction(0), seconds, None, None, halfway=True)
        elif seconds >= 20:
            beats.append(Beat(to_samples(seconds / 2), (self._halfway(),)))
        beats.append(Beat(to_samples(seconds), (self.wish("count", self.book.word("stop")),)))
        spoken = [head for head in self._on_beats(beats, _FAR, first=name) if head]
        stretch = [(None, Fraction(0), seconds)]
        spoken += self._breaths_in_seconds(exercise, stretch, spoken)
        floating, too_long = self._reminders_in_seconds(reminders, values, stretch, spoken)
        return Score(seconds, spoken + floating, too_long)

    def _halfway(self) -> Wish:
        return self.wish("milestone", self.book.milestone("halfway"))

    def _time_left(
        self, start: Fraction, length: Fraction, rep: int | None, phase: str | None, *, halfway: bool = False
    ) -> list[Beat]:
        """Return the beats on which the time left is said: where it helps, and the last three seconds."""
        left: dict[Fraction, Wish] = {}
        for seconds in (1, 2, 3):
            if length - seconds >= 2:
                left[Fraction(seconds)] = self.wish("countdown", self.book.count(seconds))
        if halfway and length >= 20:
            left[length / 2] = self._halfway()
        for seconds in (10, *range(30, int(length), 30)):
            if 2 * seconds <= length and all(abs(seconds - other) >= 5 for other in left):
                text = self.book.sentence("time_left", duration=self.book.duration(seconds))
                left[Fraction(seconds)] = self.wish("countdown", text)
        moments = sorted(left.items(), reverse=True)
        return [Beat(to_samples(start + length - at), (wish,), rep, phase) for at, wish in moments]

    def _breaths_in_seconds(
        self,
        exercise: Exercise,
        stretches: Sequence[tuple[int | None, Fraction, Fraction]],
        spoken: list[Spoken],
    ) -> list[Spoken]:
        """Return breathing words on their beats: all at first, then every third breath."""
        if not exercise.breathing:
            return []
        said: list[Spoken] = []
        cycle = sum((phase.seconds for phase in exercise.breathing), Fraction(0))
        for rep, begin, end in stretches:
            for breath in range(int((end - begin) / cycle)):
                if breath % 3 and (breath > 2 or (rep or 1) > 2):
                    continue
                at = begin + breath * cycle
                for phase in exercise.breathing:
                    wish = self.wish("breath", self.book.breath(phase.name, paced=False))
                    beat = to_samples(at)
                    at += phase.seconds
                    clip = self.booth.clip(wish.text, wish.location)
                    start = beat - clip.attack
                    if _free(start, start + clip.length, spoken):
                        said.append(Spoken(start, clip, wish, beat, rep, "hold" if rep else None))
        return said

    def _reminders_in_seconds(
        self,
        reminders: Reminders,
        values: dict[str, str],
        stretches: Sequence[tuple[int | None, Fraction, Fraction]],
        spoken: list[Spoken],
    ) -> tuple[list[Spoken], list[Text]]:
        """Return a reminder about every ten seconds of the stretches, and those that fit nowhere."""
        spoken = sorted(spoken, key=lambda cue: cue.start)
        windows: list[tuple[int, int, int | None]] = []
        for rep, begin, end in stretches:
            edges = [cue for cue in spoken if to_samples(begin) - RATE < cue.start <= to_samples(end)]
            starts = [to_samples(begin), *(cue.end + RATE for cue in edges)]
            ends = [*(cue.start - BREATH for cue in edges), to_samples(end) - BREATH]
            windows += [(start, stop, rep) for start, stop in zip(starts, ends, strict=True) if stop > start]
        longest = max((stop - start for start, stop, _ in windows), default=0)
        last_rep = {"rep": str(stretches[-1][0] or "")} if stretches else {}
        too_long = self._too_long(reminders, {**values, **last_rep}, longest)
        said: list[Spoken] = []
        following = 4 * RATE
        for start, stop, rep in windows:
            at = max(start, following)
            while at < stop:
                phase = "hold" if rep else None
                fitted = self._reminder(
                    reminders,
                    {**values, "rep": str(rep or "")},
                    (at, stop, phase),
                    rep,
                    too_long,
                    [*spoken, *said],
                )
                if fitted is None:
                    break
                said.append(fitted)
                following = fitted.start + _REMIND_SECONDS * RATE
                at = max(fitted.end + BREATH, following)
        return said, too_long

    # What all doses share

    def _counted_in(self) -> list[Beat]:
        numbers = range(self.count_in, 0, -1)
        return [Beat(-n * RATE, (self.wish("countdown", self.book.count(n)),)) for n in numbers]

    def _on_beats(self, beats: list[Beat], end: int, first: Wish | None = None) -> list[Spoken | None]:
        """Put a word on each beat, from the last to the first, so that each knows how much room it has.

        Args:
            beats: sorted by their moments.
            end: samples; no word of the set reaches beyond it.
            first: the name, where it is said on the first beat: other words make room for it.
        """
        heads: list[Spoken | None] = [None] * len(beats)
        ceiling = end
        for index in range(len(beats) - 1, -1, -1):
            beat = beats[index]
            for number, wish in enumerate(beat.wishes):
                named = wish is first
                clip = self.booth.on_beat(wish, beat.at, -_FAR, ceiling)
                if clip is None and named:
                    clip = self.booth.clip(wish.text, wish.location)
                    self._make_room(heads, beat.at - clip.attack + clip.length)
                if clip is None:
                    outcome = (
                        "it is left out"
                        if number + 1 == len(beat.wishes)
                        else "a shorter word takes its place"
                    )
                    self.booth.short(wish, ceiling - beat.at, outcome)
                    continue
                heads[index] = Spoken(beat.at - clip.attack, clip, wish, beat.at, beat.rep, beat.phase)
                ceiling = beat.at - clip.attack
                break
        return heads

    def _make_room(self, heads: list[Spoken | None], until: int) -> None:
        for index, head in enumerate(heads):
            if head and head.start < until:
                self.booth.short(
                    head.wish, max(0, head.end - until), "it is left out for the exercise's name"
                )
                heads[index] = None

    def _seconds(
        self,
        spans: Sequence[tuple[int, Phase, Fraction, Fraction]],
        locked: list[Spoken],
        end: int,
        floating: list[Spoken],
    ) -> list[Spoken]:
        """Return the counted seconds of every phase, but where something floats."""
        said: list[Spoken] = []
        starts = [cue.start for cue in locked]
        floats: dict[int | None, list[Spoken]] = {}
        for cue in floating:
            floats.setdefault(cue.rep, []).append(cue)
        ceiling = end
        for rep, phase, start, stop in reversed(spans):
            index = bisect_right(starts, to_samples(start))
            floor = locked[index - 1].end if index else -_FAR
            if index < len(locked):
                ceiling = min(ceiling, locked[index].start)
            for second in range(int(stop - start) - 1, 0, -1):
                wish = self.wish("count", self.book.count(second + 1))
                beat = to_samples(start + second)
                clip = self.booth.clip(wish.text, wish.location)
                begin = beat - clip.attack
                if not _free(begin - BREATH, begin + clip.length + BREATH, floats.get(rep, ())):
                    continue  # a breathing word or a reminder has taken its place
                fitted = self.booth.on_beat(wish, beat, floor, ceiling)
                if fitted is None:
                    self.booth.short(wish, ceiling - max(floor, begin), "it is left out")
                    continue
                ceiling = beat - fitted.attack
                said.append(Spoken(ceiling, fitted, wish, beat, rep, phase.name))
        return said

    def _reminder(
        self,
        reminders: Reminders,
        values: dict[str, str],
        window: tuple[int, int, str | None],
        rep: int | None,
        too_long: Sequence[Text],
        spoken: Sequence[Spoken] = (),
    ) -> Spoken | None:
        """Return the next reminder that a window has room for."""
        start, end, phase = window
        for text, wish in reminders.wishes(values):
            clip = self.booth.clip(wish.text, wish.location)
            if text in too_long or clip.length > end - start:
                continue
            before = max(spoken, key=lambda cue: (cue.start < start, cue.start), default=None)
            if before is not None and before.start < start and before.wish == wish:
                continue  # a single reminder is not said twice with nothing in between
            reminders.said(text)
            return Spoken(start, clip, wish, None, rep, phase)
        return None

    def _too_long(self, reminders: Reminders, values: dict[str, str], room: int) -> list[Text]:
        """Return the reminders that a window of this length cannot hold."""
        too_long = []
        for text in reminders.texts:
            wish = Wish("reminder", text.fill(values), text.location)
            if self.booth.clip(wish.text, wish.location).length > room:
                self.booth.short(wish, room, "it is spoken before the set")
                too_long.append(text)
        return too_long


def _spans(phases: Sequence[Phase], reps: int) -> Iterator[tuple[int, Phase, Fraction, Fraction]]:
    """Yield every phase of every rep with its exact start and end in seconds from the first beat."""
    length = sum((phase.seconds for phase in phases), Fraction(0))
    for rep in range(1, reps + 1):
        at = (rep - 1) * length
        for phase in phases:
            yield rep, phase, at, at + phase.seconds
            at += phase.seconds


def _milestone(rep: int, reps: int) -> str | None:
    """Return the milestone that a rep opens with: last_one, three_more, halfway or None."""
    if rep == reps and reps > 1:
        return "last_one"
    if rep == reps - 2 and reps >= 8:
        return "three_more"
    if rep == (reps + 1) // 2 + 1 and reps >= 6:
        return "halfway"
    return None


def _free(start: int, end: int, spoken: Sequence[Spoken]) -> bool:
    return all(end <= cue.start or cue.end <= start for cue in spoken)
