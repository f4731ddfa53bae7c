"""Numbers in the words of a language."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 15  # digits; a longer number is read digit by digit


def cardinal(number: str, language: str, endings: Mapping[str, str] = {}) -> str:
    """Return a number in words.

    Args:
        number: digits, with a point before its decimals. A very long one, and one that begins with a zero, is
            read digit by digit; zeros at the end of the decimals are not read.
        language: such as "en"; in one that num2words doesn't know, the digits stay.
        endings: patterns -> what is said there before the noun that follows.
    """
    whole, _, decimals = number.partition(".")
    decimals = decimals[:_LONGEST] if decimals.strip("0") else ""
    if len(whole) > _LONGEST or (whole[0] == "0" and len(whole) > 1 and not decimals):
        return digits(whole, language)
    whole = whole.lstrip("0") or "0"
    words = _in_words(f"{whole}.{decimals}" if decimals else whole, language, "cardinal")
    for ending, bent in endings.items():
        words = re.sub(ending, bent, words)
    return words


def digits(number: str, language: str) -> str:
    """Return the digits of a number in words, one by one; what is no digit stays."""
    return " ".join(_in_words(each, language, "cardinal") if each.isdecimal() else each for each in number)


def ordinal(number: str, language: str, drop: str = "", add: str = "") -> str:
    """Return an ordinal ("second"), its ending `drop` replaced by `add` where it ends so."""
    words = _in_words(number, language, "ordinal")
    return words.removesuffix(drop) + add if words.endswith(drop) else words


def year(number: str, language: str) -> str:
    """Return a year in words: nineteen ninety."""
    return _in_words(number, language, "year")


@lru_cache(maxsize=2048)
def _in_words(number: str, language: str, form: str) -> str:
    from num2words import num2words  # noqa: PLC0415 - 25 ms, and many texts have no number

    value = Decimal(number) if "." in number else int(number)
    try:
        words: str = num2words(value, lang=language, to=form)
    except (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError):
        return number
    return words.replace(",", "")  # "one thousand, two hundred" would make a pause
