"""What a session plays: something said first, then the track from some sample on, without a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coach.errors import Location
from coach.mix import render
from coach.timeline import Cue, CueKind, Sentence, Timeline
from coach.timeline.booth import Booth
from coach.units import RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from coach.mix import Clips
    from coach.phrases import Phrasebook
    from coach.session.places import Landing
    from coach.timeline.booth import Speaks

_HUSH = RATE // 20
"""Samples of quiet before something is said: a device that has just begun swallows a little."""

_BREATH = RATE // 2
"""Samples of quiet between sentences: the person is finding their place again."""

_COUNT_IN = 3
"""Beats that lead up to a rep, a second apart."""

_NOWHERE = Location("", 1, 1)


class Splice:
    """A source for a player: samples 0 to `before` are what is said first, then comes the track.

    Attributes:
        landing: where the track goes on.
        said: what is said first, as a timeline; of length 0 for nothing.
        length: samples of it all.
    """

    def __init__(self, timeline: Timeline, clips: Clips, landing: Landing, said: Timeline) -> None:
        self.landing, self.said = landing, said
        self._timeline, self._clips = timeline, clips
        self.length = said.length + timeline.length - landing.sample

    def __call__(self, start: int, count: int) -> NDArray[np.float32]:
        """Return a stretch of it; see `coach.player.Pull`."""
        before = min(max(0, self.said.length - start), count)
        parts = []
        if before:
            parts.append(render(self.said, self._clips, start, before))
        if count > before:
            at = start + before - self.said.length + self.landing.sample
            parts.append(render(self._timeline, self._clips, at, count - before))
        return parts[0] if len(parts) == 1 else np.concatenate([*parts, np.zeros(0, np.float32)])

    def place(self, position: int) -> int:
        """Return the sample of the track at a position; its first one while something is said."""
        return self.landing.sample + max(0, position - self.said.length)


def say_first(timeline: Timeline, speech: Speaks, book: Phrasebook, landing: Landing) -> Timeline:
    """Return what is said before the track goes on: sentences, then a count-in up to the landing's beat.

    Raises:
        SpeechError: the voice failed.
    """
    cues: list[Cue] = []
    at = _HUSH
    for each in landing.said:
        sentence = Sentence(CueKind.ANNOUNCE, each, _NOWHERE) if isinstance(each, str) else each.sentence
        clip = speech.clip(each) if isinstance(each, str) else each.clip
        if clip.length:
            cues.append(Cue(at, clip, sentence))
            at = cues[-1].end + _BREATH
    at += landing.quiet
    if landing.beat is None:
        return _timeline(timeline, cues, at if cues or landing.quiet else 0)
    counts = _count_in(speech, book, landing.beat - landing.sample)
    first = min([-_COUNT_IN * RATE, *(cue.start for cue in counts)])  # from the beat
    beat = max(at - first, landing.beat - landing.sample)
    cues += [cue.shift(beat) for cue in counts]
    return _timeline(timeline, cues, beat - (landing.beat - landing.sample))


def _count_in(speech: Speaks, book: Phrasebook, early: int) -> list[Cue]:
    """Return the cues that count in, in samples from the beat they lead up to.

    Args:
        speech: the voice.
        book: its language.
        early: samples before that beat at which the track's own word may begin.
    """
    booth, cues, ceiling = Booth(speech), list[Cue](), -early
    for number in range(1, _COUNT_IN + 1):
        sentence = Sentence(CueKind.COUNTDOWN, book.count(number), _NOWHERE)
        clip = booth.fit_on_beat(sentence, -number * RATE, -(number + 1) * RATE, ceiling)
        if clip and clip.length:
            ceiling = -number * RATE - clip.attack
            cues.insert(0, Cue(ceiling, clip, sentence, -number * RATE))
    return cues


def _timeline(timeline: Timeline, cues: list[Cue], length: int) -> Timeline:
    return Timeline(
        timeline.title, timeline.language, timeline.voice, timeline.level, length, tuple(cues), (), ()
    )
