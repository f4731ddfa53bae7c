"""Doses that change: from round to round, from set to set, from rep to rep."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from coach import progress, script
from coach.errors import ScriptError
from coach.history import History, Outcome
from coach.phrases import phrasebook
from coach.pictures.words import describe_step
from coach.routine import Exercise, Ladder, Tempo
from coach.script import Change
from coach.session import places
from coach.session.journal import Journal
from coach.timeline import compile_routine
from coach.units import RATE
from tests.examples import examples
from tests.strategies import PacedSpeech, routine, span, varied, voices
from tests.test_joints import gaps
from tests.test_timeline import read

if TYPE_CHECKING:
    from coach.history import SessionLog
    from coach.timeline import Timeline
    from coach.timeline.model import Set

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


def sets_of(work: Set) -> int:
    assert isinstance(work.step, Exercise)
    return work.step.sets


def beats(timeline: Timeline) -> list[float]:
    """Seconds from the first beat of all to that of each work."""
    return [(work.start - timeline.sets[0].start) / RATE for work in timeline.sets]


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


def test_rounds_on_the_clock_differ_too() -> None:
    timeline = heard("death_by")
    assert beats(timeline) == [0, 60, 120, 180, 240]
    assert doses(timeline) == [("Burpee", reps) for reps in range(1, 6)]
    assert said(timeline, "announce")[1] == "Burpee. Two reps."


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
    assert (int(second.dose.reps.low), int(second.dose.reps.high)) == (3, 13)
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


def test_a_name_that_no_repeat_has_is_a_problem(tmp_path: Path) -> None:
    steps = "  - repeat: {n: [3]}\n    steps: [{exercise: A, reps: {m}, tempo: {up: 1}}]\n"
    assert problems(tmp_path, steps) == [
        "4:33: must be a whole number from 1 to 10000, or a range such as 10-15"
        " (got {m}, a name that no repeat around it has)"
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


# Sets that differ


def test_a_list_gives_the_sets() -> None:
    timeline = heard("ladder")
    assert [count for _, count in doses(timeline)] == [1, 2, 3, 4, 5] * 3
    assert [(work.number, sets_of(work)) for work in timeline.sets[:5]] == [(n, 5) for n in range(1, 6)]
    assert gaps(timeline) == [20, 20, 20, 20, 120, 20, 20, 20, 20, 120, 20, 20, 20, 20]
    said_first = said(timeline, "announce")[:4]
    assert said_first == [
        "Round one of three.",
        "Pull-up. Five sets: one, two, three, four and five reps.",
        "Set two of five. Two reps.",
        "Set three of five. Three reps.",
    ]


def test_each_set_may_have_its_own_load_and_tempo() -> None:
    timeline = heard("heavier")
    assert said(timeline, "announce") == [
        "Press. Four sets: twelve, ten, eight and eight reps. Start with twenty kilos.",
        "Set two of four. Ten reps, twenty-two and a half kilos.",
        "Set three of four. Eight reps, twenty-five kilos.",
        "Set four of four. Eight reps, twenty-five kilos.",
        "Next, Plank. Three sets: hold for twenty, thirty and forty seconds, five kilos.",
        "Set two of three. Hold for thirty seconds, five kilos.",
        "Set three of three. Hold for forty seconds, five kilos.",
    ]
    lengths = [(work.end - work.start) / RATE for work in timeline.sets]
    assert lengths == [24, 40, 16, 16, 20, 30, 40]
    assert gaps(timeline) == [60, 60, 60, 90, 30, 45]


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("de", "Vier Sätze: zwölf, zehn, acht und acht Wiederholungen. Beginne mit zwanzig Kilo.",
         "Satz zwei von vier. Zehn Wiederholungen, zweiundzwanzigeinhalb Kilo."),
        ("es", "Cuatro series: doce, diez, ocho y ocho repeticiones. Empieza con veinte kilos.",
         "Serie dos de cuatro. Diez repeticiones, veintidós kilos y medio."),
        ("fr", "Quatre séries : douze, dix, huit et huit répétitions. Commence avec vingt kilos.",
         "Série deux sur quatre. Dix répétitions, vingt-deux kilos et demi."),
    ],
)  # fmt: skip
def test_sets_that_differ_are_said_in_every_language(language: str, first: str, second: str) -> None:
    announced = said(heard("heavier", language=language), "announce")
    assert announced[:2] == [f"Press. {first}", second]


@pytest.mark.parametrize(
    ("language", "reps", "holds"),
    [
        ("en", "Four sets: one, two, twenty-one and one rep.",
         "Three sets: hold for twenty, one and thirty seconds."),
        ("de", "Vier Sätze: eine, zwei, einundzwanzig und eine Wiederholung.",
         "Drei Sätze: zwanzig, eine und dreißig Sekunden halten."),
        ("es", "Cuatro series: una, dos, veintiuna y una repetición.",
         "Tres series: mantén veinte, uno y treinta segundos."),
        ("fr", "Quatre séries : une, deux, vingt et une et une répétition.",
         "Trois séries : tiens vingt, une et trente secondes."),
    ],
)  # fmt: skip
def test_numbers_agree_with_their_noun(tmp_path: Path, language: str, reps: str, holds: str) -> None:
    path = tmp_path / "made.yaml"
    path.write_text(
        f"title: T\nlanguage: {language}\nsteps:\n"
        "  - {exercise: A, reps: [1, 2, 21, 1], tempo: {up: 1}}\n  - {exercise: B, hold: [20, 1, 30]}\n"
    )
    announced = said(compile_routine(script.load(path), PacedSpeech()), "announce")
    assert [text for text in announced if ":" in text] == [
        f"A. {reps}", f"{phrasebook(language).sentence('introduces', name='B')} {holds}",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("dose", "words"),
    [
        ("for: [30, 20, 10]", "Three sets: thirty, twenty and ten seconds."),
        ("for: [120, 60]", "Two sets: two and one minute."),
        ("for: [90, 60]", "Two sets: one minute thirty seconds and one minute."),
        ("reps: [3, 2, 1], tempo: {up: 1}", "Three sets: three, two and one rep."),
        ("reps: [10, 10], tempo: {up: 1}", "Two sets of ten reps."),
        ("reps: 10, load: [20 kg, 25 kg], tempo: {up: 1}", "Two sets of ten reps. Start with twenty kilos."),
        ("reps: 10, load: the red band, tempo: {up: 1}", "Ten reps, the red band."),
        ("sets: [{reps: 10, tempo: {up: 1}}, {for: 30}, {hold: 20}]",
         "Three sets: ten reps, thirty seconds and hold for twenty seconds."),
        ("hold: [20, 30], reps: 2", "Two sets: two holds of twenty seconds and two holds of thirty seconds."),
        ("hold: [20, 20], load: 1 kg", "Two sets. Hold for twenty seconds each, one kilo."),
    ],
)  # fmt: skip
def test_the_doses_of_sets_are_said_as_a_coach_says_them(tmp_path: Path, dose: str, words: str) -> None:
    assert said(compiled(tmp_path, f"  - {{exercise: A, {dose}}}\n"), "announce")[0] == f"A. {words}"


def test_each_side_has_all_sets(tmp_path: Path) -> None:
    steps = "  - {exercise: A, reps: [3, 2], tempo: {up: 1}, sides: [left, right], rest: 20, switch: 15}\n"
    timeline = compiled(tmp_path, steps)
    assert [(work.side, work.number, work.reps) for work in timeline.sets] == [
        ("left", 1, 3), ("left", 2, 2), ("right", 1, 3), ("right", 2, 2),
    ]  # fmt: skip
    assert gaps(timeline) == [20, 15, 20]


def test_a_rest_behind_the_last_set_is_kept(tmp_path: Path) -> None:
    steps = "  - {exercise: A, reps: [3, 2], rest: [20, 40], tempo: {up: 1}}\n  - {exercise: B, for: 10}\n"
    assert gaps(compiled(tmp_path, steps)) == [20, 40]


def test_only_the_rests_may_differ(tmp_path: Path) -> None:
    steps = "  - {exercise: A, reps: 3, sets: 3, rest: [20, 40], tempo: {up: 1}}\n"
    timeline = compiled(tmp_path, steps)
    assert gaps(timeline) == [20, 40]
    assert said(timeline, "announce")[0] == "A. Three sets of three reps."


@pytest.mark.parametrize(
    ("change", "reps", "rests"),
    [
        (Change(sets=2), [12, 10], [30]),
        (Change(sets=4), [12, 10, 8, 8], [30, 30, 30]),
        (Change(reps=span(5)), [5, 5, 5], [30, 30]),
        (Change(rest=Fraction(40)), [12, 10, 8], [40, 40]),
    ],
)
def test_the_command_line_changes_sets_that_differ(
    tmp_path: Path, change: Change, reps: list[int], rests: list[int]
) -> None:
    path = tmp_path / "made.yaml"
    path.write_text("title: A\nsteps:\n  - {exercise: A, reps: [12, 10, 8], tempo: {up: 1}, rest: 30}\n")
    timeline = compile_routine(script.load(path, change=change), PacedSpeech())
    assert [work.reps for work in timeline.sets] == reps
    assert gaps(timeline) == rests


def test_a_nearer_dose_replaces_sets_that_differ(tmp_path: Path) -> None:
    timeline = compile_routine(read(tmp_path, """
