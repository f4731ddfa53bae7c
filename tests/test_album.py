"""Albums: tracks that joined are the whole, their names and tags, and what becomes of other files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mutagen
import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.borders import clean_for_tag
from coach.encode.album import Album, check_folder, export_album
from coach.encode.captions import lrc, vtt
from coach.encode.formats import FORMATS, RATES
from coach.encode.rate import render_at_rate
from coach.encode.track import Track
from coach.encode.write import fingerprint, write_file
from coach.errors import AudioError, Location
from coach.mix import render
from coach.routine import Level
from coach.timeline import Chapter, Timeline
from coach.units import RATE
from tests.examples import examples
from tests.test_export import Noise, make, mixed, run
from tests.test_export_formats import any_converter, decoded
from tests.test_tags_readers import COVER, HOSTILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["any_converter"]

TITLES = ["Clamshell, left", "Clamshell, right", "Bridge"]


def album(timeline: Timeline, folder: Path, suffix: str = ".wav", **options: Any) -> Album:
    return export_album(timeline, Noise(), folder, suffix, memo=folder.parent / "memo", **options)


def wav(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def entries(playlist: Path) -> list[tuple[int, str, str]]:
    """Return length, title and file of each entry, as a player reads them."""
    lines = playlist.read_text("utf-8").splitlines()
    found = [re.fullmatch(r"#EXTINF:(\d+),Coach - (.+)", line) for line in lines]
    return [(int(each[1]), each[2], lines[n + 1]) for n, each in enumerate(found) if each]


# The sound


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.usefixtures("any_converter")
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_tracks_joined_are_the_whole(tmp_path: Path, suffix: str, rate: int) -> None:
    timeline = make(3 * RATE + 17, ["a", "b", "c", "d", "e"])
    done = album(timeline, tmp_path / "album", suffix, rate=rate)
    whole = tmp_path / f"whole{suffix}"
    write_file(timeline, Noise(), whole, rate=rate)

    def sound(path: Path) -> NDArray[np.int16]:
        return wav(path) if suffix == ".wav" else decoded(path, rate)

    joined = np.concatenate([sound(track.path) for track in done.tracks])
    assert np.array_equal(joined, sound(whole))
    if rate == RATE:
        assert np.array_equal(joined, mixed(timeline))
    assert sum(track.length for track in done.tracks) == timeline.length


@pytest.mark.parametrize("rate", RATES)
def test_mp3s_joined_are_as_long_as_the_whole(tmp_path: Path, rate: int) -> None:
    timeline = make(3 * RATE + 17, ["a", "b", "c", "d", "e"])
    done = album(timeline, tmp_path / "album", ".mp3", rate=rate)
    lengths = [mutagen.File(track.path).info.length for track in done.tracks]
    assert round(sum(lengths) * rate, 3) == Track(timeline, rate=rate).length


@settings(deadline=None, max_examples=examples(12))
@given(st.data())
def test_any_stretch_of_any_rate_gives_the_same_samples(data: st.DataObject) -> None:
    timeline = make(12_345)
    rate = data.draw(st.sampled_from(RATES[1:]))
    length = Track(timeline, rate=rate).length
    whole = render_at_rate(timeline, Noise(), rate, 0, length)
    start = data.draw(st.integers(0, length))
    count = data.draw(st.integers(0, length - start))
    assert np.array_equal(render_at_rate(timeline, Noise(), rate, start, count), whole[start : start + count])


@pytest.mark.parametrize("rate", RATES[1:])
def test_resampling_agrees_with_another_way(rate: int) -> None:
    timeline = make(2 * RATE)
    before = render(timeline, Noise(), 0, timeline.length)
    other = scipy.signal.resample_poly(before, rate // 300, RATE // 300, window=("kaiser", 8.0))
    after = render_at_rate(timeline, Noise(), rate, 0, other.size) / 32768
    assert np.abs(after).max() > 0.1
    assert 10 * np.log10(np.mean(other**2) / np.mean((after - other) ** 2)) > 30
    assert not render_at_rate(replace(timeline, cues=()), Noise(), rate, 0, rate).any()


def test_resampling_adds_nothing_above_the_voice() -> None:
    timeline = make(3 * RATE)
    spectrum = np.abs(np.fft.rfft(render_at_rate(timeline, Noise(), 48_000, 0, 96_000) * np.hanning(96_000)))
    heard, mirrored = spectrum[: 11_000 * 2], spectrum[13_000 * 2 :]
    assert 20 * np.log10(mirrored.max() / heard.max()) < -70


def test_a_chapter_that_ends_within_a_cue(tmp_path: Path) -> None:
    timeline = make(30_000)
    edge = timeline.cues[1].start + 100
    timeline = replace(timeline, chapters=(Chapter("a", 0, edge), Chapter("b", edge, 30_000)))
    done = album(timeline, tmp_path / "album")
    assert np.array_equal(np.concatenate([wav(track.path) for track in done.tracks]), mixed(timeline))


# Names, tags, playlist


@pytest.mark.usefixtures("any_converter")
@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".opus", ".m4a"])
def test_the_tags_of_an_album(tmp_path: Path, suffix: str) -> None:
    done = album(make(RATE, TITLES, level=Level.EASIER), tmp_path / "album", suffix, cover=COVER)
    for number, track in enumerate(done.tracks, 1):
        tags: Any = mutagen.File(track.path, easy=True).tags
        assert tags["title"] == [TITLES[number - 1]]
        assert tags["album"] == ["Clamshell (easier)"]
        assert tags["artist"] == tags["albumartist"] == ["Coach"]
        keys = {key.lower() for key in tags.keys()}  # noqa: SIM118 - it is no dictionary
        own, _, of = tags["tracknumber"][0].partition("/")
        assert (own, of or tags["tracktotal"][0]) == (str(number), "3")
        assert not [key for key in keys if key.startswith("chap")]


def test_names_playlist_and_cover(tmp_path: Path) -> None:
    timeline = make(5 * RATE, TITLES)
    done = album(timeline, tmp_path / "album", ".mp3", cover=COVER)
    assert names(tmp_path / "album") == [
        "01 - Clamshell, left.mp3",
        "02 - Clamshell, right.mp3",
        "03 - Bridge.mp3",
        "Clamshell.m3u8",
        "cover.jpg",
    ]
    assert (tmp_path / "album" / "cover.jpg").read_bytes() == COVER
    assert entries(done.playlist) == [
        (2, f"{title}", f"0{n} - {title}.mp3") for n, title in enumerate(TITLES, 1)
    ]
    data = done.playlist.read_bytes()
    assert data.startswith(b"#EXTM3U\n#PLAYLIST:Clamshell\n")
    assert b"\r" not in data


def test_as_many_digits_as_needed() -> None:
    from coach.encode.album import _tracks

    found = list(_tracks(make(RATE, (f"n{n}" for n in range(120))), ".wav", None, RATE))
    assert [found[n] for n in (0, 99)] == ["001 - n0.wav", "100 - n99.wav"]


def test_hostile_titles(tmp_path: Path) -> None:
    timeline = make(7 * RATE, HOSTILE, title="CON")
    done = album(timeline, tmp_path / "album", ".mp3", captions=True)
    listed = entries(done.playlist)
    assert done.playlist.name == "_CON.m3u8"
    assert [name for _, _, name in listed] == [track.path.name for track in done.tracks]
    assert [title for _, title, _ in listed] == [clean_for_tag(title) for title in HOSTILE]
    assert all((tmp_path / "album" / name).is_file() and len(name.encode()) <= 120 for _, _, name in listed)
    for number, track in enumerate(done.tracks, 1):
        own = Track(timeline, number).timeline
        assert track.path.with_suffix(".lrc").read_text("utf-8") == lrc(own)
        assert track.path.with_suffix(".vtt").read_text("utf-8") == vtt(own)
    assert done.tracks[0].path.name == "01 - Legs - arms - 'quoted' (b)&amp;(-b) - 50 %.mp3"
    again = album(timeline, tmp_path / "album", ".mp3", captions=True)
    assert (again.written, again.removed) == ((), ())


def test_a_player_opens_every_track_of_the_playlist(tmp_path: Path) -> None:
    done = album(make(7 * RATE, HOSTILE), tmp_path / "album", ".mp3")
    script = tmp_path / "tell.lua"
    script.write_text("""
