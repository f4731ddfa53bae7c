"""A session: a track that is being played, and what a person does with it meanwhile."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, Protocol

from coach.errors import AudioError, SpeechError
from coach.mix import Clips, fade_in
from coach.phrases import phrasebook
from coach.session import places
from coach.session.places import Landing
from coach.session.splice import Splice, say_first
from coach.timeline.booth import Speaks
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from coach.history import Ending
    from coach.player import Player, Pull
    from coach.session.journal import Journal
    from coach.timeline import Cue, PhaseSpan, Set, Timeline

__all__ = ["COMMANDS", "Now", "Session"]

COMMANDS = {
    "toggle": "pause, or go on",
    "pause": "pause",
    "resume": "go on",
    "next": "the next exercise",
    "previous": "this exercise from its start, then the one before",
    "repeat": "the last instruction once more",
    "back": "10 seconds back",
    "forward": "10 seconds forward",
    "louder": "louder",
    "softer": "softer",
    "stop": "stop",
}
"""What every control can ask of a session, with what it does."""

_SEEK = 10 * RATE
_STEP = 0.1
"""Of the volume."""

_FADE = 6 * RATE
"""Samples from silence to the usual level: about a sentence, for somebody who is still asleep."""

_SLEPT = 4.0
"""Seconds between two ticks that only a machine that slept (or a process that was stopped) can explain."""

_JUST_BEGUN = 3 * RATE
"""Samples of an exercise within which "previous" means the one before it."""

_LOOK_AGAIN = 0.5
"""Seconds between two looks for a sound device that has gone."""

_PATIENCE = 600.0
"""Seconds after which a device that has gone is not waited for any more."""


class Spoken(Speaks, Clips, Protocol):
    """The voice of a session: it speaks anew, and has the sound of what it spoke."""


class Now(NamedTuple):
    """Where a session is at a moment.

    Attributes:
        state: "playing", "paused", or "waiting" for a sound device that has gone.
        sample: of the track.
        cue: what is heard, or was heard last; None before the first.
        chapter: the index of the chapter.
        work: the set that is being done; None between two.
        stretch: the phase of it; None between two.
        coming: the set that comes next; None behind the last.
        volume: 0.0 to 1.0, as a factor.
        ahead: samples until the track goes on, while something is said before; 0 otherwise.
    """

    state: str
    sample: int
    cue: Cue | None
    chapter: int
    work: Set | None
    stretch: PhaseSpan | None
    coming: Set | None
    volume: float
    ahead: int = 0


class Session:
    """Plays a track, knows where it is, and does what it is told.

    `do` may be called from any thread; all else is called from one thread.

    Args:
        timeline: the track.
        speech: its voice.
        player: an open one; closing it stays with the caller.
        journal: what was done is noted there; None for nowhere.
        gently: whether the first words come softly, and grow to their level.
        limit: seconds after which it stops by itself, pauses included; None for never.
        tell: is given lines for the person: sound has gone, it is back.
        clock: seconds that only grow, also while the machine sleeps.

    Attributes:
        timeline: the track.
        outcome: how it ended: "completed", "stopped" or "broken off"; None while it goes on.
        reason: why it ended so, in words; None where the outcome says all.
    """

    def __init__(
        self,
        timeline: Timeline,
        speech: Spoken,
        player: Player,
        *,
        journal: Journal | None = None,
        gently: bool = False,
        limit: float | None = None,
        tell: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.timeline = timeline
        self.outcome: Ending | None = None
        self.reason: str | None = None
        self._speech, self._player, self._journal = speech, player, journal
        self._gently, self._limit, self._tell = gently, limit, tell
        self._clock = clock or _awake_or_not
        self._book = phrasebook(timeline.language)
        self._orders: SimpleQueue[tuple[str, float]] = SimpleQueue()
        self._state = "paused"
        self._sample = 0  # of the track
        self._noted = 0  # what was heard is in the journal up to here
        self._passed = (0, 0)  # the stretch that was passed over last
        self._splice: Splice | None = None  # what is playing
        self._landing: Landing | None = None  # where to go on, if not where it was left
        self._began = self._ticked_at = self._looked_at = self._clock()
        self._left_at = self._lost_at = self._began

    def start(self, landing: Landing | None = None) -> None:
        """Begin to play: at the start of the track, or where a landing says.

        Raises:
            AudioError: the device does not start.
        """
        self._began = self._clock()
        self._play(landing or Landing(0))
        self._ticked_at = self._clock()
        if self._journal:
            self._journal.heard(self._sample, self._sample)  # a session killed at once is taken up here

    def do(self, command: str, value: float = 0.0) -> None:
        """Give an order; the next `tick` carries it out.

        Args:
            command: one of `COMMANDS`; or "volume", with a factor of 0.0 to 1.0; or "seek", with seconds to
                go forward, or back; or "go to", with a moment of the track in seconds.
            value: for those that need one.
        """
        self._orders.put((command, value))

    def tick(self) -> bool:
        """Do what is due; call it ten times a second.

        Returns:
            Whether the session goes on.

        Raises:
            AudioError: the sound device went away, and did not come back.
        """
        now, before = self._clock(), self._ticked_at
        self._ticked_at = now
        if self.outcome is None and self._state == "playing":
            if now - before > _SLEPT:
                self._leave("paused", before)
                self._resume(told=True)
            else:
                self._listen()
        while self.outcome is None and not self._orders.empty():
            self._obey(*self._orders.get())
        if self.outcome is None and self._state == "waiting":
            self._look_for_sound(now)
        if self.outcome is None and self._limit is not None and now - self._began >= self._limit:
            silent = " while there was no sound" if self._state == "waiting" else ""
            self.end("stopped", f"its time was up{silent}")
        self._ticked_at = self._clock()  # a voice may have been slow
        return self.outcome is None

    def now(self) -> Now:
        """Return where it is."""
        timeline, sample, cue, ahead = self.timeline, self._sample, None, 0
        splice = self._splice
        if splice and self._state == "playing":
            position = self._player.position
            sample = splice.place(position)
            if position < splice.said.length:
                cue = places.last_cue(splice.said, position)
                ahead = splice.said.length - position
        at = places.beat_at(timeline, sample)
        landing = splice.landing if splice and ahead else self._landing
        if landing and landing.beat is not None:
            at = landing.beat
        work = places.work_at(timeline, at)
        index = places.next_index(timeline, at)
        return Now(
            state=self._state,
            sample=sample,
            cue=cue or places.last_cue(timeline, sample),
            chapter=places.chapter_at(timeline, at),
            work=work,
            stretch=places.span_at(work, at) if work else None,
            coming=timeline.sets[index] if index < len(timeline.sets) else None,
            volume=self._player.volume,
            ahead=ahead,
        )

    def end(self, outcome: Ending, reason: str | None = None) -> None:
        """Fall silent, for good; does nothing to a session that has ended."""
        if self.outcome is None:
            if self._state == "playing" and outcome != "completed":
                self._note(self._heard())
            self._player.stop()
            self.outcome, self.reason = outcome, reason
            if self._journal:
                self._journal.end(outcome, self._sample, reason)

    def _listen(self) -> None:
        """Note what was heard; find out whether that was all, or whether the device has gone."""
        try:
            finished = self._player.wait(0)
        except AudioError:
            self._leave("waiting", self._clock())
            self._tell("the sound has gone; the session waits for it")
            return
        self._note(self.timeline.length if finished else self._heard())
        if finished:
            self.end("completed")

    def _look_for_sound(self, now: float) -> None:
        if now - self._looked_at < _LOOK_AGAIN:
            return
        self._looked_at = now
        try:
            self._go_on(now - self._left_at, told=True)
        except AudioError as error:
            if now - self._lost_at >= _PATIENCE:
                raise AudioError(f"{error}; it did not come back for {_PATIENCE / 60:.0f} minutes") from error
            return
        self._tell("the sound is back")

    def _obey(self, command: str, value: float) -> None:
        if command == "toggle":
            command = "pause" if self._state != "paused" else "resume"
        if command == "pause" and self._state != "paused":
            self._leave("paused", self._clock())
        elif command == "resume" and self._state == "paused":
            self._resume()
        elif command == "stop":
            self.end("stopped")
        elif command in ("louder", "softer", "volume"):
            if command != "volume":
                value = round(self._player.volume + (_STEP if command == "louder" else -_STEP), 2)
            self._player.volume = min(max(0.0, value), 1.0)
        elif command in ("next", "previous"):
            if landing := self._next() if command == "next" else self._previous():
                self._go(landing, anew=True)
        elif landing := self._sought(command, value):
            self._go(landing)

    def _sought(self, command: str, value: float) -> Landing | None:
        """Return where a command leads that stays with the exercise; None for any other."""
        timeline, sample, first = self.timeline, self._sample, self._said_before()
        seconds = min(max(-timeline.length / RATE, value), timeline.length / RATE)
        by = {"back": -_SEEK, "forward": _SEEK, "seek": round(seconds * RATE)}
        if command == "repeat":
            return first if first and first.said else places.asked_again(timeline, sample)
        if command == "forward" and first and first.said:
            return first._replace(said=(), quiet=0)  # enough has been said
        if command in by:
            return places.moved(timeline, sample, by[command])
        return places.going_on(timeline, max(0, by["seek"])) if command == "go to" else None

    def _resume(self, *, told: bool = False) -> None:
        now = self._clock()
        try:
            self._go_on(now - self._left_at, told=told)
        except AudioError:
            self._state, self._lost_at = "waiting", now
            self._tell("there is no sound; the session waits for it")

    def _leave(self, state: str, moment: float) -> None:
        """Fall silent at a moment of the clock, and get ready to come back."""
        if self._state == "playing":
            self._note(self._heard())
            self._landing = self._said_before()
            self._player.stop()
        self._state, self._left_at, self._lost_at = state, moment, moment
        landing = places.coming_back(self.timeline, self._book, self._sample, long=True)
        words = [self._book.count(number) for number in (3, 2, 1)]
        brief = places.coming_back(self.timeline, self._book, self._sample, long=False)
        words += [each for each in (*landing.said, *brief.said) if isinstance(each, str)]
        # No daemon: the voice's own threads must not outlive the interpreter.
        Thread(target=self._speak_ahead, args=(words,), name="coach-recap").start()

    def _speak_ahead(self, texts: list[str]) -> None:
        """Have texts at hand when they are wanted at once."""
        with suppress(SpeechError):
            for text in texts:
                if self.outcome is None:
                    self._speech.clip(text)

    def _go_on(self, away: float, *, told: bool = False) -> None:
        """Play on after so many seconds; `told` to say where it is however short they were.

        Raises:
            AudioError: the device does not start.
        """
        long = away >= places.LONG_AWAY
        landing = places.going_on(self.timeline, self._sample)
        if told or away >= places.AWAY:
            landing = places.coming_back(self.timeline, self._book, self._sample, long=long)
        if self._landing and (not long or len(self._landing.said) >= len(landing.said)):
            landing = self._landing  # it says more
        self._play(landing)

    def _go(self, landing: Landing, *, anew: bool = False) -> None:
        """Go to another place; a session that is paused stays so.

        Args:
            landing: the place.
            anew: whether a set that is left, or come back to, counts as done anew.
        """
        timeline, before = self.timeline, self._body()
        after = places.beat_at(timeline, landing.sample) if landing.beat is None else landing.beat
        if self._journal:
            if anew or places.work_at(timeline, before) is not places.work_at(timeline, after):
                self._journal.leave()
            start, end = self._passed
            start = min(after, start if end == before else before)
            self._journal.skip(start, after)
            self._passed = start, after
        was_playing = self._state == "playing"
        self._sample = landing.sample
        self._landing = landing if landing.said or landing.beat is not None else None
        if not was_playing:
            return
        try:
            self._play(landing)
        except AudioError:
            self._state = "paused"  # nothing is heard that would have to be noted
            self._leave("waiting", self._clock())
            self._tell("the sound has gone; the session waits for it")

    def _body(self) -> int:
        """Return the sample of the track at which the body is."""
        landing = self._said_before()
        if landing and landing.beat is not None:
            return landing.beat
        return places.beat_at(self.timeline, self._sample)

    def _said_before(self) -> Landing | None:
        """Return where something leads that is being said before the track goes on, or is about to be."""
        if self._state != "playing" or self._splice is None:
            return self._landing
        return self._splice.landing if self._player.position < self._splice.said.length else None

    def _next(self) -> Landing | None:
        """Return the start of the next exercise; in a rest that of what comes, without the rest.

        Once that is introduced, it is what is left. Behind the last exercise sentence follows sentence.
        """
        timeline, body, sets = self.timeline, self._body(), self.timeline.sets
        coming = places.next_index(timeline, body)
        if coming < len(sets) and places.work_at(timeline, body) is None:
            landing = places.beginning(timeline, self._book, coming, heard=self._sample)
            if body < landing.sample and not self._is_introduced(coming):
                return landing
        index = next(iter(places.blocks(timeline)[places.block_at(timeline, body) + 1 :]), None)
        if index is not None:
            anew = body < sets[index - 1].start
            return places.beginning(timeline, self._book, index, anew=anew)
        if sets and body < sets[-1].end:
            return Landing(places.behind_words(timeline, sets[-1].end))
        return places.next_sentence(timeline, self._sample)

    def _previous(self) -> Landing:
        """Return the start of this exercise, or of the one before if this one has just begun."""
        timeline, blocks, body = self.timeline, places.blocks(self.timeline), self._body()
        block = places.block_at(timeline, body)
        if block == len(blocks) or body < timeline.sets[blocks[block]].start + _JUST_BEGUN:
            block -= 1
        if block < 0:
            return Landing(0)
        return places.beginning(timeline, self._book, blocks[block], anew=True)

    def _is_introduced(self, index: int) -> bool:
        """Tell whether a set is being introduced."""
        now, cues = self.now(), places.introduction(self.timeline, index)
        if now.ahead:
            return now.cue is not None and any(now.cue.text == cue.text for cue in cues)
        return bool(cues) and cues[0].start <= now.sample < cues[-1].end

    def _play(self, landing: Landing) -> None:
        try:
            said = say_first(self.timeline, self._speech, self._book, landing)
        except SpeechError:  # it goes on, if without a word
            cues = tuple(each for each in landing.said if not isinstance(each, str))
            landing = landing._replace(said=cues, beat=None)
            said = say_first(self.timeline, self._speech, self._book, landing)
        splice = Splice(self.timeline, self._speech, landing, said)
        pull: Pull = splice
        if self._gently:
            first = places.next_sentence(self.timeline, landing.sample - 1) or landing
            quiet = said.cues[0].start if said.cues else said.length + first.sample - landing.sample
            pull = partial(fade_in, splice, quiet, _FADE)
        self._player.start(pull, splice.length)
        self._gently = False
        self._splice, self._landing, self._state, self._sample = splice, None, "playing", landing.sample
        body = places.beat_at(self.timeline, landing.sample)
        if not landing.sample <= self._noted <= body:
            self._noted = body  # a word that begins before its set is no part of the set before

    def _heard(self) -> int:
        assert self._splice
        return self._splice.place(self._player.position)

    def _note(self, sample: int) -> None:
        if sample > self._noted:
            if self._journal:
                self._journal.heard(self._noted, sample)
            self._noted = sample
        self._sample = max(sample, self._sample)


def _awake_or_not() -> float:
    """Return seconds that go on while the machine sleeps, where the system can tell."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)
