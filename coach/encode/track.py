"""A track to write: a whole timeline, or one chapter of it as part of an album."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from coach.borders import clean_for_tag
from coach.encode.text import chapter_titles
from coach.timeline.model import ShiftedBed
from coach.units import RATE

if TYPE_CHECKING:
    from coach.timeline import Cue, Timeline

REACH = 48
"""As many samples on either side, at RATE, go into a sample at another rate."""


class Part(NamedTuple):
    """The place of a track in its album: number `number` of `of`, counted from 1."""

    album: str
    number: int
    of: int


@dataclass(frozen=True)
class Track:
    """What a file is made from.

    Attributes:
        whole: the whole timeline.
        chapter: the number of the chapter, from 1, that this track is; None for the whole timeline.
        cover: a picture, as the bytes of a JPEG; None for none.
        rate: samples a second in the file.
    """

    whole: Timeline
    chapter: int | None = None
    cover: bytes | None = None
    rate: int = RATE

    @property
    def part(self) -> Part | None:
        """Its place in an album; None for a whole timeline."""
        if self.chapter is None:
            return None
        return Part(album_title(self.whole), self.chapter, len(self.whole.chapters))

    @cached_property
    def timeline(self) -> Timeline:
        """The track by itself: its title, its cues from its own start, its chapters if it has several."""
        if self.chapter is None:
            return self.whole
        first, stop = self.bounds
        title = chapter_titles(self.whole)[self.chapter - 1]
        cues = tuple(cue.shift(-first) for cue in self.whole.cues if first <= cue.start < stop)
        return replace(
            self.whole,
            title=title,
            length=stop - first,
            cues=cues,
            chapters=(),
            warnings=(),
            sets=(),
            sounds=tuple(
                sound.shift(-first) for sound in self.whole.sounds if sound.end > first and sound.start < stop
            ),
            beds=tuple(ShiftedBed(bed, first) for bed in self.whole.beds),
        )

    @property
    def bounds(self) -> tuple[int, int]:
        """Its first sample on the whole timeline, and the first one after it, at RATE."""
        if self.chapter is None:
            return 0, self.whole.length
        chapter = self.whole.chapters[self.chapter - 1]
        return chapter.start, chapter.end

    @property
    def start(self) -> int:
        """Its first sample on the whole timeline, at its own rate."""
        return self._at_rate(self.bounds[0])

    @property
    def length(self) -> int:
        """How many samples it has, at its own rate. Those of an album's tracks add up to the whole."""
        return self._at_rate(self.bounds[1]) - self.start

    def heard(self) -> list[Cue]:
        """Return the cues and sounds of the whole timeline that can be heard in it."""
        first, stop = self.bounds
        reach = 0 if self.rate == RATE else REACH
        every = (*self.whole.cues, *self.whole.sounds)
        return [cue for cue in every if cue.end > first - reach and cue.start < stop + reach]

    def _at_rate(self, sample: int) -> int:
        """Return the nearest sample at the track's own rate to one at RATE; halves are rounded up."""
        return (2 * sample * self.rate + RATE) // (2 * RATE)


def album_title(timeline: Timeline) -> str:
    """Return the title of a routine's album: its own title, with the level if there is one."""
    return clean_for_tag(f"{timeline.title} ({timeline.level})" if timeline.level else timeline.title)
