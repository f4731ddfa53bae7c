"""What holds for every timeline, whatever the routine and the voice."""

from __future__ import annotations

import json
import re
from bisect import bisect
from fractions import Fraction
from itertools import groupby, pairwise

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from coach.errors import ScriptError
from coach.phrases import Milestone, phrasebook
from coach.routine import Alternate, Breathing, Count, Every, Exercise, Phase, Rest, Routine, Tempo, Timed
from coach.timeline import Cue, Timeline, compile_routine, contract
from coach.timeline.booth import BREATH
from coach.units import RATE, to_samples
from tests.examples import examples
from tests.strategies import (
    PacedSpeech,
    exercises,
    phases,
    place,
    routine,
    routines,
    seconds,
    span,
    tempos,
    voices,
)

BOOK = phrasebook("en")
few = settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))


def compiled(made: Routine, voice: PacedSpeech) -> Timeline:
    """Compile; a routine whose rounds of `every` are too short is no example of anything."""
    try:
        return compile_routine(made, voice)
    except ScriptError as error:
        problems = error.problems
    assert all("round" in problem.message for problem in problems)
    raise UnsatisfiedAssumption


def is_sentence(cue: Cue) -> bool:
    return cue.kind in ("announce", "switch") or (cue.beat is None and cue.kind not in ("count", "milestone"))


def brief(cue: Cue) -> str:
    return f"{cue.start} to {cue.end}, beat {cue.beat}: {cue.kind} '{cue.text}', rep {cue.rep} {cue.phase}"


def check(timeline: Timeline) -> None:
    """Assert everything that can be seen in the timeline itself."""
    cues = timeline.cues
    assert cues[0].start >= 0
    assert cues[-1].end <= timeline.length
    assert cues[-1].kind == "end"
    for before, after in pairwise(cues):
        room = BREATH if is_sentence(before) or is_sentence(after) else 0
        assert after.start - before.end >= room, f"\n{brief(before)}\n{brief(after)}"
    for cue in cues:
        assert cue.clip.length > 0
        assert cue.beat is None or cue.beat - cue.start == cue.clip.attack
    chapters = timeline.chapters
    assert chapters[0].start == 0
    assert chapters[-1].end == timeline.length
    assert all(one.end == other.start for one, other in pairwise(chapters))
    assert all(one.start < one.end for one in chapters)
    for chapter in chapters[1:]:
        assert not any(cue.start < chapter.start < cue.end for cue in cues)
    for cue in cues:
        if cue.exercise and cue.rep:
            title = next(c.title for c in chapters if c.start <= cue.start < c.end)
            assert title in (cue.exercise, f"{cue.exercise}, {cue.side}")
    assert list(timeline.warnings) == sorted(set(timeline.warnings))
    check_sets(timeline)
    check_sounds(timeline)


def check_sounds(timeline: Timeline) -> None:
    """Assert that each sound is at its moment, and that a metronome ticks in its set, where no word is."""
    spoken = {cue.beat for cue in timeline.cues if cue.beat is not None}
    for sound in timeline.sounds:
        assert sound.beat is not None
        assert sound.beat - sound.start == sound.clip.attack
        assert sound.end <= timeline.length
        if sound.exercise is not None:
            assert any(work.start <= sound.beat < work.end for work in timeline.sets)
            assert sound.beat not in spoken
    assert list(timeline.sounds) == sorted(timeline.sounds, key=lambda sound: sound.start)


def check_sets(timeline: Timeline) -> None:
    """Assert that the sets are where their cues are, and that nothing but rests lies between them."""
    sets = timeline.sets
    for before, after in pairwise(sets):
        assert before.end <= after.start
    assert not sets or sets[-1].end <= timeline.length
    for work in sets:
        assert all(one.end == other.start for one, other in pairwise(work.spans))
        assert all(part.start < part.end for part in work.spans)
        seconds = work.step.seconds if isinstance(work.step, Breathing) else work.step.whole_dose.seconds
        assert abs(work.end - work.start - to_samples(seconds)) <= 1  # both ends are rounded, each once
    starts = {(part.start, part.rep) for work in sets for part in work.spans}
    for cue in timeline.cues:
        if cue.rep and cue.beat is not None and cue.kind in ("milestone", "breath"):
            of_cue = [work for work in sets if work.start <= cue.beat <= work.end]
            assert any(
                (work.name, work.side or cue.side, work.number) == (cue.exercise, cue.side, cue.set)
                for work in of_cue
            )
        if cue.kind == "milestone" and cue.rep and cue.beat is not None:
            assert (cue.beat, cue.rep) in starts
        elif cue.kind == "milestone" and cue.rep:  # it floats behind the "hold" of its rep, in the same phase
            assert any(
                part.rep == cue.rep and part.start <= cue.start and cue.end <= part.end
                for work in sets
                for part in work.spans
            )


