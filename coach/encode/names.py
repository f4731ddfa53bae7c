"""File names that every phone, memory card and computer takes."""

from __future__ import annotations

import unicodedata

from coach.encode.text import JOINERS, clean_for_tag, cut_to_bytes

_MOST_BYTES = 120
"""Of UTF-8: with the folders before it a path stays below the 260 characters of older Windows programs."""

_INSTEAD = str.maketrans(
    {'"': "'", "<": "(", ">": ")", "/": "-", "\\": "-", "|": "-", ":": "-", "?": "", "*": ""}
)
"""For what FAT and Windows forbid, and "/" everywhere."""

_EDGES = " .-" + JOINERS

_DEVICES = {
    *("con", "prn", "aux", "nul", "clock$", "conin$", "conout$"),
    *(device + number for device in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"),
}
"""What Windows takes for a device, whatever the suffix (learn.microsoft.com, "Naming Files, Paths, and
Namespaces")."""


def file_name(text: str, suffix: str) -> str:
    r"""Return a text as a file name that FAT, exFAT, macOS, Windows and Android all take as it is.

    It is in NFC, has at most 120 bytes in UTF-8, is never empty, and has none of `<>:"/\|?*`, no control
    characters, no marks that turn the direction of writing, no dots, spaces or hyphens at either end, and no
    device's name. (pathvalidate, which the tests ask, knows of these only some.)

    Args:
        text: anything.
        suffix: what the name ends in, such as ".mp3".
    """
    # Composing first: a name is cut, and compared, in the form in which it stands on the disk.
    plain = unicodedata.normalize("NFC", clean_for_tag(text)).replace(": ", " - ").translate(_INSTEAD)
    plain = clean_for_tag("".join(each for each in plain if not _is_hidden(each)))
    stem = plain.strip(_EDGES) or "Coach"
    if stem.split(".")[0].strip().casefold() in _DEVICES:
        stem = f"_{stem}"
    return cut_to_bytes(stem, _MOST_BYTES - len(suffix.encode())).rstrip(_EDGES) + suffix


def _is_hidden(character: str) -> bool:
    """Tell whether a character is one that nobody sees, or that is none."""
    code = ord(character)
    return (unicodedata.category(character) == "Cf" and character not in JOINERS) or (
        code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    )
