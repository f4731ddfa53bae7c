"""How one language reads numbers, units and signs: the table `reading` of its phrasebook, typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from coach.phrases import phrasebook

if TYPE_CHECKING:
    from collections.abc import Mapping


class Gender(NamedTuple):
    """How what stands before a noun bends to it.

    Attributes:
        a: the article: "a hour" would be wrong in English, "ein Stunde" in German.
        half: the word for half: "media hora", "medio minuto".
        of: what joins a fraction to it: "a quarter of an hour", "un quart d'heure".
        endings: patterns in a number's words -> what stands there before such a noun: "una hora".
    """

    a: str = ""
    half: str = ""
    of: str = ""
    endings: Mapping[str, str] = {}


class Unit(NamedTuple):
    """A unit's gender and words: for one, for any other number, joined to a noun ("a ten second hold")."""

    gender: str
    one: str
    many: str
    joined: str


class Fraction(NamedTuple):
    """A fraction's words: alone, behind a whole number, and of a unit.

    They may hold {n} for the whole number, {many} for the unit, {noun} for the unit of that whole number, and
    {one}, {a}, {half} and {of} for the unit's singular and what its gender asks for.
    """

    alone: str
    mixed: str
    part: str


@dataclass(frozen=True, slots=True)
class ReadingTable:
    """What differs from language to language; `coach/phrases/en.yaml` explains each row.

    Written forms are in lower case, which reads either case; one with a capital is read only as it stands.
    """

    letters: str = ""
    genders: Mapping[str, Gender] = field(default_factory=dict)
    nouns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nouns_are_capital: bool = False
    singulars: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    joins_nouns: bool = False
    clock: tuple[Unit, Unit, Unit] = (Unit("", "", "", ""),) * 3
    lengths: tuple[Unit, ...] = ()
    time_of_day: Mapping[str, Any] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    fractions: Mapping[str, Fraction] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sides: Mapping[str, str] = field(default_factory=dict)
    signs: Mapping[str, str] = field(default_factory=dict)
    before_number: Mapping[str, str] = field(default_factory=dict)
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    ordinals: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    dotted_ordinals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decades: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    decimal: str = "."
    thousands: str = ","

    @property
    def months(self) -> tuple[str, ...]:
        """The twelve months, or none."""
        return listed(self.dates.get("months", ""))

    @property
    def default_gender(self) -> str:
        """The gender of what has no other."""
        return next(iter(self.genders), "")

    def gender_of(self, noun: str) -> str | None:
        """Return the gender of a noun by its longest known ending; None where the table knows none."""
        noun = noun.lower()
        found = [
            (len(ending), gender)
            for gender, endings in self.nouns.items()
            for ending in endings
            if noun.endswith(ending)
        ]
        return max(found)[1] if found else None

    def gender_of_next(self, word: str) -> str | None:
        """Return the gender of the word behind a number; None where it is no noun."""
        others = self.context.get("not_nouns", ())
        is_noun = word[0].isupper() if self.nouns_are_capital else word.lower() not in others
        return (self.gender_of(word) or self.default_gender) if is_noun else None


def listed(words: str) -> tuple[str, ...]:
    """Return the words of a row, which commas separate."""
    return tuple(word.strip() for word in words.split(",") if word.strip())


@lru_cache(maxsize=8)
def reading_table(language: str) -> ReadingTable:
    """Return how a language reads; a table of nothing where it has no phrasebook."""
    try:
        rows = phrasebook(language).reading
    except KeyError:
        return ReadingTable()
    units: dict[str, Unit] = {}
    for written, (gender, one, many, *joined) in rows["units"].items():
        shorter = one if rows["joined"] == "one" else many
        unit = Unit(gender, one, many, joined[0] if joined else shorter)
        for each in (*written.split(), one.lower(), many.lower()):
            units.setdefault(each, unit)
    hour, minute, second, *lengths = (units[written] for written in rows["clock"])
    return ReadingTable(
        genders={name: Gender(*words) for name, words in rows["genders"].items()},
        nouns={gender: tuple(endings) for gender, endings in rows["nouns"].items()},
        nouns_are_capital=rows["nouns_are"] == "capital",
        units=units,
        joins_nouns=rows["joined"] == "one",
        clock=(hour, minute, second),
        lengths=tuple(lengths),
        fractions={written: Fraction(*words) for written, words in rows["fractions"].items()},
        context={name: listed(words) for name, words in rows["context"].items()},
        ordinals={
            suffix: (drop, add)
            for suffixes, (drop, add) in rows["ordinals"].items()
            for suffix in suffixes.split()
        },
        **{name: rows[name] for name in _PLAIN},
    )


_PLAIN = (
    "letters", "decimal", "thousands", "singulars", "time_of_day", "dates", "words", "sides", "signs",
    "before_number", "abbreviations", "dotted_ordinals", "decades",
)  # fmt: skip
