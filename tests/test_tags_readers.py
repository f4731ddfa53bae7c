"""What other programs read of a track: lengths, chapters, titles, lyrics and cover alike."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mutagen
import mutagen.flac
import pytest

from coach import ffmpeg
from coach.borders import clean_for_tag
from coach.encode.captions import format_lyrics, list_timed_words, lrc
from coach.encode.formats import FORMATS, RATES
from coach.encode.track import Track
from coach.encode.write import write_file
from coach.errors import AudioError
from coach.timeline import Timeline
from coach.units import RATE
from tests.test_export import Noise, make, run
from tests.test_export_formats import any_converter, decoded

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["any_converter"]

COVER = base64.b85decode(
    "|JeWF01!$>Nk#wx0RR9200961|JwjV0RR90|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0"
    "|NsC0|NsC0|NsC0|Np=M3kU!R00;pA5di<h02BZL00000000000000000000|HJ?k5CH%H0000000000000000095m00;pA002J#KmXY"
)
"""A grey JPEG of 8 x 8."""

HOSTILE = [
    'Legs / arms \\ "quoted" <b>&amp;</b> | 50 % * ?',
    "\u202eright to left\u202c \u2067\u05e9\u05dc\u05d5\u05dd\u2069 \u2066left\u2069 zero\u200bwidth \u2067",
    "\N{ADULT}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER} \N{FLEXED BICEPS}\U0001f3fe",
    "CON",
    "x" * 300,
    "= ; # [CHAPTER] \\ 00:00:01.000 --> 00:00:02.000",
    "a\nb\r\n\x00\x1b[31m\u2028c \ud83d",
]
FORMATS_WITH_TAGS = [suffix for suffix in FORMATS if suffix != ".wav"]


def spoken(titles: list[str], length: int = 7 * RATE) -> Timeline:
    """Return a track of noise whose chapters and cues have these texts."""
    timeline = make(length, titles, title=titles[0])
    cues = (
        replace(cue, sentence=cue.sentence._replace(text=titles[n % len(titles)]), rep=None)
        for n, cue in enumerate(timeline.cues)
    )
    return replace(timeline, cues=tuple(cues))


@dataclass
class Read:
    """What a program says of a file; None where it doesn't speak of it.

    Attributes:
        exact: how near its length and times come to the truth, in seconds.
    """

    length: float
    title: str
    chapters: list[tuple[str, float]]
    lyrics: str | None
    covers: int | None
    exact: float = 0.001


def from_mutagen(path: Path) -> Read:
    file: Any = mutagen.File(path)
    tags = file.tags
    # Of AAC it tells the whole frames.
    exact = 0.001 if path.suffix not in (".m4a", ".m4b") else 1025 / RATE
    if path.suffix == ".mp3":
        chapters = [
            (str(tags[f"CHAP:{name}"].sub_frames["TIT2"]), tags[f"CHAP:{name}"].start_time / 1000)
            for name in tags["CTOC:toc"].child_element_ids
        ]
        lyrics, covers = str(tags["USLT::eng"]), len(tags.getall("APIC"))
        return Read(file.info.length, str(tags["TIT2"]), chapters, lyrics, covers)
    if path.suffix in (".m4a", ".m4b"):
        chapters = [(each.title, each.start) for each in file.chapters]
        covers = len(tags["covr"])
        return Read(file.info.length, tags["\xa9nam"][0], chapters, tags["\xa9lyr"][0], covers, exact)
    numbers = [f"CHAPTER{n:03}" for n in range(1, 100) if f"CHAPTER{n:03}" in tags]
    chapters = [(tags[f"{each}NAME"][0], seconds(tags[each][0])) for each in numbers]
    pictures = file.pictures if path.suffix == ".flac" else tags["METADATA_BLOCK_PICTURE"]
    return Read(file.info.length, tags["title"][0], chapters, tags["lyrics"][0], len(pictures))


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def from_ffprobe(path: Path) -> Read:
    shown = json.loads(
        run("ffprobe", "-v", "error", "-show_format", "-show_streams", "-show_chapters", "-of", "json", path)
    )
    tags: dict[str, str] = {}
    for part in (*shown["streams"], shown["format"]):
        tags |= {key.lower(): value for key, value in part.get("tags", {}).items()}
    chapters = [(each["tags"]["title"], float(each["start_time"])) for each in shown["chapters"]]
    covers = sum(each["codec_name"] == "mjpeg" for each in shown["streams"])
    lyrics = tags.get("lyrics", tags.get("lyrics-eng"))
    # Of MP3 its older releases tell whole frames; of Opus the samples before the first; of AAC milliseconds.
    exact = {".mp3": 2.5 * 1152 / RATE, ".opus": 0.007, ".ogg": 0.007}.get(path.suffix, 0.002)
    chapters.sort(key=lambda chapter: chapter[1])  # which it lists in any order
    return Read(float(shown["format"]["duration"]), tags["title"], chapters, lyrics, covers, exact)


MPV = """
mp.register_event("file-loaded", function()
  local told = {}
  for _, name in ipairs({"duration", "chapter-list", "metadata", "track-list"}) do
    told[name] = mp.get_property_native(name)
  end
  io.stdout:write(require("mp.utils").format_json(told) .. "\\n")
  mp.command("quit")
end)
"""


def from_mpv(path: Path) -> Read:
    script = path.with_name("tell.lua")
    script.write_text(MPV)
    told = json.loads(
        run(
            *("mpv", "--no-config", "--no-video", "--ao=null", "--no-terminal", "--cover-art-auto=no"),
            *(f"--script={script}", path),
        )
    )
    tags = {key.lower(): value for key, value in told["metadata"].items()}
    chapters = [(each["title"], each["time"]) for each in told["chapter-list"]]
    covers = sum(each["type"] == "video" for each in told["track-list"])
    lyrics = tags.get("lyrics", tags.get("lyrics-eng"))
    # As ffprobe; and from chapters' times it takes the samples that a decoder drops at the start of an MP3.
    exact = {".mp3": 2.5 * 1152 / RATE, ".opus": 0.007, ".ogg": 0.007}.get(path.suffix, 0.002)
    return Read(told["duration"], tags["title"], chapters, lyrics, covers, exact)


EYED3 = """
import json, sys
import eyed3
file = eyed3.load(sys.argv[1])
tag = file.tag
print(json.dumps({
    "length": file.info.time_secs,
    "title": tag.title,
    "chapters": [[each.title, each.times.start / 1000] for each in tag.chapters],
    "lyrics": [each.text for each in tag.lyrics],
    "covers": len(tag.images),
}))
"""


def from_eyed3(path: Path) -> Read:
    if path.suffix != ".mp3":
        pytest.skip("eyeD3 reads MP3 alone")
    command = shutil.which("eyeD3")
    if command is None:
        pytest.skip("eyeD3 is not installed")
    python = Path(command).read_text().splitlines()[0].removeprefix("#!").strip()
    told = json.loads(run(python, "-c", EYED3, path))
    chapters = [(title, start) for title, start in told["chapters"]]
    # It counts bytes, the Info frame's among them.
    return Read(told["length"], told["title"], chapters, told["lyrics"][0], told["covers"], 0.2)


READERS = {"mutagen": from_mutagen, "ffprobe": from_ffprobe, "mpv": from_mpv, "eyeD3": from_eyed3}


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that returns the track of hostile texts in a format, with a cover."""
    folder = tmp_path_factory.mktemp("tracks")

    def track(suffix: str) -> Path:
        path = folder / f"a{suffix}"
        if not path.exists():
            try:
                write_file(spoken(HOSTILE), Noise(), path, cover=COVER)
            except AudioError as error:
                pytest.skip(str(error))
        return path

    return track


