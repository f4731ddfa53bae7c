"""A sound server of the tests' own, with a silent card, and what that card plays."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

needs_server = pytest.mark.skipif(
    sys.platform != "linux" or not all(map(shutil.which, ("pulseaudio", "parec", "pacat"))),
    reason="needs pulseaudio with parec and pacat",
)

RAW = ("--raw", "--format=s16le", f"--rate={RATE}", "--channels=1", "--latency-msec=20")


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.fixture
def server(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[bytes]]:
    """A sound server of our own with a silent card of our rate, which a stream of silence keeps awake."""
    home = tmp_path_factory.mktemp("pa")
    home.chmod(0o700)
    socket = home / "pulse" / "native"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    monkeypatch.setenv("PULSE_SERVER", f"unix:{socket}")
    modules = (
        "-L",
        "module-native-protocol-unix auth-anonymous=1",
        "-L",
        f"module-null-sink sink_name=coach rate={RATE} channels=1 format=s16le",
    )
    with running("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", *modules) as process:
        deadline = time.monotonic() + 10
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.skip("pulseaudio does not start here")
            time.sleep(0.05)
        with running("pacat", "-d", "coach", *RAW, "/dev/zero"):
            yield process


class Recorder:
    """What the card plays, from now on."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._heard = bytearray()
        self._process = process
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while data := stream.read1(65_536):  # type: ignore[attr-defined]
            self._heard += data

    @property
    def samples(self) -> NDArray[np.int16]:
        return np.frombuffer(bytes(self._heard[: len(self._heard) // 2 * 2]), np.int16)


@pytest.fixture
def recorder(server: subprocess.Popen[bytes]) -> Iterator[Recorder]:
    with running("parec", "-d", "coach.monitor", *RAW) as process:
        recorder = Recorder(process)
        deadline = time.monotonic() + 10
        while recorder.samples.size < RATE // 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield recorder
