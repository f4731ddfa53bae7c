"""Players: nothing lost, nothing twice, the right moment, and failures that are heard of."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach.errors import AudioError
from coach.player import PLAYERS, open_player, play
from coach.player.null import NullPlayer
from coach.player.playback import Playback
from coach.speech.clip import CEILING
from coach.speech.sound import at_volume, measure, record
from coach.timeline import Timeline
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from coach.speech import Clip


class Source:
    """A ramp of known samples that remembers what was pulled."""

    def __init__(self, length: int) -> None:
        self.track = (np.arange(length) % 29_000 + 1).astype(np.int16)
        self.pulled: list[tuple[int, int]] = []
        self.gate = threading.Event()  # a slow disk, until it is set
        self.gate.set()
        self.broken_from = length

    def __call__(self, start: int, count: int) -> NDArray[np.float32]:
        if self.pulled:
            assert self.gate.wait(10)
        self.pulled.append((start, count))
        if start + count > self.broken_from:
            raise LookupError("the clip has gone")
        return np.divide(self.track[start : start + count], 32768, dtype=np.float32)

    @property
    def read_to(self) -> int:
        return sum(self.pulled[-1]) if self.pulled else 0


class NoClips:
    volume = 0.0

    def samples(self, clip: Clip) -> NDArray[np.int16]:
        raise AssertionError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def until(true: Callable[[], bool]) -> None:
    """Wait for another thread; fail rather than hang."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


# Playback: what all players share


def test_the_device_gets_every_sample_once_then_silence() -> None:
    source = Source(50_000)
    playback = Playback(source, 50_000, 1_234)
    until(lambda: source.read_to == 50_000)
    time.sleep(0.01)
    taken = [playback.take(count) for count in (1, 0, 479, 4_800, 30_000, 20_000)]
    heard = np.concatenate(taken)
    assert heard.dtype == np.int16
    assert np.array_equal(heard[: 50_000 - 1_234], source.track[1_234:])
    assert not heard[50_000 - 1_234 :].any()


def test_the_first_samples_are_read_before_anything_else_and_soon() -> None:
    source = Source(RATE * 60)
    source.gate.clear()
    playback = Playback(source, RATE * 60, 7)
    assert source.pulled == [(7, RATE)]
    playback.stop()
    source.gate.set()


def test_reading_stays_a_few_seconds_ahead() -> None:
    source = Source(RATE * 60)
    playback = Playback(source, RATE * 60, 0)
    until(lambda: source.read_to == 3 * RATE)
    time.sleep(0.05)
    assert source.read_to == 3 * RATE
    playback.take(RATE)
    until(lambda: source.read_to == 4 * RATE)
    playback.stop()


def test_a_late_source_makes_silence_and_loses_nothing() -> None:
    clock, source = Clock(), Source(2 * RATE)
    source.gate.clear()
    playback = Playback(source, 2 * RATE, 0, clock=clock)
    assert np.array_equal(playback.take(RATE + 2_000), np.append(source.track[:RATE], np.zeros(2_000)))
    clock.now += 0.5
    assert playback.position == RATE // 2
    clock.now += 0.5
    assert not playback.take(1_000).any()
    source.gate.set()
    until(lambda: source.read_to == 2 * RATE)
    time.sleep(0.01)
    assert np.array_equal(playback.take(RATE), source.track[RATE:])
    assert playback.position == RATE
    clock.now += 3_000 / RATE
    assert playback.position == RATE
    clock.now += 0.5
    assert playback.position == RATE * 3 // 2


def test_the_position_follows_the_clock_but_not_past_what_was_taken() -> None:
    clock, source = Clock(), Source(RATE)
    playback = Playback(source, RATE, 100, clock=clock)
    assert playback.position == 100
    clock.now += 5  # the device takes its time to start
    playback.take(4_800)
    assert playback.position == 100
    clock.now += 0.1
    assert playback.position == 2_500
    clock.now += 0.4  # a device that ran dry
    assert playback.position == 4_900
    playback.take(100)
    clock.now += 0.5
    assert playback.position == 5_000


