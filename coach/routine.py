"""The model of a script: a routine and its steps, validated and immutable.

All times are exact fractions of a second. Every text and step knows the place in the script that it came
from, so that what is compiled from it can name the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from coach.text_enum import TextEnum, assert_never

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from coach.errors import Location, Problem
    from coach.units import Seconds

ROUND_PLACEHOLDERS = ("round", "rounds")
"""What a text within `repeat` or `every` may name in braces: its round, and how many it has."""

PLACEHOLDERS = ("exercise", "side", "set", "sets", "rep", "reps", *ROUND_PLACEHOLDERS)
"""What a text within an exercise may name in braces, besides the script's own vars."""

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PLAIN_BRACES = ("{{", "}}")


class Level(TextEnum):
    """A variant of a routine, beside the plain one."""

    EASIER = "easier"
    HARDER = "harder"


class Guidance(TextEnum):
    """How much is said of an exercise."""

    FULL = "full"
    SHORT = "short"
    """Setups in short, and half as many reminders."""
    QUIET = "quiet"
    """Counts and sides only."""
    AUTO = "auto"
    """As well as the person knows the exercise; `progress.today` decides which of the others that is."""


class Count(TextEnum):
    """What is counted aloud."""

    TEMPO = "tempo"
    """Each phase's word on its first beat, then its seconds."""
    REPS = "reps"
    """The rep's number on its first beat."""
    BOTH = "both"
    """As with TEMPO, with the rep's number in place of the first phase's word."""
    PHASES = "phases"
    """Each phase's word on its first beat, and no seconds."""
    ROUNDS = "rounds"
    """As with PHASES, with the round's number in place of the first phase's word; in paced breathing only."""
    OFF = "off"
    """Milestones at most."""

    @property
    def calls_phases(self) -> bool:
        """Whether each phase has its word."""
        match self:
            case Count.TEMPO | Count.BOTH | Count.PHASES | Count.ROUNDS:
                return True
            case Count.REPS | Count.OFF:
                return False
            case _:
                assert_never(self)

    @property
    def counts_seconds(self) -> bool:
        """Whether the seconds of each phase are counted."""
        match self:
            case Count.TEMPO | Count.BOTH:
                return True
            case Count.REPS | Count.PHASES | Count.ROUNDS | Count.OFF:
                return False
            case _:
                assert_never(self)

    @property
    def tells_time_left(self) -> bool:
        """Whether holds and timed work say how long they still last, and count their last seconds."""
        match self:
            case Count.TEMPO | Count.BOTH | Count.REPS:
                return True
            case Count.PHASES | Count.ROUNDS | Count.OFF:
                return False
            case _:
                assert_never(self)

    def numbers(self, rep: int) -> bool:
        """Tell whether the number of a rep or round is said on its first beat.

        With BOTH and ROUNDS, the first one has its phase's word.
        """
        match self:
            case Count.REPS:
                return True
            case Count.BOTH | Count.ROUNDS:
                return rep > 1
            case Count.TEMPO | Count.PHASES | Count.OFF:
                return False
            case _:
                assert_never(self)


class Breath(TextEnum):
    """A part of a breath."""

    IN = "in"
    HOLD = "hold"
    OUT = "out"
    REST = "rest"
    """With empty lungs; in paced breathing only."""


class Alternate(TextEnum):
    """How often an exercise changes sides."""

    NO = "no"
    """Once: all sets of one side come before the other."""
    SETS = "sets"
    """Within each set, which is done side by side."""
    REPS = "reps"
    """With every rep, without a gap; each side has its full dose."""


class SoundName(TextEnum):
    """A sound that Coach makes by itself."""

    BELL = "bell"
    GONG = "gong"
    TICK = "tick"


