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
    from collections.abc import Iterable, Iterator, Sequence

    from coach.errors import Location
    from coach.phrases import Phrasebook
    from coach.speech import Clip

_FAR = 1 << 60
_REMIND_SECONDS = 10
"""In holds and timed work a reminder comes about this often."""

_FIRST_REMINDER = 4 * RATE
"""In holds and timed work none comes before this sample: let a person begin."""

_BREATH_AGAIN = 4
"""After the first three reps, a breathing word comes about every so many."""

_HALFWAY_FROM = 10
"""Seconds of timed work from which its half is said."""


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

    @property
    def over(self) -> int:
        """The first sample for a count: a name on the first beat is a sentence, with a breath after it."""
        return self.end + BREATH * (self.wish.kind in ("announce", "switch"))


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

    def __post_init__(self) -> None:
        self.spoken.sort(key=lambda cue: cue.start)

    @property
    def first(self) -> int:
        """Where its sound begins: at the count-in, or a little before the first beat."""
        return min(0, self.spoken[0].start) if self.spoken else 0


class Reminders:
    """The form cues of one exercise, in rotation over all its sets."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self.turns = list({text.words: text for text in texts}.values())
        self.unsaid = list(self.turns)
        self._last: Text | None = None

    def copy(self) -> Reminders:
        """Return reminders in the same state, to try something out."""
        twin = Reminders(self.turns)
        twin.unsaid, twin._last = list(self.unsaid), self._last
        return twin

    def wishes(self, values: dict[str, str]) -> Iterator[tuple[Text, Wish]]:
        """Yield the reminders in the order of their turns; the one said last waits if there are others."""
        for text in self.turns:
            if text is not self._last or len(self.turns) == 1:
                yield text, Wish("reminder", text.fill(values), text.location)

    def said(self, text: Text) -> None:
        """Move a reminder to the end of the rotation."""
        self._last = text
        self.turns.remove(text)
        self.turns.append(text)
        if text in self.unsaid:
            self.unsaid.remove(text)

    def retire(self, text: Text) -> None:
        """Take a reminder out of the rotation; it is said elsewhere."""
        self.turns.remove(text)
        if text in self.unsaid:
            self.unsaid.remove(text)


class _Line:
    """Cues in their order, to be asked what lies around a moment."""

    def __init__(self, cues: Iterable[Spoken]) -> None:
        self.cues = sorted(cues, key=lambda cue: cue.start)
        self.starts = [cue.start for cue in self.cues]

    def around(self, at: int) -> tuple[int, int]:
        """Return where the cue that starts at or before a sample is over, and the start of the next one."""
        index = bisect_right(self.starts, at)
        before = self.cues[index - 1].over if index else -_FAR
        return before, self.starts[index] if index < len(self.starts) else _FAR

    def gaps(self, begin: int, end: int, quiet: int) -> Iterator[tuple[int, int]]:
        """Yield the stretches between two samples that no cue lies in, `quiet` after the one before."""
        index = bisect_right(self.starts, begin)
        at = max(begin, self.cues[index - 1].over + quiet) if index else begin
        while index < len(self.starts) and self.starts[index] < end:
            yield at, self.starts[index]
            at = self.cues[index].over + quiet
            index += 1
        yield at, end


class _Span(NamedTuple):
    """A phase of a rep or breath (its nth, from 0), from its first beat to its end; samples."""

    rep: int
    nth: int
    phase: Phase
    start: int
    end: int


class _Window(NamedTuple):
    """A stretch where something may float, the span it begins in, and the word that stands before it."""

    start: int
    end: int
    span: _Span
    head: Spoken | None

    @property
    def length(self) -> int:
        """Samples."""
        return self.end - self.start


class _Stretch(NamedTuple):
    """Held or timed work without a pause; exact seconds from the first beat. `rep` is None for timed work."""

    rep: int | None
    start: Fraction
    end: Fraction


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
        self, exercise: Exercise, reminders: Reminders, values: dict[str, str], names: Sequence[Wish] = ()
    ) -> Score:
        """Return the score of one set.

        Args:
            exercise: the exercise.
            reminders: its form cues; those that are used move on, those that are too long retire.
            values: what the placeholders of its texts stand for in this set.
            names: what is said on the first beat in place of its word, the whole form first and then a
                shorter one; empty for nothing.
        """
        dose = exercise.dose
        if isinstance(dose, Tempo):
            return self._tempo(exercise, dose, reminders, values, names)
        if isinstance(dose, Hold):
            return self._hold(exercise, dose, reminders, values, names)
        return self._timed(exercise, dose, reminders, values, names)

    def breathing(self, block: Breathing, names: Sequence[Wish] = ()) -> Score:
        """Return the score of a breathing block: its words on their beats, in every round."""
        beats = self._counted_in()
        spans = _spans(block.phases, block.rounds)
        for span in spans:
            word = self.wish("breath", self.book.breath(span.phase.name, paced=True))
            beats.append(Beat(span.start, (word,), span.rep, span.phase.name))
        end = to_samples(block.seconds)
        spoken = [head for head in self._on_beats(beats, end, names) if head]
        if block.count == "tempo":
            spoken += self._seconds(spans, _Line(spoken), end, _Line(()))
        return Score(block.seconds, spoken)

    # Repetitions at a tempo

    def _tempo(
        self,
        exercise: Exercise,
        dose: Tempo,
        reminders: Reminders,
        values: dict[str, str],
        names: Sequence[Wish],
    ) -> Score:
        end = to_samples(dose.seconds)
        spans = _spans(dose.phases, int(dose.reps.low))
        behind = self._breath_fits_behind(exercise, dose)
        beats = self._counted_in()
        for span in spans:
            wishes = self._words(exercise, dose, span, behind)
            beats.append(Beat(span.start, wishes, span.rep, span.phase.name))
        heads = self._on_beats(beats, end, names)
        locked = [head for head in heads if head]
        floating, too_long = self._between(exercise, reminders, values, spans, heads[self.count_in :])
        spoken = locked + floating
        if exercise.count in ("tempo", "both"):
            spoken += self._seconds(spans, _Line(locked), end, _Line(floating))
        return Score(dose.seconds, spoken, too_long)

    def _words(self, exercise: Exercise, dose: Tempo, span: _Span, behind: set[int]) -> tuple[Wish, ...]:
        """Return what may be said on the first beat of a phase, the best first."""
        reps, rep, first = int(dose.reps.low), span.rep, span.nth == 0
        wishes = []
        milestone = _milestone(rep, reps) if first else None
        if milestone:
            wishes.append(self.wish("milestone", self.book.milestone(milestone)))
        if first and (exercise.count == "reps" or (exercise.count == "both" and rep > 1)):
            wishes.append(self.wish("count", self.book.count(rep)))
        breath = next((says for name, says in exercise.breathe if name == span.phase.name), None)
        if breath:
            if _is_wordless(exercise.count, span.nth):
                in_place = rep <= 3 or rep % _BREATH_AGAIN == 3
            else:
                in_place = rep in (2, 3) and first and exercise.count == "tempo" and span.nth not in behind
            if in_place:
                wishes.append(self.wish("breath", self.book.breath(breath, paced=False)))
        if exercise.count in ("tempo", "both"):
            wishes.append(self.wish("count", self.book.phase(span.phase.name)))
        return tuple(wishes)

    def _breath_fits_behind(self, exercise: Exercise, dose: Tempo) -> set[int]:
        """Return the phases (by index) that have room for their breathing word behind their own word."""
        breathe = dict(exercise.breathe)
        fitting = set()
        for index, phase in enumerate(dose.phases):
            if phase.name not in breathe:
                continue
            after = dose.phases[(index + 1) % len(dose.phases)]
            breath = self.booth.clip(self.book.breath(breathe[phase.name], paced=False), exercise.location)
            own = self.booth.clip(self.book.phase(phase.name), exercise.location)
            following = self.booth.clip(self.book.phase(after.name), exercise.location)
            taken = own.length - own.attack + following.attack + 2 * BREATH
            if breath.length <= to_samples(phase.seconds) - taken:
                fitting.add(index)
        return fitting

    def _between(
        self,
        exercise: Exercise,
        reminders: Reminders,
        values: dict[str, str],
        spans: Sequence[_Span],
        heads: Sequence[Spoken | None],
    ) -> tuple[list[Spoken], list[Text]]:
        """Return breathing words and reminders, and the reminders too long for all windows of the set.

        Args:
            exercise: the exercise.
            reminders: its form cues.
            values: what the placeholders stand for.
            spans: the phases of all reps.
            heads: the word on the first beat of each of them.
        """
        reps = spans[-1].rep
        windows = _windows(spans, heads)
        longest = max((window.length for rep in range(3, reps) for window in windows[rep]), default=0)
        too_long = self._retire_too_long(reminders, {**values, "rep": str(reps)}, longest)
        said_in_place = {head.rep for head in heads if head and head.wish.kind == "breath"}
        floating: list[Spoken] = []
        last_reminder, last_breath = 3 - max(exercise.reminders_every, 2), 0
        for rep, free in windows.items():
            due = 3 <= rep < reps and rep - last_reminder >= max(exercise.reminders_every, 2)
            if due and free and reminders.turns:
                window = max(free, key=lambda window: window.length)
                place = rep, window.span.phase.name
                cue = self._reminder(reminders, {**values, "rep": str(rep)}, window.start, window.end, place)
                if cue:
                    floating.append(cue)
                    free.remove(window)
                    last_reminder = rep
            if rep <= 3 or rep - last_breath >= _BREATH_AGAIN:
                cues = list(self._breaths(exercise, free))
                floating += cues
                if cues or rep in said_in_place:
                    last_breath = rep
        self._never_breathed(exercise, [*floating, *(head for head in heads if head)], windows)
        return floating, too_long

    def _breaths(self, exercise: Exercise, free: Sequence[_Window]) -> Iterator[Spoken]:
        """Yield the breathing words of a rep that fit behind their phase's word."""
        breathe = dict(exercise.breathe)
        for window in free:
            name, head = window.span.phase.name, window.head
            if name not in breathe or head is None or head.wish.kind == "breath":
                continue
            wish = self.wish("breath", self.book.breath(breathe[name], paced=False))
            clip = self.booth.clip(wish.text, wish.location)
            if window.start + clip.length <= min(window.end, window.span.end - BREATH):
                yield Spoken(window.start, clip, wish, None, window.span.rep, name)

    def _never_breathed(
        self, exercise: Exercise, spoken: Sequence[Spoken], windows: dict[int, list[_Window]]
    ) -> None:
        """Note the phases whose breathing word found no room in the whole set."""
        if not exercise.breathe:
            return
        said = {cue.phase for cue in spoken if cue.wish.kind == "breath"}
        for name, says in exercise.breathe:
            if name not in said:
                room = max((w.length for free in windows.values() for w in free if w.span.phase.name == name),
                           default=0)  # fmt: skip
                wish = self.wish("breath", self.book.breath(says, paced=False))
                self.booth.short(wish, room, f"with '{name}' it is left out")

    # Holds and timed work

    def _hold(
        self,
        exercise: Exercise,
        dose: Hold,
        reminders: Reminders,
        values: dict[str, str],
        names: Sequence[Wish],
    ) -> Score:
        reps, held = int(dose.reps.low), dose.hold.low
        hold_word = self.wish("count", self.book.phase("hold"))
        relax_word = self.wish("count", self.book.phase("relax"))
        counted = exercise.count != "off"
        beats = self._counted_in()
        holds = []
        for rep in range(1, reps + 1):
            start = (rep - 1) * (held + dose.relax)
            holds.append(_Stretch(rep, start, start + held))
            milestone = _milestone(rep, reps)
            wishes = [self.wish("milestone", self.book.milestone(milestone))] if milestone else []
            wishes += [self.wish("count", self.book.count(rep))] if counted and reps > 1 else []
            beats.append(Beat(to_samples(start), (*wishes, hold_word), rep, "hold"))
            beats += self._time_left(start, held, rep, "hold") if counted else []
            if dose.relax or rep == reps:
                beats.append(Beat(to_samples(start + held), (relax_word,), rep, "relax"))
        locked = [head for head in self._on_beats(beats, _FAR, names) if head]
        spoken = [*locked, *self._holds_behind(locked, hold_word)]
        spoken += self._breaths_in_seconds(exercise, holds, _Line(spoken))
        reminded = holds[2:-1] if reps > 3 else holds
        floating, too_long = self._reminders_in_seconds(reminders, values, reminded, _Line(spoken))
        return Score(dose.seconds, spoken + floating, too_long)

    def _holds_behind(self, locked: list[Spoken], wish: Wish) -> Iterator[Spoken]:
        """Yield "hold" behind each rep's number, where there is room before the next word."""
        for cue, after in zip(locked, [*locked[1:], None], strict=True):
            if cue.phase != "hold" or cue.wish.kind == "countdown" or cue.wish.text == wish.text:
                continue
            clip = self.booth.clip(wish.text, wish.location)
            start = cue.end + BREATH
            room = (after.start if after else _FAR) - start
            if clip.length <= room:
                yield Spoken(start, clip, wish, None, cue.rep, "hold")
            else:
                self.booth.short(wish, room, "it is left out")

    def _timed(
        self,
        exercise: Exercise,
        dose: Timed,
        reminders: Reminders,
        values: dict[str, str],
        names: Sequence[Wish],
    ) -> Score:
        seconds = dose.seconds
        beats = [*self._counted_in(), Beat(0, (self.wish("count", self.book.word("start")),))]
        if exercise.count != "off":
            beats += self._time_left(Fraction(0), seconds, None, None, halfway=True)
        elif seconds >= _HALFWAY_FROM:
            beats.append(Beat(to_samples(seconds / 2), (self._halfway(),)))
        beats.append(Beat(to_samples(seconds), (self.wish("count", self.book.word("stop")),)))
        spoken = [head for head in self._on_beats(beats, _FAR, names) if head]
        stretch = [_Stretch(None, Fraction(0), seconds)]
        spoken += self._breaths_in_seconds(exercise, stretch, _Line(spoken))
        floating, too_long = self._reminders_in_seconds(reminders, values, stretch, _Line(spoken))
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
        if halfway and length >= _HALFWAY_FROM:
            left[length / 2] = self._halfway()
        for seconds in (10, *range(30, int(length / 2) + 1, 30)):
            if 2 * seconds <= length and not (halfway and abs(seconds - length / 2) < 5):
                text = self.book.sentence("time_left", duration=self.book.duration(seconds))
                left[Fraction(seconds)] = self.wish("countdown", text)
        moments = sorted(left.items(), reverse=True)
        return [Beat(to_samples(start + length - at), (wish,), rep, phase) for at, wish in moments]

    def _breaths_in_seconds(
        self, exercise: Exercise, stretches: Sequence[_Stretch], locked: _Line
    ) -> list[Spoken]:
        """Return breathing words, on their beats or behind another word there.

        At first all are said, then every third breath; none is begun that would not end within the stretch.
        """
        said: list[Spoken] = []
        free = -_FAR
        cycle = sum((phase.seconds for phase in exercise.breathing), Fraction(0))
        for rep, begin, end in stretches if exercise.breathing else ():
            for breath in range(-int(-(end - begin) // cycle)):
                if breath % 3 and (breath > 2 or (rep or 1) > 2):
                    continue
                at = begin + breath * cycle
                for phase in exercise.breathing:
                    start, at = at, at + phase.seconds
                    if at > end:
                        break
                    span = _Span(rep or 0, 0, phase, to_samples(start), to_samples(at))
                    cue = self._breath_in(span, locked, free)
                    if cue:
                        said.append(cue)
                        free = cue.end + (BREATH if cue.beat is None else 0)
        for phase in exercise.breathing:
            wish = self.wish("breath", self.book.breath(phase.name, paced=False))
            if not any(cue.wish == wish for cue in said):
                self.booth.short(wish, 0, "no breath has room for it: it is left out")
        return said

    def _breath_in(self, span: _Span, locked: _Line, free: int) -> Spoken | None:
        """Return the word of a breath's phase: on its beat, else in the first half of the phase, else None.

        Args:
            span: the phase; its rep is 0 in timed work.
            locked: the words that stand already.
            free: the first sample after the breathing word before.
        """
        wish = self.wish("breath", self.book.breath(span.phase.name, paced=False))
        clip = self.booth.clip(wish.text, wish.location)
        rep, phase = (span.rep, "hold") if span.rep else (None, None)
        start = span.start - clip.attack
        before, after = locked.around(span.start)
        if max(before, free) <= start and start + clip.length <= min(after, span.end):
            return Spoken(start, clip, wish, span.start, rep, phase)
        for begin, end in locked.gaps(span.start, span.end, BREATH):
            start = max(begin, free + BREATH)
            if 2 * start <= span.start + span.end and start + clip.length + BREATH <= end:
                return Spoken(start, clip, wish, None, rep, phase)
        return None

    def _reminders_in_seconds(
        self, reminders: Reminders, values: dict[str, str], stretches: Sequence[_Stretch], spoken: _Line
    ) -> tuple[list[Spoken], list[Text]]:
        """Return a reminder about every ten seconds of the stretches, and those that fit nowhere."""
        if not reminders.turns:
            return [], []
        windows: list[tuple[int, int, int | None]] = []
        for rep, exact_begin, exact_end in stretches:
            begin, end = to_samples(exact_begin), to_samples(exact_end)
            for start, stop in spoken.gaps(begin, end, RATE):
                settled = max(start, _FIRST_REMINDER)
                if stop - BREATH > settled:
                    windows.append((settled, stop - BREATH, rep))
        longest = max((stop - start for start, stop, _ in windows), default=0)
        last_rep = {"rep": str(stretches[-1].rep or "")}
        too_long = self._retire_too_long(reminders, {**values, **last_rep}, longest)
        short_holds = stretches[0].end - stretches[0].start < _REMIND_SECONDS
        said: list[Spoken] = []
        following = 0
        for start, stop, rep in windows:
            if short_holds and rep and said and said[-1].rep == rep - 1:
                continue  # as with a tempo, never in two reps in a row
            at = max(start, following)
            while at < stop:
                place = rep, "hold" if rep else None
                fitted = self._reminder(reminders, {**values, "rep": str(rep or "")}, at, stop, place)
                if fitted is None:
                    break
                said.append(fitted)
                following = fitted.start + _REMIND_SECONDS * RATE
                at = max(fitted.end + BREATH, following)
                if len(reminders.turns) == 1:
                    break  # a single reminder is not said twice with nothing in between
        return said, too_long

    # What all doses share

    def _counted_in(self) -> list[Beat]:
        numbers = range(self.count_in, 0, -1)
        return [Beat(-n * RATE, (self.wish("countdown", self.book.count(n)),)) for n in numbers]

    def _on_beats(self, beats: list[Beat], end: int, names: Sequence[Wish]) -> list[Spoken | None]:
        """Put a word on each beat, from the last to the first, so that each knows how much room it has.

        Args:
            beats: sorted by their moments.
            end: samples; no word of the set reaches beyond it.
            names: what is said on the first beat in place of its word; empty for nothing.
        """
        heads: list[Spoken | None] = [None] * len(beats)
        ceiling = end
        for index in range(len(beats) - 1, 0 if names else -1, -1):
            beat = beats[index]
            for wish in beat.wishes:
                last = wish is beat.wishes[-1]
                otherwise = "it is left out" if last else "another word takes its place"
                clip = self.booth.on_beat(wish, beat.at, -_FAR, ceiling, otherwise)
                if clip:
                    ceiling = beat.at - clip.attack
                    heads[index] = Spoken(ceiling, clip, wish, beat.at, beat.rep, beat.phase)
                    break
        if names:
            self._put_name(names, beats[0], heads, ceiling)
        return heads

    def _put_name(self, names: Sequence[Wish], beat: Beat, heads: list[Spoken | None], ceiling: int) -> None:
        """Put the name on the first beat: its longest form that fits, or else others make room for it."""
        whole, short = names[0], names[-1]
        for wish in names:
            clip = self.booth.clip(wish.text, wish.location)
            if beat.at - clip.attack + clip.length + BREATH <= ceiling:
                break
        else:
            wish, otherwise = short, "words after it are left out"
            faster = self.booth.on_beat(short, beat.at, -_FAR, ceiling - BREATH, otherwise)
            clip = faster or self.booth.clip(short.text, short.location)
        start = beat.at - clip.attack
        heads[0] = Spoken(start, clip, wish, beat.at, beat.rep, beat.phase)
        if wish is not whole:
            self.booth.short(whole, ceiling - BREATH - start, f"only '{wish.text}' is said")
        until = start + clip.length + BREATH
        for index, head in enumerate(heads[1:], 1):
            if head and head.start < until:
                self.booth.short(head.wish, head.end - until, "it is left out for the exercise's name")
                heads[index] = None

    def _seconds(self, spans: Sequence[_Span], locked: _Line, end: int, floating: _Line) -> list[Spoken]:
        """Return the counted seconds of every phase, but where something floats."""
        said: list[Spoken] = []
        ceiling = end
        for span in reversed(spans):
            floor, following = locked.around(span.start)
            ceiling = min(ceiling, following)
            for second in range(int(span.phase.seconds) - 1, 0, -1):
                wish = self.wish("count", self.book.count(second + 1))
                beat = span.start + second * RATE
                clip = self.booth.clip(wish.text, wish.location)
                before, after = floating.around(beat - clip.attack)
                before, after = before + BREATH, after - BREATH
                if beat - clip.attack < before or beat - clip.attack + clip.length > after:
                    continue  # a breathing word or a reminder has taken its place
                fitted = self.booth.on_beat(wish, beat, max(floor, before), min(ceiling, after))
                if fitted:
                    ceiling = beat - fitted.attack
                    said.append(Spoken(ceiling, fitted, wish, beat, span.rep, span.phase.name))
        return said

    def _reminder(
        self,
        reminders: Reminders,
        values: dict[str, str],
        start: int,
        end: int,
        place: tuple[int | None, str | None],
    ) -> Spoken | None:
        """Return the next reminder that a window has room for; `place` is its rep and phase."""
        for text, wish in reminders.wishes(values):
            clip = self.booth.clip(wish.text, wish.location)
            if clip.length <= end - start:
                reminders.said(text)
                return Spoken(start, clip, wish, None, *place)
        return None

    def _retire_too_long(self, reminders: Reminders, values: dict[str, str], room: int) -> list[Text]:
        """Take the reminders that a window of this length cannot hold out of the rotation; return them."""
        too_long = []
        for text in tuple(reminders.turns):
            wish = Wish("reminder", text.fill(values), text.location)
            if self.booth.clip(wish.text, wish.location).length > room:
                self.booth.short(wish, room, "it is spoken before the set")
                reminders.retire(text)
                too_long.append(text)
        return too_long


def _spans(phases: Sequence[Phase], reps: int) -> list[_Span]:
    """Return every phase of every rep; each moment is rounded once."""
    ends = []
    at = Fraction(0)
    for phase in phases:
        at += phase.seconds
        ends.append(at)
    spans = []
    start = 0
    for rep in range(1, reps + 1):
        for index, phase in enumerate(phases):
            end = to_samples((rep - 1) * at + ends[index])
            spans.append(_Span(rep, index, phase, start, end))
            start = end
    return spans


def _windows(spans: Sequence[_Span], heads: Sequence[Spoken | None]) -> dict[int, list[_Window]]:
    """Return the stretches of each rep without beat-locked words; one may go on through a silent phase."""
    locked = _Line(head for head in heads if head)
    windows: dict[int, list[_Window]] = {}
    index = 0
    while index < len(spans):
        span, head = spans[index], heads[index]
        index += 1
        while index < len(spans) and spans[index].rep == span.rep and heads[index] is None:
            index += 1
        before, after = locked.around(span.start)
        start, end = max(span.start, before + BREATH), min(spans[index - 1].end, after) - BREATH
        of_rep = windows.setdefault(span.rep, [])
        if end > start:
            of_rep.append(_Window(start, end, span, head))
    return windows


def _is_wordless(count: str, index: int) -> bool:
    """Return whether a phase (by index) has no word of its own where this is counted."""
    return count == "off" or (count == "reps" and index > 0)


def _milestone(rep: int, reps: int) -> str | None:
    """Return the milestone that a rep opens with: last_one, three_more, halfway or None."""
    if rep == reps and reps > 1:
        return "last_one"
    if rep == reps - 2 and reps >= 8:
        return "three_more"
    if rep == (reps + 1) // 2 + 1 and reps >= 6:
        return "halfway"
    return None
