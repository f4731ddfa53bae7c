"""What an MP3 says about itself: title, album, cover, lyrics, chapters."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import mutagen.id3

from coach.borders import clean_for_tag
from coach.encode.captions import fit_into_tags, format_lyrics, list_timed_words
from coach.encode.text import chapter_titles, comment, language_code
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from coach.encode.track import Track
    from coach.timeline import Timeline

frames: Any = mutagen.id3  # whose classes are not typed

_LATIN_1, _UTF16 = 0, 1
_MILLISECONDS = 2
_LYRICS = 1
_FRONT = 3
_MOST_CHILDREN = 255
"""A table of contents counts its entries in a single byte."""
_NO_OFFSET = 0xFFFFFFFF


def id3(track: Track) -> bytes:
    """Return the ID3v2.3 tag of a track, the same bytes for the same track.

    Chapters are listed in order in one table of contents with a title (without the title, some podcast
    players show none); more than 255 need a table of tables. Times are whole milliseconds, rounded down.
    Lyrics are included twice, plain and synchronised.

    Sources: ID3 tag version 2.3.0, and ID3v2 Chapter Frame Addendum 1.0 (https://id3.org).
    """
    timeline, part = track.timeline, track.part
    title = clean_for_tag(timeline.title)
    language = language_code(timeline.language)
    parts = [
        _text("TIT2", title),
        _text("TPE1", "Coach"),
        *([_text("TPE2", "Coach"), _text("TRCK", f"{part.number}/{part.of}")] if part else []),
        _text("TALB", part.album if part else "Coach"),
        _text("TCON", "Exercise"),
        _text("TLAN", language),
        _text("TLEN", str(_to_ms(timeline.length))),
        _text("TSSE", "Coach, LAME"),
        frames.COMM(encoding=_UTF16, lang=language, desc="", text=[clean_for_tag(comment(timeline))]),
        *_lyrics(timeline, language),
        *_chapters(timeline, title),
        *_cover(track.cover),
    ]
    body = b"".join(_bytes(part) for part in parts)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def _to_ms(samples: int) -> int:
    return samples * 1000 // RATE


def _text(name: str, text: str) -> Any:
    return getattr(frames, name)(encoding=_UTF16, text=[text])


def _bytes(frame: Any) -> bytes:
    """Return the bytes of one frame, made on its own because mutagen sorts the chapters of a tag by size."""
    tag = frames.ID3()
    tag.add(frame)
    file = io.BytesIO()
    tag.save(file, v1=0, v2_version=3, padding=lambda _info: 0)
    return file.getvalue()[10:]  # after the header of the tag


def _lyrics(timeline: Timeline, language: str) -> Iterator[Any]:
    said = fit_into_tags(timeline)
    if said.cues:
        yield frames.USLT(encoding=_UTF16, lang=language, desc="", text=format_lyrics(said))
        # The standard puts the end of a line before the next one's first word.
        lines = [
            (f"\n{text}" if number else text, moment)
            for number, (text, moment) in enumerate(list_timed_words(said))
        ]
        yield frames.SYLT(
            encoding=_UTF16, lang=language, format=_MILLISECONDS, type=_LYRICS, desc="", text=lines
        )


def _cover(picture: bytes | None) -> Iterator[Any]:
    if picture:
        yield frames.APIC(encoding=_LATIN_1, mime="image/jpeg", type=_FRONT, desc="", data=picture)


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
    for name, chapter, heading in zip(names, timeline.chapters, chapter_titles(timeline), strict=True):
        yield frames.CHAP(
            element_id=name,
            start_time=_to_ms(chapter.start),
            end_time=_to_ms(chapter.end),
            start_offset=_NO_OFFSET,
            end_offset=_NO_OFFSET,
            sub_frames=[_text("TIT2", heading)],
        )


def _contents(name: str, children: Iterable[str], title: str, *, top: bool) -> Any:
    return frames.CTOC(
        element_id=name,
        flags=frames.CTOCFlags.ORDERED | (frames.CTOCFlags.TOP_LEVEL if top else 0),
        child_element_ids=list(children),
        sub_frames=[_text("TIT2", title)],
    )
