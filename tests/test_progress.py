"""Doses that grow and guidance that fades: weeks of sessions through the real database."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coach.progress
from coach import script
from coach.app import prepare
from coach.app.request import Request
from coach.app.show import Shown
from coach.cli.show import _notes
from coach.history import Answer, History, Outcome, Question
from coach.mix import render
from coach.progress import grown_doses, hold_in_rounds, standings, today
from coach.routine import (
    Alternate,
    Every,
    Exercise,
    Guidance,
    Hold,
    Level,
    News,
    Progress,
    Range,
    Repeat,
    Routine,
    Setback,
    Step,
    Tempo,
    Timed,
    walk_steps,
)
from coach.session.journal import Journal
from coach.timeline import Timeline, compile_routine
from coach.units import to_seconds
from tests.examples import examples
from tests.strategies import PacedSpeech, phases, place, routine, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coach.history import SetLog
    from coach.timeline import Set

START = datetime(2026, 11, 2, 7, 0, tzinfo=timezone(timedelta(hours=1)))
ROOT = Path(__file__).parents[1]


def between(low: int, high: int) -> Range:
    return Range(Fraction(low), Fraction(high))


LIFT = Exercise(
    "Lift",
    Tempo(between(10, 12), phases(up=1, down=1)),
    place(10),
    sides=("left", "right"),
    levels=tuple(Level),
)
PLANK = Exercise("Plank", Hold(span(2), between(20, 25), Fraction(3)), place(20))
RUN = Exercise("Run", Timed(Fraction(20)), place(30))


class Person:
    """Somebody who trains: the database, a clock, and what they do with each set.

    Attributes:
        now: the moment it is; a session begins then.
    """

    def __init__(self, path: Path) -> None:
        self.log = History(path)
        self.now = START

    def due(self, *steps: Any, level: Level | None = None, **more: Any) -> Routine:
        """Return a routine as it is today."""
        plain = replace(routine(*steps), level=level)
        return today(plain, self.log.sessions(), self.now, **more)

    def plays(
        self,
        made: Routine,
        become: dict[int, str] | None = None,
        *,
        until: int | None = None,
        days: float = 1,
        resumes: int | None = None,
        first: int = 0,
        **answers: str,
    ) -> int:
        """Play a routine of today, then let days pass; return the session's number.

        Args:
            made: what `due` gave.
            become: what becomes of the sets that are not done, by their index.
            until: the first set that is not begun any more, the session being stopped; None for all.
            days: how many pass.
            resumes: the session that is taken up.
            first: the set that it begins with.
            **answers: effort and pain.
        """
        timeline = compile_routine(made, PacedSpeech(0.4))
        options = {} if resumes is None else {"resumes": resumes}
        record = self.log.begin(
            title=made.title, script="/s.yaml", language="en", voice="v", level=made.level, options=options,
            length=to_seconds(timeline.length), started=self.now,
        )  # fmt: skip
        journal = Journal(timeline, record)
        for index, work in enumerate(timeline.sets[:until]):
            if index < first:
                continue
            outcome = (become or {}).get(index, "done")
            if outcome == "skipped":
                journal.skip(work.start, work.end)
            elif outcome == "broken off":
                journal.heard(work.start, middle(work))
                journal.leave()
            else:
                journal.heard(work.start, work.end)
        journal.end(Outcome.COMPLETED if until is None else Outcome.STOPPED, timeline.length)
        for question, answer in answers.items():
            record.answer(Question(question), Answer(answer))
        self.log.close()
        self.now += timedelta(days=days)
        return self.log.sessions()[-1].id


def middle(work: Set) -> int:
    return (work.start + work.end) // 2


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    someone = Person(tmp_path / "history.db")
    yield someone
    someone.log.close()


def doses(made: Routine) -> list[str]:
    """Return the doses of today's sets: "12", or "2x24"."""
    found = []
    for exercise in made.exercises():
        for side in exercise.sides or (None,):
            dose = exercise.on(side).dose
            if isinstance(dose, Hold):
                found.append(f"{dose.reps.low}x{dose.hold.low}")
            elif isinstance(dose, Tempo):
                found.append(f"{dose.reps.low}")
            else:
                found.append(f"{dose.seconds} s")
    return found


