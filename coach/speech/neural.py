"""The neural engine: hibari-tts, whose package includes an English voice, so nothing is downloaded."""

from __future__ import annotations

import os
import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from coach.errors import SpeechError
from coach.speech.voice import VoiceInfo
from coach.stderr import silence_stderr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ENGINE, _NAME, _LANGUAGE = "neural", "heart", "en"
_MODEL_THREADS = 1  # the bytes depend on this
_SEED = 0  # for the noise in breath and fricatives
_RUN_ON = re.compile(r"(?=[^.,:;?!]{241})([^.,:;?!]{160,240})(?:\s+|(?=\S))")
"""What is said without a breath for so many characters that it is given one: the memory that the model takes
grows with the square of what it says in one breath, and hibari parts sentences only where they have marks."""

_loading = Lock()
_PARTS = {"hibari": "hibari_tts", "onnxruntime": "onnxruntime", "numpy": "numpy", "scipy": "scipy"}


def voices() -> list[VoiceInfo]:
    """Return the voice inside the package of hibari-tts; others would have to be downloaded."""
    model = _model()
    there = model is not None and model.is_file() and find_spec("onnxruntime") is not None
    return [VoiceInfo(_ENGINE, _NAME, _LANGUAGE)] if there else []


def open_voice(name: str) -> NeuralVoice:
    """Return the voice with this name; its model is loaded when it first speaks.

    Raises:
        SpeechError: there is no such voice here.
    """
    if name not in (info.name for info in voices()):
        raise SpeechError(f"There is no voice {_ENGINE}/{name}; is hibari-tts installed?")
    return NeuralVoice()


class NeuralVoice:
    """The voice "heart" of hibari-tts. The same text, rate and version give the same bytes, on any thread."""

    engine = _ENGINE
    name = _NAME
    language = _LANGUAGE
    sample_rate = 24_000
    threads = os.cpu_count() or 1  # each call uses one thread, and several can run at once

    def __init__(self) -> None:
        # Since 1.29, onnxruntime gives this machine an id and stores telemetry events in the user's cache,
        # unless this is in the environment when it is loaded; its disable_telemetry_events comes too late.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        self.version = _version()

    def speak(self, text: str, rate: float) -> NDArray[np.float32]:
        """Return the spoken text; see `coach.speech.Voice`."""
        # hibari takes "Rep." for a politician's title.
        text = text.replace("Rep.", "rep.")
        try:
            sound: NDArray[np.float32] = _load()(_RUN_ON.sub(r"\1, ", text), speed=rate, seed=_SEED)
        except Exception as error:
            raise SpeechError(f"The voice {_ENGINE}/{_NAME} failed: {error}") from error
        return sound


def _load() -> Any:  # hibari publishes no types
    """Return what speaks; a process loads it once, however many of its threads ask for it."""
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    # While loading, onnxruntime warns, from C++ and before it reads any setting, about graphics cards that it
    # can't use (its issue 27092): at every start on a Raspberry Pi and under WSL.
    with silence_stderr():
        # Given the model's path, hibari doesn't look for it elsewhere, so it never downloads one.
        hibari = import_module("hibari").Hibari(voice=_NAME, model=str(_model()), threads=_MODEL_THREADS)
        hibari.phonemize("up")  # loads the lexicon now, once, instead of on each thread
    return hibari


def _model() -> Path | None:
    """Return the path of the model inside the package; None without the package."""
    spec = find_spec("hibari")
    return Path(spec.origin).parent / "assets" / "hibari.onnx" if spec and spec.origin else None


def _version() -> str:
    """Return the versions of everything that affects the bytes, without importing any of it.

    hibari uses scipy for transforms if it is installed, and scipy rounds differently from numpy. Versions are
    read from the names of dist-info folders, because importlib.metadata takes 40 ms to load.
    """
    listings: dict[Path, list[str]] = {}
    versions = []
    for module, distribution in _PARTS.items():
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            versions.append(f"no {module}")
            continue
        folder = Path(spec.origin).parents[1]
        if folder not in listings:
            listings[folder] = [entry.name for entry in folder.iterdir()]
        found = sorted(
            entry[len(distribution) + 1 : -len(".dist-info")]
            for entry in listings[folder]
            if entry.startswith(f"{distribution}-") and entry.endswith(".dist-info")
        )
        # Builds with another name (onnxruntime-gpu) and Linux packages have to be imported.
        versions.append(f"{module} {'+'.join(found) or import_module(module).__version__}")
    return ", ".join([*versions, f"threads {_MODEL_THREADS}"])
