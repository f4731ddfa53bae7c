"""A person's own recordings: any format, any rate, any noise around; and files that are none."""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import sys
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach import ffmpeg
from coach.errors import AudioError
from coach.speech.clip import LOUDNESS
from coach.speech.recorded import LARGEST, read_recording, record_file, recording_key
from coach.speech.sound import record
from coach.units import RATE
from tests.voices import ClickVoice

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FFMPEG = shutil.which("ffmpeg")
TEXT = "hold it"


@pytest.fixture
def no_converter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(ffmpeg, "_packaged", lambda: None)


def spoken(rate: int = RATE) -> NDArray[np.float64]:
    """Return what a microphone hears: rounded to 16 bits."""
    return np.rint(ClickVoice(rate).speak(TEXT, 1.0) * 32767).astype(np.float64) / 32768


def save(path: Path, *channels: NDArray[np.float64], rate: int = RATE, width: int = 2) -> Path:
    """Write a WAV of whole numbers."""
    scaled = np.rint(np.stack(channels, 1) * (1 << 8 * width - 1)).astype("<i8")
    if width == 1:
        scaled += 128
    data = scaled.reshape(-1, 1).view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((len(channels), width, rate, 0, "NONE", ""))
        file.writeframes(data)
    return path


def turned(wav: Path, name: str, *options: str) -> Path:
    """Return a WAV in the format of another name."""
    target = wav.with_name(name)
    subprocess.run([ffmpeg.find(), "-v", "error", "-i", wav, *options, "-y", target], check=True, timeout=60)
    return target


def refused(path: Path) -> str:
    """Return why a recording is refused: one line that names it."""
    with pytest.raises(AudioError) as caught:
        record_file(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value).replace(str(path), "X")


# What is read


@pytest.mark.usefixtures("no_converter")
@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_wav_needs_no_ffmpeg(tmp_path: Path, width: int, channels: int) -> None:
    sound = spoken()
    parts = [sound * (2 * (number + 1) / (channels + 1)) for number in range(channels)]
    read, rate = read_recording(save(tmp_path / "a.wav", *parts, width=width))
    assert rate == RATE
    assert read.dtype == np.float32
    assert np.abs(read - sound).max() <= 0.6 / (1 << 8 * width - 1) + 1e-7


@pytest.mark.usefixtures("no_converter")
def test_the_suffix_does_not_matter(tmp_path: Path) -> None:
    path = save(tmp_path / "a.wav", spoken()).rename(tmp_path / "-a:b %d.m4a")
    assert read_recording(path)[0].size == spoken().size


@pytest.mark.usefixtures("no_converter")
def test_a_wav_of_a_program_that_could_not_go_back(tmp_path: Path) -> None:
    path = save(tmp_path / "a.wav", spoken())
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    path.write_bytes(data)
    assert read_recording(path)[0].size == spoken().size


@pytest.mark.usefixtures("no_converter")
def test_an_extensible_wav_of_whole_numbers(tmp_path: Path) -> None:
    data = np.rint(spoken() * 32768).astype("<i2").tobytes()
    for kind, fine in ((1, True), (3, False)):
        extension = struct.pack("<HHIH14s", 22, 16, 4, kind, bytes.fromhex("000000001000800000aa00389b71"))
        head = struct.pack("<HHIIHH", 0xFFFE, 1, RATE, 2 * RATE, 2, 16) + extension
        chunks = b"fmt " + struct.pack("<I", 40) + head + b"data" + struct.pack("<I", len(data)) + data
        path = tmp_path / "a.wav"
        path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
        if fine:
            assert read_recording(path)[0].size == spoken().size
        else:
            assert "needs ffmpeg" in refused(path)


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("name", ["a.flac", "a.aiff", "float.wav"])
def test_lossless_formats_are_what_the_wav_is(tmp_path: Path, name: str) -> None:
    wav = save(tmp_path / "a.wav", spoken())
    other = turned(wav, name, *(("-c:a", "pcm_f32le") if name == "float.wav" else ()))
    assert np.array_equal(read_recording(other)[0], read_recording(wav)[0])
    assert record_file(other) == record_file(wav) == record(spoken().astype(np.float32), RATE)


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a.ogg", "a.opus", "a.mov"])
def test_lossy_formats_sound_the_same(tmp_path: Path, name: str) -> None:
    wav = save(tmp_path / "a.wav", spoken(44_100), spoken(44_100), rate=44_100)
    clip, exact = record_file(turned(wav, name, "-b:a", "128k")), record_file(wav)
    assert clip.attack == pytest.approx(ClickVoice.attack(TEXT), abs=5 * RATE / 1000)
    assert exact.attack == pytest.approx(ClickVoice.attack(TEXT), abs=5)
    assert len(clip.pcm) == pytest.approx(
        len(exact.pcm), abs=2 * 0.08 * RATE
    )  # an echo before, a tail behind
    assert clip.loudness == pytest.approx(LOUDNESS, abs=0.1)


