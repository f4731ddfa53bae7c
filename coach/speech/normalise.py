"""Text as a voice should read it: numbers, units and signs in words, nothing in it that can't be spoken.

What differs from language to language is data: the table `reading` of its phrasebook. A language without one
still gets its numbers in words, as far as num2words knows it, and loses what no voice can read.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from coach.phrases import phrasebook

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unit(NamedTuple):
    """A unit's words: for exactly one ("one minute"), behind any other number, behind part of one."""

    one: str = ""
    many: str = ""
    part: str = ""


class Part(NamedTuple):
    """A fraction's words: alone ("half"), behind a whole number ("one and a half"), before a unit's part."""

    alone: str
    behind: str
    before: str


class Forms(NamedTuple):
    """How one language reads what is not written in words; all keys are in lower case.

    Attributes:
        clock: hour, minute and second, for 1:30:00 and 1h30m.
        time_of_day: what shows, behind 7:30, that it is no duration.
        units: what stands behind a number -> its words.
        fractions: such as "1/2" -> its words.
        mixed: between a whole number and a fraction, as in "one and a half".
        over: the "/" of "3/10", where the fraction has no name.
        signs: signs that are read wherever they stand.
        before_number: signs that are read only before a number.
        times: the "x" of "3x12".
        to: the dash of "10-15".
        abbreviations: what is never read as it is written.
        ordinals: what makes a number an ordinal.
        decimal: the decimal point.
        thousands: the sign between groups of three digits.
    """

    clock: tuple[Unit, Unit, Unit] = (Unit(), Unit(), Unit())
    time_of_day: tuple[str, ...] = ()
    units: Mapping[str, Unit] = {}
    fractions: Mapping[str, Part] = {}
    mixed: str = ""
    over: str = ""
    signs: Mapping[str, str] = {}
    before_number: Mapping[str, str] = {}
    times: str = ""
    to: str = ""
    abbreviations: Mapping[str, str] = {}
    ordinals: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ","


@lru_cache(maxsize=8)
def _forms(language: str) -> Forms:
    """Return how a language reads, from the table `reading` of its phrasebook; nothing where it has none."""
    try:
        table = phrasebook(language).reading
    except KeyError:
        return Forms()
    hour, minute, second = (Unit(*table["clock"][name]) for name in ("hour", "minute", "second"))
    units = {name: Unit(*words) for names, words in table["units"].items() for name in names.split()}
    return Forms(
        clock=(hour, minute, second),
        time_of_day=tuple(table["time_of_day"]),
        units=units,
        fractions={written: Part(*words) for written, words in table["fractions"].items()},
        ordinals=tuple(table["ordinals"]),
        **{name: table[name] for name in _PLAIN},
    )


_PLAIN = ("mixed", "over", "signs", "before_number", "times", "to", "abbreviations", "decimal", "thousands")
_FIRST_PLACE = 0xF0000  # private use: stands for a pronounced word while the text around it is normalised
_LONGEST_NUMBER = 15  # digits; a longer one is read digit by digit
_LIKE = {
    **dict.fromkeys("\u2018\u2019\u02bc", "'"),
    **dict.fromkeys("\u2010\u2011\u2212", "-"),
    "\u2044": "/",
}
_PICTURES = ("So", "Sk", "Me")  # emoji, their skin tones and key caps
_READ_PICTURES = "°"
_SPOKEN_MARKS = " .,:?!'-"

_DASH = re.compile(r"\s+[-\u2013\u2014]+\s+|\s*[\u2013\u2014]+\s*|--+")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.)[….]*\s*(?=(\w?))")
_ASIDE = re.compile(r"\s*[()\[\]{}|;]+\s*")
_MARKS = re.compile(r"\s*[.,:?!](?:\s*[.,:?!])*")
_LOOSE = re.compile(r"(?<![^\W\d_])['-]+|['-]+(?![^\W\d_])")


