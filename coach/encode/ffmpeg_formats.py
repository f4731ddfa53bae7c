"""The track in the formats that ffmpeg writes: FLAC, Opus and AAC.

Blocks go straight into ffmpeg's standard input. (pydub's own `export` needs the whole track in memory, reads
the whole result back, and can't write chapters.)
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from mutagen.flac import Picture

from coach import ffmpeg
from coach.borders import clean_for_tag
from coach.encode.captions import fit_into_tags, format_lyrics, lrc
from coach.encode.text import chapter_titles, comment, cut_to_bytes, language_code
from coach.scratch import temporary_folder
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from coach.encode.track import Track

_EXACT = ("-threads", "1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
"""No date, no version, no random serial number, and nothing that depends on which thread is faster."""
_MOST_COMMENTS = 999
"""Comments in FLAC and Ogg files number chapters with three digits."""
_MOST_BYTES = 255
"""The length of a chapter's title in an MP4 file: one of its two lists counts it in a single byte."""
_FRONT = 3


@dataclass(frozen=True, slots=True)
class FfmpegFormat:
    """A format that ffmpeg writes; a `Writer`.

    Attributes:
        options: ffmpeg's options for container and encoder.
        comments: True if chapters are comments among the tags, as in Ogg and FLAC; False if the container has
            chapters.
        picture: True if the container takes a cover as a stream; False if the cover is one of the comments.
        tags: further lines of tags, like those of `_metadata`.
    """

    options: tuple[str, ...]
    comments: bool
    picture: bool = True
    tags: tuple[str, ...] = ()

    def write(self, file: BinaryIO, track: Track, sound: Iterator[NDArray[np.int16]]) -> None:
        """Write a track with its tags. Arguments and errors are those of `Writer.write`."""
        with temporary_folder() as folder:
            tags, cover = folder / "tags", folder / "cover"
            lines = [*_metadata(track, comments=self.comments, picture=self.picture), *self.tags]
            # Chapters, which are sections, come last.
            lines += [] if self.comments else _chapters(track)
            tags.write_text("\n".join([";FFMETADATA1", *lines, ""]), "utf-8", newline="\n")
            seen: tuple[str, ...] = ()
            if track.cover and self.picture:
                cover.write_bytes(track.cover)
                seen = ("-map", "2:v", "-c:v", "copy", "-disposition:v:0", "attached_pic")
            arguments = (
                # With a short queue and several inputs, ffmpeg 5 sleeps 10 ms every few packets.
                *("-thread_queue_size", "1024", "-f", "s16le", "-ar", str(track.rate), "-ac", "1"),
                *("-i", "pipe:0", "-f", "ffmetadata", "-i", str(tags)),
                *(("-f", "mjpeg", "-i", str(cover)) if seen else ()),
                *("-map", "0:a", *seen, "-map_metadata", "1"),
                *("-map_chapters", "-1" if self.comments else "1"),
                *("-metadata:s:a:0", f"language={language_code(track.whole.language)}"),
                *_EXACT,
                *self.options,
            )
            ffmpeg.write(arguments, (block.astype("<i2").tobytes() for block in sound), file)


flac = FfmpegFormat(("-f", "flac", "-c:a", "flac"), comments=True)
opus = FfmpegFormat(
    ("-f", "opus", "-c:a", "libopus", "-b:a", "32k", "-compression_level", "5"),
    comments=True,
    picture=False,
)
"""32 kbit/s, plenty for speech (https://wiki.xiph.org/Opus_Recommended_Settings).

Level 10, the default, takes five times as long, because it looks for music and speech; its frequency bands
came no closer to the original.
"""
ogg = opus
"""The same file, with the ending that older players know."""
_AAC = (
    # "fast" is the better of ffmpeg's methods from 64 kbit/s on (ffmpeg-codecs, "aac_coder"), and takes 2/3
    # of the time. With the index in front, a player can start before it has the whole file.
    ("-f", "ipod", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-movflags", "+faststart")
)
m4a = FfmpegFormat(_AAC, comments=False)
m4b = FfmpegFormat((*_AAC, "-brand", "M4B "), comments=False, tags=("media_type=2",))
"""The same as an audiobook, for players that show chapters and remember the position only in those."""


def _metadata(track: Track, *, comments: bool, picture: bool) -> list[str]:
    """Return the tags except a container's chapters, as ffmpeg reads them (ffmpeg-formats, "Metadata")."""
    timeline, part = track.timeline, track.part
    said = fit_into_tags(timeline)
    entries = {
        "title": clean_for_tag(timeline.title),
        "artist": "Coach",
        "album": part.album if part else "Coach",
        "genre": "Exercise",
        "comment": clean_for_tag(comment(timeline)),
    }
    if said.cues:  # players look for times in comments, but show MP4 lyrics as they are
        entries["lyrics"] = lrc(said) if comments else format_lyrics(said)
    if part:
        entries["album_artist"] = "Coach"
        entries["track"] = str(part.number) if comments else f"{part.number}/{part.of}"
    if comments:
        entries["language"] = language_code(timeline.language)
        starts = [chapter.start for chapter in timeline.chapters[:_MOST_COMMENTS]]
        for number, (start, title) in enumerate(zip(starts, chapter_titles(timeline), strict=False), 1):
            # As in https://wiki.xiph.org/Chapter_Extension
            entries[f"CHAPTER{number:03}"] = _format_clock(start)
            entries[f"CHAPTER{number:03}NAME"] = title
        if part:
            entries["TRACKTOTAL"] = str(part.of)
        if track.cover and not picture:
            entries["METADATA_BLOCK_PICTURE"] = _picture(track.cover)
    return [_entry(key, text) for key, text in entries.items() if text]


def _chapters(track: Track) -> list[str]:
    """Return a container's chapters, in the form ffmpeg reads."""
    lines: list[str] = []
    timeline = track.timeline
    for chapter, name in zip(timeline.chapters, chapter_titles(timeline), strict=True):
        title = cut_to_bytes(name, _MOST_BYTES)
        lines += ["[CHAPTER]", f"TIMEBASE=1/{RATE}", f"START={chapter.start}", f"END={chapter.end}"]
        lines.append(_entry("title", title))
    return lines


def _entry(key: str, text: str) -> str:
    return f"{key}=" + re.sub(r"([=;#\\\n])", r"\\\1", text)


def _picture(cover: bytes) -> str:
    """Return a cover as a comment of an Ogg file (https://wiki.xiph.org/VorbisComment)."""
    picture = Picture()  # type: ignore[no-untyped-call]
    picture.type, picture.mime, picture.data = _FRONT, "image/jpeg", cover
    block: bytes = picture.write()  # type: ignore[no-untyped-call]
    return base64.b64encode(block).decode("ascii")


def _format_clock(samples: int) -> str:
    """Return a moment as hours, minutes, seconds and whole milliseconds, rounded down."""
    seconds, milliseconds = divmod(samples * 1000 // RATE, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}"
