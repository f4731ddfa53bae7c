"""Text for pictures: measured, and broken into lines."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from coach.borders import clean_for_picture
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable

_NARROW = frozenset(" !'(),./:;I[]ijl|`fjrt-\u2018\u2019\u201a\u00a0")
_BROAD = frozenset("mwMW@%\u2026\u2014")


def clock(samples: int) -> str:
    """Return a time as on a clock: 1:05, or 1:02:03 from an hour on."""
    minutes, seconds = divmod(samples // RATE, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def width(text: str) -> float:
    """Return the greatest width of a text in common sans-serif fonts, as a multiple of the font size."""
    return sum(map(_character_width, text))


def wrap(text: str, room: float, measure: Callable[[str], float] = width) -> list[str]:
    """Return a text in lines no wider than `room`, broken between words; a word that is too long is split.

    Args:
        text: any text.
        room: the width of a line, in the units of `measure`.
        measure: returns the width of a text.
    """
    lines: list[str] = []
    for word in filter(None, clean_for_picture(text).split(" ")):
        longer = f"{lines[-1]} {word}" if lines else word
        if measure(longer) <= room:
            lines[-1:] = [longer]
            continue
        rest = word
        while measure(rest) > room and len(rest) > 1:
            cut = max(1, next(at for at in range(len(rest), 0, -1) if at == 1 or measure(rest[:at]) <= room))
            lines.append(rest[:cut])
            rest = rest[cut:]
        lines.append(rest)
    return lines


def shorten(text: str, room: float, measure: Callable[[str], float] = width) -> str:
    """Return a text no wider than `room`, with an ellipsis if it had to be cut; "" if nothing fits."""
    if measure(text) <= room:
        return text
    while text and measure(text + "…") > room:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""


def _character_width(character: str) -> float:
    """Return the width of a character in one of the wider common fonts (DejaVu Sans)."""
    if character in _NARROW:
        return 0.42
    if character in _BROAD:
        return 1.02
    if character.isascii():
        return 0.72 if character.isupper() else 0.65
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF" or ord(character) > 0xFFFF:
        return 1.4  # emoji are wider than the square of a Chinese character
    return 0.8
