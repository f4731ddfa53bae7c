"""Where a session is on its timeline, and where it goes on so that nobody starts amid a word or a rep."""

from __future__ import annotations

from bisect import bisect_right
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from coach.mix import cue_index
from coach.phrases import phrasebook
from coach.routine import Exercise, find_side
from coach.timeline import CueKind
from coach.timeline.wording import Announcer
from coach.units import RATE, to_samples

if TYPE_CHECKING:
    from coach.phrases import Phrasebook
    from coach.timeline import Cue, PhaseSpan, Set, Timeline

AWAY = 4.0
"""Seconds of a pause after which a person is told where they are."""

LONG_AWAY = 30.0
"""Seconds of a pause after which a person is told how it goes, too."""

_LEAST = 5 * RATE
"""Samples that are left of timed work for somebody who comes back to it: no count-in leads up to less."""


_MOST_RECAPS = 300
"""Sentences that are spoken ahead."""


class Landing(NamedTuple):
    """Where a session goes on, and what is said before.

    Attributes:
        sample: the first sample of the track to play.
        said: cues of the track to be heard again, and new sentences.
        beat: the beat of the track that a count-in leads up to; None without one.
        quiet: samples of quiet behind what is said, in which a person gets into position.
    """

    sample: int
    said: tuple[Cue | str, ...] = ()
    beat: int | None = None
    quiet: int = 0


def work_at(timeline: Timeline, sample: int) -> Set | None:
    """Return the set that is being done at a sample; None between two."""
    index = bisect_right(timeline.sets, sample, key=lambda work: work.start) - 1
    return timeline.sets[index] if index >= 0 and sample < timeline.sets[index].end else None


def next_index(timeline: Timeline, sample: int) -> int:
    """Return the index of the first set that begins behind a sample; their number if there is none."""
    return bisect_right(timeline.sets, sample, key=lambda work: work.start)


def span_at(work: Set, sample: int) -> PhaseSpan:
    """Return what the body does at a sample of a set."""
    index = bisect_right(work.spans, sample, key=lambda part: part.start)
    return work.spans[max(0, index - 1)]


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


def beat_at(timeline: Timeline, sample: int) -> int:
    """Return where the body is while the ear is at a sample: at the beat of a word that has just begun.

    A word begins before its beat, and what it calls for lies behind it.
    """
    cue = _heard_at(timeline, sample)
    return cue.beat if cue and cue.beat is not None and cue.beat > sample else sample


def continue_at(timeline: Timeline, sample: int) -> Landing:
    """Return where to go on after a moment's pause: at the start of the rep, the count-in or the sentence.

    It is never behind the sample, and going on from there leads nowhere else.
    """
    body, start = beat_at(timeline, sample), sample
    work = work_at(timeline, body)
    if work is None:
        index = next_index(timeline, body)
        counted = _count_in(timeline, timeline.sets[index]) if index < len(timeline.sets) else []
        if counted and counted[0].start <= sample:
            return Landing(counted[0].start)
    elif (rep := span_at(work, body).rep) is not None:
        start = _before_beat(timeline, _rep_start(work, rep))
    cue = _heard_at(timeline, start)
    if cue is None or cue.start == start:
        return Landing(start)
    return continue_at(timeline, cue.start if start == sample else cue.start - 1)


def come_back(timeline: Timeline, book: Phrasebook, sample: int, *, long: bool) -> Landing:
    """Return where to go on for somebody who was away: they hear where they are, and are counted in.

    A rest goes on where it was left.

    Args:
        timeline: the track.
        book: its language.
        sample: where they left it.
        long: whether they were away so long that they hear how it goes again.
    """
    landing = continue_at(timeline, sample)
    body = beat_at(timeline, landing.sample)
    work = work_at(timeline, body)
    if work is None:
        return _back_between(timeline, landing.sample) if long else landing
    if work.reps is None and work.end - body < _LEAST:
        landing = continue_at(timeline, max(work.start, work.end - _LEAST))
        body = max(work.start, beat_at(timeline, landing.sample))
    rep = span_at(work, body).rep
    beat = max(landing.sample, work.start) if rep is None else _rep_start(work, rep)
    where = _where(book, work, rep, beat, named=long)
    if not long:
        return Landing(landing.sample, where or (_name(book, work),), beat)
    setups = _setups(timeline, book, work)
    said = (_name(book, work), *setups, *_which_set(book, work), *where)
    return Landing(landing.sample, said, beat, _to_get_there(work, *([CueKind.SETUP] if setups else [])))


