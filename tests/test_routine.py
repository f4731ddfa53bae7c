"""The one walk over a routine's steps."""

from __future__ import annotations

import inspect
from dataclasses import replace
from fractions import Fraction

import pytest

from coach import routine as model
from coach.routine import Block, Every, Exercise, Repeat, Rest, Step, Timed
from tests.strategies import place, routine

RUN = Exercise("Run", Timed(Fraction(20)), place(10))
ROW = Exercise("Row", Timed(Fraction(30)), place(20))
MINUTE = Rest(Fraction(60), place(30))
INNER = Every(Fraction(90), 5, (ROW, MINUTE), place(40))
OUTER = Repeat(3, (RUN, INNER), Fraction(10), place(50))


def test_a_walk_meets_each_step_once_in_its_order_with_how_often_it_is_done() -> None:
    assert list(routine(MINUTE, OUTER, RUN).walk()) == [
        (MINUTE, 1),
        (OUTER, 1),
        (RUN, 3),
        (INNER, 3),
        (ROW, 15),
        (MINUTE, 15),
        (RUN, 1),
    ]


def test_no_repeat_is_expanded() -> None:
    deep: Step = RUN
    for _ in range(20):
        deep = Repeat(100_000, (deep,), Fraction(0), place(5))
    *_, (step, times) = routine(deep).walk()
    assert (step, times) == (RUN, 100_000**20)
    assert deep.seconds == 20 * 100_000**20


def test_every_exercise_is_changed_and_nothing_else() -> None:
    changed = routine(MINUTE, OUTER, RUN).map_exercises(lambda each: replace(each, name=each.name.upper()))
    assert [exercise.name for exercise in changed.exercises()] == ["RUN", "ROW", "RUN"]
    back = changed.map_exercises(lambda each: replace(each, name=each.name.capitalize()))
    assert back == routine(MINUTE, OUTER, RUN)


@pytest.mark.parametrize("kind", model.Step.__args__)
def test_what_has_steps_is_walked_into(kind: type) -> None:
    assert ("steps" in inspect.signature(kind).parameters) == issubclass(kind, Block)