class Setback(TextEnum):
    """Why a dose is no higher than the last one, or lower."""

    HURT = "hurt"
    """It hurt more than before."""
    HARD = "hard"
    """It was too hard."""
    AWAY = "away"
    """The person has not done it for weeks."""
    ROUND = "round_full"
    """Its round of `every` has no time for more."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words to be spoken, with placeholders still in braces, and where they stand in the script.

    Attributes:
        words: what is said.
        location: where it stands.
        recording: a person's own recording of the words; None where the voice speaks them.
    """

    words: str
    location: Location
    recording: Path | None = None

    def placeholders(self) -> tuple[str, ...]:
        """Return what stands in braces, in its order; a brace without a partner stands for itself."""
        matches = [match for match in _BRACES.finditer(self.words) if match.group() not in _PLAIN_BRACES]
        return tuple(match.group() if match.group(1) is None else match.group(1).strip() for match in matches)

    def bind(self, values: Mapping[str, str]) -> Text:
        """Return the text with these placeholders replaced, by words without braces; all others stay."""

        def bound(match: re.Match[str]) -> str:
            whole, name = match.group(0, 1)
            return whole if name is None else values.get(name.strip(), whole)

        return Text(_BRACES.sub(bound, self.words), self.location, self.recording)

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the words to be spoken: placeholders replaced, `{{` and `}}` become plain braces.

        Raises:
            KeyError: a placeholder that `values` does not have.
        """

        def filled(match: re.Match[str]) -> str:
            whole = match.group()
            return whole[0] if whole in _PLAIN_BRACES else values[match.group(1).strip()]

        return _BRACES.sub(filled, self.words)


@dataclass(frozen=True, slots=True)
class Range:
    """A number that a person works up through from session to session; `low == high` for a fixed one."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of a rep.

    Attributes:
        name: as the script has it, such as "up".
        seconds: its length, more than 0.
        counts: how many counts are spread over it; None for one each second.
    """

    name: str
    seconds: Seconds
    counts: int | None = None

    @property
    def counted(self) -> tuple[Seconds, ...]:
        """The moments after its first beat that are counted: two, three, and so on."""
        if self.counts is None:
            return tuple(map(Fraction, range(1, int(self.seconds))))
        return tuple(number * self.seconds / self.counts for number in range(1, self.counts))


PACED = "rep"
"""The name of the only phase of a rep that has a pace and no tempo."""

HELD, RELAXED = "hold", "relax"
"""The names that the phases of a held rep have."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """A dose of repetitions, each going through the phases in the order performed."""

    reps: Range
    phases: tuple[Phase, ...]

    @property
    def seconds(self) -> Seconds:
        """Exact length of one set, at the low end of a range."""
        return self.reps.low * sum((phase.seconds for phase in self.phases), Fraction(0))


@dataclass(frozen=True, slots=True)
class Hold:
    """A dose of held repetitions, with `relax` seconds between two."""

    reps: Range
    hold: Range
    relax: Seconds

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of a rep, at the low end of the range."""
        held = Phase(HELD, self.hold.low)
        return (held, Phase(RELAXED, self.relax)) if self.relax else (held,)

    @property
    def seconds(self) -> Seconds:
        """Exact length of one set, at the low end of the ranges."""
        return self.reps.low * self.hold.low + (self.reps.low - 1) * self.relax


@dataclass(frozen=True, slots=True)
class Timed:
    """A dose of time."""

    seconds: Seconds


Dose: TypeAlias = Tempo | Hold | Timed


