"""Coach: a routine script becomes a spoken, beat-accurate exercise track.

The whole program in five calls::

    routine = coach.load("scripts/reverse_clamshell.yaml")
    speech = coach.open_speech(routine.language, routine.voice, pronounce=routine.pronounce)
    timeline = coach.compile(routine, speech)
    coach.export(timeline, speech, Path("reverse_clamshell.mp3"))
    coach.play(timeline, speech)

`render` gives any stretch of the track as samples, `to_audio_segment` all of it as a pydub segment.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coach.encode.segment import to_audio_segment
    from coach.encode.write import write_file as export
    from coach.mix import render
    from coach.player import play
    from coach.script import load
    from coach.speech import open_speech
    from coach.timeline import compile_routine as compile  # noqa: A004 - the field's own word

__all__ = ["compile", "export", "load", "open_speech", "play", "render", "to_audio_segment"]

__version__ = "0.1.0"

_HOMES = {
    "compile": ("coach.timeline", "compile_routine"),
    "export": ("coach.encode.write", "write_file"),
    "load": ("coach.script", "load"),
    "open_speech": ("coach.speech", "open_speech"),
    "play": ("coach.player", "play"),
    "render": ("coach.mix", "render"),
    "to_audio_segment": ("coach.encode.segment", "to_audio_segment"),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `coach --help` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'coach' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return [*__all__, *globals()]
