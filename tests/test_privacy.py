"""What Coach keeps of a person is theirs alone: files of 0600 in folders of 0700, old ones too."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach.atomic import replace_file
from coach.history import History, Outcome, database
from coach.log_file import LogFile
from coach.schedule import runs
from coach.speech import ClipCache, find_cache
from coach.speech.clip import Recording
from coach.speech.inventory import note_made
from coach.trust import shut_out_others
from coach.user_folders import cache_folder, data_folder, state_folder
from tests.command import SHORT, Command, coach

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["coach"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
SOUND = Recording(b"ab" * 450, 1, -19.0, -2.0)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.delenv("COACH_CACHE", raising=False)
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """Return the mode of a folder and of all that is in it."""
    every = [folder, *folder.rglob("*")]
    return {str(path.relative_to(folder.parent)): stat.S_IMODE(path.stat().st_mode) for path in every}


def wide(folder: Path) -> list[str]:
    """Return what others could look into."""
    return [name for name, mode in modes(folder).items() if mode & 0o077]


def widen(folder: Path) -> None:
    """Give all the modes that a usual umask would have given it."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def play_once() -> None:
    """Log a session."""
    with History() as history:
        record = history.begin(
            title="Hips", script="/hips.yaml", language="en", voice="x", level=None, schedule=None,
            options={}, length=60.0, tell=print,
        )  # fmt: skip
        record.end(Outcome.COMPLETED, 60.0)
        record.close()


def test_the_log_of_sessions_is_private_from_the_start_and_once_it_was_wider() -> None:
    play_once()
    assert not wide(data_folder())
    widen(data_folder())
    play_once()
    assert not wide(data_folder())
    widen(data_folder())
    with History() as history:
        assert len(history.sessions()) == 2
    assert not wide(data_folder())
    assert database().exists()


def test_a_log_that_lies_elsewhere_changes_nothing_but_itself(tmp_path: Path) -> None:
    elsewhere = tmp_path / "shared"
    elsewhere.mkdir(mode=0o755)
    with History(elsewhere / "history.db") as history:
        assert history.sessions() == []
        history.begin(
            title="Hips", script="/hips.yaml", language="en", voice="x", level=None, schedule=None,
            options={}, length=60.0, tell=print,
        ).close()  # fmt: skip
    assert wide(elsewhere) == ["shared"]


def test_the_log_of_runs_is_private_whenever_it_began() -> None:
    runs.log_run("hips", "completed")
    assert not wide(state_folder())
    widen(state_folder())
    for each in ("schedule.log.1", "schedule.log.3"):
        (state_folder() / each).write_text("2025-03-01T07:00:00+00:00 hips: completed\n")
    runs.log_run("hips", "completed")
    assert [name for name in wide(state_folder()) if not name.endswith(".lock")] == []
    assert len(runs.read_runs(9)) == 4


def test_a_log_that_is_full_goes_on_in_a_private_file(tmp_path: Path) -> None:
    import logging

    log = LogFile(tmp_path / "a" / "b.log", most_bytes=100, old_files=2)
    for _ in range(9):
        log.emit(logging.makeLogRecord({"msg": "x" * 40}))
    log.close()
    assert sorted(modes(tmp_path / "a")) == ["a", "a/b.log", "a/b.log.1", "a/b.log.2"]
    assert not wide(tmp_path / "a")


def test_the_cache_is_private_wherever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for root in (None, tmp_path / "named"):
        if root:
            monkeypatch.setenv("COACH_CACHE", str(root))
        cache = find_cache(None)
        cache.save("ab" * 20, SOUND)
        track = cache.make_tracks() / "hips.mp3"
        with replace_file(track, 1, private=True) as file:
            file.write(b"x")
        cache.note_made([track])
        assert cache.failure is None
        assert not wide(root or cache_folder())


def test_a_cache_that_was_wider_is_closed_once(tmp_path: Path) -> None:
    root = tmp_path / "clips"
    ClipCache(root).save("ab" * 20, SOUND)
    tracks = ClipCache(root).make_tracks()
    (tracks / "hips.mp3").write_bytes(b"x")
    note_made(root, [tracks / "hips.mp3"])
    (tracks / "song.mp3").write_bytes(b"a song of somebody else's")
    widen(root)
    cache = ClipCache(root)
    cache.save("cd" * 20, SOUND)
    assert cache.load("ab" * 20) == SOUND
    assert wide(root) == ["clips/tracks/song.mp3"]  # behind a closed folder
    assert not root.stat().st_mode & 0o077
    (root / "ab").chmod(0o755)  # what a person opens later stays open
    ClipCache(root).save("ef" * 20, SOUND)
    assert "clips/ab" in wide(root)


def test_what_is_no_file_of_this_users_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "real").touch(mode=0o644)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("link", "nothing"):
        shut_out_others(tmp_path / name)
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o644
    shut_out_others(tmp_path / "real")
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o600


def test_tracks_for_a_phone_are_private_and_those_in_a_named_folder_follow_the_umask(
    coach: Command, tmp_path: Path
) -> None:
    coach.write(SHORT)
    coach.environment["COACH_CACHE"] = str(tmp_path / "clips")
    (tmp_path / "phone").mkdir()
    done = coach("export", "short.yaml", "--album", "--captions", "--to", tmp_path / "phone")
    assert done.returncode == 0, done.stderr
    done = coach("export", "short.yaml", "-o", "mine.mp3")
    assert done.returncode == 0, done.stderr
    assert not wide(tmp_path / "clips")
    assert len(modes(tmp_path / "clips" / "tracks")) > 3
    assert stat.S_IMODE((coach.folder / "mine.mp3").stat().st_mode) == 0o644
    copied = list((tmp_path / "phone").rglob("*.mp3"))
    assert copied
    assert {stat.S_IMODE(path.stat().st_mode) for path in copied} == {0o644}
