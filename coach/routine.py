"""The model of a script: a routine and its steps, validated and immutable.

All times are exact fractions of a second. Every text and step knows the place in the script that it came
from, so that what is compiled from it can name the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from coach.errors import Location

PLACEHOLDERS = ("exercise", "side", "set", "sets", "rep", "reps")
"""What a text within an exercise may name in braces, besides the script's own vars."""

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PLAIN_BRACES = ("{{", "}}")


@dataclass(frozen=True, slots=True)
class Text:
    """Words to be spoken, with placeholders still in braces, and where they stand in the script.

    Attributes:
        words: what is said.
        location: where it stands.
        file: a person's own recording of the words; None where the voice speaks them.
    """

    words: str
    location: Location
    file: Path | None = None

    def placeholders(self) -> tuple[str, ...]:
        """Return what stands in braces, in its order; a brace without a partner stands for itself."""
        matches = [match for match in _BRACES.finditer(self.words) if match.group() not in _PLAIN_BRACES]
        return tuple(match.group() if match.group(1) is None else match.group(1).strip() for match in matches)

    def bind(self, values: Mapping[str, str]) -> Text:
        """Return the text with these placeholders replaced, by words without braces; all others stay."""

        def bound(match: re.Match[str]) -> str:
            whole, name = match.group(0, 1)
            return whole if name is None else values.get(name.strip(), whole)

        return Text(_BRACES.sub(bound, self.words), self.location, self.file)

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
class Span:
    """A number that a person grows through from session to session; low == high for a plain one."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of a rep.

    Attributes:
        name: as the script has it, such as "up".
        seconds: its length, more than 0.
    """

    name: str
    seconds: Fraction


@dataclass(frozen=True, slots=True)
class Tempo:
    """A dose of repetitions, each going through the phases in the order performed."""

    reps: Span
    phases: tuple[Phase, ...]

    @property
    def seconds(self) -> Fraction:
        """Exact length of one set, at the low end of a range."""
        return self.reps.low * sum((phase.seconds for phase in self.phases), Fraction(0))


@dataclass(frozen=True, slots=True)
class Hold:
    """A dose of held repetitions, with `relax` seconds between two."""

    reps: Span
    hold: Span
    relax: Fraction

    @property
    def seconds(self) -> Fraction:
        """Exact length of one set, at the low end of the ranges."""
        return self.reps.low * self.hold.low + (self.reps.low - 1) * self.relax


@dataclass(frozen=True, slots=True)
class Timed:
    """A dose of time."""

    seconds: Fraction


Dose: TypeAlias = Tempo | Hold | Timed


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
        alternate: side by side within each set, instead of all sets of one side first.
        doses: pairs of a side (None without sides) and the dose that a person has come to on it; what is
            not there has `dose`, at the low end of its ranges.
        progress: how the dose grows.
        setup: spoken before the first set, once a routine.
        short: what is said in its place to somebody who knows it; empty for its first sentence.
        guidance: how much is said: "full", "short" or "quiet".
        ready: seconds of quiet after the setup.
        count_in: one-second beats before each set.
        reminders: form cues.
        reminders_every: a reminder about every so many reps.
        breathe: with a tempo, pairs of phase name and "in", "out" or "hold".
        breathing: with a hold or a time, the phases of a breath; empty for none.
        count: "tempo", "reps", "both" or "off".
        levels: the levels that there is a variant of it for.
        equipment: what a person needs.
        position: how the body lies or stands; None where nothing is said.
        notes: for reading, never spoken.
    """

    name: str
    dose: Dose
    location: Location
    sides: tuple[str, ...] = ()
    switch: Fraction = Fraction(15)
    sets: int = 1
    rest: Fraction = Fraction(60)
    alternate: bool = False
    doses: tuple[tuple[str | None, Dose], ...] = ()
    progress: Progress = Progress()
    setup: tuple[Text, ...] = ()
    short: tuple[Text, ...] = ()
    guidance: str = "full"
    ready: Fraction = Fraction(5)
    count_in: int = 3
    reminders: tuple[Text, ...] = ()
    reminders_every: int = 3
    breathe: tuple[tuple[str, str], ...] = ()
    breathing: tuple[Phase, ...] = ()
    count: str = "tempo"
    levels: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()
    position: str | None = None
    notes: str | None = None

    @property
    def seconds(self) -> Fraction:
        """The least it can last: its sets, rests and changes of side, without a spoken word."""
        sides = len(self.sides) or 1
        work = sum((self.on(side).dose.seconds for side in self.sides or (None,)), Fraction(0))
        if self.alternate:
            between = self.sets * (sides - 1) * self.switch + (self.sets - 1) * self.rest
        else:
            between = (sides - 1) * self.switch + sides * (self.sets - 1) * self.rest
        return self.sets * work + between

    def on(self, side: str | None) -> Exercise:
        """Return the exercise with the dose of one side."""
        dose = dict(self.doses).get(side)
        return self if dose is None else replace(self, dose=dose)


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence that the timeline waits for, then `pause` seconds."""

    text: Text
    pause: Fraction
    location: Location

    @property
    def seconds(self) -> Fraction:
        """The least it can last."""
        return self.pause


