"""Where clips are kept, and what the cache command removes: only what Coach made."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach import script
from coach.encode.album import export_album
from coach.encode.write import write_file
from coach.errors import SpeechError
from coach.lock import try_lock
from coach.speech import ClipCache, find_cache
from coach.speech.clip import Recording
from coach.speech.inventory import is_free, is_marked, mark, note_made, take_inventory
from coach.timeline import compile_routine
from coach.trust import distrust
from tests.command import SHORT, Command, coach, one_error
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["coach"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes and links")
DAY = 86_400.0
TINY = "title: Tiny\nlead_in: 0\nsteps:\n  - say: Done.\n"
KEY = "ab" * 20
SOUND = Recording(b"ab" * 450, 1, -19.0, -2.0)
OWN = {
    "song.mp3": "a song",
    "tracks/song.mp3": "another song",
    "tracks/thesis draft.docx": "a thesis",
    "tracks/album/01 - Intro.mp3": "an intro",
    "tracks/album/cover.jpg": "a picture",
    "covers/me.jpg": "a picture of me",
    "exports/taxes.pdf": "taxes",
    "ab/notes.wav": "a note",
}


def fill(root: Path, files: dict[str, str] = OWN) -> Path:
    """Write a person's own files into a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (time.time() - 400 * DAY,) * 2)
    return root


def contents(root: Path) -> dict[str, str]:
    """Return every file below a folder, links not followed."""
    return {
        Path(folder, name).relative_to(root).as_posix(): Path(folder, name).read_text("latin-1")
        for folder, _, names in os.walk(root)
        for name in names
        if not Path(folder, name).is_symlink()
    }


TIDYING = (["clear"], ["prune", "--older-than", "0d"], ["prune", "--max-size", "0"])


@pytest.mark.parametrize("arguments", TIDYING)
def test_a_folder_of_other_things_is_no_cache(coach: Command, tmp_path: Path, arguments: list[str]) -> None:
    music = fill(tmp_path / "Music")
    coach.environment["COACH_CACHE"] = str(music)
    error = one_error(coach("cache", *arguments, "--yes"), 3)
    assert (
        error
        == f"coach: {music} is no cache of Coach's: it holds files that are not Coach's; nothing is removed"
    )
    assert contents(music) == OWN


def test_in_a_folder_of_other_things_clips_have_one_of_their_own(coach: Command, tmp_path: Path) -> None:
    music = fill(tmp_path / "Music")
    coach.environment["COACH_CACHE"] = str(music)
    coach.write(TINY)
    done = coach("export", "short.yaml")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == (
        f"coach: {music} is not used for clips: it holds files that are not Coach's;"
        f" they go to {music / 'audio_cache'}"
    )
    kept = {name: text for name, text in contents(music).items() if not name.startswith("audio_cache/")}
    assert kept == OWN
    assert is_marked(music / "audio_cache")
    assert coach("export", "short.yaml").stderr == ""  # said once
    assert coach("cache", "path").stdout == f"{music / 'audio_cache'}\n"
    cleared = coach("cache", "clear", "--yes")
    assert cleared.returncode == 0
    assert contents(music) == OWN | {
        "audio_cache/CACHEDIR.TAG": (music / "audio_cache/CACHEDIR.TAG").read_text()
    }


@pytest.mark.parametrize("arguments", TIDYING)
def test_in_a_cache_a_persons_own_files_stay_and_are_named(
    coach: Command, tmp_path: Path, arguments: list[str]
) -> None:
    root = tmp_path / "cache"
    cache = ClipCache(root)
    cache.save(KEY, SOUND)
    fill(root)
    done = coach("cache", *arguments, "--yes", COACH_CACHE=str(root))
    assert done.returncode == 0, done.stderr
    assert not cache.path(KEY).exists()
    assert {name for name in contents(root) if name != "CACHEDIR.TAG"} == set(OWN)
    named = {
        line.removeprefix("not Coach's, left alone: ")
        for line in done.stdout.splitlines()
        if line.startswith("not Coach's")
    }
    assert named == {str(root / name) for name in OWN}
    assert done.stdout.splitlines()[-1].startswith(f"{root}: 1 removed, ")


