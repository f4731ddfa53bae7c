"""Where one work meets the next: what is said there takes no time that the script didn't give."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.app.amounts import explain_added
from coach.errors import ScriptError
from coach.routine import Alternate, Breathing, Count, Every, Exercise, Hold, Repeat, Rest, Say, Tempo, Timed
from coach.timeline import CueKind, Sentence, compile_routine
from coach.timeline.booth import Booth
from coach.units import RATE
from tests.examples import examples
from tests.strategies import (
    PacedSpeech,
    breathings,
    exercises,
    phases,
    place,
    routine,
    seconds,
    span,
    text,
    voices,
)
from tests.test_timeline import RUN, SQUAT, beat_of, compiled, of, read, words

if TYPE_CHECKING:
    from pathlib import Path

    from coach.timeline import Timeline

PLANK = Exercise("Plank", Hold(span(1), span(20), Fraction(3)), place(30))
CALM = Breathing(phases(**{"in": 4, "out": 4}), 3, Count.PHASES, 3, place(40))


def gaps(timeline: Timeline) -> list[float]:
    """Seconds from the end of each work to the first beat of the next."""
    return [(after.start - before.end) / RATE for before, after in pairwise(timeline.sets)]


# Timed work joins


def test_timed_work_begins_where_the_work_before_it_ends() -> None:
    timeline = compiled(RUN, replace(RUN, name="Walk"), replace(RUN, name="March"))
    assert gaps(timeline) == [0, 0]
    assert words(of(timeline, "announce")) == ["Run. Twenty seconds.", "Next, Walk. Twenty seconds.",
                                               "Next, March. Twenty seconds."]  # fmt: skip
    assert [cue.text for cue in timeline.cues].count("Stop") == 1
    assert beat_of(timeline, "Go", 1) - beat_of(timeline, "Go") == 20 * RATE
    assert timeline.warnings == ()


def test_what_comes_next_is_said_late_in_the_work_before_but_not_amid_its_last_seconds() -> None:
    timeline = compiled(RUN, replace(RUN, name="Walk"))
    walk = of(timeline, "announce")[1]
    assert walk.beat is None
    assert beat_of(timeline, "Halfway") < walk.start
    assert beat_of(timeline, "Three", 1) - RATE < walk.end < beat_of(timeline, "Three", 1)


def test_without_room_before_the_joint_the_name_falls_on_the_beat() -> None:
    quick = replace(SQUAT, dose=Tempo(span(10), phases(up=1, down=1)))
    timeline = compiled(quick, PLANK)
    assert gaps(timeline) == [0]
    assert of(timeline, "announce")[1].beat == timeline.sets[1].start
    assert of(timeline, "announce")[1].text == "Plank. Hold for twenty seconds."


def test_a_breath_hold_begins_where_the_last_exhale_ends() -> None:
    timeline = compiled(CALM, PLANK)
    assert gaps(timeline) == [0]
    assert beat_of(timeline, "Hold") == timeline.sets[0].end


def test_a_round_of_twelve_tens_lasts_two_minutes() -> None:
    timeline = compiled(Repeat(12, (replace(RUN, dose=Timed(Fraction(10))),), None, place(5)))
    assert gaps(timeline) == [0] * 11
    assert timeline.sets[-1].end - timeline.sets[0].start == 120 * RATE
    said = " ".join(words(of(timeline, "announce")))
    assert all(f"Round {number} of twelve" in said for number in ("two", "seven", "twelve"))


def test_what_needs_to_be_explained_or_counted_in_is_introduced() -> None:
    for work in (
        replace(RUN, setup=(text("Stand up."),)),
        replace(PLANK, dose=Hold(span(2), span(10), Fraction(3))),
        SQUAT,
        CALM,
    ):
        assert gaps(compiled(RUN, work))[0] > 3
    assert (
        gaps(compiled(RUN, Say(text("Well done."), Fraction(0), place(9)), replace(RUN, name="Walk")))[0] > 3
    )
    known = replace(RUN, setup=(text("Stand up."),))
    assert gaps(compiled(known, known)) == [0]  # it has been heard


# What the script says


@pytest.mark.parametrize(
    "where", ["between: {}", "defaults: {{between: {}}}", "between: 40\ndefaults: {{between: {}}}"]
)
@pytest.mark.parametrize("seconds", ["0", "12"])
def test_between_is_the_rest_where_none_is_written(tmp_path: Path, where: str, seconds: str) -> None:
    steps = """