@pytest.mark.parametrize("suffix", FORMATS_WITH_TAGS)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_tells_the_same(tracks: Callable[[str], Path], reader: str, suffix: str) -> None:
    timeline = spoken(HOSTILE)
    read = READERS[reader](tracks(suffix))
    assert read.length == pytest.approx(7.0, abs=read.exact)
    assert read.title == clean_for_tag(HOSTILE[0])
    most = 255 if suffix in (".m4a", ".m4b") else 300
    assert [title for title, _ in read.chapters] == [clean_for_tag(title)[:most] for title in HOSTILE]
    assert [start for _, start in read.chapters] == pytest.approx(range(7), abs=min(read.exact, 0.05))
    if read.lyrics is not None:
        wanted = format_lyrics(timeline) if suffix in (".mp3", ".m4a", ".m4b") else lrc(timeline)
        assert read.lyrics.strip().splitlines() == wanted.splitlines()
    assert read.covers == 1


@pytest.mark.parametrize("suffix", FORMATS_WITH_TAGS)
def test_the_cover_is_read_back(tracks: Callable[[str], Path], suffix: str) -> None:
    file: Any = mutagen.File(tracks(suffix))
    if suffix == ".mp3":
        (picture,) = file.tags.getall("APIC")
        assert (picture.mime, int(picture.type), picture.data) == ("image/jpeg", 3, COVER)
    elif suffix == ".flac":
        (picture,) = file.pictures
        assert (picture.mime, picture.data) == ("image/jpeg", COVER)
    elif suffix in (".opus", ".ogg"):
        block = base64.b64decode(file.tags["METADATA_BLOCK_PICTURE"][0])
        picture = mutagen.flac.Picture(block)  # type: ignore[no-untyped-call]
        assert (picture.mime, int(picture.type), picture.data) == ("image/jpeg", 3, COVER)
    else:
        assert bytes(file.tags["covr"][0]) == COVER


