"""The score of holds and of timed work: stretches without a pause, with the time left said on its beats.

All samples here count from the set's first beat.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.timeline.score import FAR, Beat, Line, Score, Spoken, milestone
from coach.timeline.voiced import BREATH
from coach.units import RATE, to_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coach.routine import Exercise, Hold, Phase, Text, Timed
    from coach.timeline.score import Caller, Reminders
    from coach.timeline.voiced import Wish

_REMIND_SECONDS = 10
"""A reminder comes about this often."""

_FIRST_REMINDER = 4 * RATE
"""None comes before this sample: let a person begin."""

_HALFWAY_FROM = 10
"""Seconds of timed work from which its half is said."""


class _Stretch(NamedTuple):
    """Held or timed work without a pause; exact seconds from the first beat. `rep` is None for timed work."""

    rep: int | None
    start: Fraction
    end: Fraction

    @property
    def phase(self) -> str | None:
        """What its cues name as their phase."""
        return "hold" if self.rep else None


def score_hold(
    caller: Caller,
    exercise: Exercise,
    dose: Hold,
    reminders: Reminders,
    values: Mapping[str, str],
    names: Sequence[Wish],
) -> Score:
    """Return the score of one set; the arguments are those of a `WorkSet`."""
    reps, held = int(dose.reps.low), dose.hold.low
    hold_word = caller.wish("count", caller.book.phase("hold"))
    relax_word = caller.wish("count", caller.book.phase("relax"))
    counted = exercise.count != "off"
    beats = caller.counted_in()
    holds = []
    for rep in range(1, reps + 1):
        start = (rep - 1) * (held + dose.relax)
        hold = _Stretch(rep, start, start + held)
        holds.append(hold)
        stone = milestone(rep, reps)
        wishes = [caller.milestone(stone)] if stone else []
        wishes += [caller.wish("count", caller.book.count(rep))] if counted and reps > 1 else []
        beats.append(Beat(to_samples(start), (*wishes, hold_word), rep, "hold"))
        beats += _time_left(caller, hold) if counted else []
        if dose.relax or rep == reps:
            beats.append(Beat(to_samples(hold.end), (relax_word,), rep, "relax"))
    locked = [head for head in caller.on_beats(beats, FAR, names) if head]
    spoken = [*locked, *_holds_behind(caller, locked, hold_word)]
    spoken += _breaths(caller, exercise.breathing, holds, Line(spoken))
    reminded = holds[2:-1] if reps > 3 else holds
    every = _reminded_every(exercise)
    floating, too_long = _reminders(caller, reminders, values, reminded, Line(spoken), every)
    return Score(dose.seconds, spoken + floating, too_long)


def score_timed(
    caller: Caller,
    exercise: Exercise,
    dose: Timed,
    reminders: Reminders,
    values: Mapping[str, str],
    names: Sequence[Wish],
) -> Score:
    """Return the score of one set; the arguments are those of a `WorkSet`."""
    work = _Stretch(None, Fraction(0), dose.seconds)
    beats = [*caller.counted_in(), Beat(0, (caller.wish("count", caller.book.word("start")),))]
    if exercise.count != "off":
        beats += _time_left(caller, work)
    elif dose.seconds >= _HALFWAY_FROM:
        beats.append(Beat(to_samples(dose.seconds / 2), (caller.milestone("halfway"),)))
    beats.append(Beat(to_samples(dose.seconds), (caller.wish("count", caller.book.word("stop")),)))
    spoken = [head for head in caller.on_beats(beats, FAR, names) if head]
    spoken += _breaths(caller, exercise.breathing, [work], Line(spoken))
    every = _reminded_every(exercise)
    floating, too_long = _reminders(caller, reminders, values, [work], Line(spoken), every)
    return Score(dose.seconds, spoken + floating, too_long)


def _reminded_every(exercise: Exercise) -> int:
    """Return after how many seconds a reminder may come again."""
    return 2 * _REMIND_SECONDS if exercise.guidance == "short" else _REMIND_SECONDS


def _holds_behind(caller: Caller, locked: Sequence[Spoken], wish: Wish) -> Iterator[Spoken]:
    """Yield "hold" behind each rep's number, where there is room before the next word."""
    for cue, after in zip(locked, [*locked[1:], None], strict=True):
        if cue.phase != "hold" or cue.wish.kind == "countdown" or cue.wish.text == wish.text:
            continue
        clip = caller.booth.clip(wish)
        start = cue.end + BREATH
        room = (after.start if after else FAR) - start
        if clip.length <= room:
            yield Spoken(start, clip, wish, None, cue.rep, "hold")
        else:
            caller.booth.short(wish, room, "it is left out")


