"""The score of repetitions at a tempo, and of paced breathing: every phase has its beat.

All samples here count from the set's first beat.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from coach.routine import PACED, Count
from coach.timeline.booth import BREATH
from coach.timeline.model import Cue, CueKind
from coach.timeline.score import Beat, Score, SortedCues, find_milestone, find_ticks
from coach.timeline.wording import LEAST_BETWEEN
from coach.units import Samples, to_samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coach.routine import Breathing, Exercise, Phase, Tempo, Text
    from coach.timeline.model import Sentence
    from coach.timeline.score import Caller, Reminders

_BREATH_AGAIN = 4
"""After the first three reps, a breathing word comes about every so many."""


class RepPhase(NamedTuple):
    """A phase of a rep or breath (its nth, from 0), from its first beat to its end; samples.

    `counted` are the beats after the first one on which it is counted.
    """

    rep: int
    nth: int
    phase: Phase
    start: Samples
    end: Samples
    counted: tuple[Samples, ...] = ()


class _Window(NamedTuple):
    """Where something may float, the phase it begins in, and the word on that phase's beat, if any."""

    start: Samples
    end: Samples
    part: RepPhase
    head: Cue | None

    @property
    def length(self) -> Samples:
        """How long it is."""
        return self.end - self.start


def score_breathing(caller: Caller, block: Breathing, names: Sequence[Sentence]) -> Score:
    """Return the score of a breathing block: its words on their beats, in every round."""
    beats = caller.count_in_beats()
    parts = lay_out_phases(block.phases, block.rounds)
    for part in parts:
        beats.append(Beat(part.start, _choose_breath(caller, block, part), part.rep, part.phase.name))
    end = to_samples(block.seconds)
    spoken = [head for head in caller.place_on_beats(beats, end, names) if head]
    if block.count.counts_seconds:
        spoken += _count_seconds(caller, parts, SortedCues(spoken), end, SortedCues(()))
    return Score(block.seconds, spoken)


def _choose_breath(caller: Caller, block: Breathing, part: RepPhase) -> tuple[Sentence, ...]:
    """Return what may be said on the first beat of a phase of a breath, the best first."""
    book, first = caller.book, part.nth == 0
    sentences = []
    if block.count == Count.OFF and first and (milestone := find_milestone(part.rep, block.rounds)):
        sentences.append(caller.milestone(milestone))
    if first and block.count.numbers(part.rep):
        sentences.append(caller.sentence(CueKind.COUNT, book.count(part.rep)))
    if block.count.calls_phases:
        words = book.breath_phase(part.phase.name)
        sentences += [caller.sentence(CueKind.BREATH, word) for word in words]
    return tuple(sentences)


def score_tempo(
    caller: Caller,
    exercise: Exercise,
    dose: Tempo,
    reminders: Reminders,
    values: Mapping[str, str],
    names: Sequence[Sentence],
) -> Score:
    """Return the score of one set; the arguments are those of a `WorkSet`."""
    end = to_samples(dose.seconds)
    parts = lay_out_phases(dose.phases, int(dose.reps.low))
    _note_unsaid_names(caller, exercise, dose)
    behind = _find_breaths_that_fit(caller, exercise, dose)
    beats = caller.count_in_beats()
    for part in parts:
        sentences = _choose_words(caller, exercise, dose, part, behind)
        beats.append(Beat(part.start, sentences, part.rep, part.phase.name))
    heads = caller.place_on_beats(beats, end, names)
    locked = [head for head in heads if head]
    windows = _find_windows(parts, heads[caller.count_in :])
    floating, too_long = _place_reminders(caller, exercise, reminders, values, windows)
    floating += _place_breaths(caller, exercise, locked, windows)
    spoken = locked + floating
    if exercise.count.counts_seconds:
        spoken += _count_seconds(caller, parts, SortedCues(locked), end, SortedCues(floating))
    return Score(dose.seconds, spoken, too_long, find_ticks(exercise.tick, dose.seconds, spoken))


def _note_unsaid_names(caller: Caller, exercise: Exercise, dose: Tempo) -> None:
    """Note names of phases that somebody made up to be heard, and that nothing is said of."""
    names = [phase.name for phase in dose.phases if not caller.book.knows_phase(phase.name)]
    if exercise.count == Count.OFF and names:
        message = f"'count: off' leaves out the names of the phases, such as '{names[0]}'"
        caller.booth.warn(exercise.location, f"{message}; 'count: phases' says them")


