"""From a routine to its timeline: steps in their order, introductions, rests, and the chapters."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.errors import Location, Problem, ScriptError
from coach.phrases import phrasebook
from coach.routine import (
    Breathing,
    Every,
    Exercise,
    Hold,
    Repeat,
    Rest,
    Routine,
    Say,
    Step,
    Tempo,
)
from coach.timeline.model import Chapter, Cue, Timeline
from coach.timeline.sets import Reminders, Score, SetScorer
from coach.timeline.voiced import BREATH, Booth, Speaks, Wish
from coach.units import RATE, nearest, to_samples, to_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coach.speech import Clip

LONGEST = 12 * 3600 * RATE
"""Samples of the longest track."""

_TAIL = RATE
"""Quiet after the last word, so that no player cuts it."""

_AFTER_TITLE = RATE // 2
_LAST_SECONDS = 10
"""A rest says when so many seconds are left, if it is at least twice as long."""


def compile_routine(routine: Routine, speech: Speaks) -> Timeline:
    """Return the timeline of a routine: the same for the same routine and voice, to the sample.

    Args:
        routine: what to do.
        speech: the voice, asked how long each sentence is and where its attack lies.

    Raises:
        ScriptError: a text that the voice is silent on, a round of `every` that needs longer than it
            has, or a track of more than 12 hours.
        SpeechError: the voice failed.
    """
    track = _Track(routine, Booth(speech))
    track.steps(routine.steps)
    track.finish()
    return track.timeline(speech.voice_name)


def texts(routine: Routine) -> tuple[str, ...]:
    """Return the texts that a routine will probably have spoken, so that they can be made ahead.

    A compilation with a voice that only guesses lengths finds them; what fits in the end may differ.
    """
    listener = _Listener()
    with suppress(ScriptError):  # the compilation proper will say so, with true lengths
        compile_routine(routine, listener)
    return tuple(listener.heard)


class _Listener:
    """Speech that speaks nothing, and remembers what it was asked at the usual rate."""

    voice_name = "none"

    def __init__(self) -> None:
        self.heard: dict[str, None] = {}

    def clip(self, text: str, rate: float = 1.0) -> Clip:
        """Return a clip of about the length that a voice would need."""
        from coach.speech import Clip  # noqa: PLC0415 - a type alone would not do

        if rate == 1.0:
            self.heard[text] = None
        return Clip("", int((RATE // 5 + len(text) * RATE // 16) / rate), RATE // 20)


@dataclass
class _Gap:
    """Time that the script gave between two works.

    Attributes:
        length: samples, exact.
        kind: "rest" or "switch".
        location: the line it comes from.
        says: what must be said in it before anything else.
    """

    length: Fraction
    kind: str
    location: Location
    says: tuple[Wish, ...] = ()


class _Anchor(NamedTuple):
    """The exact moment, in samples, of the first beat of a round of `every`, and the line that set it."""

    at: Fraction
    location: Location


class _Part(NamedTuple):
    """A stretch of work that makes (part of) a chapter: its title and its last sample."""

    title: str
    end: int


@dataclass
class _Label:
    """What the cues of a work belong to."""

    exercise: str | None = None
    side: str | None = None
    set: int | None = None


@dataclass
class _Track:
    """Places cue after cue. Sample 0 is where the steps begin; the opening is put before it at the end.

    Attributes:
        now: the exact end of what has been placed, in samples; spoken words may end later.
        free: the first sample at which a sentence may start.
    """

    routine: Routine
    booth: Booth
    now: Fraction = Fraction(0)
    free: int = 0
    cues: list[Cue] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book = phrasebook(self.routine.language)
        self.gap: _Gap | None = None
        self.anchor: _Anchor | None = None
        self.before: list[Wish] = []  # what must be said before the next work
        self.met: dict[str, str] = {}  # exercises that were introduced, with the dose that was named
        self.set_up: set[tuple[str, ...]] = set()
        self.reminders: dict[tuple[object, ...], Reminders] = {}
        self.first_beat: Fraction | None = None  # of the work placed last

    # Steps

    def steps(self, steps: Sequence[Step]) -> None:
        """Place steps in their order."""
        for step in steps:
            if isinstance(step, Say):
                self._say(step)
            elif isinstance(step, Rest):
                self._rest(step)
            elif isinstance(step, Exercise):
                self._exercise(step)
            elif isinstance(step, Breathing):
                self._breathing(step)
            elif isinstance(step, Repeat):
                self._repeat(step)
            else:
                self._every(step)

    def finish(self) -> None:
        """Place what is still waiting, and the last sentence."""
        self._spend_gap()
        self._speak_all(self.before)
        self.before = []
        at = max(nearest(self.now), self.free + RATE // 2)
        self._speak(Wish("end", self.book.sentence("end"), self.routine.location), at)

    def _say(self, step: Say) -> None:
        wish = Wish("say", step.text.fill({}), step.text.location)
        if self.anchor:
            self.before.append(wish)  # it lies before the round's first beat, as an introduction does
            return
        self._spend_gap()
        self._speak_all([*self.before, wish])
        self.before = []
        self.now = max(self.now, Fraction(self.cues[-1].end)) + step.pause * RATE

    def _rest(self, step: Rest) -> None:
        if self.anchor:
            message = "a round of 'every' begins with its first beat; put the rest behind the work"
            self.problems.append(Problem(step.location, message))
            return
        self._spend_gap()
        if self.before:
            self._speak_all(self.before)
            self.before = []
            self.now = max(self.now, Fraction(self.cues[-1].end))
        self.gap = _Gap(step.seconds * RATE, "rest", step.location)

    def _repeat(self, step: Repeat) -> None:
        for number in range(1, step.times + 1):
            if number > 1 and step.rest:
                self._spend_gap()
                self.gap = _Gap(step.rest * RATE, "rest", step.location)
            if step.times > 1 and not self.anchor:
                text = self.book.sentence(
                    "round", round=self.book.number(number), rounds=self.book.number(step.times)
                )
                self.before.append(Wish("announce", text, step.location))
            self.steps(step.steps)

    def _every(self, step: Every) -> None:
        origin: Fraction | None = None
        length = step.interval * RATE
        for number in range(step.rounds):
            if origin is not None:
                self._end_round(step, origin + number * length)
                self.anchor = _Anchor(origin + number * length, step.location)
            self.first_beat = None
            self.steps(step.steps)
            if self.anchor and number:  # a round without a beat: its sentences are placed where it begins
                self._speak_all(self.before, max(self.free, nearest(self.anchor.at)))
                self.before, self.anchor = [], None
            if origin is None:
                origin = Fraction(0) if self.first_beat is None else self.first_beat
        assert origin is not None
        self._end_round(step, origin + step.rounds * length)
        self.now = origin + step.rounds * length

    def _end_round(self, step: Every, end: Fraction) -> None:
        self._spend_gap()
        if self.now > end:
            over = to_seconds(nearest(self.now - end))
            message = f"a round needs {over:.2f} s longer than its {float(step.interval):g} s"
            self.problems.append(Problem(step.location, message))
            self.now = end

    # Exercises

    def _exercise(self, exercise: Exercise) -> None:
        sides: Sequence[str | None] = exercise.sides or (None,)
        numbers = range(1, exercise.sets + 1)
        order: list[tuple[str | None, int]]
        if exercise.alternate:
            order = [(side, number) for number in numbers for side in sides]
        else:
            order = [(side, number) for side in sides for number in numbers]
        key = (exercise.name, exercise.reminders)
        reminders = self.reminders.setdefault(key, Reminders(exercise.reminders))
        before: tuple[str | None, int] | None = None
        for side, number in order:
            if before is not None:
                self._between(exercise, before, (side, number))
            self._set(exercise, side, number, reminders, first=before is None)
            before = side, number

    def _between(
        self, exercise: Exercise, before: tuple[str | None, int], after: tuple[str | None, int]
    ) -> None:
        """Leave the gap between two sets: a change of side, or a rest."""
        side, number = after
        changes = side != before[0] and (not exercise.alternate or number == before[1])
        says: tuple[Wish, ...] = ()
        if changes:
            assert side is not None
            text = self.book.sentence("switch", side=_capital(self.book.side(side)))
            says = (Wish("switch", text, exercise.location),)
            seconds, kind = exercise.switch, "switch"
        else:
            seconds, kind = exercise.rest, "rest"
        if seconds:
            self.gap = _Gap(seconds * RATE, kind, exercise.location, says)
        else:  # no time was given: what must be said adds its own
            self.before += says

    def _set(
        self, exercise: Exercise, side: str | None, number: int, reminders: Reminders, *, first: bool
    ) -> None:
        values = self._values(exercise, side, number)
        names = self._announcement(exercise, side, number, first=first)
        fresh = exercise.name + "\n".join(text.words for text in exercise.setup)
        setup = exercise.setup if first and (fresh,) not in self.set_up else ()
        self.set_up.add((fresh,))
        setups = [Wish("setup", text.fill(values), text.location) for text in setup]
        scorer = SetScorer(self.booth, self.book, exercise.location, exercise.count_in)
        label = _Label(exercise.name, side, number)
        on_beat = self._name_on_beat(exercise, names, setups)
        score = scorer.exercise(exercise, reminders, values, on_beat)
        long_ones = [
            Wish("reminder", text.fill({**values, "rep": "1"}), text.location) for text in score.too_long
        ]
        reminders.texts = [text for text in reminders.texts if text not in score.too_long]
        reminders.unsaid = [text for text in reminders.unsaid if text not in score.too_long]
        if on_beat:
            names = [] if not long_ones else names
        self._introduce(names, setups, long_ones, exercise.ready if setups else Fraction(0), score, label)
        self._perform(score, label)
        self._part(_chapter_title(exercise.name, side))

    def _name_on_beat(self, exercise: Exercise, names: list[Wish], setups: list[Wish]) -> Wish | None:
        """Return the name that falls on the first beat: without rest, count-in and setup it adds no time."""
        waits = self.gap or self.anchor or self.before or setups or exercise.count_in
        return names[0] if names and not waits else None

    def _values(self, exercise: Exercise, side: str | None, number: int) -> dict[str, str]:
        values = {"exercise": exercise.name, "set": str(number), "sets": str(exercise.sets)}
        if side is not None:
            values["side"] = self.book.side(side)
        if isinstance(exercise.dose, (Tempo, Hold)):
            values["reps"] = str(exercise.dose.reps.low)
        return values

    def _announcement(self, exercise: Exercise, side: str | None, number: int, *, first: bool) -> list[Wish]:
        """Return the name with side, set and dose, where they are news."""
        book = self.book
        said = []
        if first:
            next_one = "_next" if self.gap and self.parts else ""
            known = not self.parts and exercise.name.casefold() == self.routine.title.casefold()
            if known:  # the title has just said it
                said += [book.sentence("side", side=_capital(book.side(side)))] if side else []
            elif side is None:
                said.append(book.sentence(f"introduces{next_one}", name=exercise.name))
            else:
                name = f"introduces{next_one}_side"
                said.append(book.sentence(name, name=exercise.name, side=book.side(side)))
            dose = self._dose(exercise)
            if self.met.get(exercise.name) != dose:
                said.append(dose)
            self.met[exercise.name] = dose
        elif number > 1 and not (exercise.alternate and side != exercise.sides[0]):
            said.append(book.sentence("set", set=book.number(number), sets=book.number(exercise.sets)))
            if exercise.alternate and side is not None:
                said.append(book.sentence("side", side=_capital(book.side(side))))
        elif exercise.sets > 1 and number == 1:
            said.append(book.sentence("set", set=book.number(1), sets=book.number(exercise.sets)))
        return [Wish("announce", " ".join(said), exercise.location)] if said else []

    def _dose(self, exercise: Exercise) -> str:
        book, dose = self.book, exercise.dose
        if isinstance(dose, Tempo):
            text = book.plural("rep", int(dose.reps.low))
        elif isinstance(dose, Hold):
            text = book.plural("hold", int(dose.reps.low), duration=book.duration(dose.hold.low))
        else:
            text = book.duration(dose.seconds)
        if exercise.sets > 1:
            return book.sentence("with_sets", sets=book.plural("sets", exercise.sets), dose=text)
        return book.sentence("dose", dose=text)

    def _breathing(self, block: Breathing) -> None:
        book = self.book
        name = book.word("breathing")
        scorer = SetScorer(self.booth, book, block.location, block.count_in)
        parts = [
            book.sentence(
                "breath", phase=book.breath(phase.name, paced=True), duration=book.duration(phase.seconds)
            )
            for phase in block.phases
        ]
        pattern = ", ".join([parts[0], *(part[:1].lower() + part[1:] for part in parts[1:])])
        rounds = book.plural("rounds", block.rounds)
        dose = book.sentence("pattern", pattern=pattern, rounds=_capital(rounds))
        said = [book.sentence("introduces_next" if self.gap and self.parts else "introduces", name=name)]
        if self.met.get(name) != dose:
            said.append(dose)
        self.met[name] = dose
        label = _Label(name)
        score = scorer.breathing(block)
        self._introduce([Wish("announce", " ".join(said), block.location)], [], [], Fraction(0), score, label)
        self._perform(score, label)
        self._part(name)

    # Before the first beat

    def _introduce(
        self,
        names: list[Wish],
        setups: list[Wish],
        reminders: list[Wish],
        ready: Fraction,
        score: Score,
        label: _Label,
    ) -> None:
        """Say what must be said before a set, and fix its first beat in `now`."""
        sentences = [(wish, BREATH) for wish in (*self.before, *names)]
        sentences += [(wish, RATE) for wish in (*setups, *reminders)]  # a setup stands a second apart
        self.before = []
        quiet = max(0, to_samples(ready) - BREATH)  # a breath follows every sentence anyway
        if self.anchor:
            anchor, self.anchor = self.anchor, None
            start = max(self.free, nearest(self.now))
            beat = nearest(anchor.at)
            needed = self._needed(sentences, start) + quiet - score.first
            if sentences or score.first < 0:
                self._check_round(anchor, needed, beat, start)
            self._sentences(sentences, start, label)
            self.now = anchor.at
        elif self.gap:
            self._introduce_in_gap(self.gap, sentences, quiet, score, label)
            self.gap = None
        elif sentences or score.first < -RATE:
            start = max(self.free, nearest(self.now))
            self._sentences(sentences, start, label)
            beat = self._needed(sentences, start) + quiet - score.first
            self.now = Fraction(max(beat, nearest(self.now)))
        else:  # it goes straight on, the name on the first beat
            self._give_way(nearest(self.now) + score.first)

    def _check_round(self, anchor: _Anchor, needed: int, beat: int, start: int) -> None:
        if needed > beat:
            message = (
                f"a round of 'every' has {max(to_seconds(beat - start), 0):.2f} s before its first beat, "
                f"but its introduction needs {to_seconds(needed - start):.2f} s"
            )
            self.problems.append(Problem(anchor.location, message))

    def _introduce_in_gap(
        self, gap: _Gap, sentences: list[tuple[Wish, int]], quiet: int, score: Score, label: _Label
    ) -> None:
        """Fill a rest or a change of sides; where what must be said does not fit, it gets longer."""
        start = max(self.free, nearest(self.now))
        exact_end = self.now + gap.length
        end = nearest(exact_end)
        must = [*((wish, BREATH) for wish in gap.says), *sentences]
        openings: list[list[tuple[Wish, int]]] = [[]]
        if gap.kind == "rest":
            length = self.book.duration(gap.length / RATE)
            full = Wish("rest", self.book.sentence("rest_for", duration=length), gap.location)
            openings = [
                [(full, BREATH)],
                [(Wish("rest", self.book.sentence("rest"), gap.location), BREATH)],
                [],
            ]
        for opening in openings:
            needed = self._needed([*opening, *must], start) + quiet - score.first
            if needed <= end:
                must = [*opening, *must]
                break
        else:
            takes, had = to_seconds(needed - nearest(self.now)), float(gap.length / RATE)
            what = "change of sides" if gap.kind == "switch" else "rest"
            self.booth.warn(
                gap.location,
                f"the {what} lasts {takes:.2f} s, not {had:g} s: what must be said in it needs as long",
            )
            exact_end, end = Fraction(needed), needed
        self._sentences(must, start, label)
        last = Wish(
            "rest", self.book.sentence("time_left", duration=self.book.duration(_LAST_SECONDS)), gap.location
        )
        beat = end - _LAST_SECONDS * RATE
        if gap.length >= 2 * _LAST_SECONDS * RATE:
            clip = self.booth.clip(last.text, last.location)
            begin = beat - clip.attack
            if self.free <= begin and begin + clip.length + BREATH <= end + score.first - quiet:
                self._put(begin, clip, last, label, beat=beat)
        self.now = exact_end

    def _needed(self, sentences: Sequence[tuple[Wish, int]], start: int) -> int:
        """Return where sentences end that start at a sample, with the breath after the last one."""
        at = start
        for number, (wish, pause) in enumerate(sentences):
            at += pause - BREATH if number else 0
            at += self.booth.clip(wish.text, wish.location).length + BREATH
        return at

    def _sentences(self, sentences: Sequence[tuple[Wish, int]], start: int, label: _Label) -> None:
        at = start
        for number, (wish, pause) in enumerate(sentences):
            at += pause - BREATH if number else 0
            clip = self.booth.clip(wish.text, wish.location)
            self._put(at, clip, wish, label)
            at = self.free

    def _spend_gap(self) -> None:
        """Let a rest pass that is followed by no work: it is plainly that long."""
        gap, self.gap = self.gap, None
        if not gap:
            return
        end = self.now + gap.length
        start = max(self.free, nearest(self.now))
        length = self.book.duration(gap.length / RATE)
        for text in (self.book.sentence("rest_for", duration=length), self.book.sentence("rest")):
            wish = Wish("rest", text, gap.location)
            clip = self.booth.clip(text, gap.location)
            if start + clip.length + BREATH <= nearest(end):
                self._put(start, clip, wish, _Label())
                break
        self.now = end

    # Placing

    def _perform(self, score: Score, label: _Label) -> None:
        beat = nearest(self.now)
        self.first_beat = self.now if self.first_beat is None else self.first_beat
        for spoken in score.spoken:
            at = None if spoken.beat is None else beat + spoken.beat
            self._put(beat + spoken.start, spoken.clip, spoken.wish, label, at, spoken.rep, spoken.phase)
        self.now += score.seconds * RATE

    def _give_way(self, start: int) -> None:
        """Leave out the last word of a set where the name of the next one falls on the same beat."""
        while self.cues and self.cues[-1].end > start and self.cues[-1].kind in ("count", "countdown"):
            cue = self.cues.pop()
            wish = Wish(cue.kind, cue.text, cue.location)
            self.booth.short(wish, max(0, start - cue.start), "it is left out for the next exercise's name")

    def _speak_all(self, wishes: Sequence[Wish], start: int | None = None) -> None:
        for wish in wishes:
            self._speak(wish, max(self.free, nearest(self.now)) if start is None else max(start, self.free))

    def _speak(self, wish: Wish, start: int) -> None:
        self._put(start, self.booth.clip(wish.text, wish.location), wish, _Label())

    def _put(
        self,
        start: int,
        clip: Clip,
        wish: Wish,
        label: _Label,
        beat: int | None = None,
        rep: int | None = None,
        phase: str | None = None,
    ) -> None:
        self.cues.append(
            Cue(
                start,
                clip,
                wish.kind,
                wish.text,
                wish.location,
                beat,
                label.exercise,
                label.side,
                label.set,
                rep,
                phase,
            )
        )
        self.free = max(self.free, start + clip.length + BREATH)

    def _part(self, title: str) -> None:
        end = max(nearest(self.now), self.cues[-1].end if self.cues else 0)
        if self.parts and self.parts[-1].title == title:
            self.parts.pop()
        self.parts.append(_Part(title, end))

    # The whole

    def timeline(self, voice: str) -> Timeline:
        """Return the timeline, its opening put before the steps."""
        routine = self.routine
        for reminders in self.reminders.values():
            for text in reminders.unsaid:
                self.booth.warn(
                    text.location, f"'{text.words}' is never said: there are more reminders than turns"
                )
        opening = self._opening()
        shift = opening[-1].end + _AFTER_TITLE - min(0, self.cues[0].start)
        length = shift + max(nearest(self.now), self.cues[-1].end) + _TAIL
        if length > LONGEST:
            message = f"the track lasts {to_seconds(length) / 3600:.1f} hours; the most is 12"
            self.problems.append(Problem(routine.location, message))
        problems = (*self.problems, *self.booth.silences())
        if problems:
            raise ScriptError(problems)
        moved = [
            Cue(
                cue.start + shift, cue.clip, cue.kind, cue.text, cue.location,
                None if cue.beat is None else cue.beat + shift,
                cue.exercise, cue.side, cue.set, cue.rep, cue.phase,
            )
            for cue in self.cues
        ]  # fmt: skip
        return Timeline(
            title=routine.title,
            language=routine.language,
            voice=voice,
            level=routine.level,
            length=length,
            cues=(*opening, *moved),
            chapters=self._chapters(shift, length),
            warnings=self.booth.warnings(),
        )

    def _opening(self) -> list[Cue]:
        """Return the title, how long the routine takes and what it needs."""
        routine, book = self.routine, self.book
        lead_in = to_samples(routine.lead_in)
        things = list(dict.fromkeys(thing for step in routine.exercises() for thing in step.equipment))
        needs = [book.sentence("needs", things=book.together(things))] if things else []
        body = max(nearest(self.now), self.cues[-1].end) + _TAIL
        said = lead_in
        cues: list[Cue] = []
        for _ in range(2):  # the opening is part of the time that it names
            takes = book.sentence("takes", duration=book.duration(_about(to_seconds(body + said))))
            cues, at = [], lead_in
            for text in (routine.title, " ".join([takes, *needs])):
                clip = self.booth.clip(text, routine.location)
                cues.append(Cue(at, clip, "title", text, routine.location))
                at += clip.length + BREATH
            said = cues[-1].end + _AFTER_TITLE
        return cues

    def _chapters(self, shift: int, length: int) -> tuple[Chapter, ...]:
        parts = self.parts or [_Part(self.routine.title, 0)]
        starts = [0, *(part.end + shift for part in parts[:-1])]
        ends = [*(part.end + shift for part in parts[:-1]), length]
        return tuple(
            Chapter(part.title, start, end) for part, start, end in zip(parts, starts, ends, strict=True)
        )


def _about(seconds: float) -> int:
    """Return a time as a person says it: to five seconds below a minute, then to whole minutes."""
    if seconds < 60:
        return max(5, round(seconds / 5) * 5)
    return round(seconds / 60) * 60


def _chapter_title(name: str, side: str | None) -> str:
    return name if side is None else f"{name}, {side}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
