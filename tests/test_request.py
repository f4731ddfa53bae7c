"""A request becomes plain data and comes back; what nobody can have is refused."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.app.request import Request
from coach.errors import Blame, CoachError, Location, Problem, RefusedError, ScriptError, SpeechError
from coach.routine import Guidance, Level, Range
from coach.script import Change

tenths = st.integers(0, 36_000).map(lambda number: Fraction(number, 10))
names = st.text("abcdefgh", min_size=1, max_size=5)
ranges = st.tuples(st.integers(1, 100), st.integers(0, 20)).map(
    lambda pair: Range(Fraction(pair[0]), Fraction(sum(pair)))
)
changes = st.builds(
    Change,
    reps=st.none() | ranges,
    sides=st.none() | st.lists(names, min_size=1, max_size=3, unique=True).map(tuple),
    sets=st.none() | st.integers(1, 100),
    rest=st.none() | tenths,
)
requests = st.builds(
    Request,
    script=names.map(Path),
    level=st.sampled_from([None, *Level]),
    voice=st.none() | names,
    rate=st.none() | st.sampled_from([0.5, 0.85, 1.0, 2.0]),
    volume=st.none() | st.sampled_from([-40.0, -6.0, 0.0, 2.5]),
    language=st.sampled_from([None, "en", "de", "es", "fr"]),
    guidance=st.sampled_from([None, *Guidance]),
    grows=st.booleans(),
    change=changes,
)


@given(requests)
def test_a_request_comes_back_from_its_data(request: Request) -> None:
    assert Request.from_data(json.loads(json.dumps(request.as_data()))) == request


def test_only_what_was_asked_for_is_kept() -> None:
    change = Change(reps=Range(Fraction(10), Fraction(15)), rest=Fraction(91, 2))
    request = Request(Path("hip.yaml"), level=Level.EASIER, change=change)
    assert request.as_data() == {
        "version": 1,
        "script": "hip.yaml",
        "level": "easier",
        "reps": "10-15",
        "rest": 45.5,
    }


def test_a_program_may_write_values_as_a_person_does() -> None:
    data = {"version": 1, "script": "hip.yaml", "reps": 12, "rest": "1m30s", "rate": "0.9", "sides": ["left"]}
    change = Change(reps=Range(Fraction(12), Fraction(12)), sides=("left",), rest=Fraction(90))
    assert Request.from_data(data) == Request(Path("hip.yaml"), rate=0.9, change=change)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("version", 2, "must be a request of version 1 (got 2)"),
        ("script", "", "must be the path of a script (got '')"),
        ("reps", "many", "must be a whole number from 1 to 10000, or a range such as 10-15 (got 'many')"),
        ("level", "hard", "must be easier or harder (got 'hard'); did you mean 'harder'?"),
        ("sets", True, "no request has a field 'sets' with the value True"),
        ("repz", 3, "no request has a field 'repz' with the value 3"),
        ("sides", ["left", "left"], "must name each side once, such as left or left,right (got 'left,left')"),
    ],
)
def test_a_wrong_field_is_refused_by_name(field: str, value: Any, told: str) -> None:
    with pytest.raises(RefusedError) as refused:
        Request.from_data({"version": 1, "script": "hip.yaml", field: value})
    assert (refused.value.option, str(refused.value)) == (field, told)


def test_a_language_without_sentences_is_refused() -> None:
    with pytest.raises(SpeechError, match="does not speak the language 'tlh'"):
        Request.from_data({"version": 1, "script": "hip.yaml", "language": "tlh"})


def test_errors_pass_from_process_to_process() -> None:
    problem = Problem(Location("a.yaml", 1, 2), "no")
    errors: list[CoachError] = [ScriptError([problem]), RefusedError("sides", "no side"), SpeechError("none")]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    assert [error.blame for error in errors] == [Blame.SCRIPT, Blame.REQUEST, Blame.MACHINE]


@pytest.mark.parametrize("volume", [6.01, 20.0, -41.0, float("nan"), float("inf"), float("-inf")])
def test_a_volume_out_of_bounds_is_refused(volume: float) -> None:
    with pytest.raises(RefusedError, match="must be decibels from -40 to 6"):
        Request(Path("hip.yaml"), volume=volume)
    with pytest.raises(RefusedError, match="must be decibels from -40 to 6"):
        Request.from_data({"version": 1, "script": "hip.yaml", "volume": volume})
