"""Where a session is on its track: what sounds, what was heard, what is still to be said first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from coach.errors import SpeechError
from coach.mix import Clips, fade_in
from coach.phrases import phrasebook
from coach.session import places
from coach.session.splice import Splice, say_first
from coach.timeline.booth import Speaks
from coach.units import RATE

if TYPE_CHECKING:
    from coach.player import Player, Pull
    from coach.session.journal import Journal
    from coach.session.places import Landing
    from coach.timeline import Cue, Timeline

_FADE = 6 * RATE
"""Samples from silence to the usual level: about a sentence, for somebody who is still asleep."""


class SessionVoice(Speaks, Clips, Protocol):
    """The voice of a session: it speaks anew, and has the sound of what it spoke."""


class Position(NamedTuple):
    """Where a playhead is.

    Attributes:
        sample: the sample of the track that is heard, or that comes next.
        body: the sample at which the body is: a word is heard before the beat it belongs to.
        first: the landing whose words are being said before the track continues, or will be; None for none.
        ahead: samples until the track continues, while something is said first; 0 otherwise.
        cue: what is heard, or was heard last; None before the first.
    """

    sample: int
    body: int
    first: Landing | None
    ahead: int
    cue: Cue | None


class Playhead:
    """Plays a track from any place, and notes in the journal what is heard of it.

    Args:
        timeline: the track.
        speech: its voice.
        player: an open one.
        journal: None for nowhere.
        gently: whether the first words come softly, and grow to their level.

    Attributes:
        is_playing: whether there is sound.
        sample: the sample of the track reached, as of the last look.
        landing: what is to be said before the track continues from there; None for nothing.
    """

    def __init__(
        self,
        timeline: Timeline,
        speech: SessionVoice,
        player: Player,
        journal: Journal | None,
        *,
        gently: bool,
    ) -> None:
        self.is_playing = False
        self.sample = 0
        self.landing: Landing | None = None
        self._timeline, self._speech, self._player, self._journal = timeline, speech, player, journal
        self._gently = gently
        self._book = phrasebook(timeline.language)
        self._noted = 0  # what was heard is in the journal up to here
        self._passed = (0, 0)  # the stretch that was passed over last
        self._splice: Splice | None = None  # what is playing, or played last

    def play(self, landing: Landing) -> None:
        """Play from a landing on.

        Raises:
            AudioError: the device does not start; there is no sound then, and the place is the one before.
        """
        self.is_playing = False
        try:
            said = say_first(self._timeline, self._speech, self._book, landing)
        except SpeechError:  # it goes on, if without a word
            cues = tuple(each for each in landing.said if not isinstance(each, str))
            landing = landing._replace(said=cues, beat=None)
            said = say_first(self._timeline, self._speech, self._book, landing)
        splice = Splice(self._timeline, self._speech, landing, said)
        pull: Pull = splice
        if self._gently:
            first = places.next_sentence(self._timeline, landing.sample - 1) or landing
            quiet = said.cues[0].start if said.cues else said.length + first.sample - landing.sample
            pull = partial(fade_in, splice, quiet, _FADE)
        self._player.start(pull, splice.length)
        self._gently = False
        self.is_playing, self.sample, self.landing, self._splice = True, landing.sample, None, splice
        body = places.beat_at(self._timeline, landing.sample)
        if not landing.sample <= self._noted <= body:
            self._noted = body  # a word that begins before its set is no part of the set before

    def listen(self) -> bool:
        """Note what was heard since the last look; return whether that was all.

        Raises:
            AudioError: the device has gone.
        """
        finished = self._player.wait(0)
        self._note(self._timeline.length if finished else self._heard())
        return finished

    def stop(self) -> None:
        """Fall silent. What was being said first is kept: it is said again, whole."""
        if self.is_playing:
            self._note(self._heard())
            self.landing = self.position().first
        self._player.stop()
        self.is_playing = False

    def go(self, landing: Landing, *, anew: bool = False) -> None:
        """Be elsewhere; what plays, plays on from there.

        Args:
            landing: the place.
            anew: whether a set that is left, or come back to, counts as done anew.

        Raises:
            AudioError: the device does not start; there is no sound then, but the place is the new one.
        """
        before = self.position().body
        after = places.beat_at(self._timeline, landing.sample) if landing.beat is None else landing.beat
        if self._journal:
            if anew or places.work_at(self._timeline, before) is not places.work_at(self._timeline, after):
                self._journal.leave()
            start, end = self._passed
            start = min(after, start if end == before else before)
            self._journal.skip(start, after)
            self._passed = start, after
        self.sample = landing.sample
        self.landing = landing if landing.said or landing.beat is not None else None
        if self.is_playing:
            self.play(landing)

    def position(self) -> Position:
        """Return where it is."""
        sample, first, ahead, cue = self.sample, self.landing, 0, None
        if self.is_playing and self._splice:
            position, said = self._player.position, self._splice.said
            sample = max(sample, self._splice.place(position))
            if position < said.length:
                first, ahead = self._splice.landing, said.length - position
                cue = places.last_cue(said, position)
        body = places.beat_at(self._timeline, sample) if first is None or first.beat is None else first.beat
        return Position(sample, body, first, ahead, cue or places.last_cue(self._timeline, sample))

    def _heard(self) -> int:
        assert self._splice
        return self._splice.place(self._player.position)

    def _note(self, sample: int) -> None:
        if sample > self._noted:
            if self._journal:
                self._journal.heard(self._noted, sample)
            self._noted = sample
        self.sample = max(sample, self.sample)
