"""A session: a track that is being played, and what a person does with it meanwhile."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from coach.mix import cue_index, fading_in, render
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from coach.history import Ending
    from coach.mix import Clips
    from coach.player import Player
    from coach.session.journal import Journal
    from coach.timeline import Cue, Timeline

__all__ = ["Session"]

_FADE = 6 * RATE
"""Samples from silence to the usual level: about a sentence, for somebody who is still asleep."""


class Session:
    """Plays a track and knows where it is. All its methods are called from one thread.

    Args:
        timeline: the track.
        clips: its sound.
        player: an open one; closing it stays with the caller.
        journal: what was done is noted there; None for nowhere.
        gently: whether the first words come softly, and grow to their level.
        limit: seconds after which it stops by itself, pauses included; None for never.
        clock: seconds that only grow.

    Attributes:
        timeline: the track.
        paused: whether it is silent at the person's wish.
        outcome: how it ended: "completed", "stopped" or "broken off"; None while it goes on.
        reason: why it ended so, in words; None where the outcome says all.
    """

    def __init__(
        self,
        timeline: Timeline,
        clips: Clips,
        player: Player,
        *,
        journal: Journal | None = None,
        gently: bool = False,
        limit: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.timeline = timeline
        self.paused = False
        self.outcome: Ending | None = None
        self.reason: str | None = None
        self._player, self._journal, self._limit, self._clock = player, journal, limit, clock
        self._pull = partial(render, timeline, clips)
        if gently and timeline.cues:
            self._pull = partial(fading_in, self._pull, timeline.cues[0].start, _FADE)
        self._noted = 0  # what is heard is in the journal up to here
        self._began = clock()

    @property
    def position(self) -> int:
        """The sample heard now."""
        return self._player.position

    def start(self, sample: int = 0) -> None:
        """Begin to play.

        Raises:
            AudioError: the device does not start.
        """
        self._began = self._clock()
        self._play(sample)

    def tick(self) -> bool:
        """Note what was heard since the last call; call it several times a second.

        Returns:
            Whether the session goes on.

        Raises:
            AudioError: the sound device went away.
        """
        if self.outcome is None:
            finished = self._player.wait(0)
            self._note(self.timeline.length if finished else self.position)
            if finished:
                self.end("completed")
            elif self._limit is not None and self._clock() - self._began >= self._limit:
                self.end("stopped", "its time was up")
        return self.outcome is None

    def toggle(self) -> None:
        """Pause, or go on at the start of the sentence that was interrupted."""
        if self.paused:
            self._play(_sentence_start(self.timeline, self.position))
        else:
            self._player.stop()
            self._note(self.position)
        self.paused = not self.paused

    def end(self, outcome: Ending, reason: str | None = None) -> None:
        """Fall silent, for good; does nothing to a session that has ended."""
        if self.outcome is None:
            self._player.stop()
            self.outcome, self.reason = outcome, reason
            at = self.timeline.length if outcome == "completed" else self.position
            if self._journal:
                if outcome != "completed":
                    self._note(at)
                self._journal.end(outcome, at, reason)

    def _play(self, sample: int) -> None:
        self._noted = sample
        self._player.start(self._pull, self.timeline.length, sample)

    def _note(self, sample: int) -> None:
        if self._journal and sample > self._noted:
            self._journal.heard(self._noted, sample)
        self._noted = sample


def _sentence_start(timeline: Timeline, sample: int) -> int:
    """Return where to go on: at the start of a cue that was interrupted, else right there."""
    cue = last_cue(timeline, sample)
    return cue.start if cue and sample < cue.end else sample


def last_cue(timeline: Timeline, sample: int) -> Cue | None:
    """Return the cue that is heard at a sample, else the last one before it."""
    cues = timeline.cues
    index = cue_index(timeline, sample)
    if index == len(cues) or cues[index].start > sample:
        index -= 1
    return cues[index] if index >= 0 else None
