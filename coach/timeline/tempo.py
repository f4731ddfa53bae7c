"""The score of repetitions at a tempo, and of paced breathing: every phase has its beat.

All samples here count from the set's first beat.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.timeline.score import Beat, Line, Score, Spoken, milestone
from coach.timeline.voiced import BREATH
from coach.timeline.wording import LEAST_BETWEEN
from coach.units import RATE, to_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coach.routine import Breathing, Exercise, Phase, Tempo, Text
    from coach.timeline.score import Caller, Reminders
    from coach.timeline.voiced import Wish

_BREATH_AGAIN = 4
"""After the first three reps, a breathing word comes about every so many."""


class PhaseSpan(NamedTuple):
    """A phase of a rep or breath (its nth, from 0), from its first beat to its end; samples."""

    rep: int
    nth: int
    phase: Phase
    start: int
    end: int


class _Window(NamedTuple):
    """A stretch where something may float, the span it begins in, and the word that stands before it."""

    start: int
    end: int
    span: PhaseSpan
    head: Spoken | None

    @property
    def length(self) -> int:
        """Samples."""
        return self.end - self.start


def score_breathing(caller: Caller, block: Breathing, names: Sequence[Wish]) -> Score:
    """Return the score of a breathing block: its words on their beats, in every round."""
    beats = caller.counted_in()
    spans = phase_spans(block.phases, block.rounds)
    for span in spans:
        word = caller.wish("breath", caller.book.breath(span.phase.name, paced=True))
        beats.append(Beat(span.start, (word,), span.rep, span.phase.name))
    end = to_samples(block.seconds)
    spoken = [head for head in caller.on_beats(beats, end, names) if head]
    if block.count == "tempo":
        spoken += _seconds(caller, spans, Line(spoken), end, Line(()))
    return Score(block.seconds, spoken)


def score_tempo(
    caller: Caller,
    exercise: Exercise,
    dose: Tempo,
    reminders: Reminders,
    values: Mapping[str, str],
    names: Sequence[Wish],
) -> Score:
    """Return the score of one set; the arguments are those of a `WorkSet`."""
    end = to_samples(dose.seconds)
    spans = phase_spans(dose.phases, int(dose.reps.low))
    behind = _breath_fits_behind(caller, exercise, dose)
    beats = caller.counted_in()
    for span in spans:
        wishes = _words(caller, exercise, dose, span, behind)
        beats.append(Beat(span.start, wishes, span.rep, span.phase.name))
    heads = caller.on_beats(beats, end, names)
    locked = [head for head in heads if head]
    floating, too_long = _between(caller, exercise, reminders, values, spans, heads[caller.count_in :])
    spoken = locked + floating
    if exercise.count in ("tempo", "both"):
        spoken += _seconds(caller, spans, Line(locked), end, Line(floating))
    return Score(dose.seconds, spoken, too_long)


def phase_spans(phases: Sequence[Phase], reps: int) -> list[PhaseSpan]:
    """Return every phase of every rep; each moment is rounded once."""
    ends = []
    at = Fraction(0)
    for phase in phases:
        at += phase.seconds
        ends.append(at)
    spans = []
    start = 0
    for rep in range(1, reps + 1):
        for index, phase in enumerate(phases):
            end = to_samples((rep - 1) * at + ends[index])
            spans.append(PhaseSpan(rep, index, phase, start, end))
            start = end
    return spans


def _words(
    caller: Caller, exercise: Exercise, dose: Tempo, span: PhaseSpan, behind: set[int]
) -> tuple[Wish, ...]:
    """Return what may be said on the first beat of a phase, the best first."""
    book, rep, first = caller.book, span.rep, span.nth == 0
    wishes = []
    stone = milestone(rep, int(dose.reps.low)) if first else None
    if stone:
        wishes.append(caller.milestone(stone))
    if first and (exercise.count == "reps" or (exercise.count == "both" and rep > 1)):
        wishes.append(caller.wish("count", book.count(rep)))
    breath = next((says for name, says in exercise.breathe if name == span.phase.name), None)
    if breath:
        if exercise.count == "off" or (exercise.count == "reps" and not first):  # the phase has no word
            in_place = rep <= 3 or rep % _BREATH_AGAIN == 3
        else:
            in_place = rep in (2, 3) and first and exercise.count == "tempo" and span.nth not in behind
        if in_place:
            wishes.append(caller.breath(breath))
    if exercise.count in ("tempo", "both"):
        wishes.append(caller.wish("count", book.phase(span.phase.name)))
    return tuple(wishes)


def _breath_fits_behind(caller: Caller, exercise: Exercise, dose: Tempo) -> set[int]:
    """Return the phases (by index) that have room for their breathing word behind their own word."""
    breathe = dict(exercise.breathe)
    fitting = set()
    for index, phase in enumerate(dose.phases):
        if phase.name not in breathe:
            continue
        after = dose.phases[(index + 1) % len(dose.phases)]
        breath = caller.booth.clip(caller.breath(breathe[phase.name]))
        own = caller.booth.clip(caller.wish("count", caller.book.phase(phase.name)))
        following = caller.booth.clip(caller.wish("count", caller.book.phase(after.name)))
        taken = own.length - own.attack + following.attack + 2 * BREATH
        if breath.length <= to_samples(phase.seconds) - taken:
            fitting.add(index)
    return fitting


def _windows(spans: Sequence[PhaseSpan], heads: Sequence[Spoken | None]) -> dict[int, list[_Window]]:
    """Return the stretches of each rep without beat-locked words; one may go on through a silent phase."""
    locked = Line(head for head in heads if head)
    windows: dict[int, list[_Window]] = {}
    index = 0
    while index < len(spans):
        span, head = spans[index], heads[index]
        index += 1
        while index < len(spans) and spans[index].rep == span.rep and heads[index] is None:
            index += 1
        before, after = locked.around(span.start)
        start, end = max(span.start, before + BREATH), min(spans[index - 1].end, after) - BREATH
        of_rep = windows.setdefault(span.rep, [])
        if end > start:
            of_rep.append(_Window(start, end, span, head))
    return windows


def _between(
    caller: Caller,
    exercise: Exercise,
    reminders: Reminders,
    values: Mapping[str, str],
    spans: Sequence[PhaseSpan],
    heads: Sequence[Spoken | None],
) -> tuple[list[Spoken], list[Text]]:
    """Return breathing words and reminders, and the reminders too long for all windows of the set.

    Args:
        caller: calls the set.
        exercise: the exercise.
        reminders: its form cues.
        values: what the placeholders stand for.
        spans: the phases of all reps.
        heads: the word on the first beat of each of them.
    """
    reps = spans[-1].rep
    windows = _windows(spans, heads)
    longest = max((window.length for rep in range(3, reps) for window in windows[rep]), default=0)
    too_long = reminders.retire_longer(caller.booth, values, reps, longest)
    said_in_place = {head.rep for head in heads if head and head.wish.kind == "breath"}
    floating: list[Spoken] = []
    reminded_every = max(exercise.reminders_every, LEAST_BETWEEN)
    last_reminder, last_breath = 3 - reminded_every, 0
    for rep, free in windows.items():
        if 3 <= rep < reps and rep - last_reminder >= reminded_every and free:
            window = max(free, key=lambda window: window.length)
            phase = window.span.phase.name
            cue = reminders.take(caller.booth, values, window.start, window.end, rep, phase)
            if cue:
                floating.append(cue)
                free.remove(window)
                last_reminder = rep
        if rep <= 3 or rep - last_breath >= _BREATH_AGAIN:
            cues = list(_breaths(caller, exercise, free))
            floating += cues
            if cues or rep in said_in_place:
                last_breath = rep
    _note_unsaid_breaths(caller, exercise, [*floating, *(head for head in heads if head)], windows)
    return floating, too_long


def _breaths(caller: Caller, exercise: Exercise, free: Sequence[_Window]) -> Iterator[Spoken]:
    """Yield the breathing words of a rep that fit behind their phase's word."""
    breathe = dict(exercise.breathe)
    for window in free:
        name, head = window.span.phase.name, window.head
        if name not in breathe or head is None or head.wish.kind == "breath":
            continue
        wish = caller.breath(breathe[name])
        clip = caller.booth.clip(wish)
        if window.start + clip.length <= min(window.end, window.span.end - BREATH):
            yield Spoken(window.start, clip, wish, None, window.span.rep, name)


