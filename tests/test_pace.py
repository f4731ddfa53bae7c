"""Programmes as people are given them: what is heard is what was written, to the sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach import script
from coach.timeline import Timeline, compile_routine
from coach.units import RATE
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