def normalise(text: str, language: str, pronounce: Mapping[str, str]) -> str:
    """Return text as a voice of a language should read it.

    Args:
        text: as a person wrote it; any text will do.
        language: such as "en".
        pronounce: written word -> the spelling to speak, taken as it is. Whole words are meant, in either
            case; the longest that fits is taken.

    Returns:
        Words with `. , : ? !`, apostrophes and hyphens; empty where nothing can be spoken.
    """
    text = " ".join(unicodedata.normalize("NFC", "".join(map(_readable, text))).split())
    spoken: list[str] = []
    if pronounce:
        spellings = {
            unicodedata.normalize("NFC", word).lower(): spelling for word, spelling in pronounce.items()
        }

        def take_out(match: re.Match[str]) -> str:
            spelling = spellings.get(match[0].lower())
            if spelling is None:  # a few letters match "k" or "s" whose lower case is another
                return match[0]
            spoken.append(
                "".join(" " if c.isspace() else c for c in spelling if c.isspace() or c.isprintable())
            )
            return chr(_FIRST_PLACE + len(spoken) - 1)

        text = re.sub(_whole_word(tuple(spellings)), take_out, text, flags=re.IGNORECASE)
    text = _tidy(_reader(re.split("[-_]", language)[0].lower()).read(text))
    for place, spelling in enumerate(spoken):
        text = text.replace(chr(_FIRST_PLACE + place), spelling)
    return " ".join(text.split())


class _Reader:
    """Puts the numbers, units and signs of one language into words."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._forms = forms = _forms(language)
        units, day = _any_of(forms.units), _any_of(forms.time_of_day)
        groups, point = re.escape(forms.thousands), re.escape(forms.decimal)
        number = rf"(?:\d{{1,3}}(?:{groups}\d{{3}})+(?!\d)|\d+)(?:{point}\d+)?"
        no_letter = r"(?![^\W\d_])"
        # In this order: what a later rule would take apart comes before it.
        self._rules = [
            (re.compile(pattern, re.IGNORECASE), replace)
            for pattern, replace in (
                (_whole_word(tuple(forms.abbreviations)), self._abbreviation),
                (rf"(?<![\w:.,/])(\d+):([0-5]\d)(?::([0-5]\d))?(?![\w:]|[.,]\d|\s*{day})", self._clock),
                (
                    r"(?<![\w.,:/])(?=\d+[hm]\s?\d)(?:(\d+)h)?\s?(?:(\d+)m(?:in)?)?\s?(?:(\d+)s)?(?!\w)",
                    self._timer,
                ),
                (r"(?<![\w-])\d+(?:-\d+){2,}(?![\w-])", lambda match: match[0].replace("-", " ")),  # a tempo
                (
                    rf"(?<=\d)(\s*{units})?\s*[-\u2013]\s*(?=\d)",
                    lambda match: f"{match[1] or ''} {forms.to} ",
                ),
                (rf"(?<![^\s(])({_any_of(forms.before_number)})(?=\d)", self._before_number),
                (
                    rf"(?<=\d)(\s*{units})?\s*[x\u00d7*]\s*(?=\d)",
                    lambda match: f"{match[1] or ''} {forms.times} ",
                ),
                (r"(?<=\d)\s?[x\u00d7](?!\w)|(?<!\w)[x\u00d7](?=\s?\d)", lambda _: f" {forms.times} "),
                (rf"(?<![\w./])(?:(\d+)\s+)?(\d+/\d+)(?!\d|/)(?:\s*({units}){no_letter})?", self._fraction),
                (rf"(?<!\d)({number})\s*({units}){no_letter}", self._quantity),
                (r"(?<=\d):(?=\d)", lambda _: " "),
                (
                    rf"(?<!\d)(\d+){_any_of(forms.ordinals)}(?!\w)",
                    lambda match: self._number(match[1], ordinal=True),
                ),
                (number, lambda match: self._number(match[0])),
                (_any_of(forms.signs), lambda match: f" {forms.signs[match[0].lower()]} "),
            )
        ]

    def read(self, text: str) -> str:
        for pattern, replace in self._rules:
            text = pattern.sub(replace, text)
        return text

    def _abbreviation(self, match: re.Match[str]) -> str:
        return self._forms.abbreviations.get(match[0].lower(), match[0])

    def _before_number(self, match: re.Match[str]) -> str:
        return f"{self._forms.before_number[match[1]]} "

    def _clock(self, match: re.Match[str]) -> str:
        first, second, third = match.groups()
        return self._duration(0, int(first), int(second)) if third is None else self._timer(match)

    def _timer(self, match: re.Match[str]) -> str:
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return self._duration(hours, minutes, seconds)

    def _duration(self, *parts: int) -> str:
        """Return hours, minutes and seconds; the seconds behind minutes go without a name."""
        hours, minutes, seconds = parts
        if minutes and seconds and not hours:
            return f"{self._counted(str(minutes), self._forms.clock[1])} {self._number(str(seconds))} "
        named = [(part, unit) for part, unit in zip(parts, self._forms.clock, strict=True) if part]
        return " ".join(self._counted(str(part), unit) for part, unit in named or [(0, self._forms.clock[2])])

    def _fraction(self, match: re.Match[str]) -> str:
        whole, fraction, sign = match.groups()
        unit = self._forms.units[sign.lower()] if sign else None
        if (part := self._forms.fractions.get(fraction)) is None:
            return match[0].replace("/", f" {self._forms.over} ")
        if whole:
            words = f"{self._number(whole)} {self._forms.mixed} {part.behind} {unit.many if unit else ''}"
        else:
            words = f"{part.before} {unit.part}" if unit else part.alone
        return f" {words} "

    def _quantity(self, match: re.Match[str]) -> str:
        return self._counted(match[1], self._forms.units[match[2].lower()])

    def _counted(self, number: str, unit: Unit) -> str:
        return f" {unit.one} " if number == "1" else f" {self._number(number)} {unit.many} "

    def _number(self, written: str, *, ordinal: bool = False) -> str:
        whole, _, decimals = written.replace(self._forms.thousands, "").partition(self._forms.decimal)
        if len(whole) > _LONGEST_NUMBER or (whole[0] == "0" and len(whole) > 1):
            return " ".join(f" {_number_word(digit, self._language, ordinal=False)} " for digit in whole)
        plain = f"{whole}.{decimals[:_LONGEST_NUMBER]}" if decimals.strip("0") else whole
        return f" {_number_word(plain, self._language, ordinal=ordinal)} "


_reader = lru_cache(maxsize=8)(_Reader)


@lru_cache(maxsize=1024)
def _number_word(number: str, language: str, *, ordinal: bool) -> str:
    """Return a number in words; as it is in a language that num2words doesn't know."""
    from decimal import Decimal  # noqa: PLC0415 - many texts have no number

    from num2words import num2words  # noqa: PLC0415 - 25 ms

    value = Decimal(number) if "." in number else int(number)
    try:
        words: str = num2words(value, lang=language, to="ordinal" if ordinal else "cardinal")
    except (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError):
        return number
    return words.replace(",", "")  # "one thousand, two hundred" would make a pause


