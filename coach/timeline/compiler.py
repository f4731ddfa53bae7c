"""From a routine to its timeline, step by step."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING

from coach.errors import Problem, ScriptError
from coach.phrases import Phrasebook, languages, phrasebook
from coach.routine import (
    Alternate,
    Breathing,
    ClockLadder,
    Every,
    Exercise,
    Guidance,
    Ladder,
    Repeat,
    Rest,
    Routine,
    Say,
    Sound,
    Step,
    Text,
    Turn,
    walk_steps,
)
from coach.text_enum import assert_never
from coach.timeline.booth import BREATH, Booth, Speaks
from coach.timeline.builder import Label, Line, TimelineBuilder
from coach.timeline.joints import Introduction, Joints
from coach.timeline.model import CueKind, Round, Sentence
from coach.timeline.score import Reminders
from coach.timeline.sets import WorkSet
from coach.timeline.wording import Announcer, apply_guidance, word_end
from coach.units import RATE, nearest, to_samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from coach.timeline.model import Timeline


def compile_routine(routine: Routine, speech: Speaks) -> Timeline:
    """Return the timeline of a routine: the same for the same routine and voice, to the sample.

    Args:
        routine: what to do.
        speech: the voice, asked how long each sentence is and where its attack lies.

    Raises:
        ScriptError: a text that the voice is silent on, a round of `every` that needs longer than it
            has, a language without a phrasebook, or a track of more than 12 hours.
        SpeechError: the voice failed.
    """
    if routine.language not in languages():
        message = f"must be a language that Coach speaks: {', '.join(languages())} (got '{routine.language}')"
        raise ScriptError([Problem(routine.location, message)])
    book = phrasebook(routine.language)
    builder = TimelineBuilder(Booth(speech))
    for note in routine.notes:
        builder.booth.warn(note.location, note.message)
    compiler = _Compiler(builder, book, routine.title)
    compiler.place(routine.steps)
    compiler.finish(_close(routine, book))
    return builder.timeline(routine, book, speech.voice_name)


def _close(routine: Routine, book: Phrasebook) -> list[Sentence]:
    """Return what is said last."""
    if routine.closing is not None:
        return [Sentence.of(CueKind.END, text, {}) for text in routine.closing]
    return [Sentence(CueKind.END, text, routine.location) for text in word_end(routine, book)]


class _Compiler:
    """Goes through the steps of a routine, and has everything that each of them says put in its place."""

    def __init__(self, builder: TimelineBuilder, book: Phrasebook, title: str) -> None:
        self._builder = builder
        self._book = book
        self._joints = Joints(builder, book)
        self._announcer = Announcer(book, title)
        self._round: Round | None = None
        self._reminders: dict[tuple[str, Guidance, tuple[Text, ...]], Reminders] = {}

    def place(self, steps: Sequence[Step]) -> None:
        """Place steps in their order."""
        for step in steps:
            match step:
                case Say():
                    values = self._round.values() if self._round else {}
                    self._joints.say(Sentence.of(CueKind.SAY, step.text, values), step.pause)
                case Rest():
                    self._joints.leave_rest(step.seconds, step.location, silent=step.silent, calls=step.calls)
                case Sound():
                    self._joints.ring(Sentence.of(CueKind.SOUND, step.text, {}), waits=step.waits)
                case Exercise():
                    self._place_exercise(step)
                case Breathing():
                    self._place_breathing(step)
                case Repeat():
                    self._place_rounds(step, itertools.repeat(step.steps, step.rounds), step.rounds)
                case Ladder():
                    self._place_rounds(step, step.bodies, len(step.bodies))
                case Every():
                    self._place_every(
                        step, step.steps, itertools.repeat(step.steps, step.rounds), step.rounds
                    )
                case ClockLadder():
                    steps = tuple(itertools.chain.from_iterable(step.bodies))
                    self._place_every(step, steps, step.bodies, len(step.bodies))
                case _:
                    assert_never(step)

    def finish(self, last: Sequence[Sentence]) -> None:
        """Place what is still waiting and the last sentences; warn of reminders that are never said."""
        builder = self._builder
        self._joints.settle()
        rings = [cue.beat for cue in builder.sounds if cue.beat is not None and cue.set is None]
        builder.say(
            [Line(sentence) for sentence in last],
            max(nearest(builder.now), builder.free + RATE // 2, *(rung + 2 * RATE for rung in rings)),
            Label(),
        )
        for (_, guidance, _), reminders in self._reminders.items():
            for text in reminders.unsaid if guidance == Guidance.FULL else ():
                message = f"'{text.words}' is never said: no turn with room for it came"
                builder.booth.warn(text.location, message)

    def _place_rounds(self, step: Repeat | Ladder, bodies: Iterable[Sequence[Step]], rounds: int) -> None:
        outer = self._round
        for number, steps in enumerate(bodies, 1):
            if number > 1 and step.rest is not None:
                self._joints.leave_rest(step.rest, step.location)
            if rounds > 1:
                text = self._announcer.announce_round(number, rounds)
                self._joints.announce(Sentence(CueKind.ANNOUNCE, text, step.location))
            self._round = Round(number, rounds)
            self.place(steps)
        self._round = outer

    def _place_every(
        self,
        step: Every | ClockLadder,
        steps: tuple[Step, ...],
        bodies: Iterable[Sequence[Step]],
        rounds: int,
    ) -> None:
        """Place rounds on the clock: `steps` are those of any round, `bodies` those of each."""
        builder, joints = self._builder, self._joints
        works = _has_beats(steps)
        if joints.awaits_beat and not works:
            joints.refuse(step.location, "this")
            return
        if any(isinstance(each, Sound) for each, _ in walk_steps(steps)) and not works:
            joints.settle()
        interval = step.interval * RATE
        outer, builder.first_beat = builder.first_beat, None
        outer_clock, joints.keeps_clock = joints.keeps_clock, True
        origin, first_cue, first_sound = builder.now, len(builder.cues), len(builder.sounds)
        outer_round = self._round
        for number, body in enumerate(bodies):
            self._round = Round(number + 1, rounds)
            if number:
                joints.end_round(origin + number * interval, step.interval, step.location)
                joints.begin_round(origin + number * interval, step.location, is_beat=works)
            self.place(body)
            if not number:
                said = [cue.start for cue in builder.cues[first_cue:] if cue.kind != CueKind.REST]
                rung = [cue.beat for cue in builder.sounds[first_sound:] if cue.beat is not None]
                if builder.first_beat is not None:
                    origin = Fraction(nearest(builder.first_beat))
                elif said or rung:
                    origin = Fraction(min(said[:1] + rung[:1]))
        self._round = outer_round
        end = origin + rounds * interval
        joints.end_round(end, step.interval, step.location)
        if not joints.is_open:
            builder.now = end
        builder.first_beat = outer if outer is not None else builder.first_beat
        joints.keeps_clock = outer_clock

    def _place_exercise(self, exercise: Exercise) -> None:
        exercise = apply_guidance(exercise)
        key = (exercise.name, exercise.guidance, exercise.reminders)
        reminders = self._reminders.setdefault(key, Reminders(exercise.reminders))
        before: Turn | None = None
        for turn in exercise.turns():
            if before is not None:
                self._leave_gap(exercise, before, turn)
            self._place_set(exercise, turn, reminders, first=before is None)
            before = turn
        if exercise.last_rest is not None:
            self._joints.leave_rest(exercise.last_rest, exercise.location)

    def _leave_gap(self, exercise: Exercise, before: Turn, after: Turn) -> None:
        """Leave a gap between two turns: a change of sides, or a rest."""
        side, number = after.side, after.number
        if after.part:
            self._joints.leave_set_rest(exercise.cluster or Fraction(0), exercise.location)
        elif (
            side is not None
            and side != before.side
            and (exercise.alternate is not Alternate.SETS or number == before.number)
        ):
            switch = Sentence(CueKind.SWITCH, self._announcer.announce_switch(side), exercise.location)
            self._joints.leave_switch(exercise.switch, switch, self._announcer.announce_side(side))
        else:
            self._joints.leave_set_rest(exercise.rest_after(before.number), exercise.location)

    def _place_set(self, whole: Exercise, turn: Turn, reminders: Reminders, *, first: bool) -> None:
        announcer, exercise = self._announcer, whole.at(turn)
        side, number = turn.side, turn.number
        work = WorkSet(
            exercise, self._book, reminders, announcer.find_values(exercise, side, number, self._round)
        )
        chapter = exercise.name if side is None else f"{exercise.name}, {self._book.side_name(side)}"
        part = None if exercise.cluster is None else turn.part + 1
        label = Label(exercise.name, side, number, chapter, self._round, exercise.rep_sides, part)
        if not first:
            naming = announcer.announce_set(whole, turn)
            self._place_work(work, label, Introduction(naming))
            return
        setup = announcer.announce_setup(exercise)
        opens, after_gap = not self._builder.has_work, self._open_joint(exercise, has_setup=setup is not None)
        naming = announcer.announce_exercise(whole.on(side), side, opens=opens, after_gap=after_gap)
        setups = tuple(Sentence.of(CueKind.SETUP, text, work.values) for text in setup or ())
        ready = to_samples(exercise.ready) - BREATH  # a breath follows a sentence anyway
        ready = 0 if setup is None else max(0, ready)
        self._place_work(work, label, Introduction(naming, setups, ready, explains=setup is not None))

    def _place_breathing(self, block: Breathing) -> None:
        opens, after_gap = not self._builder.has_work, self._open_joint(block, has_setup=False)
        naming = self._announcer.announce_breathing(block, opens=opens, after_gap=after_gap)
        work = WorkSet(block, self._book, Reminders(()), {})
        name = self._book.word("breathing")
        self._place_work(
            work,
            Label(name, chapter=name, round=self._round),
            Introduction(naming, explains=bool(naming.dose)),
        )  # a new pattern must be heard before

    def _open_joint(self, step: Exercise | Breathing, *, has_setup: bool) -> bool:
        """Leave what lies before work that no rest is written before; tell whether a gap lies there now."""
        joints = self._joints
        if step.between is not None:
            joints.leave_joint(step.between, step.location)
        elif joints.joins(step, has_setup=has_setup):
            joints.leave_joint(Fraction(0), step.location)
        return joints.is_open

    def _place_work(self, work: WorkSet, label: Label, introduction: Introduction) -> None:
        score = self._joints.begin(work, introduction, label)
        self._builder.perform(work, score, label)


def _has_beats(steps: tuple[Step, ...]) -> bool:
    """Tell whether anything in the steps has a beat."""
    return any(isinstance(step, (Exercise, Breathing)) for step, _ in walk_steps(steps))
