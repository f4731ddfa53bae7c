"""The player on simpleaudio: one array filled while it plays, in little memory, heard sample for sample."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import wave
from contextlib import closing
from importlib.metadata import PackageNotFoundError
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach import player as players
from coach.encode.write import write_file
from coach.errors import AudioError, Location
from coach.player import open_player
from coach.player.playback import Playback
from coach.speech import Clip
from coach.timeline import Cue, CueKind, Sentence, Timeline
from coach.units import RATE
from tests.sound_server import Recorder, needs_server, recorder, server
from tests.test_player import Clock, Source, until
from tests.test_player_device import play_from, track

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["recorder", "server"]

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads memory, hides sound as on Linux")


@pytest.fixture
def simple() -> ModuleType:
    """Return the module; skip where simpleaudio is not installed."""
    module: ModuleType = pytest.importorskip(
        "coach.player.simple", reason="simpleaudio is not installed: pip install 'coach-audio[simpleaudio]'"
    )
    return module


# Playback, for a device that has some in store


def test_a_device_with_some_in_store_takes_what_there_is() -> None:
    source = Source(2 * RATE)
    source.gate.clear()
    playback = Playback(source, 2 * RATE, 0, clock=Clock())
    assert playback.left == 2 * RATE
    assert np.array_equal(playback.take(3 * RATE, 0), source.track[:RATE])
    assert playback.left == RATE
    assert playback.take(RATE, 0).size == 0
    assert not playback.take(RATE, 500).any()
    source.gate.set()
    until(lambda: source.read_to == 2 * RATE)
    time.sleep(0.01)
    assert np.array_equal(playback.take(3 * RATE, 0)[:RATE], source.track[RATE:])
    assert playback.left == 0


def test_silence_for_a_late_source_does_not_count_as_heard() -> None:
    clock, source = Clock(), Source(2 * RATE)
    source.gate.clear()
    playback = Playback(source, 2 * RATE, 0, clock=clock)
    assert playback.take(2 * RATE, RATE + 2_400).size == RATE + 2_400
    clock.now += 1.05
    assert playback.position == RATE
    playback.stop()
    source.gate.set()


def test_a_device_that_stands_still_is_not_ahead() -> None:
    clock = Clock()
    playback = Playback(Source(RATE), RATE, 0, clock=clock)
    playback.stand_still(9)  # nothing has begun
    playback.take(RATE)
    clock.now += 0.75
    playback.stand_still(0.5)
    assert playback.position == RATE // 4


def test_what_is_held_at_a_stop_is_behind_us() -> None:
    clock = Clock()
    playback = Playback(Source(RATE), RATE, 0, clock=clock)
    playback.take(RATE // 2)
    clock.now += 0.25
    playback.stop(2_400)
    playback.stop(2_400)
    assert playback.position == RATE // 4 + 2_400
    playback = Playback(Source(RATE), RATE, 0, clock=clock)
    playback.take(100)
    playback.stop(2_400)
    assert playback.position == 100


# The choice


@pytest.mark.parametrize(
    ("working", "opened"),
    [
        (("mini", "simple"), "mini"),
        (("simple",), "simple"),
        (("mini",), "mini"),
        ((), "no sound device: mini"),
    ],
)
def test_auto_takes_miniaudio_then_simpleaudio(
    monkeypatch: pytest.MonkeyPatch, working: tuple[str, ...], opened: str
) -> None:
    def load(module: str) -> object:
        name = module.rpartition(".")[2]

        def open_device() -> str:
            if name not in working:
                raise AudioError(f"no sound device: {name}")
            return name

        return SimpleNamespace(open_device=open_device)

    monkeypatch.setattr(players, "import_module", load)
    try:
        result = str(open_player("auto"))
    except AudioError as error:
        result = str(error)
    assert result == opened


def test_without_the_library_it_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "coach.player.simple", raising=False)
    monkeypatch.setitem(sys.modules, "simpleaudio", None)
    with pytest.raises(AudioError, match=r"the player simpleaudio cannot be used here: .*simpleaudio"):
        open_player("simpleaudio")


def pretend(
    monkeypatch: pytest.MonkeyPatch, simple: ModuleType, python: tuple[int, int], installed: str
) -> None:
    def version(name: str) -> str:
        if name == installed:
            return "1.0.4"
        raise PackageNotFoundError(name)

    def play_buffer(*_: object) -> None:
        raise simple.SimpleaudioError("no card")

    monkeypatch.setattr(simple, "sys", SimpleNamespace(version_info=python, platform=sys.platform))
    monkeypatch.setattr(simple, "version", version)
    monkeypatch.setattr(simple.simpleaudio, "play_buffer", play_buffer)


@pytest.mark.parametrize("python", [(3, 12), (3, 13), (4, 0)])
def test_what_would_crash_is_refused(
    monkeypatch: pytest.MonkeyPatch, simple: ModuleType, python: tuple[int, int]
) -> None:
    pretend(monkeypatch, simple, python, "simpleaudio")
    with pytest.raises(AudioError) as caught:
        open_player("simpleaudio")
    assert str(caught.value) == (
        "the player simpleaudio cannot be used here: simpleaudio 1.0.4 crashes on Python 3.12 and later "
        "(uninstall it, then install simpleaudio-patched)"
    )


@pytest.mark.parametrize(
    ("python", "installed"),
    [((3, 11), "simpleaudio"), ((3, 10), "neither"), ((3, 12), "simpleaudio-patched")],
)
def test_what_would_not_crash_is_tried(
    monkeypatch: pytest.MonkeyPatch, simple: ModuleType, python: tuple[int, int], installed: str
) -> None:
    pretend(monkeypatch, simple, python, installed)
    with pytest.raises(AudioError, match="no sound device that simpleaudio can open"):
        open_player("simpleaudio")


@linux_only
def test_no_device_is_one_error_and_nothing_on_stderr(tmp_path: Path, simple: ModuleType) -> None:
    code = """
