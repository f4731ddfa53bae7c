"""A compilation before anything is spoken: it finds what has to be spoken ahead, if anything."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

from coach.errors import Problem, ScriptError
from coach.speech import Clip
from coach.timeline.booth import Speaks
from coach.timeline.compiler import compile_routine
from coach.units import RATE

if TYPE_CHECKING:
    from pathlib import Path

    from coach.routine import Routine, SoundName
    from coach.timeline.model import Timeline


MOST_CHARACTERS = 50_000
"""Characters that a routine may have spoken, each text counted once, in the cache or not.

A core speaks about a thousand of them a second, so that a stranger's script costs a minute of it at most.
"""

FEWEST_CHARACTERS = 50
"""What a shorter text counts as: each is a file in the cache, too."""

_CHARACTERS_A_MINUTE = 1000  # measured: 1990 characters take the neural voice 115 seconds


class Remembers(Speaks, Protocol):
    """Speech that knows which clips it has already."""

    def find_clip(self, text: str, rate: float = 1.0) -> Clip | None:
        """Return the clip of a text if it need not be spoken."""
        ...


class Rehearsal(NamedTuple):
    """What a rehearsal found.

    Attributes:
        timeline: what `compile_routine` would give; None if something has to be spoken first.
        unspoken: the texts that have to be, as far as can be known before their lengths are.
    """

    timeline: Timeline | None
    unspoken: tuple[str, ...]


def rehearse(routine: Routine, speech: Remembers) -> Rehearsal:
    """Compile a routine with the clips that are there, and with guessed lengths for the others.

    Raises:
        ScriptError: it says more than `MOST_CHARACTERS`; or as `compile_routine`, if nothing has to be spoken
            first.
    """
    listener = _Listener(speech)
    timeline = None
    try:
        timeline = compile_routine(routine, listener)
    except _TooMuchError:
        minutes = MOST_CHARACTERS // _CHARACTERS_A_MINUTE
        told = f"more than {MOST_CHARACTERS:,} characters to speak, about {minutes} minutes without a pause"
        raise ScriptError([Problem(routine.location, f"the routine has {told}")]) from None
    except ScriptError:
        if not listener.has_guessed:
            raise
    return Rehearsal(None if listener.has_guessed else timeline, tuple(listener.unspoken))


def texts(routine: Routine) -> tuple[str, ...]:
    """Return the texts that a routine will probably have spoken; what fits in the end may differ."""
    listener = _Listener(None)
    with suppress(ScriptError, _TooMuchError):  # the compilation proper will say so, with true lengths
        compile_routine(routine, listener)
    return tuple(listener.unspoken)


class _TooMuchError(Exception):
    """A routine says more than `MOST_CHARACTERS`."""


class _Listener:
    """Speech that speaks nothing, guesses what it does not have, and notes what that is.

    Attributes:
        voice_name: that of the speech.
        unspoken: the texts that are missing at the usual rate, in order.
        has_guessed: whether anything was missing.
    """

    def __init__(self, speech: Remembers | None) -> None:
        self.voice_name = speech.voice_name if speech else "none"
        self.unspoken: dict[str, None] = {}
        self.has_guessed = False
        self._speech = speech
        self._texts: set[str] = set()
        self._characters = 0

    def clip(self, text: str, rate: float = 1.0) -> Clip:
        """Return the clip, or one of about the length that a voice would need.

        Raises:
            _TooMuchError: there is more to be said than a routine may say.
        """
        if text not in self._texts:
            self._texts.add(text)
            self._characters += max(len(text), FEWEST_CHARACTERS)
            if self._characters > MOST_CHARACTERS:
                raise _TooMuchError
        if self._speech and (clip := self._speech.find_clip(text, rate)) is not None:
            return clip
        self.has_guessed = True
        if rate == 1.0:
            self.unspoken[text] = None
        return Clip("", int((RATE // 5 + len(text) * RATE // 16) / rate), RATE // 20)

    def unread(self, text: str) -> tuple[str, ...]:
        """Return what the voice can't read in a text; without speech nothing."""
        return self._speech.unread(text) if self._speech else ()

    def sound(self, name: SoundName) -> Clip:
        """Return the sound; without speech a clip as long as a tick."""
        return self._speech.sound(name) if self._speech else Clip("", RATE // 20, 0)

    def recording(self, path: Path) -> Clip:
        """Return the recording; without speech a clip about as long as a sentence."""
        return self._speech.recording(path) if self._speech else Clip("", 2 * RATE, RATE // 20)
