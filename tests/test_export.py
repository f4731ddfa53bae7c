"""Exported tracks: the samples, the lengths that others read, tags and chapters, and what is left alone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import wave
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import mutagen.id3
import mutagen.mp3
import numpy as np
import pytest

from coach.borders import clean_for_tag
from coach.encode.formats import FORMATS
from coach.encode.mp3 import crc16
from coach.encode.text import language_code
from coach.encode.track import Track
from coach.encode.write import Exported, fingerprint, write_file
from coach.errors import AudioError, Location
from coach.mix import render, to_int16
from coach.routine import Level
from coach.seal import Seal
from coach.speech import Clip
from coach.timeline import Chapter, Cue, CueKind, Sentence, Timeline
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

LENGTHS = [0, 1, 2, 527, 528, 529, 575, 576, 577, 1151, 1152, 1153, 23_999, RATE, RATE + 1, 77_777]


class Noise:
    """Clips of low noise, the same for the same key."""

    def __init__(self, volume: float = 0.0) -> None:
        self.volume = volume

    def samples(self, clip: Clip) -> NDArray[np.int16]:
        rough = np.random.default_rng(list(clip.key.encode())).standard_normal(clip.length + 7)
        return (np.convolve(rough, np.ones(8), "valid") * 2000).astype(np.int16)


def make(
    length: int, titles: Iterable[str] = (), title: str = "Clamshell", level: Level | None = None
) -> Timeline:
    """Return a track of noise with gaps, and with chapters of equal lengths."""
    sentence = Sentence(CueKind.SAY, "x", Location("a.yaml", 1, 1))
    cues = tuple(
        Cue(start, Clip(f"c{start}", min(9_001, length - start), 0), sentence)
        for start in range(0, length, 11_111)
    )
    titles = list(titles)
    edges = [length * number // max(1, len(titles)) for number in range(len(titles) + 1)]
    chapters = tuple(Chapter(*each) for each in zip(titles, edges, edges[1:], strict=False))
    return Timeline(title, "en-GB", "test/noise", level, length, cues, chapters, ())


def mixed(timeline: Timeline) -> NDArray[np.int16]:
    return to_int16(render(timeline, Noise(), 0, timeline.length))


def run(*command: object) -> bytes:
    """Return what a program writes; skip the test where it is not installed."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run([str(part) for part in command], capture_output=True, check=True, timeout=60).stdout


def opened(path: Path) -> Any:
    return mutagen.mp3.MP3(path)  # type: ignore[no-untyped-call]


def decode(program: str, path: Path) -> NDArray[np.int16]:
    if program == "ffmpeg":
        return np.frombuffer(run("ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-"), np.int16)
    return np.frombuffer(run("mpg123", "-q", "-s", path), np.int16)


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """MP3s of all lengths."""
    folder = tmp_path_factory.mktemp("tracks")
    for length in LENGTHS:
        write_file(make(length), Noise(), folder / f"{length}.mp3")
    return {length: folder / f"{length}.mp3" for length in LENGTHS}


# Lengths and samples


@pytest.mark.parametrize("length", [0, 1, 2 * RATE, 100_003])
def test_a_wav_is_the_mix_bit_for_bit(tmp_path: Path, length: int) -> None:
    timeline = make(length)
    result = write_file(timeline, Noise(), tmp_path / "a.wav")
    assert result == Exported(tmp_path / "a.wav", 44 + 2 * length, length, written=True)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getparams()[:4] == (1, 2, RATE, length)
        assert file.readframes(length) == mixed(timeline).astype("<i2").tobytes()


