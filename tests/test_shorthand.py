"""What people write on paper is read as they mean it, or a problem says how to write it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from coach import script
from coach.errors import ScriptError
from coach.routine import Exercise, Phase, Range
from coach.script.shorthand import split_sides

if TYPE_CHECKING:
    from pathlib import Path

BOTH = ("left", "right")


def exercise(folder: Path, *lines: str) -> Exercise:
    """Return the exercise of a script that consists of these keys."""
    path = folder / "x.yaml"
    keys = "\n    ".join(lines)
    path.write_text(f"title: X\nsteps:\n  - exercise: Bridge\n    {keys}\n", encoding="utf-8")
    (step,) = script.load(path).steps
    assert isinstance(step, Exercise)
    return step


def problem(folder: Path, text: str) -> str:
    """Return the last problem of a script, without its place."""
    path = folder / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScriptError) as error:
        script.load(path)
    return error.value.problems[-1].message


@pytest.mark.parametrize(
    ("written", "sides"),
    [
        ("left and right", BOTH),
        ("right then left", BOTH[::-1]),
        ("left, right", BOTH),
        ("both sides", BOTH),
        ("Both", BOTH),
        ("each", BOTH),
        ("each leg", BOTH),
        ("L/R", BOTH),
        ("r / l", BOTH[::-1]),
        ("links und rechts", BOTH),
        ("Rechts & Links", BOTH[::-1]),
        ("beide Seiten", BOTH),
        ("je Seite", BOTH),
        ("izquierda y derecha", BOTH),
        ("ambos lados", BOTH),
        ("cada lado", BOTH),
        ("gauche et droite", BOTH),
        ("chaque côté", BOTH),
        ("front and back", ("front", "back")),
        ("left", ("left",)),
        ("left and left", ("left and left",)),
        ("Anderson grip", ("Anderson grip",)),
    ],
)
def test_sides_in_words(written: str, sides: tuple[str, ...]) -> None:
    assert split_sides(written) == sides


def test_sides_in_words_are_done_one_after_the_other(tmp_path: Path) -> None:
    assert exercise(tmp_path, "reps: 10", "tempo: 3010", "sides: left and right").sides == BOTH
    assert exercise(tmp_path, "reps: 10", "tempo: 3010", "sides: [left and right]").sides == (
        "left and right",
    )


@pytest.mark.parametrize("written", ["alternating", "Abwechselnd", "en alternance"])
def test_alternating_sides_may_mean_two_things(tmp_path: Path, written: str) -> None:
    text = f"title: X\nsteps:\n  - exercise: Lunge\n    reps: 10\n    sides: {written}\n"
    assert problem(tmp_path, text) == (
        "must name the sides; write 'sides: [left, right]', and below it 'alternate: reps' (the side changes"
        " with each rep) or 'alternate: sets'"
    )


def test_a_list_of_doses_needs_no_brackets(tmp_path: Path) -> None:
    assert exercise(tmp_path, "reps: 12, 10, 8", "tempo: 3010") == exercise(
        tmp_path, "reps: [12, 10, 8]", "tempo: 3010"
    )
    assert exercise(tmp_path, "hold: 30, 20") == exercise(tmp_path, "hold: [30, 20]")


def test_a_comma_that_may_be_a_decimal_one_is_asked_about(tmp_path: Path) -> None:
    told = problem(tmp_path, "title: X\nsteps:\n  - exercise: Plank\n    hold: 2,5\n")
    assert told == "must be 2.5, or [2, 5] for two sets (got '2,5')"


@pytest.mark.parametrize(
    ("written", "sets", "reps"), [("3x10", 3, 10), ("2 X 8", 2, 8), ("4 \u00d7 12", 4, 12)]
)
def test_sets_and_reps_in_one(tmp_path: Path, written: str, sets: int, reps: int) -> None:
    made = exercise(tmp_path, f"reps: {written}", "tempo: 3010")
    assert made == exercise(tmp_path, f"reps: {reps}", "tempo: 3010", f"sets: {sets}")
    assert made.sets == sets


def test_sets_and_times_in_one(tmp_path: Path) -> None:
    assert exercise(tmp_path, "for: 3x30s") == exercise(tmp_path, "for: 30s", "sets: 3")
    assert exercise(tmp_path, "hold: 5 x 10 s") == exercise(tmp_path, "hold: 10 s", "sets: 5")


def test_sets_are_not_written_twice(tmp_path: Path) -> None:
    text = "title: X\nsteps:\n  - exercise: Bridge\n    reps: 3x10\n    sets: 2\n    tempo: 3010\n"
    assert "(got '3x10')" in problem(tmp_path, text)


@pytest.mark.parametrize(
    ("step", "right"),
    [
        ("Bridge: 3x10", "an exercise is 'exercise: Bridge' with 'reps: 3x10' on a line below"),
        ("Plank: 30s", "an exercise is 'exercise: Plank' with 'for: 30s' on a line below"),
        ("Plank: 3 x 1:30", "an exercise is 'exercise: Plank' with 'for: 3 x 1:30' on a line below"),
        (
            "Lunges: 10 each side",
            "an exercise is 'exercise: Lunges' with 'reps: 10 each side' on a line below",
        ),
    ],
)
def test_a_line_of_a_sheet_is_told_how_to_be_a_step(tmp_path: Path, step: str, right: str) -> None:
    assert problem(tmp_path, f"title: X\nsteps:\n  - {step}\n").endswith(right)


@pytest.mark.parametrize("written", ["2/0/2/0", "2-0-2-0", "2-2", "2/2"])
def test_forms_of_a_tempo(tmp_path: Path, written: str) -> None:
    assert exercise(tmp_path, "reps: 5", f"tempo: {written}") == exercise(tmp_path, "reps: 5", "tempo: 2020")


def test_two_numbers_that_differ_may_mean_two_things(tmp_path: Path) -> None:
    text = "title: X\nsteps:\n  - exercise: Bridge\n    reps: 5\n    tempo: 1-3\n"
    assert problem(tmp_path, text) == (
        "must tell which number is which: {up: 1, down: 3} or {down: 1, up: 3} (got '1-3')"
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [("duration", "for"), ("Time", "for"), ("weight", "load"), ("gewicht", "load"), ("series", "sets"),
     ("répétitions", "reps"), ("cues", "reminders"), ("side", "sides")],
)  # fmt: skip
def test_keys_are_found_by_what_they_mean(tmp_path: Path, written: str, meant: str) -> None:
    text = f"title: X\nsteps:\n  - exercise: Bridge\n    {written}: 30\n"
    assert problem(tmp_path, text) == f"unknown key '{written}'; did you mean '{meant}'?"


def test_a_key_like_no_other_names_the_nearest_three(tmp_path: Path) -> None:
    text = "title: X\nsteps:\n  - exercise: Bridge\n    qqq: 30\n"
    told = problem(tmp_path, text)
    assert told.startswith("unknown key 'qqq'; the nearest that an exercise may have are ")
    assert len(told.partition(" are ")[2].split(", ")) == 3


def test_the_example_of_a_tempo_is_right(tmp_path: Path) -> None:
    made = exercise(tmp_path, "reps: 5", "tempo: 2-2")
    assert made.dose.reps == Range(Fraction(5), Fraction(5))  # type: ignore[union-attr]
    assert made.dose.phases == (Phase("down", Fraction(2)), Phase("up", Fraction(2)))  # type: ignore[union-attr]


def test_a_text_that_a_comment_cuts_short_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "title: Day #1\nsteps:\n  - say: Set #2 now\n  - say: 'Set #3 now'  #fine\n  - rest: 10 #short\n"
        "  - say: Go on  # to the next\n  - say: A#4 on two\n      lines #5\n",
        encoding="utf-8",
    )
    told = [(note.location.line, note.message) for note in script.load(path).notes]
    how = "is a comment; if it belongs to the text, put quotes around both"
    assert told == [(1, f"'#1' {how}"), (3, f"'#2 now' {how}"), (7, f"'#5' {how}")]


@pytest.mark.parametrize(
    "name",
    ["Reverse clamshell", "reverse-clamshell", "REVERSE CLAMSHELL", "umgekehrte_muschel", "Almeja inversa",
     "coquillage_inverse", "Coquillage inversé"],
)  # fmt: skip
def test_an_exercise_is_used_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"title: X\nsteps:\n  - use: {name}\n", encoding="utf-8")
    (step,) = script.load(path).steps
    assert isinstance(step, Exercise)
    assert step.name == "Reverse clamshell"


def test_an_exercise_of_ones_own_comes_first(tmp_path: Path) -> None:
    text = "title: X\nexercises:\n  b1: {exercise: Bridge, hold: 10}\nsteps:\n  - use: bridge\n  - use: B 1\n"
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    shipped, own = script.load(path).steps
    assert isinstance(shipped, Exercise)
    assert isinstance(own, Exercise)
    assert (shipped.dose.reps.high, own.dose.reps.high) == (12, 1)  # type: ignore[union-attr]


def test_an_exercise_that_another_language_has_is_told(tmp_path: Path) -> None:
    told = problem(tmp_path, "title: X\nlanguage: de\nsteps:\n  - use: bridge\n")
    assert told == "no exercise 'bridge' in the library in 'de'; it is there in 'en'"