def why(person: Person, *steps: Any, level: Level | None = None) -> list[str]:
    made = replace(routine(*steps), level=level)
    return [each.why for each in standings(made, person.log.sessions(), person.now)]


# Growing.


def test_without_a_history_it_is_the_low_end(person: Person) -> None:
    assert doses(person.due(LIFT, PLANK, RUN)) == ["10", "10", "2x20", "20 s"]
    assert person.due(LIFT).news == ()
    assert why(person, LIFT) == ["the low end"] * 2


def test_each_completed_session_is_a_step_up_to_the_top(person: Person) -> None:
    seen = []
    for _ in range(5):
        made = person.due(LIFT, PLANK, RUN)
        seen.append(doses(made))
        person.plays(made)
    assert seen == [
        ["10", "10", "2x20", "20 s"],
        ["11", "11", "2x22", "20 s"],
        ["12", "12", "2x24", "20 s"],
        ["12", "12", "2x25", "20 s"],
        ["12", "12", "2x25", "20 s"],
    ]
    assert why(person, LIFT) == ["the top: completed on Fri 6 Nov"] * 2


def test_what_changed_is_told(person: Person) -> None:
    person.plays(person.due(LIFT, PLANK, RUN))
    assert person.due(LIFT, PLANK, RUN).news == (News("Lift", reps=1), News("Plank", seconds=2))
    assert why(person, PLANK) == ["a step more: completed on Mon 2 Nov"]


def test_a_script_says_after_how_many_and_by_how_much(person: Person) -> None:
    slow = replace(LIFT, dose=Tempo(between(10, 15), LIFT.dose.phases), progress=Progress(2, 3))  # type: ignore[union-attr]
    plank = replace(PLANK, progress=Progress(1, 1))
    seen = []
    for _ in range(6):
        made = person.due(slow, plank)
        seen.append(doses(made)[1:])
        person.plays(made)
    assert [first for first, _ in seen] == ["10", "10", "13", "13", "15", "15"]
    assert [second for _, second in seen] == ["2x20", "2x21", "2x22", "2x23", "2x24", "2x25"]


def test_how_often_is_told(person: Person) -> None:
    slow = replace(LIFT, progress=Progress(2))
    person.plays(person.due(slow))
    assert why(person, slow) == ["completed 1 of 2 times, last on Mon 2 Nov"] * 2
    assert person.due(slow).news == ()


def test_reps_grow_before_holds(person: Person) -> None:
    wiper = replace(PLANK, dose=Hold(between(2, 3), between(20, 23), Fraction(3)))
    seen = []
    for _ in range(4):
        seen += doses(person.due(wiper))
        person.plays(person.due(wiper))
    assert seen == ["2x20", "3x20", "3x22", "3x23"]


def test_the_same_exercise_grows_in_every_routine(person: Person) -> None:
    person.plays(person.due(LIFT, RUN))
    assert doses(person.due(RUN, LIFT)) == ["20 s", "11", "11"]


def test_a_circuit_is_whole_when_all_its_rounds_are(person: Person) -> None:
    circuit = Repeat(3, (LIFT, RUN), Fraction(0), place(5))
    assert len(compile_routine(person.due(circuit), PacedSpeech()).sets) == 9
    person.plays(person.due(circuit), until=5)  # Lift left, right, Run, left, right
    assert doses(person.due(circuit))[:2] == ["10", "10"]
    person.plays(person.due(circuit))
    assert doses(person.due(circuit))[:2] == ["11", "11"]
    person.plays(person.due(circuit), {7: "broken off"})
    assert doses(person.due(circuit))[:2] == ["12", "10"]


def test_an_exercise_that_was_done_before_the_session_was_stopped_has_grown(person: Person) -> None:
    person.plays(person.due(LIFT, PLANK, RUN), until=2)
    assert doses(person.due(LIFT, PLANK, RUN)) == ["11", "11", "2x20", "20 s"]