def test_a_wav_too_long_for_its_sizes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"at most 25 hours \(30 asked for\): export an \.mp3"):
        write_file(Timeline("T", "en", "v", None, 30 * 3600 * RATE, (), (), ()), Noise(), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", LENGTHS)
def test_mutagen_reads_the_length(tracks: dict[int, Path], length: int) -> None:
    info = opened(tracks[length]).info
    assert round(info.length * RATE, 3) == length
    assert (info.sample_rate, info.channels, info.bitrate) == (RATE, 1, 64_000)


@pytest.mark.parametrize("length", LENGTHS)
def test_mpg123_decodes_the_length(tracks: dict[int, Path], length: int) -> None:
    assert decode("mpg123", tracks[length]).size == length


@pytest.mark.parametrize("length", [length for length in LENGTHS if length >= 528])
def test_ffmpeg_decodes_the_length(tracks: dict[int, Path], length: int) -> None:
    # Below 528 samples, 22 ms, ffmpeg adds its decoder's delay, also to files of its own.
    assert decode("ffmpeg", tracks[length]).size == length


@pytest.mark.parametrize("length", LENGTHS)
def test_ffprobe_reads_the_length(tracks: dict[int, Path], length: int) -> None:
    shown = run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "json", tracks[length])
    samples = float(json.loads(shown)["format"]["duration"]) * RATE
    # ffmpeg's older releases tell the whole frames, and leave the cutting to whoever decodes.
    frames = (length + 2 * 576 - 1 + 576) // 576 * 576
    assert round(samples) in {length, frames}


def test_mp3val_finds_no_fault(tracks: dict[int, Path]) -> None:
    said = run("mp3val", *(path for length, path in tracks.items() if length >= 23_999)).decode()
    assert "WARNING" not in said
    assert "ERROR" not in said
    assert said.count("MPEG 2 Layer III), +ID3v2, CBR") == 4


@pytest.mark.parametrize("program", ["mpg123", "ffmpeg"])
def test_decoded_samples_lie_where_they_were(tmp_path: Path, program: str) -> None:
    timeline = make(5 * RATE + 123)
    write_file(timeline, Noise(), tmp_path / "a.mp3")
    before, after = mixed(timeline).astype(float), decode(program, tmp_path / "a.mp3").astype(float)
    size = 1 << 18
    likeness = np.fft.irfft(np.fft.rfft(after, size) * np.fft.rfft(before, size).conj())
    assert int(np.argmax(likeness)) == 0
    assert np.corrcoef(before, after)[0, 1] > 0.97


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_track_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        write_file(make(100_000, ["one", "two"]), Noise(), tmp_path / (name + suffix))
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_the_info_frame_tells_sizes_and_checksums(tracks: dict[int, Path]) -> None:
    data = tracks[RATE].read_bytes()
    size = int.from_bytes(bytes(data[6:10]), "big")
    start = 10 + sum((size >> 8 * place & 0x7F) << 7 * place for place in range(4))
    info, sound = data[start : start + 192], data[start + 192 :]
    assert info[:4] == sound[:4]
    assert info[13:17] == b"Info"
    assert int.from_bytes(info[21:25], "big") == len(sound) // 192
    assert int.from_bytes(info[25:29], "big") == len(info + sound)
    toc = list(info[29:129])
    assert toc == sorted(toc)
    lame = info[133:]
    assert lame[:9] == b"LAME3.100"
    delay, padding = lame[21] << 4 | lame[22] >> 4, (lame[22] & 15) << 8 | lame[23]
    assert (delay, delay + RATE + padding) == (576, len(sound) * 3)
    assert int.from_bytes(lame[28:32], "big") == len(info + sound)
    assert int.from_bytes(lame[32:34], "big") == slow_crc16(sound)
    assert int.from_bytes(lame[34:36], "big") == slow_crc16(info[: 133 + 34])


def slow_crc16(data: bytes, crc: int = 0) -> int:
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


