"""The neural engine: hibari-tts, whose English voice comes inside its package and needs no download."""

from __future__ import annotations

import os
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
_MODEL_THREADS = 1  # the bytes depend on it
_SEED = 0  # of the noise in breath and fricatives
_PARTS = {"hibari": "hibari_tts", "onnxruntime": "onnxruntime", "numpy": "numpy", "scipy": "scipy"}


def voices() -> list[VoiceInfo]:
    """Return the voice inside the package of hibari-tts; others would be downloads and are not offered."""
    model = _model()
    there = model is not None and model.is_file() and find_spec("onnxruntime") is not None
    return [VoiceInfo(_ENGINE, _NAME, _LANGUAGE)] if there else []


def open_voice(name: str) -> NeuralVoice:
    """Return the voice of that name; its model is loaded when it first speaks.

    Raises:
        SpeechError: there is no such voice here.
    """
    if name not in (info.name for info in voices()):
        raise SpeechError(f"There is no voice {_ENGINE}/{name}; is hibari-tts installed?")
    return NeuralVoice()


class NeuralVoice:
    """The voice "heart" of hibari-tts. Same text, rate and version give the same bytes, on any thread."""

    engine = _ENGINE
    name = _NAME
    language = _LANGUAGE
    sample_rate = 24_000
    threads = os.cpu_count() or 1  # a model runs on one thread each, and may run on several at once

    def __init__(self) -> None:
        # From 1.29 on onnxruntime numbers this machine and keeps events for its makers in the user's cache,
        # unless it finds this in the environment when it is loaded; its disable_telemetry_events is too late.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        self.version = _version()
        self._loading = Lock()
        self._hibari: Any = None  # hibari publishes no types

    def speak(self, text: str, rate: float) -> NDArray[np.float32]:
        """Return the spoken text; see `coach.speech.Voice`."""
        # hibari takes "Rep." for a politician's title.
        text = text.replace("Rep.", "rep.")
        try:
            sound: NDArray[np.float32] = self._load()(text, speed=rate, seed=_SEED)
        except Exception as error:
            raise SpeechError(f"The voice {_ENGINE}/{_NAME} failed: {error}") from error
        return sound

    def _load(self) -> Any:
        with self._loading:
            if self._hibari is None:
                # Loading onnxruntime warns, from C++ and before any setting is read, of graphics cards that
                # it can't use (its issue 27092): on a Raspberry Pi and under WSL at every start.
                with silence_stderr():
                    # With the model's path hibari does not look for it elsewhere, so never downloads one.
                    hibari = import_module("hibari").Hibari(
                        voice=_NAME, model=str(_model()), threads=_MODEL_THREADS
                    )
                    hibari.phonemize("up")  # loads the lexicon, which several threads would each do
                self._hibari = hibari
            return self._hibari


def _model() -> Path | None:
    """Return where the package keeps the model of its own voice; None without the package."""
    spec = find_spec("hibari")
    return Path(spec.origin).parent / "assets" / "hibari.onnx" if spec and spec.origin else None


def _version() -> str:
    """Return the versions of all that shapes the bytes, read without importing any of it.

    hibari transforms with scipy where there is one, and that rounds differently from numpy. Versions are
    read from the names of the dist-info folders, as importlib.metadata takes 40 ms to load.
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
        # A build of another name (onnxruntime-gpu) or a distribution's package must be asked itself.
        versions.append(f"{module} {'+'.join(found) or import_module(module).__version__}")
    return ", ".join([*versions, f"threads {_MODEL_THREADS}"])
