"""Sounds that Coach makes by itself: a bell, a gong, a tick."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from coach.routine import SoundName
from coach.speech.cache import FORMAT_VERSION
from coach.units import RATE

if TYPE_CHECKING:
    from coach.speech.clip import Recording

_VERSION = 1
"""Of what is synthesised; a new one makes all sounds anew."""

_RISE = 0.002
"""Seconds from silence to full strength: no click, and an attack that is at once."""


class _Strike(NamedTuple):
    """What sounds when something is struck.

    Attributes:
        pitch: Hz of its lowest partial.
        partials: pairs of a multiple of that pitch and how strong it is.
        fades: seconds in which the lowest partial fades to a thousandth; a higher one in so much less.
        seconds: how long it is heard.
    """

    pitch: float
    partials: tuple[tuple[float, float], ...]
    fades: float
    seconds: float


_BELL_PARTIALS = ((1.0, 0.6), (2.0, 1.0), (2.4, 0.7), (3.0, 0.5), (4.0, 0.4), (5.4, 0.2))
"""Hum, prime, tierce, quint, nominal and one above: those of a minor-third bell."""

_GONG_PARTIALS = ((1.0, 1.0), (1.48, 0.8), (1.93, 0.7), (2.61, 0.6), (3.37, 0.5), (4.42, 0.4), (6.1, 0.25))
"""Close together and in no harmony, as a plate's are."""

_STRIKES = {
    SoundName.BELL: _Strike(440.0, _BELL_PARTIALS, 5.0, 4.0),
    SoundName.GONG: _Strike(130.0, _GONG_PARTIALS, 8.0, 6.0),
    SoundName.TICK: _Strike(1200.0, ((1.0, 1.0), (2.3, 0.5)), 0.06, 0.06),
}


def sound_key(name: SoundName) -> str:
    """Return the address of a sound in the clip cache: 40 hexadecimal digits."""
    return blake2b(f"sound {FORMAT_VERSION}.{_VERSION}:{name}".encode(), digest_size=20).hexdigest()


def record_sound(name: SoundName) -> Recording:
    """Return a sound as a clip of the cache has it: levelled, its attack found."""
    import numpy as np  # noqa: PLC0415 - slow to import, and a warm cache needs none

    from coach.speech.sound import record  # noqa: PLC0415 - as above

    strike = _STRIKES[name]
    time = np.arange(int(strike.seconds * RATE)) / RATE
    sound = np.zeros(time.size)
    for multiple, strength in strike.partials:
        fading = np.exp(-np.log(1000) * multiple * time / strike.fades)
        sound += strength * fading * np.sin(2 * np.pi * strike.pitch * multiple * time)
    sound *= np.minimum(1.0, time / _RISE)
    sound *= np.minimum(1.0, (strike.seconds - time) / min(0.5, strike.seconds / 2))
    return record((0.5 * sound / np.abs(sound).max()).astype(np.float32), RATE)