@pytest.mark.usefixtures("converter")
def test_what_else_is_in_the_file_is_left(tmp_path: Path) -> None:
    wav = save(tmp_path / "a.wav", spoken())
    picture = turned(wav, "a.png", "-f", "lavfi", "-i", "color=s=32x32", "-map", "1", "-frames:v", "1")
    both = ("-i", str(picture), "-map", "0", "-map", "1", "-c:v", "copy")
    cover = turned(wav, "a.m4a", *both, "-disposition:v", "attached_pic")
    film = turned(wav, "film.mkv", "-f", "lavfi", "-i", "color=s=32x32:d=9", "-map", "0", "-map", "1")
    for path in (cover, film):
        assert record_file(path).attack == pytest.approx(ClickVoice.attack(TEXT), abs=5 * RATE / 1000)


# What is made of it


@pytest.mark.usefixtures("no_converter")
@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_any_rate(tmp_path: Path, rate: int) -> None:
    clip = record_file(save(tmp_path / "a.wav", spoken(rate), rate=rate))
    hiss = 0 if rate == 8_000 else ClickVoice.parts(TEXT, 1.0)[0]  # lies above what 8 kHz hold
    assert clip.attack == pytest.approx(
        ClickVoice.attack(TEXT), abs=(1 + ClickVoice.parts(TEXT, 1)[0] - hiss) * 24
    )
    assert clip.loudness == pytest.approx(LOUDNESS, abs=0.1)


@pytest.mark.usefixtures("no_converter")
@pytest.mark.parametrize("below", [30, 40, 50, 60])
def test_the_room_around_the_words_goes(tmp_path: Path, below: int) -> None:
    """One second of a room before the word and behind it, so many dB below the word."""
    rough = np.random.default_rng(1)
    room = np.pad(spoken(), RATE) + 0.05  # and a cheap microphone's offset
    level = 0.4 / np.sqrt(2) / 10 ** (below / 20)
    clip = record_file(save(tmp_path / "a.wav", room + rough.standard_normal(room.size) * level))
    hiss, click = ClickVoice.parts(TEXT, 1.0)
    assert len(clip.pcm) / 2 / RATE <= (hiss + click) / 1000 + 0.27
    samples = np.abs(np.frombuffer(clip.pcm, "<i2").astype(float))
    loud = int(np.argmax(samples > samples.max() / 2))
    assert clip.attack == pytest.approx(loud, abs=4 * RATE / 1000)
    assert clip.loudness == pytest.approx(LOUDNESS, abs=0.1)


@pytest.mark.usefixtures("no_converter")
def test_the_key_is_the_content(tmp_path: Path) -> None:
    first, second = save(tmp_path / "a.wav", spoken()), save(tmp_path / "b.wav", spoken())
    key = recording_key(first)
    assert key == recording_key(second)
    assert len(key) == 40
    assert set(key) <= set("0123456789abcdef")
    save(second, spoken() * 0.9)
    assert recording_key(second) != key
    assert record_file(first) == record_file(first)