def lay_out_phases(phases: Sequence[Phase], reps: int) -> list[RepPhase]:
    """Return every phase of every rep; each moment is rounded once."""
    ends = []
    at = Fraction(0)
    for phase in phases:
        at += phase.seconds
        ends.append(at)
    parts = []
    start = 0
    for rep in range(1, reps + 1):
        for index, phase in enumerate(phases):
            until = (rep - 1) * at + ends[index]
            counted = tuple(to_samples(until - phase.seconds + after) for after in phase.counted)
            end = to_samples(until)
            parts.append(RepPhase(rep, index, phase, start, end, counted))
            start = end
    return parts


def _choose_words(
    caller: Caller, exercise: Exercise, dose: Tempo, part: RepPhase, behind: set[int]
) -> tuple[Sentence, ...]:
    """Return what may be said on the first beat of a phase, the best first."""
    book, rep, first = caller.book, part.rep, part.nth == 0
    sentences = []
    milestone = find_milestone(rep, int(dose.reps.low)) if first else None
    side = caller.side_of(rep) if first else None
    if milestone and side is not None:
        both = caller.milestone_on(milestone, side, part.end - part.start)
        sentences += [both] if both else []
    if milestone:
        sentences.append(caller.milestone(milestone))
    if side is not None:
        sentences.append(caller.sentence(CueKind.COUNT, book.side_word(side)))
    numbered = side is None and first and exercise.count.numbers(rep) and not (rep == 1 and caller.count_in)
    if numbered:  # the count-in ends on "one": rep 1 has its phase's word
        sentences.append(caller.sentence(CueKind.COUNT, book.count(rep)))
    breath = next((says for name, says in exercise.breathe if name == part.phase.name), None)
    if breath:
        if not exercise.count.calls_phases and not numbered:
            in_place = rep <= 3 or rep % _BREATH_AGAIN == 3  # the phase has no word
        else:
            unnumbered = exercise.count in (Count.TEMPO, Count.PHASES)
            in_place = rep in (2, 3) and first and unnumbered and part.nth not in behind
        if in_place:
            sentences.append(caller.breath(breath))
    if exercise.count.calls_phases or (rep == 1 and first and exercise.count == Count.REPS and not numbered):
        word = book.word("start") if part.phase.name == PACED else book.phase(part.phase.name)
        sentences.append(caller.sentence(CueKind.COUNT, word))
    return tuple(sentences)


def _find_breaths_that_fit(caller: Caller, exercise: Exercise, dose: Tempo) -> set[int]:
    """Return the phases, by index, that have room for a breathing word after their own word."""
    breathe = dict(exercise.breathe)
    fitting = set()
    for index, phase in enumerate(dose.phases):
        if phase.name not in breathe:
            continue
        after = dose.phases[(index + 1) % len(dose.phases)]
        breath = caller.booth.clip(caller.breath(breathe[phase.name]))
        own = caller.booth.clip(caller.sentence(CueKind.COUNT, caller.book.phase(phase.name)))
        following = caller.booth.clip(caller.sentence(CueKind.COUNT, caller.book.phase(after.name)))
        taken = own.length - own.attack + following.attack + 2 * BREATH
        if breath.length <= to_samples(phase.seconds) - taken:
            fitting.add(index)
    return fitting


def _find_windows(parts: Sequence[RepPhase], heads: Sequence[Cue | None]) -> dict[int, list[_Window]]:
    """Return, by rep, where no word is locked to a beat; a window may go on through a silent phase."""
    locked = SortedCues(head for head in heads if head)
    windows: dict[int, list[_Window]] = {}
    index = 0
    while index < len(parts):
        part, head = parts[index], heads[index]
        index += 1
        while index < len(parts) and parts[index].rep == part.rep and heads[index] is None:
            index += 1
        before, after = locked.around(part.start)
        start, end = max(part.start, before + BREATH), min(parts[index - 1].end, after) - BREATH
        of_rep = windows.setdefault(part.rep, [])
        if end > start:
            of_rep.append(_Window(start, end, part, head))
    return windows


