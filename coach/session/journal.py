"""What was done of a track: from what was heard of it to the log's rows, written as it goes."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coach.history import SetLog, SetOutcome
from coach.routine import Exercise, Hold
from coach.units import RATE, to_seconds

if TYPE_CHECKING:
    from coach.history import Answer, Ending, Question, Record
    from coach.timeline import Set, Timeline

_EVERY = 5 * RATE
"""Samples after which the place reached is written, where no rep ends before."""


class Journal:
    """Follows what is heard of a track, and writes it down rep by rep.

    A set is one row, from its first beat on. A set begun again after its end, or after a `leave`, is another
    one; what is heard of the middle of it belongs to the row there is.

    Args:
        timeline: the track.
        record: where it is written.
    """

    def __init__(self, timeline: Timeline, record: Record) -> None:
        self._timeline, self._record = timeline, record
        self._starts = [work.start for work in timeline.sets]
        self._latest: dict[int, _Performance] = {}  # by the set's index: its last row
        self._at = 0  # the place reached
        self._written_at = -_EVERY

    def heard(self, start: int, end: int) -> None:
        """Note that the track was heard from one sample to another, without a gap."""
        self._at = end
        first = max(0, bisect_right(self._starts, start) - 1)
        changed = False
        for index in range(first, bisect_right(self._starts, end - 1) if end > start else first):
            work = self._timeline.sets[index]
            if work.end > start and work.start < end:
                changed |= self._hear(index, max(start, work.start), min(end, work.end))
        if not changed and abs(end - self._written_at) >= _EVERY:
            self._record.reach(to_seconds(end))
            self._written_at = end
        elif changed:
            self._written_at = end

    def leave(self) -> None:
        """Note that the person has left what was being done: begun once more, it is done anew."""
        for performance in self._latest.values():
            if performance.outcome is SetOutcome.DOING:
                self._update(performance, SetOutcome.BROKEN_OFF)

    def skip(self, start: int, end: int) -> None:
        """Note that the person passed over a stretch; sets in it that have not been begun were skipped."""
        for index, work in enumerate(self._timeline.sets):
            if start <= work.start and work.end <= end and index not in self._latest:
                self._begin(index, SetOutcome.SKIPPED)

    def end(self, outcome: Ending, sample: int, reason: str | None = None) -> None:
        """Note how the session ended.

        Args:
            outcome: what became of it.
            sample: the place reached.
            reason: why, in words; None where the outcome says all.
        """
        self.leave()
        self._record.end(outcome, to_seconds(sample), reason)

    def answer(self, question: Question, answer: Answer) -> None:
        """Note what the person said at the end, when they were asked."""
        self._record.answer(question, answer)

    def _hear(self, index: int, start: int, end: int) -> bool:
        """Note what was heard of one set; returns whether that was written."""
        work = self._timeline.sets[index]
        performance = self._latest.get(index)
        again = start == work.start
        if performance is None or (again and performance.outcome in (SetOutcome.DONE, SetOutcome.BROKEN_OFF)):
            for other in range(index):  # it was left without a word
                if other in self._latest and self._latest[other].outcome is SetOutcome.DOING:
                    self._update(self._latest[other], SetOutcome.BROKEN_OFF)
            performance = self._begin(index, SetOutcome.DOING)
        elif performance.outcome is SetOutcome.DONE:
            return False  # the end of a set that is done, heard once more
        before = performance.outcome, performance.reps_done
        performance.cover(start, end)
        if end == work.end:
            self._update(performance, SetOutcome.DONE if performance.is_whole else SetOutcome.BROKEN_OFF)
        elif (SetOutcome.DOING, performance.reps_done) != before or end - self._written_at >= _EVERY:
            self._update(performance, SetOutcome.DOING)
        else:
            return False
        return True

    def _begin(self, index: int, outcome: SetOutcome) -> _Performance:
        work = self._timeline.sets[index]
        row = self._record.begin_set(_planned(work, outcome))
        performance = self._latest[index] = _Performance(work, outcome, row)
        return performance

    def _update(self, performance: _Performance, outcome: SetOutcome) -> None:
        performance.outcome = outcome
        self._record.update_set(
            performance.row,
            reps_done=performance.reps_done,
            seconds_done=to_seconds(performance.covered),
            outcome=outcome,
            heard=to_seconds(self._at),
        )


@dataclass
class _Performance:
    """One time that a set is done.

    Attributes:
        work: the set.
        outcome: what became of it until now.
        row: its index among the sets of the record.
    """

    work: Set
    outcome: SetOutcome
    row: int
    _heard: list[tuple[int, int]] = field(default_factory=list)  # sorted, apart from each other

    def cover(self, start: int, end: int) -> None:
        """Note that a stretch of it was heard."""
        apart = [(one, other) for one, other in self._heard if other < start or one > end]
        joined = [pair for pair in self._heard if pair not in apart]
        start = min([start, *(one for one, _ in joined)])
        end = max([end, *(other for _, other in joined)])
        self._heard = sorted([*apart, (start, end)])

    @property
    def covered(self) -> int:
        """The samples of it that were heard."""
        return sum(end - start for start, end in self._heard)

    @property
    def is_whole(self) -> bool:
        """Whether all of it was heard."""
        return self._heard == [(self.work.start, self.work.end)]

    @property
    def reps_done(self) -> int | None:
        """The reps that were heard whole; None for timed work."""
        if self.work.reps is None:
            return None
        spans: dict[int, tuple[int, int]] = {}
        for part in self.work.spans:
            if part.rep is not None:
                first = spans.get(part.rep, (part.start, 0))[0]
                spans[part.rep] = first, part.end
        return sum(any(a <= one and other <= b for a, b in self._heard) for one, other in spans.values())


def _planned(work: Set, outcome: SetOutcome) -> SetLog:
    """Return the row of a set of which nothing is done yet."""
    step = work.step
    return SetLog(
        exercise=work.name,
        side=work.side,
        set=work.number,
        sets=step.sets if isinstance(step, Exercise) else None,
        reps=work.reps,
        hold=float(step.dose.hold.low)
        if isinstance(step, Exercise) and isinstance(step.dose, Hold)
        else None,
        start=to_seconds(work.start),
        seconds=to_seconds(work.end - work.start),
        reps_done=None if work.reps is None else 0,
        seconds_done=0.0,
        outcome=outcome,
        load=step.load if isinstance(step, Exercise) else None,
        part=work.part,
    )
