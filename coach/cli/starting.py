"""Where a session begins that does not begin at its start: `--from`, and `--resume`."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING

import click

from coach.cli.app import one_line
from coach.cli.screen import clock
from coach.script.values import seconds_of
from coach.units import to_samples

if TYPE_CHECKING:
    from pathlib import Path

    from coach.history import SessionLog
    from coach.session.places import Landing
    from coach.timeline import Set, Timeline

_MOST_NAMED = 12
"""Exercises that a message names."""


def left_off(script: Path | None) -> SessionLog:
    """Return the session that was not played to its end: the last one there was.

    Args:
        script: of this script; None for any.

    Raises:
        HistoryError: the log cannot be read.
        click.BadParameter: there is none.
    """
    from coach.history import History, Outcome

    path = None if script is None else os.path.abspath(script)  # noqa: PTH100 - resolve() would follow links
    with History() as history:
        sessions = [each for each in history.sessions() if path in (None, each.script)]
    if not sessions:
        of = "" if path is None else f" of {path}"
        raise click.BadParameter(f"no session{of} was ever played here", param_hint="'--resume'")
    last = sessions[-1]
    if last.outcome is Outcome.COMPLETED:
        when = f"{last.started:%d %b, %H:%M}"
        raise click.BadParameter(
            f"the last session ({one_line(last.title)}, {when}) was played to its end",
            param_hint="'--resume'",
        )
    return last


def resumed(timeline: Timeline, left: SessionLog) -> Landing:
    """Return where a session is taken up: at the start of the set that was broken off, or of the next one."""
    from coach.history import SetOutcome
    from coach.phrases import phrasebook
    from coach.session import places

    book = phrasebook(timeline.language)
    heard = to_samples(Fraction(left.heard))
    done = [log for log in left.sets if log.outcome is not SetOutcome.SKIPPED]
    index = places.next_index(timeline, heard)
    if done and done[-1].outcome is SetOutcome.BROKEN_OFF:
        last = done[-1]

        def same(work: Set) -> bool:
            return (work.name, work.side, work.number) == (last.exercise, last.side, last.set)

        start = to_samples(Fraction(last.start))  # a script that was changed since has it elsewhere
        alike = [each for each, work in enumerate(timeline.sets) if same(work)]
        index = min(alike, key=lambda each: abs(timeline.sets[each].start - start), default=index)
    elif index == 0:
        return places.Landing(0)
    if index == len(timeline.sets):
        return places.going_on(timeline, min(heard, timeline.length))
    return places.beginning(timeline, book, index, anew=True)


def named(timeline: Timeline, wanted: str) -> Landing:
    """Return where an exercise begins, or a moment of the track.

    Args:
        timeline: the track.
        wanted: the exercise's name, or its number as `coach show` lists them; or a time such as 6:30 or 90s.

    Raises:
        click.BadParameter: there is none, or several.
    """
    from coach.phrases import phrasebook
    from coach.session import places

    book, chapters = phrasebook(timeline.language), timeline.chapters
    seconds = None if wanted.isdecimal() else seconds_of(wanted)
    if seconds is not None:
        sample = to_samples(seconds)
        if sample >= timeline.length:
            raise _refused(f"the routine lasts {clock(timeline.length)} minutes (got '{wanted}')")
        return places.coming_back(timeline, book, sample, long=True)
    titles = [f"{number} {one_line(chapter.title)}" for number, chapter in enumerate(chapters, 1)]
    there = "; ".join([*titles[:_MOST_NAMED], "..."] if len(titles) > _MOST_NAMED else titles)
    if wanted.isdecimal():
        found = [int(wanted) - 1] if 0 < int(wanted) <= len(chapters) else []
    else:
        found = _called(wanted, [chapter.title for chapter in chapters])
    if not found:
        raise _refused(f"must be an exercise ({there}), or a time such as 6:30 or 90s (got '{wanted}')")
    chapter = chapters[found[0]]
    index = places.next_index(timeline, chapter.start - 1)
    if index < len(timeline.sets) and timeline.sets[index].start < chapter.end:
        return places.beginning(timeline, book, index, anew=True)
    return places.Landing(chapter.start)


def _called(wanted: str, titles: list[str]) -> list[int]:
    """Return the titles that a person may mean: these words, else beginning so, else holding them."""
    words = wanted.strip().casefold()
    folded = [title.casefold() for title in titles]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        if found := [index for index, title in enumerate(folded) if fits(title, words)]:
            return found
    return []


def _refused(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="'--from'")
