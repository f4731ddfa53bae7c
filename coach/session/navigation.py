"""Where a person gets to who asks for another place: each function returns where the session continues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coach.session import places
from coach.session.places import Landing
from coach.units import RATE

if TYPE_CHECKING:
    from coach.phrases import Phrasebook
    from coach.session.playhead import Position
    from coach.timeline import Timeline

_STEP = 10 * RATE
"""Samples that `back` and `forward` go."""

_JUST_BEGUN = 3 * RATE
"""Samples of an exercise within which "previous" means the one before it."""


def next_exercise(timeline: Timeline, book: Phrasebook, here: Position) -> Landing | None:
    """Return the start of the next exercise, without the rest before it; None after the last sentence.

    While an exercise is being introduced, that is the one after it. After the last exercise, each sentence is
    a place of its own.
    """
    body, sets = here.body, timeline.sets
    coming = places.next_index(timeline, body)
    if coming < len(sets) and places.work_at(timeline, body) is None:
        landing = places.begin_set(timeline, book, coming, heard=here.sample)
        if body < landing.sample and not _is_introduced(timeline, here, coming):
            return landing
    index = next(iter(places.blocks(timeline)[places.block_at(timeline, body) + 1 :]), None)
    if index is not None:
        anew = body < sets[index - 1].start
        return places.begin_set(timeline, book, index, anew=anew)
    if sets and body < sets[-1].end:
        return Landing(places.pass_words(timeline, sets[-1].end))
    return places.next_sentence(timeline, here.sample)


def previous_exercise(timeline: Timeline, book: Phrasebook, here: Position) -> Landing:
    """Return the start of this exercise, or of the one before if this one has just begun."""
    blocks, body = places.blocks(timeline), here.body
    block = places.block_at(timeline, body)
    if block == len(blocks) or body < timeline.sets[blocks[block]].start + _JUST_BEGUN:
        block -= 1
    return places.begin_set(timeline, book, blocks[block], anew=True) if block >= 0 else Landing(0)


def repeat(timeline: Timeline, here: Position) -> Landing:
    """Return this place, with the last instruction said first."""
    return here.first if here.first and here.first.said else places.repeat_instruction(timeline, here.sample)


def back(timeline: Timeline, here: Position) -> Landing:
    """Return the place 10 seconds ago."""
    return places.move(timeline, here.sample, -_STEP)


def forward(timeline: Timeline, here: Position) -> Landing:
    """Return the place in 10 seconds; while something is said first, the place where that leads."""
    if here.first and here.first.said:
        return here.first._replace(said=(), quiet=0)
    return places.move(timeline, here.sample, _STEP)


def seek(timeline: Timeline, here: Position, seconds: float) -> Landing:
    """Return the place so many seconds from here, back if they are negative; it is within the track."""
    return places.move(timeline, here.sample, _samples(timeline, seconds))


def go_to(timeline: Timeline, seconds: float) -> Landing:
    """Return the place at so many seconds of the track, or at the nearer end of it."""
    return places.continue_at(timeline, max(0, _samples(timeline, seconds)))


def _samples(timeline: Timeline, seconds: float) -> int:
    """Return seconds as samples, as many as the track has at most: they may be infinite."""
    whole = timeline.length / RATE
    return round(min(max(-whole, seconds), whole) * RATE)


def _is_introduced(timeline: Timeline, here: Position, index: int) -> bool:
    """Tell whether a set is being introduced."""
    cues = places.introduction(timeline, index)
    if here.ahead:
        return here.cue is not None and any(here.cue.text == cue.text for cue in cues)
    return bool(cues) and cues[0].start <= here.sample < cues[-1].end
