"""Texts for tags and file names: cut to size, in a known language."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from coach.borders import JOINERS, clean_for_tag

if TYPE_CHECKING:
    from coach.timeline import Timeline

_LANGUAGES = """
af-afr ar-ara az-aze be-bel bg-bul bn-ben bs-bos ca-cat cs-ces cy-cym da-dan de-deu el-ell en-eng eo-epo
es-spa et-est eu-eus fa-fas fi-fin fr-fra ga-gle gl-glg gu-guj he-heb hi-hin hr-hrv hu-hun hy-hye id-ind
is-isl it-ita ja-jpn ka-kat kk-kaz kn-kan ko-kor la-lat lt-lit lv-lav mk-mkd ml-mal mr-mar ms-msa mt-mlt
nb-nob ne-nep nl-nld nn-nno no-nor pa-pan pl-pol pt-por ro-ron ru-rus sk-slk sl-slv sq-sqi sr-srp sv-swe
sw-swa ta-tam te-tel th-tha tl-tgl tr-tur uk-ukr ur-urd uz-uzb vi-vie zh-zho
"""
"""The codes of ISO 639-1, each with its code of ISO 639-2 (T)."""


def language_code(tag: str) -> str:
    """Return the three letters (ISO 639-2) of a language tag such as "en" or "pt-BR"; "und" if unknown."""
    primary = tag.replace("_", "-").split("-")[0].lower()
    if len(primary) == 3 and primary.isascii() and primary.isalpha():
        return primary
    return dict(pair.split("-") for pair in _LANGUAGES.split()).get(primary, "und")


def cut_to_bytes(text: str, most_bytes: int) -> str:
    """Return as much of the start of a text as fits, without splitting what a reader sees as one character.

    Such a character is split only if it doesn't fit as a whole.

    Args:
        text: without halves of surrogate pairs.
        most_bytes: how many bytes of UTF-8 there is room for.
    """
    size = most_size = len(text.encode()[:most_bytes].decode(errors="ignore"))
    while 0 < size < len(text) and (_is_modifier(text[size]) or text[size - 1] in JOINERS):
        size -= 1
    return text[: size or most_size]


def _is_modifier(character: str) -> bool:
    """Return whether a character only changes the one before it: an accent, a shade of skin, a joiner."""
    marks = unicodedata.category(character).startswith("M")
    return marks or character in JOINERS or "\U0001f3fb" <= character <= "\U0001f3ff"


def chapter_titles(timeline: Timeline) -> list[str]:
    """Return the titles of the chapters, each on one line; a chapter without a title gets its number."""
    return [
        clean_for_tag(chapter.title) or str(number) for number, chapter in enumerate(timeline.chapters, 1)
    ]


def comment(timeline: Timeline) -> str:
    """Return the comment that every format has: who speaks, and at which level."""
    return f"voice {timeline.voice}" + (f", level {timeline.level}" if timeline.level else "")
