"""The page on the script format: its tables are those of the declaration, its examples are read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from coach import script
from coach.script import LEVELS
from coach.script.format import BETWEEN, DEFAULTS, EXERCISE, RECORDING, SCRIPT, STEP_KINDS, VOICE, Key, Record

PAGE = Path(__file__).parents[1] / "docs" / "script-format.md"
TABLES = {"script": SCRIPT, "exercise": EXERCISE, "voice": VOICE, "recording": RECORDING} | {
    kind: record for kind, record in STEP_KINDS.items() if kind not in ("exercise", "use")
}
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def row(key: Key[object]) -> str:
    default = "required" if key.required else key.value.shown(key.default)
    value = key.value.words.replace(", such as 25, 25s, 1m30s or 1:30", "")
    return f"| `{key.name}` | {value} | {default} | {key.meaning} |"


def table(record: Record) -> str:
    head = "| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
    return head + "".join(f"{row(key)}\n" for key in record.keys)


def generated(page: str) -> str:
    """Return the page with the table between each pair of markers made anew."""

    def anew(match: re.Match[str]) -> str:
        return f"{match[1]}\n{table(TABLES[match[2]])}{match[3]}"

    return re.sub(r"(<!-- table: (\w+) -->)\n.*?(<!-- end -->)", anew, page, flags=re.DOTALL)


def test_the_tables_are_those_of_the_declaration() -> None:
    if "COACH_REWRITE_GOLDEN" in os.environ:
        PAGE.write_text(generated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    assert generated(page) == page


def test_every_part_has_its_table() -> None:
    assert sorted(re.findall(r"<!-- table: (\w+) -->", PAGE.read_text(encoding="utf-8"))) == sorted(TABLES)
    assert {*DEFAULTS.keys} - {BETWEEN} < set(EXERCISE.keys)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_is_read(number: int, tmp_path: Path) -> None:
    (tmp_path / "warm_up.yaml").write_text("title: Warm up\nsteps: [say: Hello]\n")
    (tmp_path / "voice").mkdir()
    for name in ("intro.m4a", "ribs.wav"):
        (tmp_path / "voice" / name).touch()
    text = EXAMPLES[number]
    if "title:" not in text:  # steps alone, or keys of the top level
        text = f"title: Example\nsteps:\n{text}" if text.startswith("- ") else f"title: Example\n{text}"
    path = tmp_path / "example.yaml"
    path.write_text(text if "steps:" in text else f"{text}\nsteps: [say: Hello]\n", encoding="utf-8")
    for level in (None, *LEVELS):
        assert script.load(path, level=level).steps
