"""Play a track: one small protocol, and one file for each library that plays sound."""

from __future__ import annotations

from contextlib import closing, suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from coach.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from coach.mix import Clips
    from coach.timeline import Timeline

    Pull = Callable[[int, int], NDArray[np.float32]]
    """Returns `count` samples from sample `start` on: pull(start, count), as `coach.mix.render` does."""

__all__ = ["PLAYERS", "Player", "UnheardError", "open_player", "play"]

PLAYERS = {
    "miniaudio": "coach.player.mini",
    "simpleaudio": "coach.player.simple",
    "null": "coach.player.null",
}
"""The players by name; each module has an `open_device()` that returns a `Player`."""

_AUTO = ("miniaudio", "simpleaudio")
"""What "auto" tries, in this order."""


class UnheardError(AudioError):
    """There is a sound system, but it has no device, so no other player would be heard either."""


class Player(Protocol):
    """An open sound device. It plays one source at a time, in real time, on threads of its own.

    To pause, stop it and later start from `position`; to seek, start somewhere else. Use it from one thread.

    Attributes:
        name: the name of the back end.
        volume: a factor for everything it plays, 0.0 to 1.0. It can be set at any time and takes effect at
            once; with simpleaudio, a few seconds later.
    """

    name: str
    volume: float

    @property
    def position(self) -> int:
        """The best estimate of the sample heard now, from `start` to `length`; `stop` leaves it there."""
        ...

    def start(self, pull: Pull, length: int, start: int = 0) -> None:
        """Play a source from a given sample, instead of what is playing.

        Args:
            pull: the source of the samples, mono at RATE. It is called once before this returns, and then
                from another thread, in order and a few seconds ahead of what is heard.
            length: how many samples the source has.
            start: the first sample to play, 0 to `length`.

        Raises:
            AudioError: the device does not start. Errors of `pull` are passed on.
        """
        ...

    def stop(self) -> None:
        """Stop the sound at once; does nothing if nothing is playing."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Return True once all has been heard, False if `timeout` seconds pass first.

        If the player is stopped, this waits for the timeout; without a timeout, it returns False at once.

        Raises:
            AudioError: the device is gone. Errors that `pull` has raised in the meantime are raised here.
        """
        ...

    def close(self) -> None:
        """Stop and release the device; the player cannot be used any more."""
        ...


def open_player(name: str = "auto") -> Player:
    """Return an open player, to be closed, for example with `contextlib.closing`.

    Args:
        name: one of `PLAYERS`, or "auto" for the first that works here, but never "null", which is silent.

    Raises:
        AudioError: there is no such player, or it finds no sound device.
    """
    if name == "auto":
        first, *others = _AUTO
        try:
            return open_player(first)
        except UnheardError:
            raise
        except AudioError:
            for other in others:
                with suppress(AudioError):
                    return open_player(other)
            raise
    if name not in PLAYERS:
        raise AudioError(f"no player {name!r} (known: auto, {', '.join(PLAYERS)})")
    try:
        module = import_module(PLAYERS[name])
    except ImportError as error:
        extra = (
            f"; pip install 'coach-audio[{name}]' installs it"
            if isinstance(error, ModuleNotFoundError)
            else ""
        )
        raise AudioError(f"the player {name} cannot be used here: {error}{extra}") from error
    return cast("Callable[[], Player]", module.open_device)()


def play(timeline: Timeline, clips: Clips, player: str = "auto") -> None:
    """Play a track from its start, and return when all of it has been heard.

    Args:
        timeline: the track.
        clips: its sound.
        player: see `open_player`.

    Raises:
        AudioError: there is no such player or no sound device, or the device is gone.
    """
    from coach.mix import render  # noqa: PLC0415 - naming the players needs no numpy

    with closing(open_player(player)) as device:
        device.start(partial(render, timeline, clips), timeline.length)
        device.wait()