@lru_cache(maxsize=4096)
def _readable(character: str) -> str:
    """Return a character in the spelling that the rules know; nothing for what has no place in speech."""
    if character.isascii() and character.isprintable():
        return character
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category[0] == "C" or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category == "No":
        spelled = unicodedata.normalize("NFKC", character)
        return f" {spelled} ".replace("\u2044", "/") if "\u2044" in spelled else " "
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category in _PICTURES and character not in _READ_PICTURES:
        return " "
    return _LIKE.get(character, character)


def _tidy(text: str) -> str:
    """Return words with single spaces and at most one mark between them."""
    text = _ELLIPSIS.sub(lambda match: ", " if match[1].islower() else ". ", text)
    text = _ASIDE.sub(", ", _DASH.sub(", ", text))
    text = "".join(map(_voiced, text))
    text = _LOOSE.sub(lambda match: " " if "-" in match[0] else "", text)
    text = _MARKS.sub(lambda match: f"{next(mark for mark in '?!.:,' if mark in match[0])} ", text)
    text = text.lstrip(_SPOKEN_MARKS).rstrip(" ,:")
    return " ".join(text.split())


@lru_cache(maxsize=4096)
def _voiced(character: str) -> str:
    place = ord(character) >= _FIRST_PLACE
    spoken = place or character in _SPOKEN_MARKS or unicodedata.category(character)[0] in "LM"
    return character if spoken or character.isdecimal() else " "


def _any_of(written: Mapping[str, object] | tuple[str, ...]) -> str:
    """Return a pattern for any of these texts, the longest first; without any it never matches."""
    longest_first = sorted(filter(None, written), key=lambda text: (-len(text), text))
    return f"(?:{'|'.join(map(re.escape, longest_first))})" if longest_first else "(?!)"


def _whole_word(written: tuple[str, ...]) -> str:
    return rf"(?<!\w){_any_of(written)}(?!\w)"