defaults: {sets: 3, tempo: {up: 1}, rest: 20}
exercises:
  press: {exercise: Press, sets: [{reps: 5, load: 20 kg}, {reps: 3, load: 30 kg}]}
steps:
  - {use: press, reps: 4}
  - {use: press, reps: [2, 1]}
  - use: press
"""), PacedSpeech())  # fmt: skip
    assert [work.reps for work in timeline.sets] == [4, 2, 1, 5, 3]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("reps: [3, 2], sets: 3", "3:25: 'reps' has 2 values, but there are 3 sets"),
        ("reps: [3, 2], load: [a, b, c]", "3:39: 'load' has 3 values, but there are 2 sets"),
        ("reps: 3, sets: 3, rest: [1, 2, 3, 4]", "3:43: 'rest' has 4 values, but there are 3 sets"),
        ("reps: 3, rest: [10, 20]", "3:34: 'rest' has 2 values, but there is 1 set"),
        ("reps: [10-12, 8]",
         "3:26: must be a whole number from 1 to 10000; sets that differ have no ranges (got '10-12')"),
        ("reps: 3, cluster: {rest: 10}",
         "3:37: a cluster needs a list with a value for each part, such as reps: [12, 7, 7, 5]"),
        ("reps: [3, 2], cluster: {rest: 10}, sides: [a, b], alternate: yes",
         "3:42: a cluster is done on one side after the other; leave out 'alternate', or 'cluster'"),
        ("reps: [3, 2], cluster: {rest: 10}, rest: [1, 2]",
         "3:42: the parts of a cluster have one rest between them, that of 'cluster'"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_a_problem(tmp_path: Path, fields: str, problem: str) -> None:
    assert problems(tmp_path, f"  - {{exercise: A, {fields}, tempo: {{up: 1}}}}\n") == [problem]


def test_what_is_new_in_a_set_is_heard_however_short_the_rest() -> None:
    timeline = heard("drop_set")
    assert gaps(timeline) == [0, 0, 30, 5, 5, gaps(timeline)[5], 5]
    said_of = [cue.text for cue in timeline.cues if cue.kind == "announce"]
    for load in ("fifteen kilos", "ten kilos"):
        assert sum(load in text.lower() for text in said_of) == (3 if load == "fifteen kilos" else 2)
    assert "three reps" in said_of[-1].lower()


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(varied(), voices)
def test_what_was_written_adds_up_to_what_is_heard(exercise: Exercise, voice: PacedSpeech) -> None:
    timeline = compile_routine(routine(exercise), voice)
    lasts = timeline.sets[-1].end - timeline.sets[0].start
    written = (exercise.seconds - (exercise.last_rest or 0)) * RATE
    added = sum(timeline.added.introductions) + sum(timeline.added.others)
    assert abs(lasts - added - written) <= 1 + len(timeline.added.others)


# Clusters


def test_a_cluster_is_one_set_with_short_rests_in_it() -> None:
    timeline = heard("rest_pause")
    assert [(work.number, sets_of(work), work.reps) for work in timeline.sets] == [
        (1, 1, reps) for reps in (12, 7, 7, 7, 5)
    ]
    assert gaps(timeline) == [10] * 4
    assert said(timeline, "announce") == [
        "Chest press. Twelve, seven, seven, seven and five reps, ten seconds apart.",
        "Seven reps.",
        "Seven reps.",
        "Seven reps.",
        "Five reps.",
    ]


def test_the_log_has_the_parts_of_a_cluster(tmp_path: Path) -> None:
    session = logged(tmp_path, heard("rest_pause"))
    assert [(row.set, row.sets, row.part, row.reps_done) for row in session.sets] == [
        (1, 1, part, reps) for part, reps in enumerate((12, 7, 7, 7, 5), 1)
    ]


def test_a_cluster_has_sets_and_sides(tmp_path: Path) -> None:
    steps = (
        "  - {exercise: A, reps: [3, 2], cluster: {rest: 10}, sets: 2, rest: 40, sides: [left, right],"
        " tempo: {up: 1}}\n"
    )
    timeline = compiled(tmp_path, steps)
    assert [(work.side, work.number, work.reps) for work in timeline.sets] == [
        (side, number, reps) for side in ("left", "right") for number in (1, 2) for reps in (3, 2)
    ]
    assert gaps(timeline) == [10, 40, 10, 15, 10, 40, 10]
    assert said(timeline, "announce")[:3] == [
        "A, left side. Two sets of three and two reps, ten seconds apart.",
        "Two reps.",
        "Set two of two. Three reps.",
    ]  # fmt: skip


# What is seen and logged of them


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("reps: [3, 2, 1], tempo: {up: 1}", "3 sets: 3, 2, 1 reps: up 1 s"),
        ("reps: [3, 2], tempo: {up: 1}, sides: [left, right]", "2 sets: 3, 2 reps: up 1 s; left, right"),
        ("reps: [3, 2], tempo: {up: 1}, cluster: {rest: 10}", "3, 2 reps: up 1 s; rest 10 s"),
        ("reps: 3, tempo: {up: 1}, load: [4 kg, 5 kg]", "2 sets: 3 reps: up 1 s; 4 kg; 3 reps: up 1 s; 5 kg"),
        ("for: [30, 20], load: a band", "2 sets: 30 s; a band; 20 s; a band"),
        ("reps: 3, tempo: {up: 1}, load: 5 kg", "3 reps: up 1 s; 5 kg"),
        ("reps: 3, tempo: {up: 1}, sides: [left, right], alternate: reps", "6 reps: up 1 s; left / right"),
        (
            "reps: [3, 2], tempo: {up: 1}, sides: [left, right], alternate: reps",
            "2 sets: 6, 4 reps: up 1 s; left / right",
        ),
    ],
)
def test_the_sheet_has_each_set(tmp_path: Path, fields: str, told: str) -> None:
    (step,) = read(tmp_path, f"steps:\n  - {{exercise: A, {fields}}}\n").exercises()
    assert describe_step(step, phrasebook("en")).replace("\u00a0", " ") == told


def logged(tmp_path: Path, timeline: Timeline) -> SessionLog:
    """The log of a session in which all of a track was heard."""
    history = History(tmp_path / "history.db")
    with history:
        record = history.begin(title="Heavier", script="a.yaml", language="en", voice="made up", length=600.0)
        journal = Journal(timeline, record)
        journal.heard(0, timeline.length)
        journal.end(Outcome.COMPLETED, timeline.length)
    (session,) = history.sessions()
    return session


def test_the_log_has_each_load(tmp_path: Path) -> None:
    timeline = heard("heavier")
    session = logged(tmp_path, timeline)
    rows = [(row.set, row.sets, row.reps, row.load) for row in session.sets[:4]]
    assert rows == [(1, 4, 12, "20 kg"), (2, 4, 10, "22.5 kg"), (3, 4, 8, "25 kg"), (4, 4, 8, "25 kg")]
    (log,) = script.load(PROGRAMMES / "heavier.yaml").exercises()[:1]
    standings = progress.standings(
        script.load(PROGRAMMES / "heavier.yaml"), [session], session.started + timedelta(days=1)
    )
    assert [(stand.exercise.name, stand.grows, stand.visits[0].whole) for stand in standings] == [
        (log.name, False, True), ("Plank", False, True),
    ]  # fmt: skip


def test_a_nearer_tempo_keeps_sets_that_differ(tmp_path: Path) -> None:
    timeline = compile_routine(read(tmp_path, """
