"""Listening with instruments: what the exported files hold, measured by means of our own.

Nothing here shares code with what made the sound. The MP3 is decoded by miniaudio; the attack is found with
scipy's filters, loudness after ITU-R BS.1770-4.
"""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, Any

import miniaudio
import numpy as np
import pytest
import scipy.signal

from tests.command import SCRIPTS, Command

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

RATE = 24_000
SHIPPED = sorted(path.stem for path in SCRIPTS.glob("*.yaml"))
BAND = scipy.signal.butter(2, [300, 3000], "bandpass", fs=RATE, output="sos")

K_WEIGHTING = np.array(  # ITU-R BS.1770-4, tables 1 and 2, at 48 kHz
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)


class Track:
    """A shipped script as its timeline and its two files tell it."""

    def __init__(self, command: Command, name: str) -> None:
        self.timeline: dict[str, Any] = command.timeline(SCRIPTS / f"{name}.yaml")
        for suffix in ("mp3", "wav"):
            done = command("export", SCRIPTS / f"{name}.yaml", "-o", f"{name}.{suffix}")
            assert done.returncode == 0, done.stderr
        with wave.open(str(command.folder / f"{name}.wav")) as file:
            self.wav = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        self.length = round(self.timeline["duration"] * RATE)
        # miniaudio's decoder cuts what the Info frame says that the encoder added.
        mp3 = miniaudio.mp3_read_file_s16(str(command.folder / f"{name}.mp3")).samples
        self.mp3: Sound = np.frombuffer(mp3, np.int16) / 32768
        self.cues = [
            (round(cue["start"] * RATE), round(cue["end"] * RATE), cue) for cue in self.timeline["cues"]
        ]


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> dict[str, Track]:
    command = Command(tmp_path_factory.mktemp("tracks"), clips)
    return {name: Track(command, name) for name in SHIPPED}


def attack(sound: Sound) -> int:
    """Return where a cue is heard as "now": where its mid-band envelope reaches half of its early maximum."""
    band = scipy.signal.sosfiltfilt(BAND, np.pad(sound, RATE // 4))
    power = np.convolve(band**2, np.ones(RATE // 100) / (RATE // 100), "same")
    envelope = np.sqrt(np.maximum(power, 0))[RATE // 4 :][: RATE // 4]
    return int(np.argmax(envelope >= envelope.max() / 2))


def loudness(sound: Sound) -> float:
    """Return the loudness of a sound in LUFS, gated after BS.1770-4 where it is long enough for a gate."""
    weighted = scipy.signal.sosfilt(K_WEIGHTING, scipy.signal.resample_poly(sound, 2, 1))
    block, step = 19_200, 4_800  # 400 ms, overlapping by three quarters
    starts = range(0, max(1, weighted.size - block + 1), step)
    powers = np.array([np.mean(weighted[start : start + block] ** 2) for start in starts])
    powers = powers[powers > 10 ** ((-70 + 0.691) / 10)]
    powers = powers[powers > np.mean(powers) / 10]
    return float(-0.691 + 10 * np.log10(np.mean(powers)))


def late(track: Track) -> Sound:
    """Return by how many milliseconds the attack of each cue with a beat misses it, in the MP3."""
    return np.array(
        [
            (start + attack(track.mp3[start:end])) / RATE * 1000 - cue["beat"] * 1000
            for start, end, cue in track.cues
            if cue["beat"] is not None
        ]
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_attacks_fall_on_their_beats(tracks: dict[str, Track], name: str) -> None:
    missed = np.abs(late(tracks[name]))
    assert missed.size > 20
    assert np.mean(missed <= 10) >= 0.95
    assert missed.max() <= 25


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_spoken_is_as_loud_as_it_should_be(tracks: dict[str, Track], name: str) -> None:
    track = tracks[name]
    spoken = np.concatenate([track.mp3[start:end] for start, end, _ in track.cues])
    assert loudness(spoken) == pytest.approx(-19, abs=1)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_files_are_as_long_as_the_timeline(tracks: dict[str, Track], name: str) -> None:
    track = tracks[name]
    assert track.mp3.size == track.wav.size == track.length


@pytest.mark.parametrize("name", SHIPPED)
def test_the_wav_is_silent_between_the_cues(tracks: dict[str, Track], name: str) -> None:
    track = tracks[name]
    between = np.ones(track.length, bool)
    for start, end, _ in track.cues:
        between[start:end] = False
        assert track.wav[start:end].any()
    assert not track.wav[between].any()


@pytest.mark.parametrize("name", SHIPPED)
def test_the_wav_is_the_mix(
    tracks: dict[str, Track],
    name: str,
    clips: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import coach

    monkeypatch.setenv("COACH_CACHE", str(clips))
    request = coach.Request(SCRIPTS / f"{name}.yaml")
    timeline, speech = coach.compile_track(request, coach.load(request))
    mix = coach.render(timeline, speech, 0, timeline.length)
    assert np.array_equal(mix * 32768, tracks[name].wav)


def test_the_mp3_sounds_like_the_wav(tracks: dict[str, Track]) -> None:
    track = tracks["reverse_clamshell"]
    sound = track.wav / 32768
    noise = track.mp3 - sound
    assert 10 * np.log10(np.mean(sound**2) / np.mean(noise**2)) > 15
