"""The JSON Schema for editors: valid, and of one mind with the reader about what people write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from coach.script.format import schema

TESTS = Path(__file__).parent
GOOD = [*TESTS.glob("scripts/good/**/*.y*ml"), *TESTS.parent.glob("scripts/*.yaml")]


CLUMSY = {"clumsy.yaml", "yaml_forms.yaml"}  # read all the same; an editor may frown


class Core(yaml.SafeLoader):
    """Reads scalars as YAML 1.2 does: 3010 is a number, `off` and 1:30 are texts."""


Core.yaml_implicit_resolvers = {}

for tag, pattern, first in [
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
]:
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
Core.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))

VALIDATOR = Draft202012Validator(schema())


def loaded(text: str) -> Any:
    return yaml.load(text, Core)


def test_the_schema_is_valid() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    "path", [path for path in GOOD if path.name not in CLUMSY], ids=lambda path: path.stem
)
def test_the_schema_accepts_every_good_script(path: Path) -> None:
    text = path.read_text(encoding="utf-8-sig")
    assert [error.message for error in VALIDATOR.iter_errors(loaded(text))] == []


@pytest.mark.parametrize(
    "step",
    [
        "{}",
        "Hello",
        "{reps: 12, tempo: {up: 1}}",
        "{say: Hello, rest: 10}",
        "{say: ''}",
        "{say: Hello, puase: 3}",
        "{rest: soon}",
        "{rest: 0}",
        "{rest: 1 day}",
        "{rest: '1:60:00:00'}",
        "{repeat: 3}",
        "{repeat: 0, steps: [say: Hello]}",
        "{repeat: 2, steps: []}",
        "{every: 60, steps: [say: Hello]}",
        "{exercise: A, reps: 0, hold: 3}",
        "{exercise: A, reps: some, hold: 3}",
        "{exercise: A, reps: 12, tempo: 3-0-1}",
        "{exercise: A, reps: 12, tempo: {up: soon}}",
        "{exercise: A, hold: 3, count: beat}",
        "{exercise: A, hold: 3, alternate: perhaps}",
        "{exercise: A, hold: 3, easier: {easier: {hold: 3}}}",
        "{exercise: A, hold: 3, breathe: {in: deep}}",
        "{breathing: {inn: 4}, rounds: 2}",
        "{breathing: {in: 4}, rounds: 2, count: reps}",
        "{include: [a]}",
    ],
)
def test_the_schema_rejects_a_mistake_in_a_step(step: str) -> None:
    assert list(VALIDATOR.iter_errors({"title": "A", "steps": [loaded(step)]})) != []


@pytest.mark.parametrize(
    "script",
    [
        "steps: [say: Hello]",
        "title: A",
        "{title: A, steps: []}",
        "{title: A, steps: [say: Hello], setps: 1}",
        "{title: A, steps: [say: Hello], lead_in: 100}",
        "{title: A, steps: [say: Hello], voice: {speed: 2}}",
        "{title: A, steps: [say: Hello], exercises: {a: {colour: blue}}}",
        "[say: Hello]",
    ],
)
def test_the_schema_rejects_a_mistake_at_the_top(script: str) -> None:
    assert list(VALIDATOR.iter_errors(loaded(script))) != []