@many
@given(routines, voices)
def test_any_timeline_is_sound(made: Routine, voice: PacedSpeech) -> None:
    timeline = compiled(made, voice)
    check(timeline)
    assert timeline == compile_routine(made, PacedSpeech(voice.factor, voice.late))


@few
@given(routines, voices)
def test_the_report_is_plain_json_to_six_decimals(made: Routine, voice: PacedSpeech) -> None:
    timeline = compiled(made, voice)
    report = json.loads(json.dumps(contract(timeline)))
    assert report["duration"] == round(timeline.length / RATE, 6)
    assert len(report["cues"]) == len(timeline.heard)
    for plain, cue in zip(report["cues"], timeline.heard, strict=True):
        assert plain["start"] == round(cue.start / RATE, 6)
        assert plain["beat"] == (None if cue.beat is None else round(cue.beat / RATE, 6))


def sets_of(timeline: Timeline) -> list[list[Cue]]:
    """The cues within reps, set by set."""
    within = [cue for cue in timeline.cues if cue.rep]
    starts = [work.start for work in timeline.sets]
    return [list(group) for _, group in groupby(within, key=lambda cue: bisect(starts, cue.end))]


@many
@given(tempos(most_reps=60), st.sampled_from(Count), voices)
def test_every_beat_lies_where_arithmetic_puts_it(dose: Tempo, count: Count, voice: PacedSpeech) -> None:
    exercise = Exercise("Squat", dose, place(10), count=count)
    timeline = compiled(routine(exercise), voice)
    length = sum((phase.seconds for phase in dose.phases), Fraction(0))
    last_count_in = next(cue for cue in timeline.cues if cue.text == "One" and cue.kind == "countdown")
    assert last_count_in.beat is not None
    first = last_count_in.beat + RATE
    where: dict[tuple[int | None, str | None], set[int]] = {}
    for rep in range(1, int(dose.reps.low) + 1):
        at = (rep - 1) * length
        for phase in dose.phases:
            whole = int(phase.seconds)
            moments = {first + to_samples(at + second) for second in range(max(whole, 1))}
            where.setdefault((rep, phase.name), set()).update(moments)
            at += phase.seconds
    for cue in timeline.cues:
        if cue.rep and cue.beat is not None:
            assert cue.beat in where[cue.rep, cue.phase], cue
    assert timeline.length >= first + to_samples(dose.seconds)


@pytest.mark.parametrize("length", ["0.3333", "1.1111", "0.7", "4"])
@pytest.mark.parametrize("count", [Count.REPS, Count.TEMPO])
def test_a_thousand_reps_do_not_drift(length: str, count: Count) -> None:
    dose = Tempo(span(1000), phases(up=length))
    exercise = Exercise("Squat", dose, place(10), count=count)
    timeline = compile_routine(routine(exercise), PacedSpeech(0.2))
    beats = {cue.rep: cue.beat for cue in reversed(timeline.cues) if cue.rep and cue.phase == "up"}
    assert beats[1] is not None
    exact = Fraction(length) * RATE
    for rep in range(1, 1001):
        beat = beats[rep]
        assert beat is not None
        assert beat - beats[1] == int((rep - 1) * exact + Fraction(1, 2))


@few
@given(
    st.lists(st.tuples(seconds("3", "40"), seconds("12", "90")), min_size=1, max_size=5),
    st.sampled_from((0, 3)),
    voices,
)
def test_rests_are_exact(works: list[tuple[Fraction, Fraction]], count_in: int, voice: PacedSpeech) -> None:
    steps: list[Exercise | Rest] = []
    for number, (length, rest) in enumerate(works):
        steps += [
            Exercise(f"Run {number}", Timed(length), place(10), count_in=count_in),
            Rest(rest, place(20)),
        ]
    timeline = compiled(routine(*steps), voice)
    check(timeline)
    stops = [cue.beat for cue in timeline.cues if cue.text == "Stop"]
    starts = [cue.beat for cue in timeline.cues if cue.text == "Go"]
    assume(not any("the rest lasts" in warning.message for warning in timeline.warnings))
    assume(len(stops) == len(works) == len(starts) + (not count_in))
    for (_, rest), stop, start in zip(works, stops, starts[0 if not count_in else 1 :], strict=False):
        assert stop is not None
        assert start is not None
        assert (
            abs((start - stop) - rest * RATE) < 2
        )  # a first beat and the end of a work are rounded once each


