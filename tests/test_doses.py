"""Doses that change: from round to round, from set to set, from rep to rep."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach import script
from coach.errors import ScriptError
from coach.routine import Exercise, Ladder, Tempo
from coach.timeline import compile_routine
from coach.units import RATE
from tests.strategies import PacedSpeech
from tests.test_joints import gaps
from tests.test_timeline import read

if TYPE_CHECKING:
    from coach.timeline import Timeline

PROGRAMMES = Path(__file__).parent / "programmes"


def heard(name: str, *, language: str | None = None) -> Timeline:
    """The timeline of one of the programmes."""
    return compile_routine(script.load(PROGRAMMES / f"{name}.yaml", language=language), PacedSpeech())


def compiled(tmp_path: Path, steps: str) -> Timeline:
    return compile_routine(read(tmp_path, f"steps:\n{steps}"), PacedSpeech())


def doses(timeline: Timeline) -> list[tuple[str, int | None]]:
    return [(work.name, work.reps) for work in timeline.sets]


def said(timeline: Timeline, *kinds: str) -> list[str]:
    return [cue.text for cue in timeline.cues if cue.kind in kinds]


def problems(tmp_path: Path, steps: str) -> list[str]:
    with pytest.raises(ScriptError) as caught:
        read(tmp_path, f"steps:\n{steps}")
    return [
        f"{problem.location.line}:{problem.location.column}: {problem.message}"
        for problem in caught.value.problems
    ]


# Rounds that differ


def test_a_name_stands_for_another_value_in_each_round() -> None:
    timeline = heard("fran")
    assert doses(timeline) == [
        ("Thruster", 21), ("Pull-up", 21), ("Thruster", 15), ("Pull-up", 15), ("Thruster", 9), ("Pull-up", 9),
    ]  # fmt: skip
    assert said(timeline, "announce")[:3] == [
        "Round one of three.",
        "Thruster. Twenty-one reps.",
        "Pull-up. Twenty-one reps.",
    ]


def test_intervals_shrink_to_the_sample() -> None:
    timeline = heard("shrinking")
    begin = timeline.sets[0].start
    assert [(work.start - begin) / RATE for work in timeline.sets] == [0, 60, 100, 135, 165, 190, 210]
    assert timeline.sets[-1].end - begin == 270 * RATE


def test_a_text_in_a_round_names_the_round() -> None:
    timeline = heard("pace")
    marks = [cue for cue in timeline.cues if cue.kind == "say"]
    assert [cue.text for cue in marks] == [f"{number} hundred." for number in range(1, 26)]
    assert {after.start - before.start for before, after in pairwise(marks)} == {17 * RATE}


def test_names_stand_in_every_field_and_text(tmp_path: Path) -> None:
    routine = read(tmp_path, """
steps:
  - repeat: {n: [2, 3], leg: [left leg, right leg], by: ["1", "0.5"]}
    rest: 20
    steps:
      - say: Round {round}, {leg}, {{n}} {n}.
      - exercise: Step with the {leg}
        reps: "{n}-1{n}"
        tempo: {up: "{by}", down: {by}}
        sides: [{leg}]
        reminders: ["{n} times, round {round} of {rounds}."]
""")  # fmt: skip
    ladder = routine.steps[0]
    assert isinstance(ladder, Ladder)
    first, second = (body[1] for body in ladder.bodies)
    assert isinstance(first, Exercise)
    assert isinstance(second, Exercise)
    assert (first.name, first.sides) == ("Step with the left leg", ("left leg",))
    assert isinstance(second.dose, Tempo)
    assert [str(phase.seconds) for phase in second.dose.phases] == ["1/2", "1/2"]
    assert (second.dose.reps.low, second.dose.reps.high) == (3, 13)
    timeline = compile_routine(routine, PacedSpeech())
    assert said(timeline, "say") == ["Round 1, left leg, {n} 2.", "Round 2, right leg, {n} 3."]


@pytest.mark.parametrize(("values", "reps"), [("1-4", [1, 2, 3, 4]), ("3-1", [3, 2, 1]), ("[7]", [7])])
def test_a_range_gives_a_round_for_each_number(tmp_path: Path, values: str, reps: list[int]) -> None:
    steps = f"  - repeat: {{n: {values}}}\n    steps: [{{exercise: A, reps: {{n}}, tempo: {{up: 1}}}}]\n"
    assert [count for _, count in doses(compiled(tmp_path, steps))] == reps


def test_ladders_lie_within_each_other(tmp_path: Path) -> None:
    steps = """
  - repeat: {n: 1-2}
    steps:
      - repeat: {m: [5, 6]}
        steps: [{exercise: "A {n}", reps: {m}, tempo: {up: 1}}]
"""
    assert doses(compiled(tmp_path, steps)) == [("A 1", 5), ("A 1", 6), ("A 2", 5), ("A 2", 6)]


def test_the_rest_lies_between_rounds_that_differ(tmp_path: Path) -> None:
    steps = "  - repeat: {n: [20, 10]}\n    rest: 40\n    steps: [{exercise: A, for: {n}}]\n"
    assert gaps(compiled(tmp_path, steps)) == [40]


@pytest.mark.parametrize(
    ("repeat", "problem"),
    [
        ("{n: [1, 2], m: [1, 2, 3]}", "3:13: must have as many values for each name ('n' has 2, 'm' has 3)"),
        ("{n: 5}", "3:17: must be a list such as [21, 15, 9], or a range such as 1-5 (got '5')"),
        ("{n: []}", "3:17: must be a list of 1 to 1000 values, or a range such as 1-5 (got an empty list)"),
        ("{n: 1-5000}", "3:17: must be a range of at most 1000 (got '1-5000')"),
        ("{side: [1, 2]}", "3:14: 'side' already has a meaning in texts; choose another name"),
        ('{n: ["{m}"]}', "3:18: must be a text without braces (got '{m}')"),
    ],
)  # fmt: skip
def test_names_that_cannot_be_are_problems(tmp_path: Path, repeat: str, problem: str) -> None:
    assert problems(tmp_path, f"  - repeat: {repeat}\n    steps: [say: Hello]\n") == [problem]


def test_a_value_that_does_not_fit_its_field_is_a_problem_where_it_stands(tmp_path: Path) -> None:
    steps = "  - repeat: {n: [3, 0]}\n    steps:\n      - {exercise: A, reps: {n}, tempo: {up: 1}}\n"
    assert problems(tmp_path, steps) == [
        "5:29: must be a whole number from 1 to 10000, or a range such as 10-15 (got '0')"
    ]


def test_a_name_has_one_meaning(tmp_path: Path) -> None:
    steps = "  - repeat: {n: [3]}\n    steps:\n      - repeat: {n: [4]}\n        steps: [say: Hello]\n"
    assert problems(tmp_path, steps) == ["5:17: 'n' is a name of a repeat around this; choose another"]


def test_rounds_are_only_named_in_rounds(tmp_path: Path) -> None:
    assert problems(tmp_path, "  - say: Round {round}.\n") == ["3:10: {round} can't be used here"]


def test_a_bomb_of_rounds_ends_soon(tmp_path: Path) -> None:
    steps, indent = "", "  "
    for name in "abcdef":
        steps += f"{indent}- repeat: {{{name}: 1-1000}}\n{indent}  steps:\n"
        indent += "    "
    assert problems(tmp_path, f"{steps}{indent}- say: Hello\n")[0].endswith(
        "its rounds come to more than 50000 values"
    )
