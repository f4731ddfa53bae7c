"""The sound device through simpleaudio: ALSA, Core Audio, Windows' wave output.

simpleaudio plays a buffer to its end, knows no position, and leaves a gap between two buffers. But it reads
the buffer in place, about 0.1 s before it is heard. So it gets one empty array as long as the track, which is
filled while it plays, a few seconds ahead of the clock; the memory of what has been played is given back.
Memory is used only where the array holds sound.
"""

from __future__ import annotations

import mmap
import sys
import time
import weakref
from importlib.metadata import PackageNotFoundError, version
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import simpleaudio
from simpleaudio._simpleaudio import SimpleaudioError

from coach.errors import AudioError
from coach.player.playback import DevicePlayer, Playback
from coach.stderr import silence_stderr
from coach.units import RATE

if TYPE_CHECKING:
    from coach.player import Player

_BYTES = 2
_BLOCK = RATE // 20
"""Samples: Windows plays whole blocks of this length, and fills up the last one with earlier sound."""
_LONGEST = (2**31 - 1 if sys.maxsize > 2**32 else 2**28) // _BYTES // _BLOCK * _BLOCK
"""Samples of an array: the library counts bytes in 32 bits, 12.4 hours; a 32-bit system has less room."""
_PERIOD = 0.25
"""Seconds from one filling to the next."""
_AHEAD = 3 * RATE
"""Samples filled ahead of the clock."""
_SOON = RATE
"""Samples ahead of the clock that become silence if the source has not delivered them by now."""
_KEPT = 60 * RATE
"""Samples kept behind the clock, in case the device stood still."""
_DRIFT = 1000
"""A device's own clock is off by at most one in this many (quartz: one in 10,000)."""
_PATIENCE = 5.0
"""Seconds that a device may need to reach the end."""


def open_device() -> Player:
    """Return a player on the system's default device.

    Raises:
        AudioError: there is none, or this simpleaudio would crash.
    """
    return SimplePlayer()