@pytest.mark.parametrize("size", [2, 3, 4, 5, 190, 192, 1001])
def test_the_checksum_in_pieces(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    assert crc16(data, 0xBEEF) == slow_crc16(data, 0xBEEF)
    assert crc16(b"123456789") == 0xBB3D  # the known check value of CRC-16/ARC


# Tags


def tags(path: Path) -> Any:
    return mutagen.id3.ID3(path, translate=False)  # type: ignore[no-untyped-call]


def test_the_tags_of_a_track(tmp_path: Path) -> None:
    write_file(make(RATE * 2, level=Level.HARDER), Noise(), tmp_path / "a.mp3")
    read = tags(tmp_path / "a.mp3")
    assert read.version == (2, 3, 0)
    shown = {frame.FrameID: str(frame) for frame in read.values()}
    assert shown == {
        "TIT2": "Clamshell",
        "TPE1": "Coach",
        "TALB": "Coach",
        "TCON": "Exercise",
        "TLAN": "eng",
        "TLEN": "2000",
        "TSSE": "Coach, LAME",
        "COMM": "voice test/noise, level harder",
        "USLT": "x\nx\nx\nx\nx",
        "SYLT": "[0ms]: x\n[462ms]: \nx\n[925ms]: \nx\n[1388ms]: \nx\n[1851ms]: \nx",
    }


def test_chapters_are_read_back(tmp_path: Path) -> None:
    titles = ["Warm-up", "Clamshell, links \N{FLEXED BICEPS}", "Clamshell, rechts"]
    write_file(make(RATE, titles), Noise(), tmp_path / "a.mp3")
    read = tags(tmp_path / "a.mp3")
    contents = read.getall("CTOC")
    assert len(contents) == 1
    assert int(contents[0].flags) == 3  # top level, ordered
    assert contents[0].sub_frames["TIT2"] == "Clamshell"
    chapters = [read[f"CHAP:{name}"] for name in contents[0].child_element_ids]
    assert [str(chapter.sub_frames["TIT2"]) for chapter in chapters] == titles
    assert [(each.start_time, each.end_time) for each in chapters] == [(0, 333), (333, 666), (666, 1000)]
    assert {(each.start_offset, each.end_offset) for each in chapters} == {(0xFFFFFFFF, 0xFFFFFFFF)}
    assert [chapter.element_id for chapter in read.getall("CHAP")] == contents[0].child_element_ids


def test_more_chapters_than_one_table_holds(tmp_path: Path) -> None:
    write_file(make(RATE * 2, (f"n{number}" for number in range(600))), Noise(), tmp_path / "a.mp3")
    read = tags(tmp_path / "a.mp3")
    top = read["CTOC:toc"]
    tables = [read[f"CTOC:{name}"] for name in top.child_element_ids]
    names = [name for table in tables for name in table.child_element_ids]
    assert [len(table.child_element_ids) for table in tables] == [255, 255, 90]
    assert [str(read[f"CHAP:{name}"].sub_frames["TIT2"]) for name in names] == [f"n{n}" for n in range(600)]
    assert [int(table.flags) for table in (top, *tables)] == [3, 1, 1, 1]


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ("a\nb\r\n\tc", "a b c"),
        ("a\0b", "a b"),
        ("\x1b[31mred\x9f", "[31mred"),
        ("half \ud83d of a pair", "half of a pair"),
        (
            "\N{ADULT}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
            "\N{ADULT}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
        ),
        ("\u05e9\u05dc\u05d5\u05dd / \u4f60\u597d", "\u05e9\u05dc\u05d5\u05dd / \u4f60\u597d"),
        ("x" * 300, "x" * 300),
        (" \n", ""),
    ],
)
def test_any_title_is_safe(tmp_path: Path, title: str, read: str) -> None:
    assert clean_for_tag(title) == read
    write_file(make(RATE, [title], title=title), Noise(), tmp_path / "a.mp3")
    back = tags(tmp_path / "a.mp3")
    assert str(back.get("TIT2", "")) == read
    assert str(back["CHAP:chp1"].sub_frames["TIT2"]) == (read or "1")
    assert opened(tmp_path / "a.mp3").info.length == 1.0


