"""Scripts read into routines: golden files of good ones and of every kind of mistake."""

from __future__ import annotations

import dataclasses
import os
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from coach import script
from coach.borders import printable
from coach.errors import Location, Problem, ScriptError
from coach.routine import Exercise, Hold, Range, Routine, Say, Tempo, Text, Timed
from coach.script import LEVELS, Change
from coach.script.exercises import library
from coach.text_enum import TextEnum

SCRIPTS = Path(__file__).parent / "scripts"
SHIPPED = Path(__file__).parents[1] / "scripts"
GOOD = sorted(path.name for path in (SCRIPTS / "good").glob("*.yaml"))
BAD = sorted(path.name for path in (SCRIPTS / "bad").glob("*.yaml"))
REWRITE = "COACH_REWRITE_GOLDEN" in os.environ


def golden(path: Path, text: str) -> None:
    if REWRITE:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def written(value: object, indent: str = "") -> str:
    """Write a model as lines: what differs from the defaults, places left out."""
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Text):
        return repr(value.words)
    if isinstance(value, Range):
        return f"{value.low}-{value.high}" if value.low < value.high else str(value.low)
    if isinstance(value, tuple):
        parts = [written(each, indent + "  ") for each in value]
        lines = any(dataclasses.is_dataclass(each) and not isinstance(each, Text) for each in value)
        return "".join(f"\n{indent}- {part}" for part in parts) if lines else f"[{', '.join(parts)}]"
    if not dataclasses.is_dataclass(value):
        return repr(str(value) if isinstance(value, TextEnum) else value)
    fields = []
    for field in dataclasses.fields(value):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        inside = getattr(value, field.name)
        if inside != default and field.name != "location":
            fields.append(f"{field.name}: {written(inside, indent)}")
    return f"{type(value).__name__} {'; '.join(fields)}"


def problems(path: str | Path, **options: object) -> list[str]:
    try:
        script.load(path, **options)  # type: ignore[arg-type]
    except ScriptError as error:
        return error.lines()
    return []


@pytest.mark.parametrize("name", GOOD)
def test_a_good_script_becomes_this_routine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SCRIPTS / "good")
    text = ""
    for level in (None, *LEVELS):
        routine = script.load(name, level=level)
        if level is None or level in routine.levels:
            text += f"{written(routine)}\n"
    golden(Path(name).with_suffix(".routine"), text)