def begin_set(
    timeline: Timeline, book: Phrasebook, index: int, *, anew: bool = False, heard: int = 0
) -> Landing:
    """Return where a set begins, with its introduction but without the rest before it.

    Args:
        timeline: the track.
        book: its language.
        index: the set's.
        anew: for somebody who comes from elsewhere, not from the set before it.
        heard: the sample up to which the introduction was heard; the name is said once more, the setup not.
    """
    work = timeline.sets[index]
    counted = _count_in(timeline, work)
    sample = counted[0].start if counted else _before_beat(timeline, work.start)
    beat = None if counted else work.start
    cues = [cue for cue in introduction(timeline, index) if cue.end <= sample]
    setups = _setups(timeline, book, work) if anew else ()
    is_named = any(
        cue.kind == CueKind.ANNOUNCE and work.name.casefold() in cue.text.casefold() for cue in cues
    )
    if anew and not (is_named and {*setups} <= {*cues}):
        said = (_name(book, work), *setups, *_which_set(book, work))
        return Landing(sample, said, beat, _to_get_there(work, *([CueKind.SETUP] if setups else [])))
    fresh = [cue.kind for cue in cues if cue.start >= heard]
    again = [cue for cue in cues if cue.start >= heard or cue.kind.names_work]
    quiet = min(_to_get_there(work, *fresh), sample - cues[-1].end) if cues else 0
    return Landing(sample, tuple(again), beat, quiet)


def introduction(timeline: Timeline, index: int) -> list[Cue]:
    """Return what is said of a set between the one before it and its first beat."""
    work = timeline.sets[index]
    before = timeline.sets[index - 1].end if index else 0
    between = timeline.cues[cue_index(timeline, before) : cue_index(timeline, work.start)]
    return [
        cue
        for cue in between
        if cue.kind.introduces and cue.beat is None and (cue.exercise, cue.side) == (work.name, work.side)
    ]


def repeat_instruction(timeline: Timeline, sample: int) -> Landing:
    """Return where to go on when the last instruction is asked for again; it is said before."""
    landing = continue_at(timeline, sample)
    body = beat_at(timeline, landing.sample)
    heard = timeline.cues[: cue_index(timeline, sample) + 1]
    last = next((cue for cue in reversed(heard) if cue.kind.instructs and cue.start <= sample), None)
    work = work_at(timeline, body)
    if last is None or (work is None and landing.sample <= last.start):  # it is heard anyway
        return landing
    if work is None:
        return landing._replace(said=(last,))
    rep = span_at(work, body).rep
    beat = max(landing.sample, work.start) if rep is None else _rep_start(work, rep)
    return Landing(landing.sample, (last,), beat)


def move(timeline: Timeline, sample: int, by: int) -> Landing:
    """Return where a person comes to who goes so many samples back (negative) or forward."""
    target = min(max(0, sample + by), timeline.length)
    if by < 0:
        return continue_at(timeline, target)
    body = beat_at(timeline, target)
    work = work_at(timeline, body)
    if work and work.reps is not None:
        for coming in (*(part.start for part in _first_parts(work)), work.end):
            landing = Landing(_before_beat(timeline, coming))
            if target <= landing.sample <= target + by and continue_at(timeline, landing.sample) == landing:
                return landing  # but a long hold is gone into
    elif work is None and (index := next_index(timeline, body)) < len(timeline.sets):
        counted = _count_in(timeline, timeline.sets[index])
        if counted and sample < counted[0].start <= target:
            return Landing(counted[0].start)
    return Landing(pass_words(timeline, target))


def pass_words(timeline: Timeline, sample: int) -> int:
    """Return the sample, or the end of what is being said there."""
    cue = _heard_at(timeline, sample)
    return cue.end if cue and cue.start < sample else sample


def next_sentence(timeline: Timeline, sample: int) -> Landing | None:
    """Return where the next cue begins that begins behind a sample; None behind the last."""
    index = bisect_right(timeline.cues, sample, key=lambda cue: cue.start)
    return Landing(timeline.cues[index].start) if index < len(timeline.cues) else None


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


def recaps(timeline: Timeline) -> list[str]:
    """Return the sentences that a session may have to say of a track and that are not in it, each once.

    Those that tell a time left are not there, for there are too many; and no more than make sense.
    """
    book = phrasebook(timeline.language)
    found = dict.fromkeys(book.count(number) for number in (3, 2, 1))
    for index in blocks(timeline):
        work = timeline.sets[index]
        setups = [each for each in _setups(timeline, book, work) if isinstance(each, str)]
        found |= dict.fromkeys([_name(book, work), *setups])
    for work in timeline.sets:
        found |= dict.fromkeys(_which_set(book, work))
        for rep in range(1, (work.reps or 0) + 1):
            for named in (False, True):
                found |= dict.fromkeys(_where(book, work, rep, work.start, named=named))
        if len(found) > _MOST_RECAPS:
            break
    return list(found)[:_MOST_RECAPS]


