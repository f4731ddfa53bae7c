"""The track in the formats that ffmpeg writes: FLAC, Opus and AAC.

Blocks go straight into ffmpeg's standard input. (pydub's own `export` wants the whole track in memory, reads
the whole result back, and has no chapters.)
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from coach import ffmpeg
from coach.encode.tags import comment, language_code, one_line
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from coach.timeline import Timeline

_INPUT = ("-thread_queue_size", "1024", "-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0")
"""The sound. With a short queue ffmpeg 5 sleeps 10 ms for every few packets, as the tags are an input too."""
_EXACT = ("-threads", "1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
"""No date, no version, no random serial number; nothing that depends on which thread was faster."""
_MOST_COMMENTS = 999
"""Chapters that the comments of a FLAC or Ogg file number with three digits."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A format that ffmpeg writes; a `Writer`.

    Attributes:
        options: ffmpeg's options for container and encoder.
        comments: True where chapters are comments among the tags, as Ogg and FLAC have them; False where
            the container has chapters of its own.
    """

    options: tuple[str, ...]
    comments: bool

    def write(self, file: BinaryIO, timeline: Timeline, sound: Iterator[NDArray[np.int16]]) -> None:
        """Write a track, tags and all. Arguments and errors are those of `Writer.write`."""
        with tempfile.TemporaryDirectory(prefix="coach-") as folder:
            tags = Path(folder, "tags")
            tags.write_text(_metadata(timeline, comments=self.comments), "utf-8", newline="\n")
            arguments = (
                *_INPUT,
                *("-f", "ffmetadata", "-i", str(tags)),
                *("-map", "0:a", "-map_metadata", "1", "-map_chapters", "-1" if self.comments else "1"),
                *("-metadata:s:a:0", f"language={language_code(timeline.language)}"),
                *_EXACT,
                *self.options,
            )
            ffmpeg.write(arguments, (block.astype("<i2").tobytes() for block in sound), file)


flac = Converted(("-f", "flac", "-c:a", "flac"), comments=True)
opus = Converted(
    ("-f", "opus", "-c:a", "libopus", "-b:a", "32k", "-compression_level", "5"),
    comments=True,
)
"""32 kbit/s, plenty for speech (https://wiki.xiph.org/Opus_Recommended_Settings).

Level 10, the default, takes five times as long, to look for music and speech; the levels of its frequency
bands came out no nearer to the original.
"""
ogg = opus
"""The same file under the name that older players open."""
m4a = Converted(
    # "fast" is the better of ffmpeg's methods from 64 kbit/s on (ffmpeg-codecs, "aac_coder"), in 2/3 of the
    # time. With the index in front a player starts before it has the whole file.
    ("-f", "ipod", "-c:a", "aac", "-aac_coder", "fast", "-b:a", "64k", "-movflags", "+faststart"),
    comments=False,
)


def _metadata(timeline: Timeline, *, comments: bool) -> str:
    """Return tags and chapters as ffmpeg reads them (ffmpeg-formats, "Metadata")."""
    lines = [
        ";FFMETADATA1",
        _entry("title", timeline.title),
        "artist=Coach",
        "album=Coach",
        "genre=Exercise",
        _entry("comment", comment(timeline)),
    ]
    names = [one_line(chapter.title) or str(number) for number, chapter in enumerate(timeline.chapters, 1)]
    if comments:
        lines.append(f"language={language_code(timeline.language)}")
        for number, chapter in enumerate(timeline.chapters[:_MOST_COMMENTS], 1):
            # As in https://wiki.xiph.org/Chapter_Extension
            lines.append(f"CHAPTER{number:03}={_clock(chapter.start)}")
            lines.append(_entry(f"CHAPTER{number:03}NAME", names[number - 1]))
    else:
        for chapter, name in zip(timeline.chapters, names, strict=True):
            lines += ["[CHAPTER]", f"TIMEBASE=1/{RATE}", f"START={chapter.start}", f"END={chapter.end}"]
            lines.append(_entry("title", name))
    return "\n".join([*lines, ""])


def _entry(key: str, text: str) -> str:
    return f"{key}=" + "".join(f"\\{each}" if each in "=;#\\" else each for each in one_line(text))


def _clock(samples: int) -> str:
    """Return a moment as hours, minutes, seconds and whole milliseconds, rounded down."""
    seconds, milliseconds = divmod(samples * 1000 // RATE, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{milliseconds:03}"
