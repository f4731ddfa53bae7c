"""Locks between processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from coach.lock import LockedError, holding, is_held

HOLDER = """
import sys
from pathlib import Path
from coach.lock import holding
with holding(Path(sys.argv[1]), note="the holder"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_another_process_waits_and_is_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        assert is_held(path)
        with pytest.raises(LockedError) as told, holding(path, patience=0.1):
            pass
        assert told.value.note == "the holder"
        holder.kill()  # it can't clean up, and its lock is gone all the same
        holder.wait()
        with holding(path, patience=10):
            assert is_held(path)
    assert not is_held(path)


def test_it_is_free_again_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with pytest.raises(ZeroDivisionError), holding(path):
        raise ZeroDivisionError
    with holding(path):
        pass
    assert not is_held(tmp_path / "none.lock")
