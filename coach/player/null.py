"""A silent player without a device, which keeps real time. For tests, and machines without sound."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import TYPE_CHECKING

from coach.player.playback import DevicePlayer, Playback
from coach.units import RATE

if TYPE_CHECKING:
    from coach.player import Player

_PERIOD = RATE // 10
_HOLDS = 5 * _PERIOD
"""Samples that the pretend device holds: a busy machine may be this late before anything stalls."""


def open_device() -> Player:
    """Return the player; it always works."""
    return NullPlayer()


class NullPlayer(DevicePlayer):
    """See `coach.player.Player`."""

    name = "null"

    def __init__(self) -> None:
        super().__init__()
        self._stop = Event()

    def _begin(self, playback: Playback) -> None:
        self._stop = Event()
        playback.take(_HOLDS)
        Thread(target=_take, args=(playback, self._stop), name="coach-null", daemon=True).start()

    def _silence(self) -> None:
        self._stop.set()


def _take(playback: Playback, stop: Event) -> None:
    """Take one period of sound at each deadline; deadlines count from the start, so nothing drifts."""
    deadline = time.monotonic()
    while True:
        deadline += _PERIOD / RATE
        if stop.wait(max(0.0, deadline - time.monotonic())):
            return
        playback.take(_PERIOD)
