"""Programmes as people are given them: what is heard is what was written, to the sample."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach import script
from coach.errors import ScriptError
from coach.phrases import phrasebook
from coach.timeline import Timeline, compile_routine
from coach.units import RATE, to_samples
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from coach.timeline import Cue

PROGRAMMES = Path(__file__).with_name("programmes")


def programme(name: str) -> Timeline:
    return compile_routine(script.load(PROGRAMMES / f"{name}.yaml"), FixedSpeech())


def written(folder: Path, steps: str) -> Timeline:
    path = folder / "made.yaml"
    path.write_text(f"title: Made up\n{steps}", encoding="utf-8")
    return compile_routine(script.load(path), FixedSpeech())


def on_beats(timeline: Timeline, *, of: str | None = None) -> list[tuple[float, str]]:
    """Return the words on the beats of the work, in seconds from the first one."""
    first = timeline.sets[0].start
    cues: list[Cue] = [cue for cue in timeline.cues if cue.beat is not None and cue.rep is not None]
    return [
        ((cue.beat - first) / RATE, cue.text)
        for cue in cues
        if cue.beat is not None and of in (None, cue.kind)
    ]


def messages(timeline: Timeline) -> list[str]:
    return [warning.message for warning in timeline.warnings]


# What is counted


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "nadi_shodhana",
            ["Breathe in left", "Hold", "Breathe out right", "Breathe in right", "Hold", "Breathe out left"],
        ),
        (
            "nadi_shodhana_de",
            ["Links einatmen", "Halten", "Rechts ausatmen", "Rechts einatmen", "Halten", "Links ausatmen"],
        ),
    ],
)
def test_breathing_takes_any_phases_in_order(name: str, said: list[str]) -> None:
    timeline = programme(name)
    assert on_beats(timeline) == [(4.0 * at, said[at % 6]) for at in range(54)]
    assert timeline.sets[0].end - timeline.sets[0].start == 216 * RATE
    assert not timeline.warnings


def test_phases_alone_are_called_on_their_beats_without_seconds() -> None:
    timeline = programme("sun_salutation")
    said = ["Prayer", "Arms up", "Fold forward", "Leg back", "Plank", "Cobra"]
    wanted = [(4.0 * at, said[at % 6]) for at in range(18)]
    wanted[12] = (48.0, "Last one")
    assert on_beats(timeline) == wanted
    assert not timeline.warnings


def test_names_that_nothing_is_said_of_are_told() -> None:
    timeline = programme("sun_salutation_off")
    assert on_beats(timeline) == [(48.0, "Last one")]
    told = "'count: off' leaves out the names of the phases, such as 'prayer'; 'count: phases' says them"
    assert messages(timeline) == [told]


def test_breaths_are_numbered_and_the_hold_begins_where_the_last_one_ends() -> None:
    timeline = programme("wim_hof")
    breaths, empty, recovery = timeline.sets
    assert empty.start == breaths.end == breaths.start + 90 * RATE
    assert recovery.start == empty.end == empty.start + 60 * RATE
    words = on_beats(timeline)
    assert words[:4] == [(0.0, "Breathe in"), (1.5, "Breathe out"), (3.0, "Two"), (4.5, "Breathe out")]
    assert (87.0, "Thirty") in words


def test_breathing_that_is_off_has_milestones_at_most(tmp_path: Path) -> None:
    steps = "steps: [{breathing: {in: 4, out: 4}, rounds: 8, count: off}]"
    assert on_beats(written(tmp_path, steps)) == [(32.0, "Halfway"), (40.0, "Three more"), (56.0, "Last one")]


def test_a_breath_too_short_for_its_word_has_a_shorter_one(tmp_path: Path) -> None:
    timeline = written(tmp_path, "steps: [{breathing: [in: 1, hold: 0.3, in: 0.3, out: 3], rounds: 2}]")
    assert [text for _, text in on_beats(timeline)] == 2 * ["Breathe in", "Hold", "In", "Breathe out"]


def test_holds_whose_phases_alone_are_called_are_not_counted_down(tmp_path: Path) -> None:
    timeline = written(tmp_path, "steps: [{exercise: Plank, hold: 40, reps: 2, relax: 5, count: phases}]")
    assert on_beats(timeline) == [(0.0, "Hold"), (40.0, "Relax"), (45.0, "Hold"), (85.0, "Relax")]


# How fast


def test_counts_are_spread_over_a_phase_of_any_length() -> None:
    timeline = programme("hundred")
    said = [text for _, text in on_beats(timeline)]
    assert said[:10] == ["In", "Two", "Three", "Four", "Five", "Out", "Two", "Three", "Four", "Five"]
    assert [at for at, _ in on_beats(timeline)] == [number * 6 / 10 for number in range(100)]
    assert timeline.sets[0].end - timeline.sets[0].start == 60 * RATE


def test_beats_and_fractions_of_a_second_are_exact() -> None:
    timeline = programme("ramp")
    one, two, three = timeline.sets
    assert one.end - one.start == 60 * RATE
    assert two.start == one.end
    assert three.start == two.end == one.end + to_samples(Fraction(16 * 4 * 60, 65))
    whole = Fraction(60) + Fraction(16 * 4 * 60, 65) + Fraction(17 * 4 * 60, 70)
    assert three.end == one.start + to_samples(whole)


def test_a_pace_has_the_number_alone_on_its_beat(tmp_path: Path) -> None:
    timeline = written(tmp_path, "steps: [{exercise: Squat, reps: 5, pace: 3}]")
    said = ["Go", "Two", "Three", "Four", "Last one"]
    assert on_beats(timeline) == [(3.0 * number, word) for number, word in enumerate(said)]
    assert not timeline.warnings


def test_reps_that_nothing_is_said_of_take_four_seconds_which_is_told(tmp_path: Path) -> None:
    steps = "steps:\n- {exercise: Squat, reps: 5}\n- {exercise: Lunge, reps: 3, sets: 2}\n"
    timeline = written(tmp_path, steps)
    assert [cue.text for cue in timeline.cues if cue.set == 2 and cue.rep] == ["Go", "Two", "Last one"]
    told = "reps without a tempo take 4 s each, 'pace: 4'; write a tempo or a pace for another, on lines 3, 4"
    assert messages(timeline) == [told]
    assert not written(tmp_path, "defaults: {pace: 4}\n" + steps).warnings


@pytest.mark.parametrize(
    ("dose", "reps", "told"),
    [
        ("for: 60, tempo: {up: 1, down: 2}", 20, []),
        ("for: 60, pace: 3", 20, []),
        ("for: 60, tempo: {up: 3, down: 4}", 8, ["8 reps of 7 s fit into 60 s; the work lasts 56 s"]),
        ("for: 2 min, bpm: 100, beats: {left: 1, right: 1}", 100, []),
    ],
)
def test_a_time_has_as_many_whole_reps_as_fit(tmp_path: Path, dose: str, reps: int, told: list[str]) -> None:
    timeline = written(tmp_path, f"steps: [{{exercise: Turn, {dose}}}]")
    assert timeline.sets[0].reps == reps
    assert messages(timeline)[: len(told)] == told
    name = next(cue.text for cue in timeline.cues if cue.kind == "announce")
    assert name == f"Turn. {phrasebook('en').number(reps).capitalize()} reps."


@pytest.mark.parametrize(
    ("dose", "problem"),
    [
        ("for: 5, tempo: {up: 3, down: 4}", "a rep takes 7 s, so none fits into 5 s"),
        ("reps: 5, beats: {up: 1}", "beats need a 'bpm', such as 100"),
        ("reps: 5, bpm: 100, tempo: {up: 1}", "'bpm' goes with 'beats' for each phase"),
        ("hold: 5, count: {of: 5}", "'count: {of: ...}' needs phases, a 'tempo'"),
        ("reps: 5, pace: 3, tempo: {up: 1}", "two doses ('tempo' and 'pace'); an exercise has one"),
        ("reps: 5, tempo: {up: 1}, count: {of: 5, per: 3}", "'count' as a mapping has 'of' alone"),
        ("reps: 5, tempo: {up: 60/0}", "must be a duration of 0.2 to 600 seconds"),
    ],
)
def test_a_pace_that_cannot_be_is_told(tmp_path: Path, dose: str, problem: str) -> None:
    with pytest.raises(ScriptError, match=re.escape(problem)):
        written(tmp_path, f"steps: [{{exercise: Turn, {dose}}}]")


def test_a_nearer_pace_or_tempo_replaces_a_farther_one(tmp_path: Path) -> None:
    timeline = written(
        tmp_path,
        "exercises: {turn: {exercise: Turn, bpm: 120, beats: {left: 2, right: 2}, reps: 6}}\n"
        "steps: [{use: turn}, {use: turn, tempo: {left: 3}}, {use: turn, pace: 5}, {use: turn, reps: 2}]",
    )
    assert [(work.end - work.start) / RATE for work in timeline.sets] == [12, 18, 30, 4]
