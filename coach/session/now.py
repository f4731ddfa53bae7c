"""Where a session is at a moment: what every screen and desktop shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from coach.text_enum import TextEnum

if TYPE_CHECKING:
    from coach.timeline import Cue, PhaseSpan, Set


class SessionState(TextEnum):
    """Whether a session is heard, and if not, what it waits for: its person, or a sound device."""

    PLAYING = "playing"
    PAUSED = "paused"
    WAITING = "waiting"


class Now(NamedTuple):
    """Where a session is at a moment.

    Attributes:
        state: whether it is heard.
        sample: the sample of the track.
        cue: what is heard, or was heard last; None before the first.
        chapter: the index of the chapter.
        work: the set being done; None between two sets.
        stretch: the phase of it; None between two sets.
        coming: the set that comes next; None after the last.
        volume: a factor, 0.0 to 1.0.
        ahead: samples until the track continues, while something is said first; 0 otherwise.
    """

    state: SessionState
    sample: int
    cue: Cue | None
    chapter: int
    work: Set | None
    stretch: PhaseSpan | None
    coming: Set | None
    volume: float
    ahead: int = 0