def _time_left(caller: Caller, stretch: _Stretch) -> list[Beat]:
    """Return the beats on which the time left is said: where it helps, and the last three seconds."""
    length = stretch.end - stretch.start
    halfway = stretch.rep is None and length >= _HALFWAY_FROM
    left: dict[Fraction, Wish] = {}
    for seconds in (1, 2, 3):
        if length - seconds >= 2:
            left[Fraction(seconds)] = caller.wish("countdown", caller.book.count(seconds))
    if halfway:
        left[length / 2] = caller.milestone("halfway")
    for seconds in (10, *range(30, int(length / 2) + 1, 30)):
        if 2 * seconds <= length and not (halfway and abs(seconds - length / 2) < 5):
            text = caller.book.sentence("time_left", duration=caller.book.duration(seconds))
            left[Fraction(seconds)] = caller.wish("countdown", text)
    moments = sorted(left.items(), reverse=True)
    return [Beat(to_samples(stretch.end - at), (wish,), stretch.rep, stretch.phase) for at, wish in moments]


def _breaths(
    caller: Caller, breathing: Sequence[Phase], stretches: Sequence[_Stretch], locked: Line
) -> list[Spoken]:
    """Return breathing words, on their beats or behind another word there.

    At first all are said, then every third breath; none is begun that would not end within the stretch.
    """
    said: list[Spoken] = []
    free = -FAR
    cycle = sum((phase.seconds for phase in breathing), Fraction(0))
    for stretch in stretches if breathing else ():
        for breath in range(-int(-(stretch.end - stretch.start) // cycle)):
            if breath % 3 and (breath > 2 or (stretch.rep or 1) > 2):
                continue
            at = stretch.start + breath * cycle
            for phase in breathing:
                start, at = at, at + phase.seconds
                if at > stretch.end:
                    break
                part = stretch._replace(start=start, end=at)
                cue = _breath_in(caller, part, caller.breath(phase.name), locked, free)
                if cue:
                    said.append(cue)
                    free = cue.end + (BREATH if cue.beat is None else 0)
    for phase in breathing:
        wish = caller.breath(phase.name)
        if not any(cue.wish == wish for cue in said):
            caller.booth.short(wish, 0, "no breath has room for it: it is left out")
    return said


def _breath_in(caller: Caller, part: _Stretch, wish: Wish, locked: Line, free: int) -> Spoken | None:
    """Return the word of one phase of a breath: on its beat, else in the phase's first half, else None.

    Args:
        caller: calls the set.
        part: the phase's part of the stretch.
        wish: the word.
        locked: the words that stand already.
        free: the first sample after the breathing word before.
    """
    clip = caller.booth.clip(wish)
    opens, closes = to_samples(part.start), to_samples(part.end)
    start = opens - clip.attack
    before, after = locked.around(opens)
    if max(before, free) <= start and start + clip.length <= min(after, closes):
        return Spoken(start, clip, wish, opens, part.rep, part.phase)
    for begin, end in locked.gaps(opens, closes, BREATH):
        start = max(begin, free + BREATH)
        if 2 * start <= opens + closes and start + clip.length + BREATH <= end:
            return Spoken(start, clip, wish, None, part.rep, part.phase)
    return None


def _reminders(
    caller: Caller,
    reminders: Reminders,
    values: Mapping[str, str],
    stretches: Sequence[_Stretch],
    spoken: Line,
    every: int,
) -> tuple[list[Spoken], list[Text]]:
    """Return a reminder about every so many seconds of the stretches, and those that fit nowhere."""
    windows: list[tuple[int, int, _Stretch]] = []
    for stretch in stretches:
        for start, stop in spoken.gaps(to_samples(stretch.start), to_samples(stretch.end), RATE):
            settled = max(start, _FIRST_REMINDER)
            if stop - BREATH > settled:
                windows.append((settled, stop - BREATH, stretch))
    longest = max((stop - start for start, stop, _ in windows), default=0)
    too_long = reminders.retire_longer(caller.booth, values, stretches[-1].rep, longest)
    short_holds = stretches[0].end - stretches[0].start < every
    said: list[Spoken] = []
    following = 0
    for start, stop, (rep, *_) in windows:
        if short_holds and rep and said and said[-1].rep == rep - 1:
            continue  # as with a tempo, never in two reps in a row
        at = max(start, following)
        while at < stop:
            cue = reminders.take(caller.booth, values, at, stop, rep, "hold" if rep else None)
            if cue is None:
                break
            said.append(cue)
            following = cue.start + every * RATE
            at = max(cue.end + BREATH, following)
            if len(reminders.turns) == 1:
                break  # a single reminder is not said twice with nothing in between
    return said, too_long
