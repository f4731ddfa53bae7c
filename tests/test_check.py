"""What `coach check` looks at, and how often it does the same work."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from coach import script
from coach.app import prepare
from coach.app.check import Findings, check
from coach.app.request import Request
from coach.routine import Level
from coach.timeline import rehearsal
from tests.command import SCRIPTS

GROWING = """\
title: Growing
steps:
  - exercise: Lift
    reps: 3-5
    tempo: {up: 1, down: 1}
    easier: {reps: 2}
    harder: {reps: 6}
"""


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counter[str]:
    """Counts loads of scripts and compilations of routines."""
    monkeypatch.setenv("COACH_CACHE", str(tmp_path / "clips"))
    counted: Counter[str] = Counter()

    def count(room: object, name: str, what: str) -> None:
        function = getattr(room, name)

        def counting(*arguments: object, **options: object) -> object:
            counted[what] += 1
            return function(*arguments, **options)

        monkeypatch.setattr(room, name, counting)

    count(script, "load", "loads")
    count(prepare, "compile_routine", "compilations")
    count(rehearsal, "compile_routine", "compilations")
    return counted


def test_a_new_script_is_compiled_once_more_with_what_was_spoken(work: Counter[str], tmp_path: Path) -> None:
    path = tmp_path / "growing.yaml"
    path.write_text(GROWING)
    assert check(Request(path, level=Level.HARDER)) == Findings()
    assert work == {"loads": 1, "compilations": 2}
    assert check(Request(path, level=Level.HARDER)) == Findings()
    assert work == {"loads": 2, "compilations": 3}


def test_each_level_is_loaded_once_and_each_dose_compiled_once(work: Counter[str], tmp_path: Path) -> None:
    path = tmp_path / "growing.yaml"
    path.write_text(GROWING)
    check(Request(path))
    work.clear()
    assert check(Request(path)) == Findings()
    assert work == {"loads": 3, "compilations": 4}  # three levels; the plain one may grow to another dose


def test_a_script_without_variants_is_loaded_and_compiled_once(work: Counter[str]) -> None:
    check(Request(SCRIPTS / "desk_break.yaml"))
    work.clear()
    assert check(Request(SCRIPTS / "desk_break.yaml")) == Findings()
    assert work == {"loads": 1, "compilations": 1}


def test_a_broken_script_is_not_compiled(work: Counter[str], tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(GROWING.replace("reps: 2", "repz: 2"))
    (problem,) = check(Request(path)).problems
    assert problem.message.startswith("unknown key 'repz'")
    assert work == {"loads": 3}
