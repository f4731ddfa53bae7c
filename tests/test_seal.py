"""What is read back from a cache is believed only if this user's Coach made it, and it is fit to be heard."""

from __future__ import annotations

import math
import os
import stat
import struct
import sys
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach import seal
from coach.errors import SpeechError
from coach.mix import LOUDEST, to_sink
from coach.speech import ClipCache, Speech
from coach.speech.clip import CEILING, LOUDNESS, Recording
from coach.speech.sound import at_volume, measure, record
from coach.units import RATE
from coach.user_folders import cache_folder, state_folder
from tests.command import Command, coach
from tests.voices import ClickVoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["coach"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes and links")
KEY = "ab" * 20
RANDOM = np.random.default_rng(11)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of a new user's, not there yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    seal._open_seal.cache_clear()
    return tmp_path / "state" / "coach"


def fresh() -> seal.Seal:
    """Return the seal as a new process gets it."""
    seal._open_seal.cache_clear()
    return seal.own_seal()


def foreign(root: Path, monkeypatch: pytest.MonkeyPatch) -> ClipCache:
    """Return a cache as another user's Coach sees it."""
    cache = ClipCache(root)
    monkeypatch.setattr(cache, "_seal", seal.Seal(os.urandom(seal.SIZE)))
    return cache


def noise(seconds: float = 1.0, level: float = 1.0) -> bytes:
    """Return noise at full scale, or a part of it."""
    return (RANDOM.uniform(-level, level, round(seconds * RATE)) * 32767).astype("<i2").tobytes()


class TestKey:
    @posix
    def test_only_the_user_can_read_it(self, state: Path) -> None:
        before = os.umask(0)
        try:
            assert fresh().failure is None
        finally:
            os.umask(before)
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert stat.S_IMODE((state / "seal.key").stat().st_mode) == 0o600
        assert (state / "seal.key").stat().st_size == seal.SIZE

    def test_it_lasts(self, state: Path) -> None:
        assert fresh().of("x", b"y") == fresh().of("x", b"y")
        (state / "seal.key").unlink()
        assert fresh().of("x", b"y") == fresh().of("x", b"y")

    def test_kinds_and_parts_count(self, state: Path) -> None:
        ours = fresh()
        assert ours.holds(ours.of("x", b"y", b"z"), "x", b"y", b"z")
        for other in [("x", b"yz"), ("x", b"", b"yz"), ("xy", b"z"), ("z", b"y", b"z")]:
            assert not ours.holds(ours.of("x", b"y", b"z"), other[0], *other[1:])  # type: ignore[arg-type]

    @posix
    @pytest.mark.parametrize("damage", ["short", "empty", "readable", "link", "folder of states is open"])
    def test_a_spoilt_or_exposed_one_is_replaced(self, state: Path, tmp_path: Path, damage: str) -> None:
        before = fresh().of("x", b"y")
        key = state / "seal.key"
        if damage == "short":
            key.write_bytes(b"short")
        elif damage == "empty":
            key.write_bytes(b"")
        elif damage == "readable":
            key.chmod(0o644)
        elif damage == "link":
            key.rename(tmp_path / "elsewhere")
            key.symlink_to(tmp_path / "elsewhere")
        else:
            key.unlink()
            state.chmod(0o777)
        ours = fresh()
        assert ours.failure is None
        assert ours.of("x", b"y") != before
        assert not key.is_symlink()
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert stat.S_IMODE(state.stat().st_mode) == 0o700 or damage != "folder of states is open"
        assert fresh().of("x", b"y") == ours.of("x", b"y")

    def test_without_a_folder_of_states_clips_last_for_a_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
        ours = fresh()
        assert ours.failure is not None
        speech = Speech(ClickVoice(), ClipCache(tmp_path / "clips"))
        clip = speech.clip("Up")
        assert speech.samples(clip).size == clip.length > 0
        assert ClipCache(tmp_path / "clips").load(clip.key) is not None  # in the same process
        (note,) = speech.cache.notes()
        assert note.startswith(f"the key {tmp_path / 'file' / 'coach' / 'seal.key'} cannot be kept (")
        assert note.endswith(", so clips are spoken again in every run")
        seal._open_seal.cache_clear()
        assert ClipCache(tmp_path / "clips").load(clip.key) is None  # in the next one

    def test_processes_that_start_at_once_make_one_key(
        self, state: Path, tmp_path: Path, in_parallel: Callable[..., None]
    ) -> None:
        in_parallel(
            """
            import sys
            from pathlib import Path
            from coach.seal import own_seal
            ours = own_seal()
            assert ours.failure is None, ours.failure
            Path(sys.argv[1], ours.of("x", b"y").hex()).touch()
            """,
            tmp_path,
        )
        assert len([path for path in tmp_path.iterdir() if len(path.name) == 64]) == 1
        assert sorted(path.name for path in state.iterdir()) == ["seal.key", "seal.lock"]

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")
    def test_the_folders_are_those_of_platformdirs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import platformdirs

        for value in (str(tmp_path), ""):
            monkeypatch.setenv("XDG_STATE_HOME", value)
            monkeypatch.setenv("XDG_CACHE_HOME", value)
            assert state_folder() == platformdirs.user_state_path("coach", appauthor=False)
            assert cache_folder() == platformdirs.user_cache_path("coach", appauthor=False)


class TestBelief:
    def test_a_clip_of_another_user_is_made_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        speech = Speech(ClickVoice(), ClipCache(tmp_path))
        clip = speech.clip("Up")
        ours = speech.samples(clip)
        theirs = Recording(noise(), 0, -19.0, -2.0)
        foreign(tmp_path, monkeypatch).save(clip.key, theirs)
        voice = ClickVoice()
        again = Speech(voice, ClipCache(tmp_path))
        assert again.clip("Up") == clip
        assert np.array_equal(again.samples(clip), ours)
        assert voice.spoken == [("Up", 1.0)]

    def test_a_clip_of_an_older_coach_with_a_right_checksum_is_none(self, tmp_path: Path) -> None:
        cache = ClipCache(tmp_path)
        cache.save(KEY, Recording(noise(level=0.1), 0, -19.0, -2.0))
        pcm, measures = noise(), (0, -19.0, -2.0)
        checksum = zlib.crc32(pcm, zlib.crc32(repr((KEY, *measures)).encode()))
        header = struct.Struct("<4sI4s 4sIHHIIHH 4sIIIdd 4sI")
        sound = (b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)
        cache.path(KEY).write_bytes(
            header.pack(
                b"RIFF", header.size - 8 + len(pcm), b"WAVE", *sound,
                b"coch", 24, checksum, *measures, b"data", len(pcm),
            )
            + pcm
        )  # fmt: skip
        assert cache.load(KEY) is None

    @posix
    @pytest.mark.parametrize("kind", ["link", "pipe", "device", "folder"])
    def test_what_is_no_file_is_no_clip(self, tmp_path: Path, kind: str) -> None:
        cache = ClipCache(tmp_path)
        cache.save(KEY, Recording(noise(level=0.1), 0, -19.0, -2.0))
        path = cache.path(KEY)
        path.rename(tmp_path / "elsewhere")
        if kind == "link":
            path.symlink_to(tmp_path / "elsewhere")
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()
        found: list[Recording | None] = []
        reader = threading.Thread(target=lambda: found.append(cache.load(KEY)), daemon=True)
        reader.start()
        reader.join(20)
        assert found == [None]

    @pytest.mark.parametrize(
        "recording",
        [
            Recording(noise(0.1), 0, math.nan, -2.0),
            Recording(noise(0.1), 0, -19.0, math.nan),
            Recording(noise(0.1), 0, -1e308, -2.0),
            Recording(noise(0.1), 0, -19.0, -1e308),
            Recording(noise(0.1), 0, math.inf, -2.0),
            Recording(noise(0.1), 0, -math.inf, -math.inf),
            Recording(noise(0.1), 0, -12.9, -1.0),
            Recording(noise(0.1), 0, -19.0, -0.9),
            Recording(noise(0.1), 2401, -19.0, -2.0),
            Recording(noise(0.1) + b"x", 0, -19.0, -2.0),
            Recording(b"x", 0, -19.0, -2.0),
            Recording(b"", 1),
            Recording(b"", 0, -19.0, -2.0),
            Recording(bytes(2 * 600 * RATE + 2), 0, -19.0, -2.0),
        ],
    )
    def test_an_insane_clip_is_none_even_under_our_seal(self, tmp_path: Path, recording: Recording) -> None:
        assert recording.fault()
        cache = ClipCache(tmp_path)
        cache.save(KEY, recording)
        assert cache.load(KEY) is None

    def test_absurd_files_are_not_read(self, tmp_path: Path) -> None:
        cache = ClipCache(tmp_path)
        cache.save(KEY, Recording(noise(level=0.1), 0, -19.0, -2.0))
        with cache.path(KEY).open("r+b") as file:
            file.truncate(1 << 40)  # a terabyte of nothing
        assert cache.load(KEY) is None


class Wild(ClickVoice):
    """A voice that makes any sound."""

    def __init__(self, sound: NDArray[np.float64]) -> None:
        super().__init__()
        self.sound = sound

    def speak(self, text: str, rate: float) -> NDArray[np.float32]:
        self.spoken.append((text, rate))
        return self.sound  # type: ignore[return-value]


def wild_sounds() -> dict[str, NDArray[np.float64]]:
    """Return what a broken or a hostile voice, or recording, might have."""
    time = np.arange(RATE) / RATE
    click = np.zeros(RATE)
    click[RATE // 2] = 1.0
    mixed = np.sin(2 * np.pi * 440 * time)
    mixed[::7], mixed[1::7], mixed[2::7] = np.nan, np.inf, -np.inf
    burst = np.zeros(30 * RATE)
    burst[RATE : RATE + 2400] = RANDOM.uniform(-1, 1, 2400)
    return {
        "full-scale noise": RANDOM.uniform(-1, 1, RATE),
        "a square wave": np.sign(np.sin(2 * np.pi * 3001 * time)),
        "peaks between the samples": np.sin(2 * np.pi * RATE / 4 * time * RATE / RATE + np.pi / 4),
        "one click": click,
        "numbers that are none": mixed,
        "as large as numbers go": RANDOM.uniform(-1, 1, RATE) * 1e308,
        "16-bit numbers": RANDOM.uniform(-1, 1, RATE) * 32768,
        "a burst in silence": burst,
        "a direct current": np.ones(RATE),
        "a rumble": np.sin(2 * np.pi * 3 * time),
        "whistles above": np.sin(2 * np.pi * 11_900 * time),
        "all but nothing": np.full(RATE, 1e-300),
        "a very short one": RANDOM.uniform(-1, 1, 3),
    }


@pytest.mark.parametrize("volume", [0.0, 6.0, 20.0, -40.0])
@pytest.mark.parametrize("name", wild_sounds())
def test_whatever_a_voice_makes_is_never_too_loud(tmp_path: Path, name: str, volume: float) -> None:
    speech = Speech(Wild(wild_sounds()[name]), ClipCache(tmp_path), volume=volume)
    clip = speech.clip("Up")
    sound = speech.samples(clip)
    assert sound.size == clip.length
    assert np.isfinite(sound).all()
    if sound.any():
        loudness, peak = measure(sound / 32768)
        assert peak <= CEILING
        assert loudness <= LOUDNESS + volume + 6
    assert ClipCache(tmp_path).load(clip.key) is not None
    assert speech.cache.failure is None


def test_a_voice_that_never_ends_is_told(tmp_path: Path) -> None:
    speech = Speech(Wild(np.broadcast_to(np.float64(0.1), (601 * RATE,))), ClipCache(tmp_path))
    with pytest.raises(
        SpeechError, match="test/click takes 601 seconds for 'Up'; a text must take at most 600"
    ):
        speech.clip("Up")


@pytest.mark.parametrize("volume", [0.5, 3.0, 12.0, 20.0])
def test_volume_stops_at_the_ceiling(volume: float) -> None:
    recording = record(RANDOM.uniform(-0.2, 0.2, RATE).astype(np.float32), RATE)
    _, peak = measure(at_volume(recording, volume) / 32768)
    assert peak <= CEILING


class TestBorder:
    def test_nothing_above_the_ceiling_leaves(self) -> None:
        block = np.array([2.0, 0.95, -1.0, np.nan, np.inf, -np.inf, 1e38, 0.0], np.float32)
        assert to_sink(block).tolist() == [LOUDEST, LOUDEST, -LOUDEST, 0, 0, 0, LOUDEST, 0]
        assert 20 * math.log10(LOUDEST / 32768) <= CEILING

    def test_a_legal_track_is_left_alone(self) -> None:
        every = np.arange(-LOUDEST, LOUDEST + 1)
        assert np.array_equal(to_sink((every / np.float32(32768)).astype(np.float32)), every)

    def test_a_volume_is_never_more_than_all(self) -> None:
        from coach.player import open_player

        player = open_player("null")
        for volume, heard in [(2.0, 1.0), (-1.0, 0.0), (math.nan, 0.0), (math.inf, 1.0), (0.5, 0.5)]:
            player.volume = volume
            assert player.volume == heard
        player.close()


def test_a_planted_cover_is_drawn_again(coach: Command, tmp_path: Path) -> None:
    coach.environment["COACH_CACHE"] = str(tmp_path / "cache")
    coach.write("title: Tiny\nlead_in: 0\nsteps:\n  - say: Done.\n")
    assert coach("export", "short.yaml").returncode == 0
    track, (cover,) = coach.folder / "short.mp3", (tmp_path / "cache" / "covers").iterdir()
    before, kept = track.read_bytes(), cover.read_bytes()
    cover.write_bytes(b"\xff\xd8\xff a picture that somebody planted \xff\xd9")
    track.unlink()
    assert coach("export", "short.yaml").returncode == 0
    assert (track.read_bytes(), cover.read_bytes()) == (before, kept)
