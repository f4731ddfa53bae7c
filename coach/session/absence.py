"""A session that is not heard: why, since when, and what its person hears when it continues."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from coach.errors import SpeechError
from coach.phrases import phrasebook
from coach.session import places
from coach.session.now import SessionState

if TYPE_CHECKING:
    from coach.session.places import Landing
    from coach.timeline import Timeline
    from coach.timeline.booth import Speaks

_LOOK_AGAIN = 0.5
"""Seconds between two looks for a sound device that has gone."""

_PATIENCE = 600.0
"""Seconds after which a device that has gone is not waited for any more."""


class Absence:
    """Keeps count of a time without sound. One is enough for a session: it can begin again and again.

    All moments are seconds of one clock.

    Args:
        timeline: the track.
        speech: its voice. What will be said at the end is spoken ahead, on a thread of its own.
        now: the moment.

    Attributes:
        state: why nothing is heard; PLAYING once the session is heard again.
    """

    def __init__(self, timeline: Timeline, speech: Speaks, now: float) -> None:
        self.state = SessionState.PAUSED
        self._timeline, self._speech = timeline, speech
        self._book = phrasebook(timeline.language)
        self._began = self._lost_at = self._looked_at = now
        self._is_over = Event()

    def begin(self, why: SessionState, sample: int, moment: float) -> None:
        """Begin to count.

        Args:
            why: PAUSED, or WAITING for a sound device.
            sample: the sample of the track that was reached.
            moment: since when nothing is heard.
        """
        self.state, self._began, self._lost_at = why, moment, moment
        # No daemon: the voice's own threads must not outlive the interpreter.
        Thread(target=self._speak_ahead, args=(sample,), name="coach-recap").start()

    def wait_for_sound(self, now: float) -> None:
        """Wait for a device from now on: whoever wanted to continue found none."""
        self.state, self._lost_at = SessionState.WAITING, now

    def end(self) -> None:
        """Count no more: the session is heard again."""
        self.state = SessionState.PLAYING

    def close(self) -> None:
        """Give up what is being spoken ahead: the session is over."""
        self._is_over.set()

    def should_look(self, now: float) -> bool:
        """Tell whether it is time to look for the device again; the caller looks if so."""
        if now - self._looked_at < _LOOK_AGAIN:
            return False
        self._looked_at = now
        return True

    def has_lasted(self, now: float) -> str | None:
        """Return how long a device was waited for, in words, if that is long enough; None before."""
        return f"{_PATIENCE / 60:.0f} minutes" if now - self._lost_at >= _PATIENCE else None

    def way_back(self, sample: int, unsaid: Landing | None, now: float, *, remind: bool) -> Landing:
        """Return where the session continues, with as much said first as a person needs after so long.

        Args:
            sample: the sample of the track that was reached.
            unsaid: what was to be said before the track continues; None for nothing.
            now: the moment.
            remind: whether to say where they are even after a moment.
        """
        away = now - self._began
        long = away >= places.LONG_AWAY
        landing = places.continue_at(self._timeline, sample)
        if remind or away >= places.AWAY:
            landing = places.come_back(self._timeline, self._book, sample, long=long)
        if unsaid and (not long or len(unsaid.said) >= len(landing.said)):
            return unsaid  # it says more
        return landing

    def _speak_ahead(self, sample: int) -> None:
        """Have at hand what must be said at once later."""
        texts = [self._book.count(number) for number in (3, 2, 1)]
        for long in (True, False):
            landing = places.come_back(self._timeline, self._book, sample, long=long)
            texts += [each for each in landing.said if isinstance(each, str)]
        with suppress(SpeechError):
            for text in texts:
                if not self._is_over.is_set():
                    self._speech.clip(text)
