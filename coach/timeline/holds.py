"""The score of holds and of timed work: bouts without a pause, with the time left said on its beats.

All samples here count from the set's first beat.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.phrases import Milestone
from coach.routine import HELD, RELAXED, Count, Guidance
from coach.timeline.booth import BREATH
from coach.timeline.model import Cue, CueKind
from coach.timeline.score import FAR, Beat, Score, SortedCues, find_milestone
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

_HALFWAY_FROM = 10
"""Seconds of timed work from which its half is said."""


class _Bout(NamedTuple):
    """Held or timed work without a pause; exact seconds from the first beat. `rep` is None for timed work."""

    rep: int | None
    start: Seconds
    end: Seconds

    @property
    def phase(self) -> str | None:
        """What its cues name as their phase."""
        return HELD if self.rep else None


def score_hold(
    caller: Caller,
    exercise: Exercise,
    dose: Hold,
    reminders: Reminders,
    values: Mapping[str, str],
    names: Sequence[Sentence],
) -> Score:
    """Return the score of one set; the arguments are those of a `WorkSet`."""
    reps, held = int(dose.reps.low), dose.hold.low
    hold_word = caller.sentence(CueKind.COUNT, caller.book.phase(HELD))
    relax_word = caller.sentence(CueKind.COUNT, caller.book.phase(RELAXED))
    counted = exercise.count != Count.OFF
    beats = caller.count_in_beats()
    holds = []
    for rep in range(1, reps + 1):
        start = (rep - 1) * (held + dose.relax)
        hold = _Bout(rep, start, start + held)
        holds.append(hold)
        milestone = find_milestone(rep, reps)
        sentences = [caller.milestone(milestone)] if milestone else []
        sentences += [caller.sentence(CueKind.COUNT, caller.book.count(rep))] if counted and reps > 1 else []
        beats.append(Beat(to_samples(start), (*sentences, hold_word), rep, HELD))
        beats += _time_left(caller, hold) if counted else []
        if dose.relax or rep == reps:
            beats.append(Beat(to_samples(hold.end), (relax_word,), rep, RELAXED))
    locked = [head for head in caller.on_beats(beats, FAR, names) if head]
    spoken = [*locked, *_holds_behind(caller, locked, hold_word)]
    spoken += _breaths(caller, exercise.breathing, holds, SortedCues(spoken))
    reminded = holds[2:-1] if reps > 3 else holds
    every_seconds = _seconds_between_reminders(exercise)
    floating, too_long = _reminders(caller, reminders, values, reminded, SortedCues(spoken), every_seconds)
    return Score(dose.seconds, spoken + floating, too_long)


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
    if exercise.count != Count.OFF:
        beats += _time_left(caller, work)
    elif dose.seconds >= _HALFWAY_FROM:
        beats.append(Beat(to_samples(dose.seconds / 2), (caller.milestone(Milestone.HALFWAY),)))
    beats.append(Beat(to_samples(dose.seconds), (caller.sentence(CueKind.COUNT, caller.book.word("stop")),)))
    spoken = [head for head in caller.on_beats(beats, FAR, names) if head]
    spoken += _breaths(caller, exercise.breathing, [work], SortedCues(spoken))
    every_seconds = _seconds_between_reminders(exercise)
    floating, too_long = _reminders(caller, reminders, values, [work], SortedCues(spoken), every_seconds)
    return Score(dose.seconds, spoken + floating, too_long)


def _seconds_between_reminders(exercise: Exercise) -> int:
    """Return the seconds after which a reminder may come again."""
    return 2 * _REMIND_SECONDS if exercise.guidance == Guidance.SHORT else _REMIND_SECONDS


def _holds_behind(caller: Caller, locked: Sequence[Cue], sentence: Sentence) -> Iterator[Cue]:
    """Yield "hold" behind each rep's number, where there is room before the next word."""
    for cue, after in zip(locked, [*locked[1:], None], strict=True):
        if cue.phase != HELD or cue.kind == CueKind.COUNTDOWN or cue.text == sentence.text:
            continue
        clip = caller.booth.clip(sentence)
        start = cue.end + BREATH
        room = (after.start if after else FAR) - start
        if clip.length <= room:
            yield Cue(start, clip, sentence, None, cue.rep, HELD)
        else:
            caller.booth.note_shortage(sentence, room, "it is left out")