def _note_unsaid_breaths(
    caller: Caller, exercise: Exercise, spoken: Sequence[Spoken], windows: Mapping[int, Sequence[_Window]]
) -> None:
    """Note the phases whose breathing word found no room in the whole set."""
    said = {cue.phase for cue in spoken if cue.wish.kind == "breath"}
    for name, says in exercise.breathe:
        if name not in said:
            free = (window for of_rep in windows.values() for window in of_rep)
            room = max((window.length for window in free if window.span.phase.name == name), default=0)
            caller.booth.short(caller.breath(says), room, f"with '{name}' it is left out")


def _seconds(
    caller: Caller, spans: Sequence[PhaseSpan], locked: Line, end: int, floating: Line
) -> Iterator[Spoken]:
    """Yield the counted seconds of every phase, but where something floats."""
    ceiling = end
    for span in reversed(spans):
        floor, following = locked.around(span.start)
        ceiling = min(ceiling, following)
        for second in range(int(span.phase.seconds) - 1, 0, -1):
            wish = caller.wish("count", caller.book.count(second + 1))
            beat = span.start + second * RATE
            clip = caller.booth.clip(wish)
            before, after = floating.around(beat - clip.attack)
            before, after = before + BREATH, after - BREATH
            if beat - clip.attack < before or beat - clip.attack + clip.length > after:
                continue  # a breathing word or a reminder has taken its place
            fitted = caller.booth.on_beat(wish, beat, max(floor, before), min(ceiling, after))
            if fitted:
                ceiling = beat - fitted.attack
                yield Spoken(ceiling, fitted, wish, beat, span.rep, span.phase.name)
