"""The renderer: exact places, exact values, any stretch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import Location
from coach.mix import blocks, cue_index, render, to_int16
from coach.speech import Clip
from coach.timeline import Cue, CueKind, Sentence, Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Sounds:
    """Clips of known samples."""

    volume = 0.0

    def __init__(self, sounds: dict[str, NDArray[np.int16]]) -> None:
        self.sounds = sounds
        self.asked: list[str] = []

    def samples(self, clip: Clip) -> NDArray[np.int16]:
        self.asked.append(clip.key)
        return self.sounds[clip.key]


def make(length: int, *placed: tuple[int, list[int]]) -> tuple[Timeline, Sounds]:
    """Return a timeline with a clip of the given samples at each of the given places."""
    sounds, cues = {}, []
    for number, (start, values) in enumerate(placed):
        clip = Clip(f"clip{number}", len(values), 0)
        sound = np.array(values, np.int16)
        sound.flags.writeable = False
        sounds[clip.key] = sound
        cues.append(Cue(start, clip, Sentence(CueKind.SAY, clip.key, Location("a.yaml", 1, 1))))
    return Timeline("T", "en", "test", None, length, tuple(cues), (), ()), Sounds(sounds)


@st.composite
def tracks(draw: st.DrawFn) -> tuple[Timeline, Sounds]:
    at, placed = 0, []
    for _ in range(draw(st.integers(0, 6))):
        at += draw(st.integers(0, 9))
        values = draw(st.lists(st.integers(-32768, 32767), max_size=12))
        placed.append((at, values))
        at += len(values)
    return make(at + draw(st.integers(0, 9)), *placed)


def naive(timeline: Timeline, sounds: Sounds, start: int, count: int) -> list[float]:
    track = dict.fromkeys(range(start, start + count), 0.0)
    for cue in timeline.cues:
        for offset, value in enumerate(sounds.sounds[cue.clip.key].tolist()):
            if cue.start + offset in track:
                track[cue.start + offset] = value / 32768
    return list(track.values())


@given(tracks(), st.integers(-20, 120), st.integers(0, 150))
def test_a_stretch_holds_the_clips_that_lie_in_it_and_silence(
    track: tuple[Timeline, Sounds], start: int, count: int
) -> None:
    block = render(*track, start, count)
    assert block.dtype == np.float32
    assert block.shape == (count,)
    assert block.tolist() == naive(*track, start, count)


@given(tracks(), st.integers(1, 40), st.data())
def test_any_partition_gives_the_same_samples(
    track: tuple[Timeline, Sounds], size: int, data: st.DataObject
) -> None:
    whole = render(*track, 0, track[0].length)
    assert np.concatenate([np.zeros(0, np.float32), *blocks(*track, size)]).tobytes() == whole.tobytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, track[0].length))))
    edges = [0, *cuts, track[0].length]
    parts = [render(*track, first, last - first) for first, last in pairwise(edges)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_impulses_land_on_their_samples() -> None:
    track = make(1_000_000, (0, [32767]), (123_457, [0, 0, -32768]), (999_999, [1]))
    whole = np.concatenate(list(blocks(*track)))
    assert np.flatnonzero(whole).tolist() == [0, 123_459, 999_999]
    assert whole[[0, 123_459, 999_999]].tolist() == [32767 / 32768, -1.0, 1 / 32768]


def test_nothing_sounds_outside_of_the_track() -> None:
    track = make(4, (0, [1, 2, 3, 4]))
    assert not render(*track, 4, 10).any()
    assert not render(*track, 10**12, 10).any()
    assert not render(*track, -10, 10).any()
    assert (render(*track, -2, 9) * 32768).tolist() == [0, 0, 1, 2, 3, 4, 0, 0, 0]
    assert render(*track, 2, 0).shape == (0,)


def test_a_clip_that_is_longer_than_the_track_ends_with_it() -> None:
    assert (render(*make(2, (0, [1, 2, 3])), 0, 3) * 32768).tolist() == [1, 2, 0]


def test_only_the_clips_of_the_stretch_are_read() -> None:
    timeline, sounds = make(5_000, *((number * 10, [1] * 5) for number in range(500)))
    render(timeline, sounds, 2_003, 15)
    assert sounds.asked == ["clip200", "clip201"]


def test_the_cue_at_a_sample_or_the_next() -> None:
    timeline, _ = make(30, (5, [1] * 5), (10, []), (10, [1] * 5), (20, [1]))
    assert [cue_index(timeline, at) for at in (0, 5, 9, 10, 14, 15, 20, 21, 99)] == [
        0,
        0,
        0,
        2,
        2,
        3,
        3,
        4,
        4,
    ]


def test_what_is_rendered_can_be_written_to() -> None:
    track = make(3, (0, [1, 2, 3]))
    render(*track, 0, 3)[:] = 0.5
    assert (render(*track, 0, 3) * 32768).tolist() == [1, 2, 3]


def test_sixteen_bits_and_back_is_exact() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(to_int16((every / np.float32(32768)).astype(np.float32)), every)


@pytest.mark.parametrize(("value", "expected"), [(2.0, 32767), (1.0, 32767), (-1.0, -32768), (-3.0, -32768)])
def test_what_is_too_loud_is_clipped(value: float, expected: int) -> None:
    assert to_int16(np.array([value], np.float32)).tolist() == [expected]
