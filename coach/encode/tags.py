"""What a track says about itself: title, language, chapters."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import mutagen.id3

from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from coach.timeline import Timeline

frames: Any = mutagen.id3  # whose classes are not typed

_UTF16 = 1
_MOST_CHILDREN = 255
"""A table of contents counts its entries in one byte."""
_NO_OFFSET = 0xFFFFFFFF

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


def one_line(text: str) -> str:
    """Return a text that fits a tag: one line, no control characters, no halves of surrogate pairs."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text)
    return " ".join(plain.split())


def comment(timeline: Timeline) -> str:
    """Return who speaks, and at which level, as every format's comment says it."""
    return f"voice {timeline.voice}" + (f", level {timeline.level}" if timeline.level else "")


def id3(timeline: Timeline) -> bytes:
    """Return the ID3v2.3 tag of a track, the same bytes for the same track.

    Chapters stand in their order under one table of contents with a title (without it, some podcast players
    show none); more than 255 in a table of tables. Times are whole milliseconds, rounded down.

    Sources: ID3 tag version 2.3.0, and ID3v2 Chapter Frame Addendum 1.0 (https://id3.org).
    """
    title = one_line(timeline.title)
    language = language_code(timeline.language)
    parts = [
        _text("TIT2", title),
        _text("TPE1", "Coach"),
        _text("TALB", "Coach"),
        _text("TCON", "Exercise"),
        _text("TLAN", language),
        _text("TLEN", str(_ms(timeline.length))),
        _text("TSSE", "Coach, LAME"),
        frames.COMM(encoding=_UTF16, lang=language, desc="", text=[one_line(comment(timeline))]),
        *_chapters(timeline, title),
    ]
    body = b"".join(_bytes(part) for part in parts)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def _ms(samples: int) -> int:
    return samples * 1000 // RATE


def _text(name: str, text: str) -> Any:
    return getattr(frames, name)(encoding=_UTF16, text=[text])


def _bytes(frame: Any) -> bytes:
    """Return one frame as it stands in a tag. Alone, since mutagen sorts a tag's chapters by their size."""
    tag = frames.ID3()
    tag.add(frame)
    file = io.BytesIO()
    tag.save(file, v1=0, v2_version=3, padding=lambda _info: 0)
    return file.getvalue()[10:]  # behind the header of the tag


def _chapters(timeline: Timeline, title: str) -> Iterator[Any]:
    if not timeline.chapters:
        return
    names = [f"chp{number}" for number in range(1, len(timeline.chapters) + 1)]
    if len(names) <= _MOST_CHILDREN:
        yield _contents("toc", names, title, top=True)
    else:
        groups = [names[first : first + _MOST_CHILDREN] for first in range(0, len(names), _MOST_CHILDREN)]
        tables = [f"toc{number}" for number in range(1, len(groups) + 1)]
        yield _contents("toc", tables, title, top=True)
        for table, group in zip(tables, groups, strict=True):
            yield _contents(table, group, title, top=False)
    for number, (name, chapter) in enumerate(zip(names, timeline.chapters, strict=True), 1):
        yield frames.CHAP(
            element_id=name,
            start_time=_ms(chapter.start),
            end_time=_ms(chapter.end),
            start_offset=_NO_OFFSET,
            end_offset=_NO_OFFSET,
            sub_frames=[_text("TIT2", one_line(chapter.title) or str(number))],
        )


def _contents(name: str, children: Iterable[str], title: str, *, top: bool) -> Any:
    return frames.CTOC(
        element_id=name,
        flags=frames.CTOCFlags.ORDERED | (frames.CTOCFlags.TOP_LEVEL if top else 0),
        child_element_ids=list(children),
        sub_frames=[_text("TIT2", title)],
    )