@posix
@pytest.mark.parametrize("arguments", TIDYING)
@pytest.mark.parametrize("level", ["root", "tracks", "album", "ab", "exports", "covers", "made", "file"])
def test_links_are_never_followed(coach: Command, tmp_path: Path, arguments: list[str], level: str) -> None:
    documents = fill(tmp_path / "Documents", {"letter.mp3": "a letter", f"{KEY}.wav": "x", "a" * 40: "y"})
    mark(documents)  # even where somebody has set the mark there
    before = contents(documents)
    folder = tmp_path / "stranger"
    root = folder / "audio_cache"
    root.mkdir(parents=True)
    if level == "root":
        root.rmdir()
        root.symlink_to(documents)
    else:
        mark(root)
        if level == "file":
            (root / "ab").mkdir()
            (root / "ab" / f"{KEY}.wav").symlink_to(documents / "letter.mp3")
        else:
            place = root / "tracks" / "album" if level == "album" else root / level
            place.parent.mkdir(exist_ok=True)
            place.symlink_to(documents)
        note_made(root, []) if level != "made" else None
    (folder / "x.yaml").write_text(SHORT)
    home = {"COACH_CACHE": "", "XDG_CACHE_HOME": ""}
    done = coach("cache", *arguments, folder / "x.yaml", "--yes", **home)
    assert contents(documents) == before
    if level == "root":
        assert one_error(done, 3) == f"coach: {root} is no cache of Coach's: it is a link; nothing is removed"
        return
    assert (done.returncode, done.stderr) == (0, "")
    assert "left alone: " in done.stdout
    # Nor is anything written through one.
    cache = ClipCache(root)
    cache.save(KEY, SOUND)
    assert (cache.failure is not None) == (level == "ab")
    with suppress(SpeechError):
        cache.make_tracks()
    timeline = compile_routine(script.load(folder / "x.yaml"), FixedSpeech())
    assert write_file(timeline, FixedSpeech(), tmp_path / "x.wav", memo=cache.exports).written
    assert contents(documents) == before


@posix
def test_an_unmarked_folder_with_links_that_came_with_a_script(coach: Command, tmp_path: Path) -> None:
    documents = fill(tmp_path / "Documents", {"letter.odt": "a letter", "tax return.pdf": "a tax return"})
    folder = tmp_path / "stranger"
    (folder / "audio_cache").mkdir(parents=True)
    (folder / "audio_cache" / "tracks").symlink_to(documents)
    (folder / "x.yaml").write_text(SHORT)
    home = {"COACH_CACHE": "", "XDG_CACHE_HOME": ""}
    done = coach("cache", "prune", folder / "x.yaml", "--older-than", "0d", **home)
    assert "is no cache of Coach's" in one_error(done, 3)
    assert len(contents(documents)) == 2


def test_prune_asks_too(coach: Command, tmp_path: Path) -> None:
    cache = ClipCache(tmp_path / "cache")
    cache.save(KEY, SOUND)
    coach.environment["COACH_CACHE"] = str(tmp_path / "cache")
    error = one_error(coach("cache", "prune", "--older-than", "0d"), 2)
    assert "without a terminal to ask on it needs --yes; --dry-run lists what would go" in error
    assert cache.path(KEY).exists()


@pytest.mark.parametrize("arguments", TIDYING)
def test_a_dry_run_lists_what_would_go(coach: Command, tmp_path: Path, arguments: list[str]) -> None:
    root = tmp_path / "cache"
    cache = ClipCache(root)
    cache.save(KEY, SOUND)
    (root / "mine.txt").write_text("mine")
    size = cache.path(KEY).stat().st_size
    done = coach("cache", *arguments, "--dry-run", COACH_CACHE=str(root))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        str(cache.path(KEY)),
        f"not Coach's, left alone: {root / 'mine.txt'}",
        f"{root}: 1 file ({size / 1000:.1f} kB: 1 clip) would be removed",
    ]
    assert cache.path(KEY).exists()