def test_other_work_under_the_same_name_is_not_this_dose(person: Person) -> None:
    warm_up = replace(LIFT, dose=Tempo(span(5), phases(up=1, down=1)), location=place(11))
    timed = replace(LIFT, dose=Timed(Fraction(20)), location=place(12))
    person.plays(person.due(warm_up, LIFT))
    assert doses(person.due(warm_up, LIFT)) == ["5", "5", "11", "11"]
    person.plays(person.due(LIFT, warm_up))
    assert doses(person.due(LIFT)) == ["12", "12"]
    for _ in range(2):
        person.plays(person.due(timed))
    assert doses(person.due(LIFT)) == ["12", "12"]
    assert person.due(LIFT).news == (News("Lift", reps=1),)


def test_alternating_sides_grow_each(person: Person) -> None:
    both = replace(LIFT, alternate=Alternate.SETS, sets=2, rest=Fraction(10))
    person.plays(person.due(both), {3: "broken off"})
    assert doses(person.due(both)) == ["11", "10"]


# Back.


def test_a_set_broken_off_is_a_step_back_for_its_side_alone(person: Person) -> None:
    for _ in range(2):
        person.plays(person.due(LIFT))
    person.plays(person.due(LIFT), {0: "broken off"})
    made = person.due(LIFT)
    assert doses(made) == ["11", "12"]
    assert made.news == (News("Lift", side="left", reps=-1),)
    assert why(person, LIFT) == [
        "a step back: broken off on Wed 4 Nov",
        "the top: completed on Wed 4 Nov",
    ]
    person.plays(made)
    assert person.due(LIFT).news == (News("Lift", side="left", reps=1),)


def test_one_side_less_and_the_other_more(person: Person) -> None:
    person.plays(person.due(LIFT))
    person.plays(person.due(LIFT), {1: "broken off"})
    assert person.due(LIFT).news == (News("Lift", "left", reps=1), News("Lift", "right", reps=-1))


def test_there_is_nothing_below_the_low_end(person: Person) -> None:
    for _ in range(2):
        person.plays(person.due(LIFT), {0: "broken off", 1: "broken off"})
    assert doses(person.due(LIFT)) == ["10", "10"]
    assert person.due(LIFT).news == ()
    assert why(person, LIFT) == ["the low end: broken off on Tue 3 Nov"] * 2


def test_a_set_that_was_done_again_whole_is_done(person: Person) -> None:
    timeline = compile_routine(person.due(LIFT), PacedSpeech(0.4))
    record = person.log.begin(title="T", script="/s", language="en", voice="v", length=1, started=person.now)
    journal = Journal(timeline, record)
    left, right = timeline.sets
    journal.heard(left.start, middle(left))
    journal.leave()
    journal.heard(left.start, left.end)
    journal.heard(right.start, right.end)
    journal.end(Outcome.COMPLETED, timeline.length)
    assert doses(person.due(LIFT)) == ["11", "11"]


def test_what_is_skipped_or_not_reached_neither_grows_nor_shrinks(person: Person) -> None:
    person.plays(person.due(LIFT, PLANK))
    person.plays(person.due(LIFT, PLANK), {0: "skipped", 1: "skipped"})
    assert doses(person.due(LIFT, PLANK)) == ["11", "11", "2x24"]
    person.plays(person.due(LIFT, PLANK), until=1)
    assert doses(person.due(LIFT, PLANK)) == ["12", "11", "2x24"]
    two = replace(LIFT, sets=2)
    person.plays(person.due(two), {1: "skipped"}, until=2)
    assert doses(person.due(LIFT)) == ["12", "11"]


@pytest.mark.parametrize(("days", "dose"), [(20, "12"), (21, "10"), (200, "10")])
def test_three_weeks_away_lead_back_to_the_low_end(person: Person, days: int, dose: str) -> None:
    person.plays(person.due(LIFT))
    person.plays(person.due(LIFT), days=days)
    made = person.due(LIFT)
    assert doses(made) == [dose, dose]
    if dose == "10":
        assert made.news == (News("Lift", because=Setback.AWAY),)
        assert why(person, LIFT) == ["the low end again after three weeks away"] * 2
        person.plays(made)
        assert doses(person.due(LIFT)) == ["11", "11"]


