"""Commands that are killed at random moments leave nothing behind that hinders the next one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chaos import run_chaos
from tests.crontab import Person, person, somebody

__all__ = ["person", "somebody"]


@pytest.mark.realtime
@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's list of processes")
def test_thirty_kills_leave_nothing_that_hinders(person: Person, tmp_path: Path) -> None:
    assert run_chaos(30, 1, tmp_path, person, print) == []
