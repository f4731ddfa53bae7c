"""What the log records of each session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SetOutcome = Literal["done", "broken off", "skipped", "doing"]
"""How a set ended; "doing" until it has."""

Ending = Literal["completed", "stopped", "broken off"]
"""How a session ended: at its end, by the user, or by an interruption."""

Answer = Literal["less", "same", "more"]
"""An answer of the check-in: less than it could be (or than usual), just right, or more."""


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
        outcome: "done", "broken off", "skipped", or "doing" while its session plays.
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
    outcome: SetOutcome = "doing"


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
        outcome: "playing", "completed", "stopped" by the user, or "broken off": interrupted or killed.
        reason: what interrupted it, in words; None if that is not known.
        sets: what was done, in the order in which it was started.
        effort: how hard it was: "less" than it could be, "same" (just right), or "more"; None without a
            question or an answer.
        pain: how much it hurt compared with usual, likewise.
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
    outcome: Literal["playing"] | Ending
    reason: str | None
    sets: tuple[SetLog, ...] = ()
    effort: Answer | None = None
    pain: Answer | None = None