def _place_reminders(
    caller: Caller,
    exercise: Exercise,
    reminders: Reminders,
    values: Mapping[str, str],
    windows: Mapping[int, list[_Window]],
) -> tuple[list[Cue], list[Text]]:
    """Return reminders, each in the longest window of its rep, and those that are too long for any window.

    A window that is used is taken out of `windows`. The first two reps and the last have no reminder.
    """
    last_rep = max(windows)
    longest = max((window.length for rep in range(3, last_rep) for window in windows[rep]), default=0)
    too_long = reminders.retire_longer(caller.booth, values, last_rep, longest)
    every_reps = max(exercise.reminders_every, LEAST_BETWEEN)
    placed: list[Cue] = []
    due = 3
    for rep, free in windows.items():
        if not due <= rep < last_rep or not free:
            continue
        window = max(free, key=lambda window: window.length)
        phase = window.part.phase.name
        cue = reminders.take(
            caller.booth, caller.values_in(values, rep), window.start, window.end, rep, phase
        )
        if cue:
            placed.append(cue)
            free.remove(window)
            due = rep + every_reps
    return placed, too_long


def _place_breaths(
    caller: Caller, exercise: Exercise, heads: Sequence[Cue], windows: Mapping[int, Sequence[_Window]]
) -> list[Cue]:
    """Return breathing words: in the first reps, then now and then.

    Args:
        caller: calls the set.
        exercise: the exercise.
        heads: the words on the beats; some are breathing words themselves.
        windows: by rep, where there is room.
    """
    said_in_place = {head.rep for head in heads if head.kind == CueKind.BREATH}
    placed: list[Cue] = []
    last = 0
    for rep, free in windows.items():
        if rep <= 3 or rep - last >= _BREATH_AGAIN:
            cues = list(_fit_breaths(caller, exercise, free))
            placed += cues
            if cues or rep in said_in_place:
                last = rep
    _note_unsaid_breaths(caller, exercise, [*placed, *heads], windows)
    return placed


def _fit_breaths(caller: Caller, exercise: Exercise, free: Sequence[_Window]) -> Iterator[Cue]:
    """Yield the breathing words of a rep that fit after their phase's word."""
    breathe = dict(exercise.breathe)
    for window in free:
        name, head = window.part.phase.name, window.head
        if name not in breathe or head is None or head.kind == CueKind.BREATH:
            continue
        sentence = caller.breath(breathe[name])
        clip = caller.booth.clip(sentence)
        if window.start + clip.length <= min(window.end, window.part.end - BREATH):
            yield Cue(window.start, clip, sentence, None, window.part.rep, name)


def _note_unsaid_breaths(
    caller: Caller, exercise: Exercise, spoken: Sequence[Cue], windows: Mapping[int, Sequence[_Window]]
) -> None:
    """Note the phases whose breathing word found no room in the whole set."""
    said = {cue.phase for cue in spoken if cue.kind == CueKind.BREATH}
    for name, says in exercise.breathe:
        if name not in said:
            free = (window for of_rep in windows.values() for window in of_rep)
            rooms = (
                min(window.end, window.part.end - BREATH) - window.start
                for window in free
                if window.part.phase.name == name and window.head and window.head.kind != CueKind.BREATH
            )
            room = max(rooms, default=0)
            caller.booth.note_shortage(caller.breath(says), room, f"with '{name}' it is left out")


def _count_seconds(
    caller: Caller, parts: Sequence[RepPhase], locked: SortedCues, end: Samples, floating: SortedCues
) -> Iterator[Cue]:
    """Yield the counted seconds of every phase, except where something floats."""
    ceiling = end
    for part in reversed(parts):
        floor, following = locked.around(part.start)
        ceiling = min(ceiling, following)
        for number in range(len(part.counted) + 1, 1, -1):
            sentence = caller.sentence(CueKind.COUNT, caller.book.count(number))
            beat = part.counted[number - 2]
            clip = caller.booth.clip(sentence)
            before, after = floating.around(beat - clip.attack)
            before, after = before + BREATH, after - BREATH
            if beat - clip.attack < before or beat - clip.attack + clip.length > after:
                continue  # a breathing word or a reminder has taken its place
            fitted = caller.booth.fit_on_beat(sentence, beat, max(floor, before), min(ceiling, after))
            if fitted:
                ceiling = beat - fitted.attack
                yield Cue(ceiling, fitted, sentence, beat, part.rep, part.phase.name)
