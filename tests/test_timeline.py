"""The rules of time, each on a routine small enough to check by hand."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from coach import script
from coach.errors import ScriptError
from coach.routine import (
    Alternate,
    Breath,
    Breathing,
    Count,
    Every,
    Exercise,
    Hold,
    Repeat,
    Rest,
    Routine,
    Say,
    Step,
    Tempo,
    Timed,
)
from coach.timeline import Cue, Timeline, compile_routine, contract, texts
from coach.timeline.booth import BREATH
from coach.units import RATE, to_samples
from tests.strategies import PacedSpeech, phases, place, routine, span, text
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from pathlib import Path

SQUAT = Exercise("Squat", Tempo(span(10), phases(up=1, down=3)), place(10))
RUN = Exercise("Run", Timed(Fraction(20)), place(20))


def compiled(*steps: Step, factor: float = 1.0, title: str = "Made up") -> Timeline:
    return compile_routine(routine(*steps, title=title), PacedSpeech(factor))


def read(tmp_path: Path, written: str) -> Routine:
    path = tmp_path / "made.yaml"
    path.write_text(f"title: Made up\n{written}", encoding="utf-8")
    return script.load(path)


def of(timeline: Timeline, *kinds: str) -> list[Cue]:
    return [cue for cue in timeline.cues if cue.kind in kinds]


def words(cues: list[Cue]) -> list[str]:
    return [cue.text for cue in cues]


def beat_of(timeline: Timeline, word: str, nth: int = 0) -> int:
    beats = [cue.beat for cue in timeline.cues if cue.text == word and cue.beat is not None]
    return beats[nth]


def messages(timeline: Timeline) -> list[str]:
    return [warning.message for warning in timeline.warnings]


def in_rep(timeline: Timeline, rep: int, *kinds: str) -> list[str]:
    kinds = kinds or ("count", "milestone", "breath", "reminder")
    return [cue.text for cue in timeline.cues if cue.rep == rep and cue.kind in kinds]


# Words on beats


def test_tempo_speaks_phases_and_their_whole_seconds() -> None:
    timeline = compiled(replace(SQUAT, dose=Tempo(span(4), phases(up=1, down=3))))
    assert in_rep(timeline, 1) == ["Up", "Down", "Two", "Three"]
    assert in_rep(timeline, 4) == ["Last one", "Down", "Two", "Three"]


@pytest.mark.parametrize(
    ("count", "first", "second", "fourth"),
    [
        (Count.TEMPO, ["Up", "Down"], ["Up", "Down"], ["Up", "Down"]),
        (Count.REPS, ["Up"], ["Two"], ["Four"]),
        (Count.BOTH, ["Up", "Down"], ["Two", "Down"], ["Four", "Down"]),
        (Count.OFF, [], [], []),
    ],
)
def test_count_says_what_is_counted(
    count: Count, first: list[str], second: list[str], fourth: list[str]
) -> None:
    timeline = compiled(replace(SQUAT, dose=Tempo(span(8), phases(up=1, down="1.9")), count=count))
    assert in_rep(timeline, 1) == first
    assert in_rep(timeline, 2) == second
    assert in_rep(timeline, 4) == fourth
    assert words(of(timeline, "milestone")) == ["Halfway", "Three more", "Last one"]


@pytest.mark.parametrize(
    ("reps", "milestones"),
    [
        (1, {}),
        (2, {2: "Last one"}),
        (5, {5: "Last one"}),
        (6, {4: "Halfway", 6: "Last one"}),
        (7, {5: "Halfway", 7: "Last one"}),
        (8, {5: "Halfway", 6: "Three more", 8: "Last one"}),
        (15, {9: "Halfway", 13: "Three more", 15: "Last one"}),
    ],
)
def test_milestones(reps: int, milestones: dict[int, str]) -> None:
    timeline = compiled(replace(SQUAT, dose=Tempo(span(reps), phases(up=1, down=3))))
    assert {cue.rep: cue.text for cue in of(timeline, "milestone")} == milestones


def test_a_second_is_counted_only_where_a_whole_one_is_left() -> None:
    timeline = compiled(replace(SQUAT, dose=Tempo(span(1), phases(up="2.9", down="3.5"))))
    assert in_rep(timeline, 1) == ["Up", "Two", "Down", "Two", "Three"]
    assert beat_of(timeline, "Down") - beat_of(timeline, "Up") == to_samples(Fraction("2.9"))


def test_breathing_words_come_behind_the_phase_at_first_then_now_and_then() -> None:
    timeline = compiled(replace(SQUAT, breathe=(("up", Breath.OUT), ("down", Breath.IN))))
    said = [cue.rep for cue in of(timeline, "breath") if cue.phase == "up"]
    assert said == [1, 2, 3, 7]
    assert in_rep(timeline, 1) == ["Up", "Exhale", "Down", "Inhale", "Two", "Three"]


def test_a_breathing_word_without_room_behind_takes_the_place_of_the_phase_in_reps_2_and_3() -> None:
    quick = replace(SQUAT, dose=Tempo(span(6), phases(up="0.6", down=2)), breathe=(("up", Breath.OUT),))
    timeline = compiled(quick)
    assert [in_rep(timeline, rep)[0] for rep in range(1, 7)] == [
        "Up", "Exhale", "Exhale", "Halfway", "Up", "Last one",
    ]  # fmt: skip
    assert of(timeline, "breath")[0].beat is not None


def test_a_breathing_word_lies_on_the_beat_of_a_phase_that_has_no_word() -> None:
    timeline = compiled(replace(SQUAT, count=Count.REPS, breathe=(("down", Breath.IN),)))
    breaths = of(timeline, "breath")
    assert [cue.rep for cue in breaths] == [1, 2, 3, 7]
    assert all(cue.beat is not None for cue in breaths)


def test_a_breathing_word_that_is_never_said_is_warned_of() -> None:
    timeline = compiled(replace(SQUAT, dose=Tempo(span(5), phases(up="0.5", down=3)), count=Count.BOTH,
                                breathe=(("up", Breath.HOLD), ("down", Breath.IN))))  # fmt: skip
    assert messages(timeline) == [
        "'Hold your breath' takes 0.75 s, the room is 0.04 s: with 'up' it is left out"
    ]


# Reminders


def test_reminders_rotate_and_keep_away_from_the_ends() -> None:
    one, two = text("Core tight.", 11), text("Hips still.", 12)
    timeline = compiled(replace(SQUAT, reminders=(one, two), reminders_every=1))
    said = [(cue.rep, cue.text) for cue in of(timeline, "reminder")]
    assert said == [(3, "Core tight."), (5, "Hips still."), (7, "Core tight."), (9, "Hips still.")]
    assert all(cue.phase == "down" for cue in of(timeline, "reminder"))


def test_the_next_set_goes_on_with_the_next_reminder() -> None:
    reminders = tuple(text(f"Cue {name}.", 11) for name in ("one", "two", "three", "four", "five"))
    timeline = compiled(replace(SQUAT, sides=("left", "right"), reminders=reminders))
    assert words(of(timeline, "reminder")) == [
        f"Cue {name}." for name in ("one", "two", "three", "four", "five", "one")
    ]


def test_a_reminder_takes_the_place_of_counted_seconds_but_not_of_a_turn() -> None:
    timeline = compiled(replace(SQUAT, reminders=(text("Keep your core engaged."),)))
    assert in_rep(timeline, 3) == ["Up", "Down", "Keep your core engaged.", "Three"]
    assert timeline.warnings == ()


def test_a_reminder_too_long_for_every_window_is_spoken_before_the_set() -> None:
    long = text("Keep the whole upper body straight, from the shoulders down to the hips.", 11)
    timeline = compiled(replace(SQUAT, reminders=(long, text("Easy.", 12)), sets=2))
    said = of(timeline, "reminder")
    assert said[0].text == long.words
    assert said[0].rep is None
    assert words(said).count(long.words) == 1
    assert words(said[1:]) == ["Easy."] * 6  # the only one that is left, every third rep of both sets
    (warning,) = timeline.warnings
    assert warning.location.line == 11
    assert "takes 2.95 s" in warning.message
    assert "spoken before the set" in warning.message


def test_a_reminder_whose_turn_never_comes_is_warned_of() -> None:
    reminders = tuple(text(f"Cue {name}.", 11) for name in ("one", "two", "three", "four"))
    timeline = compiled(replace(SQUAT, reminders=reminders))
    assert messages(timeline) == ["'Cue four.' is never said: no turn with room for it came"]


def test_a_reminder_may_run_through_phases_that_have_no_word() -> None:
    long = text("Keep the upper body straight and your core engaged all the time.")
    quiet = replace(SQUAT, reminders=(long,), count=Count.OFF)
    assert of(compiled(quiet), "reminder")[0].rep == 3
    assert compiled(quiet).warnings == ()


def test_placeholders_are_filled_in_everywhere() -> None:
    exercise = replace(
        SQUAT,
        sides=("left", "right"),
        sets=2,
        setup=(text("Set {set} of {sets}: {exercise}, {side}, {reps} times."),),
        reminders=(text("{rep} of {reps}, set {set}, {{really}}."),),
    )
    timeline = compiled(exercise)
    assert words(of(timeline, "setup")) == ["Set 1 of 2: Squat, left side, 10 times."]
    assert words(of(timeline, "reminder"))[:3] == [f"{rep} of 10, set 1, {{really}}." for rep in (3, 6, 9)]


# No room


def test_a_count_too_long_for_its_beat_is_spoken_faster_and_then_left_out() -> None:
    timeline = compiled(replace(SQUAT, dose=Tempo(span(2), phases(up="0.6", elongate="0.43", down="0.3"))))
    assert messages(timeline) == [
        "'Elongate' takes 0.45 s, the room is 0.42 s: it is spoken 1.1 times as fast (2 times)"
    ]
    assert all(cue.clip.key == "Elongate@1.1" for cue in timeline.cues if cue.text == "Elongate")
    timeline = compiled(replace(SQUAT, dose=Tempo(span(2), phases(up="0.6", elongate="0.3", down="0.3"))))
    assert messages(timeline) == ["'Elongate' takes 0.45 s, the room is 0.29 s: it is left out (2 times)"]
    assert in_rep(timeline, 1) == ["Up", "Down"]


def test_a_milestone_without_room_leaves_its_place_to_the_next_word() -> None:
    timeline = compiled(replace(SQUAT, dose=Tempo(span(3), phases(up="0.2", down="0.3"))))
    assert in_rep(timeline, 3)[0] == "Up"
    assert "'Last one' takes 0.40 s, the room is 0.19 s: another word takes its place" in messages(timeline)


# Holds, times, breathing


def test_a_hold_says_number_hold_time_left_and_relax() -> None:
    timeline = compiled(Exercise("Plank", Hold(span(2), span(25), Fraction(3)), place(10)))
    first = [cue for cue in timeline.cues if cue.rep == 1]
    assert words(first) == ["Hold", "Ten seconds left", "Three", "Two", "One", "Relax"]
    assert first[0].beat is not None
    assert [cue.beat - first[0].beat for cue in first if cue.beat is not None] == [
        second * RATE for second in (0, 15, 22, 23, 24, 25)
    ]
    assert in_rep(timeline, 2)[:2] == ["Hold", "Last one"]


def test_a_single_hold_has_no_number() -> None:
    timeline = compiled(Exercise("Plank", Hold(span(1), span(5), Fraction(3)), place(10)))
    assert in_rep(timeline, 1, "count", "countdown") == ["Hold", "Three", "Two", "One", "Relax"]


def test_hold_is_said_on_the_beat_and_the_number_behind_it_from_the_second_rep_on() -> None:
    timeline = compiled(Exercise("Hang", Hold(span(6), span(7), Fraction(3)), place(10)))
    beats = [cue.beat for cue in timeline.cues if cue.text == "Hold"]
    assert [beat - timeline.sets[0].start for beat in beats if beat] == [rep * 10 * RATE for rep in range(6)]
    assert in_rep(timeline, 1)[:2] == ["Hold", "Relax"]
    assert in_rep(timeline, 2)[:2] == ["Hold", "Two"]
    assert in_rep(timeline, 4)[:2] == ["Hold", "Halfway"]


@pytest.mark.parametrize(("seconds", "counted"), [("3", 0), ("4.9", 0), ("5", 3), ("9", 3)])
def test_a_short_hold_is_not_counted_down(seconds: str, counted: int) -> None:
    dose = Hold(span(1), span(seconds), Fraction(3))
    timeline = compiled(Exercise("Plank", dose, place(10), count_in=0))
    assert len(of(timeline, "countdown")) == counted


@pytest.mark.parametrize(("count_in", "first"), [(0, "One"), (1, "Up"), (3, "Up")])
def test_the_count_in_does_not_end_on_the_word_that_the_first_rep_begins_with(
    count_in: int, first: str
) -> None:
    jump = replace(SQUAT, name="J", count=Count.REPS, count_in=count_in, setup=(text("Go on."),))
    timeline = compiled(SQUAT, jump)
    said = [cue.text for cue in timeline.cues if cue.exercise == "J" and cue.rep in (1, 2)]
    assert said == [first, "Two"]


def test_a_time_says_start_halfway_the_last_seconds_and_stop() -> None:
    timeline = compiled(replace(RUN, dose=Timed(Fraction(90)), count_in=0))
    said = [(cue.text, cue.beat) for cue in timeline.cues if cue.exercise and cue.beat is not None]
    first = said[0][1]
    assert [(word, (beat - first) // RATE) for word, beat in said] == [
        ("Run. One minute thirty seconds.", 0), ("Halfway", 45), ("Thirty seconds left", 60),
        ("Ten seconds left", 80), ("Three", 87), ("Two", 88), ("One", 89), ("Stop", 90),
    ]  # fmt: skip


def test_timed_work_reminds_about_every_ten_seconds() -> None:
    reminders = (text("Core tight."), text("Hips still."))
    timeline = compiled(replace(RUN, dose=Timed(Fraction(60)), reminders=reminders))
    starts = [cue.start for cue in of(timeline, "reminder")]
    assert len(starts) == 6
    assert all(10 * RATE <= b - a <= 13 * RATE for a, b in pairwise(starts))


def test_a_breath_in_a_hold_stands_behind_the_word_on_its_beat() -> None:
    plank = Exercise(
        "Plank", Hold(span(2), span(16), Fraction(3)), place(10), breathing=phases(**{"in": 4, "out": 4})
    )
    timeline = compiled(plank)
    assert in_rep(timeline, 1)[:3] == ["Hold", "Inhale", "Exhale"]
    exhale = next(cue for cue in timeline.cues if cue.text == "Exhale")
    assert exhale.beat == beat_of(timeline, "Hold") + 4 * RATE
    assert timeline.warnings == ()


def test_breathing_speaks_its_words_and_counts_if_it_should() -> None:
    block = Breathing(phases(**{"in": "3", "hold": "2.5", "out": "3"}), 2, Count.TEMPO, 3, place(10))
    timeline = compiled(block)
    (announced,) = of(timeline, "announce")
    assert announced.text == (
        "Breathing. Breathe in for three seconds, hold for two and a half seconds, "
        "breathe out for three seconds. Two rounds."
    )
    assert in_rep(timeline, 1) == ["Breathe in", "Two", "Three", "Hold", "Two", "Breathe out", "Two", "Three"]
    assert beat_of(timeline, "Breathe in", 1) - beat_of(timeline, "Breathe in") == to_samples(Fraction("8.5"))


# Introductions


def test_an_introduction_has_name_dose_setup_quiet_and_count_in() -> None:
    exercise = replace(SQUAT, setup=(text("Stand."), text("Feet apart.")), ready=Fraction(4))
    timeline = compiled(exercise)
    cues = of(timeline, "announce", "setup", "countdown")
    assert words(cues) == ["Squat. Ten reps.", "Stand.", "Feet apart.", "Three", "Two", "One"]
    assert cues[1].start - cues[0].end == RATE
    assert cues[2].start - cues[1].end == RATE
    assert cues[3].start - cues[2].end == 4 * RATE
    assert beat_of(timeline, "Up") - beat_of(timeline, "Three") == 3 * RATE


def test_setup_and_dose_are_said_once() -> None:
    exercise = replace(SQUAT, setup=(text("Stand."),))
    timeline = compiled(Repeat(3, (exercise,), Fraction(60), place(5)))
    assert words(of(timeline, "setup")) == ["Stand."]
    assert words(of(timeline, "announce")) == [
        "Round one of three.", "Squat. Ten reps.", "Round two of three.", "Next, Squat.",
        "Round three of three.", "Next, Squat.",
    ]  # fmt: skip


def test_sets_and_sides_in_their_order() -> None:
    exercise = replace(SQUAT, sides=("left", "right"), sets=2)
    said = words(of(compiled(exercise), "announce", "switch"))
    assert said == [
        "Squat, left side. Two sets of ten reps.", "Set two of two.", "Switch sides. Right side.",
        "Set one of two.", "Set two of two.",
    ]  # fmt: skip
    said = words(of(compiled(replace(exercise, alternate=Alternate.SETS)), "announce", "switch"))
    assert said == [
        "Squat, left side. Two sets of ten reps.", "Switch sides. Right side.",
        "Set two of two. Left side.", "Switch sides. Right side.",
    ]  # fmt: skip


def test_the_title_is_not_said_again_as_the_name() -> None:
    timeline = compiled(replace(SQUAT, sides=("left",)), title="Squat")
    assert words(of(timeline, "announce")) == ["Left side. Ten reps."]


def test_without_count_in_setup_and_rest_the_name_adds_no_time() -> None:
    quick = replace(SQUAT, count_in=0)
    timeline = compiled(quick, replace(quick, name="Jumps"))
    squat, jumps = beat_of(timeline, "Squat. Ten reps."), beat_of(timeline, "Jumps. Ten reps.")
    assert jumps - squat == 40 * RATE
    assert timeline.warnings == ()
    assert of(timeline, "title")[-1].end + RATE // 2 == of(timeline, "announce")[0].start


def test_a_name_too_long_for_the_first_beat_is_said_short_and_then_others_make_room() -> None:
    timeline = compiled(replace(SQUAT, name="Jumps", count_in=0))
    assert words(of(timeline, "announce")) == ["Jumps. Ten reps."]
    assert in_rep(timeline, 1) == ["Down", "Two", "Three"]
    timeline = compiled(replace(SQUAT, name="Walking lunges", count_in=0))
    assert words(of(timeline, "announce")) == ["Walking lunges."]
    assert in_rep(timeline, 1) == ["Down", "Two", "Three"]
    assert timeline.warnings == ()
    timeline = compiled(replace(SQUAT, name="Walking lunges with a heavy bag", count_in=0))
    assert in_rep(timeline, 1) == ["Two", "Three"]
    assert any(message.startswith("'Down'") for message in messages(timeline))


def test_a_name_on_the_first_beat_waits_for_a_sentence_before_it() -> None:
    timeline = compiled(Say(text("Now run."), Fraction(0), place(5)), replace(RUN, count_in=0))
    say, name = of(timeline, "say", "announce")
    assert name.start == say.end + BREATH
    assert timeline.warnings == ()


def test_a_long_reminder_takes_the_name_along_before_the_set() -> None:
    long = text("Keep the whole upper body straight, from the shoulders down to the hips.")
    timeline = compiled(replace(SQUAT, count_in=0, reminders=(long,)))
    assert [cue.text for cue in of(timeline, "announce", "reminder", "count")][:3] == [
        "Squat. Ten reps.", long.words, "Up",
    ]  # fmt: skip


# Rests


def test_a_rest_lasts_from_the_end_of_the_work_to_the_first_beat() -> None:
    timeline = compiled(RUN, Rest(Fraction("30.5"), place(15)), replace(RUN, name="Walk"))
    assert beat_of(timeline, "Go", 1) - beat_of(timeline, "Stop") == to_samples(Fraction("30.5"))
    within = [
        cue for cue in timeline.cues if beat_of(timeline, "Stop") < cue.start < beat_of(timeline, "Go", 1)
    ]
    assert words(within)[:3] == [
        "Rest for thirty and a half seconds.",
        "Next, Walk. Twenty seconds.",
        "Ten seconds left",
    ]
    assert beat_of(timeline, "Ten seconds left") == beat_of(timeline, "Go", 1) - 10 * RATE
    assert timeline.warnings == ()


def test_only_what_must_be_heard_makes_a_rest_longer_and_it_says_so() -> None:
    walk = replace(RUN, name="Walk", setup=(text("Stand up."),), ready=Fraction(1))
    timeline = compiled(RUN, Rest(Fraction(2), place(15)), walk)
    lasted = beat_of(timeline, "Go", 1) - beat_of(timeline, "Stop")
    assert words(of(timeline, "announce", "setup"))[1:] == ["Walk.", "Stand up."]
    assert lasted > 2 * RATE
    (warning,) = timeline.warnings
    assert warning.location.line == 15
    assert warning.message == (
        f"the rest lasts {lasted / RATE:.2f} s, not 2 s: what must be heard before the work needs as long"
    )


def test_before_a_sentence_a_rest_is_plainly_that_long() -> None:
    timeline = compiled(RUN, Rest(Fraction(30), place(15)), Say(text("Done."), Fraction(0), place(16)))
    (say,) = of(timeline, "say")
    assert say.start - beat_of(timeline, "Stop") == 30 * RATE
    assert words(of(timeline, "rest")) == ["Rest for thirty seconds.", "Ten seconds left"]


def test_two_rests_in_a_row_are_one() -> None:
    timeline = compiled(RUN, Rest(Fraction(10), place(15)), Rest(Fraction(15), place(16)), RUN)
    assert beat_of(timeline, "Go", 1) - beat_of(timeline, "Stop") == 25 * RATE
    assert "Rest for twenty-five seconds." in words(of(timeline, "rest"))


def test_a_rest_may_come_first_and_last() -> None:
    timeline = compiled(Rest(Fraction(20), place(5)), RUN, Rest(Fraction(20), place(6)))
    opening, end = of(timeline, "title")[-1].end, of(timeline, "end")[0].start
    assert beat_of(timeline, "Go") - opening == 20 * RATE + RATE // 2
    assert end - beat_of(timeline, "Stop") == 20 * RATE


@pytest.mark.parametrize(
    "step",
    [
        Repeat(2, (RUN,), Fraction(0), place(6)),
        Every(Fraction(60), 2, (RUN,), place(6)),
        Repeat(1, (Every(Fraction(60), 1, (RUN,), place(6)),), Fraction(0), place(6)),
    ],
)
def test_a_rest_before_a_block_ends_with_its_first_beat(step: Step) -> None:
    timeline = compiled(RUN, Rest(Fraction(30), place(5)), step)
    assert beat_of(timeline, "Go", 1) - beat_of(timeline, "Stop") == 30 * RATE


def test_a_rest_before_breathing_ends_with_its_first_beat() -> None:
    block = Breathing(phases(**{"in": 4, "out": 4}), 2, Count.PHASES, 0, place(6))
    timeline = compiled(RUN, Rest(Fraction(30), place(5)), block)
    assert beat_of(timeline, "Breathe in") - beat_of(timeline, "Stop") == 30 * RATE


def test_rests_between_sets_and_rounds_and_changes_of_side_are_exact() -> None:
    run = replace(RUN, sides=("left", "right"), sets=2, rest=Fraction(45), switch=Fraction(12))
    timeline = compiled(Repeat(2, (run,), Fraction(40), place(5)))
    gaps = [(beat_of(timeline, "Go", at + 1) - beat_of(timeline, "Stop", at)) / RATE for at in range(7)]
    assert gaps == [45, 12, 45, 40, 45, 12, 45]


# Rounds on the clock


def test_every_round_begins_on_the_clock_and_the_last_one_lasts_too() -> None:
    block = Every(Fraction("30.1"), 3, (RUN,), place(5))
    timeline = compiled(block, Say(text("Done."), Fraction(0), place(9)))
    starts = [beat_of(timeline, "Go", number) for number in range(3)]
    assert [start - starts[0] for start in starts] == [
        to_samples(number * Fraction("30.1")) for number in range(3)
    ]
    assert of(timeline, "say")[0].start == starts[0] + to_samples(3 * Fraction("30.1"))


def test_a_sentence_first_in_a_round_comes_before_its_first_beat() -> None:
    block = Every(Fraction(40), 2, (Say(text("Ready?"), Fraction(2), place(6)), RUN), place(5))
    timeline = compiled(block)
    assert beat_of(timeline, "Go", 1) - beat_of(timeline, "Go") == 40 * RATE
    say = of(timeline, "say")[1]
    assert beat_of(timeline, "Stop") < say.start < beat_of(timeline, "Go", 1)
    after = next(cue for cue in timeline.cues if cue.start > say.start)
    assert after.start - say.end == 2 * RATE


def test_a_round_of_sentences_alone_keeps_the_clock() -> None:
    block = Every(Fraction(20), 3, (Say(text("Look up."), Fraction(1), place(6)),), place(5))
    timeline = compiled(block, RUN)
    starts = [cue.start for cue in of(timeline, "say")]
    assert [start - starts[0] for start in starts] == [0, 20 * RATE, 40 * RATE]
    assert of(timeline, "announce")[0].start == starts[0] + 60 * RATE


def test_a_round_of_every_is_announced_right_before_it_not_when_the_work_ends() -> None:
    timeline = compiled(Every(Fraction(60), 2, (RUN,), place(5)))
    again = [cue for cue in of(timeline, "announce") if cue.exercise == "Run"][1]
    following = next(cue for cue in timeline.cues if cue.start > again.start)
    assert (again.text, following.text) == ("Run.", "Three")
    assert following.start - again.end == 15 * RATE // 100  # a breath, and the count-in begins


def test_a_rest_at_the_end_of_a_round_holds_the_next_introduction() -> None:
    block = Every(Fraction(40), 2, (RUN, Rest(Fraction(20), place(6))), place(5))
    timeline = compiled(block)
    assert beat_of(timeline, "Go", 1) - beat_of(timeline, "Go") == 40 * RATE
    assert words(of(timeline, "rest"))[0] == "Rest for twenty seconds."


def test_rounds_within_rounds() -> None:
    inner = Every(Fraction(25), 2, (RUN,), place(6))
    timeline = compiled(Every(Fraction(60), 2, (inner,), place(5)))
    starts = [beat_of(timeline, "Go", number) for number in range(4)]
    assert [(start - starts[0]) / RATE for start in starts] == [0, 25, 60, 85]
    circuit = Repeat(2, (replace(RUN, dose=Timed(Fraction(5))),), Fraction(10), place(6))
    timeline = compiled(Every(Fraction(40), 2, (circuit,), place(5)))
    starts = [beat_of(timeline, "Go", number) for number in range(4)]
    assert [(start - starts[0]) / RATE for start in starts] == [0, 15, 40, 55]


@pytest.mark.parametrize("count_in", [0, 3])
def test_a_round_full_of_work_has_its_name_on_the_beat_or_is_a_problem(count_in: int) -> None:
    block = Every(Fraction(20), 3, (replace(RUN, count_in=count_in),), place(5))
    if count_in:
        with pytest.raises(ScriptError, match=r"made.yaml:5:5: a round of 'every' begins .* too late"):
            compiled(block)
    else:
        beats = [cue.beat for cue in of(compiled(block), "announce")]
        assert beats[0] is not None
        assert beats == [beats[0], beats[0] + 20 * RATE, beats[0] + 40 * RATE]


def test_a_round_that_needs_longer_is_a_problem_with_its_line() -> None:
    with pytest.raises(ScriptError) as caught:
        compiled(Every(Fraction(15), 2, (RUN,), place(5)))
    assert "made.yaml:5:5: a round needs 5.00 s longer than its 15 s" in caught.value.lines()
    with pytest.raises(ScriptError, match="put the rest behind the work"):
        compiled(Every(Fraction(60), 2, (Rest(Fraction(5), place(7)), RUN), place(5)))


def test_a_lap_of_an_awkward_length_is_no_rounding_problem() -> None:
    third = Fraction("7.3333")
    run = replace(RUN, dose=Timed(third), count_in=0)
    block = Every(third, 50, (run,), place(5))
    timeline = compiled(block)
    beats = [cue.beat for cue in of(timeline, "announce")]
    assert beats[0] is not None
    assert beats == [beats[0] + to_samples(number * third) for number in range(50)]


# The whole


def test_the_opening_names_what_it_takes_and_needs_and_the_end_is_an_end() -> None:
    timeline = compiled(replace(SQUAT, equipment=("a mat",)), replace(RUN, equipment=("a mat", "a chair")))
    takes = "About one minute. You will need a mat and a chair."
    assert words(of(timeline, "title")) == ["Made up", takes]
    assert 57.5 <= timeline.length / RATE < 75
    assert timeline.cues[0].start == 2 * RATE
    assert timeline.cues[-1].text == "Session complete. Well done."


def test_chapters_are_the_exercises_and_sides() -> None:
    timeline = compiled(
        Say(text("Hello."), Fraction(1), place(5)),
        replace(SQUAT, sides=("left", "right"), sets=2),
        Rest(Fraction(20), place(6)),
        replace(RUN, count_in=0),
        replace(SQUAT, name="Jumps", count_in=0),
    )
    assert [chapter.title for chapter in timeline.chapters] == ["Squat, left", "Squat, right", "Run", "Jumps"]
    jumps = timeline.chapters[-1]
    assert jumps.start == next(cue.start for cue in timeline.cues if cue.exercise == "Jumps")


def test_the_report_has_exactly_the_keys_that_others_build_on() -> None:
    report = contract(compiled(SQUAT))
    assert list(report) == [
        "version", "title", "language", "voice", "level", "duration", "chapters", "cues", "warnings",
    ]  # fmt: skip
    cues = report["cues"]
    assert isinstance(cues, list)
    assert list(cues[0]) == [
        "start", "end", "kind", "text", "beat", "exercise", "side", "set", "rep", "phase", "path", "line",
    ]  # fmt: skip


def test_a_text_that_the_voice_is_silent_on_is_a_problem_with_its_line() -> None:
    silent = replace(SQUAT, setup=(text("...", 11),), reminders=(text("(silent)", 12),))
    with pytest.raises(ScriptError) as caught:
        compiled(silent, Say(text("\N{SMILING FACE WITH SUNGLASSES}", 13), Fraction(0), place(13)))
    assert [problem.location.line for problem in caught.value.problems] == [11, 12, 13]


def test_more_than_twelve_hours_are_a_problem() -> None:
    long = replace(RUN, dose=Timed(Fraction(12 * 3600)))
    with pytest.raises(ScriptError, match=r"the track lasts 12\.0 hours; the most is 12"):
        compiled(long)


def test_a_language_without_a_phrasebook_is_a_problem() -> None:
    with pytest.raises(ScriptError, match=r"must be a language that Coach speaks: .*got 'tlh'"):
        compile_routine(replace(routine(RUN), language="tlh"), FixedSpeech())


def test_a_script_compiles_from_its_file(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        "count_in: 2\n"
        "steps:\n"
        "  - exercise: Lift\n"
        "    reps: 3\n"
        "    tempo: [up: 1, hold: 1, down: 2, hold: 1]\n"
        "    reminders: ['{rep} of {reps}']\n",
    )
    timeline = compile_routine(made, FixedSpeech())
    assert in_rep(timeline, 1) == ["Up", "Hold", "Down", "Two", "Hold"]
    assert {cue.location.line for cue in timeline.cues} == {1, 4, 7}
    assert words(of(timeline, "reminder")) == ["1 of 3"]  # three reps have no window for it


def test_a_hundred_thousand_cues_compile_in_seconds() -> None:
    reminders = tuple(text(words) for words in ("Core {rep}.", "Easy.", "Hips still."))
    tempo = replace(
        SQUAT,
        dose=Tempo(span(10_000), phases(up=1, down=3)),
        reminders=reminders,
        breathe=(("up", Breath.OUT),),
    )
    long_hold = Exercise(
        "Plank", Hold(span(1), span(3600), Fraction(3)), place(20), reminders=reminders[1:],
        breathing=phases(**{"in": 1, "out": 1}),
    )  # fmt: skip
    for exercise in (tempo, long_hold, replace(RUN, dose=Timed(Fraction(39600)), reminders=reminders[1:])):
        began = time.process_time()
        compiled(exercise)
        assert time.process_time() - began < 8


def test_what_will_be_spoken_is_listed_even_of_a_routine_that_does_not_compile() -> None:
    assert "Squat. Ten reps." in texts(routine(Every(Fraction(2), 2, (SQUAT,), place(5))))
