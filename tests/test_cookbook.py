"""The cookbook: each of its scripts is right as it stands, and its work takes the time beside its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coach import script
from coach.app.amounts import explain_added
from coach.timeline import compile_routine
from coach.units import RATE
from tests.strategies import PacedSpeech

PAGE = (Path(__file__).parents[1] / "docs" / "cookbook.md").read_text(encoding="utf-8")
PROGRAMMES = re.findall(
    r"^### ([^\n]+) \((\d+):(\d\d)\)\n\n```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE
)


def test_every_programme_of_the_page_has_its_time() -> None:
    assert len(PROGRAMMES) == PAGE.count("```yaml") == PAGE.count("\n### ") == 36


@pytest.mark.parametrize(
    ("name", "minutes", "seconds", "text"), PROGRAMMES, ids=[each[0] for each in PROGRAMMES]
)
def test_its_work_takes_the_time_that_is_told(
    tmp_path: Path, name: str, minutes: str, seconds: str, text: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    timeline = compile_routine(script.load(path), PacedSpeech(0.3))
    assert timeline.title == name
    assert not timeline.warnings
    assert not explain_added(timeline.added)
    first, last = (timeline.sets[0].start, timeline.sets[-1].end) if timeline.sets else (0, timeline.length)
    assert last - first == (60 * int(minutes) + int(seconds)) * RATE
