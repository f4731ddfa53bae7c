"""The sound device through miniaudio: PulseAudio, ALSA, WASAPI, Core Audio and others."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import miniaudio

from coach.errors import AudioError
from coach.player.playback import DevicePlayer, Playback
from coach.quiet import quiet_stderr
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Generator

    from coach.player import Player

_PERIOD_MS = 200


def open_device() -> Player:
    """Return a player on the system's default device.

    Raises:
        AudioError: there is none.
    """
    return MiniPlayer()


class MiniPlayer(DevicePlayer):
    """See `coach.player.Player`.

    Args:
        backends: which of miniaudio's back ends to try; None for all but its silent one.
    """

    name = "miniaudio"
    lead = RATE // 20  # PulseAudio drops up to 16 ms of a new stream
    tail = 2 * RATE * _PERIOD_MS // 1000

    def __init__(self, backends: list[miniaudio.Backend] | None = None) -> None:
        super().__init__()
        self._backends = backends
        self._device: miniaudio.PlaybackDevice | None = self._open()

    def _open(self) -> miniaudio.PlaybackDevice:
        try:
            with quiet_stderr():
                device = miniaudio.PlaybackDevice(
                    output_format=miniaudio.SampleFormat.SIGNED16,
                    nchannels=1,
                    sample_rate=RATE,
                    buffersize_msec=_PERIOD_MS,
                    backends=self._backends,
                    app_name="Coach",
                )
        except miniaudio.MiniaudioError as error:
            raise AudioError("no sound device that miniaudio can open") from error
        if self._backends is None and device.backend == "Null":  # its last resort, and silent
            _close(device)
            raise AudioError("no sound device: this machine has no sound system that miniaudio knows")
        # At the end of the process too, or the device would call into an interpreter that is gone.
        self._close_device = weakref.finalize(self, _close, device)
        return device

    def _begin(self, playback: Playback) -> None:
        if self._device is None:
            self._device = self._open()
        source = _source(playback)
        next(source)
        try:
            self._device.start(source)
        except miniaudio.MiniaudioError as error:
            raise AudioError("the sound device does not start; is another program holding it?") from error

    def _silence(self) -> None:
        # A device that is only stopped plays what it still held when it starts again: 0.1 s of where one was.
        self._device = None
        self._close_device()

    def close(self) -> None:
        """See `Player.close`."""
        self.stop()
        self._silence()


def _close(device: miniaudio.PlaybackDevice) -> None:
    device.close()
    # The library keeps the connection to the sound system: five open files for each device.
    context = getattr(device, "_context", None)
    if context is not None:
        miniaudio.lib.ma_context_uninit(context)


def _source(playback: Playback) -> Generator[bytes, int, None]:
    """Yield what the device asks for. It never ends and never raises: the library would lose either."""
    count = yield b""
    while True:
        count = yield playback.take(count).tobytes()
