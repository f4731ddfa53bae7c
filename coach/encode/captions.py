"""What is said, as text: lyrics in the tags of a track, and caption files beside it."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from coach.borders import clean_for_tag
from coach.encode.text import chapter_titles
from coach.timeline import CueKind
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coach.timeline import Cue, Timeline

_BETWEEN = " \N{MIDDLE DOT} "
_SEEN = RATE
"""Samples that a caption stays if there is room: nobody reads a word in the 0.4 s it takes to say."""

_MOST_BYTES = 500_000
"""The size of lyrics in UTF-16; tags hold them twice. (Android refuses a 3 MB tag; an hour takes 50 kB.)"""
_BESIDE = 12
"""Bytes of a synchronised line besides its words: encoding mark, time, terminators."""


def fit_into_tags(timeline: Timeline) -> Timeline:
    """Return a timeline with no more cues than there is room for in tags.

    If their words exceed half a megabyte, counts are left out; if they still do, all cues are.

    Args:
        timeline: of one track.
    """
    sentences = tuple(cue for cue in timeline.cues if not cue.kind.is_called)
    for cues in (timeline.cues, sentences):
        if sum(2 * len(cue.text) + _BESIDE for cue in cues) <= _MOST_BYTES:
            return replace(timeline, cues=cues)
    return replace(timeline, cues=())


def format_lyrics(timeline: Timeline) -> str:
    """Return what is said as plain text: one line for each sentence, and one for all the words of a rep.

    If there are several chapters, each starts with its title and is separated by an empty line.

    Args:
        timeline: of one track.
    """
    starts = [chapter.start for chapter in timeline.chapters]
    chapters = list(zip(starts, chapter_titles(timeline), strict=True)) if len(starts) > 1 else []
    lines: list[str] = []
    for _, group in groupby(timeline.cues, _line_of):
        cues = list(group)
        while chapters and chapters[0][0] <= cues[0].start:
            lines += ["", chapters.pop(0)[1]]
        lines.append(_BETWEEN.join(filter(None, (clean_for_tag(cue.text) for cue in cues))))
    return "\n".join(lines).strip()


def list_timed_words(timeline: Timeline) -> list[tuple[str, int]]:
    """Return the words of each cue, with its start in whole milliseconds, rounded down.

    Args:
        timeline: of one track.
    """
    return [(text, _to_ms(cue.start)) for cue in timeline.cues if (text := clean_for_tag(cue.text))]


def lrc(timeline: Timeline) -> str:
    """Return what is said as an LRC file: a line for each cue with its start, in hundredths, rounded down.

    Minutes go beyond 59. Square brackets become round ones, because "[" starts a time.

    Args:
        timeline: of one track.
    """
    seconds = timeline.length // RATE
    head = [
        f"[ti:{_escape_lrc(timeline.title)}]",
        "[ar:Coach]",
        f"[length:{seconds // 60:02}:{seconds % 60:02}]",
    ]
    said = (
        f"[{_format_minutes(cue.start)}]{text}" for cue in timeline.cues if (text := _escape_lrc(cue.text))
    )
    return "".join(f"{line}\n" for line in (*head, *said))


def vtt(timeline: Timeline) -> str:
    """Return what is said as WebVTT (https://www.w3.org/TR/webvtt1): one caption a cue, never two at once.

    A caption is shown from the start of its cue, in milliseconds rounded down, to its end; and for at least a
    second, if the next one leaves room. A note comes before the captions of each chapter.

    Args:
        timeline: of one track.
    """
    blocks = ["WEBVTT", _format_note(timeline.title)]
    chapters = [(_to_ms(chapter.start), chapter.title) for chapter in timeline.chapters]
    free = 0
    for start, end, text in _time_captions(timeline.cues):
        while chapters and chapters[0][0] <= _to_ms(start):
            blocks.append(_format_note(chapters.pop(0)[1]))
        first = max(free, _to_ms(start))
        free = max(first + 1, _to_ms(end))  # the format has no empty captions
        blocks.append(f"{_format_clock(first)} --> {_format_clock(free)}\n{_escape_vtt(text)}")
    return "\n\n".join(filter(None, blocks)) + "\n"


def _line_of(cue: Cue) -> object:
    """Return a value that is the same for all cues of one line of the lyrics."""
    if cue.rep is not None:
        return cue.exercise, cue.side, cue.set, cue.rep
    return cue.kind if cue.kind == CueKind.COUNTDOWN else cue.start


def _time_captions(cues: tuple[Cue, ...]) -> Iterator[tuple[int, int, str]]:
    """Yield the start, the end (in samples) and the words of each caption; none overlap."""
    said = [(cue, text) for cue in cues if (text := clean_for_tag(cue.text))]
    for number, (cue, text) in enumerate(said, 1):
        end = max(cue.end, cue.start + _SEEN)
        if number < len(said):
            end = min(end, said[number][0].start)
        yield cue.start, end, text


def _to_ms(samples: int) -> int:
    return samples * 1000 // RATE


def _format_minutes(samples: int) -> str:
    """Return a moment as minutes, seconds and hundredths."""
    seconds, hundredths = divmod(samples * 100 // RATE, 100)
    return f"{seconds // 60:02}:{seconds % 60:02}.{hundredths:02}"


def _format_clock(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"


def _escape_lrc(text: str) -> str:
    """Return a text with nothing that LRC takes for a time: [01:00.00], or <01:00.00> within a line."""
    return clean_for_tag(text).translate(str.maketrans("[]<>", "()()"))


def _format_note(title: str) -> str:
    return f"NOTE {text}" if (text := _escape_vtt(title)) else ""


def _escape_vtt(text: str) -> str:
    """Return a text in which WebVTT sees no tag, no entity and no arrow."""
    return clean_for_tag(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
