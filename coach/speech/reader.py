"""The rules that put the numbers, units and signs of a text into words, in the order in which they apply.

Where something written can be read in more than one way, the words and units around it decide;
docs/numbers.md tells how. The words themselves are data: `coach.speech.reading_table`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from coach.speech import numerals
from coach.speech.reading_table import Unit, listed, reading_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Replacement = str | Callable[[re.Match[str]], str]
    Rule = tuple[str, Replacement]

_NUMBER = r"\d+(?:\.\d+)?"  # any number, once the rules of `_number_forms` have been over the text
_ALONE = r"(?![\w:/]|[.,]\d)"  # behind a number that is no part of something longer
_UNIT_END = r"(?![^\W_])"
_DIGIT = re.compile(r"\d")
_NEAR = 40  # characters around a number in which a word belongs to it
_INTERVALS = {
    str(seconds) for seconds in range(10, 601, 5)
}  # seconds of work or rest; of these 30/30 is thirty on, thirty off
_YEARS = range(1100, 2100)
_ROMANS = {
    tens + ones: str(10 * i + j)
    for i, tens in enumerate(("", "X", "XX", "XXX"))
    for j, ones in enumerate(("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"))
    if i or j
}


class Reader:
    """Puts the numbers, units and signs of one language into words."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._table = reading_table(language)
        self._units = self._table.units
        self._unit = any_of(self._units) + _UNIT_END
        self._to = self._word("to")

    def read(self, text: str) -> str:
        """Return one line of text with its numbers, units and signs in words; what no rule reads stays."""
        text = _without_quotes(text)
        for pattern, replace in self._rules if _DIGIT.search(text) else self._rules_without_digits:
            text = pattern.sub(replace, text)
        return text

    @cached_property
    def _rules(self) -> list[tuple[re.Pattern[str], Replacement]]:
        return _compiled(
            *self._abbreviations(),
            *self._dates(),
            *self._times_of_day(),
            *self._digit_strings(),
            *self._number_forms(),
            *self._before_numbers(),
            *self._between_numbers(),
            *self._durations(),
            *self._fractions(),
            *self._sides(),
            *self._years(),
            *self._ordinals(),
            *self._quantities(),
            *self._romans(),
            *self._rest(),
        )

    @cached_property
    def _rules_without_digits(self) -> list[tuple[re.Pattern[str], Replacement]]:
        """The rules for a text without a digit, as most are: the others would find nothing in it."""
        return _compiled(*self._abbreviations(), *self._sides(), *self._romans(), *self._rest())

    # What is never read as it is written.

    def _abbreviations(self) -> Iterator[Rule]:
        table = self._table.abbreviations
        exact = any_of(written for written in table if written != written.lower())
        either = any_of(written for written in table if written == written.lower())

        def said(match: re.Match[str]) -> str:
            unit = match[0].lower().rstrip("./") in self._units and re.search(r"\d\s?$", _around(match)[0])
            if unit:
                return match[0]
            return (table.get(match[0]) or table[match[0].lower()]) + " " * match[0].endswith("/")

        yield rf"(?<!\w)(?:(?-i:{exact})|{either})(?:(?<=/)|(?!\w))", said

    # Dates: 2026-11-25, 12/24/2026, 24.12., June 3.

    def _dates(self) -> Iterator[Rule]:
        if not (months := self._table.months):
            return
        yield (
            r"(?<![\w/-])(\d{4})([/-])(\d\d)\2(\d\d)(?![\w/-])",
            lambda m: self._date(m[0], m[4], m[3], m[1]),
        )
        yield r"(?<![\w./-])(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?![\w/-]|\.\d)", self._numbered_date
        if self._table.dotted_ordinals:
            yield r"(?<![\w.,])(\d{1,2})\.(\d{1,2})\.(?!\w)", lambda m: self._date(m[0], m[1], m[2])
        if self._table.dates["day"] == "ordinal":
            named = "|".join(rf"{month}|{month[:3]}{month[3:4]}?\b\.?" for month in months)
            day = r"(\d{1,2})(?:st|nd|rd|th)?"
            yield (
                rf"(?<!\w)((?-i:{named}))\s+{day}(?=\s*(?:[.,;:!?)](?!\d)|$)|,?\s+\d{{4}}(?!\d))",
                lambda m: self._named_day(m[0], m[1], m[2], "{month} {day}"),
            )
            yield (
                rf"(?<![\w.,:/]){day}\s+((?-i:{named}))(?!\w)",
                lambda m: self._named_day(m[0], m[2], m[1], "the {day} of {month}"),
            )
        yield (
            rf"(?<!\w)({any_of(months)}(?:\s+[^\W\d_]+)?,?)\s+(\d{{4}}){_ALONE}",
            lambda m: f"{m[1]} {self._year(m[2])}",
        )

    def _numbered_date(self, match: re.Match[str]) -> str:
        first, _, second, year = match.groups()
        day_first = self._table.dates["order"] == "dmy" or int(first) > 12
        day, month = (first, second) if day_first else (second, first)
        return self._date(match[0], day, month, year)

    def _date(self, written: str, day: str, month: str, year: str = "") -> str:
        """Return a date with its month in words; its day is left to the rules that follow."""
        if not (0 < int(month) <= 12 and 0 < int(day) <= 31):
            return written
        dates, name = self._table.dates, self._table.months[int(month) - 1]
        date: str = dates["date"].format(day=dates["first"] if int(day) == 1 else int(day), month=name)
        return dates["year"].format(date=date, year=self._year(year)) if year else f"{date} "

    def _named_day(self, written: str, month: str, day: str, form: str) -> str:
        if not 0 < int(day) <= 31:
            return written
        name = next(name for name in self._table.months if name.startswith(month[:3]))
        return form.format(day=numerals.ordinal(day, self._language), month=name)

    # Times of day: at 7:30, 7:30 pm, 7.30 Uhr, 7h30.

    def _times_of_day(self) -> Iterator[Rule]:
        if not (day := self._table.time_of_day):
            return
        own = any_of(listed(day["separators"]))
        time = rf"(\d{{1,2}})(?:([:.]|\s?{own}\s?)([0-5]\d))?"
        yield rf"(?<=\d)(\s?{any_of(day['after'])})\s?[-\u2013]\s?(?=\d)", rf"\1 {self._to} "
        yield (
            rf"(?<![\w:.,/])((?<!\w){any_of(listed(day['before']))}\s+)?(?<![\w:.,/]){time}"
            rf"(?:(\s?[-\u2013]\s?|\s+{self._to}\s+){time})?(?:\s?({any_of(day['after'])})(?!\w))?"
            rf"{_ALONE}(?!\s?-?{self._unit})",
            self._time_of_day,
        )

    def _time_of_day(self, match: re.Match[str]) -> str:
        before, hour, mark, minute, to, last_hour, last_mark, last_minute, after = match.groups()
        marks = {each for each in (mark, last_mark) if each}
        sure = marks or after.lower() not in self._units if after else marks and not marks & {":", "."}
        likely = before and marks and int(hour)
        if max(int(hour), int(last_hour or 0)) > 24 or not (sure or likely):
            return match[0]
        said = self._table.time_of_day["after"].get(after.lower(), "") if after else ""
        words = self._hour(hour, minute, bare=bool(said or (to and after)))
        if to:
            words = f"{words} {self._to} {self._hour(last_hour, last_minute, bare=bool(said))}"
        return f"{before or ''}{words} {said} "

    def _hour(self, hour: str, minute: str | None, *, bare: bool) -> str:
        day = self._table.time_of_day
        gender, one, many = day["hour"]
        words = {
            "hours": f"{self._cardinal(str(int(hour)), gender)} {one if int(hour) == 1 else many}".strip(),
            "minutes": self._cardinal(str(int(minute or 0))),
        }
        if not int(minute or 0):
            return words["hours"] if bare else str(day["whole"].format(**words))
        return str(day["few" if int(minute or 0) < 10 else "minutes"].format(**words))

    # What is read digit by digit: phone numbers, tempo 3010, 3-0-1-0.

    def _digit_strings(self) -> Iterator[Rule]:
        tempo, call = self._known("tempo"), self._known("call")
        yield (
            r"(?<![\w-])(\+\d{1,3}(?:[ /-]?\(\d+\))?(?:[ /-]\d+){2,}|0\d{1,4}(?:[ /-]\d{2,})+"
            rf"|(?:1[ -])?\(?\d{{3}}\)?[ -]\d{{3}}-\d{{4}}|[2-9]\d\d-\d{{4}}(?<!00))(?!-){_ALONE}",
            lambda match: self._phone(match[1], at_least=7),
        )
        yield (
            rf"(?<!\w)({call}[:\s]+)(\+?\(?\d(?:[\d ()/-]*\d)?)(?!-){_ALONE}",
            lambda match: match[1] + self._phone(match[2], at_least=3),
        )
        yield (
            rf"(?<!\w)({tempo}[\s:(=]+(?:of\s+)?)([\dx]{{3,5}})(?!-){_ALONE}",
            lambda match: match[1] + self._digits(match[2]),
        )
        yield rf"(?<![\w.,:/-])([\dx]{{4}})(?=[\s-]+{tempo}(?!\w))", lambda match: self._digits(match[1])
        yield rf"(?<=@)\s?([\dx]{{4}})(?![%-]){_ALONE}(?!\s?-?{self._unit})", lambda m: self._digits(m[1])

    def _phone(self, written: str, *, at_least: int) -> str:
        groups = re.findall(r"\d+", written)
        if sum(map(len, groups)) < at_least:
            return written
        pairs = self._word("phone") == "pairs" and all(len(group) <= 2 for group in groups)
        said = [
            " ".join(map(self._cardinal, re.findall(r"^0|\d+", group))) if pairs else self._digits(group)
            for group in groups
        ]
        plus = f"{self._table.signs.get('+', '+')} " if written.startswith("+") else ""
        return plus + ", ".join(map(str.strip, said))

    def _digits(self, written: str, between: str = "") -> str:
        """Return digits one by one, without what stands between them; the X of a tempo stays."""
        return f" {numerals.digits(written.replace(between, '').upper(), self._language)} "

    # One form for all numbers: 10 000 and 10,000 are 10000, .5 is 0.5.

    def _number_forms(self) -> Iterator[Rule]:
        decimal, groups = re.escape(self._table.decimal), re.escape(self._table.thousands)
        other, measured = ("," if decimal != "," else r"\."), rf"(?=\d+\s?-?{self._unit})"
        end = r"(?![.,:']?\d)"
        for separator in (groups, "'", " "):
            apart, more, mark = r"(?<![\d.,:'])", "", decimal if separator == groups else "[.,]"
            if separator == " ":  # "100 200" are two numbers
                apart, more = rf"{apart}(?<!\d )(?!\d{{3}} (?!000)\d{{3}}(?! \d))", r"(?! \d)"
            yield (
                rf"{apart}([1-9]\d{{0,2}}(?:{separator}\d{{3}})+)(?:{mark}(\d+))?{end}{more}",
                lambda match: re.sub(r"\D", "", match[1]) + (f".{match[2]}" if match[2] else ""),
            )
        # The sign of other languages is a decimal point where it can't stand between groups of three.
        foreign = rf"{other}(?!\d{{3}}(?!\d)){measured if other == ',' else ''}"
        yield rf"(?<![\d.,:])(\d+)(?:{decimal}|{foreign})(\d+){end}", r"\1.\2"
        yield rf"(?<![\w.,:/'])(?:\.|,{'' if decimal == ',' else measured})(?=\d+{end})", "0."
        yield r"(?<=\d),(?=\d)", ", "
        yield rf"(?<![\w.,])\d+(?:\.\d+){{2,}}{_ALONE}", _apart

    # Signs and words before a number: ~5, #2, No. 3, ≤ 3, -5, $5.

    def _before_numbers(self) -> Iterator[Rule]:
        table = self._table.before_number
        words = any_of(sign for sign in table if sign[0].isalpha())
        signs = any_of(sign for sign in table if not sign[0].isalpha() and sign != "-")

        def said(match: re.Match[str]) -> str:
            return f" {table[match[1].lower()]} "

        yield rf"(?<!\d)(?<!\d )(?<!\w)({words})\s*(?=\d)", said
        yield rf"({signs})\s?(?=\d)", said
        yield r"(?<![^\s(])(-)(?=\d)", said if "-" in table else r"\1"
        yield rf"([$€£])\s?({_NUMBER})(?!\s?[$€£])", r"\2 \1"

    # What stands between two numbers: 10-15, 3x12, 1:2.

    def _between_numbers(self) -> Iterator[Rule]:
        yield r"(?-i:(?<=[A-Z]\d)|(?<=[A-Z]\d\d))[-\u2013](?=(?-i:[A-Z])\d)", f" {self._to} "  # L3-L5
        yield rf"(?<![\d.])(\d+)(\s?(?:{self._unit}|\"))\s?/\s?(\d+)\2", r"\1/\3\2"  # 30 s/15 s
        unit, times = rf"(\s?-?{self._unit}|[\"']{{1,2}})?", self._word("times")
        yield r"(?<=\d)\s?/\s?(?=[^\W\d_]+\s\d)|(?<=[^\W\d_])\s?/\s?(?=\d)", ", "  # in 4/out 6
        yield (
            r"(?<![\w/:-])[\dx]([-/:])[\dx](?:\1[\dx])+(?!\w|[/:-]\w)",
            lambda match: self._digits(match[0], match[1]),
        )
        yield r"(?<![\w-])\d+(?:-\d+){2,}(?!\w|-\d)", _apart
        yield r"(?<![\w./-])(\d+)(?:-|\s?\+\s?)(\d/\d)(?![\d/])", r"\1 \2"
        yield rf"(?<=\d){unit}\s*[-\u2013\u2192]\s*(?=\d)", rf"\1 {self._to} "
        yield rf"(?<=\d){unit}\s*[x\u00d7*]\s*(?=\d)", rf"\1 {times} "
        yield r"(?<!\w)[x\u00d7](?=\s?\d)", f" {times} "
        yield r"(?<![\w:.,/])(\d{1,2}):(\d)(?![\d:])", self._ratio
        yield rf"(?<![\w:.,/])(\d{{1,2}}):(\d{{1,2}})(?=\s+{self._known('ratio')})", self._ratio
        yield (
            rf"(?<!\w)({self._known('ratio')}(?:\s\w{{2,3}})?\s)(\d{{1,2}}):(\d{{1,2}})(?![\d:])",
            lambda match: f"{match[1]}{match[2]} {self._word('ratio')} {match[3]}",
        )

    def _ratio(self, match: re.Match[str]) -> str:
        return f"{match[1]} {self._word('ratio')} {match[2]}"

    # Durations: 1:30, 1h30m, 1'30", 30", 10'. Lengths, where a noun or verb of size says so: 8" box.

    def _durations(self) -> Iterator[Rule]:
        hours, minutes = (self._written_for(place) for place in (0, 1))
        yield r"(?<!\S):(?=[0-5]\d(?![\w:]))", "0:"
        yield (
            rf"(?<![\w:.,/])(\d{{1,4}}):([0-5]\d)(?::([0-5]\d))?(?![\w:]|[.,]\d)"
            rf"(?:\s?(?:({hours})|{minutes})(?!\w))?(?:\s?(/)\s?(?:({self._unit})|(?=\d)))?",
            self._clock,
        )
        yield (
            r"(?<![\w.,:/])(?=\d+[hm]\s?\d)(?:(\d{1,4})h)?\s?(?:(\d{1,4})m(?:in)?)?\s?(?:(\d{1,4})s)?(?!\w)",
            lambda match: self._duration(*(int(part or 0) for part in match.groups())),
        )
        yield (
            rf"(?<![\w.,:/])(\d{{1,4}})(?:h([0-5]\d)|\s?h\s([0-5]?\d)\s?{minutes})(?!\w)",
            lambda match: self._duration(int(match[1]), int(match[2] or match[3]), 0),
        )
        yield r"(?<![\w.,:/])(\d{1,4})\s?'\s?(\d{1,2})\s?(?:\"|'')", self._minutes_and_seconds
        short = f"{self._known('short_inch')}(?=[\\s-]{whole_word(self._known('sizes'))})"
        yield rf"(?<![\d.])({_NUMBER})[\s-]?({short})", self._prime
        yield rf"(?<![\d.])({_NUMBER})\s?(\"|'{{1,2}})(?!\w)", self._prime

    def _clock(self, match: re.Match[str]) -> str:
        first, second, third, hours, per, unit = match.groups()
        long = third or hours
        parts = (int(first), int(second), int(third or 0)) if long else (0, int(first), int(second))
        tail = f"{self._word('per')} {self._units[unit.lower()].one if unit else ''} " if per else ""
        return self._duration(*parts) + tail

    def _duration(self, *parts: int) -> str:
        """Return hours, minutes and seconds; the seconds behind minutes go without a name."""
        hours, minutes, seconds = parts
        clock = self._table.clock
        if minutes and seconds and not hours:
            return f" {self._amount(str(minutes), clock[1])} {self._cardinal(str(seconds))} "
        named = [(part, unit) for part, unit in zip(parts, clock, strict=True) if part]
        return f" {' '.join(self._amount(str(part), unit) for part, unit in named or [(0, clock[2])])} "

    def _minutes_and_seconds(self, match: re.Match[str]) -> str:
        if not self._is_a_size(match):
            return self._duration(0, int(match[1]), int(match[2]))
        inch, foot = self._table.lengths
        return f" {self._amount(match[1], foot)} {self._amount(match[2], inch)} "

    def _prime(self, match: re.Match[str]) -> str:
        number, prime = match.groups()
        units = self._table.lengths if self._is_a_size(match) else self._table.clock[:0:-1]
        unit = units[prime == "'"] if units else None
        return f"{number} {unit.one if Decimal(number) == 1 else unit.many}" if unit else match[0]

    def _is_a_size(self, match: re.Match[str]) -> bool:
        """Return whether a noun of size follows, or a verb of size leads up to it and no word of time."""
        before, after = _around(match)
        if _ends_with(before, rf"{self._known('sizes')}\s\w{{2,3}}"):  # a box of 8"
            return True
        sizes = whole_word(f"(?:{self._known('sizes')}|{self._known('directions')})")
        if re.match(rf"[\s-]*{sizes}", after, re.IGNORECASE):
            return True
        clause = re.split(r"[.,;:!?]", before)[-1]
        verb, time = (
            re.search(whole_word(self._known(name)), clause, re.IGNORECASE)
            for name in ("size_verbs", "time_words")
        )
        return bool(verb) and not time

    # Fractions, and what only looks like one: 1/2, 1 1/2, rep 3/10, 30/30, 7/11.

    def _fractions(self) -> Iterator[Rule]:
        yield (
            rf"(?<![\w./])(?:({_NUMBER})\s+)?(\d+)(?:/| / )(\d+)(?![\d/])"
            rf"(?:\s?-?({self._unit})(?!\s\d)|\s+([^\W\d_]+))?",
            self._fraction,
        )

    def _fraction(self, match: re.Match[str]) -> str:
        whole, first, second, written, noun = match.groups()
        before, after = _around(match)
        unit = self._units[written.lower()] if written else None
        joined = unit and self._table.joins_nouns and ("-" in match[0] or self._joins(before, after))
        if unit and joined:
            unit = unit._replace(many=unit.joined)
        fraction = self._table.fractions.get(f"{first}/{second}")
        if fraction is None or (not whole and _ends_with(before, self._known("counted"))):
            said = self._pair(first, second, unit, before, f" {noun or ''}{after}")
            return f" {whole or ''} {said} {noun or ''}"
        if whole and "{noun}" in fraction.mixed:
            unit, noun = (unit, noun) if unit or not noun else (self._as_unit(noun, whole), None)
        elif unit is None and noun and self._table.gender_of(noun):
            unit, noun = self._as_unit(noun, ""), None
        if whole:
            said = self._mixed(whole, fraction.mixed, unit)
        elif unit is None or joined:
            said = f"{fraction.alone} {unit.joined if unit else ''}"
        else:
            gender = self._table.genders[unit.gender]
            said = fraction.part.format(one=unit.one, **gender._asdict())
            if _ends_with(before, re.escape(gender.a)):  # "un 1/2 tour": its article stands there
                said = said.removeprefix(f"{gender.a} ")
        return f" {said} {noun or ''}"

    def _pair(self, first: str, second: str, unit: Unit | None, before: str, after: str) -> str:
        """Return what stands on both sides of a slash that is no fraction: the first reading that fits."""
        before = re.sub(rf"{_NUMBER}\s+{self._to}\s+$", "", before)  # 7-8/10
        near = f"{before[-_NEAR // 2 :]} {after[: _NEAR // 2]}"
        word = self._word("of")
        if _ends_with(before, self._known("counted")):
            pass
        elif _ends_with(before, rf"(?:{self._known('scale')}(?:\s[^\W\d_]+)?|{self._known('comparisons')})"):
            word = self._word("out_of")
        elif re.search(whole_word(self._known("pressure")), near, re.IGNORECASE):
            word = self._word("over")
        elif re.search(whole_word(self._known("pairs")), near, re.IGNORECASE) or (
            f"{first}/{second}" in self._table.context.get("side_by_side", ())
        ):
            word = ""
        elif {first, second} <= _INTERVALS and (first, second) != ("10", "10"):
            on, off = (self._amount(each, unit) if unit else self._cardinal(each) for each in (first, second))
            return self._word("on_off").format(on=on, off=off)
        elif first == second:
            word = ""
        return f"{first} {word} {self._amount(second, unit) if unit else second}"

    def _as_unit(self, noun: str, whole: str) -> Unit:
        """Return a noun of the text as if it were a unit, its plural as a singular behind one."""
        one = noun
        if whole == "1":
            for plural, singular in self._table.singulars.items():
                if noun.endswith(plural):
                    one = noun.removesuffix(plural) + singular
                    break
        return Unit(self._table.gender_of(noun) or self._table.default_gender, one, noun, noun)

    # Sides: 3L, 3R; L leg; L/R.

    def _sides(self) -> Iterator[Rule]:
        sides = self._table.sides
        side = f"(?-i:{any_of(sides)})"
        yield (
            rf"(?<![^\W\d_])({side})\s?[/&+]\s?({side})(?!\w)",
            lambda match: f" {sides[match[1]]} {self._word('and')} {sides[match[2]]} ",
        )
        yield rf"(?<![^\W\d_'])({side})(?![\w'-])", self._side

    def _side(self, match: re.Match[str]) -> str:
        side, (before, after) = match[1], _around(match)
        others = any_of(each for each in self._table.sides if each != side)
        paired = re.search(rf"(?<![^\W\d_'])(?:{others})(?![\w'-])", f"{before} {after}")
        body = whole_word(self._known("body"))
        bodily = re.match(rf"\s{body}", after, re.IGNORECASE) or re.search(
            rf"{body}\s$", before, re.IGNORECASE
        )
        return f" {self._table.sides[side]} " if len(side) > 1 or paired or bodily else match[0]

    # Decades and years: 1990s, since 1995.

    def _year(self, number: str) -> str:
        if int(number) in _YEARS:
            return numerals.year(number, self._language)
        return self._cardinal(number)

    def _years(self) -> Iterator[Rule]:
        yield rf"(?<!\w)'?(\d{{1,4}})'?({any_of(self._table.decades)})(?!\w)", self._decade
        yield (
            rf"(?<!\w)({self._known('year')}\s+)(\d{{4}})(?=\s*(?:[,;:!?)]|\.(?!\d)|$))",
            lambda match: match[1] + self._year(match[2]),
        )

    def _decade(self, match: re.Match[str]) -> str:
        number, suffix = match.groups()
        if suffix.lower() in self._units:  # 90s are seconds, unless the words say otherwise
            sure = match[0].startswith("'") or _ends_with(_around(match)[0], self._known("decade"))
            if int(number) % 10 or len(number) % 2 or not (sure or 1900 <= int(number) < 2100):
                return match[0]
        said = self._year(number)
        for ending, plural in self._table.decades[suffix.lower()].items():
            if said.endswith(ending):
                return f" {said.removesuffix(ending)}{plural} "
        return match[0]

    # Quantities: 5 kg, 20-kg kettlebell, 6 min/km, 10/side.

    def _quantities(self) -> Iterator[Rule]:
        per = f" {self._word('per')} "
        things = any_of(self._table.context.get("things", ()))
        yield r"°\s(?=[CF](?!\w))", "°"
        yield (
            rf"(?<![\d.])({_NUMBER})(?:\s?|(-))({self._unit})"
            rf"(?:\.?(?: (/) |(/))(?:({self._unit})|(?=[^\W\d_])))?"
            rf"(?:(?<=[^\W\d_])\.(?=\s*[,;:)]|\s+(?-i:[a-zß-öø-ÿ]|{things}(?!\w))))?",
            self._quantity,
        )
        yield rf"(?<=\d)\s?/\s?(?={whole_word(self._known('each'))})", " "
        yield rf"(?<=\d)(?: / |/)({self._unit})", lambda match: per + self._units[match[1].lower()].one
        yield r"(?<=\d)(?: / |/)(?=[^\W\d_])", per
        yield rf"(\d\s?[^\W\d_]+)\s?/\s?(?={whole_word(self._known('per'))})", rf"\1{per}"

    def _quantity(self, match: re.Match[str]) -> str:
        number, hyphen, written, apart, close, other = match.groups()
        unit = self._units[written.lower()]
        before, after = _around(match)
        if written.lower() == unit.one.lower() and Decimal(number) != 1 and not _is_half(number):
            said = f"{self._cardinal(number, unit.gender)} {written}"  # "a 2 minute walk"
        else:
            hyphen = hyphen if re.match(r"[\s-]\w", after) else None
            joined = hyphen or re.match(r"-[^\W\d_]", after) or self._joins(before, after)
            said = self._amount(number, unit, joined=bool(joined))
        if apart or close:
            said += f" {self._word('per')} {self._units[other.lower()].one if other else ''}"
        if written.endswith(".") and re.match(r"\s*$|\s+(?-i:[A-ZÀ-ÖØ-Þ])", after):
            said += "."  # of the sentence as well
        return f" {said} " if not said.endswith(".") else f" {said}"

    def _joins(self, before: str, after: str) -> bool:
        """Return whether the noun behind a unit is what it measures: "a 30 s hold", not "after 30 s hold"."""
        if not self._table.joins_nouns:
            return False
        if re.match(rf"\s{whole_word(self._known('things'))}", after, re.IGNORECASE):
            return True
        lead = re.sub(rf"{_NUMBER}\s+{self._to}\s+$", "", before)
        return bool(
            re.match(rf"\s{whole_word(self._known('actions'))}", after, re.IGNORECASE)
            and re.search(rf"(?:^|[.!?:;,(]|(?<!\w){self._known('before_actions')})\s*$", lead, re.IGNORECASE)
        )

    def _amount(self, number: str, unit: Unit, *, joined: bool = False) -> str:
        """Return a number and its unit in words: "one minute", "half a kilogram", "two and a half kilos"."""
        many = unit.joined if joined else unit.many
        if Decimal(number) == 1:
            plural = joined and unit.joined != unit.one  # "ein Minuten", of an "ein-Minuten-Pause"
            one = self._cardinal("1", self._table.default_gender if plural else unit.gender)
            return f"{one} {unit.joined if joined else unit.one}"
        if _is_half(number) and (half := self._table.fractions.get("1/2")):
            whole = number.partition(".")[0]
            if int(whole):
                return self._mixed(whole, half.mixed, unit._replace(many=many))
            gender = self._table.genders[unit.gender]
            if joined and self._table.joins_nouns:
                return f"{half.alone} {unit.joined}"
            return half.part.format(one=unit.one, **gender._asdict())
        return f"{self._cardinal(number, unit.gender)} {many}"

    def _mixed(self, whole: str, form: str, unit: Unit | None) -> str:
        """Return a whole number and a fraction in words, and of what."""
        unit = unit or Unit(self._table.default_gender, "", "", "")
        return form.format(
            n=self._cardinal(whole, unit.gender),
            stem=self._cardinal(whole, self._table.default_gender),
            noun=unit.one if whole == "1" else unit.many,
            many=unit.many,
            half=self._table.genders[unit.gender].half,
        ).strip()

    # Ordinals: 2nd, 1er, 2. Satz.

    def _ordinals(self) -> Iterator[Rule]:
        yield (
            rf"(?<![\d.])(\d{{1,9}})({any_of(self._table.ordinals)})(?![\w°]|\s?°|\s?C(?!\w))",
            self._ordinal,
        )
        if self._table.dotted_ordinals:
            noun = r"(?=(?:(?:/|\s+\w+\s+)\d+\.){0,3}\s+([^\W\d_]+)|\s*$|[)])"
            yield rf"(?<![\w.,])(\d{{1,3}})\.{noun}", self._dotted_ordinal

    def _ordinal(self, match: re.Match[str]) -> str:
        number, suffix = match[1], match[2].lower()
        if suffix in self._units and int(number) >= 15 and int(number) % 5 == 0:
            return match[0]  # 45º are degrees
        return f" {numerals.ordinal(number, self._language, *self._table.ordinals[suffix])} "

    def _dotted_ordinal(self, match: re.Match[str]) -> str:
        """Return an ordinal, bent by the word before it and its noun; no ordinal at a sentence's end."""
        number, noun = match.group(1), match.group(2) or ""
        before = _around(match)[0]
        row = r"\s+(?:\d+\.,?\s+(?:\w+\s+)?){0,3}"  # "im 1. und 2. Satz"
        bent = (
            endings
            for words, endings in self._table.dotted_ordinals.items()
            if _ends_with(before, any_of(listed(words)) + row)
        )
        if (endings := next(bent, None)) is None:
            counted = noun in self._table.context["counted"] or noun in self._table.months
            if not counted or _ends_with(before, self._known("counted")):
                return match[0]
            endings = self._table.dotted_ordinals[""]
        ending = endings[self._table.gender_of(noun) or self._table.default_gender]
        return f" {numerals.ordinal(number, self._language, 'e', ending)} "

    # Roman numerals: Warrior II.

    def _romans(self) -> Iterator[Rule]:
        many, one = (
            any_of(each for each in _ROMANS if (len(each) == 1) is single) for single in (False, True)
        )
        yield (
            rf"(?:(?<=[^\W\d_][\s/-])|(?<=[^\W\d_],\s))(?-i:{many})(?![\w'])",
            lambda match: _ROMANS[match[0]],
        )
        end = rf"(?=\s*(?:$|[,.;:!?)/-])|\s{whole_word(self._known('before_roman'))})"  # no pronoun "I"
        yield (
            rf"(?<!\w)({self._known('roman')}\s)(?-i:({one})){end}",
            lambda match: match[1] + _ROMANS[match[2]],
        )

    # All other numbers, and signs.

    def _rest(self) -> Iterator[Rule]:
        signs = self._table.signs
        yield r"(?<=\d):(?=\d)", " "
        yield r"(?<=\w)[²³]", lambda match: f" {signs.get(match[0], match[0])} "
        yield rf"(?<!\d){_NUMBER}", self._plain
        yield rf"(?![²³]){any_of(signs)}", lambda match: f" {signs[match[0].lower()]} "

    def _plain(self, match: re.Match[str]) -> str:
        next_word = re.match(r"\s+([^\W\d_]+)", _around(match)[1])
        return (
            f" {self._cardinal(match[0], self._table.gender_of_next(next_word[1]) if next_word else None)} "
        )

    def _cardinal(self, number: str, gender: str | None = None) -> str:
        genders = self._table.genders
        endings = genders[gender or ""].endings if (gender or "") in genders else {}
        return numerals.cardinal(number, self._language, endings)

    def _word(self, name: str) -> str:
        return self._table.words.get(name, "")

    def _known(self, name: str) -> str:
        """Return a pattern for the words of a context."""
        return any_of(self._table.context.get(name, ()))

    def _written_for(self, place: int) -> str:
        """Return a pattern for what is written for hours (0) or minutes (1)."""
        unit = self._table.clock[place]
        return any_of(written for written, each in self._units.items() if each == unit)


