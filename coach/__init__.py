"""Coach: a routine script becomes a spoken, beat-accurate exercise track.

What the command line does, as functions::

    request = coach.Request(Path("scripts/reverse_clamshell.yaml"), level="easier")
    coach.check(request)
    coach.export(request, Path("reverse_clamshell.mp3"))

And the stages behind them::

    routine = coach.load(request)
    timeline, speech = coach.compile_track(request, routine)
    samples = coach.render(timeline, speech, 0, timeline.length)

`prepare` goes from a request to a timeline with today's doses; `to_audio_segment` gives pydub a whole track.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from coach.version import VERSION

if TYPE_CHECKING:
    from coach.app.check import check
    from coach.app.export import export
    from coach.app.play import play
    from coach.app.prepare import compile_track, load, prepare
    from coach.app.request import Request
    from coach.encode.segment import to_audio_segment
    from coach.mix import render

__all__ = [
    "Request",
    "check",
    "compile_track",
    "export",
    "load",
    "play",
    "prepare",
    "render",
    "to_audio_segment",
]

__version__ = VERSION

_HOMES = {
    "Request": "coach.app.request",
    "check": "coach.app.check",
    "compile_track": "coach.app.prepare",
    "export": "coach.app.export",
    "load": "coach.app.prepare",
    "play": "coach.app.play",
    "prepare": "coach.app.prepare",
    "render": "coach.mix",
    "to_audio_segment": "coach.encode.segment",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `coach --help` needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'coach' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, *globals()]