@few
@given(seconds("8", "60"), st.integers(1, 12), seconds("1", "30"), st.sampled_from((0, 3)), voices)
@example(Fraction(105331, 5000), 3, Fraction(105331, 5000), 0, PacedSpeech(0.4, 0.0))
def test_rounds_of_every_begin_on_time(
    interval: Fraction, rounds: int, work: Fraction, count_in: int, voice: PacedSpeech
) -> None:
    assume(work <= interval)
    run = Exercise("Run", Timed(work), place(11), count_in=count_in)
    after = Exercise("Walk", Timed(Fraction(5)), place(12), count_in=0)
    made = routine(Every(interval, rounds, (run,), place(10)), after)
    room = interval - work
    if count_in and room < 3 + Fraction(voice.factor) * 3:
        assume(rounds == 1 or room < 3)  # between the two it depends on the words
    try:
        timeline = compile_routine(made, voice)
    except ScriptError:
        assert count_in
        assert rounds > 1
        assert room < 3 + Fraction(voice.factor) * 3
        return
    check(timeline)
    first = {"Go", "Run.", f"Run. {BOOK.duration(work).capitalize()}."}
    beats = [
        cue.beat
        for cue in timeline.cues
        if cue.exercise == "Run" and cue.beat is not None and cue.text in first
    ]
    assert len(beats) == rounds
    assert beats[0] is not None
    for number, beat in enumerate(beats):
        assert beat == beats[0] + to_samples(number * interval)
    walk = next(cue for cue in timeline.cues if cue.exercise == "Walk")
    assert walk.beat == beats[0] + to_samples(rounds * interval) or walk.beat is None


@many
@given(exercises(), voices)
def test_nothing_is_dropped_in_silence(exercise: Exercise, voice: PacedSpeech) -> None:
    timeline = compiled(routine(exercise), voice)
    check(timeline)
    warned = " ".join(warning.message for warning in timeline.warnings)
    said = {cue.text for cue in timeline.cues}
    values = {"exercise": exercise.name, "set": "1", "sets": str(exercise.sets)}
    for words in exercise.setup:
        assert words.fill(values) in said
    for words in exercise.reminders:
        reps = int(getattr(exercise.whole_dose, "reps", span(1)).low)
        texts = {words.words.format(rep=rep, reps=reps) for rep in range(1, reps + 1)}
        assert texts & said or words.words in warned
    side = exercise.work_sides[0]
    whole = f"{exercise.name}, {BOOK.side(side)}." if side else f"{exercise.name}."
    assert any(cue.text.startswith(whole) for cue in timeline.cues)
    assert sum(cue.kind == "switch" for cue in timeline.cues) == switches(exercise)
    for says in {says for _, says in exercise.breathe} | {phase.name for phase in exercise.breathing}:
        word = BOOK.breath(says)
        assert word in said or f"'{word}'" in warned
    if isinstance(exercise.whole_dose, Tempo):
        for cues in sets_of(timeline):
            check_set(exercise, exercise.whole_dose, cues, warned)


def switches(exercise: Exercise) -> int:
    more = max(len(exercise.sides) - 1, 0)
    return {Alternate.NO: more, Alternate.SETS: more * exercise.sets, Alternate.REPS: 0}[exercise.alternate]


def check_set(exercise: Exercise, dose: Tempo, cues: list[Cue], warned: str) -> None:
    """Assert that what the rules want on the beats of a set is there, or in a warning."""
    on = {cue.beat: cue for cue in cues if cue.beat is not None}
    length = sum((phase.seconds for phase in dose.phases), Fraction(0))
    if not on:
        assert exercise.count == "off" or warned
        return
    beat, some = next(iter(on.items()))
    firsts = [beat - moment for moment in moments_of(dose, some, length)]
    fitting = [at for at in firsts if all(b - at in moments_of(dose, c, length) for b, c in on.items())]
    floats = [cue for cue in cues if cue.beat is None]
    missing = [missed(exercise, dose, at, on, floats, warned) for at in fitting]
    assert [] in missing, missing