steps:
  - {exercise: Squat, reps: 4, tempo: {up: 1, down: 3}, sets: 2, rest: 20}
  - {exercise: Run, for: 20}
  - rest: 8
  - {exercise: Jump, reps: 4, tempo: {up: 1, down: 3}}
  - {exercise: March, reps: 4, tempo: {up: 1, down: 3}}
"""
    timeline = compiled(*read(tmp_path, where.format(seconds) + steps).steps)
    assert gaps(timeline) == [20, int(seconds), 8, int(seconds)]


def test_between_rests_before_breathing_and_after_rounds_and_in_included_scripts(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(
        "title: More\nsteps:\n  - {exercise: Walk, for: 20}\n", encoding="utf-8"
    )
    made = read(tmp_path, """between: 9
steps:
  - {exercise: Run, for: 20}
  - breathing: {in: 4, out: 4}
    rounds: 2
  - repeat: 2
    steps:
      - {exercise: Squat, reps: 4, tempo: {up: 1, down: 3}}
  - include: more.yaml
""")  # fmt: skip
    assert gaps(compiled(*made.steps)) == [9, 9, 9, 9]


@pytest.mark.parametrize("seconds", ["0", "0.4", "1", "2", "3.5", "5", "9"])
@pytest.mark.parametrize("work", [PLANK, RUN, SQUAT, CALM, replace(SQUAT, sides=("left", "right"))])
def test_a_rest_is_as_long_as_it_is_written(seconds: str, work: Exercise | Breathing) -> None:
    rest = Rest(Fraction(seconds), place(15))
    timeline = compiled(Repeat(3, (work, rest, PLANK, rest), None, place(5)))
    written = {float(seconds), 15.0}  # and the change of sides
    assert set(gaps(timeline)) <= written
    assert not [warning for warning in timeline.warnings if "lasts" in warning.message]


@pytest.mark.parametrize("seconds", ["0", "0.4", "2", "5", "9"])
@pytest.mark.parametrize("alternate", [Alternate.NO, Alternate.SETS])
def test_rests_between_sets_and_changes_of_side_are_as_long_as_they_are_written(
    seconds: str, alternate: Alternate
) -> None:
    length = Fraction(seconds)
    squat = replace(SQUAT, sides=("left", "right"), sets=2, rest=length, switch=length, alternate=alternate)
    timeline = compiled(squat)
    assert gaps(timeline) == [float(seconds)] * 3
    assert not [warning for warning in timeline.warnings if "lasts" in warning.message]


def test_what_a_rest_has_no_room_for_gives_way_in_its_order() -> None:
    walk = replace(SQUAT, name="Walk up")
    heard: dict[str, int] = {}
    for tenths in range(1, 100):
        timeline = compiled(RUN, Rest(Fraction(tenths, 10), place(15)), walk)
        assert gaps(timeline) == [tenths / 10]
        first, stop = timeline.sets[1].start, timeline.sets[0].end
        within = [cue.text for cue in timeline.cues if stop < cue.start and cue.start < first + RATE // 2]
        heard.setdefault(" | ".join(within[:-1] if within[-1] == "Up" else within), tenths)
    said = ["Walk up.", "Walk up. | One", "Walk up. | Two | One", "Walk up. | Three | Two | One",
            "Next, Walk up. | Three | Two | One", "Rest. | Next, Walk up. | Three | Two | One"]  # fmt: skip
    order = [each for each in heard if "Rest for" not in each and each != "Walk up. Ten reps."]
    assert order == said
    *_, fullest = heard
    assert fullest.startswith("Rest for")
    assert "Ten reps." in fullest


def test_no_time_at_all_leaves_a_rep_its_words() -> None:
    press = replace(SQUAT, sides=("left", "right"), switch=Fraction(0))
    timeline = compiled(press)
    (switch,) = of(timeline, "switch")
    assert (switch.text, switch.beat) == ("Right", timeline.sets[1].start)
    right = [cue.text for cue in timeline.cues if cue.rep == 1 and cue.side == "right"]
    assert right == ["Right", "Down", "Two", "Three"]
    timeline = compiled(replace(SQUAT, sets=3, rest=Fraction(0)))
    assert gaps(timeline) == [0, 0]
    assert words(of(timeline, "announce"))[1:] == ["Set two.", "Set three."]
    assert [cue.text for cue in timeline.cues if cue.rep == 1 and cue.set == 2] == [
        "Set two.",
        "Down",
        "Two",
        "Three",
    ]


def test_a_rest_of_nothing_may_stand_in_every_place(tmp_path: Path) -> None:
    made = read(tmp_path, """steps:
  - repeat: 3
    rest: 0
    steps:
      - {exercise: Squat, reps: 2, tempo: {up: 1, down: 3}}
  - rest: 0
  - {exercise: Jump, reps: 2, tempo: {up: 1, down: 3}}