@pytest.mark.parametrize("name", BAD)
def test_every_problem_of_a_bad_script_is_reported_at_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SCRIPTS / "bad")
    lines = problems(name)
    assert lines == list(map(printable, lines))
    assert len(lines) > 0
    golden(Path(name).with_suffix(".errors"), "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("level", [None, *LEVELS])
def test_each_level_reports_the_problems_of_every_level(
    level: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SCRIPTS / "bad")
    assert problems("levels.yaml", level=level) == problems("levels.yaml")


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
@pytest.mark.parametrize("level", [None, *LEVELS])
def test_the_shipped_scripts_are_read_at_every_level(path: Path, level: str | None) -> None:
    assert script.load(path, level=level).steps


def test_every_exercise_of_the_shipped_library_is_read_at_every_level(tmp_path: Path) -> None:
    assert library("en")
    for name in library("en"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"title: A\nsteps: [use: {name}]")
        for level in (None, *LEVELS):
            exercise = one(script.load(path, level=level))
            assert exercise.setup
            assert "{" not in exercise.name


def one(routine: Routine) -> Exercise:
    (exercise,) = routine.exercises()
    return exercise


def test_the_reverse_clamshell_is_the_reference_session() -> None:
    exercise = one(script.load(SHIPPED / "reverse_clamshell.yaml"))
    assert isinstance(exercise.dose, Tempo)
    assert exercise.dose.reps == Range(Fraction(10), Fraction(15))
    assert [(phase.name, phase.seconds) for phase in exercise.dose.phases] == [
        ("up", Fraction(1)),
        ("down", Fraction(3)),
    ]
    assert exercise.sides == ("left", "right")
    assert exercise.breathe == (("up", "out"), ("down", "out"))

    easier = one(script.load(SHIPPED / "reverse_clamshell.yaml", level="easier"))
    assert easier.name == "Single-leg windshield wiper"
    assert isinstance(easier.dose, Hold)
    assert (easier.dose.hold, easier.dose.reps) == (
        Range(Fraction(20), Fraction(30)),
        Range(Fraction(10), Fraction(15)),
    )

    harder = one(script.load(SHIPPED / "reverse_clamshell.yaml", level="harder"))
    assert harder.equipment == ("a resistance band",)
    assert harder.dose == exercise.dose


def write(folder: Path, text: str, name: str = "a.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_change_overrides_only_what_an_exercise_has(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
title: A
steps:
  - {exercise: Reps, reps: 10-15, tempo: {up: 1}, sides: [left, right]}
  - {exercise: Holds, reps: 3, hold: 20}
  - {exercise: One hold, hold: 20}
  - {exercise: Time, for: 60}
""",
    )
    change = Change(Range(Fraction(12), Fraction(12)), ("left",), 2, Fraction(45))
    reps, holds, one_hold, time = script.load(path, change=change).exercises()
    assert isinstance(reps.dose, Tempo)
    assert isinstance(holds.dose, Hold)
    assert isinstance(one_hold.dose, Hold)
    assert reps.dose.reps == holds.dose.reps == change.reps
    assert one_hold.dose.reps == Range(Fraction(1), Fraction(1))
    assert time.dose == Timed(Fraction(60))
    assert [each.sides for each in (reps, holds, time)] == [("left",), (), ()]
    assert {each.sets for each in (reps, holds, time)} == {2}
    assert {each.rest for each in (reps, holds, time)} == {45}


def test_a_change_may_make_a_routine_too_long(tmp_path: Path) -> None:
    path = write(tmp_path, "title: A\nsteps: [{exercise: A, reps: 10, hold: 60}]")
    change = Change(reps=Range(Fraction(10_000), Fraction(10_000)))
    (line,) = problems(path, change=change)
    assert line.endswith(":2:9: the routine lasts at least 175.00 hours up to here; the most is 12")


def test_a_text_knows_its_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path, "title: A\nsteps:\n  - use: clamshell\n    setup: [One, Two]\n")
    exercise = one(script.load(path))
    assert exercise.location == Location(str(path), 3, 5)
    assert [text.location for text in exercise.setup] == [
        Location(str(path), 4, 13),
        Location(str(path), 4, 18),
    ]
    assert exercise.reminders[0].location.path == "en.yaml"


@pytest.mark.parametrize("name", ["xx", "../../en", "EN", "en-GB", "en_US"])
def test_a_language_is_one_that_coach_speaks(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "title: A\nsteps: [use: clamshell]")
    if name.lower().startswith("en"):
        assert script.load(path, language=name).language == "en"
    else:
        assert [line.rpartition(": must be")[0] for line in problems(path, language=name)] == [f"{path}:1:1"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.yaml") == [f"{tmp_path}/none.yaml:1:1: no such file"]
    assert problems(tmp_path) == [f"{tmp_path}:1:1: is a directory; a script is a YAML file"]
    assert problems(tmp_path / "a\0b.yaml") != []
    assert problems(tmp_path / ("a" * 5000)) != []
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    assert problems(loop) != []
    assert (
        problems(write(tmp_path, "title: A\nsteps: [include: loop.yaml, include: " + "b" * 900 + "]")) != []
    )


def test_utf_16_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("title: A".encode("utf-16"))
    assert problems(path) == [f"{path}:1:1: must be UTF-8 text (byte 0xff is not); save the file as UTF-8"]


def test_a_byte_behind_a_bom_is_named_with_its_column(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: \xf0\x9f\x8f\x8b\xff\n")
    assert problems(path) == [f"{path}:1:5: must be UTF-8 text (byte 0xff is not); save the file as UTF-8"]


@pytest.mark.parametrize("loader", ["with libyaml", "in Python"])
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('"Up" then "down"', """starts with a quote needs quotes around all of it: '"Up" then "down"'"""),
        ("{a} first  # now", 'starts with { needs quotes around all of it: "{a} first"'),
        ("[a] 'b' \"c\"", """starts with [ needs quotes around all of it: '[a] ''b'' "c"'"""),
        ("'Don't'", 'an apostrophe needs double quotes around it: "Don\'t"'),
        (f"'Up' {'a' * 60}", "starts with a quote needs quotes around all of it"),
    ],
)
def test_a_text_half_in_quotes_is_told_the_right_ones(
    value: str, told: str, loader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if loader == "in Python":
        monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    path = write(tmp_path, f"title: A\nsteps:\n  - say: {value}\n  - say: Go\n")
    (line,) = problems(path)
    assert line.startswith(f"{path}:3:10: not YAML: a text ")
    assert line.endswith(told)
    if ": " in told:  # what is told is right
        text = value.split("  #", maxsplit=1)[0]
        right = write(tmp_path, f"title: A\nvars: {{a: left}}\nsteps:\n  - say: {told.split(': ', 1)[1]}\n")
        (say,) = script.load(right).steps
        assert isinstance(say, Say)
        assert say.text.words == (text[1:-1] if text == "'Don't'" else text.replace("{a}", "left"))


def test_a_file_included_twice_is_read_once_and_done_twice(tmp_path: Path) -> None:
    write(tmp_path, "title: B\nsteps: [say: Hello]", "b.yaml")
    path = write(tmp_path, "title: A\nsteps: [include: b.yaml, include: ./b.yaml]")
    assert len(script.load(path).steps) == 2


def test_problems_are_capped_in_the_report_only(tmp_path: Path) -> None:
    path = write(tmp_path, "title: A\nsteps:\n" + "  - rest: soon\n" * 30)
    with pytest.raises(ScriptError) as caught:
        script.load(path)
    assert len(caught.value.problems) == 30
    assert isinstance(caught.value.problems[0], Problem)
    assert caught.value.lines()[-1] == "and 10 more problems"


def test_a_routine_tells_its_longest_step_without_expanding_it(tmp_path: Path) -> None:
    path = write(tmp_path, "title: A\nsteps: [{repeat: 100000, steps: [{exercise: A, for: 12h}]}]")
    assert problems(path) == [
        f"{path}:2:9: the routine lasts at least 1,000,000.00 hours up to here; the most is 12"
    ]


def test_chosen_sides_are_those_that_an_exercise_has(tmp_path: Path) -> None:
    path = tmp_path / "sides.yaml"
    path.write_text(
        "title: T\nsteps:\n"
        "  - {exercise: A, for: 10, sides: [left, right]}\n"
        "  - {exercise: B, for: 10, sides: [front, back]}\n"
        "  - {exercise: C, for: 10}\n",
        "utf-8",
    )
    routine = script.load(path, change=Change(sides=("right",)))
    assert [exercise.sides for exercise in routine.exercises()] == [("right",), ("front", "back"), ()]


def test_a_recording_may_stand_wherever_a_text_does(tmp_path: Path) -> None:
    for name in ("hello.wav", "ribs.m4a"):
        (tmp_path / name).touch()
    path = tmp_path / "recorded.yaml"
    path.write_text(
        "title: T\nsteps:\n  - say: {file: hello.wav, text: Hello there}\n"
        "  - {exercise: A, for: 10, setup: [{file: hello.wav}, Go.], reminders: {file: ribs.m4a}}\n",
        "utf-8",
    )
    say, exercise = script.load(path).steps
    assert isinstance(say, Say)
    assert (say.text.words, say.text.recording) == ("Hello there", tmp_path / "hello.wav")
    assert isinstance(exercise, Exercise)
    assert [(text.words, text.recording) for text in (*exercise.setup, *exercise.reminders)] == [
        ("hello", tmp_path / "hello.wav"),
        ("Go.", None),
        ("ribs", tmp_path / "ribs.m4a"),
    ]


def test_a_recording_that_is_not_there_is_a_problem_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "recorded.yaml"
    path.write_text("title: T\nsteps:\n  - say: {file: hello.wav}\n  - say: {fil: a}\n  - say: {}\n", "utf-8")
    with pytest.raises(ScriptError) as caught:
        script.load(path)
    assert caught.value.lines() == [
        f"{path}:3:17: must be an existing recording (there is no file {tmp_path / 'hello.wav'})",
        f"{path}:4:11: unknown key 'fil'; did you mean 'file'?",
        f"{path}:5:10: a recording needs 'file': a path of 1 to 1000 characters",
    ]
