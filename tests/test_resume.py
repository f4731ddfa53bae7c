"""Where a session begins: at a named place, or where the last one was left, with what it was asked."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from coach.app.request import Request
from coach.app.resume import change_request, find_last_session, find_place, find_way_back
from coach.errors import RefusedError
from coach.history import History, Outcome, SessionLog
from coach.phrases import phrasebook
from coach.routine import Exercise, Guidance, Level, Range, Rest, Tempo, Timed
from coach.script import Change
from coach.session import places
from coach.session.journal import Journal
from coach.session.places import Landing
from coach.timeline import Timeline, compile_routine
from coach.units import RATE
from tests.command import Command, coach, one_error
from tests.strategies import PacedSpeech, phases, place, routine, span
from tests.test_request import requests

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["coach"]

WORDS = [
    *("--volume", "-3", "--check-in", "--rate", "1.2", "--reps", "3-5", "--sides", "left", "--sets", "2"),
    *("--guidance", "short", "--no-progress", "--rest", "45", "--level", "easier"),
]
"""What `coach play` 0.1.0 wrote into the log for such options."""

ASKED = Request(
    Path("/home/ada/hip.yaml"),
    level=Level.EASIER,
    rate=1.2,
    volume=-3.0,
    guidance=Guidance.SHORT,
    grows=False,
    change=Change(reps=Range(Fraction(3), Fraction(5)), sides=("left",), sets=2, rest=Fraction(45)),
)
"""The same as a request."""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that logs a session of hip.yaml with such options, by default one that was stopped."""
    monkeypatch.setattr("coach.history.log.data_folder", lambda: tmp_path / "data")

    def add(options: dict[str, object], outcome: Any = Outcome.STOPPED, **more: str) -> None:
        session: dict[str, Any] = {
            "title": "Hip",
            "script": "/home/ada/hip.yaml",
            "language": "en",
            "voice": "neural/heart",
            "length": 90.0,
        }
        with History() as history:
            history.begin(**session | more, options=options).end(outcome, 40.0)

    return add


# What was asked for.


def test_what_was_asked_for_is_asked_for_again(log: Callable[..., None]) -> None:
    log({"request": ASKED.as_data(), "check_in": True})
    last = find_last_session()
    assert (last.request, last.check_in, last.session.heard) == (ASKED, True, 40.0)


def test_a_session_of_coach_0_1_0_can_be_continued(log: Callable[..., None]) -> None:
    log({"words": WORDS})
    last = find_last_session(Path("/home/ada/hip.yaml"))
    assert (last.request, last.check_in) == (ASKED, True)
    log(
        {
            "words": [
                "--voice",
                "neural/emma",
                "--language",
                "de",
                "--sides",
                "right, left",
                *WORDS,
                "--reps",
                "8",
            ]
        }
    )
    again = find_last_session().request
    eight = Range(Fraction(8), Fraction(8))
    assert again == replace(
        ASKED, voice="neural/emma", language="de", change=replace(ASKED.change, reps=eight)
    )
    log({"words": []})
    assert find_last_session().request == Request(ASKED.script)


def test_without_a_word_of_what_was_asked_for_it_is_the_script(log: Callable[..., None]) -> None:
    log({})
    assert find_last_session().request == Request(ASKED.script)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"request": {"version": 2, "script": "x"}}, "must be a request of version 1 (got 2)"),
        (
            {"request": {"version": 1, "script": "x", "bpm": 90}},
            "no request has a field 'bpm' with the value 90",
        ),
        ({"words": ["--bpm", "90"]}, "no option --bpm"),
        (
            {"words": ["--reps", "0"]},
            "must be a whole number from 1 to 10000, or a range such as 10-15 (got '0')",
        ),
    ],
)
def test_what_this_coach_does_not_know_is_no_session_without_it(
    log: Callable[..., None], options: dict[str, object], why: str
) -> None:
    log(options)
    with pytest.raises(RefusedError) as refused:
        find_last_session()
    assert (refused.value.option, str(refused.value)) == (
        "resume",
        f"the last session (Hip) cannot be continued: {why}",
    )


