"""What all back ends share: reading ahead, counting what the device took, knowing what is heard."""

from __future__ import annotations

import time
from collections import deque
from threading import Condition, Thread
from typing import TYPE_CHECKING

import numpy as np

from coach.errors import AudioError
from coach.mix import to_sink
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from coach.player import Pull

_FIRST = RATE
"""Samples of the first pull: more than a device asks for at once."""
_CHUNK = RATE // 4
"""Samples of every other pull."""
_AHEAD = 3 * RATE
"""Samples read ahead: they last longer than a disk needs to wake up."""
_STALL = 2.0
"""After this many seconds without taking sound, a device counts as gone."""
_STARTS = 5.0
"""Seconds until a device must take sound steadily: a card that was asleep starts late."""
_GONE = "the sound device has gone: it takes no more sound"


class DevicePlayer:
    """A `coach.player.Player` without its device: the base class of the back ends.

    Attributes:
        name: the name of the back end.
        lead: samples of silence played first, for a device that swallows the beginning.
        tail: samples of silence played after the end, before everything counts as heard: as many as the
            device holds.
        held: samples that are still heard after a stop, because the device holds them.
    """

    name: str
    lead = 0
    tail = 0
    held = 0

    def __init__(self) -> None:
        self._playback: Playback | None = None
        self._volume = 1.0

    @property
    def volume(self) -> float:
        """See `Player.volume`."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = min(max(0.0, volume), 1.0)  # NaN is silence
        if self._playback:
            self._playback.volume = self._volume

    def _begin(self, playback: Playback) -> None:
        """Let the device take its sound from a playback; raise AudioError if it does not start."""
        raise NotImplementedError

    def _silence(self) -> None:
        """Stop the device where it is, if it is running; `_begin` may follow."""
        raise NotImplementedError

    @property
    def position(self) -> int:
        """See `Player.position`."""
        return self._playback.position if self._playback else 0

    def start(self, pull: Pull, length: int, start: int = 0) -> None:
        """See `Player.start`."""
        self.stop()
        self._playback = Playback(pull, length, start, lead=self.lead, tail=self.tail)
        self._playback.volume = self._volume
        try:
            self._begin(self._playback)
        except AudioError:
            self._playback.stop()
            raise

    def stop(self) -> None:
        """See `Player.stop`."""
        if self._playback:
            self._playback.stop(self.held)
            self._silence()

    def wait(self, timeout: float | None = None) -> bool:
        """See `Player.wait`."""
        if self._playback:
            return self._playback.wait(timeout)
        time.sleep(timeout or 0)
        return False

    def close(self) -> None:
        """See `Player.close`."""
        self.stop()


class Playback:
    """One run of a source. The device calls `take`; the other methods are for the listener.

    Reading has its own thread, so that a slow disk does not starve the device.

    Args:
        pull: see `Player.start`; called once here, for the first samples.
        length: how many samples the source has.
        start: the first sample to play.
        lead: see `DevicePlayer.lead`.
        tail: see `DevicePlayer.tail`.
        clock: returns seconds, and never goes back.

    Attributes:
        volume: a factor for what `take` returns from now on.
    """

    def __init__(
        self,
        pull: Pull,
        length: int,
        start: int,
        *,
        lead: int = 0,
        tail: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.volume = 1.0
        self._pull, self._length, self._start, self._tail, self._clock = pull, length, start, tail, clock
        self._changed = Condition()  # guards everything below
        self._read = deque([np.zeros(lead, np.int16)])
        self._read_to = start
        self._given_to = self._origin = start - lead  # it also counts the silence at both ends
        self._began: float | None = None  # when the device first asked, and `_origin` was heard
        self._gaps: list[
            tuple[int, float]
        ] = []  # before which sample it was silent, and for how many samples
        self._made_at = self._taken_at = clock()
        self._stopped_at: int | None = None
        self._failure: Exception | None = None
        self._read_next(_FIRST)
        Thread(target=self._read_on, name="coach-read-ahead", daemon=True).start()

    def take(self, count: int, least: int | None = None) -> NDArray[np.int16]:
        """Return what the device plays next. Never waits and never raises.

        Args:
            count: how many samples.
            least: how few are enough if the source is late, for a device that has some in store. None for
                `count`.

        Returns:
            Shape (count,), int16, with silence after the end and while the source is late; nothing is
            skipped. With `least`, it may be shorter, but not shorter than that.
        """
        out = np.zeros(count, np.int16)
        with self._changed:
            now = self._clock()
            if self._stopped_at is None and self._stalled(
                now
            ):  # the process was stopped: what is left to say is stale
                self._failure = self._failure or AudioError(_GONE)
                self._read.clear()
            self._taken_at = now
            if self._began is None:
                self._began = now
            dry = self._heard(now) - self._given_to
            if dry > 0:  # the device was late
                self._gaps.append((self._given_to, dry))
            filled = self._fill(out)
            if self._given_to + filled >= self._length:
                self._given_to += count
            else:
                self._given_to += filled
                count = count if least is None else max(filled, min(least, count))
                if filled < count:  # the source was
                    self._gaps.append((self._given_to, count - filled))
            self._changed.notify_all()
        if self.volume != 1.0:
            out = np.rint(out * self.volume).astype(np.int16)
        return out[:count]

    def stand_still(self, seconds: float) -> None:
        """Count these seconds as time in which the device did not play."""
        with self._changed:
            if self._began is not None:
                self._began += seconds

    @property
    def left(self) -> int:
        """How many samples `take` has not returned yet, including the silence at the start."""
        with self._changed:
            return max(0, self._length - self._given_to)

    @property
    def position(self) -> int:
        """The sample heard now, from `start` to `length`.

        It comes from the clock, limited to what the device has taken. The delay after the device (a sound
        server, a Bluetooth link) is not known, so the ear may be later.
        """
        with self._changed:
            return self._position()

    def wait(self, timeout: float | None) -> bool:
        """See `Player.wait`."""
        deadline = None if timeout is None else self._clock() + timeout
        with self._changed:
            while True:
                if self._failure is not None:
                    raise self._failure
                now = self._clock()
                left = (self._length + self._tail - self._heard(now)) / RATE
                if self._stopped_at is not None:
                    if deadline is None or self._stopped_at >= self._length:
                        return self._stopped_at >= self._length
                    left = _STALL
                elif left <= 0:
                    return True
                elif self._stalled(now):
                    raise AudioError(_GONE)
                if deadline is not None and now >= deadline:
                    return False
                # `take` notifies too, but then there is nothing to do: this may sleep until the end.
                self._changed.wait(min(left, _STALL, deadline - now if deadline is not None else _STALL))

    def stop(self, held: int = 0) -> None:
        """Return only silence from now on, and leave the position where it is.

        Args:
            held: how many more samples are still heard; the position is after them.
        """
        with self._changed:
            self._stopped_at = self._position(held)
            self._read.clear()
            self._changed.notify_all()

    def _stalled(self, now: float) -> bool:
        return now - self._taken_at > _STALL and now - self._made_at > _STARTS

    def _position(self, held: int = 0) -> int:
        if self._stopped_at is not None:
            return self._stopped_at
        heard = min(round(self._heard(self._clock())) + held, self._given_to, self._length)
        return max(heard, self._start)

    def _heard(self, now: float) -> float:
        heard = float(self._origin)
        if self._began is not None:
            heard += (now - self._began) * RATE
        for place, length in self._gaps:
            if heard > place:
                heard = max(place, heard - length)
        return heard

    def _fill(self, out: NDArray[np.int16]) -> int:
        filled = 0
        while self._read and filled < out.size:
            block = self._read.popleft()
            part = block[: out.size - filled]
            out[filled : filled + part.size] = part
            filled += part.size
            if part.size < block.size:
                self._read.appendleft(block[part.size :])
        return filled

    def _read_next(self, count: int) -> None:
        count = min(count, self._length - self._read_to)
        if count > 0:
            block = to_sink(self._pull(self._read_to, count))
            with self._changed:
                if self._stopped_at is None:
                    self._read.append(block)
                    self._read_to += count

    def _read_on(self) -> None:
        def wanted() -> bool:
            return self._stopped_at is not None or self._read_to - self._given_to < _AHEAD

        try:
            while self._stopped_at is None and self._read_to < self._length:
                self._read_next(_CHUNK)
                with self._changed:
                    self._changed.wait_for(wanted)
        except Exception as error:  # noqa: BLE001 - `wait` raises it in the listener's thread
            with self._changed:
                self._failure = error
                self._changed.notify_all()