def test_others_list_the_chapters(tmp_path: Path) -> None:
    write_file(make(RATE * 3, ["One \N{FLEXED BICEPS}", "Two", "Three"]), Noise(), tmp_path / "a.mp3")
    shown = run("ffprobe", "-v", "error", "-show_chapters", "-of", "json", tmp_path / "a.mp3")
    chapters = [(each["tags"]["title"], each["start_time"]) for each in json.loads(shown)["chapters"]]
    assert chapters == [("One \N{FLEXED BICEPS}", "0.000000"), ("Two", "1.000000"), ("Three", "2.000000")]
    said = run("eyeD3", "-v", tmp_path / "a.mp3").decode()
    assert "Warning" not in said
    assert [part in said for part in ("title: Clamshell", "CTOC (", "CHAP x 3")] == [True] * 3


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "eng"), ("pt-BR", "por"), ("DE_at", "deu"), ("yue", "yue"), ("", "und"), ("qq", "und")],
)
def test_languages(tag: str, code: str) -> None:
    assert language_code(tag) == code


# Formats, progress, interruption


def test_the_suffix_decides_whatever_its_case(tmp_path: Path) -> None:
    write_file(make(100), Noise(), tmp_path / "A.WAV")
    assert (tmp_path / "A.WAV").read_bytes()[:4] == b"RIFF"


@pytest.mark.parametrize("name", ["a.ogg2", "a", ".mp3"])
def test_an_unknown_suffix_names_the_known_ones(tmp_path: Path, name: str) -> None:
    known = ", ".join(list(FORMATS)[:-1]) + f" or {list(FORMATS)[-1]}"
    with pytest.raises(AudioError) as caught:
        write_file(make(100), Noise(), tmp_path / name)
    assert str(caught.value) == f"cannot write {tmp_path / name}: the name must end in {known}"


def test_an_encoder_that_does_not_load_is_an_error_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "coach.encode.mp3")
    monkeypatch.setitem(sys.modules, "lameenc", None)
    with pytest.raises(AudioError, match=r"cannot write \.mp3 files on this machine: .*lameenc"):
        write_file(make(100), Noise(), tmp_path / "a.mp3")


@pytest.mark.parametrize("suffix", FORMATS)
def test_progress_ends_with_all(tmp_path: Path, suffix: str) -> None:
    seen: list[tuple[int, int]] = []
    write_file(make(100_000), Noise(), tmp_path / f"a{suffix}", progress=lambda *each: seen.append(each))
    assert seen == [(48_000, 100_000), (96_000, 100_000), (100_000, 100_000)]


@pytest.mark.parametrize("suffix", FORMATS)
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, suffix: str) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done > RATE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_file(make(200_000), Noise(), tmp_path / f"a{suffix}", progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_tells_what_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    message = f"disk full while writing {tmp_path / 'a.wav'}: it needs about 5 MB;"
    with pytest.raises(AudioError, match=re.escape(message)):
        write_file(make(100 * RATE), Noise(), tmp_path / "a.wav")
    assert list(tmp_path.iterdir()) == []


# What is left alone


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_unchanged_track_is_not_touched(tmp_path: Path, suffix: str) -> None:
    target, memo = tmp_path / f"a{suffix}", tmp_path / "memo"
    first = write_file(make(50_000), Noise(), target, memo=memo)
    before = target.stat()
    again = write_file(make(50_000), Noise(), target, memo=memo)
    assert (first.written, again.written) == (True, False)
    assert (again.size, again.length) == (first.size, 50_000)
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("damage", ["edit", "cut", "delete"])
def test_a_damaged_track_is_written_anew(tmp_path: Path, damage: str) -> None:
    target, memo = tmp_path / "a.wav", tmp_path / "memo"
    write_file(make(50_000), Noise(), target, memo=memo)
    good = target.read_bytes()
    if damage == "delete":
        target.unlink()
    else:
        target.write_bytes(good[:-1] + (b"" if damage == "cut" else b"\x55"))
    assert write_file(make(50_000), Noise(), target, memo=memo).written
    assert target.read_bytes() == good


@pytest.mark.parametrize("record", ["", "x", "\xff", "abc -1", "0" * 64 + " 100044\n"])
def test_a_damaged_memo_is_made_again(tmp_path: Path, record: str) -> None:
    target, memo = tmp_path / "a.wav", tmp_path / "memo"
    write_file(make(50_000), Noise(), target, memo=memo)
    (kept,) = memo.iterdir()
    good = kept.read_bytes()
    kept.write_text(record, "latin-1")
    assert write_file(make(50_000), Noise(), target, memo=memo).written
    assert kept.read_bytes() == good


@pytest.mark.parametrize("sealed", ["", "0" * 64, "theirs"])
def test_a_forged_memo_is_none(tmp_path: Path, sealed: str) -> None:
    target, memo = tmp_path / "a.wav", tmp_path / "memo"
    write_file(make(50_000), Noise(), target, memo=memo)
    (kept,) = memo.iterdir()
    planted = b"a track that somebody planted"
    digest, size = blake2b(planted, digest_size=32).hexdigest(), str(len(planted))
    if sealed == "theirs":
        theirs = Seal(bytes(32))
        sealed = theirs.of("export", kept.name.encode(), digest.encode(), size.encode()).hex()
    target.write_bytes(planted)
    kept.write_text(f"{digest} {size} {sealed}\n")
    assert write_file(make(50_000), Noise(), target, memo=memo).written


def test_a_memo_that_cannot_be_kept_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "memo").write_text("a file")
    assert write_file(make(100), Noise(), tmp_path / "a.wav", memo=tmp_path / "memo").written


