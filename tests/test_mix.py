"""The renderer: exact places, exact values, any stretch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coach.errors import Location
from coach.mix import CEILING, UNDER, blocks, cue_index, render, to_int16
from coach.speech import Clip
from coach.timeline import Cue, CueKind, Sentence, Timeline
from coach.timeline.model import ShiftedBed
from tests.examples import examples

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


# The bed lane.


few = settings(max_examples=examples(60), deadline=None)


@dataclass(frozen=True)
class Noise:
    """A bed of noise that is known at every sample, silent from one of its samples to another."""

    loudness: float
    seed: int = 0
    silent: tuple[int, int] = (0, 0)

    @property
    def key(self) -> str:
        return repr(self)

    def samples(self, start: int, count: int) -> NDArray[np.float32]:
        assert start >= 0
        at = np.arange(start, start + count, dtype=np.uint64)
        mixed = (at + np.uint64(self.seed * 977)) * np.uint64(0x9E3779B97F4A7C15)
        noise = (mixed >> np.uint64(40)).astype(np.float64) / 2**23 - 1
        noise[(at >= self.silent[0]) & (at < self.silent[1])] = 0
        sound: NDArray[np.float32] = (self.loudness * noise).astype(np.float32)
        sound.flags.writeable = False
        return sound


@st.composite
def bedded(draw: st.DrawFn, loudest: float = 2.0) -> tuple[Timeline, Sounds]:
    """A track of up to 0.3 s with beds that are at times too loud for it."""
    at, placed = 0, []
    for _ in range(draw(st.integers(0, 4))):
        at += draw(st.integers(0, 1500))
        value = draw(st.integers(-32768, 32767))
        values = [value, -value // 2] * draw(st.integers(0, 300))
        placed.append((at, values))
        at += len(values)
    timeline, sounds = make(at + draw(st.integers(0, 1500)), *placed)
    silences = st.tuples(st.integers(0, 2000), st.integers(0, 4000))
    noises = st.builds(Noise, st.floats(0, loudest), st.integers(0, 9), silences)
    return replace(timeline, beds=tuple(draw(st.lists(noises, min_size=1, max_size=3)))), sounds


@few
@given(bedded(), st.integers(100, 3000), st.data())
def test_any_partition_gives_the_same_samples_over_beds(
    track: tuple[Timeline, Sounds], size: int, data: st.DataObject
) -> None:
    timeline = track[0]
    whole = render(*track, 0, timeline.length)
    assert np.concatenate([np.zeros(0, np.float32), *blocks(*track, size)]).tobytes() == whole.tobytes()
    start = data.draw(st.integers(-2000, timeline.length + 2000))
    count = data.draw(st.integers(0, 4000))
    padded = np.concatenate([np.zeros(2000, np.float32), whole, np.zeros(6000, np.float32)])
    assert render(*track, start, count).tobytes() == padded[start + 2000 :][:count].tobytes()


@few
@given(bedded(loudest=0.2))
def test_beds_are_added_to_the_voice_and_to_each_other(track: tuple[Timeline, Sounds]) -> None:
    timeline, sounds = track
    voice = render(replace(timeline, beds=()), sounds, 0, timeline.length)
    assume(np.abs(voice).max(initial=0) < 0.25)  # there is room for all
    expected = voice + sum(bed.samples(0, timeline.length) for bed in timeline.beds)
    assert np.array_equal(render(*track, 0, timeline.length), expected)


@few
@given(bedded())
def test_beds_never_touch_the_voice_nor_pass_the_ceiling(track: tuple[Timeline, Sounds]) -> None:
    timeline, sounds = track
    voice = render(replace(timeline, beds=()), sounds, 0, timeline.length)
    beds = sum((bed.samples(0, timeline.length) for bed in timeline.beds), np.zeros(timeline.length))
    mixed = render(*track, 0, timeline.length)
    assert (np.abs(mixed) <= np.maximum(CEILING, np.abs(voice)) + 1e-6).all()
    added = mixed - voice
    assert (added * beds >= -1e-6).all()  # turned down, but never turned round,
    assert (np.abs(added) <= np.abs(beds) + 1e-6).all()  # and never up


@few
@given(bedded())
def test_where_nothing_plays_it_is_exactly_silent(track: tuple[Timeline, Sounds]) -> None:
    timeline, sounds = track
    voice = render(replace(timeline, beds=()), sounds, 0, timeline.length)
    beds = np.abs([bed.samples(0, timeline.length) for bed in timeline.beds]).sum(axis=0)
    silent = (voice == 0) & (beds == 0)
    assert not render(*track, 0, timeline.length)[silent].any()
    assert not render(*track, -5000, 5000).any()
    assert not render(*track, timeline.length, 5000).any()


def test_a_bed_gives_way_to_a_loud_moment_and_comes_back() -> None:
    timeline, sounds = make(24_000, (12_000, [29_000] * 100))
    timeline = replace(timeline, beds=(Noise(0.5),))
    added = render(timeline, sounds, 0, 24_000) - render(replace(timeline, beds=()), sounds, 0, 24_000)
    bed = timeline.beds[0].samples(0, 24_000)
    heard = np.flatnonzero(np.abs(bed) > 0.1)
    level = added[heard] / bed[heard]
    assert level[(heard < 11_520) | (heard >= 12_960)] == pytest.approx(1)
    assert level[(heard >= 12_000) & (heard < 12_100)].max() < 0.2
    assert np.abs(np.diff(level)).max() < 0.05  # no jump is heard


def test_a_part_of_a_track_has_its_part_of_the_bed() -> None:
    bed = ShiftedBed(Noise(0.5), 700)
    assert np.array_equal(bed.samples(3, 50), Noise(0.5).samples(703, 50))
    assert bed.key != ShiftedBed(Noise(0.5), 701).key


# Sounds under the voice


@given(tracks(), tracks(), st.integers(-20, 60), st.integers(0, 60))
def test_sounds_lie_under_the_voice_in_any_stretch(
    track: tuple[Timeline, Sounds], rung: tuple[Timeline, Sounds], start: int, count: int
) -> None:
    made, clips = track
    rings = tuple(
        replace(cue, clip=Clip(f"ring {cue.clip.key}", cue.clip.length, 0), start=cue.start - 3)
        for cue in rung[0].cues
    )
    both = Sounds({**clips.sounds, **{f"ring {key}": sound for key, sound in rung[1].sounds.items()}})
    whole = replace(made, sounds=rings)
    track_of_all = render(whole, both, 0, whole.length)
    one, other = max(0, min(start, whole.length)), max(0, min(start + count, whole.length))
    assert np.array_equal(
        render(whole, both, start, count)[one - start :][: other - one], track_of_all[one:other]
    )
    quiet = np.abs(track_of_all) < CEILING / 2
    voice = render(made, clips, 0, made.length)
    for ring in rings:
        values = both.samples(ring.clip)
        for at, value in enumerate(values, ring.start):
            alone = 0 <= at < whole.length and quiet[at] and voice[at] == 0
            if alone and sum(each.start <= at < each.end for each in rings) == 1 and len(rings) == 1:
                assert abs(track_of_all[at]) <= abs(value) / 32768 * UNDER + 1e-6