class Told(TextEnum):
    """Which time a call tells."""

    LEFT = "left"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of the time, at whole multiples of `every` seconds."""

    every: Seconds
    told: Told = Told.LEFT

    def moments(self, seconds: Seconds) -> tuple[tuple[Seconds, Seconds], ...]:
        """Return each moment of something that lasts so long, with the time that is told then, in order."""
        times = [number * self.every for number in range(1, int(-(-seconds // self.every)))]
        match self.told:
            case Told.GONE:
                return tuple((time, time) for time in times)
            case Told.LEFT:
                return tuple((seconds - time, time) for time in reversed(times))
            case _:
                assert_never(self.told)


@dataclass(frozen=True, slots=True)
class SetPlan:
    """What one set of an exercise whose sets differ has of its own; see `Exercise`.

    Attributes:
        rest: seconds after it; None for none.
    """

    dose: Dose
    rest: Seconds | None
    load: str | None = None
    breathe: tuple[tuple[str, Breath], ...] = ()
    breathing: tuple[Phase, ...] = ()
    count: Count = Count.TEMPO
    tick: Seconds | None = None


class Turn(NamedTuple):
    """Work that an exercise does without a pause.

    Attributes:
        side: the side; None where it has none, or changes with every rep.
        number: which set of this side it is, from 1.
        part: which part of a cluster it is, from 0.
    """

    side: str | None
    number: int
    part: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How a dose with a range grows.

    Attributes:
        after: sessions completed at one dose before the next step.
        by: reps, or seconds of a hold, of a step; None for one rep, or two seconds.
    """

    after: int = 1
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise with its dose.

    Attributes:
        name: as it is spoken and shown.
        dose: what one set is.
        location: the line that asked for it.
        sides: the full dose is done on each, in this order; empty for none.
        switch: seconds to change sides.
        sets: how often the dose is done on each side.
        rest: seconds between two sets.
        alternate: when the sides change.
        plans: what each set has of its own, or each part of a cluster; `dose`, `load` and the like are those
            of the first. Empty where all are alike.
        cluster: seconds between the parts of a set; None where a set has none.
        load: what is lifted or used, as it is written; None where nothing is said.
        doses: pairs of a side (None without sides) and the dose that a person has reached on it; a side that
            is not there has `dose`, at the low end of its ranges.
        progress: how the dose grows.
        setup: spoken before the first set, once a routine.
        short: what is said in its place to somebody who knows it; empty for its first sentence.
        guidance: how much is said; AUTO, where nobody has decided yet, is as FULL.
        ready: seconds of quiet after the setup.
        count_in: one-second beats before each set.
        between: seconds of rest before it where it follows other work and the script has no rest there; None
            where none is given.
        reminders: form cues.
        reminders_every: a reminder about every so many reps.
        reminders_seconds: in holds and timed work, about every so many seconds; None for ten.
        breathe: with a tempo, pairs of a phase's name and what is breathed in it.
        breathing: with a hold or a time, the phases of a breath; empty for none.
        count: what is counted aloud.
        calls: when the time is told in holds and timed work; None for where it helps.
        tick: seconds between two ticks of a metronome; None for none.
        levels: the levels that there is a variant of it for.
        equipment: what a person needs.
        position: how the body lies or stands; None where nothing is said.
        notes: for reading, never spoken.
    """

    name: str
    dose: Dose
    location: Location
    sides: tuple[str, ...] = ()
    switch: Seconds = Fraction(15)
    sets: int = 1
    rest: Seconds = Fraction(60)
    alternate: Alternate = Alternate.NO
    plans: tuple[SetPlan, ...] = ()
    cluster: Seconds | None = None
    load: str | None = None
    doses: tuple[tuple[str | None, Dose], ...] = ()
    progress: Progress = Progress()
    setup: tuple[Text, ...] = ()
    short: tuple[Text, ...] = ()
    guidance: Guidance = Guidance.FULL
    ready: Seconds = Fraction(5)
    count_in: int = 3
    between: Seconds | None = None
    reminders: tuple[Text, ...] = ()
    reminders_every: int = 3
    reminders_seconds: Seconds | None = None
    breathe: tuple[tuple[str, Breath], ...] = ()
    breathing: tuple[Phase, ...] = ()
    count: Count = Count.TEMPO
    calls: Calls | None = None
    tick: Seconds | None = None
    levels: tuple[Level, ...] = ()
    equipment: tuple[str, ...] = ()
    position: str | None = None
    notes: str | None = None

    @property
    def seconds(self) -> Seconds:
        """The least it can last: its sets, rests and changes of side, without a spoken word."""
        sides = len(self.work_sides)
        if not self.plans:
            once = sum((self.on(side).whole_dose.seconds for side in self.work_sides), Fraction(0))
            work = self.sets * once
        else:
            once = sum((self._all_sides(plan.dose).seconds for plan in self.plans), Fraction(0))
            times = 1 if self.cluster is None else self.sets
            work = sides * times * (once + (len(self.plans) - 1) * (self.cluster or 0))
        rests = sum((self.rest_after(number) for number in range(1, self.sets)), Fraction(0))
        if self.alternate is Alternate.SETS:
            between = self.sets * (sides - 1) * self.switch + rests
        else:
            between = (sides - 1) * self.switch + sides * rests
        return work + between + (self.last_rest or 0)

    @property
    def work_sides(self) -> tuple[str | None, ...]:
        """The sides that have sets of their own; None for no sides, and where each rep changes sides."""
        return self.sides if self.sides and self.alternate is not Alternate.REPS else (None,)

    @property
    def whole_dose(self) -> Dose:
        """What one set is, with the reps of all sides where they change with every rep."""
        return self._all_sides(self.dose)

    def _all_sides(self, dose: Dose) -> Dose:
        if self.alternate is not Alternate.REPS or isinstance(dose, Timed):
            return dose
        sides = len(self.sides) or 1
        return replace(dose, reps=Range(dose.reps.low * sides, dose.reps.high * sides))

    @property
    def rep_sides(self) -> tuple[str, ...]:
        """The sides of its reps, in turn, where they change with every rep; else none."""
        return self.sides if self.alternate is Alternate.REPS else ()

    @property
    def last_rest(self) -> Seconds | None:
        """Seconds of rest after the last set, where the script has one there; else None."""
        return self.plans[-1].rest if self.plans and self.cluster is None else None

    def rest_after(self, number: int) -> Seconds:
        """Return the seconds between a set, counted from 1, and the next one."""
        plan = self.plans[number - 1] if self.plans and self.cluster is None else None
        return self.rest if plan is None or plan.rest is None else plan.rest

    def turns(self) -> Iterator[Turn]:
        """Yield what is done without a pause, in order."""
        sides = self.work_sides
        numbers = range(1, self.sets + 1)
        parts = range(1 if self.cluster is None else len(self.plans))
        if self.alternate is Alternate.SETS:
            order = ((side, number) for number in numbers for side in sides)
        else:
            order = ((side, number) for side in sides for number in numbers)
        return (Turn(side, number, part) for side, number in order for part in parts)

    def on(self, side: str | None) -> Exercise:
        """Return the exercise with the dose of one side."""
        dose = dict(self.doses).get(side)
        return self if dose is None else replace(self, dose=dose)

    def at(self, turn: Turn) -> Exercise:
        """Return the exercise with what a turn has of its own."""
        if not self.plans:
            return self.on(turn.side)
        plan = self.plans[turn.number - 1 if self.cluster is None else turn.part]
        return replace(
            self,
            dose=plan.dose,
            load=plan.load,
            breathe=plan.breathe,
            breathing=plan.breathing,
            count=plan.count,
            tick=plan.tick,
        )


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence that the timeline waits for, then `pause` seconds."""

    text: Text
    pause: Seconds
    location: Location

    @property
    def seconds(self) -> Seconds:
        """The least it can last."""
        return self.pause


