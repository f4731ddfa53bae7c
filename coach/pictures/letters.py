"""Letters in the font that comes with Pillow: bold, with the accents it lacks, the same on every machine."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from coach.borders import clean_for_picture

if TYPE_CHECKING:
    from coach.pictures.colours import Colour

_Stroke: TypeAlias = tuple[tuple[float, float], ...]

_ALIKE = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "œ": "oe", "Æ": "AE", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "\u0131": "i", "\u00d7": "x", "„": "“", "\u201a": "\u2018"}
    | dict.fromkeys("\u2010\u2011\u2013\u2014", "-")
)
"""What the font lacks, and what to write instead."""

_ABOVE: dict[str, tuple[_Stroke, ...]] = {
    "\u0300": (((0.07, 0), (-0.07, 0.13)),),  # à
    "\u0301": (((-0.07, 0), (0.07, 0.13)),),  # á
    "\u0302": (((-0.12, 0), (0, 0.12), (0.12, 0)),),  # â
    "\u0303": (((-0.15, 0.02), (-0.09, 0.09), (0.09, 0.02), (0.15, 0.09)),),  # ã
    "\u0304": (((-0.13, 0.05), (0.13, 0.05)),),  # ā
    "\u0306": (((-0.11, 0.12), (-0.06, 0.02), (0.06, 0.02), (0.11, 0.12)),),  # ă
    "\u0307": (((0, 0.05),),),  # ż
    "\u0308": (((-0.12, 0.05),), ((0.12, 0.05),)),  # ä
    "\u030a": (((-0.08, 0.08), (0, 0.16), (0.08, 0.08), (0, 0), (-0.08, 0.08)),),  # å
    "\u030b": (((-0.11, 0), (0, 0.13)), ((0.05, 0), (0.16, 0.13))),  # ő
    "\u030c": (((-0.12, 0.12), (0, 0), (0.12, 0.12)),),  # č
}
"""Accents as lines through points, relative to the middle of a letter's top, in units of the font size."""

_BELOW: dict[str, tuple[_Stroke, ...]] = {
    "\u0326": (((0.02, -0.09), (-0.04, -0.2)),),  # ș
    "\u0327": (((0, 0), (0.05, -0.1), (-0.07, -0.17)),),  # ç
    "\u0328": (((0.09, 0), (0.02, -0.11), (0.12, -0.16)),),  # ę
}
"""Likewise, relative to the baseline."""


class Letters:
    """Letters of one size.

    Args:
        size: the font size in pixels.
    """

    def __init__(self, size: float) -> None:
        self.size = size
        self._font = _font(max(1, round(size)))
        self._bold = max(1, round(size * 0.025))

    def width(self, text: str) -> float:
        """Return how wide a text is, in pixels; with characters that `make_writable` leaves as they are."""
        return self.size * sum(map(_advance, text)) + 2 * self._bold

    def write(self, sheet: Image.Image, text: str, place: tuple[float, float], colour: Colour) -> None:
        """Write a line.

        Args:
            sheet: the picture to write on.
            text: the line, as `make_writable` returns it.
            place: the middle of the baseline, in pixels.
            colour: the colour of the letters.
        """
        bare, high = _strip_accents(text), 2 * round(self.size)
        mask = Image.new("L", (sheet.width, high))
        draw = ImageDraw.Draw(mask)
        left, bottom = place[0] - self._font.getlength(bare) / 2, 0.7 * high
        draw.text((left, bottom), bare, 255, self._font, "ls", stroke_width=self._bold)
        for at, character in enumerate(text):
            base, *marks = list(unicodedata.normalize("NFD", character))
            if marks:
                middle = left + (self._font.getlength(bare[:at]) + self._font.getlength(bare[: at + 1])) / 2
                self._accent(draw, base, marks, (middle, bottom))
        sheet.paste(colour, (0, round(place[1] - bottom)), mask)

    def _accent(
        self, draw: ImageDraw.ImageDraw, base: str, marks: list[str], place: tuple[float, float]
    ) -> None:
        """Draw the accents of a letter at a place."""
        middle, bottom = place
        top = bottom + self._font.getbbox("x" if base in "ij" else base, anchor="ls")[1] - self._bold
        pen = 0.036 * self.size + self._bold
        if base in "ij" and set(marks) & set(_ABOVE):  # the accent replaces the dot
            half = self._font.getlength(base) / 2
            draw.rectangle((middle - half, bottom - self.size, middle + half, top - 1), 0)
        strokes = [
            [(middle + x * self.size, origin - y * self.size) for x, y in stroke]
            for mark in marks
            for table, origin in ((_ABOVE, top - 0.1 * self.size), (_BELOW, bottom))
            for stroke in table.get(mark, ())
        ]
        for points in strokes:
            wide = pen * (1.35 if len(points) == 1 else 1)
            draw.line(points, 255, round(2 * wide))
            for x, y in points:
                draw.ellipse((x - wide, y - wide, x + wide, y + wide), 255)


def make_writable(text: str) -> str:
    """Return a text with only the characters that can be drawn."""
    composed = unicodedata.normalize("NFC", clean_for_picture(" ".join(text.split())).translate(_ALIKE))
    return " ".join("".join(map(_find_nearest, composed)).split())


def _find_nearest(character: str) -> str:
    """Return a character without accents that can't be drawn; "" if it can't be drawn at all."""
    base, *marks = list(unicodedata.normalize("NFD", character))
    if base != " " and (unicodedata.combining(base) or _shape(base) in (_shape("\uffff"), _shape(" "))):
        return ""
    return unicodedata.normalize("NFC", base + "".join(mark for mark in marks if mark in _ABOVE | _BELOW))


def _strip_accents(text: str) -> str:
    """Return a text without its accents."""
    return "".join(unicodedata.normalize("NFD", character)[0] for character in text)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "this Pillow was built without FreeType"
    return font


@cache
def _advance(character: str) -> float:
    """Return the advance from a character to the next, as a multiple of the font size."""
    return _font(100).getlength(_strip_accents(character)) / 100


def _shape(character: str) -> bytes:
    """Return the pixels of a character; one that the font lacks looks like U+FFFF."""
    sheet = Image.new("L", (48, 48))
    ImageDraw.Draw(sheet).text((8, 36), character, 255, _font(32), "ls")
    return sheet.tobytes()
