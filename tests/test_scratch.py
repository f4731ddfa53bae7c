"""Temporary folders: private, and gone in the end, even those of processes that were killed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from coach.scratch import temporary_folder

MAKER = """
import sys
from coach.scratch import temporary_folder
with temporary_folder() as folder:
    (folder / "track.mp3").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("TEMP", str(tmp_path))


def age(folder: Path) -> None:
    os.utime(folder, (time.time() - 3600,) * 2)


def test_it_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), temporary_folder() as folder:  # noqa: PT012 - it stops halfway
        assert folder.parent == tmp_path
        if sys.platform != "win32":
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "a").write_bytes(b"x")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_is_used_stays(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", MAKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        folder = Path(process.stdout.readline().strip())
        age(folder)
        with temporary_folder():
            assert (folder / "track.mp3").exists()
        process.kill()
    with temporary_folder() as other:
        assert list(tmp_path.iterdir()) == [other]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has links for administrators only")
def test_what_coach_did_not_make_stays(tmp_path: Path) -> None:
    (tmp_path / "coach-notes").mkdir()
    (tmp_path / "coach-notes" / "a").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / ".coach-lock").touch()
    (tmp_path / "coach-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "coach-new").mkdir()
    (tmp_path / "coach-new" / ".coach-lock").touch()  # of a process that has not locked it yet
    for name in ("coach-notes", "elsewhere"):
        age(tmp_path / name)
    with temporary_folder():
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "coach-link", "coach-new", "coach-notes", "elsewhere",
    ]  # fmt: skip
