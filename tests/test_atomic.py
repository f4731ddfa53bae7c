"""A file is whole or not there, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coach import atomic
from coach.atomic import replace_file
from coach.errors import AudioError
from coach.lock import try_lock

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals, limits and permissions")

WRITER = """
import sys, time
from pathlib import Path
from coach.atomic import replace_file
with replace_file(Path(sys.argv[1]), 0) as file:
    file.write(b"new")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


def start_writer(target: Path) -> subprocess.Popen[str]:
    """Return a process that has begun to write a target, and ends when its stdin does."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def put(target: Path, content: bytes) -> None:
    with replace_file(target, len(content)) as file:
        file.write(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_and_a_replaced_one(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        put(tmp_path / "a.bin", content)
        assert (tmp_path / "a.bin").read_bytes() == content
    assert names(tmp_path) == ["a.bin"]


@posix
def test_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        put(tmp_path / "a.bin", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == 0o640


@posix
def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a.bin")
    put(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a.bin").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["n" * 250 + ".mp3", "\N{WEIGHT LIFTER}" * 60 + ".mp3"])
def test_the_longest_names_work(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, b"x")
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interruption_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, stop: type[BaseException]
) -> None:
    put(tmp_path / "a.bin", b"old")
    with pytest.raises(stop), replace_file(tmp_path / "a.bin", 0) as file:  # noqa: PT012 - it stops halfway
        file.write(b"new")
        raise stop
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "disk full while writing {}: it needs about 3 MB; free some space or write elsewhere"),
        (errno.EROFS, "cannot write {}: Read-only file system; write to a folder of your own"),
        (errno.EIO, "cannot write {}: Input/output error"),
    ],
)
def test_a_failing_disk_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    put(tmp_path / "a.bin", b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AudioError) as caught, replace_file(tmp_path / "a.bin", 3_000_000) as file:
        file.write(b"new")
    assert str(caught.value) == said.format(tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


@posix
def test_a_real_limit_on_the_size_of_files(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from coach.errors import AudioError
from coach.atomic import replace_file
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    with replace_file(Path(sys.argv[1]), 100_000) as file:
        for _ in range(100):
            file.write(bytes(1000))
except AudioError as error:
    print(error)
"""
    target = tmp_path / "a.bin"
    done = subprocess.run(
        [sys.executable, "-c", code, target], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.startswith(f"{target} is larger than its file system or your limits allow")
    assert done.stderr == ""
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_really_full_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(part: Path, flags: int, mode: int = 0o666) -> int:
        os.close(os_open(part, flags, mode))
        return os_open("/dev/full", os.O_RDWR)

    os_open = os.open
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(AudioError, match="disk full while writing"):
        put(tmp_path / "a.bin", bytes(100_000))
    assert names(tmp_path) == []


def test_what_the_caller_fails_to_read_is_not_blamed_on_the_target(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replace_file(tmp_path / "a.bin", 0):
        (tmp_path / "clip").read_bytes()
    assert names(tmp_path) == []


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="is a folder: name a file in it"):
        put(tmp_path, b"")
    with pytest.raises(AudioError, match=r"cannot write a\.bin: there is no folder .*none; make it first"):
        put(tmp_path / "none" / "a.bin", b"")
    with pytest.raises(AudioError, match="File name too long"):
        put(tmp_path / ("n" * 300), b"")


@posix
def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.bin").symlink_to("/dev/null")
    with pytest.raises(AudioError, match="/dev/null is not a regular file"):
        put(tmp_path / "a.bin", b"")


@posix
def test_a_folder_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object) -> int:  # root, as in a container, may write anywhere
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    monkeypatch.setattr(os, "open", deny)
    with pytest.raises(AudioError, match="Permission denied; write to a folder of your own"):
        put(tmp_path / "a.bin", b"")


@posix
def test_a_killed_writer_leaves_the_old_file_and_the_next_sweeps(tmp_path: Path) -> None:
    put(tmp_path / "a.bin", b"old")
    writer = start_writer(tmp_path / "a.bin")
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    left = [name for name in names(tmp_path) if name != "a.bin"]
    assert len(left) == 1
    assert left[0].startswith(f".a.bin.{writer.pid}-")
    assert left[0].endswith(".coach-part")
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    put(tmp_path / "b.bin", b"other")
    assert names(tmp_path) == ["a.bin", "b.bin"]


def test_two_at_once_both_succeed_and_the_last_wins(tmp_path: Path) -> None:
    first, second = start_writer(tmp_path / "a.bin"), start_writer(tmp_path / "a.bin")
    put(tmp_path / "a.bin", b"third")  # sweeps while both are writing
    assert len(names(tmp_path)) == 3
    for writer in (first, second):
        writer.communicate()
        assert writer.returncode == 0
        assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


@posix
def test_a_sweeper_that_comes_before_the_lock_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = iter([False, True])
    real = try_lock

    def lock(number: int) -> bool | None:
        return real(number) if next(locks) else False

    monkeypatch.setattr(atomic, "try_lock", lock)
    put(tmp_path / "a.bin", b"x")
    assert names(tmp_path) == ["a.bin"]


def test_without_locks_age_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "try_lock", lambda _: None)
    old, new = tmp_path / ".o.1-aa.coach-part", tmp_path / ".n.1-aa.coach-part"
    for part in (old, new):
        part.touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    put(tmp_path / "a.bin", b"x")
    assert names(tmp_path) == [new.name, "a.bin"]


def test_other_files_are_never_swept(tmp_path: Path) -> None:
    for name in (".hidden", "x.coach-part", ".a.bin.part"):
        (tmp_path / name).touch()
    (tmp_path / ".folder.coach-part").mkdir()
    put(tmp_path / "a.bin", b"x")
    assert len(names(tmp_path)) == 5


def test_an_interrupt_right_after_the_file_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(number: int) -> bool:
        os.close(number)
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic, "try_lock", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(tmp_path / "a.bin", b"")
    assert names(tmp_path) == []
