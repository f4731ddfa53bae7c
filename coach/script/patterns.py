"""Regular expressions for numbers within limits.

A JSON Schema bounds numbers, but for texts such as "25" or 1m30s it has patterns only. Python and JavaScript
read these alike. Each ends where its number does, whatever follows.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MARK = r"[^\s\x00-\x1f\x7f-\x9f\ufffe\uffff]"  # any other character that a script may hold
_ENDS = "(?![.0-9])"
_BETWEEN = "[^.0-9A-Za-z:]"  # what may stand between two bare numbers: spaces, signs, a dash

DECIMAL = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
"""A number without a sign."""

UNITS = ("h(?:ours?|rs?)?", "m(?:in(?:ute)?s?)?", "s(?:ec(?:ond)?s?)?")
"""Hours, minutes and seconds in small letters; `any_case` makes them those that a person may write."""

_SIZES = (3600, 60, 1)


def any_case(pattern: str) -> str:
    """Return the pattern for capitals and small letters alike; JSON Schema has no flag for that."""
    return re.sub("[a-z]", lambda letter: f"[{letter[0]}{letter[0].upper()}]", pattern)


def alone(pattern: str) -> str:
    """Return the pattern for a whole text, with space around it."""
    return rf"^\s*{pattern}\s*$"


def either(patterns: Iterable[str]) -> str:
    """Return the pattern for any of these."""
    return f"(?:{'|'.join(patterns)})"


def line(longest: int) -> str:
    """Return the pattern of a text of 1 to `longest` characters, each run of white space counted as one."""
    return rf"{_MARK}(?:{_MARK}|\s+(?={_MARK})){{0,{longest - 1}}}"


def digits(low: int, high: int) -> str:
    """Return the pattern of a whole number in digits alone."""
    least = f"(?=0*{_digits_from(low)}(?![0-9]))" if low else "(?=[0-9])"
    return f"{least}0*{_digits_to(high)}(?![0-9])"


def whole(low: int, high: int) -> str:
    """Return the pattern of a whole number from `low`, 0 or more, to `high`, which may end in `.0`."""
    return either([rf"\+?{digits(low, high)}(?:\.0*)?{_ENDS}", *_minus_zero(low)])


def number(low: Fraction, high: Fraction) -> str:
    """Return the pattern of a decimal number from `low` to `high`."""
    ways = []
    if high >= 0:
        ways.append(rf"\+?{_number(max(low, Fraction(0)), high)}")
    if low <= 0:
        ways.append(f"-{_number(max(-high, Fraction(0)), -low)}")
    return either(ways)


def duration(low: Fraction, high: Fraction) -> str:
    """Return the pattern of a duration of `low`, 0 or more, to `high` seconds: 25, 25s, 1m30s, 1:30.

    A fraction such as 60/65 has no limits here.

    In several units each but the last is whole, and each but the first less than one of the next larger unit.
    """
    units = [(size, rf"\s*{any_case(unit)}") for size, unit in zip(_SIZES, UNITS, strict=True)]
    return either([
        rf"\+?{_number(low, high)}",
        *_minus_zero(low),
        r"[0-9]{1,6}/(?=0*[1-9])[0-9]{1,6}(?![0-9])",
        *_in_units(units, low, high),
        _on_clock(_SIZES[1:], low, high),
        _on_clock(_SIZES, low, high),
    ])  # fmt: skip


def falling(high: Fraction) -> str:
    """Return the pattern of two bare numbers, at most `high`, of which the second is the smaller one.

    It opens with `^`, has groups of its own (1 to 3), and ends with the text.
    """
    size = len(str(int(high)))
    second = rf"{_BETWEEN}+0*"
    longer = [f"[1-9][0-9]{{{n}}}(?:\\.[0-9]*)?{second}[0-9]{{0,{n}}}(?![0-9])" for n in range(1, size)]
    larger = [
        rf"{digit}[0-9]{{{n}}}(?:\.[0-9]*)?{second}\1[0-{digit - 1}][0-9]{{{n}}}(?![0-9])"
        for n in range(size)
        for digit in range(1, 10)
    ]
    finer = [rf"{digit}[0-9]*{second}\2\.\3[0-{digit - 1}][0-9]*" for digit in range(1, 10)]
    more = rf"0*[1-9][0-9]*{second}\2(?:\.\3)?{_ENDS}"
    wholes = either([*longer, rf"([0-9]*){either(larger)}"])
    fractions = rf"([0-9]*)\.([0-9]*){either([*finer, more])}"
    return rf"^{_BETWEEN}*0*{either([wholes, fractions])}(?:\.[0-9]*)?{_BETWEEN}*$"


def _minus_zero(low: Fraction | int) -> tuple[str, ...]:
    """Return the pattern of a zero with a minus where zero is allowed: YAML reads it as the number."""
    return () if low > 0 else (rf"-{_number(Fraction(0), Fraction(0))}",)


def _number(low: Fraction, high: Fraction, *, below: bool = False) -> str:
    """Return the pattern of a decimal number from `low` to `high`; `below` a `high` that is whole."""
    most = []
    if high >= 1:
        most.append(rf"{_digits_to(int(high) - 1)}(?:\.[0-9]*)?")
    if not below:
        most.append(rf"{_digits(int(high))}(?:\.{_fraction_to(high % 1)})?")
    least = r"(?=\.?[0-9])"
    if low:
        exact = f"{_digits(int(low))}" + (rf"\.{_fraction_from(low % 1)}" if low % 1 else r"(?:\.[0-9]*)?")
        least += rf"(?=0*(?:{_digits_from(int(low) + 1)}(?:\.[0-9]*)?|{exact}){_ENDS})"
    return f"{least}0*{either(most)}{_ENDS}"


def _digits(number: int) -> str:
    """Return a whole number without leading zeros: nothing for 0."""
    return str(number) if number else ""


def _digits_to(high: int) -> str:
    """Return the pattern of whole numbers up to this one, without their leading zeros."""
    most = _digits(high)
    if not most:
        return ""
    ways = [f"[0-9]{{0,{len(most) - 1}}}", most]
    for place, digit in enumerate(most):
        if int(digit):
            ways.append(f"{most[:place]}[0-{int(digit) - 1}][0-9]{{{len(most) - place - 1}}}")
    return either(ways)


def _digits_from(low: int) -> str:
    """Return the pattern of whole numbers from this one, 1 or more, without their leading zeros."""
    least = str(low)
    ways = [f"[1-9][0-9]{{{len(least)},}}", least]
    for place, digit in enumerate(least):
        if int(digit) < 9:
            ways.append(f"{least[:place]}[{int(digit) + 1}-9][0-9]{{{len(least) - place - 1}}}")
    return either(ways)


def _fraction_to(high: Fraction) -> str:
    """Return the pattern of digits behind a point, if any, that are at most this fraction.

    Its digits end or repeat the last one: so do those of a decimal number of seconds, in minutes or hours.
    """
    if not high:
        return "0*"
    digit, rest = divmod(10 * high, 1)
    smaller = f"[0-{digit - 1}][0-9]*" if digit else ""
    if rest == high:
        return f"{digit}*(?:{smaller})?"
    return f"(?:{smaller}|{digit}{_fraction_to(rest)})?"


def _fraction_from(low: Fraction) -> str:
    """Return the pattern of digits behind a point that are at least this fraction, as above."""
    if not low:
        return "[0-9]*"
    digit, rest = divmod(10 * low, 1)
    larger = [f"[{digit + 1}-9][0-9]*"] if digit < 9 else []
    if rest == low:
        return f"{digit}*{larger[0]}"
    return either([*larger, f"{digit}{_fraction_from(rest)}"])


def _in_units(
    units: Sequence[tuple[int, str]],
    low: Fraction,
    high: Fraction,
    *,
    below: bool = False,
    within: bool = False,
) -> Iterator[str]:
    """Yield patterns of durations in some of these units, the largest first.

    Args:
        units: the seconds of each, and the pattern of its name.
        low: the least of their sum, in seconds.
        high: the most of it, or what it is `below`.
        below: whether `high` itself is too long.
        within: whether a larger unit stands before them.
    """
    for place, (size, name) in enumerate(units):
        most, under = (Fraction(60 * size), True) if within and 60 * size <= high else (high, below)
        if low > most:
            continue
        yield _number(low / size, most / size, below=under) + name
        for share in _shares(size, low, most, below=under):
            rest = [*_in_units(units[place + 1 :], share.low, share.high, below=share.below, within=True)]
            if rest:
                yield rf"{digits(share.first, share.last)}{name}\s*{either(rest)}"


def _on_clock(sizes: Sequence[int], low: Fraction, high: Fraction, *, below: bool = False) -> str:
    """Return the pattern of a duration as on a clock, its seconds with two digits; arguments as above."""
    if len(sizes) == 1:
        return f"(?=[0-9]{{2}}(?![0-9])){_number(low, high, below=below)}"
    return either(
        f"{digits(share.first, share.last)}:{_on_clock(sizes[1:], share.low, share.high, below=share.below)}"
        for share in _shares(sizes[0], low, high, below=below)
    )


class _Share(NamedTuple):
    """Some of the durations within limits: from `first` to `last` of a unit, and a rest within its own."""

    first: int
    last: int
    low: Fraction
    high: Fraction
    below: bool


def _shares(size: int, low: Fraction, high: Fraction, *, below: bool) -> Iterator[_Share]:
    """Yield how durations within limits split into whole units of `size` seconds and a rest."""
    first, last = int(low // size), int((high - (1 if below else 0)) // size)
    for count in sorted({first, last}):
        most = high - count * size
        rest = (Fraction(size), True) if most >= size else (most, below)
        yield _Share(count, count, max(Fraction(0), low - count * size), *rest)
    if last - first > 1:
        yield _Share(first + 1, last - 1, Fraction(0), Fraction(size), True)