def test_the_key_needs_no_heavy_library(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from coach.speech.recorded import recording_key
recording_key(Path(sys.argv[1]))
print(sorted({"numpy", "pydub", "subprocess"} & set(sys.modules)))
"""
    command: list[str | Path] = [sys.executable, "-c", code, save(tmp_path / "a.wav", spoken())]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


# What is refused


def test_no_file_at_all(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with (tmp_path / "large.wav").open("wb") as file:
        file.truncate(LARGEST + 1_000_000)
    for name, said in (
        ("none.wav", "there is no recording X"),
        (".", "X is a folder, not a recording"),
        ("empty.wav", "X is empty"),
        ("large.wav", "X is too large: a recording may have 50 MB (got 51)"),
        ("zero\0.wav", "cannot read X: its name has a zero byte"),
        ("n" * 300, "cannot read X: File name too long"),
    ):
        assert refused(tmp_path / name) == said
        with pytest.raises(AudioError):
            recording_key(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such files")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert refused(tmp_path / "pipe.wav") == "X is not a regular file"


@pytest.mark.usefixtures("no_converter")
def test_without_ffmpeg_a_line_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"ID3")
    assert refused(tmp_path / "a.mp3").startswith(
        "cannot read X: this format needs ffmpeg, which is not installed"
    )


@pytest.mark.usefixtures("converter")
def test_what_is_no_sound(tmp_path: Path) -> None:
    for name, data in (
        ("text.wav", b"hello world"),
        ("noise.mp3", random.Random(1).randbytes(50_000)),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/a.mp3\n"),
        ("half.wav", b"RIFF\xff\0\0\0WAVEfmt \x10\0\0\0\1\0"),
    ):
        (tmp_path / name).write_bytes(data)
        assert refused(tmp_path / name) == "cannot read X: it is no sound that ffmpeg knows"


@pytest.mark.usefixtures("converter")
def test_no_other_file_is_read(tmp_path: Path) -> None:
    wav = save(tmp_path / "a.wav", spoken())
    for name, text in (
        ("concat.m4a", f"ffconcat version 1.0\nfile {wav.name}\n"),
        ("list.mp3", f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{wav}\n#EXT-X-ENDLIST\n"),
    ):
        (tmp_path / name).write_text(text)
        assert refused(tmp_path / name).startswith("cannot read X: ")


@pytest.mark.usefixtures("converter")
def test_a_film_without_sound(tmp_path: Path) -> None:
    film = turned(
        save(tmp_path / "a.wav", spoken()), "a.mkv", "-f", "lavfi", "-i", "color=s=32x32:d=1", "-map", "1"
    )
    assert refused(film) == "cannot read X: there is no sound in it"


@pytest.mark.usefixtures("converter")
def test_what_is_cut_off(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal(5 * RATE) * 0.1
    wav = save(tmp_path / "a.wav", noise)
    cut = tmp_path / "cut"
    for path in (wav, turned(wav, "a.flac"), turned(wav, "a.mp3")):
        cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert refused(cut).startswith("cannot read X: it is cut off: it promises 5.")
    cut.write_bytes(turned(wav, "a.m4a").read_bytes()[:20_000])
    assert refused(cut) == "cannot read X: it is cut off: its index, at the end, is missing"


@pytest.mark.usefixtures("converter")
def test_what_is_too_long(tmp_path: Path) -> None:
    tone = np.sin(np.arange(90 * 8_000) * 0.1) * 0.1
    wav = save(tmp_path / "a.wav", tone, rate=8_000)
    assert refused(wav) == "cannot read X: it must be at most 60 seconds long (got 90.0)"
    assert refused(turned(wav, "a.flac")) == "cannot read X: it must be at most 60 seconds long (got 90.0)"
    assert "at most 60 seconds long (got 61" in refused(turned(wav, "a.aac"))  # tells no length
    assert read_recording(save(wav, tone[: 60 * 8_000], rate=8_000))[0].size == 60 * 8_000


@pytest.mark.usefixtures("no_converter")
@pytest.mark.parametrize("rate", [1, 3_999, 200_000, 4_000_000_000])
def test_rates_of_no_recorder(tmp_path: Path, rate: int) -> None:
    path = save(tmp_path / "a.wav", spoken())
    data = bytearray(path.read_bytes())
    data[24:28] = rate.to_bytes(4, "little")
    path.write_bytes(data)
    assert refused(path) == f"cannot read X: it must have 4000 to 192000 samples a second (got {rate})"


@pytest.mark.usefixtures("no_converter")
@pytest.mark.parametrize("level", [0, 1e-4])
def test_silence(tmp_path: Path, level: float) -> None:
    assert refused(save(tmp_path / "a.wav", np.full(RATE, level))) == "there is nothing to hear in X"
    assert refused(save(tmp_path / "a.wav", spoken()[:1] + level)) == "there is nothing to hear in X"


@pytest.mark.usefixtures("no_converter")
def test_damaged_headers_never_do_more_than_fail(tmp_path: Path) -> None:
    chance = random.Random(7)
    good = save(tmp_path / "a.wav", spoken()[: RATE // 4], spoken()[: RATE // 4], width=3).read_bytes()
    path = tmp_path / "b.wav"
    failed = 0
    for _ in range(150):
        data = bytearray(good[: chance.choice([len(good), chance.randrange(13, 60)])])
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(12, min(48, len(data)))] = chance.choice([0, 1, 2, 0x7F, 0xFE, 0xFF])
        path.write_bytes(data)
        try:
            record_file(path)
        except AudioError as error:
            failed += 1
            assert str(path) in str(error)  # noqa: PT017 - some are good
    assert failed > 50


@pytest.mark.skipif(FFMPEG is None, reason="needs ffmpeg")
def test_a_minute_at_192_khz_is_held_in_memory_at_48(tmp_path: Path) -> None:
    tone = np.sin(np.arange(59 * 192_000) * (2 * np.pi * 440 / 192_000)) / 4
    sound, rate = read_recording(save(tmp_path / "a.wav", tone, rate=192_000))
    assert (sound.size, rate) == (59 * 48_000, 48_000)
    middle = sound[rate : 58 * rate]
    assert np.abs(middle - tone[::4][rate : 58 * rate]).max() < 0.01


@pytest.mark.skipif(FFMPEG is None, reason="needs ffmpeg")
def test_an_hour_in_kilobytes_are_refused_after_a_minute_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    silence = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "3600"]
    made = subprocess.run(  # through a pipe, so that it does not say how long it is
        [ffmpeg.find(), "-v", "error", *silence, "-f", "flac", "-"], capture_output=True, check=True
    )
    path.write_bytes(made.stdout)
    assert path.stat().st_size < 1_000_000
    assert refused(path) == "cannot read X: it must be at most 60 seconds long (got 61.0)"
