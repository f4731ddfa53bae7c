"""What a real sound server hears of a player, sample for sample. Real time: left out unless -m names it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach.errors import AudioError
from coach.player import open_player
from coach.units import RATE
from tests.sound_server import Recorder, needs_server, recorder, server

if TYPE_CHECKING:
    import subprocess

    from numpy.typing import NDArray

    from coach.player import Pull

__all__ = ["recorder", "server"]

pytestmark = [pytest.mark.realtime, needs_server]


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