def _whose(work: Set) -> tuple[str, str | None]:
    return work.name, work.side


def _heard_at(timeline: Timeline, sample: int) -> Cue | None:
    """Return the cue that is heard at a sample; None where it is quiet."""
    index = cue_index(timeline, sample)
    cue = timeline.cues[index] if index < len(timeline.cues) else None
    return cue if cue and cue.start <= sample else None


def _first_parts(work: Set) -> list[PhaseSpan]:
    """Return the first phase of each rep."""
    return [next(parts) for _, parts in groupby(work.spans, key=lambda part: part.rep)]


def _rep_start(work: Set, rep: int) -> int:
    return next(part.start for part in work.spans if part.rep == rep)


def _before_beat(timeline: Timeline, beat: int) -> int:
    """Return the start of the word whose attack falls on a beat; the beat itself where there is none."""
    index = cue_index(timeline, beat)
    words = timeline.cues[max(0, index - 1) : index + 1]  # a word's attack may be its end
    return next((cue.start for cue in words if cue.beat == beat), beat)


def _count_in(timeline: Timeline, work: Set) -> list[Cue]:
    """Return the cues that count a set in."""
    index = next_index(timeline, work.start - 1)
    before = timeline.sets[index - 1].end if index else 0
    first = max(before, work.start - work.step.count_in * RATE)
    cues = timeline.cues[cue_index(timeline, first) : cue_index(timeline, work.start)]
    return [
        cue
        for cue in cues
        if cue.kind == CueKind.COUNTDOWN and cue.beat is not None and first <= cue.beat < work.start
    ]


def _back_between(timeline: Timeline, sample: int) -> Landing:
    """Return where to go on between two sets: what was heard of the introduction is heard again."""
    index = next_index(timeline, sample)
    if index == len(timeline.sets):
        return Landing(sample)
    work = timeline.sets[index]
    said = tuple(cue for cue in introduction(timeline, index) if cue.end <= sample)
    counted = _count_in(timeline, work)
    left = (counted[0].start if counted else work.start) - sample
    return Landing(sample, said, None, max(0, _to_get_there(work, *(cue.kind for cue in said)) - left))


def _to_get_there(work: Set, *kinds: CueKind) -> int:
    """Return the samples of quiet that a person needs behind cues of some kinds before a set."""
    if not isinstance(work.step, Exercise):
        return 0
    times = [work.step.ready] * (CueKind.SETUP in kinds) + [work.step.switch] * (CueKind.SWITCH in kinds)
    return to_samples(max(times)) if times else 0


def _setups(timeline: Timeline, book: Phrasebook, work: Set) -> tuple[Cue | str, ...]:
    """Return the setup of a set's exercise as it is true of this set: it was said of the first side."""
    step = work.step
    if not isinstance(step, Exercise):
        return ()
    spoken: dict[str, Cue] = {}
    for cue in timeline.cues:
        if cue.kind == CueKind.SETUP and cue.exercise == work.name:
            spoken.setdefault(cue.text, cue)
    announcer = Announcer(book, timeline.title)
    values = announcer.find_values(step, work.side, work.number or 1, work.round)
    texts = [text.fill(values) for text in announcer.announce_setup(step) or ()]
    return tuple(spoken.get(text, text) for text in texts)


def _name(book: Phrasebook, work: Set) -> str:
    if work.side is None:
        return book.sentence("introduces", name=work.name)
    return book.sentence("introduces_side", name=work.name, side=book.side(work.side))


def _which_set(book: Phrasebook, work: Set) -> tuple[str, ...]:
    """Return the sentence that tells which set it is, if there are several."""
    sets = work.step.sets if isinstance(work.step, Exercise) else 1
    if sets == 1 or work.number is None:
        return ()
    return (book.sentence("set", set=book.number(work.number), sets=book.number(sets)),)


def _where(book: Phrasebook, work: Set, rep: int | None, beat: int, *, named: bool) -> tuple[str, ...]:
    """Return what tells a person where they are in a set; nothing where its name says it all.

    With `named` the name is said before, and with it the side.
    """
    side = None if named else work.side
    if rep is not None and isinstance(work.step, Exercise):
        side = find_side(work.step.rep_sides, rep) or side
    if rep is None or work.reps is None:
        left = -((beat - work.end) // RATE)
        to_go = book.sentence("to_go", duration=book.duration(left))
        return (book.sentence("side", side=book.side(side)), to_go) if side else (to_go,)
    if work.reps == 1:
        return ()
    number, reps = book.number(rep), book.number(work.reps)
    if work.number is None:
        return (book.sentence("round", round=number, rounds=reps),)
    if side is None:
        return (book.sentence("at_rep", rep=number, reps=reps),)
    return (book.sentence("at_rep_side", side=book.side(side), rep=number, reps=reps),)
