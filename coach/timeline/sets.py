"""One set of an exercise, or a breathing block: from its dose to its score."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from coach.routine import Breathing, Exercise, Hold, Tempo, Timed
from coach.text_enum import assert_never
from coach.timeline.holds import score_hold, score_timed
from coach.timeline.model import PhaseSpan
from coach.timeline.score import Caller, Reminders, Score
from coach.timeline.tempo import RepPhase, lay_out_phases, score_breathing, score_tempo
from coach.units import to_samples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coach.phrases import Phrasebook
    from coach.timeline.booth import Booth
    from coach.timeline.model import Sentence


class WorkSet(NamedTuple):
    """Work from one first beat to its end.

    Attributes:
        step: what is done.
        book: the language.
        reminders: the form cues; those that are used move on, those that are too long retire.
        values: what the placeholders of its texts stand for in this set.
    """

    step: Exercise | Breathing
    book: Phrasebook
    reminders: Reminders
    values: Mapping[str, str]

    def score(self, booth: Booth, names: Sequence[Sentence] = ()) -> Score:
        """Return its score.

        Args:
            booth: where its words are spoken.
            names: what is said on the first beat in place of its word, the whole form first and then a
                shorter one; empty for nothing.
        """
        step, reminders, values = self.step, self.reminders, self.values
        sides = step.rep_sides if isinstance(step, Exercise) else ()
        caller = Caller(booth, self.book, step.location, step.count_in, sides)
        if isinstance(step, Breathing):
            return score_breathing(caller, step, names)
        match dose := step.whole_dose:
            case Tempo():
                return score_tempo(caller, step, dose, reminders, values, names)
            case Hold():
                return score_hold(caller, step, dose, reminders, values, names)
            case Timed():
                return score_timed(caller, step, dose, reminders, values, names)
            case _:
                assert_never(dose)

    def rehearse(self, booth: Booth, names: Sequence[Sentence] = ()) -> Score:
        """Return what `score` would, and leave everything as it is."""
        return self._replace(reminders=self.reminders.copy()).score(booth.rehearsal(), names)

    def lay_out(self) -> list[PhaseSpan]:
        """Return what the body does, in samples from the first beat."""
        if isinstance(self.step, Breathing):
            return _name(lay_out_phases(self.step.phases, self.step.rounds))
        match dose := self.step.whole_dose:
            case Tempo():
                return _name(lay_out_phases(dose.phases, int(dose.reps.low)))
            case Hold():
                spans = _name(lay_out_phases(dose.phases, int(dose.reps.low)))
                return spans[:-1] if dose.relax else spans  # after the last hold nobody relaxes in the set
            case Timed():
                return [PhaseSpan(None, None, 0, to_samples(dose.seconds))]
            case _:
                assert_never(dose)


def _name(parts: Sequence[RepPhase]) -> list[PhaseSpan]:
    """Return phases of reps by their names."""
    return [PhaseSpan(part.rep, part.phase.name, part.start, part.end) for part in parts]
