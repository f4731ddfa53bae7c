"""What a routine may come to, spent while it is built: a bomb ends where its budget does."""

from __future__ import annotations

from contextlib import contextmanager
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from coach import routine
from coach.script.document import MOST_NODES
from coach.text_enum import assert_never

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coach.errors import Location
    from coach.script.values import Reader

LONGEST_ROUTINE = Fraction(12 * 3600)
"""Seconds; what lasts longer is a mistake in the script."""

MOST_CUES = 100_000
"""Beats and sentences that a routine may ask for: 12 hours of one-second beats are 43200."""

MOST_STEPS = 10_000
"""Steps that a script may have with all that it includes, each include counted."""


class Budget:
    """Counts what the steps of a script and of all that it includes come to, as they are built.

    Attributes:
        exhausted: nothing more is worth building; the problem is noted once the step outside of all blocks
            that it lies in has ended, since only then is its length known.
    """

    def __init__(self, reader: Reader) -> None:
        self.exhausted = False
        self._reader = reader
        self._steps = 0
        self._values = 0
        self._seconds = Fraction(0)
        self._cues = 0
        self._rounds = [1]  # of the blocks around, each times those outside of it
        self._timed = [True]  # whether the time of a step adds to that of the block around it
        self._noted = False

    def step(self, location: Location) -> bool:
        """Count a step that is to be read; tell whether there may be as many."""
        self._steps += 1
        if self._steps == MOST_STEPS + 1:
            self._reader.fail(location, f"more than {MOST_STEPS} steps")
        return self._steps <= MOST_STEPS

    def values(self, count: int, location: Location) -> bool:
        """Count the values that the rounds of a repeat come to; tell whether there may be as many."""
        within = self._values <= MOST_NODES
        self._values += count
        if within and self._values > MOST_NODES:
            self._reader.fail(location, f"its rounds come to more than {MOST_NODES} values")
        return self._values <= MOST_NODES

    def spend(self, step: routine.Step) -> None:
        """Count what a step that is no block comes to, in all the rounds of the blocks around it."""
        self._spend(step.seconds, _cues(step))

    @contextmanager
    def block(
        self, rounds: int, *, rest: Fraction = Fraction(0), lasts: Fraction | None = None
    ) -> Iterator[None]:
        """Count the steps within as often as a block has rounds, and the block itself.

        Args:
            rounds: how often its steps are done.
            rest: seconds between two rounds.
            lasts: seconds of the whole block; None where they are those of its steps and rests.
        """
        if lasts is not None:
            self._spend(lasts, 0)
        self._rounds.append(self._rounds[-1] * rounds)
        self._timed.append(self._timed[-1] and lasts is None)
        try:
            yield
        finally:
            self._rounds.pop()
            self._timed.pop()
        self._spend((rounds - 1) * rest, rounds)

    def note(self, location: Location) -> None:
        """Note the problem, if there is one, of a step outside of all blocks that has just ended."""
        if len(self._rounds) > 1 or not self.exhausted or self._noted:
            return
        self._noted = True
        if self._seconds > LONGEST_ROUTINE:
            hours = min(ceil(self._seconds / 36), 10**8) / 100
            words = f"the routine lasts at least {hours:,.2f} hours up to here; the most is 12"
        else:
            words = f"the routine has more than {MOST_CUES} cues up to here"
        self._reader.fail(location, words)

    def _spend(self, seconds: Fraction, cues: int) -> None:
        self._seconds += self._rounds[-1] * seconds if self._timed[-1] else 0
        self._cues += self._rounds[-1] * cues
        if self._seconds > LONGEST_ROUTINE or self._cues > MOST_CUES:
            self.exhausted = True


def _cues(step: routine.Step) -> int:
    """Return an upper bound of the beats and sentences of one step that is no block."""
    match step:
        case (
            routine.Say()
            | routine.Rest()
            | routine.Sound()
            | routine.Repeat()
            | routine.Ladder()
            | routine.Every()
            | routine.ClockLadder()
        ):
            return 1
        case routine.Breathing():
            return step.rounds * sum(len(phase.counted) + 2 for phase in step.phases)
        case routine.Exercise():
            sides = len(step.sides) or 1  # where they change with every rep, each has its reps
            if not step.plans:
                return step.sets * sides * _cues_of_set(step.dose, step.breathing, step.tick)
            once = sum(_cues_of_set(plan.dose, plan.breathing, plan.tick) for plan in step.plans)
            return (1 if step.cluster is None else step.sets) * sides * once
        case _:
            assert_never(step)


def _cues_of_set(dose: routine.Dose, breathing: tuple[routine.Phase, ...], tick: Fraction | None) -> int:
    """Return an upper bound of the beats and sentences of one set."""
    breath = min((phase.seconds for phase in breathing), default=Fraction(10))
    ticks = int(dose.seconds / tick) if tick else 0
    return ticks + _cues_of_dose(dose, breath)


def _cues_of_dose(dose: routine.Dose, breath: Fraction) -> int:
    """Return an upper bound of the beats and sentences of a dose; a breathing word takes `breath` seconds."""
    match dose:
        case routine.Tempo():
            return int(dose.reps.low * sum(len(phase.counted) + 2 for phase in dose.phases))
        case routine.Hold():
            return int(dose.reps.low) * 10 + int(dose.seconds / breath)
        case routine.Timed():
            return 10 + int(dose.seconds / breath)
        case _:
            assert_never(dose)