def test_only_what_was_left_can_be_continued(log: Callable[..., None]) -> None:
    with pytest.raises(RefusedError, match=r"^no session was ever played here$"):
        find_last_session()
    log({}, title="Knee", script="/home/ada/knee.yaml")
    log({}, Outcome.COMPLETED)
    with pytest.raises(RefusedError, match=r"^the last session \(Hip, .*\) was played to its end$"):
        find_last_session()
    assert find_last_session(Path("/home/ada/knee.yaml")).session.title == "Knee"
    with pytest.raises(RefusedError, match=r"^no session of /home/ada/back\.yaml was ever played here$"):
        find_last_session(Path("/home/ada/back.yaml"))


@given(requests, requests)
def test_what_is_asked_for_now_comes_first(earlier: Request, now: Request) -> None:
    changed = change_request(earlier, now)
    assert changed.script == earlier.script
    assert changed.grows == (earlier.grows and now.grows)
    assert change_request(earlier, Request(now.script)) == earlier
    for name in ("level", "voice", "rate", "volume", "language", "guidance"):
        before, wanted = getattr(earlier, name), getattr(now, name)
        assert getattr(changed, name) == (before if wanted is None else wanted)
    for name in ("reps", "sides", "sets", "rest"):
        before, wanted = getattr(earlier.change, name), getattr(now.change, name)
        assert getattr(changed.change, name) == (before if wanted is None else wanted)


# Where it begins.

LIFT = Exercise("Lift", Tempo(span(6), phases(up=1, down=1)), place(1), sides=("left", "right"), sets=2)
STEPS = (LIFT, Rest(Fraction(60), place(2)), Exercise("Side lift", Timed(Fraction(30)), place(3)))
BOOK = phrasebook("en")


@pytest.fixture(scope="module")
def track() -> Timeline:
    return compile_routine(routine(*STEPS), PacedSpeech(0.4))


@pytest.mark.parametrize(
    ("name", "index"),
    [("1", 0), ("2", 2), ("3", 4), ("lift", 0), ("LIFT, r", 2), ("Side lift", 4), ("side", 4), ("right", 2)],
)
def test_a_place_is_a_number_a_name_or_a_part_of_one(track: Timeline, name: str, index: int) -> None:
    assert find_place(track, name) == places.begin_set(track, BOOK, index, anew=True)


def test_a_place_is_a_time(track: Timeline) -> None:
    for name, seconds in (("0:20", 20), ("25s", 25), ("1m10s", 70)):
        assert find_place(track, name) == places.come_back(track, BOOK, seconds * RATE, long=True)


@pytest.mark.parametrize("name", ["0", "4", "squat", "9:99"])
def test_no_such_place_names_those_there_are(track: Timeline, name: str) -> None:
    with pytest.raises(RefusedError) as refused:
        find_place(track, name)
    assert str(refused.value) == (
        "must be an exercise (1 Lift, left; 2 Lift, right; 3 Side lift), or a time such as 6:30 or 90s"
        f" (got '{name}')"
    )


def test_a_place_of_any_length_is_told_in_short(track: Timeline) -> None:
    with pytest.raises(RefusedError) as refused:
        find_place(track, "x" * 5000)
    assert str(refused.value).endswith(f" (got '{'x' * 37}...')")


def test_behind_the_end_is_no_place(track: Timeline) -> None:
    with pytest.raises(RefusedError, match=r"^the routine lasts \d:\d\d minutes \(got '1h'\)$"):
        find_place(track, "1h")


def left_at(folder: Path, track: Timeline, *heard: tuple[int, int]) -> SessionLog:
    """Return the log of a session of which these stretches were heard."""
    with History(folder / "history.db") as history:
        record = history.begin(title="T", script="/s", language="en", voice="v", length=1)
        journal = Journal(track, record)
        for start, end in heard:
            journal.heard(start, end)
        journal.end(Outcome.STOPPED, heard[-1][1])
        return history.sessions()[-1]