exercises:
  press: {exercise: Press, reps: [5, 3], tempo: {up: 1}}
steps:
  - {use: press, tempo: {up: 2}}
"""), PacedSpeech())  # fmt: skip
    assert [(work.end - work.start) / RATE for work in timeline.sets] == [10, 6]


# Sides that alternate


def first_words(timeline: Timeline) -> list[tuple[str, str | None]]:
    """What is said on the first beat of each rep, and of which side."""
    starts = {
        next(part.start for part in work.spans if part.rep == rep)
        for work in timeline.sets
        for rep in range(1, (work.reps or 0) + 1)
    }
    return [(cue.text, cue.side) for cue in timeline.cues if cue.beat in starts]


def test_the_sides_change_with_every_rep_without_a_gap() -> None:
    timeline = heard("marching")
    (work,) = timeline.sets
    assert (work.side, work.reps, (work.end - work.start) / RATE) == (None, 10, 30)
    assert first_words(timeline) == [
        ("Left", "left"), ("Right", "right"), ("Left", "left"), ("Right", "right"), ("Left", "left"),
        ("Halfway, right", "right"), ("Left", "left"), ("Three more", "right"), ("Left", "left"),
        ("Last one, right", "right"),
    ]  # fmt: skip
    assert said(timeline, "announce", "setup") == [
        "March. Five reps on each side, alternating.", "Begin with the left side.",
    ]  # fmt: skip
    reminded = [(cue.text, cue.side) for cue in timeline.cues if cue.kind == "reminder"]
    assert reminded
    assert all(text == f"The {side} side stays straight." for text, side in reminded)


def test_a_milestone_says_the_side_too_where_there_is_room(tmp_path: Path) -> None:
    steps = """
  - exercise: Sun salutation
    reps: 3
    sides: [right leg, left leg]
    alternate: reps
    tempo: {prayer: 4, arms up: 4}
    count: phases
