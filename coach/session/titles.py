"""What a moment of a session is called, on every screen that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coach.phrases import phrasebook

if TYPE_CHECKING:
    from coach.session.now import Now
    from coach.timeline import Set, Timeline


def moment_title(timeline: Timeline, now: Now) -> str:
    """Return what is done, "Bridge, left: rep 7 of 12"; between two sets what comes, "Next: Bridge"."""
    if now.work:
        return ": ".join(filter(None, (set_title(timeline, now.work), rep_title(now))))
    return f"Next: {set_title(timeline, now.coming)}" if now.coming else timeline.title


def set_title(timeline: Timeline, work: Set) -> str:
    """Return the exercise and its side, as the name of its chapter says them: "Bridge, left"."""
    return f"{work.name}, {phrasebook(timeline.language).side_name(work.side)}" if work.side else work.name


def rep_title(now: Now) -> str:
    """Return which rep it is, and which set if there are several: "rep 7 of 12"; "" outside of one."""
    work, part = now.work, now.stretch
    if work is None or part is None or part.rep is None:
        return ""
    kind = "round" if work.number is None else "rep"
    sets = getattr(work.step, "sets", 1)
    return f"{kind} {part.rep} of {work.reps}" + (f", set {work.number} of {sets}" if sets > 1 else "")