def _time_left(caller: Caller, bout: _Bout) -> list[Beat]:
    """Return the beats on which the time left is said: where it helps, and the last three seconds."""
    lasts = bout.end - bout.start
    halfway = bout.rep is None and lasts >= _HALFWAY_FROM
    left: dict[Fraction, Sentence] = {}
    for seconds in (1, 2, 3):
        if lasts - seconds >= 2:
            left[Fraction(seconds)] = caller.sentence(CueKind.COUNTDOWN, caller.book.count(seconds))
    if halfway:
        left[lasts / 2] = caller.milestone(Milestone.HALFWAY)
    for seconds in (10, *range(30, int(lasts / 2) + 1, 30)):
        if 2 * seconds <= lasts and not (halfway and abs(seconds - lasts / 2) < 5):
            text = caller.book.sentence("time_left", duration=caller.book.duration(seconds))
            left[Fraction(seconds)] = caller.sentence(CueKind.COUNTDOWN, text)
    moments = sorted(left.items(), reverse=True)
    return [Beat(to_samples(bout.end - at), (sentence,), bout.rep, bout.phase) for at, sentence in moments]


def _breaths(
    caller: Caller, breathing: Sequence[Phase], bouts: Sequence[_Bout], locked: SortedCues
) -> list[Cue]:
    """Return breathing words, on their beats or behind another word there.

    At first all are said, then every third breath; none is begun that would not end within the bout.
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
                cue = _breath_in(caller, part, caller.breath(phase.name), locked, free)
                if cue:
                    said.append(cue)
                    free = cue.end + (BREATH if cue.beat is None else 0)
    for phase in breathing:
        sentence = caller.breath(phase.name)
        if not any(cue.sentence == sentence for cue in said):
            caller.booth.note_shortage(sentence, 0, "no breath has room for it: it is left out")
    return said


def _breath_in(
    caller: Caller, part: _Bout, sentence: Sentence, locked: SortedCues, free: Samples
) -> Cue | None:
    """Return the word of one phase of a breath: on its beat, else in the phase's first half, else None.

    Args:
        caller: calls the set.
        part: the phase's part of the bout.
        sentence: the word.
        locked: the words that stand already.
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


def _reminders(
    caller: Caller,
    reminders: Reminders,
    values: Mapping[str, str],
    bouts: Sequence[_Bout],
    spoken: SortedCues,
    every_seconds: int,
) -> tuple[list[Cue], list[Text]]:
    """Return a reminder about every so many seconds of the bouts, and those that fit nowhere."""
    windows: list[tuple[int, int, _Bout]] = []
    for bout in bouts:
        for start, stop in spoken.gaps(to_samples(bout.start), to_samples(bout.end), RATE):
            settled = max(start, _FIRST_REMINDER)
            if stop - BREATH > settled:
                windows.append((settled, stop - BREATH, bout))
    longest = max((stop - start for start, stop, _ in windows), default=0)
    too_long = reminders.retire_longer(caller.booth, values, bouts[-1].rep, longest)
    short_holds = bouts[0].end - bouts[0].start < every_seconds
    said: list[Cue] = []
    following = 0
    for start, stop, (rep, *_) in windows:
        if short_holds and rep and said and said[-1].rep == rep - 1:
            continue  # as with a tempo, never in two reps in a row
        at = max(start, following)
        while at < stop:
            cue = reminders.take(caller.booth, values, at, stop, rep, HELD if rep else None)
            if cue is None:
                break
            said.append(cue)
            following = cue.start + every_seconds * RATE
            at = max(cue.end + BREATH, following)
            if len(reminders.turns) == 1:
                break  # a single reminder is not said twice with nothing in between
    return said, too_long