def test_an_unchanged_track_needs_no_heavy_library(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
import coach.timeline
from coach.encode.write import write_file
from coach.timeline import Timeline
class Silent:
    volume = 0.0
loaded = set(sys.modules)
timeline = Timeline("T", "en", "v", None, 1000, (), (), ())
done = write_file(timeline, Silent(), Path("a.mp3"), memo=Path("memo"))
print(done.written, sorted({"numpy", "lameenc", "mutagen", "wave"} & (set(sys.modules) - loaded)))
"""

    def output() -> str:
        command = [sys.executable, "-c", code]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert output().startswith("True [")
    assert output() == "False []\n"


class Hum(NamedTuple):
    """A bed that swells for four seconds."""

    loudness: float

    @property
    def key(self) -> str:
        return f"hum at {self.loudness}"

    def samples(self, start: int, count: int) -> NDArray[np.float32]:
        at = np.arange(start, start + count)
        return (self.loudness * at / (4 * RATE) * np.sin(at / 30)).astype(np.float32)


def test_a_chapter_is_written_with_its_part_of_the_bed(tmp_path: Path) -> None:
    timeline = replace(make(4 * RATE, ["A", "B"]), beds=(Hum(0.1),))
    write_file(timeline, Noise(), tmp_path / "a.wav", chapter=2)
    with wave.open(str(tmp_path / "a.wav")) as file:
        written = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert np.array_equal(written, mixed(timeline)[2 * RATE :])
    part = Track(timeline, 2).timeline
    assert np.array_equal(part.beds[0].samples(5, 100), Hum(0.1).samples(2 * RATE + 5, 100))


def test_whatever_decides_the_bytes_changes_the_fingerprint() -> None:
    plain = make(20_000, ["A"])
    moved = replace(plain.cues[0], start=1)
    other = replace(plain.cues[0], clip=replace(plain.cues[0].clip, key="other"))
    variants = [
        plain,
        replace(plain, title="U"),
        replace(plain, language="de"),
        replace(plain, voice="w"),
        replace(plain, level=Level.EASIER),
        replace(plain, length=20_001),
        replace(plain, chapters=(Chapter("B", 0, 20_000),)),
        replace(plain, cues=(moved, *plain.cues[1:])),
        replace(plain, cues=(other, *plain.cues[1:])),
        replace(plain, beds=(Hum(0.1),)),
        replace(plain, beds=(Hum(0.2),)),
    ]
    prints = {fingerprint(Track(each), kind) for each in variants for kind in FORMATS.values()}
    prints.add(fingerprint(Track(plain), FORMATS[".mp3"], volume=-3.0))
    assert len(prints) == len(variants) * len(FORMATS) + 1
    again = Track(make(20_000, ["A"]))
    assert fingerprint(Track(plain), FORMATS[".mp3"]) == fingerprint(again, FORMATS[".mp3"])
