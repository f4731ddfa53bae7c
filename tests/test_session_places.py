"""Where a session goes on: never amid a word or a rep, and with what a person must have heard."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from coach.errors import ScriptError
from coach.phrases import phrasebook
from coach.routine import Breathing, Count, Exercise, Hold, Repeat, Rest, Routine, Say, Step, Tempo, Timed
from coach.session import places
from coach.session.places import Landing
from coach.timeline import Cue, Set, Timeline, compile_routine
from coach.units import RATE, to_samples
from tests.examples import examples
from tests.strategies import PacedSpeech, phases, place, routine, routines, span, text
from tests.voices import FixedSpeech

BOOK = phrasebook("en")
TEN = 10 * RATE
some = settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
anywhere = st.floats(0, 1)
voices = st.builds(PacedSpeech, st.sampled_from((0.4, 1.0, 1.6)), st.sampled_from((0.0, 1.0, 2.0)))

SHELL = Exercise(
    "Clamshell",
    Tempo(span(12), phases(up=1, down=3)),
    place(10),
    sides=("left", "right"),
    setup=(text("Lie on your {side}."), text("Knees bent.")),
    reminders=(text("Core tight."),),
)
PLANK = Exercise("Plank", Hold(span(1), span(40), Fraction(3)), place(20))
HANG = Exercise("Hang", Hold(span(3), span(20), Fraction(3)), place(25), sets=2, rest=Fraction(20))
RUN = Exercise("Run", Timed(Fraction(60)), place(30), sides=("left", "right"), setup=(text("Stand up."),))
CALM = Breathing(phases(**{"in": 4, "out": 4}), 3, Count.PHASES, 0, place(40))


def made(*steps: Step) -> Timeline:
    return compile_routine(routine(*steps), FixedSpeech())


def compiled(made: Routine, voice: PacedSpeech) -> Timeline:
    """Compile; a routine whose rounds of `every` are too short is no example of anything."""
    try:
        return compile_routine(made, voice)
    except ScriptError:
        raise UnsatisfiedAssumption from None


def texts(landing: Landing) -> list[str]:
    return [each if isinstance(each, str) else each.text for each in landing.said]


def moment(work: Set, rep: int, seconds: float = 0.0) -> int:
    """Return a sample so many seconds behind the beat of a rep."""
    return next(part.start for part in work.spans if part.rep == rep) + round(seconds * RATE)


def starts(work: Set) -> set[int]:
    """Where the reps of a set begin."""
    return {min(part.start for part in work.spans if part.rep == rep) for rep in range(1, _reps(work) + 1)}


def _reps(work: Set) -> int:
    assert work.reps is not None
    return work.reps


def cue_at(timeline: Timeline, sample: int) -> Cue | None:
    return next((cue for cue in timeline.cues if cue.start <= sample < cue.end), None)


def assert_clean(timeline: Timeline, sample: int) -> None:
    """Assert that a sample is amid neither a word nor a rep."""
    cue = cue_at(timeline, sample)
    assert cue is None or cue.start == sample, "amid a word"
    body = places.beat_at(timeline, sample)
    work = places.work_at(timeline, body)
    if work and work.reps is not None:
        assert body in starts(work), "amid a rep"


@some
@given(routines, voices, st.lists(anywhere, min_size=8, max_size=8))
def test_going_on_is_never_amid_a_word_or_a_rep_nor_further_on(
    routine: Routine, voice: PacedSpeech, moments: list[float]
) -> None:
    timeline = compiled(routine, voice)
    edges = [edge for work in timeline.sets for edge in (work.start, work.end)]
    near = [edge + by for edge in edges[:6] for by in (-1, 0, 1)]
    for sample in [*(round(at * timeline.length) for at in moments), *near]:
        landing = places.continue_at(timeline, sample)
        assert 0 <= landing.sample <= sample
        assert (landing.said, landing.beat) == ((), None)
        assert_clean(timeline, landing.sample)
        assert places.continue_at(timeline, landing.sample) == landing
        work = places.work_at(timeline, places.beat_at(timeline, sample))
        if work is None and not cue_at(timeline, sample):  # a rest goes on, a count-in begins again
            counted = [cue.start for cue in timeline.cues if cue.kind == "countdown" and cue.end <= sample]
            assert landing.sample == sample or landing.sample in counted


@some
@given(routines, voices, st.lists(anywhere, min_size=8, max_size=8), st.booleans())
def test_who_comes_back_is_counted_into_a_rep_and_a_rest_goes_on(
    routine: Routine, voice: PacedSpeech, moments: list[float], long: bool
) -> None:
    timeline = compiled(routine, voice)
    for sample in (round(at * timeline.length) for at in moments):
        landing = places.come_back(timeline, BOOK, sample, long=long)
        on = places.continue_at(timeline, sample)
        assert landing.sample <= on.sample
        assert_clean(timeline, landing.sample)
        work = places.work_at(timeline, places.beat_at(timeline, on.sample))
        if work is None:
            assert landing.sample == on.sample
            assert landing.beat is None
            assert long or not landing.said
            assert all(isinstance(cue, Cue) and cue.end <= landing.sample for cue in landing.said)
            continue
        assert landing.beat is not None
        assert landing.sample <= landing.beat
        assert work.start <= landing.beat < work.end
        if work.reps is None:
            assert landing.beat <= max(work.start, work.end - 5 * RATE)
        else:
            assert landing.beat in starts(work)
        assert landing.said
        if long:
            assert texts(landing)[0].startswith(work.name)
            if isinstance(work.step, Exercise) and work.step.setup:
                assert len(landing.said) > len(work.step.setup)
                assert landing.quiet == to_samples(work.step.ready)


@some
@given(routines, voices, st.lists(anywhere, min_size=8, max_size=8))
def test_ten_seconds_on_are_progress_and_ten_seconds_back_go_back(
    routine: Routine, voice: PacedSpeech, moments: list[float]
) -> None:
    timeline = compiled(routine, voice)
    longest = max(cue.clip.length for cue in timeline.cues)
    for sample in (round(at * timeline.length) for at in moments):
        on = places.move(timeline, sample, TEN).sample
        assert on > sample or on == timeline.length
        assert on <= sample + 2 * TEN + longest
        cue = cue_at(timeline, on)
        assert cue is None or cue.start == on
        back = places.move(timeline, sample, -TEN).sample
        assert back < sample or sample == 0
        assert back <= max(0, sample - TEN)
        assert_clean(timeline, back)


@some
@given(routines, voices, st.booleans())
def test_a_set_begins_with_its_introduction_before_its_first_beat(
    routine: Routine, voice: PacedSpeech, anew: bool
) -> None:
    timeline = compiled(routine, voice)
    for index, work in enumerate(timeline.sets):
        landing = places.begin_set(timeline, BOOK, index, anew=anew)
        assert landing.sample <= work.start
        assert places.next_index(timeline, landing.sample) == index or landing.sample == work.start
        assert landing.beat in (None, work.start)
        counted = work.step.count_in
        assert (landing.beat is None) == (landing.sample < work.start - RATE // 2) or not counted
        before = places.introduction(timeline, index)
        setups = {cue.text for cue in before if cue.kind == "setup"}
        assert setups <= {*texts(landing)}
        if anew:
            assert any(work.name.casefold() in said.casefold() for said in texts(landing)) or any(
                cue.beat == work.start and cue.kind == "announce" for cue in timeline.cues
            )
            assert not any(said.startswith("Switch") for said in texts(landing))


@some
@given(routines, voices)
def test_blocks_cover_all_sets_and_every_sample_belongs_to_one(routine: Routine, voice: PacedSpeech) -> None:
    timeline = compiled(routine, voice)
    blocks = places.blocks(timeline)
    assert blocks == sorted(set(blocks))
    assert blocks[:1] == ([0] if timeline.sets else [])
    for first, after in pairwise([*blocks, len(timeline.sets)]):
        own = {(work.name, work.side) for work in timeline.sets[first:after]}
        assert len(own) == 1
        for work in timeline.sets[first:after]:
            assert {
                places.block_at(timeline, at)
                for at in (work.start, (work.start + work.end) // 2, work.end - 1)
            } == {blocks.index(first)}
    last = timeline.sets[-1].end if timeline.sets else 0
    assert places.block_at(timeline, last) == places.block_at(timeline, timeline.length) == len(blocks)
    if blocks:
        assert places.block_at(timeline, 0) == 0


def test_a_pause_in_a_rep_leads_to_its_start() -> None:
    timeline = made(SHELL)
    right = timeline.sets[1]
    sample = moment(right, 7, 2.3)
    word = next(cue for cue in timeline.cues if cue.beat == moment(right, 7))
    assert places.continue_at(timeline, sample) == Landing(word.start)
    landing = places.come_back(timeline, BOOK, sample, long=False)
    assert landing == Landing(word.start, ("Right side, rep seven of twelve.",), moment(right, 7))


def test_a_pause_in_a_recap_leads_to_the_same_rep() -> None:
    timeline = made(SHELL)
    landing = places.come_back(timeline, BOOK, moment(timeline.sets[0], 7, 2.3), long=False)
    assert places.come_back(timeline, BOOK, landing.sample, long=False) == landing


def test_after_a_long_pause_the_setup_is_told_as_it_is_true_of_this_side() -> None:
    timeline = made(SHELL)
    landing = places.come_back(timeline, BOOK, moment(timeline.sets[1], 7, 2), long=True)
    assert texts(landing) == [
        "Clamshell, right side.",
        "Lie on your right side.",
        "Knees bent.",
        "Rep seven of twelve.",
    ]
    assert landing.quiet == 5 * RATE
    left = places.come_back(timeline, BOOK, moment(timeline.sets[0], 7, 2), long=True)
    assert [each.kind for each in left.said if isinstance(each, Cue)] == ["setup", "setup"]


def test_one_hold_is_named_and_not_numbered() -> None:
    timeline = made(PLANK)
    work = timeline.sets[0]
    landing = places.come_back(timeline, BOOK, work.start + 30 * RATE, long=False)
    assert landing.said == ("Plank.",)
    assert landing.beat == work.start
    assert texts(places.come_back(timeline, BOOK, work.start + RATE, long=True)) == ["Plank."]


def test_which_set_it_is_is_told_after_a_long_pause() -> None:
    timeline = made(HANG)
    sample = moment(timeline.sets[1], 2, 5)
    assert texts(places.come_back(timeline, BOOK, sample, long=True)) == [
        "Hang.",
        "Set two of two.",
        "Rep two of three.",
    ]
    assert texts(places.come_back(timeline, BOOK, sample, long=False)) == ["Rep two of three."]


@pytest.mark.parametrize(
    ("second", "told", "begins"),
    [(20.3, "40 seconds", 20.3), (20.7, "forty seconds", 20.7), (57, "five seconds", 55), (1.5, "", 1.5)],
)
def test_timed_work_tells_whole_seconds_and_no_less_than_five(
    second: float, told: str, begins: float
) -> None:
    timeline = made(RUN)
    work = timeline.sets[1]
    landing = places.come_back(timeline, BOOK, work.start + round(second * RATE), long=False)
    assert landing.beat is not None
    assert landing.beat <= work.start + begins * RATE
    left = -((landing.beat - work.end) // RATE)
    assert texts(landing) == ["Right side.", BOOK.duration(left).capitalize() + " to go."]
    assert 0 <= left - (work.end - landing.beat) / RATE < 1
    assert left >= 5
    if told and told[0].isalpha():
        assert texts(landing)[1].lower().startswith(told)


def test_breathing_counts_rounds() -> None:
    timeline = made(CALM)
    landing = places.come_back(timeline, BOOK, moment(timeline.sets[0], 2, 5), long=False)
    assert landing.said == ("Round two of three.",)
    assert landing.beat == moment(timeline.sets[0], 2)


def test_a_rest_goes_on_and_after_long_what_was_heard_of_the_introduction_comes_again() -> None:
    timeline = made(PLANK, Rest(Fraction(60), place(15)), SHELL)
    intro = places.introduction(timeline, 1)
    assert [cue.kind for cue in intro] == ["announce", "setup", "setup"]
    sample = intro[-1].end + 10 * RATE
    assert places.come_back(timeline, BOOK, sample, long=False) == Landing(sample)
    assert places.come_back(timeline, BOOK, sample, long=True) == Landing(sample, tuple(intro))
    amid = intro[1].start + 100
    assert places.come_back(timeline, BOOK, amid, long=True) == Landing(intro[1].start, (intro[0],))
    assert places.come_back(timeline, BOOK, intro[0].start - 10, long=True).said == ()


def test_a_pause_in_the_count_in_begins_it_again_and_after_long_there_is_time_to_get_there() -> None:
    timeline = made(SHELL)
    counted = [cue for cue in timeline.cues if cue.kind == "countdown"][:3]
    assert places.come_back(timeline, BOOK, counted[1].end + 10, long=False) == Landing(counted[0].start)
    landing = places.come_back(timeline, BOOK, counted[1].end + 10, long=True)
    assert landing.sample == counted[0].start
    assert [cue.kind for cue in landing.said if isinstance(cue, Cue)] == ["announce", "setup", "setup"]
    assert landing.quiet == 5 * RATE


def test_where_nothing_is_done_any_more_it_goes_on_with_the_sentence() -> None:
    timeline = made(PLANK, Rest(Fraction(20), place(15)), Say(text("Well done."), Fraction(5), place(16)))
    said = next(cue for cue in timeline.cues if cue.text == "Well done.")
    for long in (False, True):
        assert places.come_back(timeline, BOOK, said.start + 50, long=long) == Landing(said.start)
        assert places.come_back(timeline, BOOK, said.end + 50, long=long) == Landing(said.end + 50)
        assert places.come_back(timeline, BOOK, timeline.length, long=long) == Landing(timeline.length)


def test_a_routine_without_work_has_no_blocks() -> None:
    timeline = made(Say(text("Sit down."), Fraction(20), place(1)))
    assert places.blocks(timeline) == []
    assert places.block_at(timeline, 5) == 0
    said = timeline.cues[-2]
    assert places.next_sentence(timeline, said.start - 1) == Landing(said.start)
    assert places.next_sentence(timeline, said.start) == Landing(timeline.cues[-1].start)
    assert places.next_sentence(timeline, timeline.length) is None


def test_the_next_side_leaves_the_time_to_roll_over() -> None:
    timeline = made(SHELL)
    landing = places.begin_set(timeline, BOOK, 1)
    assert texts(landing) == ["Switch sides. Right side."]
    switch = landing.said[0]
    assert isinstance(switch, Cue)
    assert landing.quiet == landing.sample - switch.end > 8 * RATE
    heard = places.begin_set(timeline, BOOK, 1, heard=switch.end + RATE)
    assert heard == landing._replace(quiet=0)


def test_a_set_begun_in_its_rest_is_named_once_more_but_not_set_up_again() -> None:
    timeline = made(PLANK, Rest(Fraction(60), place(15)), SHELL)
    intro = places.introduction(timeline, 1)
    landing = places.begin_set(timeline, BOOK, 1, heard=intro[-1].end)
    assert landing.said == (intro[0],)
    assert landing.quiet == 0
    fresh = places.begin_set(timeline, BOOK, 1)
    assert fresh.said == tuple(intro)
    assert fresh.quiet == 5 * RATE


def test_who_comes_from_elsewhere_hears_name_and_setup_and_nothing_of_switching() -> None:
    timeline = made(SHELL)
    landing = places.begin_set(timeline, BOOK, 1, anew=True)
    assert texts(landing) == ["Clamshell, right side.", "Lie on your right side.", "Knees bent."]
    assert landing.quiet == 5 * RATE
    first = places.begin_set(timeline, BOOK, 0, anew=True)
    assert texts(first)[1:] == ["Lie on your left side.", "Knees bent."]
    again = made(Repeat(2, (SHELL,), Fraction(30), place(5)))
    landing = places.begin_set(again, BOOK, 2, anew=True)
    assert texts(landing) == ["Clamshell, left side.", "Lie on your left side.", "Knees bent."]


def test_talk_before_an_exercise_is_no_part_of_its_introduction() -> None:
    timeline = made(Say(text("A long story."), Fraction(2), place(1)), SHELL)
    assert "A long story." not in texts(places.begin_set(timeline, BOOK, 0))


def test_the_last_instruction_is_said_again() -> None:
    timeline = made(SHELL)
    work = timeline.sets[0]
    sample = moment(work, 2, 1)
    landing = places.repeat_instruction(timeline, sample)
    assert texts(landing) == ["Knees bent."]
    assert landing.beat == moment(work, 2)
    reminder = next(cue for cue in timeline.cues if cue.kind == "reminder")
    assert reminder.rep is not None
    landing = places.repeat_instruction(timeline, reminder.start + 10)
    assert landing.said == (reminder,)
    assert landing.beat == moment(work, reminder.rep)


def test_a_sentence_that_is_being_said_is_begun_again_and_not_said_twice() -> None:
    timeline = made(SHELL)
    setup = places.introduction(timeline, 0)[1]
    assert places.repeat_instruction(timeline, setup.start + 10) == Landing(setup.start)
    assert places.repeat_instruction(timeline, setup.end + 10) == Landing(setup.end + 10, (setup,))
    assert places.repeat_instruction(timeline, 0) == Landing(0)


@some
@given(routines, voices, st.lists(anywhere, min_size=8, max_size=8))
def test_what_is_asked_again_is_what_was_said_last(
    routine: Routine, voice: PacedSpeech, moments: list[float]
) -> None:
    timeline = compiled(routine, voice)
    kinds = ("title", "say", "announce", "switch", "setup", "reminder")
    for sample in (round(at * timeline.length) for at in moments):
        landing = places.repeat_instruction(timeline, sample)
        assert_clean(timeline, landing.sample)
        told = [cue for cue in timeline.cues if cue.kind in kinds and cue.start <= sample]
        assert landing.sample <= sample
        if told:
            assert landing.said == (told[-1],) or landing.sample <= told[-1].start
        else:
            assert not landing.said


def test_ten_seconds_on_land_on_a_rep_and_go_into_a_long_hold() -> None:
    timeline = made(SHELL, PLANK)
    shell, _, plank = timeline.sets
    landing = places.move(timeline, moment(shell, 2, 1), TEN)
    assert places.beat_at(timeline, landing.sample) == moment(shell, 5)
    landing = places.move(timeline, plank.start + 4 * RATE, TEN)
    assert plank.start + 14 * RATE <= landing.sample <= plank.start + 16 * RATE


def test_ten_seconds_on_into_a_count_in_hear_all_of_it() -> None:
    timeline = made(SHELL)
    counted = [cue for cue in timeline.cues if cue.kind == "countdown"][:3]
    assert places.move(timeline, counted[1].end - TEN, TEN) == Landing(counted[0].start)
    slow = made(Exercise("Squat", Tempo(span(3), phases(up=1)), place(1), count_in=12))
    first = next(cue for cue in slow.cues if cue.kind == "countdown")
    assert places.move(slow, first.start, TEN).sample > first.start
