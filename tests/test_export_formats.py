"""Tracks as FLAC, Opus and m4a: samples, lengths, tags and chapters, with each ffmpeg there is."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import mutagen
import numpy as np
import pytest

from coach import ffmpeg
from coach.encode.formats import FORMATS
from coach.encode.segment import to_audio_segment
from coach.encode.track import Track
from coach.encode.write import fingerprint, write_file
from coach.errors import AudioError
from coach.routine import Level
from coach.units import RATE
from tests.test_export import Noise, make, mixed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = [".flac", ".opus", ".m4a"]
FFMPEG, FFPROBE = shutil.which("ffmpeg"), shutil.which("ffprobe")


@pytest.fixture
def any_converter() -> str:
    try:
        return ffmpeg.find()
    except AudioError as error:
        pytest.skip(str(error))


def decoded(path: Path, rate: int = RATE) -> NDArray[np.int16]:
    """Return the samples of a file, at a rate."""
    command: list[str | Path] = [
        ffmpeg.find(),
        "-v",
        "error",
        "-i",
        path,
        "-f",
        "s16le",
        "-ar",
        str(rate),
        "-",
    ]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout, "<i2")


def probed(path: Path) -> Any:
    if FFPROBE is None:
        pytest.skip("ffprobe is not installed")
    command: list[str | Path] = [
        FFPROBE,
        "-v",
        "error",
        "-show_format",
        "-show_streams",
        "-show_chapters",
        "-of",
        "json",
        path,
    ]
    return json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def opened(path: Path) -> Any:
    return mutagen.File(path)


# Samples and lengths


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("length", [100, 2049, 2305, RATE, 3 * RATE + 1])
def test_flac_is_the_mix_bit_for_bit(tmp_path: Path, length: int) -> None:
    timeline = make(length)
    done = write_file(timeline, Noise(), tmp_path / "a.flac")
    assert done.size == (tmp_path / "a.flac").stat().st_size
    assert np.array_equal(decoded(tmp_path / "a.flac"), mixed(timeline))
    info = opened(tmp_path / "a.flac").info
    assert (info.total_samples, info.sample_rate, info.channels, info.bits_per_sample) == (
        length,
        RATE,
        1,
        16,
    )
    assert info.md5_signature != 0


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("suffix", [".opus", ".m4a"])
def test_lossy_formats_keep_length_and_place(tmp_path: Path, suffix: str) -> None:
    length = 5 * RATE + 123
    timeline = make(length)
    path = tmp_path / f"a{suffix}"
    write_file(timeline, Noise(), path)
    before, after = mixed(timeline).astype(float), decoded(path).astype(float)
    # Opus is cut to the sample; of AAC some decoders leave the last frame whole.
    assert 0 <= after.size - length <= (0 if suffix != ".m4a" else 1024)
    size = 1 << 18
    likeness = np.fft.irfft(np.fft.rfft(after, size) * np.fft.rfft(before, size).conj())
    assert int(np.argmax(likeness)) == 0
    assert np.corrcoef(before, after[:length])[0, 1] > 0.9
    told = float(probed(path)["format"]["duration"])
    delay = 312 / 48_000 if suffix != ".m4a" else 0  # of Opus, which ffprobe counts and players drop
    assert told == pytest.approx(length / RATE + delay, abs=0.001)
    assert opened(path).info.length == pytest.approx(length / RATE, abs=1025 / RATE)
    codec = "aac" if suffix == ".m4a" else "opus"
    assert [each["codec_name"] for each in probed(path)["streams"] if each["codec_type"] == "audio"] == [
        codec
    ]


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_track_without_a_sample(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    assert write_file(make(0), Noise(), path).size == path.stat().st_size > 0


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_track_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "quite another name"):
        write_file(make(200_000, ["one", "two"]), Noise(), tmp_path / (name + suffix))
    first, second = (path.read_bytes() for path in tmp_path.iterdir())
    assert first == second
    for mark in (b"Lavf", b"libopus 1", b"Lavc5", b"Lavc6", str(tmp_path).encode()):
        assert mark not in first


@pytest.mark.usefixtures("any_converter")
def test_ogg_is_another_name_for_opus(tmp_path: Path) -> None:
    for suffix in (".ogg", ".opus"):
        write_file(make(RATE, ["one"]), Noise(), tmp_path / f"a{suffix}")
    assert (tmp_path / "a.ogg").read_bytes() == (tmp_path / "a.opus").read_bytes()


# Tags and chapters

TITLES = ["Warm-up", "Clamshell; links = #1 \\ \N{FLEXED BICEPS}", ""]


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("suffix", [".flac", ".opus"])
def test_comments_of_flac_and_ogg(tmp_path: Path, suffix: str) -> None:
    timeline = make(3 * RATE, TITLES, title="a=b;c#d\\\n[CHAPTER]", level=Level.EASIER)
    write_file(timeline, Noise(), tmp_path / f"a{suffix}")
    tags = {key.lower(): value for key, value in opened(tmp_path / f"a{suffix}").tags.as_dict().items()}
    tags.pop("encoder", None)
    assert tags == {
        "title": ["a=b;c#d\\ [CHAPTER]"],
        "artist": ["Coach"],
        "album": ["Coach"],
        "genre": ["Exercise"],
        "language": ["eng"],
        "description": ["voice test/noise, level easier"],
        "lyrics": [
            "[ti:a=b;c#d\\ (CHAPTER)]\n[ar:Coach]\n[length:00:03]\n"
            "[00:00.00]x\n[00:00.46]x\n[00:00.92]x\n[00:01.38]x\n[00:01.85]x\n[00:02.31]x\n[00:02.77]x\n"
        ],
        "chapter001": ["00:00:00.000"],
        "chapter001name": [TITLES[0]],
        "chapter002": ["00:00:01.000"],
        "chapter002name": [TITLES[1]],
        "chapter003": ["00:00:02.000"],
        "chapter003name": ["3"],
    }
    shown = probed(tmp_path / f"a{suffix}")["chapters"]
    found = sorted((float(each["start_time"]), each["tags"]["title"]) for each in shown)
    assert found == [(0.0, TITLES[0]), (1.0, TITLES[1]), (2.0, "3")]


@pytest.mark.usefixtures("converter")
def test_tags_and_chapters_of_m4a(tmp_path: Path) -> None:
    timeline = make(3 * RATE, TITLES, title="a=b;c#d\\\n[CHAPTER]", level=Level.EASIER)
    write_file(timeline, Noise(), tmp_path / "a.m4a")
    file = opened(tmp_path / "a.m4a")
    assert {key: list(value) for key, value in file.tags.items()} == {
        "\xa9nam": ["a=b;c#d\\ [CHAPTER]"],
        "\xa9ART": ["Coach"],
        "\xa9alb": ["Coach"],
        "\xa9gen": ["Exercise"],
        "\xa9cmt": ["voice test/noise, level easier"],
        "\xa9lyr": [f"{TITLES[0]}\nx\nx\nx\n\n{TITLES[1]}\nx\nx\n\n3\nx\nx"],
    }
    assert [(each.start, each.title) for each in file.chapters] == [(0, TITLES[0]), (1, TITLES[1]), (2, "3")]
    shown = probed(tmp_path / "a.m4a")
    assert [each["tags"]["title"] for each in shown["chapters"]] == [TITLES[0], TITLES[1], "3"]
    sound = next(each for each in shown["streams"] if each["codec_type"] == "audio")
    assert sound["tags"]["language"] == "eng"
    data = (tmp_path / "a.m4a").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.usefixtures("any_converter")
def test_very_many_chapters(tmp_path: Path, suffix: str) -> None:
    write_file(make(2 * RATE, (f"n{number}" for number in range(1_200))), Noise(), tmp_path / f"a{suffix}")
    file = opened(tmp_path / f"a{suffix}")
    if suffix == ".m4a":
        assert len(probed(tmp_path / "a.m4a")["chapters"]) == 1_200
    else:
        assert file.tags["CHAPTER999NAME"] == ["n998"]
        assert sum(key.lower().startswith("chapter") for key in file.tags.as_dict()) == 2 * 999


def test_moments_of_long_tracks() -> None:
    from coach.encode.ffmpeg_formats import _format_clock

    assert _format_clock(11 * 3600 * RATE + 59 * 60 * RATE + 59 * RATE + RATE - 1) == "11:59:59.999"


# What goes wrong


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_without_ffmpeg_a_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(ffmpeg, "_packaged", lambda: None)
    monkeypatch.setenv("PATH", "")
    for memo in (None, tmp_path / "memo"):
        with pytest.raises(AudioError, match=r"this format needs ffmpeg, .* 'coach-audio\[formats\]'$"):
            write_file(make(100), Noise(), tmp_path / f"a{suffix}", memo=memo)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """What `subprocess.Popen` starts in the test."""
    processes: list[subprocess.Popen[bytes]] = []

    class Kept(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Kept)
    return processes


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_killed_on_the_way(tmp_path: Path, started: list[Any], suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(b"old")

    def kill(done: int, _total: int) -> None:
        if done > 4 * RATE:
            started[-1].kill()

    with pytest.raises(AudioError, match=r"ffmpeg (was killed|failed)"):
        write_file(make(20 * RATE), Noise(), tmp_path / f"a{suffix}", progress=kill)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]
    assert (tmp_path / f"a{suffix}").read_bytes() == b"old"


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_ctrl_c_ends_it(tmp_path: Path, started: list[Any], suffix: str) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done > 4 * RATE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(make(20 * RATE), Noise(), tmp_path / f"a{suffix}", progress=interrupt)
    assert len(started) == 1
    assert started[0].returncode not in {None, 0}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
@pytest.mark.usefixtures("converter")
def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from coach.encode.write import write_file
from coach.errors import AudioError
from tests.test_export import Noise, make
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))
for suffix in sys.argv[2:]:
    try:
        write_file(make(500_000), Noise(), Path(sys.argv[1], "a" + suffix))
    except AudioError as error:
        print(error)
"""
    command: list[str | Path] = [sys.executable, "-c", code, tmp_path, *SUFFIXES]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    for suffix, line in zip(SUFFIXES, done.stdout.splitlines(), strict=True):
        assert line.startswith(f"{tmp_path / 'a'}{suffix} is larger than its file system or your limits")
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


