"""Text as a voice should read it: numbers, units and signs in words, nothing in it that can't be spoken.

Characters come into one spelling here, `coach.speech.reader` puts into words what differs from language to
language, and the marks are tidied. What is still neither a word nor a mark can't be spoken, and is reported.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from coach.speech.reader import any_of, reader, whole_word
from coach.speech.reading_table import reading_table

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reading(NamedTuple):
    """A text as a voice should read it, and what in it can't be read.

    Attributes:
        words: words with `. , : ? !`, apostrophes and hyphens; empty where nothing can be spoken.
        unread: letters of another script, pictures and signs that have no words, each once, in their order.
    """

    words: str
    unread: tuple[str, ...]


def normalise(text: str, language: str, pronounce: Mapping[str, str]) -> str:
    """Return text as a voice of a language should read it; see `read`."""
    return read(text, language, pronounce).words


def unreadable(text: str, language: str, pronounce: Mapping[str, str] = {}) -> tuple[str, ...]:
    """Return what a voice of a language can't read in a text: "💪", "Привет", "$"; see `read`."""
    return read(text, language, pronounce).unread


def read(text: str, language: str, pronounce: Mapping[str, str]) -> Reading:
    """Return text as a voice of a language should read it, and what it can't.

    Args:
        text: as a person wrote it; any text will do.
        language: such as "en". One without a phrasebook gets its numbers in words where num2words knows it.
        pronounce: written word -> the spelling to speak, taken as it is. Whole words are meant, in either
            case; the longest that fits is taken.
    """
    language = re.split("[-_]", language)[0].lower()
    text = _LIST_NUMBER.sub(r"\g<0>) ", text)
    text = " ".join(unicodedata.normalize("NFC", "".join(map(_spelling, text))).split())
    for sign, character in _TYPED.items():
        text = text.replace(sign, character)
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

        text = re.sub(whole_word(any_of(spellings)), take_out, text, flags=re.IGNORECASE)
    text = reader(language).read(text)
    letters = reading_table(language).letters
    unread = dict.fromkeys(
        run for run in "".join(c if _is_unread(c, letters) else " " for c in text).split() if run
    )
    text = _tidy(text)
    for place, spelling in enumerate(spoken):
        text = text.replace(chr(_FIRST_PLACE + place), spelling)
    return Reading(" ".join(text.split()), tuple(unread))


_FIRST_PLACE = 0xF0000  # private use: stands for a pronounced word while the text around it is read
_UNKNOWN = "\ufffd"  # for a character that Unicode doesn't know, or keeps for private use
_LIST_NUMBER = re.compile(r"(?:^|(?<=[.!?:;]\s))\s*[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]")
_LIKE = {
    **dict.fromkeys("\u2018\u2019\u02bc\u2032\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033`", '"'),
    **dict.fromkeys("\u2010\u2011\u2212", "-"),
    **dict.fromkeys("\u2044\u2215", "/"),
    **dict.fromkeys("\u2715\u2716\u2a2f", "\u00d7"),
    **dict.fromkeys("\u21d2\u2794\u279c\u279e\u27a1\u27f6", "→"),
    **dict.fromkeys("\u2a7d\u2266", "≤"),
    **dict.fromkeys("\u2a7e\u2267", "≥"),
    "\u02da": "°",
}
_KEPT = "ºª²³¹…™℠"  # their compatible spelling says something else
_TYPED = {"+/-": "±", "-->": "→", "->": "→", "=>": "→", "<=": "≤", ">=": "≥", "!=": "≠"}
_SPOKEN_MARKS = " .,:?!'-"
_SIGNS = "#%&@§¶†‡‰‱\\"  # punctuation to Unicode, words to a person

_DASH = re.compile(r"\s+[-\u2013\u2014]+\s+|\s*[\u2013\u2014]+\s*|--+")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.)[….]*\s*(?=(\w?))")
_ASIDE = re.compile(r"\s*[()\[\]{}|;]+\s*")
_MARKS = re.compile(r"\s*[.,:?!](?:\s*[.,:?!])*")
_LOOSE = re.compile(r"(?<![^\W\d_])['-]+|['-]+(?![^\W\d_])")


@lru_cache(maxsize=4096)
def _spelling(character: str) -> str:
    """Return a character in the spelling that the rules know; nothing for one that can't be seen."""
    if character in _LIKE:
        return _LIKE[character]
    if (character.isascii() and character.isprintable()) or character in _KEPT:
        return character
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if "\ufe00" <= character <= "\ufe0f" or character == "\u20e3" or category in ("Cc", "Cf", "Cs"):
        return ""
    if category in ("Cn", "Co"):
        return _UNKNOWN
    plain = unicodedata.normalize("NFKC", character)
    if category == "Nl":  # Roman numerals
        return f" {int(unicodedata.numeric(character, 0))} "
    if category == "No":
        if "\u2044" in plain:
            return f" {plain}".replace("\u2044", "/")
        if unicodedata.decomposition(character).startswith("<sub>"):
            return plain
        value = unicodedata.numeric(character)
        return f" {int(value)} " if value.is_integer() and not _is_raised(character) else character
    if category == "Nd":
        return str(unicodedata.digit(character))
    return plain if not plain.startswith(" ") else character


def _is_raised(character: str) -> bool:
    return unicodedata.decomposition(character).startswith("<super>")


@lru_cache(maxsize=4096)
def _is_unread(character: str, letters: str) -> bool:
    """Return whether a character still ought to be heard where the rules have read all that they know."""
    if ord(character) >= _FIRST_PLACE:
        return False
    category = unicodedata.category(character)
    if category[0] == "L":
        return (
            bool(letters)
            and category != "Lm"
            and not unicodedata.name(character, letters).startswith(letters)
        )
    return (category[0] == "S" and character != "|") or category in ("No", "Nl") or character in _SIGNS


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
