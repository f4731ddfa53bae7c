"""Play a track: one small protocol, and one file for each library that reaches a loudspeaker."""

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
    """There is a sound system, but no device behind it: no other way to play is heard either."""


class Player(Protocol):
    """An open sound device. It plays one source at a time, in real time, on threads of its own.

    To pause, stop, and later start from `position`; to seek, start elsewhere. Use it from one thread.

    Attributes:
        name: the back end's name.
        volume: a factor for all that is played, 0.0 to 1.0. It may be set at any time and is heard at once;
            with simpleaudio a few seconds later.
    """

    name: str
    volume: float

    @property
    def position(self) -> int:
        """The sample heard now, as well as can be told, from `start` to `length`; `stop` leaves it there."""
        ...

    def start(self, pull: Pull, length: int, start: int = 0) -> None:
        """Play a source from a sample on, in place of what is playing.

        Args:
            pull: where the samples come from, mono at RATE. It is called for the first of them before this
                returns, then from another thread, a few seconds ahead of what is heard, in order.
            length: the samples of the source.
            start: the first sample to play, 0 to `length`.

        Raises:
            AudioError: the device does not start. What `pull` raises passes through.
        """
        ...

    def stop(self) -> None:
        """Fall silent at once; does nothing to a player that is not playing."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Return True once all has been heard, False if `timeout` seconds pass first.

        A player that is stopped lets the timeout pass; without a timeout it returns False at once.

        Raises:
            AudioError: the device went away. What `pull` has raised in the meantime is raised here.
        """
        ...

    def close(self) -> None:
        """Stop, and give the device back; it cannot be used any more."""
        ...


def open_player(name: str = "auto") -> Player:
    """Return an open player; `contextlib.closing` closes it.

    Args:
        name: one of `PLAYERS`, or "auto": the first that works here, but never "null", which is silent.

    Raises:
        AudioError: there is no such player, or no sound device that it could use.
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
            f"; pip install 'coach-audio[{name}]' brings it" if isinstance(error, ModuleNotFoundError) else ""
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
        AudioError: there is no such player, no sound device, or it went away.
    """
    from coach.mix import render  # noqa: PLC0415 - the names of the players are known without numpy

    with closing(open_player(player)) as device:
        device.start(partial(render, timeline, clips), timeline.length)
        device.wait()
