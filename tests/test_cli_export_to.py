"""Tracks brought to a phone, a stick, a synced folder: what changed, checked, and nothing else touched."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach.encode.delivery import LIST, deliver
from coach.errors import AudioError
from tests.command import SHORT, Command, coach, one_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["coach"]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    """A folder to bring tracks to."""
    folder = tmp_path / "phone"
    folder.mkdir()
    return folder


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Two tracks and an album of one."""
    folder = tmp_path / "here"
    folder.mkdir()
    found = {}
    for name in ("a.mp3", "b.mp3", "album/01 - a.mp3"):
        path = folder / name.replace("/", " ")
        path.write_bytes(name.encode() * 50_000)
        found[name] = path
    return found


def names(folder: Path) -> list[str]:
    """Return every file below a folder, hidden ones too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def assert_whole(files: dict[str, Path], folder: Path) -> None:
    for name, source in files.items():
        assert (folder / name).read_bytes() == source.read_bytes()
    assert names(folder) == sorted([LIST, *files])


def test_what_a_killed_run_left_half_written_is_removed(files: dict[str, Path], phone: Path) -> None:
    deliver(files, phone)
    for name in (".coach-part", "album/.coach-part"):
        (phone / name).write_bytes(b"half")
    (phone / "other").mkdir()
    (phone / "other" / ".coach-part").write_bytes(b"not in a folder of ours")
    deliver({"a.mp3": files["a.mp3"]}, phone)  # which needs nothing copied
    assert names(phone) == sorted([LIST, *files, "other/.coach-part"])


# Through the command.


def test_only_what_changed_is_copied(coach: Command, phone: Path) -> None:
    coach.write(SHORT, "a.yaml")
    coach.write(SHORT, "b.yaml")
    done = coach("export", "a.yaml", "b.yaml", "--to", phone)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"{phone}: 2 copied, 0 unchanged"
    assert names(phone) == [LIST, "a.mp3", "b.mp3"]
    assert not list(coach.folder.glob("*.mp3"))  # made in the cache
    before = (phone / "a.mp3").stat()
    coach.write(SHORT.replace("Lift", "Kick"), "b.yaml")
    done = coach("export", "a.yaml", "b.yaml", "--to", phone)
    assert done.stdout.splitlines()[-1] == f"{phone}: 1 copied, 1 unchanged"
    after = (phone / "a.mp3").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_track_that_lies_here_is_copied(coach: Command, phone: Path) -> None:
    coach.write(SHORT)
    assert coach("export", "short.yaml", "-o", "mine.mp3", "--captions", "--to", phone).returncode == 0
    assert names(phone) == [LIST, "mine.lrc", "mine.mp3", "mine.vtt"]
    assert (phone / "mine.mp3").read_bytes() == (coach.folder / "mine.mp3").read_bytes()


def test_an_album_follows_its_script(coach: Command, phone: Path) -> None:
    coach.write(SHORT)
    assert coach("export", "short.yaml", "--album", "--to", phone).returncode == 0
    assert {"short/01 - Lift, left.mp3", "short/02 - Lift, right.mp3"} <= set(names(phone))
    (phone / "short" / "mine.mp3").write_bytes(b"somebody's own")
    coach.write(SHORT.replace("[left, right]", "[right]"))
    done = coach("export", "short.yaml", "--album", "--to", phone)
    assert done.returncode == 0, done.stderr
    tracks = [name for name in names(phone) if name.endswith(".mp3")]
    assert tracks == ["short/01 - Lift, right.mp3", "short/mine.mp3"]


def test_a_file_of_somebody_else_is_left_alone(coach: Command, phone: Path) -> None:
    coach.write(SHORT, "a.yaml")
    coach.write(SHORT, "b.yaml")
    (phone / "a.mp3").write_bytes(b"somebody's own")
    done = coach("export", "a.yaml", "b.yaml", "--to", phone)
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1] == f"{phone}: 1 copied, 0 unchanged"
    assert f"coach: {phone}/a.mp3 is not as Coach left it, or not Coach's" in done.stderr
    assert (phone / "a.mp3").read_bytes() == b"somebody's own"


def test_a_folder_that_is_not_there_is_not_made(coach: Command) -> None:
    coach.write(SHORT)
    told = one_error(coach("export", "short.yaml", "--to", "absent"), 3)
    assert told == "coach: there is no folder absent: connect the phone or the stick, or make the folder"
    assert not (coach.folder / "absent").exists()


def test_a_broken_script_keeps_the_rest_from_nothing(coach: Command, phone: Path) -> None:
    coach.write(SHORT, "a.yaml")
    coach.write("title: x\n", "b.yaml")
    done = coach("export", "a.yaml", "b.yaml", "--to", phone)
    assert done.returncode == 1
    assert names(phone) == [LIST, "a.mp3"]


def test_the_cache_knows_the_tracks_that_lie_in_it(coach: Command, phone: Path, tmp_path: Path) -> None:
    coach.write(SHORT)
    coach.environment["COACH_CACHE"] = str(tmp_path / "clips")
    for options in ([], ["--album"]):
        assert coach("export", "short.yaml", "--to", phone, *options).returncode == 0
    assert [name for name in names(tmp_path / "clips") if name.startswith("tracks/")]
    assert coach("cache", "clear", "--yes").returncode == 0
    assert not (tmp_path / "clips" / "tracks").exists()


# Whatever the list says.


def test_what_was_changed_there_is_left_alone(files: dict[str, Path], phone: Path) -> None:
    deliver(files, phone)
    (phone / "a.mp3").write_bytes(b"edited")
    files["a.mp3"].write_bytes(b"new")
    done = deliver(files, phone)
    assert (done.refused, done.copied) == (["a.mp3"], [])
    assert (phone / "a.mp3").read_bytes() == b"edited"


@pytest.mark.parametrize("shape", ["folder", "link"])
def test_what_is_no_file_is_left_alone(
    files: dict[str, Path], phone: Path, tmp_path: Path, shape: str
) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"somebody's own")
    if shape == "folder":
        (phone / "a.mp3").mkdir()
    else:
        (phone / "a.mp3").symlink_to(other)
    assert deliver(files, phone).refused == ["a.mp3"]
    assert other.read_bytes() == b"somebody's own"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 2, "files": {}}',
        '{"version": 1, "files": []}',
        '{"version": 1, "files": {"a.mp3": 3}}',
        '{"version": 1, "files": {"a.mp3": ["x"]}}',
        '{"version": 1, "files": {"../mine.mp3": ["", 0], "album/../../mine.mp3": ["", 0]}}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_damaged_list_costs_nobody_a_file(files: dict[str, Path], phone: Path, text: str) -> None:
    mine = phone.parent / "mine.mp3"
    mine.write_bytes(b"somebody's own")
    deliver(files, phone)
    (phone / LIST).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert deliver(files, phone).unchanged == list(files)  # the bytes are there, so it knows them again
    assert_whole(files, phone)
    files["a.mp3"].write_bytes(b"new")
    assert deliver(files, phone).copied == ["a.mp3"]
    assert mine.read_bytes() == b"somebody's own"


def test_a_list_that_lies_removes_nothing_that_differs(files: dict[str, Path], phone: Path) -> None:
    deliver(files, phone)
    (phone / "album" / "mine.mp3").write_bytes(b"somebody's own")
    content = json.loads((phone / LIST).read_text())
    content["files"]["album/mine.mp3"] = content["files"]["a.mp3"]
    content["files"]["album/.."] = content["files"]["a.mp3"]
    (phone / LIST).write_text(json.dumps(content))
    assert deliver(files, phone).removed == []
    assert (phone / "album" / "mine.mp3").exists()


# Places that know less than a disk.


@pytest.mark.parametrize("what", ["replace", "fsync", "both"])
def test_a_place_that_does_not_rename_or_flush(
    files: dict[str, Path], phone: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    if what != "fsync":
        monkeypatch.setattr(Path, "replace", refuse)
    if what != "replace":
        monkeypatch.setattr(os, "fsync", refuse)
    assert deliver(files, phone).copied == list(files)
    assert_whole(files, phone)
    files["a.mp3"].write_bytes(b"new")
    assert deliver(files, phone).copied == ["a.mp3"]
    assert_whole(files, phone)


def test_a_write_broken_off_where_nothing_is_renamed_is_made_good(
    files: dict[str, Path], phone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver({"a.mp3": files["a.mp3"]}, phone)
    content = json.loads((phone / LIST).read_text())
    content["files"]["a.mp3"] = ["", 250_000]
    (phone / LIST).write_text(json.dumps(content))
    (phone / "a.mp3").write_bytes(b"half")
    assert deliver({"a.mp3": files["a.mp3"]}, phone).copied == ["a.mp3"]
    assert (phone / "a.mp3").read_bytes() == files["a.mp3"].read_bytes()


def test_a_card_that_lies_is_found_out(
    files: dict[str, Path], phone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def damage(number: int) -> None:
        fsync(number)
        os.pwrite(number, b"?", 10)

    monkeypatch.setattr(os, "fsync", damage)
    with pytest.raises(AudioError, match="reads back differently"):
        deliver(files, phone)
    assert names(phone) == []


# Real file systems. They are mounted where the tests run as root on Linux, and have what they need.


def mount(*command: str | Path) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux")
    if not shutil.which(str(command[0])):
        pytest.skip(f"needs {command[0]}")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"cannot {' '.join(map(str, command))}")


@pytest.fixture
def unmounted(phone: Path) -> Iterator[Callable[[], object]]:
    """A function that takes away what is mounted, as who pulls a cable does; it is called at the end, too."""

    def away() -> object:
        return subprocess.run(["umount", "-l", phone], capture_output=True, check=False)

    yield away
    if sys.platform == "linux":
        with suppress(OSError):
            away()


def test_a_full_place_is_one_line(
    files: dict[str, Path], phone: Path, unmounted: Callable[[], object]
) -> None:
    mount("mount", "-t", "tmpfs", "-o", "size=400k", "none", phone)
    with pytest.raises(AudioError, match=r"phone is full: .* needs 0\.\d MB; free some space"):
        deliver(files, phone)
    assert names(phone) == [LIST, "a.mp3"]
    (phone / "a.mp3").unlink()
    del files["a.mp3"]
    del files["album/01 - a.mp3"]
    assert deliver(files, phone).copied == ["b.mp3"]


def test_a_locked_card_is_one_line(coach: Command, phone: Path, unmounted: Callable[[], object]) -> None:
    mount("mount", "-t", "tmpfs", "-o", "ro", "none", phone)
    coach.write(SHORT)
    done = coach("export", "short.yaml", "--to", phone)
    assert done.returncode == 3
    (told,) = done.stderr.splitlines()
    assert told.startswith(f"coach: cannot write {phone}/short.mp3: Read-only file system")


def test_a_cable_that_is_pulled(files: dict[str, Path], phone: Path, unmounted: Callable[[], object]) -> None:
    mount("mount", "-t", "tmpfs", "-o", "size=8m", "none", phone)

    def pull(done: int, _: int) -> None:
        if done:
            unmounted()

    with pytest.raises(AudioError, match=r"phone disappeared while b\.mp3 was being copied; connect it"):
        deliver(files, phone, progress=pull)
    assert names(phone) == []  # nothing lands on the disk below


@pytest.mark.parametrize("kind", ["fat", "exfat"])
def test_sticks(
    files: dict[str, Path], phone: Path, tmp_path: Path, unmounted: Callable[[], object], kind: str
) -> None:
    image = tmp_path / "stick"
    with image.open("wb") as file:
        file.truncate(40 << 20)
    if kind == "fat":
        mount("mkfs.vfat", "-F", "32", image)
        mount("fusefat", "-o", "rw+", image, phone)
    else:
        mount("mkfs.exfat", image)
        loop = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True, check=True)
        mount("mount.exfat-fuse", loop.stdout.strip(), phone)
    deadline = time.monotonic() + 60
    while not phone.is_mount() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert phone.is_mount()
    assert deliver(files, phone).copied == list(files)
    assert_whole(files, phone)
    files["a.mp3"].write_bytes(b"new")
    assert deliver(files, phone).copied == ["a.mp3"]
    assert_whole(files, phone)
    if kind == "exfat":
        unmounted()
        time.sleep(0.5)
        subprocess.run(["losetup", "-d", loop.stdout.strip()], check=False, capture_output=True)
