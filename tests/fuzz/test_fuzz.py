"""A few seconds of fuzzing; CONTRIBUTING.md says how to do it for longer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")


@pytest.mark.parametrize(("name", "inputs"), [("reader", 150), ("crontab", 1000), ("cache", 400)])
def test_no_changed_input_breaks_a_reader(name: str, inputs: int, tmp_path: Path) -> None:
    from tests.fuzz.fuzz import fuzz

    assert fuzz(name, inputs, 1, tmp_path) == {}


FOUND = {
    "a hint with an invisible character": ("reader", "{}\u200b:".encode()),
}
"""The smallest inputs that have broken a reader."""


@pytest.mark.parametrize("what", FOUND)
def test_what_broke_a_reader_once(what: str, tmp_path: Path) -> None:
    from tests.fuzz.fuzz import find_fault
    from tests.fuzz.targets import TARGETS

    name, data = FOUND[what]
    assert find_fault(TARGETS[name], data, tmp_path) is None
