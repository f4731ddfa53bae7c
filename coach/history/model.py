"""What the log records of each session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from coach.text_enum import TextEnum

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class SetOutcome(TextEnum):
    """How a set ended; DOING until it has."""

    DOING = "doing"
    DONE = "done"
    BROKEN_OFF = "broken off"
    SKIPPED = "skipped"


class Outcome(TextEnum):
    """How a session ended: at its end, by the user, or by an interruption such as a kill."""

    PLAYING = "playing"
    COMPLETED = "completed"
    STOPPED = "stopped"
    BROKEN_OFF = "broken off"


Ending: TypeAlias = Literal[Outcome.COMPLETED, Outcome.STOPPED, Outcome.BROKEN_OFF]
"""The outcomes of a session that is over."""


class Question(TextEnum):
    """A question of the check-in at the end of a session: how hard it was, and how much it hurt."""

    EFFORT = "effort"
    PAIN = "pain"


class Answer(TextEnum):
    """An answer of the check-in: too easy, just right, too hard; or less pain than usual, as usual, more."""

    LESS = "less"
    SAME = "same"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class SetLog:
    """One performance of a set, of timed work or of a block of breathing. A repeated set is two performances.

    Attributes:
        exercise: the name of the exercise.
        side: the side; None without sides.
        set: its number, from 1; None if it has none.
        sets: how many sets there are; None if it has no number.
        reps: planned repetitions; None for timed work.
        hold: seconds that each rep is held; None for reps at a tempo and for timed work.
        start: seconds from the start of the track to its first beat.
        seconds: its planned length, in seconds.
        reps_done: finished repetitions; None for timed work.
        seconds_done: how many seconds of it were heard.
        outcome: how it ended.
        load: what was lifted or used, as the script has it; None where it says nothing.
        part: which part of the set it is, from 1; None for a whole set.
    """

    exercise: str
    side: str | None
    set: int | None
    sets: int | None
    reps: int | None
    hold: float | None
    start: float
    seconds: float
    reps_done: int | None = None
    seconds_done: float = 0.0
    outcome: SetOutcome = SetOutcome.DOING
    load: str | None = None
    part: int | None = None

    @property
    def is_breathing(self) -> bool:
        """Whether it is paced breathing, whose `reps` are rounds."""
        return self.set is None


@dataclass(frozen=True, slots=True)
class SessionLog:
    """One session: a routine that was played, or is playing.

    Attributes:
        id: its number in the log; later sessions have higher ones.
        started: when it started, in whole seconds, with the offset of local time.
        ended: when it ended, likewise; None while it plays, or if the process was killed.
        title: the routine's title.
        script: the absolute path of its script.
        language: the language it was spoken in.
        voice: who spoke, such as "neural/heart".
        level: None, "easier" or "harder".
        schedule: the name of the schedule that started it; None if a person did.
        options: the other options it was played with, as JSON values.
        length: the length of the whole track, in seconds.
        heard: how far into the track it got, in seconds.
        outcome: how it ended.
        reason: what interrupted it, in words; None if that is not known.
        sets: what was done, in the order in which it was started.
        effort: how hard the user found it; None without a question or an answer.
        pain: how much it hurt, likewise.
    """

    id: int
    started: datetime
    ended: datetime | None
    title: str
    script: str
    language: str
    voice: str
    level: str | None
    schedule: str | None
    options: Mapping[str, object]
    length: float
    heard: float
    outcome: Outcome
    reason: str | None
    sets: tuple[SetLog, ...] = ()
    effort: Answer | None = None
    pain: Answer | None = None