def test_who_does_other_things_for_three_weeks_is_away_from_this_one(person: Person) -> None:
    person.plays(person.due(LIFT, PLANK))
    for _ in range(22):
        person.plays(person.due(PLANK))
    assert doses(person.due(LIFT, PLANK)) == ["10", "10", "2x25"]


# One's own doses, levels, and scripts that change.


def own(exercise: Exercise, reps: int) -> Exercise:
    return replace(exercise, dose=replace(exercise.dose, reps=span(reps)))  # type: ignore[arg-type]


def test_more_by_own_choice_is_where_it_goes_on_and_less_changes_nothing(person: Person) -> None:
    person.plays(person.due(own(LIFT, 8)))
    assert doses(person.due(LIFT)) == ["10", "10"]
    person.plays(person.due(own(LIFT, 11)))
    assert doses(person.due(LIFT)) == ["12", "12"]
    person.plays(person.due(own(LIFT, 10)))
    made = person.due(LIFT)
    assert doses(made) == ["12", "12"]
    assert made.news == (News("Lift", reps=2),)
    person.plays(person.due(own(LIFT, 40)))
    assert doses(person.due(LIFT)) == ["12", "12"]
    assert doses(person.due(own(LIFT, 40))) == ["40", "40"]
    person.plays(person.due(own(LIFT, 8)), {0: "broken off", 1: "broken off"})
    assert doses(person.due(LIFT)) == ["11", "11"]


def test_levels_are_apart_where_the_exercise_has_a_variant(person: Person) -> None:
    person.plays(person.due(LIFT, PLANK))
    assert doses(person.due(LIFT, PLANK, level=Level.HARDER)) == ["10", "10", "2x22"]
    person.plays(person.due(LIFT, PLANK, level=Level.HARDER))
    assert doses(person.due(LIFT, PLANK)) == ["11", "11", "2x24"]
    assert doses(person.due(LIFT, PLANK, level=Level.EASIER)) == ["10", "10", "2x24"]


def test_a_range_that_was_changed_is_met_where_the_person_is(person: Person) -> None:
    for _ in range(2):
        person.plays(person.due(LIFT))

    def ranged(low: int, high: int, **more: Any) -> list[str]:
        return doses(person.due(replace(LIFT, dose=Tempo(between(low, high), phases(up=1)), **more)))[:1]

    assert ranged(8, 20) == ["12"]
    assert ranged(11, 20) == ["12"]
    assert ranged(12, 20) == ["12"]
    assert ranged(15, 20) == ["15"]
    assert ranged(5, 9) == ["9"]
    assert ranged(5, 20, progress=Progress(1, 5)) == ["15"]
    assert ranged(10, 10) == ["10"]


def test_without_progress_it_is_the_low_end(person: Person) -> None:
    person.plays(person.due(LIFT))
    made = person.due(LIFT, grows=False)
    assert doses(made) == ["10", "10"]
    assert made.news == ()
    assert made.outgrown == ()


# Effort and pain.


def test_pain_holds_every_dose_back_and_says_so(person: Person) -> None:
    person.plays(person.due(LIFT, PLANK), pain="more")
    made = person.due(LIFT, PLANK)
    assert doses(made) == ["10", "10", "2x20"]
    assert made.news == (News("Lift", because=Setback.HURT), News("Plank", because=Setback.HURT))
    assert why(person, PLANK) == ["no more than on Mon 2 Nov, because it hurt"]
    person.plays(made, pain="same", effort="same")
    assert doses(person.due(LIFT, PLANK)) == ["11", "11", "2x22"]


def test_too_hard_holds_back_and_too_easy_needs_no_second_time(person: Person) -> None:
    slow = replace(PLANK, progress=Progress(3))
    person.plays(person.due(slow), effort="more")
    assert person.due(slow).news == (News("Plank", because=Setback.HARD),)
    person.plays(person.due(slow), effort="less")
    assert doses(person.due(slow)) == ["2x22"]
    person.plays(person.due(slow), effort="less", pain="more")
    assert doses(person.due(slow)) == ["2x22"]


