"""A rehearsal gives the timeline itself if nothing has to be spoken for it, else what has to be."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coach import script
from coach.errors import ScriptError
from coach.routine import Every, Exercise, Routine, Timed
from coach.speech import Clip
from coach.timeline import compile_routine, rehearse, texts
from tests.examples import examples
from tests.strategies import PacedSpeech, place, routine, routines

if TYPE_CHECKING:
    from pathlib import Path


class Forgetful(PacedSpeech):
    """Speech that has its clips already, but for those of some texts, which it would have to speak."""

    def __init__(self, forgotten: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.forgotten = forgotten

    def find_clip(self, text: str, rate: float = 1.0) -> Clip | None:
        return None if text in self.forgotten else self.clip(text, rate)


def compiles(made: Routine) -> bool:
    try:
        compile_routine(made, PacedSpeech())
    except ScriptError:
        return False
    return True


@given(routines)
@settings(deadline=None, max_examples=examples(40))
def test_with_all_clips_it_is_the_compilation(made: Routine) -> None:
    assume(compiles(made))
    assert rehearse(made, Forgetful()) == (compile_routine(made, PacedSpeech()), ())


@given(routines, st.data())
@settings(deadline=None, max_examples=examples(40))
def test_without_one_it_tells_which_is_missing(made: Routine, data: st.DataObject) -> None:
    assume(compiles(made))
    said = [cue.text for cue in compile_routine(made, PacedSpeech()).cues]
    text = data.draw(st.sampled_from(sorted({*said} & {*texts(made)})))
    timeline, unspoken = rehearse(made, Forgetful(frozenset([text])))
    assert (timeline, unspoken) in ((None, (text,)), (None, ()))  # or only a faster one is missing


def test_what_cannot_be_is_told_once_the_lengths_are_true() -> None:
    work = Exercise("Lift", Timed(Fraction(30)), place(3))
    crowded = routine(Every(Fraction(5), 2, (work,), place(2)))
    with pytest.raises(ScriptError):
        rehearse(crowded, Forgetful())
    timeline, unspoken = rehearse(crowded, Forgetful(frozenset(texts(crowded))))
    assert timeline is None
    assert unspoken


@pytest.mark.parametrize(
    ("steps", "bound"),
    [
        ("".join(f"  - say: {number:02} {'word ' * 390}\n" for number in range(26)), 26),
        ("  - repeat: 1000\n    steps: [{exercise: A, reps: 1, tempo: {up: 1}}]\n", 1000),
    ],
    ids=["long texts", "rounds that are announced"],
)
def test_a_routine_that_says_too_much_is_refused_spoken_or_not(
    steps: str, bound: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"title: A\nsteps:\n{steps}")
    made = script.load(path)
    unspoken = texts(made)
    assert len(unspoken) <= bound
    for forgotten in (frozenset[str](), frozenset(unspoken)):
        with pytest.raises(ScriptError) as caught:
            rehearse(made, Forgetful(forgotten))
        assert caught.value.lines() == [
            f"{path}:1:8: the routine has more than 50,000 characters to speak,"
            " about 50 minutes without a pause"
        ]
    path.write_text(f"title: A\nsteps:\n{steps.replace('000', '00').replace('word ' * 390, 'word')}")
    assert rehearse(script.load(path), Forgetful()).timeline
