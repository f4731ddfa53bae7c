"""A rehearsal gives the timeline itself if nothing has to be spoken for it, else what has to be."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coach.errors import ScriptError
from coach.routine import Every, Exercise, Routine, Timed
from coach.speech import Clip
from coach.timeline import compile_routine, rehearse, texts
from tests.strategies import PacedSpeech, place, routine, routines


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
@settings(deadline=None, max_examples=40)
def test_with_all_clips_it_is_the_compilation(made: Routine) -> None:
    assume(compiles(made))
    assert rehearse(made, Forgetful()) == (compile_routine(made, PacedSpeech()), ())


@given(routines, st.data())
@settings(deadline=None, max_examples=40)
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