import os
from coach.errors import AudioError
from coach.player import open_player
try:
    open_player("simpleaudio")
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
    assert done.stdout == "no sound device that simpleaudio can open\n"
    assert done.stderr == "still here"


# The array


def resident() -> int:
    with open("/proc/self/statm") as file:  # noqa: PTH123 - of the system, not of ours
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@linux_only
def test_a_long_track_needs_no_more_memory_than_a_minute(simple: ModuleType) -> None:
    hour, block = 3600 * RATE, b"\1\1" * RATE
    before = resident()
    array = simple._Array(3 * hour)
    most = 0
    for start in range(0, hour, RATE):
        array.write(start, block)
        array.drop(start - 60 * RATE)
        most = max(most, resident())
    assert most - before < 8_000_000
    assert array.released  # nobody plays it
    assert resident() - before < 1_000_000
    array.write(0, block)
    array.drop(hour)


# Real time: what a sound server hears


class Noise:
    """Clips of noise without a zero."""

    volume = 0.0

    def samples(self, clip: Clip) -> NDArray[np.int16]:
        return track(clip.length / RATE)


@pytest.mark.realtime
@needs_server
def test_the_card_plays_the_samples_of_the_export(
    simple: ModuleType, recorder: Recorder, tmp_path: Path
) -> None:
    cues = tuple(
        Cue(start, Clip(f"c{start}", 9_000, 0), Sentence(CueKind.SAY, "x", Location("a.yaml", 1, 1)))
        for start in range(0, 3 * RATE // 2 - 9_000, 12_345)
    )
    timeline = Timeline("T", "en", "test/noise", None, 3 * RATE // 2, cues, (), ())
    write_file(timeline, Noise(), tmp_path / "t.wav")
    with wave.open(str(tmp_path / "t.wav")) as file:
        exported = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    players.play(timeline, Noise(), "simpleaudio")
    time.sleep(0.3)
    heard = recorder.samples
    first = int(np.flatnonzero(heard)[0])
    assert np.array_equal(heard[first : first + exported.size], exported)
    assert np.count_nonzero(heard) == np.count_nonzero(exported)


@pytest.mark.realtime
@needs_server
def test_the_position_is_what_is_heard_across_pause_and_seek(simple: ModuleType, recorder: Recorder) -> None:
    sound = track(3)
    with closing(open_player("simpleaudio")) as player:
        player.start(play_from(sound), sound.size)
        for _ in range(3):
            assert not player.wait(0.3)
            heard = np.count_nonzero(recorder.samples)
            assert abs(player.position - heard) < RATE // 10
        player.stop()
        paused = player.position
        time.sleep(0.3)
        assert player.position == paused
        player.start(play_from(sound), sound.size, paused)
        player.wait(0.4)
        began = time.monotonic()
        player.start(play_from(sound), sound.size, 2 * RATE)
        assert time.monotonic() - began < 1
        assert player.wait()
        assert player.position == sound.size
        began = time.monotonic()
    assert time.monotonic() - began < 0.1  # it had truly ended
    time.sleep(0.2)
    places = np.flatnonzero(recorder.samples)
    parts = np.split(recorder.samples[places], np.flatnonzero(np.diff(places) > RATE // 50) + 1)
    first, second, third = parts
    assert np.array_equal(first, sound[: first.size])
    assert abs(first.size - paused) < RATE // 20
    assert np.array_equal(second, sound[paused : paused + second.size])
    assert np.array_equal(third, sound[2 * RATE :])


@pytest.mark.realtime
@needs_server
def test_a_late_source_is_silence_and_nothing_is_lost(
    simple: ModuleType, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simple, "_SOON", RATE // 2)
    sound = track(1.5)
    late: list[int] = []

    def pull(start: int, count: int) -> NDArray[np.float32]:
        if start >= RATE and not late:
            late.append(start)
            time.sleep(1.2)
        return play_from(sound)(start, count)

    with closing(open_player("simpleaudio")) as player:
        player.start(pull, sound.size)
        while not player.wait(0.3):
            assert abs(player.position - np.count_nonzero(recorder.samples)) < RATE // 10
    time.sleep(0.3)
    heard = recorder.samples
    assert np.array_equal(heard[heard != 0], sound)


@pytest.mark.realtime
@needs_server
def test_a_sound_server_that_dies_is_an_error(
    simple: ModuleType, server: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.player.playback._STALL", 0.8)
    sound = track(30)
    with closing(open_player("simpleaudio")) as player:
        player.start(play_from(sound), sound.size)
        assert not player.wait(0.5)
        server.kill()
        with pytest.raises(AudioError, match="the sound device has gone"):
            player.wait(10)
        with pytest.raises(AudioError, match="the sound device does not start"):
            player.start(play_from(sound), sound.size)
    with pytest.raises(AudioError, match="no sound device"):
        open_player("simpleaudio")


PLAY = """
import sys, time
from coach.player import open_player
from tests.test_player_device import play_from, track
sound = track(2)
unused = open_player("simpleaudio")
player = open_player("simpleaudio")
player.start(play_from(sound), sound.size)
while not player.wait(0.1):
    print(player.position, flush=True)
    if player.position > float(sys.argv[1]) * 24_000:
        break
"""


@pytest.mark.realtime
@needs_server
def test_a_process_may_end_without_closing_its_player(
    simple: ModuleType, server: subprocess.Popen[bytes]
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAY, "0.3"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.realtime
@needs_server
def test_a_process_that_was_stopped_goes_on_where_it_was(simple: ModuleType, recorder: Recorder) -> None:
    with subprocess.Popen([sys.executable, "-c", PLAY, "9"], stdout=subprocess.PIPE, text=True) as process:
        until(lambda: bool(np.count_nonzero(recorder.samples) > RATE // 2))
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.2)
        stopped = np.count_nonzero(recorder.samples)
        process.send_signal(signal.SIGCONT)
        assert process.stdout is not None
        for line in process.stdout:
            heard = np.count_nonzero(recorder.samples)
            if stopped + RATE // 2 < heard < 1.75 * RATE:
                assert abs(int(line) - heard) < RATE // 5
        assert process.wait() == 0
    time.sleep(0.3)
    heard = np.count_nonzero(recorder.samples)
    assert 1.95 * RATE < heard <= 2 * RATE  # the card had run dry: its new start takes some
