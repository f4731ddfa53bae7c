"""Where a session is on its timeline, and where it goes on so that nobody starts amid a word or a rep."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from coach.mix import cue_index
from coach.units import RATE

if TYPE_CHECKING:
    from coach.phrases import Phrasebook
    from coach.timeline import Cue, Set, Stretch, Timeline

AWAY = 4.0
"""Seconds of a pause after which a person is told where they are."""

LONG_AWAY = 30.0
"""Seconds of a pause after which a person is told how it goes, too."""

_INTRODUCES = ("say", "announce", "switch", "setup", "reminder")
"""The kinds of cue that introduce work: what a person who comes to it must have heard."""

_INSTRUCTS = ("title", *_INTRODUCES)
"""The kinds of cue that can be asked for again."""


class Landing(NamedTuple):
    """Where a session goes on, and what is said before.

    Attributes:
        sample: the first sample of the track to play.
        said: cues of the track to be heard again, and new sentences.
        beat: the beat of the track that a count-in leads up to; None without one.
    """

    sample: int
    said: tuple[Cue | str, ...] = ()
    beat: int | None = None


def work_at(timeline: Timeline, sample: int) -> Set | None:
    """Return the set that is being done at a sample; None between two."""
    index = bisect_right(timeline.sets, sample, key=lambda work: work.start) - 1
    return timeline.sets[index] if index >= 0 and sample < timeline.sets[index].end else None


def next_index(timeline: Timeline, sample: int) -> int:
    """Return the index of the first set that begins behind a sample; their number if there is none."""
    return bisect_right(timeline.sets, sample, key=lambda work: work.start)


def stretch_at(work: Set, sample: int) -> Stretch:
    """Return what the body does at a sample of a set."""
    index = bisect_right(work.stretches, sample, key=lambda part: part.start)
    return work.stretches[max(0, index - 1)]


def chapter_at(timeline: Timeline, sample: int) -> int:
    """Return the index of the chapter that a sample belongs to."""
    index = bisect_right(timeline.chapters, sample, key=lambda chapter: chapter.start) - 1
    return min(max(0, index), len(timeline.chapters) - 1)


def last_cue(timeline: Timeline, sample: int) -> Cue | None:
    """Return the cue that is heard at a sample, else the last one before it."""
    cues = timeline.cues
    index = cue_index(timeline, sample)
    if index == len(cues) or cues[index].start > sample:
        index -= 1
    return cues[index] if index >= 0 else None


def going_on(timeline: Timeline, sample: int) -> Landing:
    """Return where to go on after a moment's pause: at the start of the rep, the count-in or the sentence."""
    work = work_at(timeline, sample)
    if work:
        part = stretch_at(work, sample)
        if part.rep is not None:
            return Landing(_before_beat(timeline, _rep_start(work, part.rep)))
    index = next_index(timeline, sample)
    if index < len(timeline.sets):
        counted = _count_in(timeline, timeline.sets[index])
        if counted and counted[0].start <= sample:
            return Landing(counted[0].start)
    cue = last_cue(timeline, sample)
    return Landing(cue.start if cue and sample < cue.end else sample)


def coming_back(timeline: Timeline, book: Phrasebook, sample: int, *, long: bool) -> Landing:
    """Return where to go on for somebody who was away: they hear where they are, and are counted in.

    Args:
        timeline: the track.
        book: its language.
        sample: where they left it.
        long: whether they were away so long that they hear the setup again.
    """
    work = work_at(timeline, sample)
    if work is None:
        return _back_between(timeline, sample) if long else going_on(timeline, sample)
    landing = going_on(timeline, sample)
    part = stretch_at(work, sample)
    beat = landing.sample if part.rep is None else _rep_start(work, part.rep)
    said: list[Cue | str] = []
    if long:
        setups = _setups(timeline, work)
        said += [_name(book, work), *setups] if setups else [_name(book, work)]
    said.append(_where(book, work, part, beat, named=long))
    return Landing(landing.sample, tuple(said), beat)


def beginning(timeline: Timeline, book: Phrasebook, index: int, *, anew: bool = False) -> Landing:
    """Return where a set begins, with its introduction but without the rest before it.

    Args:
        timeline: the track.
        book: its language.
        index: the set's.
        anew: for somebody who comes from elsewhere, not from the set before it.
    """
    work = timeline.sets[index]
    counted = _count_in(timeline, work)
    sample = counted[0].start if counted else _before_beat(timeline, work.start)
    before = timeline.sets[index - 1].end if index else 0
    between = timeline.cues[cue_index(timeline, before) : cue_index(timeline, sample)]
    said: list[Cue | str] = [cue for cue in between if cue.kind in _INTRODUCES and cue.end <= sample]
    if anew and not any(cue.kind == "setup" for cue in between):
        said = [_name(book, work), *_setups(timeline, work), *said]
    return Landing(sample, tuple(said), None if counted else work.start)


