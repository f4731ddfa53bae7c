"""What the log of sessions tells of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from coach.text_enum import TextEnum

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class SetOutcome(TextEnum):
    """What became of a set; DOING until that is known."""

    DOING = "doing"
    DONE = "done"
    BROKEN_OFF = "broken off"
    SKIPPED = "skipped"


class Outcome(TextEnum):
    """What became of a session: it ended by itself, by its person, or by an interruption such as a kill."""

    PLAYING = "playing"
    COMPLETED = "completed"
    STOPPED = "stopped"
    BROKEN_OFF = "broken off"


Ending: TypeAlias = Literal[Outcome.COMPLETED, Outcome.STOPPED, Outcome.BROKEN_OFF]
"""The outcomes of a session that is over."""


class Question(TextEnum):
    """What a person may be asked at the end of a session: how hard it was, and how much it hurt."""

    EFFORT = "effort"
    PAIN = "pain"


class Answer(TextEnum):
    """What they answer. Effort: too easy, just right, too hard. Pain: less than usual, as usual, more."""

    LESS = "less"
    SAME = "same"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class SetLog:
    """One performance of a set, of timed work or of a block of breathing; who repeats a set has two of them.

    Attributes:
        exercise: what it is called.
        side: the side it is done on; None without sides.
        set: its number from 1, and `sets` of how many; both None where that is not told.
        reps: planned repetitions; None for timed work.
        hold: seconds that each rep is held; None for reps at a tempo and for timed work.
        start: seconds from the start of the track to its first beat.
        seconds: its planned length.
        reps_done: repetitions finished; None for timed work.
        seconds_done: how much of its length was heard.
        outcome: what became of it.
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


@dataclass(frozen=True, slots=True)
class SessionLog:
    """One session: a routine that was played, or is.

    Attributes:
        id: its number in the log; a later session has a higher one.
        started: in whole seconds, with the offset that local time had.
        ended: as above; None while it plays, and if the process was killed.
        title: the routine's title.
        script: the absolute path of its script.
        language: the language it was spoken in.
        voice: who spoke, such as "neural/heart".
        level: None, "easier" or "harder".
        schedule: the name of the schedule that started it; None for a person.
        options: what else it was played with, as JSON has it.
        length: seconds of the whole track.
        heard: seconds of the track reached.
        outcome: what became of it.
        reason: what interrupted it, for a person to read; None where that is not known.
        sets: what was done, in the order it was begun.
        effort: how hard the person found it; None if they were not asked, or did not answer.
        pain: likewise, how much it hurt.
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