def missed(
    exercise: Exercise, dose: Tempo, first: int, on: dict[int, Cue], floats: list[Cue], warned: str
) -> list[str]:
    """What should lie on a beat, and lies neither there nor in a warning, if this is the first beat."""
    wanted: list[tuple[int, str]] = []
    length = sum((phase.seconds for phase in dose.phases), Fraction(0))
    for rep in range(1, int(dose.reps.low) + 1):
        at = (rep - 1) * length
        for index, phase in enumerate(dose.phases):
            start = first + to_samples(at)
            at += phase.seconds
            if exercise.count in ("tempo", "both"):
                if index and start in on and on[start].text != BOOK.phase(phase.name):
                    return [f"rep {rep} says {on[start].text} for {phase.name}"]
                wanted.append((start, BOOK.phase(phase.name)))
                for number, moment in enumerate(counted(phase)[1:], 2):
                    beat = first + to_samples(at - phase.seconds + moment)
                    if not any(cue.start - RATE < beat < cue.end + RATE for cue in floats):
                        wanted.append((beat, BOOK.count(number)))
            elif exercise.count == "reps" and not index and not exercise.rep_sides:
                wanted.append((start, BOOK.count(rep)))
    name = on.get(first)
    covered: set[int] = set()  # the name on the first beat takes the place of words, and that is warned of
    if name and name.kind == "announce" and "it is left out for the exercise's name" in warned:
        covered = {first + to_samples(rep * length) for rep in range(int(dose.reps.low))}
        covered = {beat for beat in covered if beat < name.end + RATE // 2}
    reps = int(dose.reps.low)
    for rep, milestone in (
        (reps, Milestone.LAST_ONE),
        (reps - 2, Milestone.THREE_MORE),
        ((reps + 1) // 2 + 1, Milestone.HALFWAY),
    ):
        if re.search(f"'{BOOK.milestone(milestone)}' takes [^:]*: it is left out for", warned):
            covered.add(first + to_samples((rep - 1) * length))  # it was that beat's word
    return [word for beat, word in wanted if beat not in {*on, *covered} and f"'{word}'" not in warned]


def counted(phase: Phase) -> list[Fraction]:
    """The moments of a phase that are counted, from its first beat on: each second, or evenly."""
    if phase.counts is None:
        return [Fraction(second) for second in range(max(1, int(phase.seconds)))]
    return [phase.seconds * number / phase.counts for number in range(phase.counts)]


def moments_of(dose: Tempo, cue: Cue, length: Fraction) -> set[int]:
    """Where a beat of this rep and phase can lie, in samples from the first beat."""
    assert cue.rep is not None
    moments, at = set(), (cue.rep - 1) * length
    for phase in dose.phases:
        if phase.name == cue.phase:
            moments |= {to_samples(at + moment) for moment in counted(phase)}
        at += phase.seconds
    return moments


@many
@given(exercises(doses=("tempo", "hold")), voices)
def test_reminders_keep_their_distance(exercise: Exercise, voice: PacedSpeech) -> None:
    assume(exercise.reminders)
    timeline = compiled(routine(exercise), voice)
    dose = exercise.whole_dose
    assert not isinstance(dose, Timed)
    reps = int(dose.reps.low)
    said: list[Cue] = []
    for cues in sets_of(timeline):
        reminders = [cue for cue in cues if cue.kind == "reminder"]
        said += reminders
        if isinstance(dose, Tempo):
            assert all(3 <= (cue.rep or 0) < reps for cue in reminders)
            apart = max(2, exercise.reminders_every)
            assert all((b.rep or 0) - (a.rep or 0) >= apart for a, b in pairwise(reminders))
        else:
            assert all(b.start - a.start >= 10 * RATE for a, b in pairwise(reminders))
            if dose.hold.low < 10 and reps > 1:
                assert all((b.rep or 0) - (a.rep or 0) >= 2 for a, b in pairwise(reminders))
    if len({cue.location.line for cue in said}) > 1:
        assert all(a.text != b.text for a, b in pairwise(said))
