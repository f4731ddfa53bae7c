"""What every engine offers, and which voices there are."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from coach.errors import SpeechError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENGINES = {"neural": "coach.speech.neural", "system": "coach.speech.system"}
"""Engine name -> the module that implements it, best first."""


class Voice(Protocol):
    """One voice of one engine. It turns text into raw sound; everything around that is not its business.

    Attributes:
        engine: the engine's name, such as "neural".
        name: the voice's name within the engine, such as "heart".
        language: the language it speaks, such as "en".
        version: all that can change its bytes besides text and rate (versions of the engine and its runtime).
        sample_rate: samples a second of what `speak` returns. It is read after speaking, so a voice may
            learn it then.
        threads: how many threads may call `speak` at the same time, 1 or more; the bytes don't depend on it.
    """

    engine: str
    name: str
    language: str
    version: str
    sample_rate: int
    threads: int

    def speak(self, text: str, rate: float) -> NDArray[np.float32]:
        """Return the spoken text.

        Args:
            text: a normalised sentence or word.
            rate: a multiplier of the voice's own speed, 0.5 to 2.0.

        Returns:
            Shape (samples,), float32, -1.0 to 1.0, at `sample_rate`; empty where the voice is silent on it.
            The caller owns the array.

        Raises:
            SpeechError: the voice failed.
        """
        ...


class VoiceInfo(NamedTuple):
    """A voice on this machine; the text of it is "neural/heart (en)"."""

    engine: str
    name: str
    language: str

    def __str__(self) -> str:
        return f"{self.engine}/{self.name} ({self.language})"


class Engine(Protocol):
    """What the module of an engine offers."""

    def voices(self) -> list[VoiceInfo]:
        """Return what this machine has, the best of each language first; empty without the engine."""
        ...

    def open_voice(self, name: str) -> Voice:
        """Return one of `voices`.

        Raises:
            SpeechError: it cannot be opened.
        """
        ...


def voices(engine: str = "auto") -> list[VoiceInfo]:
    """Return the voices on this machine, those of the best engine first.

    Raises:
        SpeechError: there is no such engine.
    """
    if engine != "auto" and engine not in ENGINES:
        raise SpeechError(f"The engine must be one of auto, {', '.join(ENGINES)} (got {engine!r})")
    return [info for known in ENGINES if engine in ("auto", known) for info in _engine(known).voices()]


def choose_voice(language: str, *, engine: str = "auto", name: str | None = None) -> Voice:
    """Return the best voice for a language.

    Args:
        language: such as "en" or "en-GB"; a voice of the same first part speaks it.
        engine: the name of an engine, or "auto" for the best that has a voice.
        name: a voice ("heart"), an engine ("neural"), both ("neural/heart"), or None for any.

    Raises:
        SpeechError: there is no such engine or voice on this machine, or none speaks the language.
    """
    engine, wanted = engine.strip().lower(), ""
    if name is not None:
        first, slash, last = name.strip().partition("/")
        named_engine = first.lower() if slash or first.lower() in ("auto", *ENGINES) else ""
        wanted = last if slash else "" if named_engine else first
        if named_engine not in ("", "auto", engine) and engine != "auto":
            raise SpeechError(f"The voice {name!r} is not one of the engine {engine!r}")
        engine = named_engine or engine
    there: list[VoiceInfo] = []
    for known in ENGINES if engine == "auto" else [engine]:
        there += voices(known)  # an engine is not asked where a better one has the voice
        named = [info for info in there if wanted.lower() in ("", info.name.lower())]
        fitting = [info for info in named if _primary(info.language) == _primary(language)]
        if fitting:
            exact = [info for info in fitting if info.language.lower() == language.lower()]
            best = (exact or fitting)[0]
            return _engine(best.engine).open_voice(best.name)
    if not there:
        which = "No engine" if engine == "auto" else f"The engine {engine!r}"
        raise SpeechError(f"{which} has a voice on this machine; install hibari-tts or pyttsx3")
    if not named:
        raise SpeechError(f"There is no voice {wanted!r} on this machine; there is {_listing(there)}")
    raise SpeechError(f"No voice for the language {language!r} on this machine; there is {_listing(named)}")


def _engine(name: str) -> Engine:
    return cast("Engine", import_module(ENGINES[name]))


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


def _listing(there: list[VoiceInfo], most: int = 6) -> str:
    more = f" and {len(there) - most} more" if len(there) > most else ""
    return ", ".join(map(str, there[:most])) + more