# What is left alone


@pytest.mark.usefixtures("any_converter")
def test_another_ffmpeg_or_codec_is_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    track = Track(make(20_000))
    names = {suffix: fingerprint(track, FORMATS[suffix]) for suffix in FORMATS}
    assert len(set(names.values())) == len(FORMATS)
    monkeypatch.setattr(ffmpeg, "identity", lambda: "another")
    changed = {suffix for suffix in FORMATS if fingerprint(track, FORMATS[suffix]) != names[suffix]}
    assert changed == {".ogg", ".m4b", *SUFFIXES}


# For pydub


@pytest.mark.parametrize("length", [0, 1, 100_003])
def test_a_segment_of_pydub_has_the_same_samples(length: int) -> None:
    timeline = make(length)
    segment = to_audio_segment(timeline, Noise())
    assert (segment.frame_rate, segment.channels, segment.sample_width) == (RATE, 1, 2)
    assert segment.raw_data == mixed(timeline).tobytes()


@pytest.mark.usefixtures("converter")
def test_a_segment_of_pydub_goes_on_from_there(tmp_path: Path) -> None:
    ffmpeg.segment_class.cache_clear()
    segment = to_audio_segment(make(2 * RATE), Noise())
    louder = (segment[500:1500] + 3).fade_in(100)
    louder.export(tmp_path / "a.flac", format="flac").close()
    assert decoded(tmp_path / "a.flac").tobytes() == louder.raw_data
    segment.__class__.converter = "ffmpeg"
    ffmpeg.segment_class.cache_clear()