@dataclass(frozen=True, slots=True)
class Rest:
    """A rest of exactly `seconds`, up to the first beat of what follows.

    Attributes:
        seconds: how long it is.
        location: the line that asked for it.
        silent: nothing is said of it; what comes next is introduced as late as can be.
        calls: the time left is said at each multiple of it; None for the last seconds alone.
    """

    seconds: Seconds
    location: Location
    silent: bool = False
    calls: Calls | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound at the moment where it stands.

    Attributes:
        text: its name, one of `SoundName`, or a person's own recording.
        waits: whether the timeline waits for its end; else it takes no time.
        location: the line that asked for it.
    """

    text: Text
    waits: bool
    location: Location

    @property
    def seconds(self) -> Seconds:
        """The least it can last."""
        return Fraction(0)


@dataclass(frozen=True, slots=True)
class Breathing:
    """Paced breathing in whole rounds.

    Attributes:
        phases: of one round.
        rounds: how many.
        count: PHASES (the words alone), TEMPO (their seconds too), ROUNDS (the rounds' numbers) or OFF.
        count_in: one-second beats before it.
        location: the line that asked for it.
        between: as with an exercise.
    """

    phases: tuple[Phase, ...]
    rounds: int
    count: Count
    count_in: int
    location: Location
    between: Seconds | None = None

    @property
    def seconds(self) -> Seconds:
        """Its exact length from the first beat."""
        return self.rounds * sum((phase.seconds for phase in self.phases), Fraction(0))


@dataclass(frozen=True, slots=True)
class Repeat:
    """A circuit: the steps, `rounds` times, with `rest` seconds between two rounds; None for no rest."""

    rounds: int
    steps: tuple[Step, ...]
    rest: Seconds | None
    location: Location

    @property
    def seconds(self) -> Seconds:
        """The least it can last."""
        return self.rounds * sum_seconds(self.steps) + (self.rounds - 1) * (self.rest or 0)


@dataclass(frozen=True, slots=True)
class Ladder:
    """A circuit whose rounds differ.

    Attributes:
        bodies: the steps of each round.
        rest: seconds between two rounds; None for no rest.
        location: the line that asked for it.
    """

    bodies: tuple[tuple[Step, ...], ...]
    rest: Seconds | None
    location: Location

    @property
    def seconds(self) -> Seconds:
        """The least it can last."""
        return sum(map(sum_seconds, self.bodies), Fraction(0)) + (len(self.bodies) - 1) * (self.rest or 0)


@dataclass(frozen=True, slots=True)
class Every:
    """Rounds whose first beats lie exactly `interval` seconds apart."""

    interval: Seconds
    rounds: int
    steps: tuple[Step, ...]
    location: Location

    @property
    def seconds(self) -> Seconds:
        """Its exact length from its first beat."""
        return self.rounds * self.interval


@dataclass(frozen=True, slots=True)
class ClockLadder:
    """Rounds that differ, and whose first beats lie exactly `interval` seconds apart."""

    interval: Seconds
    bodies: tuple[tuple[Step, ...], ...]
    location: Location

    @property
    def seconds(self) -> Seconds:
        """Its exact length from its first beat."""
        return len(self.bodies) * self.interval


Step: TypeAlias = Say | Rest | Sound | Exercise | Breathing | Repeat | Ladder | Every | ClockLadder


Block: TypeAlias = Repeat | Every
"""A step that does the steps in it again and again."""


def find_side(rep_sides: tuple[str, ...], rep: int) -> str | None:
    """Return the side of a rep, from 1, if it is one of those that the reps have in turn; else None."""
    return rep_sides[(rep - 1) % len(rep_sides)] if rep_sides else None


def sum_seconds(steps: tuple[Step, ...]) -> Seconds:
    """Return the least that steps can last, without expanding a repeat."""
    return sum((step.seconds for step in steps), Fraction(0))


def walk_steps(steps: tuple[Step, ...], times: int = 1) -> Iterator[tuple[Step, int]]:
    """Yield each step once, in order, a block before what is in it, with how often it is done in all.

    So a total over a routine is a sum of products, and no repeat has to be expanded for it.

    Args:
        steps: where to begin.
        times: how often these steps are done.
    """
    for step in steps:
        yield step, times
        if isinstance(step, Block):
            yield from walk_steps(step.steps, times * step.rounds)
        elif isinstance(step, (Ladder, ClockLadder)):
            for body in step.bodies:
                yield from walk_steps(body, times)


def map_exercises(steps: tuple[Step, ...], change: Callable[[Exercise], Exercise]) -> tuple[Step, ...]:
    """Return steps with every exercise changed."""
    mapped: list[Step] = []
    for step in steps:
        if isinstance(step, Exercise):
            mapped.append(change(step))
        elif isinstance(step, Block):
            mapped.append(replace(step, steps=map_exercises(step.steps, change)))
        elif isinstance(step, (Ladder, ClockLadder)):
            bodies = tuple(map_exercises(body, change) for body in step.bodies)
            mapped.append(replace(step, bodies=bodies))
        else:
            mapped.append(step)
    return tuple(mapped)


def map_rounds(steps: tuple[Step, ...], change: Callable[[Every], Every]) -> tuple[Step, ...]:
    """Return steps with every block of rounds on the clock changed, and then those within it."""
    mapped: list[Step] = []
    for step in steps:
        if isinstance(step, Every):
            changed = change(step)
            mapped.append(replace(changed, steps=map_rounds(changed.steps, change)))
        elif isinstance(step, Repeat):
            mapped.append(replace(step, steps=map_rounds(step.steps, change)))
        elif isinstance(step, (Ladder, ClockLadder)):
            mapped.append(replace(step, bodies=tuple(map_rounds(body, change) for body in step.bodies)))
        else:
            mapped.append(step)
    return tuple(mapped)


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """The voice that a script asks for.

    Attributes:
        engine: "auto", or an engine's name.
        name: a voice's name; None for the engine's best.
        rate: multiplier of the voice's own speed.
        volume: dB over the level that speech has otherwise.
    """

    engine: str = "auto"
    name: str | None = None
    rate: float = 1.0
    volume: float = 0.0


@dataclass(frozen=True, slots=True)
class News:
    """A dose that differs from the last one.

    Attributes:
        exercise: its name.
        side: where only this one differs so; None for the whole exercise.
        reps: how many more; negative for fewer.
        seconds: how much longer a rep is held; negative for shorter.
        because: in place of numbers, why there is no more.
    """

    exercise: str
    side: str | None = None
    reps: int = 0
    seconds: int = 0
    because: Setback | None = None


@dataclass(frozen=True, slots=True)
class Routine:
    """A validated script.

    Attributes:
        title: spoken first.
        steps: not empty.
        location: where the title stands.
        about: for reading; None where nothing is said.
        language: such as "en".
        voice: who should speak.
        lead_in: seconds of quiet before the first word.
        pronounce: how the voice should read certain words.
        level: the variant that it is; None for the plain one.
        levels: the levels that its exercises offer.
        guidance: how much is said; None where the script doesn't say.
        news: how today's doses differ from the last ones.
        outgrown: the exercises whose harder variant is worth a try.
        opening: what is said first in place of the title, how long it takes and what it needs; empty for
            nothing, None for those.
        closing: what is said last; likewise.
        notes: what was read otherwise than it may have been meant.
    """

    title: str
    steps: tuple[Step, ...]
    location: Location
    about: str | None = None
    language: str = "en"
    voice: VoiceChoice = field(default_factory=VoiceChoice)
    lead_in: Seconds = Fraction(2)
    pronounce: Mapping[str, str] = field(default_factory=dict)
    level: Level | None = None
    levels: tuple[Level, ...] = ()
    guidance: Guidance | None = None
    news: tuple[News, ...] = ()
    outgrown: tuple[str, ...] = ()
    opening: tuple[Text, ...] | None = None
    closing: tuple[Text, ...] | None = None
    notes: tuple[Problem, ...] = ()

    def walk(self) -> Iterator[tuple[Step, int]]:
        """Yield each step once, in order, a block before what is in it, with how often it is done in all."""
        return walk_steps(self.steps)

    def map_exercises(self, change: Callable[[Exercise], Exercise]) -> Routine:
        """Return the routine with every exercise changed."""
        return replace(self, steps=map_exercises(self.steps, change))

    def work(self) -> Iterator[Exercise | Breathing]:
        """Yield the steps that have beats, in their order, each once."""
        return (step for step, _ in self.walk() if isinstance(step, (Exercise, Breathing)))

    def exercises(self) -> tuple[Exercise, ...]:
        """Return its exercises in their order, each step once."""
        return tuple(step for step in self.work() if isinstance(step, Exercise))