def test_it_continues_at_the_set_that_was_left_or_at_the_next_one(track: Timeline, tmp_path: Path) -> None:
    first, second, *_ = track.sets
    middle = (second.start + second.end) // 2
    amid = left_at(tmp_path, track, (0, middle))
    assert find_way_back(track, amid) == places.begin_set(track, BOOK, 1, anew=True)
    between = left_at(tmp_path, track, (0, first.end + RATE))
    assert find_way_back(track, between) == places.begin_set(track, BOOK, 1, anew=True)
    assert find_way_back(track, left_at(tmp_path, track, (0, RATE))) == Landing(0)
    end = left_at(tmp_path, track, (0, track.sets[-1].end + 1))
    assert find_way_back(track, end) == places.continue_at(track, track.sets[-1].end + 1)
    longer = compile_routine(routine(replace(LIFT, count_in=9), *STEPS[1:]), PacedSpeech(0.4))
    assert find_way_back(longer, amid) == places.begin_set(longer, BOOK, 1, anew=True)


# As a person has it.

QUICK = """\
title: Quick
lead_in: 0
count_in: 0
steps:
  - exercise: Lift
    reps: 5-9
    tempo: {up: 0.2, down: 0.2}
    sides: [left, right]
  - exercise: Plank
    for: 5
"""


def test_play_continues_with_what_was_asked_for(coach: Command) -> None:
    coach.write(QUICK)
    options = ("--player", "null", "--limit", "0.3")
    assert one_error(coach("play", "--resume", *options), 2).endswith(
        "Invalid value for '--resume': no session was ever played here"
    )
    done = coach("play", "short.yaml", "--reps", "12", "--sides", "right", "--rate", "1.3", *options)
    assert done.returncode == 0, done.stderr
    assert coach("play", "--resume", "--reps", "14", *options).returncode == 0
    assert coach("play", "short.yaml", "--resume", *options).returncode == 0
    with History(next(coach.folder.rglob("history.db"))) as history:
        first, second, third = history.sessions()
    path = str(coach.folder / "short.yaml")
    asked = {"version": 1, "script": path, "rate": 1.3, "sides": ["right"], "reps": "12"}
    assert first.options == {"request": asked}
    assert second.options == {"request": asked | {"reps": "14"}, "resumes": first.id}
    assert third.options == {"request": asked | {"reps": "14"}, "resumes": second.id}
    assert second.script == path
    assert second.length == third.length > first.length


def test_play_continues_a_session_of_coach_0_1_0(coach: Command) -> None:
    path = coach.write(QUICK)
    data = coach.folder / "data"
    coach.environment["XDG_DATA_HOME"] = str(data)
    words = ["--reps", "12", "--sides", "right", "--rate", "1.3"]
    with History(data / "coach" / "history.db") as history:
        record = history.begin(
            title="Quick", script=str(path), language="en", voice="v", length=9, options={"words": words}
        )
        record.end(Outcome.STOPPED, 0.3)
        (old,) = history.sessions()
    done = coach("play", "--resume", "--player", "null", "--limit", "0.3")
    assert done.returncode == 0, done.stderr
    with History(data / "coach" / "history.db") as history:
        *_, last = history.sessions()
    asked = {"version": 1, "script": str(path), "rate": 1.3, "sides": ["right"], "reps": "12"}
    assert last.options == {"request": asked, "resumes": old.id}


def test_play_begins_at_a_place(coach: Command) -> None:
    coach.write(QUICK)
    options = ("short.yaml", "--player", "null", "--limit", "0.3")
    assert "Plank" in coach("play", "--from", "plank", *options).stderr
    told = one_error(coach("play", "--from", "squat", *options), 2)
    assert told.startswith("coach play: Invalid value for '--from': must be an exercise (1 Lift, left; ")
    told = one_error(coach("play", "--from", "plank", "--resume", *options), 2)
    assert "--resume knows where to begin: leave --from out" in told