def test_synchronised_lyrics_are_read_back(tracks: Callable[[str], Path]) -> None:
    file: Any = mutagen.File(tracks(".mp3"))
    (sung,) = file.tags.getall("SYLT")
    assert (sung.lang, sung.format, sung.type) == ("eng", 2, 1)
    assert [(text.removeprefix("\n"), moment) for text, moment in sung.text] == list_timed_words(
        spoken(HOSTILE)
    )
    assert [text[0] == "\n" for text, _ in sung.text] == [False] + [True] * (len(sung.text) - 1)


@pytest.mark.parametrize("suffix", [".m4a", ".m4b"])
def test_an_audio_book_says_so(tracks: Callable[[str], Path], suffix: str) -> None:
    data = tracks(suffix).read_bytes()
    assert data[4:12] == (b"ftypM4B " if suffix == ".m4b" else b"ftypM4A ")
    file: Any = mutagen.File(tracks(suffix))
    assert file.tags.get("stik") == ([2] if suffix == ".m4b" else None)


# A cover, or none


def test_a_cover_must_be_a_jpeg(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="a cover must be a JPEG picture"):
        write_file(make(100), Noise(), tmp_path / "a.mp3", cover=b"\x89PNG")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("converter")
@pytest.mark.parametrize("suffix", [".flac", ".opus", ".m4b"])
def test_a_cover_adds_to_the_tags_alone(tmp_path: Path, suffix: str) -> None:
    for name, cover in (("a", COVER), ("b", COVER), ("plain", None)):
        write_file(make(2 * RATE), Noise(), tmp_path / f"{name}{suffix}", cover=cover)
    paths = [tmp_path / f"{name}{suffix}" for name in ("a", "b", "plain")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    sounds = {
        subprocess.run(
            [ffmpeg.find(), "-v", "error", "-i", path, "-map", "0:a", "-f", "s16le", "-"],
            capture_output=True,
            check=True,
        ).stdout
        for path in paths
    }
    assert len(sounds) == 1


@pytest.mark.usefixtures("any_converter")
@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".opus", ".m4a"])
def test_large_tags(tmp_path: Path, suffix: str) -> None:
    """A large cover, and hours of talk, which lyrics have no room for."""
    cover = COVER[:2] + b"\xff\xfe\xff\xff" + bytes(65_533) + COVER[2:]
    timeline = make(3 * RATE)
    sentence = timeline.cues[0].sentence._replace(text="word " * 300)
    talk = tuple(replace(timeline.cues[0], sentence=sentence, start=0) for _ in range(500))
    path = tmp_path / f"a{suffix}"
    write_file(replace(timeline, cues=talk[:100]), Noise(), path, cover=cover)
    file: Any = mutagen.File(path)
    assert "word word" in str(file.tags)
    write_file(replace(timeline, cues=talk), Noise(), path, cover=cover)
    assert path.stat().st_size < 300_000


# Other rates


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("length", [0, 1, 529, 1153, RATE, 77_777, 12 * RATE + 7])
def test_mp3s_of_every_rate(tmp_path: Path, rate: int, length: int) -> None:
    timeline, path = make(length), tmp_path / "a.mp3"
    write_file(timeline, Noise(), path, rate=rate)
    samples = Track(timeline, rate=rate).length
    assert abs(samples - length * rate / RATE) <= 0.5
    info = mutagen.File(path).info
    assert (info.sample_rate, info.channels) == (rate, 1)
    assert info.bitrate == pytest.approx(64_000, rel=0.01)
    assert round(info.length * rate, 3) == samples
    if shutil.which("mpg123"):
        assert len(run("mpg123", "-q", "-s", path)) == 2 * samples
    if shutil.which("ffmpeg") and samples >= 1105:
        assert len(run("ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-")) == 2 * samples
    if shutil.which("mp3val") and length >= RATE:
        said = run("mp3val", path).decode()
        assert "WARNING" not in said
        assert "ERROR" not in said


@pytest.mark.usefixtures("any_converter")
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_has_the_rates_it_says(tmp_path: Path, suffix: str) -> None:
    timeline = make(2 * RATE)
    for rate in (*RATES, 8_000, 24_001):
        path = tmp_path / f"{rate}{suffix}"
        if rate not in FORMATS[suffix].rates:
            with pytest.raises(AudioError, match=rf"^cannot write {suffix} files at {rate} Hz: .* 24000"):
                write_file(timeline, Noise(), path, rate=rate)
            continue
        write_file(timeline, Noise(), path, rate=rate)
        heard = decoded(path, rate)
        extra = 1024 if suffix in (".m4a", ".m4b") else 0
        assert 0 <= heard.size - 2 * rate <= extra
