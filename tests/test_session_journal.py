"""The journal: what was heard of a track becomes the rows of the log, as it goes."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from coach.errors import ScriptError
from coach.history import Ending, History, Outcome, Record, SessionLog, SetLog, SetOutcome
from coach.routine import Breathing, Count, Exercise, Hold, Rest, Routine, Say, Step, Tempo, Timed
from coach.session.journal import Journal
from coach.session.places import continue_at
from coach.timeline import Timeline, compile_routine
from coach.units import RATE, to_seconds
from tests.examples import examples
from tests.strategies import PacedSpeech, phases, place, routine, routines, span, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Begin = Callable[..., tuple[Timeline, "Played"]]

    from coach.timeline import Set

LIFT = Exercise(
    "Lift",
    Tempo(span(3), phases(up=1, down=2)),
    place(10),
    sides=("left", "right"),
    sets=2,
    rest=Fraction(8),
)
HANG = Exercise("Hang", Hold(span(2), span(10), Fraction(3)), place(20))
RUN = Exercise("Run", Timed(Fraction(20)), place(30))
CALM = Breathing(phases(**{"in": 4, "out": 4}), 3, Count.PHASES, 0, place(40))


def compiled(*steps: Step) -> Timeline:
    return compile_routine(routine(*steps), PacedSpeech(0.4))


class Played:
    """A session in a log on the disk."""

    def __init__(self, path: Path, timeline: Timeline) -> None:
        self.history = History(path)
        self.told: list[str] = []
        self.record = self.history.begin(
            title="T",
            script="/t.yaml",
            language="en",
            voice="v",
            length=to_seconds(timeline.length),
            tell=self.told.append,
        )
        self.journal = Journal(timeline, self.record)

    def hear(self, start: int, end: int, tick: int = RATE // 10) -> None:
        for at in range(start, end, tick):
            self.journal.heard(at, min(at + tick, end))

    @property
    def session(self) -> SessionLog:
        """What the log says, with the session still playing."""
        return self.history.sessions(playing=True)[-1]

    @property
    def sets(self) -> tuple[SetLog, ...]:
        return self.session.sets


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Begin]:
    opened = []

    def begin(*steps: Step) -> tuple[Timeline, Played]:
        timeline = compiled(*steps)
        opened.append(Played(tmp_path / "history.db", timeline))
        return timeline, opened[-1]

    yield begin
    for each in opened:
        each.history.close()


def brief(*sets: SetLog) -> list[tuple[str, str | None, int | None, int | None, str]]:
    return [(each.exercise, each.side, each.set, each.reps_done, each.outcome) for each in sets]


def rep(work: Set, number: int) -> tuple[int, int]:
    """Return where a rep begins and ends."""
    parts = [part for part in work.spans if part.rep == number]
    return parts[0].start, parts[-1].end


@pytest.mark.parametrize("tick", [RATE // 10, 7 * RATE, 10**9])
def test_a_session_heard_to_its_end_has_every_set_done(played: Begin, tick: int) -> None:
    timeline, session = played(Say(text("Hello."), Fraction(0), place(5)), LIFT, HANG, RUN, CALM)
    session.hear(0, timeline.length, tick)
    session.journal.end(Outcome.COMPLETED, timeline.length)
    assert brief(*session.sets) == [
        *(("Lift", side, number, 3, "done") for side in ("left", "right") for number in (1, 2)),
        ("Hang", None, 1, 2, "done"),
        ("Run", None, 1, None, "done"),
        ("Breathing", None, None, 3, "done"),
    ]
    for work, row in zip(timeline.sets, session.sets, strict=True):
        assert row.start == to_seconds(work.start)
        assert row.seconds == row.seconds_done == to_seconds(work.end - work.start)
        assert row.reps == row.reps_done
    assert [row.hold for row in session.sets] == [None] * 4 + [10, None, None]
    assert [row.sets for row in session.sets] == [2, 2, 2, 2, 1, 1, None]
    assert session.session.outcome == "completed"
    assert session.session.heard == to_seconds(timeline.length)


def test_only_whole_reps_count(played: Begin) -> None:
    timeline, session = played(LIFT)
    first = timeline.sets[0]
    _, end = rep(first, 2)
    session.hear(0, end - 1)
    assert brief(*session.sets) == [("Lift", "left", 1, 1, "doing")]
    session.hear(end - 1, end)
    assert brief(*session.sets) == [("Lift", "left", 1, 2, "doing")]
    session.hear(end, end + RATE)
    session.journal.end(Outcome.STOPPED, end + RATE)
    assert brief(*session.sets) == [("Lift", "left", 1, 2, "broken off")]
    assert session.sets[0].seconds_done == to_seconds(end + RATE - first.start)
    assert session.session.heard == to_seconds(end + RATE)


def test_a_hold_counts_when_it_is_held_to_its_end(played: Begin) -> None:
    timeline, session = played(HANG)
    work = timeline.sets[0]
    held, relaxed, again = work.spans
    assert (held.phase, relaxed.phase, again.phase) == ("hold", "relax", "hold")
    session.hear(0, relaxed.end)
    assert session.sets[0].reps_done == 1
    session.hear(relaxed.end, work.end)
    assert brief(*session.sets) == [("Hang", None, 1, 2, "done")]


def test_what_is_logged_is_there_before_the_end_is(played: Begin) -> None:
    timeline, session = played(Rest(Fraction(30), place(5)), RUN)
    work = timeline.sets[0]
    session.hear(0, 12 * RATE)
    assert session.session.heard >= 7  # of quiet work, within 5 s
    session.hear(12 * RATE, work.start + 14 * RATE)
    assert 9 <= session.sets[0].seconds_done <= 14
    assert session.sets[0].reps_done is None


@pytest.mark.parametrize("outcome", ["stopped", "broken off"])
def test_how_it_ended_is_told_and_the_open_set_was_broken_off(played: Begin, outcome: Ending) -> None:
    timeline, session = played(RUN)
    half = timeline.sets[0].start + 11 * RATE
    session.hear(0, half)
    session.journal.end(outcome, half, "the device went away")
    assert (session.session.outcome, session.session.reason) == (outcome, "the device went away")
    assert brief(*session.sets) == [("Run", None, 1, None, "broken off")]
    assert session.sets[0].seconds_done == 11


def test_a_set_left_and_begun_again_is_two_rows(played: Begin) -> None:
    timeline, session = played(LIFT)
    first = timeline.sets[0]
    session.hear(0, rep(first, 2)[1] + 5)
    session.journal.leave()
    session.hear(first.start - RATE, first.end)
    assert brief(*session.sets) == [("Lift", "left", 1, 2, "broken off"), ("Lift", "left", 1, 3, "done")]


def test_a_set_left_and_gone_on_with_in_its_middle_is_one_row(played: Begin) -> None:
    timeline, session = played(LIFT)
    first = timeline.sets[0]
    session.hear(0, rep(first, 2)[1] + 5)
    session.journal.leave()
    session.hear(rep(first, 2)[0], first.end)
    assert brief(*session.sets) == [("Lift", "left", 1, 3, "done")]


def test_a_set_done_twice_is_two_rows(played: Begin) -> None:
    timeline, session = played(LIFT)
    first = timeline.sets[0]
    session.hear(0, first.end + RATE)
    session.journal.leave()
    session.hear(first.start - 100, timeline.length)
    session.journal.end(Outcome.COMPLETED, timeline.length)
    assert brief(*session.sets)[:2] == [("Lift", "left", 1, 3, "done")] * 2
    assert len(session.sets) == 5


def test_the_end_of_a_set_heard_once_more_is_no_row(played: Begin) -> None:
    timeline, session = played(LIFT)
    first = timeline.sets[0]
    session.hear(0, first.end + RATE)
    before = session.sets
    session.journal.leave()
    session.hear(first.end - RATE, first.end + RATE)
    assert session.sets == before


def test_skipped_sets_are_told_as_what_they_were(played: Begin) -> None:
    timeline, session = played(LIFT, RUN)
    first, _, _, fourth, _ = timeline.sets
    session.hear(0, rep(first, 1)[1])
    session.journal.leave()
    session.journal.skip(rep(first, 1)[1], fourth.start - 1)
    session.hear(fourth.start - 1, fourth.end)
    assert brief(*session.sets) == [
        ("Lift", "left", 1, 1, "broken off"),
        ("Lift", "left", 2, 0, "skipped"),
        ("Lift", "right", 1, 0, "skipped"),
        ("Lift", "right", 2, 3, "done"),
    ]
    assert [row.seconds_done for row in session.sets][1:3] == [0, 0]


def test_a_skipped_set_that_is_done_after_all_is_done(played: Begin) -> None:
    timeline, session = played(LIFT)
    _, second, third, _ = timeline.sets
    session.journal.skip(0, third.start)
    session.journal.skip(0, third.start)
    session.journal.leave()
    session.hear(second.start, second.start + 5)
    assert [row.outcome for row in session.sets] == ["skipped", "doing"]
    session.hear(second.start + 5, second.end)
    assert brief(*session.sets) == [("Lift", "left", 1, 0, "skipped"), ("Lift", "left", 2, 3, "done")]


def test_a_set_whose_beginning_was_passed_over_is_not_done(played: Begin) -> None:
    timeline, session = played(LIFT)
    first = timeline.sets[0]
    session.hear(rep(first, 2)[0], first.end)
    assert brief(*session.sets) == [("Lift", "left", 1, 2, "broken off")]


def test_the_next_set_after_a_jump_breaks_off_the_one_before(played: Begin) -> None:
    timeline, session = played(LIFT)
    first, second, *_ = timeline.sets
    session.hear(0, first.start + RATE)
    session.hear(second.start, second.end)
    assert [row.outcome for row in session.sets] == ["broken off", "done"]


NEXT = Exercise("Next", Tempo(span(3), phases(up=1, down=1)), place(50), count_in=0)


def test_going_on_at_a_sentence_that_began_in_the_set_before_changes_nothing(played: Begin) -> None:
    timeline, session = played(NEXT, dataclasses.replace(NEXT, name="Last"))
    first, second = timeline.sets
    assert first.end == second.start
    session.hear(0, second.start + RATE // 5)
    session.hear(first.end - RATE // 2, timeline.length)
    assert brief(*session.sets) == [("Next", None, 1, 3, "done"), ("Last", None, 1, 3, "done")]


def test_a_log_that_is_locked_for_a_while_misses_nothing(played: Begin, tmp_path: Path) -> None:
    timeline, session = played(LIFT)
    first = timeline.sets[0]
    session.hear(0, rep(first, 1)[1])
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as backup:
        backup.execute("BEGIN EXCLUSIVE")
        session.hear(rep(first, 1)[1], timeline.sets[1].end, RATE)
        backup.execute("ROLLBACK")
    session.hear(timeline.sets[1].end, timeline.length)
    session.journal.end(Outcome.COMPLETED, timeline.length)
    assert session.told == []
    assert session.session.outcome is Outcome.COMPLETED
    assert [(each.reps_done, each.outcome) for each in session.sets] == [(3, "done")] * 4
    assert [each.name for each in tmp_path.iterdir() if "unlogged" in each.name] == []


# Whatever the ticks.


class Rows(Record):
    """Keeps the rows in memory: what reaches the disk is the log's own concern."""

    def __init__(self) -> None:
        self.rows: list[SetLog] = []
        self.heard = 0.0

    def begin_set(self, begun: SetLog) -> int:
        self.rows.append(begun)
        return len(self.rows) - 1

    def update_set(
        self,
        row: int,
        *,
        reps_done: int | None,
        seconds_done: float,
        heard: float,
        outcome: SetOutcome = SetOutcome.DOING,
    ) -> None:
        self.rows[row] = dataclasses.replace(
            self.rows[row], reps_done=reps_done, seconds_done=seconds_done, outcome=outcome
        )
        self.heard = heard

    def reach(self, heard: float) -> None:
        self.heard = heard

    def end(self, outcome: Ending, heard: float, reason: str | None = None, **_: object) -> None:
        self.heard = heard