class SimplePlayer(DevicePlayer):
    """See `coach.player.Player`."""

    name = "simpleaudio"
    lead = RATE // 20  # PulseAudio drops up to 16 ms of a new stream
    held = RATE // 10  # the library's fixed latency, on every system

    def __init__(self) -> None:
        super().__init__()
        _refuse_upstream()
        self._stream: _Stream | None = None
        self._array = _Array(_BLOCK)
        try:
            self._array.play()  # silence: playing is the only way to open the device
        except SimpleaudioError as error:
            raise AudioError("no sound device that simpleaudio can open") from error
        # Also at the end of the process, or the library's thread would call into an interpreter that is gone.
        self._end = weakref.finalize(self, self._array.end)

    def _begin(self, playback: Playback) -> None:
        # A card that plays one sound at a time is busy until the previous one has ended.
        (self._stream or self._array).end(_PATIENCE)
        self._end.detach()
        try:
            self._stream = _Stream(playback)
        except (SimpleaudioError, OSError) as error:
            raise AudioError("the sound device does not start; is another program holding it?") from error
        self._end = weakref.finalize(self, self._stream.end)

    def _silence(self) -> None:
        if self._stream:
            self._stream.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """See `Player.wait`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if not super().wait(timeout):
            return False
        # By our clock, everything has been heard; the device's may be slower.
        return self._stream is None or self._stream.wait(deadline)

    def close(self) -> None:
        """See `Player.close`."""
        self.stop()
        self._end()


class _Array:
    """Samples that the library plays in place: int16, with silence where none have been written.

    The library's own `is_playing` walks a list, before locking it, while its threads remove items. So it is
    never called: if a mapping can be closed, the library is done with it.

    Args:
        size: samples, a multiple of _BLOCK, not 0: the library crashes on an empty buffer.

    Raises:
        OSError: the system has not enough memory for it.
    """

    def __init__(self, size: int) -> None:
        if sys.platform == "win32":
            self._memory = mmap.mmap(-1, size * _BYTES)
        else:
            # Private, or dropping has no effect; not reserved, because most of it is never in use at once.
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
            self._memory = mmap.mmap(-1, size * _BYTES, flags)
        self.size = size
        self._dropped_to = 0
        self._released = False
        self._lock = Lock()  # guards the memory
        self._sound: simpleaudio.PlayObject | None = None

    def play(self) -> None:
        """Let the device play it from the first sample; raise SimpleaudioError if it does not."""
        with silence_stderr():
            self._sound = simpleaudio.play_buffer(self._memory, 1, _BYTES, RATE)

    def write(self, start: int, samples: bytes) -> None:
        """Write samples from `start` on; do nothing if the memory has been released."""
        with self._lock:
            if not self._released:
                self._memory[start * _BYTES : start * _BYTES + len(samples)] = samples

    def drop(self, stop: int) -> None:
        """Give the memory before a sample back to the system, if that is possible."""
        stop = stop * _BYTES // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
        if sys.platform != "win32":
            with self._lock:
                if stop > self._dropped_to and not self._released:
                    advice = mmap.MADV_DONTNEED if sys.platform == "linux" else mmap.MADV_FREE
                    self._memory.madvise(advice, self._dropped_to, stop - self._dropped_to)
                    self._dropped_to = stop

    @property
    def released(self) -> bool:
        """Whether the device has played all of it, was stopped, or is gone; then the memory is released."""
        with self._lock:
            if not self._released:
                try:
                    self._memory.close()
                except BufferError:
                    return False
                self._released = True
            return True

    def stop(self) -> None:
        """Ask the library to stop soon: it still reads one or two more blocks."""
        if self._sound is not None and not self.released:
            self._sound.stop()

    def wait(self, timeout: float) -> bool:
        """Return whether it is released within this many seconds."""
        deadline = time.monotonic() + timeout
        while not self.released:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        return True

    def end(self, timeout: float = 1.0) -> bool:
        """Stop it, and return whether it is released within this many seconds."""
        self.stop()
        return self.wait(timeout)


class _Stream:
    """A playback on its way through an array, which a thread fills.

    If the source was so late that the sound no longer fits (or if it is longer than an array can be), another
    array follows when the first has been heard.

    Raises:
        SimpleaudioError: the device does not start.
        OSError: the system has not enough memory for the array.
    """

    def __init__(self, playback: Playback) -> None:
        self._playback = playback
        self._stopped = Event()
        self._filling = Lock()
        self._open(lead=0)  # the playback brings its own
        Thread(target=self._run, name="coach-simpleaudio", daemon=True).start()

    def _open(self, lead: int) -> None:
        blocks = -(-(lead + self._playback.left) // _BLOCK) + 1  # a last one of silence: see _BLOCK
        self._array = _Array(min(blocks * _BLOCK, _LONGEST))
        self._filled_to = lead
        self._began = time.monotonic()
        self._fill(0)
        self._array.play()
        starting = time.monotonic() - self._began
        self._began += starting
        self._playback.stand_still(starting + lead / RATE)

    def stop(self) -> None:
        """Stop the sound, except for what the device holds."""
        self._stopped.set()
        with self._filling:
            heard = min(self._heard(), self._filled_to)
            self._array.write(heard, bytes((self._filled_to - heard) * _BYTES))
            self._array.stop()

    def end(self, timeout: float = 1.0) -> bool:
        """Stop, and return whether the device is free within this many seconds."""
        self.stop()
        return self._array.wait(timeout)

    def wait(self, deadline: float | None) -> bool:
        """Return True once the device has reached the end, False if the deadline passes first.

        Raises:
            AudioError: it should have reached the end long ago.
        """
        seconds = self._array.size / RATE
        given_up = self._began + seconds + seconds / _DRIFT + _PATIENCE
        until = given_up if deadline is None else min(deadline, given_up)
        if self._array.wait(until - time.monotonic()):
            return True
        if time.monotonic() >= given_up:
            raise AudioError("the sound device has gone: it does not come to its end")
        return False

    def _heard(self) -> int:
        """Return the sample of the array that is heard now, by the clock."""
        return int((time.monotonic() - self._began) * RATE)

    def _fill(self, heard: int) -> None:
        to = min(heard + _AHEAD + heard // _DRIFT, self._array.size)
        soon = min(heard + _SOON + heard // _DRIFT, self._array.size)
        samples = self._playback.take(max(0, to - self._filled_to), max(0, soon - self._filled_to))
        self._array.write(self._filled_to, samples.astype("<i2", copy=False).tobytes())
        self._filled_to += samples.size

    def _run(self) -> None:
        while True:
            now, busy = time.monotonic(), time.process_time()
            self._stopped.wait(_PERIOD)
            late = time.monotonic() - now - _PERIOD
            with self._filling:
                if self._stopped.is_set():
                    return
                if late > _PERIOD and time.process_time() - busy < late / 2:
                    # The whole process was suspended, including the library's thread.
                    self._began += late
                    self._playback.stand_still(late)
                heard = self._heard()
                self._fill(heard)
                self._array.drop(heard - heard // _DRIFT - _KEPT)
                if self._array.released:
                    if self._filled_to < self._array.size:
                        return  # the device is gone, which will be noticed because it takes no more
                    if self._playback.left:
                        try:
                            self._open(SimplePlayer.lead)
                        except (SimpleaudioError, OSError):
                            return
                    elif heard >= self._array.size:
                        return


def _refuse_upstream() -> None:
    """Raise AudioError if the original simpleaudio is installed and this Python is too new for it.

    It frees memory without holding Python's lock, which crashes Python 3.12 and later; simpleaudio-patched is
    the same library, under the same name, without that bug.
    """
    if sys.version_info < (3, 12):
        return
    try:
        upstream = version("simpleaudio")
    except PackageNotFoundError:
        return
    raise AudioError(
        f"the player simpleaudio cannot be used here: simpleaudio {upstream} crashes on Python 3.12 "
        "and later (uninstall it, then install simpleaudio-patched)"
    )