""")  # fmt: skip
    assert gaps(compiled(*made.steps)) == [0, 0, 0]


def test_a_round_on_the_clock_is_no_joint() -> None:
    block = Every(Fraction(30), 3, (replace(RUN, count_in=0),), place(5))
    assert gaps(compiled(block)) == [10, 10]
    with pytest.raises(ScriptError, match="round"):
        compiled(Every(Fraction(30), 3, (RUN, replace(SQUAT, between=Fraction(10))), place(5)))


def test_a_track_that_opens_with_a_rest_does_not_speak_of_it() -> None:
    timeline = compiled(Rest(Fraction(12), place(5)), RUN)
    assert of(timeline, "rest") == []
    assert timeline.sets[0].start - of(timeline, "title")[-1].end == 12 * RATE + RATE // 2


# What is longer than what was written


def test_what_introductions_add_is_told_with_how_to_join_them() -> None:
    timeline = compiled(SQUAT, replace(SQUAT, name="Jump"), replace(SQUAT, name="Hop"))
    total = sum(timeline.added.introductions) / RATE
    assert total == pytest.approx(sum(gaps(timeline)))
    assert (
        explain_added(timeline.added) == f"2 introductions add 0:{round(total):02}; `between: 0` joins them"
    )
    joined = compiled(*(replace(SQUAT, name=name, between=Fraction(0)) for name in ("Squat", "Jump", "Hop")))
    assert explain_added(joined.added) == ""
    assert gaps(joined) == [0, 0]


def test_a_setup_is_written_and_only_what_is_said_around_it_is_added() -> None:
    jump = replace(SQUAT, name="Jump", setup=(text("Feet apart."),), ready=Fraction(4))
    timeline = compiled(SQUAT, jump)
    (setup,) = of(timeline, "setup")
    (added,) = timeline.added.introductions
    assert added / RATE == pytest.approx(gaps(timeline)[0] - (setup.end - setup.start) / RATE - 4)


_works = st.one_of(
    st.builds(lambda made: replace(made, setup=(), reminders=()), exercises()),
    breathings(),
)
_between = st.one_of(
    st.builds(
        lambda length: (Rest(length, place(7)),), st.one_of(st.just(Fraction(0)), seconds("0.1", "20"))
    ),
    st.builds(lambda pause: (Say(text("Well done."), pause, place(8)),), seconds("0.1", "5")),
    st.just(()),
)


@given(st.lists(st.tuples(_works, _between), min_size=1, max_size=4), _works, voices)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
def test_a_track_lasts_what_was_written_and_what_the_summary_names(
    begin: list[tuple[Exercise | Breathing, tuple[Rest | Say, ...]]],
    last: Exercise | Breathing,
    voice: PacedSpeech,
) -> None:
    steps = [step for work, between in begin for step in (work, *between)] + [last]
    timeline = compile_routine(routine(*steps), voice)
    written = sum((step.seconds for step in steps), Fraction(0)) * RATE
    written += sum(cue.end - cue.start for cue in of(timeline, "say"))
    lasts = timeline.sets[-1].end - timeline.sets[0].start
    told = sum(map(sum, timeline.added))
    assert abs(lasts - written - told) <= 2 * len(timeline.sets)  # each moment is rounded once


def test_warnings_of_one_kind_on_many_lines_are_one() -> None:
    slow = text("Shoulders away from your ears, and the ribs down, all the way to the very last rep.", 50)
    first = replace(SQUAT, reminders=(slow,))
    second = replace(first, name="Jump", reminders=(replace(slow, location=place(60)),))
    timeline = compiled(first, second)
    (warning,) = timeline.warnings
    assert warning.location.line == 50
    assert warning.message.endswith("it is spoken before the set (2 times), on lines 50, 60")


def test_a_word_without_room_before_its_beat_is_told_the_true_reason() -> None:
    booth = Booth(PacedSpeech())
    word = Sentence(CueKind.COUNT, "Two", place(10))
    clip = booth.clip(word)
    beat = clip.attack + RATE
    assert booth.fit_on_beat(word, beat, beat, beat + RATE) is None
    (warning,) = booth.warnings()
    assert warning.message == (
        f"'Two' begins {clip.attack / RATE:.2f} s before its beat, the room is 0.00 s: it is left out"
    )
