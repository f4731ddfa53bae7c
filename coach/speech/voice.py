"""What every engine offers, and the choice of a voice."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from coach.errors import SpeechError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ENGINES = {"neural": "coach.speech.neural", "system": "coach.speech.system"}
"""The engines by name, each with the module that implements it, best first."""


class Voice(Protocol):
    """One voice of one engine. It turns text into raw sound, and nothing else.

    Attributes:
        engine: the engine's name, such as "neural".
        name: the voice's name within the engine, such as "heart".
        language: the language it speaks, such as "en".
        version: everything besides text and rate that can change its bytes (the versions of the engine and
            its runtime).
        sample_rate: samples a second of what `speak` returns. It is read after speaking, so a voice may
            find out only then.
        threads: how many threads may call `speak` at the same time, at least 1; the bytes don't depend on it.
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
            Shape (samples,), float32, -1.0 to 1.0, at `sample_rate`; empty if the voice has no sound for it.
            The caller owns the array.

        Raises:
            SpeechError: the voice failed.
        """
        ...


class VoiceInfo(NamedTuple):
    """A voice on this machine; `str` gives "neural/heart (en)"."""

    engine: str
    name: str
    language: str

    def __str__(self) -> str:
        return f"{self.engine}/{self.name} ({self.language})"


class Engine(Protocol):
    """What the module of an engine has to offer."""

    def voices(self) -> list[VoiceInfo]:
        """Return the voices on this machine, the best of each language first; none without the engine."""
        ...

    def open_voice(self, name: str) -> Voice:
        """Return one of `voices`.

        Raises:
            SpeechError: it cannot be opened.
        """
        ...


def voices(engine: str = "auto") -> list[VoiceInfo]:
    """Return the voices on this machine, the best engine's first.

    Raises:
        SpeechError: there is no such engine.
    """
    if engine != "auto" and engine not in ENGINES:
        raise SpeechError(f"The engine must be one of auto, {', '.join(ENGINES)} (got {engine!r})")
    return [info for known in ENGINES if engine in ("auto", known) for info in _engine(known).voices()]


def choose_voice(language: str, *, engine: str = "auto", name: str | None = None) -> Voice:
    """Return the best voice for a language.

    Args:
        language: such as "en" or "en-GB"; a voice speaks it if the first part is the same.
        engine: the name of an engine, or "auto" for the best one that has a voice.
        name: a voice ("heart"), an engine ("neural"), both ("neural/heart"), or None for any.

    Raises:
        SpeechError: this machine has no such engine or voice, or none that speaks the language.
    """
    engine, wanted = _parse_name(name, engine.strip().lower())
    found: list[VoiceInfo] = []
    for known in ENGINES if engine == "auto" else [engine]:
        found += voices(known)  # an engine is not asked if a better one has the voice
        named = [info for info in found if wanted.lower() in ("", info.name.lower())]
        if best := _find_best(named, language):
            return _engine(best.engine).open_voice(best.name)
    if not found:
        which = "No engine" if engine == "auto" else f"The engine {engine!r}"
        raise SpeechError(f"{which} has a voice on this machine; install hibari-tts or pyttsx3")
    if not named:
        raise SpeechError(f"There is no voice {wanted!r} on this machine; there is {_list_some(found)}")
    raise SpeechError(f"No voice for the language {language!r} on this machine; there is {_list_some(named)}")


def _parse_name(name: str | None, engine: str) -> tuple[str, str]:
    """Return the engine ("auto" for any) and the voice ("" for any) that a name stands for.

    Args:
        name: as for `choose_voice`.
        engine: the engine asked for beside it, or "auto".

    Raises:
        SpeechError: the name belongs to another engine than the one asked for.
    """
    if name is None:
        return engine, ""
    first, slash, last = name.strip().partition("/")
    if not slash and first.lower() not in ("auto", *ENGINES):
        return engine, first
    named = first.lower() or engine
    if engine != "auto" and named not in ("auto", engine):
        raise SpeechError(f"The voice {name!r} does not belong to the engine {engine!r}")
    return named, last


def _find_best(candidates: list[VoiceInfo], language: str) -> VoiceInfo | None:
    """Return the first voice that speaks a language, preferably in that very variant; None without one."""
    speaking = [info for info in candidates if _primary(info.language) == _primary(language)]
    exact = [info for info in speaking if info.language.lower() == language.lower()]
    return next(iter(exact or speaking), None)


def _engine(name: str) -> Engine:
    return cast("Engine", import_module(ENGINES[name]))


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


def _list_some(found: list[VoiceInfo], most: int = 6) -> str:
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(map(str, found[:most])) + more
