"""The score of holds and of timed work, in bouts without a pause: the time left is said on its beats.

All samples here count from the set's first beat.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.phrases import Milestone
from coach.routine import HELD, RELAXED, Count, Guidance
from coach.timeline.booth import BREATH
from coach.timeline.model import Cue, CueKind
from coach.timeline.score import FAR, Beat, Score, SortedCues, find_milestone, find_ticks
from coach.units import RATE, Samples, Seconds, to_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coach.routine import Exercise, Hold, Phase, Text, Timed
    from coach.timeline.model import Sentence
    from coach.timeline.score import Caller, Reminders

_REMIND_SECONDS = 10
"""A reminder comes about this often."""

_FIRST_REMINDER = 4 * RATE
"""None comes before this sample: let a person begin."""

_COUNTED_FROM = 5
"""Seconds of a hold or of timed work from which its last three seconds are counted."""

_HALFWAY_FROM = 10
"""Seconds of timed work from which its half is said."""


class _Bout(NamedTuple):
    """Held or timed work without a pause; exact seconds from the first beat. `rep` is None for timed work."""

    rep: int | None
    start: Seconds
    end: Seconds

    @property
    def phase(self) -> str | None:
        """The phase that its cues belong to."""
        return HELD if self.rep else None


class _Window(NamedTuple):
    """Where a reminder may go, and in which rep; `rep` is None for timed work."""

    start: Samples
    end: Samples
    rep: int | None


def score_hold(
    caller: Caller,
    exercise: Exercise,
    dose: Hold,
    reminders: Reminders,
    values: Mapping[str, str],
    names: Sequence[Sentence],
) -> Score:
    """Return the score of one set; the arguments are those of a `WorkSet`."""
    holds = _lay_out_holds(dose)
    hold_word = caller.sentence(CueKind.COUNT, caller.book.phase(HELD))
    beats = [*caller.count_in_beats(), *_hold_beats(caller, exercise, dose, holds, hold_word)]
    locked = [head for head in caller.place_on_beats(beats, FAR, names) if head]
    spoken = [*locked, *_number_holds(caller, exercise, holds, locked)]
    spoken += _place_breaths(caller, exercise.breathing, holds, SortedCues(spoken))
    reminded = holds[2:-1] if len(holds) > 3 else holds
    every_seconds, often = _seconds_between_reminders(exercise), exercise.reminders_seconds is not None
    floating, too_long = _place_reminders(
        caller, reminders, values, reminded, SortedCues(spoken), every_seconds, often=often
    )
    return Score(dose.seconds, spoken + floating, too_long)


def _lay_out_holds(dose: Hold) -> list[_Bout]:
    """Return each rep, from the moment that the hold begins to the moment that it ends."""
    starts = [rep * (dose.hold.low + dose.relax) for rep in range(int(dose.reps.low))]
    return [_Bout(rep, start, start + dose.hold.low) for rep, start in enumerate(starts, 1)]


def _hold_beats(
    caller: Caller, exercise: Exercise, dose: Hold, holds: Sequence[_Bout], hold_word: Sentence
) -> Iterator[Beat]:
    """Yield the beats of holds: "hold", the time left, "relax"."""
    relax_word = caller.sentence(CueKind.COUNT, caller.book.phase(RELAXED))
    for rep, hold in enumerate(holds, 1):
        side = caller.side_of(rep)
        side_word = () if side is None else (caller.sentence(CueKind.COUNT, caller.book.side_word(side)),)
        yield Beat(to_samples(hold.start), (*side_word, hold_word), rep, HELD)
        yield from _count_time_left(caller, exercise, hold)
        if dose.relax or rep == len(holds):
            yield Beat(to_samples(hold.end), (relax_word,), rep, RELAXED)


def score_timed(
    caller: Caller,
    exercise: Exercise,
    dose: Timed,
    reminders: Reminders,
    values: Mapping[str, str],
    names: Sequence[Sentence],
) -> Score:
    """Return the score of one set; the arguments are those of a `WorkSet`."""
    work = _Bout(None, Fraction(0), dose.seconds)
    beats = [*caller.count_in_beats(), Beat(0, (caller.sentence(CueKind.COUNT, caller.book.word("start")),))]
    beats += _count_time_left(caller, exercise, work)
    if exercise.calls is None and exercise.count == Count.OFF and dose.seconds >= _HALFWAY_FROM:
        beats.append(Beat(to_samples(dose.seconds / 2), (caller.milestone(Milestone.HALFWAY),)))
    beats.append(Beat(to_samples(dose.seconds), (caller.sentence(CueKind.COUNT, caller.book.word("stop")),)))
    spoken = [head for head in caller.place_on_beats(beats, FAR, names) if head]
    spoken += _place_breaths(caller, exercise.breathing, [work], SortedCues(spoken))
    every_seconds, often = _seconds_between_reminders(exercise), exercise.reminders_seconds is not None
    floating, too_long = _place_reminders(
        caller, reminders, values, [work], SortedCues(spoken), every_seconds, often=often
    )
    ticks = find_ticks(exercise.tick, dose.seconds, spoken)
    return Score(dose.seconds, spoken + floating, too_long, ticks)


def _seconds_between_reminders(exercise: Exercise) -> Seconds:
    """Return the seconds after which a reminder may come again."""
    every = exercise.reminders_seconds or Fraction(_REMIND_SECONDS)
    return 2 * every if exercise.guidance == Guidance.SHORT else every


def _number_holds(
    caller: Caller, exercise: Exercise, holds: Sequence[_Bout], locked: Sequence[Cue]
) -> Iterator[Cue]:
    """Yield what each rep is called, behind the word on its first beat, if there is room before the next."""
    around = SortedCues(locked)
    for rep, hold in enumerate(holds, 1):
        sentences = []
        if milestone := find_milestone(rep, len(holds)):
            sentences.append(caller.milestone(milestone))
        if rep > 1 and not caller.sides and exercise.count != Count.OFF:
            sentences.append(caller.sentence(CueKind.COUNT, caller.book.count(rep)))
        before, after = around.around(to_samples(hold.start))
        start = max(before, to_samples(hold.start)) + BREATH
        for sentence in sentences:
            clip = caller.booth.clip(sentence)
            room = min(after, to_samples(hold.end)) - BREATH - start
            if clip.length <= room:
                yield Cue(start, clip, sentence, None, rep, HELD)
                break
            last = sentence is sentences[-1]
            outcome = "it is left out" if last else "another word takes its place"
            caller.booth.note_shortage(sentence, room, outcome)


def _count_time_left(caller: Caller, exercise: Exercise, bout: _Bout) -> list[Beat]:
    """Return the beats on which the time is told: where it was asked for, or helps, and at the end."""
    lasts, counts = bout.end - bout.start, exercise.count.tells_time_left
    left: dict[Fraction, Sentence] = {}
    if exercise.calls:
        for moment, time in exercise.calls.moments(lasts):
            text = caller.book.call(time, exercise.calls.told)
            left[lasts - moment] = caller.sentence(CueKind.COUNTDOWN, text)
    elif counts:
        left = _find_helpful_times(caller, bout)
    for seconds in (1, 2, 3) if counts and lasts >= _COUNTED_FROM else ():
        left[Fraction(seconds)] = caller.sentence(CueKind.COUNTDOWN, caller.book.count(seconds))
    moments = sorted(left.items(), reverse=True)
    return [Beat(to_samples(bout.end - at), (sentence,), bout.rep, bout.phase) for at, sentence in moments]


def _find_helpful_times(caller: Caller, bout: _Bout) -> dict[Fraction, Sentence]:
    """Return what is said of the time of a bout by itself, by the seconds that are left then."""
    lasts = bout.end - bout.start
    halfway = bout.rep is None and lasts >= _HALFWAY_FROM
    left = {lasts / 2: caller.milestone(Milestone.HALFWAY)} if halfway else {}
    for seconds in (10, *range(30, int(lasts / 2) + 1, 30)):
        if 2 * seconds <= lasts and not (halfway and abs(seconds - lasts / 2) < 5):
            text = caller.book.time_left(seconds)
            left[Fraction(seconds)] = caller.sentence(CueKind.COUNTDOWN, text)
    return left


def _place_breaths(
    caller: Caller, breathing: Sequence[Phase], bouts: Sequence[_Bout], locked: SortedCues
) -> list[Cue]:
    """Return breathing words, on their beats or after another word there.

    At first every breath is called, then every third; none begins that would not end within the bout.
    """
    said: list[Cue] = []
    free = -FAR
    cycle = sum((phase.seconds for phase in breathing), Fraction(0))
    for bout in bouts if breathing else ():
        for breath in range(-int(-(bout.end - bout.start) // cycle)):
            if breath % 3 and (breath > 2 or (bout.rep or 1) > 2):
                continue
            at = bout.start + breath * cycle
            for phase in breathing:
                start, at = at, at + phase.seconds
                if at > bout.end:
                    break
                part = bout._replace(start=start, end=at)
                cue = _fit_breath(caller, part, caller.breath(phase.name), locked, free)
                if cue:
                    said.append(cue)
                    free = cue.end + (BREATH if cue.beat is None else 0)
    for phase in breathing:
        sentence = caller.breath(phase.name)
        if not any(cue.sentence == sentence for cue in said):
            caller.booth.note_shortage(sentence, 0, "no breath has room for it: it is left out")
    return said


def _fit_breath(
    caller: Caller, part: _Bout, sentence: Sentence, locked: SortedCues, free: Samples
) -> Cue | None:
    """Return the word of one phase of a breath: on its beat, else in the phase's first half, else None.

    Args:
        caller: calls the set.
        part: the part of the bout that the phase takes.
        sentence: the word.
        locked: the words that are already placed.
        free: the first sample after the breathing word before.
    """
    clip = caller.booth.clip(sentence)
    opens, closes = to_samples(part.start), to_samples(part.end)
    start = opens - clip.attack
    before, after = locked.around(opens)
    if max(before, free) <= start and start + clip.length <= min(after, closes):
        return Cue(start, clip, sentence, opens, part.rep, part.phase)
    for begin, end in locked.gaps(opens, closes, BREATH):
        start = max(begin, free + BREATH)
        if 2 * start <= opens + closes and start + clip.length + BREATH <= end:
            return Cue(start, clip, sentence, None, part.rep, part.phase)
    return None


def _find_windows(bouts: Sequence[_Bout], spoken: SortedCues) -> list[_Window]:
    """Return where reminders may go: from a second after one word to a breath before the next."""
    windows = []
    for bout in bouts:
        for start, end in spoken.gaps(to_samples(bout.start), to_samples(bout.end), RATE):
            window = _Window(max(start, _FIRST_REMINDER), end - BREATH, bout.rep)
            if window.start < window.end:
                windows.append(window)
    return windows


def _place_reminders(
    caller: Caller,
    reminders: Reminders,
    values: Mapping[str, str],
    bouts: Sequence[_Bout],
    spoken: SortedCues,
    every_seconds: Seconds,
    *,
    often: bool,
) -> tuple[list[Cue], list[Text]]:
    """Return reminders, one about every so many seconds of the bouts, and those that fit nowhere.

    Somebody has asked for as many where `often` is true.
    """
    windows = _find_windows(bouts, spoken)
    longest = max((window.end - window.start for window in windows), default=0)
    too_long = reminders.retire_longer(caller.booth, values, bouts[-1].rep, longest)
    short_holds = bouts[0].end - bouts[0].start < every_seconds
    placed: list[Cue] = []
    due = 0
    for start, end, rep in windows:
        if short_holds and rep and placed and placed[-1].rep == rep - 1:
            continue  # as with a tempo, never in two reps in a row
        at = max(start, due)
        while at < end:
            cue = reminders.take(
                caller.booth, caller.values_in(values, rep), at, end, rep, HELD if rep else None
            )
            if cue is None:
                break
            placed.append(cue)
            due = cue.start + to_samples(every_seconds)
            at = max(cue.end + BREATH, due)
            if len(reminders.turns) == 1 and not often:
                break  # a single reminder is not said twice with nothing in between
    return placed, too_long