def test_tracks_of_coachs_go_and_others_stay(coach: Command, tmp_path: Path) -> None:
    root, phone = tmp_path / "cache", tmp_path / "phone"
    phone.mkdir()
    coach.environment["COACH_CACHE"] = str(root)
    coach.write(TINY)
    coach.write(TINY, "other.yaml")
    assert coach("export", "short.yaml", "--to", phone, "--captions").returncode == 0
    assert coach("export", "short.yaml", "other.yaml", "--to", phone).returncode == 0
    made = {path.name for path in (root / "tracks").iterdir()}
    assert made == {"short.mp3", "short.lrc", "short.vtt", "other.mp3"}
    (root / "tracks" / "song.mp3").write_text("mine")
    (root / "tracks" / "short.lrc").write_text("what I have made of it")  # by hand
    shutil.copy(root / "tracks" / "short.mp3", root / "tracks" / "mine.mp3")  # under a name of a person's own
    tracks = [file.path.name for file in ClipCache(root).files() if file.kind == "track"]
    assert sorted(tracks) == ["other.mp3", "short.mp3", "short.vtt"]
    done = coach("cache", "clear", "--yes")
    assert {path.name for path in (root / "tracks").iterdir()} == {"song.mp3", "short.lrc", "mine.mp3"}
    assert done.stdout.count("not Coach's, left alone: ") == 3
    assert not (root / "made").exists()


