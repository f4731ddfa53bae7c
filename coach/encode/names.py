"""File names that every phone, memory card and computer accepts."""

from __future__ import annotations

import unicodedata

from coach.borders import JOINERS, clean_for_tag
from coach.encode.text import cut_to_bytes

_MOST_BYTES = 120
"""The length in UTF-8: with its folders, a path stays below the 260 characters of older Windows programs."""

_INSTEAD = str.maketrans(
    {'"': "'", "<": "(", ">": ")", "/": "-", "\\": "-", "|": "-", ":": "-", "?": "", "*": ""}
)
"""Replacements for what FAT and Windows forbid, and for "/"."""

_EDGES = " .-" + JOINERS

_DEVICES = {
    *("con", "prn", "aux", "nul", "clock$", "conin$", "conout$"),
    *(device + number for device in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"),
}
"""Names that Windows takes for a device, whatever the suffix (learn.microsoft.com, "Naming Files, Paths, and
Namespaces")."""


def file_name(text: str, suffix: str) -> str:
    r"""Return a file name made from a text, which FAT, exFAT, macOS, Windows and Android all accept.

    It is in NFC, has at most 120 bytes in UTF-8, and is never empty. It contains none of `<>:"/\|?*`, no
    control characters and no marks that change the writing direction; it has no dots, spaces or hyphens at
    either end, and is not the name of a device. (pathvalidate, which the tests use, knows only some of these
    rules.)

    Args:
        text: anything.
        suffix: what the name ends in, such as ".mp3".
    """
    # Compose first, because names are cut and compared in the form they have on the disk.
    plain = unicodedata.normalize("NFC", clean_for_tag(text)).replace(": ", " - ").translate(_INSTEAD)
    plain = clean_for_tag("".join(each for each in plain if not _is_hidden(each)))
    stem = plain.strip(_EDGES) or "Coach"
    if stem.split(".")[0].strip().casefold() in _DEVICES:
        stem = f"_{stem}"
    return cut_to_bytes(stem, _MOST_BYTES - len(suffix.encode())).rstrip(_EDGES) + suffix


def _is_hidden(character: str) -> bool:
    """Return whether a code point is invisible, or not a character."""
    code = ord(character)
    return (unicodedata.category(character) == "Cf" and character not in JOINERS) or (
        code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    )
