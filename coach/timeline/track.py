"""From a routine to its timeline: steps in their order, introductions, rests, and the chapters."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.errors import Location, Problem, ScriptError
from coach.phrases import languages, phrasebook
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
    from collections.abc import Callable, Sequence

    from coach.speech import Clip

LONGEST = 12 * 3600 * RATE
"""Samples of the longest track."""

_TAIL = RATE
"""Quiet after the last word, so that no player cuts it."""

_AFTER_TITLE = RATE // 2
_LAST_SECONDS = 10
"""A rest says when so many seconds are left, if it is at least twice as long."""

_YIELDING = ("count", "countdown", "milestone", "breath", "reminder")
"""The kinds of cue that yield to the name of the next exercise where both want the same beat."""


def compile_routine(routine: Routine, speech: Speaks) -> Timeline:
    """Return the timeline of a routine: the same for the same routine and voice, to the sample.

    Args:
        routine: what to do.
        speech: the voice, asked how long each sentence is and where its attack lies.

    Raises:
        ScriptError: a text that the voice is silent on, a round of `every` that needs longer than it
            has, a language without a phrasebook, or a track of more than 12 hours.
        SpeechError: the voice failed.
    """
    if routine.language not in languages():
        message = f"must be a language that Coach speaks: {', '.join(languages())} (got '{routine.language}')"
        raise ScriptError([Problem(routine.location, message)])
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
        kind: "rest" or "switch"; "round" for what is left of a round of `every`, of which nothing is said.
        location: the line it comes from.
        says: what must be said in it before anything else.
    """

    length: Fraction
    kind: str
    location: Location
    says: tuple[Wish, ...] = ()


class _Anchor(NamedTuple):
    """Where a round of `every` must begin.

    Attributes:
        at: the exact moment, in samples.
        location: the line that set it.
        is_beat: whether that is the first beat of its work; a round without any begins with its sentence.
    """

    at: Fraction
    location: Location
    is_beat: bool