def rows_of(timeline: Timeline, stretches: list[tuple[int, int]]) -> list[SetLog]:
    record = Rows()
    journal = Journal(timeline, record)
    for start, end in stretches:
        journal.heard(start, end)
        assert abs(record.heard - to_seconds(end)) <= 5
    journal.end(Outcome.STOPPED, stretches[-1][1])
    return record.rows


quick = settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))


def made_up(made: Routine) -> Timeline:
    try:
        return compile_routine(made, PacedSpeech())
    except ScriptError:  # its rounds of `every` are too short
        raise UnsatisfiedAssumption from None


@quick
@given(routines, st.data())
def test_however_the_track_is_cut_into_ticks_the_rows_are_the_same(
    made: Routine, data: st.DataObject
) -> None:
    timeline = made_up(made)
    end = data.draw(st.integers(1, timeline.length), label="heard up to")
    edges = [edge for work in timeline.sets for edge in (work.start, work.start + 1, work.end - 1, work.end)]
    places = st.one_of(st.integers(1, end), st.sampled_from(edges or [1]))
    cuts = sorted({0, end, *(cut for cut in data.draw(st.lists(places, max_size=30)) if cut < end)})
    stretches = list(pairwise(cuts))
    rows = rows_of(timeline, stretches)
    assert rows == rows_of(timeline, [(0, end)])
    begun = [work for work in timeline.sets if work.start < end]
    assert [row.start for row in rows] == [to_seconds(work.start) for work in begun]
    for work, row in zip(begun, rows, strict=True):
        assert row.outcome == ("done" if work.end <= end else "broken off")
        assert row.seconds_done == to_seconds(min(work.end, end) - work.start)
        if work.reps is not None:
            assert row.reps_done == sum(rep(work, number)[1] <= end for number in range(1, work.reps + 1))


@quick
@given(routines, st.data())
def test_wherever_it_is_paused_the_rows_are_the_same(made: Routine, data: st.DataObject) -> None:
    timeline = made_up(made)
    moments = st.lists(st.integers(1, timeline.length - 1), max_size=12)
    stretches, at = [], 0
    for pause in sorted(data.draw(moments, label="pauses")):
        if pause > at:
            stretches.append((at, pause))
            at = continue_at(timeline, pause).sample
    stretches.append((at, timeline.length))
    assert rows_of(timeline, stretches) == rows_of(timeline, [(0, timeline.length)])