reader = lru_cache(maxsize=8)(Reader)
"""Return the reader of a language, made once."""


def any_of(written: Iterable[str]) -> str:
    """Return a pattern for any of these texts, the longest first; without any it never matches."""
    longest_first = sorted(filter(None, written), key=lambda text: (-len(text), text))
    return f"(?:{'|'.join(map(re.escape, longest_first))})" if longest_first else "(?!)"


def _compiled(*rules: Rule) -> list[tuple[re.Pattern[str], Replacement]]:
    return [(re.compile(pattern, re.IGNORECASE), replace) for pattern, replace in rules]


def whole_word(pattern: str) -> str:
    """Return a pattern that matches whole words only."""
    return rf"(?<!\w){pattern}(?!\w)"


def _apart(match: re.Match[str]) -> str:
    """Return numbers that a sign joins, side by side."""
    return re.sub(r"\D", " ", match[0])


def _is_half(number: str) -> bool:
    return number.partition(".")[2].rstrip("0") == "5"


def _around(match: re.Match[str]) -> tuple[str, str]:
    """Return what stands near a match, before and behind it."""
    text = match.string
    return text[max(0, match.start() - _NEAR) : match.start()], text[match.end() : match.end() + _NEAR]


def _ends_with(text: str, pattern: str) -> bool:
    return bool(re.search(rf"(?<!\w){pattern}[\s:]*$", text, re.IGNORECASE))


def _without_quotes(text: str) -> str:
    """Return a text whose quotation marks are gone, so that those which are left stand for units."""
    if "'" in text:
        text = re.sub(r"(?<!\w)'(?=\S)([^']*\d)'(?!\w)", r"\1", text)
    if '"' not in text:
        return text
    kept, is_open = [], False
    for place, character in enumerate(text):
        if character != '"':
            kept.append(character)
        elif is_open or not (place and text[place - 1].isdecimal()):
            is_open = not is_open
            kept.append(" " if is_open else "")
        else:
            kept.append(character)
    return "".join(kept)
