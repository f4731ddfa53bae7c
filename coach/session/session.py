"""A session: plays a track, does what its person asks, and finds its way back after any silence."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from coach.errors import AudioError
from coach.history import Outcome
from coach.phrases import phrasebook
from coach.session import navigation, places
from coach.session.absence import Absence
from coach.session.controls import Order, OrderQueue, SessionCommand
from coach.session.now import Now, SessionState
from coach.session.places import Landing
from coach.session.playhead import Playhead
from coach.text_enum import assert_never

if TYPE_CHECKING:
    from collections.abc import Callable

    from coach.history import Ending
    from coach.player import Player
    from coach.session.journal import Journal
    from coach.session.playhead import SessionVoice
    from coach.timeline import Timeline

_log = logging.getLogger(__name__)

_VOLUME_STEP = 0.1

_SLEPT = 4.0
"""Seconds between two ticks that only a machine that slept (or a process that was stopped) can explain."""


class Session(OrderQueue):
    """Plays a track, knows where it is, and does what it is told.

    The commands may be called from any thread; all else is called from one thread.

    Args:
        timeline: the track.
        speech: its voice.
        player: an open one; closing it stays with the caller.
        journal: what was done is noted there; None for nowhere.
        gently: whether the first words come softly, and grow to their level.
        limit: seconds after which it stops by itself, pauses included; None for never.
        tell: is given lines for the person: the sound has gone, it is back.
        clock: seconds that only grow, also while the machine sleeps.

    Attributes:
        timeline: the track.
        outcome: how it ended; None while it goes on.
        reason: why it ended so, in words; None where the outcome says all.
    """

    def __init__(
        self,
        timeline: Timeline,
        speech: SessionVoice,
        player: Player,
        *,
        journal: Journal | None = None,
        gently: bool = False,
        limit: float | None = None,
        tell: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        super().__init__()
        self.timeline = timeline
        self.outcome: Ending | None = None
        self.reason: str | None = None
        self._player, self._journal, self._limit, self._tell = player, journal, limit, tell
        self._clock = clock or _clock_that_never_sleeps
        self._book = phrasebook(timeline.language)
        self._playhead = Playhead(timeline, speech, player, journal, gently=gently)
        self._began = self._ticked_at = self._clock()
        self._absence = Absence(timeline, speech, self._began)

    def start(self, landing: Landing | None = None) -> None:
        """Begin to play: at the start of the track, or where a landing says.

        Raises:
            AudioError: the device does not start.
        """
        self._began = self._clock()
        self._play(landing or Landing(0))
        self._ticked_at = self._clock()
        if self._journal:
            sample = self._playhead.sample
            self._journal.heard(sample, sample)  # a session that is killed at once is continued here

    def tick(self) -> bool:
        """Do what is due; call it ten times a second.

        Returns:
            Whether the session goes on.

        Raises:
            AudioError: the sound device went away, and did not come back.
        """
        now, before = self._clock(), self._ticked_at
        self._ticked_at = now
        if self.outcome is None and self._playhead.is_playing:
            if now - before > _SLEPT:
                self._wake(before)
            else:
                self._listen()
        if self.outcome is None:
            for order in self._orders():
                self._obey(order)
                if self.outcome is not None:
                    break
        if self.outcome is None and self._absence.state is SessionState.WAITING:
            self._look_for_sound(now)
        if self.outcome is None and self._limit is not None and now - self._began >= self._limit:
            silent = " while there was no sound" if self._absence.state is SessionState.WAITING else ""
            self.end(Outcome.STOPPED, f"its time was up{silent}")
        self._ticked_at = self._clock()  # a voice may have been slow
        return self.outcome is None

    def now(self) -> Now:
        """Return where it is."""
        timeline, here = self.timeline, self._playhead.position()
        work = places.work_at(timeline, here.body)
        index = places.next_index(timeline, here.body)
        return Now(
            state=self._absence.state,
            sample=here.sample,
            cue=here.cue,
            chapter=places.chapter_at(timeline, here.body),
            work=work,
            stretch=places.span_at(work, here.body) if work else None,
            coming=timeline.sets[index] if index < len(timeline.sets) else None,
            volume=self._player.volume,
            ahead=here.ahead,
        )

    def end(self, outcome: Ending, reason: str | None = None) -> None:
        """Fall silent, for good; does nothing to a session that has ended."""
        if self.outcome is None:
            self._playhead.stop()
            self._absence.close()
            self.outcome, self.reason = outcome, reason
            if self._journal:
                self._journal.end(outcome, self._playhead.sample, reason)

    # What a person asks.

    def _obey(self, order: Order) -> None:  # noqa: PLR0912 - a branch for each command
        timeline, book, here, state = (
            self.timeline,
            self._book,
            self._playhead.position(),
            self._absence.state,
        )
        match order.command:
            case SessionCommand.TOGGLE:
                self._obey(
                    Order(SessionCommand.RESUME if state is SessionState.PAUSED else SessionCommand.PAUSE)
                )
            case SessionCommand.PAUSE:
                if state is not SessionState.PAUSED:
                    self._fall_silent(SessionState.PAUSED, self._clock())
            case SessionCommand.RESUME:
                if state is SessionState.PAUSED:
                    self._come_back()
            case SessionCommand.NEXT:
                if landing := navigation.next_exercise(timeline, book, here):
                    self._go(landing, anew=True)
            case SessionCommand.PREVIOUS:
                self._go(navigation.previous_exercise(timeline, book, here), anew=True)
            case SessionCommand.REPEAT:
                self._go(navigation.repeat(timeline, here))
            case SessionCommand.BACK:
                self._go(navigation.back(timeline, here))
            case SessionCommand.FORWARD:
                self._go(navigation.forward(timeline, here))
            case SessionCommand.SEEK:
                self._go(navigation.seek(timeline, here, order.value))
            case SessionCommand.GO_TO:
                self._go(navigation.go_to(timeline, order.value))
            case SessionCommand.LOUDER:
                self._set_volume(round(self._player.volume + _VOLUME_STEP, 2))
            case SessionCommand.SOFTER:
                self._set_volume(round(self._player.volume - _VOLUME_STEP, 2))
            case SessionCommand.VOLUME:
                self._set_volume(order.value)
            case SessionCommand.STOP:
                self.end(Outcome.STOPPED)
            case _:
                assert_never(order.command)

    def _set_volume(self, factor: float) -> None:
        self._player.volume = min(max(0.0, factor), 1.0)

    def _go(self, landing: Landing, *, anew: bool = False) -> None:
        """Go to another place; a session that is paused stays so."""
        try:
            self._playhead.go(landing, anew=anew)
        except AudioError:
            self._lose_sound()

    # What happens to the sound.

    def _listen(self) -> None:
        """Note what was heard; find out whether that was all, or whether the device has gone."""
        try:
            if self._playhead.listen():
                self.end(Outcome.COMPLETED)
        except AudioError:
            self._lose_sound()

    def _lose_sound(self) -> None:
        self._fall_silent(SessionState.WAITING, self._clock())
        self._tell("the sound has gone; the session waits for it")

    def _look_for_sound(self, now: float) -> None:
        """Continue if the device is back.

        Raises:
            AudioError: it was waited for long enough.
        """
        if not self._absence.should_look(now):
            return
        try:
            self._continue(now, remind=True)
        except AudioError as error:
            _log.info("looked for the sound device: %s", error)
            if time_waited := self._absence.has_lasted(now):
                raise AudioError(f"{error}; it did not come back for {time_waited}") from error
            return
        self._tell("the sound is back")

    def _wake(self, fell_asleep: float) -> None:
        """Continue after a sleep of the machine as after a pause since then."""
        self._fall_silent(SessionState.PAUSED, fell_asleep)
        self._come_back(remind=True)

    def _fall_silent(self, why: SessionState, moment: float) -> None:
        self._playhead.stop()
        self._absence.begin(why, self._playhead.sample, moment)

    def _come_back(self, *, remind: bool = False) -> None:
        """Continue; where there is no sound, wait for it."""
        now = self._clock()
        try:
            self._continue(now, remind=remind)
        except AudioError:
            self._absence.wait_for_sound(now)
            self._tell("there is no sound; the session waits for it")

    def _continue(self, now: float, *, remind: bool) -> None:
        """Play on, after what is to be said first; AudioError if the device does not start."""
        playhead = self._playhead
        self._play(self._absence.way_back(playhead.sample, playhead.landing, now, remind=remind))

    def _play(self, landing: Landing) -> None:
        self._playhead.play(landing)
        self._absence.end()


def _clock_that_never_sleeps() -> float:
    """Return seconds that go on while the machine sleeps, where the system can tell."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)