mp.register_event("file-loaded", function()
  io.stdout:write(mp.get_property("filename") .. "\\n")
  mp.command("playlist-next force")
end)
""")
    quiet = ("--no-config", "--no-video", "--ao=null", "--no-terminal")
    heard = run("mpv", *quiet, f"--script={script}", done.playlist).decode().splitlines()
    assert heard == [track.path.name for track in done.tracks]


def test_words_of_a_track_count_from_its_start() -> None:
    timeline = make(3 * RATE, TITLES)
    own = Track(timeline, 2).timeline
    assert (own.title, own.length, own.chapters) == ("Clamshell, right", RATE, ())
    assert [cue.start + RATE for cue in own.cues] == [
        cue.start for cue in timeline.cues if RATE <= cue.start < 2 * RATE
    ]


# A second run


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    first = album(make(RATE, TITLES), folder, ".mp3", cover=COVER, captions=True)
    assert sorted(first.written) == names(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = album(make(RATE, TITLES), folder, ".mp3", cover=COVER, captions=True)
    assert (again.written, again.removed) == ((), ())
    assert album(make(RATE, TITLES), folder, ".MP3", cover=COVER, captions=True).written == ()
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    timeline = make(3 * RATE, TITLES)
    album(timeline, tmp_path / "album")
    clip = replace(timeline.cues[0].clip, key="another")
    changed = replace(timeline, cues=(replace(timeline.cues[0], clip=clip), *timeline.cues[1:]))
    assert album(changed, tmp_path / "album").written == ("01 - Clamshell, left.wav", "Clamshell.m3u8")


def test_at_another_rate_what_lies_beside_a_track_matters() -> None:
    timeline = make(3 * RATE, TITLES)
    edge = timeline.chapters[1].start
    last = max((cue for cue in timeline.cues if cue.start < edge), key=lambda cue: cue.start)
    other = replace(last, clip=replace(last.clip, key="another"))
    changed = replace(timeline, cues=tuple(other if cue == last else cue for cue in timeline.cues))
    reaches = edge - 48 < last.end <= edge
    for rate in RATES:
        tracks = [Track(each, 2, rate=rate) for each in (timeline, changed)]
        same = len({fingerprint(track, FORMATS[".wav"]) for track in tracks}) == 1
        assert same == (last.end <= edge and not (reaches and rate != RATE))


@pytest.mark.parametrize("change", ["shorter", "renamed", "another format", "retitled", "another level"])
def test_what_no_longer_belongs_is_removed(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "album"
    album(make(RATE, TITLES), folder, captions=True, cover=COVER)
    (folder / "notes.txt").write_text("mine")
    (folder / "07 - mine.wav").write_bytes(b"mine")
    suffix = ".mp3" if change == "another format" else ".wav"
    titles = TITLES[:2] if change == "shorter" else ["A", "B", "C"] if change == "renamed" else TITLES
    title = "Other" if change == "retitled" else "Clamshell"
    level = Level.EASIER if change == "another level" else None
    done = album(make(RATE, titles, title=title, level=level), folder, suffix)
    assert "cover.jpg" in done.removed
    assert names(folder) == sorted(
        [*(track.path.name for track in done.tracks), done.playlist.name, "notes.txt", "07 - mine.wav"]
    )


def test_what_somebody_changed_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    album(make(RATE, TITLES), folder)
    edited = folder / "03 - Bridge.wav"
    edited.write_bytes(edited.read_bytes() + b"my tag")
    assert album(make(RATE, TITLES[:2]), folder).removed == ()
    assert edited.exists()


def test_a_name_in_another_case_is_the_same_file(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    album(make(RATE, ["Left"]), folder)
    os.link(folder / "01 - Left.wav", folder / "01 - left.wav")  # what a file system that folds case shows
    album(make(RATE, ["left"]), folder)
    assert "01 - left.wav" in names(folder)


@pytest.mark.parametrize("name", ["01 - Clamshell, left.wav", "Clamshell.m3u8", "02 - Clamshell, right.lrc"])
def test_somebody_elses_file_is_in_the_way(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    (folder / name).write_bytes(b"mine")
    with pytest.raises(
        AudioError, match=r"does not belong to this album: move it away, or choose another folder$"
    ):
        album(make(RATE, TITLES), folder, captions=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {name: b"mine"}


def test_somebody_elses_cover_stays(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    (folder / "cover.jpg").write_bytes(b"mine")
    for _ in range(2):
        album(make(RATE, TITLES), folder, cover=COVER)
    album(make(RATE, TITLES), folder)
    assert (folder / "cover.jpg").read_bytes() == b"mine"


def test_the_album_of_another_routine_is_left_alone(tmp_path: Path) -> None:
    timeline, folder = make(RATE, TITLES), tmp_path / "album"
    album(timeline, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = replace(
        timeline,
        cues=tuple(
            replace(cue, sentence=cue.sentence._replace(location=Location("b.yaml", 1, 1)))
            for cue in timeline.cues
        ),
    )
    with pytest.raises(AudioError, match=r"already holds the album of a\.yaml: choose another folder"):
        album(other, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    "line",
    ["../mine.wav", "/etc/passwd", "..", "sub/01 - a.wav", "mine.txt", "..\\mine.wav", "01 - a.wav\x00", ""],
)
def test_a_list_names_nothing_outside(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "album"
    album(make(RATE, TITLES), folder)
    from hashlib import blake2b

    for path in (tmp_path / "mine.wav", folder / "mine.txt"):
        path.write_bytes(b"mine")
    playlist = folder / "Clamshell.m3u8"
    digest = blake2b(b"mine", digest_size=16).hexdigest()
    playlist.write_text(f"{playlist.read_text('utf-8')}#COACH-FILE:{digest} {line}\n", "utf-8")
    assert album(make(RATE, TITLES[:1]), folder).removed == ("02 - Clamshell, right.wav", "03 - Bridge.wav")
    assert (tmp_path / "mine.wav").exists()
    assert (folder / "mine.txt").exists()


@pytest.mark.parametrize("data", [b"\xff\xfe", b"#EXTM3U\n01 - x.wav\n", b""])
def test_other_playlists_are_somebody_elses(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    (folder / "mine.m3u8").write_bytes(data)
    album(make(RATE, TITLES), folder)
    assert (folder / "mine.m3u8").read_bytes() == data


# What goes wrong


@pytest.mark.parametrize("when", [0.2, 0.5, 0.9])
def test_a_run_that_ends_early_is_taken_up(tmp_path: Path, when: float) -> None:
    timeline, folder = make(9 * RATE, TITLES), tmp_path / "album"

    def interrupt(done: int, total: int) -> None:
        if done > when * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        album(timeline, folder, progress=interrupt, cover=COVER)
    (playlist,) = folder.glob("*.m3u8")
    there = [name for _, _, name in entries(playlist)]
    assert names(folder) == sorted([*there, playlist.name])
    for name in there:
        assert wav(folder / name).size == 3 * RATE
    renamed = replace(timeline, chapters=tuple(replace(c, title=f"New {c.title}") for c in timeline.chapters))
    done = album(renamed, folder, cover=COVER)
    assert names(folder) == sorted([*(track.path.name for track in done.tracks), playlist.name, "cover.jpg"])


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_killed_run_leaves_nothing_half(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from coach.encode.album import export_album
from tests.test_export import Noise, make
def kill(done, total):
    if done > total // 2:
        os.kill(os.getpid(), signal.SIGKILL)
export_album(make(100_000, ["a", "b", "c"]), Noise(), Path(sys.argv[1]), ".mp3", progress=kill)
"""
    folder = tmp_path / "album"
    done = subprocess.run([sys.executable, "-c", code, folder], cwd=Path(__file__).parents[1], check=False)
    assert done.returncode == -9
    assert [name for name in names(folder) if not name.startswith(".")] == ["01 - a.mp3", "Clamshell.m3u8"]
    album(make(100_000, ["a", "b", "c"]), folder, ".mp3")
    assert names(folder) == ["01 - a.mp3", "02 - b.mp3", "03 - c.mp3", "Clamshell.m3u8"]


def test_progress_is_that_of_the_whole(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    album(make(9 * RATE, TITLES), tmp_path / "album", progress=lambda *each: seen.append(each))
    assert [done / RATE for done, _ in seen] == [2, 3, 5, 6, 8, 9]
    assert {total for _, total in seen} == {9 * RATE}


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for folder, message in (
        (tmp_path / "file", "is not a folder"),
        (tmp_path / "a" / "b", "there is no folder"),
    ):
        with pytest.raises(AudioError, match=message):
            check_folder(folder)
        with pytest.raises(AudioError, match=message):
            album(make(RATE, TITLES), folder)
    with pytest.raises(AudioError, match="the name must end in"):
        album(make(RATE, TITLES), tmp_path / "album", ".txt")
    assert names(tmp_path) == ["file"]