@dataclass(frozen=True, slots=True)
class Rest:
    """A rest of exactly `seconds`, up to the first beat of what follows."""

    seconds: Fraction
    location: Location


@dataclass(frozen=True, slots=True)
class Breathing:
    """Paced breathing in whole rounds.

    Attributes:
        phases: of one round; their names are in, hold, out and rest.
        rounds: how many.
        count: "off" (the words alone) or "tempo" (their seconds too).
        count_in: one-second beats before it.
        location: the line that asked for it.
    """

    phases: tuple[Phase, ...]
    rounds: int
    count: str
    count_in: int
    location: Location

    @property
    def seconds(self) -> Fraction:
        """Its exact length from the first beat."""
        return self.rounds * sum((phase.seconds for phase in self.phases), Fraction(0))


@dataclass(frozen=True, slots=True)
class Repeat:
    """A circuit: the steps, `times` over, with `rest` seconds between two rounds."""

    times: int
    steps: tuple[Step, ...]
    rest: Fraction
    location: Location

    @property
    def seconds(self) -> Fraction:
        """The least it can last."""
        return self.times * least(self.steps) + (self.times - 1) * self.rest


@dataclass(frozen=True, slots=True)
class Every:
    """Rounds whose first beats lie exactly `interval` seconds apart."""

    interval: Fraction
    rounds: int
    steps: tuple[Step, ...]
    location: Location

    @property
    def seconds(self) -> Fraction:
        """Its exact length from its first beat."""
        return self.rounds * self.interval


Step: TypeAlias = Say | Rest | Exercise | Breathing | Repeat | Every


def least(steps: tuple[Step, ...]) -> Fraction:
    """Return the least that the steps can last, without expanding a repeat."""
    return sum((step.seconds for step in steps), Fraction(0))


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
        because: in place of numbers, why there is no more: "hurt", "hard" (too hard) or "away" (a break).
    """

    exercise: str
    side: str | None = None
    reps: int = 0
    seconds: int = 0
    because: str | None = None


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
        level: None, "easier" or "harder".
        levels: the levels that its exercises offer.
        guidance: how much is said: "full", "short", "quiet" or "auto"; None where the script says nothing.
        news: how today's doses differ from the last ones.
        outgrown: the exercises whose harder variant is worth a try.
    """

    title: str
    steps: tuple[Step, ...]
    location: Location
    about: str | None = None
    language: str = "en"
    voice: VoiceChoice = field(default_factory=VoiceChoice)
    lead_in: Fraction = Fraction(2)
    pronounce: Mapping[str, str] = field(default_factory=dict)
    level: str | None = None
    levels: tuple[str, ...] = ()
    guidance: str | None = None
    news: tuple[News, ...] = ()
    outgrown: tuple[str, ...] = ()

    def exercises(self) -> tuple[Exercise, ...]:
        """Return its exercises in their order, each step once."""

        def walk(steps: tuple[Step, ...]) -> list[Exercise]:
            found: list[Exercise] = []
            for step in steps:
                if isinstance(step, Exercise):
                    found.append(step)
                elif isinstance(step, (Repeat, Every)):
                    found += walk(step.steps)
            return found

        return tuple(walk(self.steps))
