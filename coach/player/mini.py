"""The sound device through miniaudio: PulseAudio, ALSA, WASAPI, Core Audio and others."""

from __future__ import annotations

import time
import weakref
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any

import miniaudio

from coach.errors import AudioError
from coach.player import UnheardError
from coach.player.playback import DevicePlayer, Playback
from coach.stderr import silence_stderr
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from coach.player import Player

_PERIOD_MS = 150
"""A longer one copes with a busier machine, but delays changes of the volume."""
_OPENS = 3.0
"""Seconds that a sound system may take to open and to start."""
_CLOSES = 0.5
"""Seconds that it may take to close: nobody should wait for one that hangs."""
_LOOK = 1.0
"""Seconds between two checks whether anybody can hear it."""
_DUMMY = b"auto_null"
"""The device that PulseAudio and PipeWire use when the last real one is gone; it plays nothing."""


def open_device() -> Player:
    """Return a player on the system's default device.

    Raises:
        AudioError: there is none.
    """
    return MiniPlayer()


class MiniPlayer(DevicePlayer):
    """See `coach.player.Player`.

    If a sound server hangs, so does the thread that calls it. So the calls are made on other threads, one at
    a time, and waited for only as long as makes sense.

    Args:
        backends: the back ends of miniaudio to try; None for all except its silent one.
    """

    name = "miniaudio"
    lead = RATE // 20  # PulseAudio drops up to 16 ms of a new stream
    tail = 3 * RATE * _PERIOD_MS // 1000

    def __init__(self, backends: list[miniaudio.Backend] | None = None) -> None:
        super().__init__()
        self._backends = backends
        self._device: _Device | None = None
        self._look_at = 0.0
        self._calling = Thread()
        self._call(self._open, _OPENS)

    def _call(self, job: Callable[[], object], patience: float) -> None:
        """Do a job that may hang; raise AudioError if it does, or if the previous one still hangs."""
        errors: list[Exception] = []

        def do() -> None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 - it is raised in the caller's thread
                errors.append(error)

        if not self._calling.is_alive():
            self._calling = Thread(target=do, name="coach-miniaudio", daemon=True)
            with silence_stderr():
                self._calling.start()
                self._calling.join(patience)
        if self._calling.is_alive():
            raise AudioError("the sound system does not answer")
        if errors:
            raise errors[0]

    def _open(self) -> _Device:
        try:
            device = _Device(self._backends)
        except miniaudio.MiniaudioError as error:
            raise AudioError("no sound device that miniaudio can open") from error
        if self._backends is None and device.backend == "Null":  # its last resort, which is silent
            device.close()
            raise AudioError("no sound device: this machine has no sound system that miniaudio knows")
        # Also at the end of the process, or the device would call into an interpreter that is gone.
        self._finalizer = weakref.finalize(self, device.close)
        self._device = device
        return device

    def _begin(self, playback: Playback) -> None:
        self._call(partial(self._run, playback), _OPENS)

    def _run(self, playback: Playback) -> None:
        device = self._device or self._open()
        source = _source(playback)
        next(source)
        try:
            device.start(source)
        except miniaudio.MiniaudioError as error:
            raise AudioError("the sound device does not start; is another program holding it?") from error

    def _silence(self) -> None:
        # If a device is only stopped, it first plays the 0.1 s that it still holds when it starts again.
        try:
            self._call(self._drop, _CLOSES)
        except AudioError:  # from now on, anything that touches it would hang, even at the end
            if self._device:
                self._finalizer.detach()

    def _drop(self) -> None:
        device, self._device = self._device, None
        if device:
            self._finalizer.detach()
            device.close()

    def wait(self, timeout: float | None = None) -> bool:
        """See `Player.wait`."""
        now = time.monotonic()
        if self._device and now >= self._look_at:
            self._look_at = now + _LOOK
            self._call(self._look, _CLOSES)
        return super().wait(timeout)

    def _look(self) -> None:
        if self._device and not self._device.is_heard():
            raise UnheardError("the sound device has gone: the sound server has none left")

    def close(self) -> None:
        """See `Player.close`."""
        self.stop()
        self._silence()


class _Device(miniaudio.PlaybackDevice):  # type: ignore[misc]
    """The library's device, but it also releases what the library keeps: five open files, a connection.

    Args:
        backends: see `MiniPlayer`.

    Raises:
        MiniaudioError: there is none.
        UnheardError: the sound server has none.
    """

    def __init__(self, backends: list[miniaudio.Backend] | None) -> None:
        self._context: Any = None
        try:
            super().__init__(
                output_format=miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=RATE,
                buffersize_msec=_PERIOD_MS,
                backends=backends,
                app_name="Coach",
            )
        except (miniaudio.MiniaudioError, UnheardError):
            self.close()
            raise

    def _make_context(self, *arguments: Any) -> Any:
        self._context = super()._make_context(*arguments)
        if not self.is_heard():  # opening a device that doesn't exist would leave five files open for good
            raise UnheardError("no sound device: the sound server has none")
        return self._context

    def is_heard(self) -> bool:
        """Return whether anybody could hear it; only PulseAudio and PipeWire go on without a device."""
        if self._context.backend != miniaudio.lib.ma_backend_pulseaudio:
            return True
        infos, count = miniaudio.ffi.new("ma_device_info**"), miniaudio.ffi.new("ma_uint32*")
        null = miniaudio.ffi.NULL
        found = miniaudio.lib.ma_context_get_devices(self._context, infos, count, null, null)
        if found != miniaudio.lib.MA_SUCCESS:
            return False
        names = {_name(infos[0][index]) for index in range(count[0])}
        return bool(names - {_DUMMY})

    def close(self) -> None:
        """Stop and release everything; calling this again does nothing."""
        super().close()
        context, self._context = self._context, None
        if context is not None:
            miniaudio.lib.ma_context_uninit(context)


def _name(info: Any) -> bytes:
    """Return PulseAudio's own name of a device, which is its id without the zeros at the end."""
    name = bytes(miniaudio.ffi.buffer(miniaudio.ffi.addressof(info, "id")))
    return name.partition(b"\0")[0]


def _source(playback: Playback) -> Generator[bytes, int, None]:
    """Yield the bytes that the device asks for. It never ends or raises, because the library ignores both."""
    count = yield b""
    while True:
        count = yield playback.take(count).tobytes()