def test_pain_does_not_hide_a_step_back(person: Person) -> None:
    for _ in range(2):
        person.plays(person.due(LIFT))
    person.plays(person.due(LIFT), {0: "broken off"}, pain="more")
    made = person.due(LIFT)
    assert doses(made) == ["11", "12"]
    assert made.news == (News("Lift", "left", reps=-1),)  # the right side is at the top: nothing is held back


# The top.


def test_at_the_top_the_harder_variant_is_worth_a_try(person: Person) -> None:
    for _ in range(2):
        made = person.due(LIFT, PLANK)
        assert made.outgrown == ()
        person.plays(made)
    made = person.due(LIFT, PLANK)
    assert made.outgrown == ("Lift",)  # the plank has no variant
    person.plays(made, pain="more")
    assert person.due(LIFT).outgrown == ()
    person.plays(person.due(LIFT))
    assert person.due(LIFT).outgrown == ("Lift",)
    assert person.due(LIFT, level=Level.HARDER).outgrown == ()


def test_both_sides_must_have_come_to_the_top(person: Person) -> None:
    person.plays(person.due(LIFT))
    person.plays(person.due(LIFT), {1: "skipped"})
    assert doses(person.due(LIFT)) == ["12", "11"]
    assert person.due(LIFT).outgrown == ()


# Sessions that were taken up.


def test_a_session_that_was_taken_up_counts_once_and_as_a_whole(person: Person) -> None:
    made = person.due(LIFT, PLANK)
    first = person.plays(made, {1: "broken off"}, until=2, days=0.1)
    second = person.plays(made, {2: "broken off"}, resumes=first, first=1, until=3, days=0.1)
    person.plays(made, resumes=second, first=2, pain="less", effort="same")
    assert doses(person.due(LIFT, PLANK)) == ["11", "11", "2x22"]
    assert why(person, LIFT)[0] == "a step more: completed on Mon 2 Nov"


def test_what_was_taken_up_and_broken_off_again_is_broken_off(person: Person) -> None:
    person.plays(person.due(LIFT))
    made = person.due(LIFT)
    first = person.plays(made, {1: "broken off"}, until=2, days=0.1)
    person.plays(made, {1: "broken off"}, resumes=first, first=1, until=2)
    assert doses(person.due(LIFT)) == ["12", "10"]


def test_answers_after_a_resumed_session_are_heeded(person: Person) -> None:
    made = person.due(LIFT)
    first = person.plays(made, until=1, days=0.1)
    person.plays(made, resumes=first, first=1, pain="more")
    assert doses(person.due(LIFT)) == ["10", "10"]


def test_the_session_that_is_taken_up_keeps_its_dose(person: Person) -> None:
    person.plays(person.due(LIFT))
    person.plays(person.due(LIFT), until=1, days=30)
    request = Request(Path("s.yaml"))
    (_, left) = person.log.sessions()
    kept = prepare.fit(request, routine(LIFT), person.log.sessions, resumes=left)
    assert doses(kept) == ["11", "11"]
    assert kept.news == (News("Lift", reps=1),)
    again = person.plays(kept, until=1, resumes=left.id)
    last = person.log.sessions()[-1]
    assert last.id == again
    assert prepare.fit(request, routine(LIFT), person.log.sessions, resumes=last) == kept


def test_a_session_that_plays_is_no_history_yet(person: Person) -> None:
    person.plays(person.due(LIFT))
    person.log.begin(title="T", script="/s", language="en", voice="v", length=1, started=person.now)
    sessions = person.log.sessions(playing=True)
    assert doses(today(routine(LIFT), sessions, person.now)) == ["11", "11"]