class _Sentence(NamedTuple):
    """Something that must be said, with the quiet before it (after another one) and after it; samples."""

    wish: Wish
    lead: int = BREATH
    pause: int = BREATH


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
        self.before: list[_Sentence] = []  # what must be said before the next work
        self.met: dict[str, str] = {}  # exercises that were introduced, with the dose that was named
        self.set_up: set[tuple[str, ...]] = set()
        self.reminders: dict[tuple[object, ...], Reminders] = {}
        self.first_beat: Fraction | None = None  # of the first work in the innermost `every`

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
        self._speak_waiting()
        at = max(nearest(self.now), self.free + RATE // 2)
        last = Wish("end", self.book.sentence("end"), self.routine.location)
        self._sentences([_Sentence(last)], at, _Label())

    def _say(self, step: Say) -> None:
        wish = Wish("say", step.text.fill({}), step.text.location)
        self.before.append(_Sentence(wish, pause=max(BREATH, to_samples(step.pause))))
        if self.anchor:
            if self.anchor.is_beat:
                return  # it lies before the round's first beat, as an introduction does
            anchor, self.anchor = self.anchor, None
            self._spend_gap()
            self._check_round(anchor, self.free)
            self.now = anchor.at
        self._spend_gap()
        self._speak_waiting()
        self.now = self.cues[-1].end + step.pause * RATE

    def _rest(self, step: Rest) -> None:
        if self.anchor:
            self._begins_with_beat(step.location, "the rest")
            return
        length = step.seconds * RATE
        if self.gap and not self.before:  # two rests in a row are one
            self.gap.length += length
            return
        self._spend_gap()
        self._speak_waiting()
        self.gap = _Gap(length, "rest", step.location)

    def _repeat(self, step: Repeat) -> None:
        for number in range(1, step.times + 1):
            if number > 1 and step.rest:
                self._rest(Rest(step.rest, step.location))
            if step.times > 1:
                numbers = {"round": self.book.number(number), "rounds": self.book.number(step.times)}
                text = self.book.sentence("round", **numbers)
                self.before.append(_Sentence(Wish("announce", text, step.location)))
            self.steps(step.steps)

    def _every(self, step: Every) -> None:
        works = _has_work(step.steps)
        if self.anchor and self.anchor.is_beat and not works:
            self._begins_with_beat(step.location, "this")
            return
        length = step.interval * RATE
        outer, self.first_beat = self.first_beat, None
        origin, first_cue = self.now, len(self.cues)
        for number in range(step.rounds):
            if number:
                self._end_round(step, origin + number * length)
                self.anchor = _Anchor(origin + number * length, step.location, works)
            self.steps(step.steps)
            if not number:
                said = [cue.start for cue in self.cues[first_cue:] if cue.kind != "rest"]
                if self.first_beat is not None:
                    origin = Fraction(nearest(self.first_beat))
                elif said:
                    origin = Fraction(said[0])
            self.anchor = None
        end = origin + step.rounds * length
        self._end_round(step, end)
        if not self.gap:
            self.now = end
        self.first_beat = outer if outer is not None else self.first_beat

    def _begins_with_beat(self, location: Location, what: str) -> None:
        message = f"a round of 'every' begins with its first beat; put {what} behind the work"
        self.problems.append(Problem(location, message))

    def _end_round(self, step: Every, end: Fraction) -> None:
        """Let a round last to its end; a rest that it closes with goes on until then."""
        over = self.now + (self.gap.length if self.gap else 0) - end
        if nearest(over) > 0:
            message = (
                f"a round needs {to_seconds(nearest(over)):.2f} s longer than its {float(step.interval):g} s"
            )
            self.problems.append(Problem(step.location, message))
            self.gap = None
            self.now = end
        elif self.gap:
            self.gap.length = end - self.now

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
        if changes:
            assert side is not None
            text = self.book.sentence("switch", side=_capital(self.book.side(side)))
            says = (Wish("switch", text, exercise.location),)
            self.gap = _Gap(exercise.switch * RATE, "switch", exercise.location, says)
        else:
            self.gap = _Gap(exercise.rest * RATE, "rest", exercise.location)

    def _set(
        self, exercise: Exercise, side: str | None, number: int, reminders: Reminders, *, first: bool
    ) -> None:
        values = self._values(exercise, side, number)
        names = self._announcement(exercise, side, number, first=first)
        fresh = (exercise.name, *(text.words for text in exercise.setup))
        setup = exercise.setup if first and fresh not in self.set_up else ()
        self.set_up.add(fresh)
        setups = [Wish("setup", text.fill(values), text.location) for text in setup]
        label = _Label(exercise.name, side, number)

        def rehearse(forms: Sequence[Wish]) -> Score:
            scorer = SetScorer(self.booth.rehearsal(), self.book, exercise.location, exercise.count_in)
            return scorer.exercise(exercise, reminders.copy(), values, forms)

        forms: tuple[Wish, ...] = ()
        if not setups and not exercise.count_in:
            forms = self._forms_on_beat(names, exercise.location, rehearse)
            if reminders.turns and rehearse(forms).too_long:
                forms = ()  # what is said before the set takes the name along
        scorer = SetScorer(self.booth, self.book, exercise.location, exercise.count_in)
        score = scorer.exercise(exercise, reminders, values, forms)
        if forms:
            self._go_straight_on(score)
        else:
            long_ones = [
                Wish("reminder", text.fill({**values, "rep": "1"}), text.location) for text in score.too_long
            ]
            sentences = [_Sentence(Wish("announce", " ".join(names), exercise.location))] if names else []
            sentences += [_Sentence(wish, lead=RATE) for wish in (*setups, *long_ones)]
            ready = to_samples(exercise.ready) - BREATH if setups else 0  # a breath follows a sentence anyway
            self._introduce(sentences, max(0, ready), score, label)
        self._perform(score, label)
        self._part(_chapter_title(exercise.name, side))

    def _forms_on_beat(
        self, names: Sequence[str], location: Location, rehearse: Callable[[Sequence[Wish]], Score]
    ) -> tuple[Wish, ...]:
        """Return the name as it is said on the first beat, whole and short; empty where it comes before it.

        Without rest, count-in and setup it adds no time. What waits to be said goes with it.
        """
        if any(sentence.wish.kind == "say" for sentence in self.before):
            return ()
        says = [wish.text for wish in (self.gap.says if self.gap else ())]
        waiting = [sentence.wish.text for sentence in self.before]
        if self.anchor:
            said = " ".join([*waiting, *names])
            start = max(self.free, nearest(self.now))
            spoken = self.booth.clip(said, location).length + BREATH if said else 0
            if start + spoken - rehearse(()).first <= nearest(self.anchor.at):
                return ()
        elif self.gap and self.gap.length:
            return ()
        kind, short = ("switch", says) if says else ("announce", list(names[:1]))
        texts = dict.fromkeys(" ".join(form) for form in ([*waiting, *says, *names], short or waiting))
        return tuple(Wish(kind, text, location) for text in texts if text)

    def _values(self, exercise: Exercise, side: str | None, number: int) -> dict[str, str]:
        values = {"exercise": exercise.name, "set": str(number), "sets": str(exercise.sets)}
        if side is not None:
            values["side"] = self.book.side(side)
        if isinstance(exercise.dose, (Tempo, Hold)):
            values["reps"] = str(exercise.dose.reps.low)
        return values

    def _announcement(self, exercise: Exercise, side: str | None, number: int, *, first: bool) -> list[str]:
        """Return the name with side, set and dose, where they are news: whole sentences, the name first."""
        book = self.book
        said = []
        which_set = book.sentence("set", set=book.number(number), sets=book.number(exercise.sets))
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
        elif not exercise.alternate:
            said += [which_set] if exercise.sets > 1 else []
        elif not exercise.sides or side == exercise.sides[0]:
            said.append(which_set)
            said += [book.sentence("side", side=_capital(book.side(side)))] if side else []
        return said

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
        parts = [
            book.sentence(
                "breath", phase=book.breath(phase.name, paced=True), duration=book.duration(phase.seconds)
            )
            for phase in block.phases
        ]
        pattern = ", ".join([parts[0], *(part[:1].lower() + part[1:] for part in parts[1:])])
        rounds = book.plural("rounds", block.rounds)
        dose = book.sentence("pattern", pattern=pattern, rounds=_capital(rounds))
        names = [book.sentence("introduces_next" if self.gap and self.parts else "introduces", name=name)]
        is_news = self.met.get(name) != dose
        names += [dose] if is_news else []
        self.met[name] = dose
        label = _Label(name)

        def rehearse(forms: Sequence[Wish]) -> Score:
            return SetScorer(self.booth.rehearsal(), book, block.location, block.count_in).breathing(
                block, forms
            )

        forms: tuple[Wish, ...] = ()
        if not is_news and not block.count_in:  # a new pattern must be heard first, as a setup must
            forms = self._forms_on_beat(names, block.location, rehearse)
        score = SetScorer(self.booth, book, block.location, block.count_in).breathing(block, forms)
        if forms:
            self._go_straight_on(score)
        else:
            wish = Wish("announce", " ".join(names), block.location)
            self._introduce([_Sentence(wish)], 0, score, label)
        self._perform(score, label)
        self._part(name)

    # Before the first beat

    def _introduce(self, sentences: Sequence[_Sentence], quiet: int, score: Score, label: _Label) -> None:
        """Say what must be said before a set, and fix its first beat in `now`."""
        sentences = [*self.before, *sentences]
        self.before = []
        gap, self.gap = self.gap, None
        anchor, self.anchor = self.anchor, None
        if anchor and not gap:
            gap = _Gap(anchor.at - self.now, "round", anchor.location)
        lead = quiet - score.first  # from the last sentence to the first beat
        if gap:
            self._fill(gap, sentences, lead, label, anchor)
        else:
            start = max(self.free, nearest(self.now))
            beat = self._line_up(sentences, start)[1] + lead
            self._sentences(sentences, start, label)
            self.now = Fraction(beat)

    def _fill(
        self, gap: _Gap, sentences: Sequence[_Sentence], lead: int, label: _Label, anchor: _Anchor | None
    ) -> None:
        """Fill a gap; where what must be said does not fit, it gets longer, or a round is too short."""
        start = max(self.free, nearest(self.now))
        self.now += gap.length
        must = [*(_Sentence(wish) for wish in gap.says), *sentences]
        for opening in self._openings(gap):
            needed = self._line_up([*opening, *must], start)[1] + lead
            if needed <= nearest(self.now):
                must = [*opening, *must]
                break
        else:
            if anchor:
                self._check_round(anchor, needed)
            else:
                had = float(gap.length / RATE)
                takes = to_seconds(needed - nearest(self.now - gap.length))
                what = "change of sides" if gap.kind == "switch" else "rest"
                message = (
                    f"the {what} lasts {takes:.2f} s, not {had:g} s: what must be said in it needs as long"
                )
                self.booth.warn(gap.location, message)
                self.now = Fraction(needed)
        self._sentences(must, start, label)
        self._last_seconds(gap, nearest(self.now) - lead, label)

    def _check_round(self, anchor: _Anchor, needed: int) -> None:
        """Note a round of `every` that cannot begin in time."""
        late = needed - nearest(anchor.at)
        if late > 0:
            message = (
                f"a round of 'every' begins {to_seconds(late):.2f} s too late: what comes before needs longer"
            )
            self.problems.append(Problem(anchor.location, message))

    def _go_straight_on(self, score: Score) -> None:
        """Let a set follow without a pause, its name on the first beat, and fix that beat in `now`."""
        self.before = []
        anchor, self.anchor = self.anchor, None
        if anchor:
            self._spend_gap()
            self.now = anchor.at
        self.gap = None
        start = nearest(self.now) + score.first
        self._give_way(start - BREATH)
        late = self.cues[-1].end + BREATH - start if self.cues else 0
        if late <= 0:
            return
        last = self.cues[-1]
        if anchor:
            self._check_round(anchor, nearest(self.now) + late)
        elif last.beat is not None:  # the name of a work that is shorter than its own name
            message = (
                f"'{last.text}' is longer than its work: what follows begins {to_seconds(late):.2f} s later"
            )
            self.booth.warn(last.location, message)
        self.now += late

    def _give_way(self, limit: int) -> None:
        """Make room for a name on the beat where the work before it ends: its last words yield."""
        otherwise = "it is left out for the next exercise's name"
        while self.cues and self.cues[-1].end > limit and self.cues[-1].kind in _YIELDING:
            cue = self.cues.pop()
            wish = Wish(cue.kind, cue.text, cue.location)
            if cue.beat is None:
                self.booth.short(wish, limit - cue.start, otherwise)
                continue
            floor = self.cues[-1].end if self.cues else -LONGEST
            clip = self.booth.on_beat(wish, cue.beat, floor, limit, otherwise)
            if clip:
                self.cues.append(replace(cue, start=cue.beat - clip.attack, clip=clip))

    def _openings(self, gap: _Gap) -> list[list[_Sentence]]:
        """Return what may be said of a gap, the fullest first."""
        if gap.kind != "rest":
            return [[]]
        length = self.book.duration(gap.length / RATE)
        texts = (self.book.sentence("rest_for", duration=length), self.book.sentence("rest"))
        return [*([_Sentence(Wish("rest", text, gap.location))] for text in texts), []]

    def _last_seconds(self, gap: _Gap, latest: int, label: _Label) -> None:
        """Say that the last seconds of a gap begin, if it is over before `latest`."""
        if gap.kind == "round" or gap.length < 2 * _LAST_SECONDS * RATE:
            return
        text = self.book.sentence("time_left", duration=self.book.duration(_LAST_SECONDS))
        wish = Wish("rest", text, gap.location)
        clip = self.booth.clip(text, gap.location)
        beat = nearest(self.now) - _LAST_SECONDS * RATE
        start = beat - clip.attack
        if self.free <= start and start + clip.length + BREATH <= latest:
            self._put(start, clip, wish, label, beat=beat)

    def _spend_gap(self) -> None:
        """Let a rest pass that is followed by no work: it is plainly that long."""
        gap, self.gap = self.gap, None
        if not gap:
            return
        start = max(self.free, nearest(self.now))
        self.now += gap.length
        for opening in self._openings(gap):
            if self._line_up(opening, start)[1] <= nearest(self.now):
                self._sentences(opening, start, _Label())
                break
        self._last_seconds(gap, nearest(self.now), _Label())

    def _speak_waiting(self) -> None:
        """Say what waits to be said; the timeline waits for it."""
        if self.before:
            self._sentences(self.before, max(self.free, nearest(self.now)), _Label())
            self.before = []
            self.now = max(self.now, Fraction(self.cues[-1].end))

    # Placing

    def _line_up(self, sentences: Sequence[_Sentence], start: int) -> tuple[list[int], int]:
        """Return where sentences begin, the first at `start`, and where the pause after the last one ends."""
        at, pause, starts = start, 0, []
        for number, (wish, lead, after) in enumerate(sentences):
            at += max(lead, pause) if number else 0
            starts.append(at)
            at, pause = at + self.booth.clip(wish.text, wish.location).length, after
        return starts, at + pause

    def _sentences(self, sentences: Sequence[_Sentence], start: int, label: _Label) -> None:
        for sentence, at in zip(sentences, self._line_up(sentences, start)[0], strict=True):
            wish = sentence.wish
            self._put(at, self.booth.clip(wish.text, wish.location), wish, label)

    def _perform(self, score: Score, label: _Label) -> None:
        beat = nearest(self.now)
        self.first_beat = self.now if self.first_beat is None else self.first_beat
        for spoken in score.spoken:
            at = None if spoken.beat is None else beat + spoken.beat
            self._put(beat + spoken.start, spoken.clip, spoken.wish, label, at, spoken.rep, spoken.phase)
        self.now += score.seconds * RATE

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
        if self.parts and self.parts[-1].end > start:  # no chapter ends within a cue of the next one
            self.parts[-1] = self.parts[-1]._replace(end=start)
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
                self.booth.warn(text.location, f"'{text.words}' is never said: no turn with room for it came")
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
            replace(cue, start=cue.start + shift, beat=None if cue.beat is None else cue.beat + shift)
            for cue in self.cues
        ]
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
    """Return a time as a person says it: to five seconds below a minute, to half minutes below three."""
    step = 5 if seconds < 57.5 else 30 if seconds < 165 else 60
    return max(5, int(seconds / step + 0.5) * step)


def _has_work(steps: Sequence[Step]) -> bool:
    """Return whether anything in the steps has a beat."""
    return any(
        _has_work(step.steps)
        if isinstance(step, (Repeat, Every))
        else isinstance(step, (Exercise, Breathing))
        for step in steps
    )


def _chapter_title(name: str, side: str | None) -> str:
    return name if side is None else f"{name}, {side}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
