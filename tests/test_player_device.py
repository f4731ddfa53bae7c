"""What a real sound server hears of a player, sample for sample. Real time: left out unless -m names it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach.errors import AudioError
from coach.player import open_player
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from coach.player import Pull

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(
        sys.platform != "linux" or not all(map(shutil.which, ("pulseaudio", "parec", "pacat"))),
        reason="needs pulseaudio with parec and pacat",
    ),
]

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


def track(seconds: float) -> NDArray[np.int16]:
    """Return noise without a zero in it, so that silence is what was not in the track."""
    noise = (np.random.default_rng(3).standard_normal(int(seconds * RATE)) * 3000).astype(np.int16)
    noise[noise == 0] = 1
    return noise


def play_from(sound: NDArray[np.int16]) -> Pull:
    return lambda start, count: np.divide(sound[start : start + count], 32768, dtype=np.float32)


def test_the_card_plays_the_very_samples(recorder: Recorder) -> None:
    sound = track(2.5)
    with closing(open_player("miniaudio")) as player:
        player.start(play_from(sound), sound.size)
        assert player.wait(10)
    time.sleep(0.3)
    heard = recorder.samples
    assert np.array_equal(heard[heard != 0], sound)


def test_pause_and_seek_lose_and_repeat_next_to_nothing(recorder: Recorder) -> None:
    sound = track(4)
    with closing(open_player("miniaudio")) as player:
        player.start(play_from(sound), sound.size)
        player.wait(1.2)
        player.stop()
        paused = player.position
        time.sleep(0.5)
        player.start(play_from(sound), sound.size, paused)
        player.wait(0.7)
        player.stop()
        time.sleep(0.5)
        player.start(play_from(sound), sound.size, 3 * RATE)
        assert player.wait(10)
    time.sleep(0.3)
    heard = recorder.samples
    places = np.flatnonzero(heard)
    parts = np.split(heard[places], np.flatnonzero(np.diff(places) > RATE // 10) + 1)
    first, second, third = parts
    assert np.array_equal(first, sound[: first.size])
    assert abs(first.size - paused) < RATE // 10  # what was heard is where the player thought to be
    assert np.array_equal(second, sound[paused : paused + second.size])
    assert np.array_equal(third, sound[3 * RATE :])


def test_a_sound_server_that_dies_is_an_error(server: subprocess.Popen[bytes]) -> None:
    sound = track(30)
    with closing(open_player("miniaudio")) as player:
        player.start(play_from(sound), sound.size)
        assert not player.wait(0.5)
        server.kill()
        with pytest.raises(AudioError, match="the sound device has gone"):
            player.wait(15)