"""
    timeline = compiled(tmp_path, steps)
    assert [text for text, _ in first_words(timeline)] == [
        "Right leg", "Left leg", "Right leg", "Halfway, left leg", "Right leg", "Last one, left leg",
    ]  # fmt: skip
    assert said(timeline, "count").count("Arms up") == 6


def test_somebody_who_comes_back_hears_the_side_of_the_rep() -> None:
    timeline = heard("marching")
    (work,) = timeline.sets
    fourth = next(part.start for part in work.spans if part.rep == 4)
    said = places.come_back(timeline, phrasebook("en"), fourth + RATE, long=True).said
    assert "Right side, rep four of ten." in said


def test_held_reps_alternate(tmp_path: Path) -> None:
    steps = (
        "  - {exercise: A, hold: 10, relax: 2, sides: [left, right], alternate: reps, sets: 2, rest: 20}\n"
    )
    timeline = compiled(tmp_path, steps)
    assert [(work.reps, (work.end - work.start) / RATE) for work in timeline.sets] == [(2, 22), (2, 22)]
    assert [text for text, _ in first_words(timeline)] == ["Left", "Right"] * 2
    assert said(timeline, "announce")[0] == "A. Two sets: hold for ten seconds on each side, alternating."


@pytest.mark.parametrize(
    ("language", "dose"),
    [
        ("de", "March. Fünf Wiederholungen pro Seite, im Wechsel."),
        ("es", "March. Cinco repeticiones por lado, alternando."),
        ("fr", "March. Cinq répétitions de chaque côté, en alternant."),
    ],
)
def test_alternating_sides_are_announced_in_every_language(language: str, dose: str) -> None:
    assert said(heard("marching", language=language), "announce") == [dose]


def test_alternating_sets_take_no_time_to_change_sides() -> None:
    timeline = heard("fifty_fifty")
    assert [(work.number, work.side) for work in timeline.sets] == [
        (number, side) for number in range(1, 6) for side in ("left", "right")
    ]
    assert gaps(timeline) == [0, 90, 0, 90, 0, 90, 0, 90, 0]


def test_one_side_alone_does_not_alternate(tmp_path: Path) -> None:
    path = tmp_path / "made.yaml"
    path.write_text((PROGRAMMES / "marching.yaml").read_text())
    timeline = compile_routine(script.load(path, change=Change(sides=("right",))), PacedSpeech())
    assert [(work.side, work.reps) for work in timeline.sets] == [("right", 5)]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            "reps: 3, tempo: {up: 1}, alternate: reps",
            "3:55: 'alternate: reps' needs 'sides', such as [left, right]",
        ),
        (
            "for: 30, sides: [left, right], alternate: reps",
            "3:61: 'alternate: reps' needs reps or holds; 'for' has none",
        ),
    ],
)
def test_what_cannot_alternate_is_a_problem(tmp_path: Path, fields: str, problem: str) -> None:
    assert problems(tmp_path, f"  - {{exercise: A, {fields}}}\n") == [problem]


def test_a_dose_that_alternates_grows_on_both_sides_at_once(tmp_path: Path) -> None:
    routine = read(
        tmp_path,
        "steps:\n  - {exercise: A, reps: 5-8, tempo: {up: 1}, sides: [left, right], alternate: reps}\n",
    )
    session = logged(tmp_path, compile_routine(routine, PacedSpeech()))
    grown = progress.today(routine, [session], session.started + timedelta(days=1))
    assert [work.reps for work in compile_routine(grown, PacedSpeech()).sets] == [12]


def test_alternating_doses_differ_from_set_to_set(tmp_path: Path) -> None:
    steps = (
        "  - {exercise: A, reps: [3, 2], tempo: {up: 1}, sides: [left, right], alternate: reps, rest: 20}\n"
    )
    timeline = compiled(tmp_path, steps)
    assert [work.reps for work in timeline.sets] == [6, 4]
    assert said(timeline, "announce") == [
        "A. Two sets: three and two reps on each side, alternating.",
        "Set two of two. Two reps on each side, alternating.",
    ]
