"""Texts where they leave Coach: none controls, or lies to, whoever reads it there.

Each border has its function: `printable` for a terminal, a message and a line of a log, `clean_for_tag` for
tags, playlists, captions and the desktop's bus, `clean_for_picture` for pictures and pages,
`clean_for_notification` for the desktop; `coach.encode.names.file_name` makes names of files. Inside Coach a
text stays as it was written.

Characters that nobody sees stay where they do their work: joiners in words and emoji, and the marks of
direction in right-to-left text, isolates among them if each is closed again.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

JOINERS = "\u200c\u200d"
"""Invisible, but Persian words and many emoji fall apart without them."""

_CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
_NO_CHARACTERS = "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
_UNSEEN = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and the marks of annotations."""

_SUSPECT = re.compile(f"[{_CONTROLS}{_NO_CHARACTERS}{_UNSEEN}]")
_BREAKING = re.compile(f"[{_CONTROLS}{_NO_CHARACTERS}]")
_SHAPES = re.compile(f"[\ufe00-\ufe0f{JOINERS}]")
_MARKS = "\u061c\u200e\u200f"
_OPENING, _CLOSING = "\u2066\u2067\u2068", "\u2069"
_DEEPEST = 8  # isolates in isolates
_FIRST_OF_OTHERS = "\u0530"
"""Before it lie Latin, Greek and Cyrillic, in which a joiner does nothing but hide."""

_ABOVE = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
_PILED = re.compile(f"([{_ABOVE}]{{3}})[{_ABOVE}]+")
_TAGS = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "\uff06"})


def printable(text: str) -> str:
    """Return a text for a terminal or a log: on one line, what is not allowed there written as an escape."""
    return _replace(text, _escape)


def clean_for_tag(text: str) -> str:
    """Return a text on one line, without what controls or deceives; halves of surrogate pairs go, too."""
    return " ".join(_replace(text, _drop).split())


def clean_for_picture(text: str) -> str:
    """Return a text on one line, of what can be drawn: no marks of direction, and no piles of accents."""
    plain = _replace(text, _drop, directed=False)
    return _PILED.sub(r"\1", " ".join(filter(None, plain.split(" "))))


def clean_for_notification(text: str) -> str:
    """Return a text as `clean_for_tag`, in which no desktop finds markup, whether it looks for any or not."""
    return clean_for_tag(text).translate(_TAGS)


def close_isolates(text: str) -> str:
    """Return the start of a clean text so that its end does not turn around what is shown behind it."""
    open_ones = 0
    for character in text:
        if character in _OPENING:
            open_ones += 1
        elif character == _CLOSING and open_ones:
            open_ones -= 1
    return text + _CLOSING * open_ones


def _replace(text: str, instead: Callable[[str], str], *, directed: bool = True) -> str:
    """Return a text with something instead of each character that is not allowed.

    Args:
        text: any text.
        instead: returns what stands instead of a character.
        directed: whether the marks of direction in right-to-left text may stay.
    """
    if not _SUSPECT.search(text):
        return text
    stays = _find_shapes(text) | (_find_directions(text) if directed else set())
    return "".join(
        instead(character) if _SUSPECT.match(character) and place not in stays else character
        for place, character in enumerate(text)
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _drop(character: str) -> str:
    """Return a space for what parts words or is broken, and nothing for what nobody sees."""
    return " " if _BREAKING.match(character) else ""


def _find_shapes(text: str) -> set[int]:
    """Return the places of joiners and selectors of variants that change what is seen beside them."""
    found = set()
    for shape in _SHAPES.finditer(text):
        place = shape.start()
        before, behind = text[place - 1 : place], text[place + 1 : place + 2]
        if shape[0] not in JOINERS:
            works = bool(before) and not before.isspace() and not _SUSPECT.match(before)
        else:
            works = _is_joinable(before) and _is_joinable(behind)
        if works:
            found.add(place)
    return found


def _is_joinable(character: str) -> bool:
    """Return whether a joiner beside it can do its work: it is of an emoji or a script that has them."""
    if character in ("", *JOINERS) or character < _FIRST_OF_OTHERS:
        return False
    return unicodedata.category(character)[0] in "LMS"


def _find_directions(text: str) -> set[int]:
    """Return the places of the marks of direction that may stay.

    Isolates (https://www.unicode.org/reports/tr9/) must be closed and hold right-to-left letters.
    """
    found: set[int] = set()
    opened: list[tuple[int, int]] = []
    letters = 0
    for place, character in enumerate(text):
        if unicodedata.bidirectional(character) in ("R", "AL") and character not in _MARKS:
            letters += 1
        elif character in _OPENING:
            opened.append((place, letters))
        elif character == _CLOSING and opened:
            start, before = opened.pop()
            if letters > before and len(opened) < _DEEPEST:
                found |= {start, place}
    if letters:
        found |= {place for place, character in enumerate(text) if character in _MARKS}
    return found
