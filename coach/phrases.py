"""Phrasebooks: what Coach says by itself in each language, and how it says numbers and durations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach.routine import Told
from coach.text_enum import TextEnum, assert_never

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDER = Path(__file__).with_name("phrases")


class Milestone(TextEnum):
    """What is said of a rep that stands out in its set."""

    LAST_ONE = "last_one"
    THREE_MORE = "three_more"
    HALFWAY = "halfway"


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The sentences of one language, read from its data file.

    Attributes:
        language: its code, such as "en".
        tables: the file's tables by name, each a mapping of words to what is said.
        plurals: by noun, what is said for one and for many.
        numerals: by gender, how the end of a number changes before a noun.
        reading: how numbers, units and signs of a text are read; `coach.speech.reading_table` types them.
    """

    language: str
    tables: Mapping[str, Mapping[str, str]]
    plurals: Mapping[str, Mapping[str, str]]
    numerals: Mapping[str, Mapping[str, str]]
    reading: Mapping[str, Any]

    def phase(self, name: str) -> str:
        """Return the word for a phase; one that the book does not know is spoken as it is written."""
        return self.tables["phases"].get(name.lower(), _capital(name))

    def side(self, name: str) -> str:
        """Return a side as it stands within a sentence."""
        return self.tables["sides"].get(name.lower(), name)

    def side_name(self, name: str) -> str:
        """Return a side as it stands in the name of a chapter."""
        return self.tables["side_names"].get(name.lower(), name)

    def side_word(self, name: str) -> str:
        """Return a side as a cue of its own: Right, Left leg."""
        return _capital(self.tables["side_names"].get(name.lower()) or self.side(name))

    def breath(self, name: str) -> str:
        """Return the word for a breath that goes with work: in, out or hold."""
        return self.tables["breath_with_phase"][name]

    def breath_phase(self, name: str) -> tuple[str, ...]:
        """Return the words for a phase of paced breathing, the best first.

        "in" is "Breathe in", "in left" is "Breathe in left", or shorter as an exercise's phase is said.
        """
        breath, _, side = name.lower().partition(" ")
        word, short = self.tables["breath_paced"].get(breath), self.phase(name)
        if word is None or side not in ("", "left", "right"):
            return (short,)
        if side:
            word = self.sentence(f"{breath}_side", side=self.side_name(side))
        return (word,) if word == short else (word, short)

    def knows_phase(self, name: str) -> bool:
        """Tell whether the book has a word of its own for a phase."""
        return name.lower() in self.tables["phases"]

    def milestone(self, milestone: Milestone) -> str:
        """Return the word for a milestone."""
        return self.tables["milestones"][milestone]

    def word(self, name: str) -> str:
        """Return a single word: start, stop or breathing."""
        return self.tables["words"][name]

    def sentence(self, which: str, /, **values: str) -> str:
        """Return a whole sentence with its values filled in, its first letter a capital."""
        return _capital(self.tables["sentences"][which].format(**values))

    def number(self, number: float) -> str:
        """Return a number as a word: twelve, two point five."""
        return _number_word(number, self.language)

    def count(self, number: int) -> str:
        """Return a number as a cue of its own: Twelve."""
        return _capital(self.number(number))

    def plural(self, noun: str, number: float, **values: str) -> str:
        """Return a number with its noun: "ten reps", "one second"."""
        forms = self.plurals[noun]
        if number == 1:
            return forms["one"].format(n=self.number(number), **values)
        return forms["many"].format(n=self._agreed(noun, number), **values)

    def plurals_of(self, noun: str, numbers: Sequence[int]) -> str:
        """Return several numbers with the noun behind the last: "twelve, ten and eight reps"."""
        *most, last = numbers
        gender = self.plurals[noun].get("gender", "masculine")
        is_cut_short = gender == "masculine" and gender in self.numerals  # only right before its noun
        says = self.number if is_cut_short else partial(self._agreed, noun)
        return self.together([*map(says, most), self.plural(noun, last)])

    def _agreed(self, noun: str, number: float) -> str:
        """Return a number as it stands before a noun that is said or meant."""
        forms = self.plurals[noun]
        if number == 1:
            return forms["one"].split()[0]
        said = self.number(number)
        endings = self.numerals.get(forms.get("gender", "masculine"), {})
        for ending, agreed in endings.items():
            if said.endswith(ending):
                return said.removesuffix(ending) + agreed
        return said

    def duration(self, seconds: Fraction | float) -> str:
        """Return a duration: "one minute thirty seconds".

        It is to the whole second; below a minute to the half, and below ten seconds to the tenth.
        """
        tenths = int(seconds * 10 + Fraction(1, 2))
        whole, part = divmod(tenths, 10)
        if part == 5 and whole < 60:
            return self.plural("seconds_and_half", whole) if whole else self.word("half_second")
        if part and whole < 10:
            return self.plural("second", tenths / 10)
        parts = [(noun, number) for noun, number in _clock(seconds) if number]
        return " ".join(self.plural(noun, number) for noun, number in parts) or self.plural("second", 0)

    def durations(self, several: Sequence[Fraction]) -> str:
        """Return several durations, each as `duration` has it: "twenty, thirty and forty seconds"."""
        for noun, seconds, most in (("second", 1, 60), ("minute", 60, 3600)):
            numbers = [each / seconds for each in several]
            if all(number.denominator == 1 and 0 < number * seconds < most for number in numbers):
                return self.plurals_of(noun, [int(number) for number in numbers])
        return self.together([self.duration(each) for each in several])

    def time_left(self, seconds: Fraction | float) -> str:
        """Return how much time is left, as a cue: "Thirty seconds left"."""
        leading = next((number for _, number in _clock(seconds) if number), 0)
        return _capital(self.plural("time_left", leading, duration=self.duration(seconds)))

    def call(self, seconds: Fraction, told: Told) -> str:
        """Return a call of the time: "Thirty seconds left", "One minute gone"."""
        match told:
            case Told.LEFT:
                return self.time_left(seconds)
            case Told.GONE:
                leading = next((number for _, number in _clock(seconds) if number), 0)
                return _capital(self.plural("time_gone", leading, duration=self.duration(seconds)))
            case _:
                assert_never(told)

    def load(self, words: str) -> str:
        """Return a load as people say it: kilos for kilograms."""
        units = self.tables.get("loads", {})
        return re.sub(r"\w+", lambda word: units.get(word[0], word[0]), words)

    def together(self, things: Sequence[str]) -> str:
        """Return a list as it is spoken: "a mat, a band and a chair"."""
        *most, last = things
        return f"{', '.join(most)} {self.word('and')} {last}" if most else last


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have a phrasebook, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@lru_cache(maxsize=8)
def phrasebook(language: str) -> Phrasebook:
    """Return a language's phrasebook.

    Raises:
        KeyError: there is none; `languages` names them.
    """
    import yaml  # noqa: PLC0415 - a start-up that compiles nothing needs none

    path = _FOLDER / f"{language}.yaml"
    if not path.is_file():
        raise KeyError(language)
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every scalar stays text: `off` is a word
    tables = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - builds texts only
    return Phrasebook(language, tables, tables["numbers"], tables.get("numerals", {}), tables["reading"])


def _clock(seconds: Fraction | float) -> tuple[tuple[str, int], ...]:
    """Return the hours, minutes and seconds of a duration, to the whole second."""
    hours, rest = divmod(int(seconds + Fraction(1, 2)), 3600)
    minutes, left = divmod(rest, 60)
    return ("hour", hours), ("minute", minutes), ("second", left)


@lru_cache(maxsize=16384)
def _number_word(number: float, language: str) -> str:
    from num2words import num2words  # noqa: PLC0415 - costs start-up time

    return str(num2words(number, lang=language))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
