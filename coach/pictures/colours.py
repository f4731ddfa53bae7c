"""Colours that go together: equally light to the eye, and derived from the title."""

from __future__ import annotations

import hashlib
import math
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]
"""Red, green and blue of sRGB, 0 to 255."""


def find_hue(title: str) -> float:
    """Return the hue of a title, in degrees: from green through blue to red, without dark yellow."""
    return 150 + int.from_bytes(hashlib.sha256(title.encode("utf-8", "replace")).digest()[:2], "big") % 240


def colour(lightness: float, chroma: float, hue: float) -> Colour:
    """Return the sRGB colour nearest to one in the OKLCH space.

    Two colours of the same lightness look equally light, whatever their hues (B. Ottosson, A perceptual color
    space for image processing, 2020).

    Args:
        lightness: 0 is black, 1 is white.
        chroma: 0 is grey, 0.1 is calm, 0.2 is loud.
        hue: in degrees.
    """
    a, b = (chroma * part(math.radians(hue)) for part in (math.cos, math.sin))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encode(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _encode(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _encode(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )


def to_web(colour: Colour) -> str:
    """Return a colour in the notation of SVG and CSS."""
    return "#" + bytes(colour).hex()


def _encode(linear: float) -> int:
    """Return the sRGB value for linear light from 0 to 1; anything outside is clipped."""
    linear = min(1.0, max(0.0, linear))
    return round(255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055))