def test_all_is_heard_when_the_device_has_played_its_tail() -> None:
    clock, source = Clock(), Source(1_000)
    playback = Playback(source, 1_000, 0, tail=2_400, clock=clock)
    playback.take(4_800)
    clock.now += 0.1
    assert playback.position == 1_000
    assert not playback.wait(0)
    clock.now += 0.1
    assert playback.wait(0)
    assert playback.wait(None)


def test_a_stopped_playback_stays_where_it_was_and_gives_silence() -> None:
    clock, source = Clock(), Source(RATE)
    playback = Playback(source, RATE, 0, clock=clock)
    playback.take(4_800)
    clock.now += 0.1
    playback.stop()
    clock.now += 5
    assert playback.position == 2_400
    assert not playback.take(100).any()
    assert not playback.wait(None)
    assert playback.position == 2_400


def test_stopping_wakes_who_waits() -> None:
    playback = Playback(Source(RATE * 60), RATE * 60, 0)
    threading.Timer(0.05, playback.stop).start()
    assert not playback.wait(None)


def test_what_the_source_raises_at_first_is_raised_at_once() -> None:
    source = Source(RATE)
    source.broken_from = 0
    with pytest.raises(LookupError, match="the clip has gone"):
        Playback(source, RATE, 0)


def test_what_the_source_raises_later_is_raised_by_wait() -> None:
    source = Source(2 * RATE)
    source.broken_from = RATE
    playback = Playback(source, 2 * RATE, 0)
    with pytest.raises(LookupError, match="the clip has gone"):
        playback.wait(5)
    assert playback.take(RATE).any()


def test_a_device_that_takes_nothing_has_gone() -> None:
    clock = Clock()
    playback = Playback(Source(RATE), RATE, 0, clock=clock)
    clock.now += 4  # it may need some to start
    assert not playback.wait(0)
    clock.now += 2
    with pytest.raises(AudioError, match="the sound device has gone"):
        playback.wait(0)
    playback.stop()


def test_a_lead_is_silence_that_does_not_count() -> None:
    clock, source = Clock(), Source(1_000)
    playback = Playback(source, 1_000, 400, lead=240, clock=clock)
    assert np.array_equal(playback.take(600), np.append(np.zeros(240), source.track[400:760]))
    clock.now += 0.005
    assert playback.position == 400
    clock.now += 0.01
    assert playback.position == 520


def test_a_start_at_the_end() -> None:
    clock = Clock()
    playback = Playback(Source(10), 10, 10, clock=clock)
    assert not playback.take(100).any()
    assert playback.position == 10
    assert playback.wait(0)


# The player without a device


def test_the_null_player_keeps_real_time() -> None:
    source, length = Source(RATE), RATE
    with closing(open_player("null")) as player:
        assert player.name == "null"
        assert player.position == 0
        assert not player.wait(0)
        began = time.monotonic()
        player.start(source, length)
        assert not player.wait(0.05)
        assert 0.05 * RATE <= player.position < length
        assert player.wait()
        assert time.monotonic() - began >= length / RATE
        assert player.position == length
    assert source.pulled == [(0, length)]