def test_the_memory_of_a_track_stays_as_long_as_the_track(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    track = cache.make_tracks() / "a.mp3"
    track.write_bytes(b"first")
    cache.note_made([track, tmp_path / "elsewhere.mp3"])
    track.write_bytes(b"second")
    cache.note_made([track])
    assert len(list((tmp_path / "made").iterdir())) == 2
    cache.remove([])  # as of a prune that found nothing
    assert len(list((tmp_path / "made").iterdir())) == 1
    assert [file.path for file in cache.files()] == [track]


def test_what_a_killed_album_left_goes_and_what_another_run_writes_stays(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    tracks = cache.make_tracks()
    dead, alive = (
        tracks / "dead" / ".01.mp3.1-0123abcd.coach-part",
        tracks / "alive" / ".01.mp3.2-0123abcd.coach-part",
    )
    for part in (dead, alive):
        part.parent.mkdir()
        part.write_bytes(b"half")
    with alive.open("r+b") as file:
        assert try_lock(file.fileno())  # as its writer does
        ClipCache(tmp_path).make_tracks()  # of another routine, all of whose clips are there
        assert sorted(path.name for path in tracks.iterdir()) == ["alive"]
        assert alive.exists()
    assert ClipCache(tmp_path).clear() == (0, 0)
    assert not tracks.exists()


def test_the_tracks_of_an_album_that_was_stopped_are_known_as_coachs(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total * 3 // 4:
            raise StoppedError

    (tmp_path / "x.yaml").write_text(
        f"{TINY}  - exercise: Lift\n    for: 20s\n  - exercise: Sink\n    for: 20s\n"
    )
    timeline = compile_routine(script.load(tmp_path / "x.yaml"), FixedSpeech())
    cache = ClipCache(tmp_path / "cache")
    folder = cache.make_tracks() / "x"
    with pytest.raises(StoppedError):
        export_album(
            timeline, FixedSpeech(), folder, ".wav",
            private=True, made=lambda file: cache.note_made([file]), progress=stop,
        )  # fmt: skip
    assert any(path.suffix == ".wav" for path in folder.iterdir())
    assert take_inventory(cache.root).others == []
    cache.clear()
    assert take_inventory(cache.root) == ([], [], [])
    assert not cache.tracks.exists()


class TestMark:
    def test_a_new_cache_is_marked_as_backup_programs_know_it(self, tmp_path: Path) -> None:
        ClipCache(tmp_path / "new").save(KEY, SOUND)
        text = (tmp_path / "new" / "CACHEDIR.TAG").read_bytes()
        assert text.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
        assert b"Coach" in text

    @pytest.mark.parametrize(
        "names",
        [
            (),
            (".gitignore",),
            (f"ab/{KEY}.wav",),
            (f"ab/{KEY}.wav", "exports/" + "a" * 40, f"covers/{'b' * 40}.jpg", "tracks/hip_morning.mp3"),
        ],
    )
    def test_an_empty_folder_and_an_older_cache_become_one(
        self, tmp_path: Path, names: tuple[str, ...]
    ) -> None:
        fill(tmp_path, dict.fromkeys(names, "x"))
        assert is_free(tmp_path)
        cache = ClipCache(tmp_path)
        assert cache.files() == []  # not yet: it has no mark
        cache.save("cd" * 20, SOUND)
        assert cache.failure is None
        assert is_marked(tmp_path)
        assert len(cache.files()) == 1 + sum(not name.startswith(("tracks", ".")) for name in names)

    @pytest.mark.parametrize(
        "names",
        [
            ("song.mp3",),
            ("tracks/song.mp3",),
            (f"ab/{KEY}.wav", "notes.txt"),
            (f"cd/{KEY}.wav",),
            ("ab/notes.txt",),
            ("exports/" + "a" * 40,),
            ("photos/me.jpg",),
        ],
    )
    def test_anything_else_does_not(self, tmp_path: Path, names: tuple[str, ...]) -> None:
        fill(tmp_path, dict.fromkeys(names, "x"))
        assert not is_free(tmp_path)
        before = contents(tmp_path)
        cache = ClipCache(tmp_path)
        cache.save("cd" * 20, SOUND)
        assert cache.failure is not None
        assert "not Coach's" in str(cache.failure)
        assert cache.clear() == (0, 0)
        assert contents(tmp_path) == before

    @pytest.mark.parametrize(
        "text", ["", "Signature: 8a477f597d28d172789f06886806bc55\n# of another program\n", "Coach"]
    )
    def test_a_mark_of_another_program_is_none(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "CACHEDIR.TAG").write_text(text)
        (tmp_path / "ab").mkdir()
        assert not is_marked(tmp_path)

    @posix
    def test_a_linked_mark_is_none(self, tmp_path: Path) -> None:
        ClipCache(tmp_path / "real").save(KEY, SOUND)
        (tmp_path / "CACHEDIR.TAG").symlink_to(tmp_path / "real" / "CACHEDIR.TAG")
        assert not is_marked(tmp_path)

    def test_what_is_being_written_is_neither_coachs_nor_anybodys(self, tmp_path: Path) -> None:
        mark(tmp_path)
        fill(tmp_path, {f"ab/{KEY}.1-2-3.tmp": "x", "tracks/.a.mp3.1-0123abcd.coach-part": "x"})
        found = take_inventory(tmp_path)
        assert (found.files, found.others, len(found.litter)) == ([], [], 2)


class TestPlace:
    """Which folder is used: one that only this user can change."""

    @pytest.fixture(autouse=True)
    def _home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / ".cache"))
        monkeypatch.delenv("COACH_CACHE", raising=False)

    @staticmethod
    def own(tmp_path: Path) -> Path:
        return tmp_path / ".cache" / "coach" / "clips"

    @posix
    @pytest.mark.parametrize(
        ("where", "mode"), [("a/b/audio_cache", 0o777), ("a/b", 0o777), ("a", 0o757), ("a/b", 0o775)]
    )
    def test_not_where_others_can_write(self, tmp_path: Path, where: str, mode: int) -> None:
        root = tmp_path / "a" / "b" / "audio_cache"
        root.mkdir(parents=True)
        script = tmp_path / "a" / "b" / "scripts" / "x.yaml"
        assert find_cache(script).root == root
        (tmp_path / where).chmod(mode)
        os.chown(tmp_path / where, -1, 12345) if os.getuid() == 0 else None  # a group of several
        if os.getuid() and mode == 0o775:
            pytest.skip("only root can give a folder to another group")
        cache = find_cache(script)
        assert cache.root == self.own(tmp_path)
        assert cache.notes() == [
            f"{root} is not used for clips: others can write to {tmp_path / where}; they go to {cache.root}"
        ]

    @posix
    @pytest.mark.skipif(sys.platform != "win32" and os.getuid() != 0, reason="only root can give files away")
    @pytest.mark.parametrize("where", ["a/audio_cache", "a"])
    def test_not_what_belongs_to_another_user(self, tmp_path: Path, where: str) -> None:
        (tmp_path / "a" / "audio_cache").mkdir(parents=True)
        os.chown(tmp_path / where, 12345, -1)
        (note,) = find_cache(tmp_path / "a" / "x.yaml").notes()
        assert f"{tmp_path / where} belongs to another user" in note

    @posix
    def test_below_a_sticky_folder_it_may_be(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o1777)
        (tmp_path / "a").mkdir()
        assert distrust(tmp_path / "a" / "audio_cache") is None
        assert distrust(tmp_path) is not None

    @posix
    def test_a_group_of_ones_own_is_nobody_else(self, tmp_path: Path) -> None:
        import grp
        import pwd

        user = pwd.getpwuid(os.getuid())
        group = grp.getgrgid(user.pw_gid)
        if group.gr_name != user.pw_name or set(group.gr_mem) - {user.pw_name}:
            pytest.skip("this user has no such group")
        (tmp_path / "a").mkdir()
        os.chown(tmp_path / "a", -1, user.pw_gid)
        (tmp_path / "a").chmod(0o775)
        assert distrust(tmp_path / "a") is None

    @posix
    def test_a_link_is_followed_only_where_a_person_named_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "disk").mkdir()
        (tmp_path / "audio_cache").symlink_to(tmp_path / "disk")
        assert find_cache(tmp_path / "x.yaml").root == self.own(tmp_path)
        monkeypatch.setenv("COACH_CACHE", str(tmp_path / "audio_cache"))
        assert find_cache(tmp_path / "x.yaml").root == tmp_path / "audio_cache"

    @posix
    def test_where_nothing_can_be_trusted_clips_stay_in_memory(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o777)
        cache = find_cache(None)
        assert cache.closed == f"others can write to {tmp_path}"
        cache.save(KEY, SOUND)
        assert cache.load(KEY) is None
        assert list(tmp_path.iterdir()) == []
        (note,) = cache.notes()
        assert note.startswith("the clip cache cannot be written (others can write to ")

    @posix
    def test_the_users_own_is_private(self, tmp_path: Path) -> None:
        for before in (None, 0o755):
            if before:
                (tmp_path / ".cache" / "coach").chmod(before)
            find_cache(None).save(KEY, SOUND)
            assert stat.S_IMODE((tmp_path / ".cache" / "coach").stat().st_mode) == 0o700

    def test_a_clone_is_ready(self, tmp_path: Path) -> None:
        ours = Path(__file__).parents[1] / "audio_cache" / ".gitignore"
        clone = tmp_path / "coach"
        (clone / "audio_cache").mkdir(parents=True)
        shutil.copy(ours, clone / "audio_cache")
        cache = find_cache(clone / "scripts" / "x.yaml")
        assert cache.root == clone / "audio_cache"
        cache.save(KEY, SOUND)
        assert cache.notes() == []
        assert cache.clear()[0] == 1
        assert take_inventory(cache.root).others == []

    def test_any_number_of_processes_may_start_one(
        self, tmp_path: Path, in_parallel: Callable[..., None]
    ) -> None:
        in_parallel(
            """
            import sys
            from pathlib import Path
            from coach.speech import ClipCache
            from coach.speech.clip import Recording
            cache = ClipCache(Path(sys.argv[1]))
            for number in range(20):
                cache.save(f"{number:02x}" * 20, Recording(b"ab" * 450, 1, -19.0, -2.0))
            assert cache.failure is None, cache.failure
            """,
            tmp_path / "new",
        )
        assert len(ClipCache(tmp_path / "new").clips()) == 20


def test_stats_count_only_what_is_coachs(coach: Command, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    ClipCache(root).save(KEY, SOUND)
    fill(root)
    row = json.loads(coach("cache", "stats", "--json", COACH_CACHE=str(root)).stdout)
    assert (row["clips"], row["exports"]) == (1, 0)
    assert row["bytes"] == ClipCache(root).path(KEY).stat().st_size