def asked_again(timeline: Timeline, sample: int) -> Landing:
    """Return where to go on when the last instruction is asked for again; it is said before."""
    at = cue_index(timeline, sample)
    cues = [cue for cue in timeline.cues[: at + 1] if cue.kind in _INSTRUCTS and cue.start <= sample]
    landing = going_on(timeline, sample)
    work = work_at(timeline, sample)
    if not cues:
        return landing
    if work is None:
        return landing._replace(said=() if landing.sample <= cues[-1].start else (cues[-1],))
    part = stretch_at(work, sample)
    beat = landing.sample if part.rep is None else _rep_start(work, part.rep)
    return Landing(landing.sample, (cues[-1],), beat)


def moved(timeline: Timeline, sample: int, by: int) -> Landing:
    """Return where a person comes to who goes so many samples back (negative) or forward."""
    target = min(max(0, sample + by), timeline.length)
    if by < 0:
        return going_on(timeline, target)
    work = work_at(timeline, target)
    if work:
        starts = [part.start for part in work.stretches if part.start == _rep_start(work, part.rep)]
        coming = next((at for at in starts if at >= target), work.end)
        if coming - target <= by:  # a long hold is gone into
            return Landing(_before_beat(timeline, coming))
    cue = last_cue(timeline, target)
    return Landing(cue.end if cue and target < cue.end else target)


def blocks(timeline: Timeline) -> list[int]:
    """Return where exercises begin: the index of the first of each run of sets of one exercise and side."""
    numbered = groupby(range(len(timeline.sets)), key=lambda index: _whose(timeline.sets[index]))
    return [next(run) for _, run in numbered]


def block_at(timeline: Timeline, sample: int) -> int:
    """Return which of `blocks` a sample belongs to; what lies before an exercise belongs to it.

    It is their number behind the last one.
    """
    ends = [timeline.sets[index - 1].end for index in blocks(timeline)[1:]]
    ends += [timeline.sets[-1].end] if timeline.sets else []
    return bisect_right(ends, sample)


def _whose(work: Set) -> tuple[str, str | None]:
    return work.name, work.side


def _rep_start(work: Set, rep: int | None) -> int:
    return next(part.start for part in work.stretches if part.rep == rep)


def _before_beat(timeline: Timeline, beat: int) -> int:
    """Return the start of the word whose attack falls on a beat; the beat itself where there is none."""
    index = cue_index(timeline, beat)
    if index < len(timeline.cues) and timeline.cues[index].beat == beat:
        return timeline.cues[index].start
    return beat


def _count_in(timeline: Timeline, work: Set) -> list[Cue]:
    """Return the cues that count a set in."""
    first = work.start - work.step.count_in * RATE
    cues = timeline.cues[cue_index(timeline, first) : cue_index(timeline, work.start)]
    return [
        cue
        for cue in cues
        if cue.kind == "countdown" and cue.beat is not None and first <= cue.beat < work.start
    ]


def _back_between(timeline: Timeline, sample: int) -> Landing:
    """Return where to go on between two sets: at what introduces the next one, if that has begun."""
    index = next_index(timeline, sample)
    landing = going_on(timeline, sample)
    if index == len(timeline.sets):
        return landing
    before = timeline.sets[index - 1].end if index else 0
    for cue in timeline.cues[cue_index(timeline, before) :]:
        if cue.start > sample:
            break
        if cue.kind in _INTRODUCES:
            return Landing(min(cue.start, landing.sample))
    return landing


def _setups(timeline: Timeline, work: Set) -> list[Cue]:
    """Return the setup that was heard last for the exercise of a set."""
    found: list[Cue] = []
    for cue in reversed(timeline.cues[: cue_index(timeline, work.start)]):
        if cue.kind == "setup" and cue.exercise == work.name:
            found.append(cue)
        elif found and cue.kind not in ("reminder", "announce"):
            break
    return found[::-1]


def _name(book: Phrasebook, work: Set) -> str:
    if work.side is None:
        return book.sentence("introduces", name=work.name)
    return book.sentence("introduces_side", name=work.name, side=book.side(work.side))


def _where(book: Phrasebook, work: Set, part: Stretch, beat: int, *, named: bool) -> str:
    """Return the sentence that tells a person where they are in a set."""
    if part.rep is None or work.reps is None:
        return book.sentence("to_go", duration=book.duration(Fraction(work.end - beat, RATE)))
    rep, reps = book.number(part.rep), book.number(work.reps)
    if work.number is None:
        return book.sentence("round", round=rep, rounds=reps)
    if work.side is None or named:
        return book.sentence("at_rep", rep=rep, reps=reps)
    return book.sentence("at_rep_side", side=book.side(work.side), rep=rep, reps=reps)