def test_pause_is_stop_and_start_again() -> None:
    length = RATE * 60
    source = Source(length)
    with closing(open_player("null")) as player:
        player.start(source, length, RATE // 2)
        player.wait(0.03)
        player.stop()
        paused = player.position
        assert RATE // 2 < paused < length
        time.sleep(0.02)
        assert player.position == paused
        player.stop()
        player.start(source, length, paused)
        assert paused <= player.position < length
        player.start(source, length, length - 100)
        assert player.wait(10)


def test_a_broken_source_is_heard_of_through_a_player() -> None:
    source = Source(RATE * 9)
    source.broken_from = RATE
    with closing(open_player("null")) as player:
        player.start(source, RATE * 9)
        with pytest.raises(LookupError):
            player.wait(5)


def test_a_track_is_played_in_one_call() -> None:
    began = time.monotonic()
    play(Timeline("T", "en", "v", None, RATE // 10, (), (), ()), NoClips(), "null")
    assert time.monotonic() - began >= 0.1


# The choice


def test_an_unknown_player_names_the_known_ones() -> None:
    with pytest.raises(AudioError) as caught:
        open_player("loud")
    assert str(caught.value) == f"no player 'loud' (known: auto, {', '.join(PLAYERS)})"


def test_a_library_that_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "coach.player.mini", raising=False)
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    with pytest.raises(AudioError, match=r"the player miniaudio cannot be used here: .*miniaudio"):
        open_player("auto")


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux can a sound system be hidden")
@pytest.mark.parametrize("name", ["auto", "miniaudio"])
def test_no_device_is_one_error_and_nothing_on_stderr(tmp_path: Path, name: str) -> None:
    code = f"""
import os
from coach.errors import AudioError
from coach.player import open_player
try:
    open_player({name!r})
except AudioError as error:
    print(error)
os.write(2, b"still here")
"""
    hidden = {
        "PULSE_SERVER": "unix:/nowhere",
        "ALSA_CONFIG_PATH": os.devnull,
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | hidden,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.startswith("no sound device")
    assert done.stdout.count("\n") == 1
    assert done.stderr == "still here"


def test_a_silent_last_resort_is_no_sound_device(monkeypatch: pytest.MonkeyPatch) -> None:
    mini = pytest.importorskip("coach.player.mini", reason="miniaudio does not load here")

    class Silent:
        backend = "Null"

        def __init__(self, *_: object) -> None: ...

        def close(self) -> None: ...

    monkeypatch.setattr(mini, "_Device", Silent)
    with pytest.raises(AudioError, match="no sound device: this machine has no sound system"):
        mini.open_device()


def test_miniaudio_plays_stops_and_plays_again() -> None:
    mini = pytest.importorskip("coach.player.mini", reason="miniaudio does not load here")
    source = Source(RATE * 5)
    with closing(mini.MiniPlayer([mini.miniaudio.Backend.NULL])) as player:
        for start in (0, RATE):
            player.start(source, RATE * 5, start)
            assert not player.wait(0.1)
            player.stop()
            assert 0 < player.position - start < RATE // 2
        assert player.close() is None
    player.close()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files in /proc")  # noqa: PTH112
def test_miniaudio_gives_back_what_it_opens() -> None:
    mini = pytest.importorskip("coach.player.mini", reason="miniaudio does not load here")
    counts = []
    for _ in range(3):
        with closing(mini.MiniPlayer([mini.miniaudio.Backend.NULL])) as player:
            player.start(Source(100), 100)
        counts.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
    assert counts[0] == counts[2]


def test_a_process_may_end_without_closing_its_player() -> None:
    code = """
import coach.player.mini as mini, numpy as np
player = mini.MiniPlayer([mini.miniaudio.Backend.NULL])
player.start(lambda start, count: np.zeros(count, np.float32), 10**6)
player.wait(0.05)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


# Real time


@pytest.mark.realtime
def test_the_null_player_does_not_drift() -> None:
    with closing(open_player("null")) as player:
        began = time.monotonic()
        player.start(Source(3 * RATE), 3 * RATE)
        while not player.wait(0.25):
            assert abs(player.position / RATE - (time.monotonic() - began)) < 0.02
        assert 3.0 <= time.monotonic() - began < 3.1


@pytest.mark.realtime
def test_miniaudio_plays_to_the_end_in_real_time() -> None:
    mini = pytest.importorskip("coach.player.mini", reason="miniaudio does not load here")
    with closing(mini.MiniPlayer([mini.miniaudio.Backend.NULL])) as player:
        began = time.monotonic()
        player.start(Source(RATE), RATE)
        assert player.wait(5)
        assert 1.0 <= time.monotonic() - began < 2.0
        assert player.position == RATE


@pytest.mark.parametrize("factor", [1.0, 7.0, float("inf"), float("nan")])
def test_the_loudest_volume_stays_below_the_ceiling_at_the_device(factor: float) -> None:
    noise = np.random.default_rng(1).uniform(-0.2, 0.2, RATE).astype(np.float32)
    clip = at_volume(record(noise, RATE), 6.0) / np.float32(32768)
    device = NullPlayer()
    device.volume = factor
    playback = Playback(lambda start, count: clip[start : start + count], RATE, 0)
    playback.volume = device.volume
    taken = playback.take(RATE) / 32768
    _, peak = measure(taken)
    assert peak <= CEILING
    assert taken.any() == (factor == factor)  # noqa: PLR0124 - NaN is silence