def test_a_routine_is_walked_as_often_whatever_its_size(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[int] = []

    def walk(routine: Routine) -> Iterator[tuple[Step, int]]:
        for step in walk_steps(routine.steps):
            walked.append(1)
            yield step

    monkeypatch.setattr(Routine, "walk", walk)

    def steps_walked(size: int) -> int:
        walked.clear()
        person.due(*(replace(LIFT, name=f"Lift {number}") for number in range(size)), guidance=Guidance.AUTO)
        return len(walked)

    assert steps_walked(100) == 10 * steps_walked(10)


# Guidance.


def guidance(person: Person, *steps: Any) -> list[str]:
    return [each.guidance for each in person.due(*steps, guidance=Guidance.AUTO).exercises()]


def test_guidance_fades_after_three_sessions_that_complete_an_exercise(person: Person) -> None:
    for number in range(3):
        assert guidance(person, LIFT, RUN) == ["full", "full"], number
        person.plays(person.due(LIFT, RUN), {0: "skipped"} if number == 1 else {})
    assert guidance(person, LIFT, RUN, PLANK) == ["full", "short", "full"]
    person.plays(person.due(LIFT, RUN))
    assert guidance(person, LIFT, RUN) == ["short", "short"]


def test_full_guidance_is_back_after_a_break_or_something_broken_off(person: Person) -> None:
    for _ in range(4):
        person.plays(person.due(LIFT, RUN))
    person.plays(person.due(LIFT, RUN), {1: "broken off"})
    assert guidance(person, LIFT, RUN) == ["full", "short"]
    for _ in range(3):
        person.plays(person.due(LIFT, RUN))
    assert guidance(person, LIFT, RUN) == ["short", "short"]
    person.now += timedelta(weeks=3)
    assert guidance(person, LIFT, RUN) == ["full", "full"]
    person.plays(person.due(LIFT, RUN))
    assert guidance(person, LIFT, RUN) == ["full", "full"]


def test_guidance_that_is_asked_for_is_given(person: Person) -> None:
    for wanted in (Guidance.FULL, Guidance.SHORT, Guidance.QUIET):
        assert [each.guidance for each in person.due(LIFT, RUN, guidance=wanted).exercises()] == [wanted] * 2


# Names of exports.


def test_grown_doses_have_names(person: Person) -> None:
    steps = (LIFT, PLANK, RUN)
    assert grown_doses(routine(*steps), person.due(*steps)) == []
    person.plays(person.due(*steps), {0: "skipped"})
    assert grown_doses(routine(*steps), person.due(*steps)) == ["11 reps", "22 s"]


# The same for the same history, and never anything odd.


def test_the_same_history_gives_the_same_track(person: Person) -> None:
    plain = script.load(ROOT / "scripts" / "reverse_clamshell.yaml")
    for _ in range(4):
        person.plays(today(plain, person.log.sessions(), person.now))
    sessions, now = person.log.sessions(), person.now

    def made() -> tuple[Timeline, bytes]:
        voice = PacedSpeech()
        timeline = compile_routine(today(plain, sessions, now, guidance=Guidance.AUTO), voice)
        return timeline, render(timeline, Silent(voice), 0, timeline.length).tobytes()

    one, other = made(), made()
    assert one == other
    assert one[0] != compile_routine(today(plain, [], now), PacedSpeech())


class Silent:
    """The sound of a voice at no gain."""

    volume = 0.0

    def __init__(self, voice: PacedSpeech) -> None:
        self.samples = voice.samples


outcomes = st.sampled_from(["done", "done", "done", "skipped", "broken off"])
answers = st.sampled_from([None, None, "less", "same", "more"])
weeks = st.lists(
    st.fixed_dictionaries(
        {
            "become": st.dictionaries(st.integers(0, 6), outcomes, max_size=3),
            "until": st.none() | st.integers(0, 7),
            "days": st.sampled_from([0, 0.5, 1, 2, 7, 20, 21, 22, 100]),
            "pain": answers,
            "effort": answers,
        }
    ),
    max_size=10,
)
growths = st.builds(Progress, st.integers(1, 3), st.none() | st.integers(1, 4))


@settings(max_examples=examples(20), deadline=None)
@given(weeks, growths, st.booleans())
def test_any_history_keeps_the_dose_in_its_range(
    sessions: list[dict[str, Any]], growth: Progress, circuit: bool
) -> None:
    lift = replace(LIFT, progress=growth)
    plank = replace(PLANK, dose=Hold(between(1, 2), between(5, 10), Fraction(1)), progress=growth, sets=2)
    steps: tuple[Any, ...] = (Repeat(2, (lift, plank), Fraction(0), place(3)),) if circuit else (lift, plank)
    with tempfile.TemporaryDirectory() as folder:
        person = Person(Path(folder, "history.db"))
        before: list[int] | None = None
        for session in sessions:
            given = {name: session[name] for name in ("pain", "effort") if session[name]}
            made = person.due(*steps, guidance=Guidance.AUTO)
            stands = standings(routine(*steps), person.log.sessions(), person.now)
            steps_now = [stand.step for stand in stands]
            for stand in stands:
                assert 0 <= stand.step < len(stand.steps)
                assert stand.outgrown <= (stand.step + 1 == len(stand.steps))
            if before is not None:
                assert all(new <= old + 1 for old, new in zip(before, steps_now, strict=True))
                back = [old - new for old, new in zip(before, steps_now, strict=True) if new]
                assert all(by <= 1 for by in back)  # a step back, or all the way to the low end
            if not person.log.sessions():
                assert set(steps_now) == {0}
            for news in made.news:
                assert news.reps or news.seconds or news.because
                assert news.side in (None, "left", "right")
            before = steps_now
            person.plays(made, session["become"], until=session["until"], days=session["days"], **given)
        person.log.close()


@pytest.mark.parametrize("alike", [False, True], ids=["different exercises", "the same again and again"])
def test_work_grows_as_the_routine_does(alike: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person(tmp_path / "log.db")
    compared, looked_at = 0, 0
    equal, is_of = Exercise.__eq__, coach.progress._is_of

    def counted_equal(one: Exercise, other: object) -> bool:
        nonlocal compared
        compared += 1
        return equal(one, other)

    def counted_is_of(exercise: Exercise, row: SetLog) -> bool:
        nonlocal looked_at
        looked_at += 1
        return is_of(exercise, row)

    def count(exercises: int) -> tuple[int, int]:
        """Return how many exercises were compared, and how many sets of the log were looked at."""
        nonlocal compared, looked_at
        steps = [
            replace(LIFT, name="Lift" if alike else f"Lift {number}", location=place(number), sides=())
            for number in range(exercises)
        ]
        person.plays(person.due(*steps))
        plain = routine(*steps)
        compared = looked_at = 0
        made = today(plain, person.log.sessions(1), person.now, guidance=Guidance.AUTO)
        stands = standings(plain, person.log.sessions(1), person.now)
        shown = Shown(plain, made, compile_routine(made, PacedSpeech(0.1)), stands)
        assert len(list(_notes(shown))) >= exercises
        return compared, looked_at

    monkeypatch.setattr(Exercise, "__eq__", counted_equal)
    monkeypatch.setattr(coach.progress, "_is_of", counted_is_of)
    few, many = count(10), count(40)
    assert few[1]
    assert many[0] <= 5 * few[0] + 40  # dictionaries compare few, by chance
    assert many[1] <= 5 * few[1]


# Rounds on the clock


def test_a_dose_that_has_grown_beyond_its_round_is_held_at_what_fits(person: Person) -> None:
    lift = replace(LIFT, sides=(), count_in=0)
    rounds = Every(Fraction(22), 3, (lift,), place(5))
    for _ in range(2):
        person.plays(person.due(rounds))
    made = person.due(rounds)
    assert doses(made) == ["11"]
    assert made.news == (News("Lift", because=Setback.ROUND),)
    assert [note.message for note in made.notes] == [
        "Lift stays at 11 of 10-12 reps: its round has no time for more"
    ]
    assert len(compile_routine(made, PacedSpeech(0.4)).warnings) == 1


def test_a_round_that_has_no_time_at_the_low_end_has_nothing_to_give_way() -> None:
    made = routine(Every(Fraction(15), 3, (LIFT,), place(5)))
    assert hold_in_rounds(made, {place(5)}) is None
