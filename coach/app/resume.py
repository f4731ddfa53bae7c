"""Where a session starts if not at the beginning of its track: at a named place, or where it was left."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from coach.app.amounts import clock
from coach.app.request import Request
from coach.errors import RefusedError
from coach.script import Change, has_name
from coach.script.document import short
from coach.script.values import seconds_of
from coach.units import to_samples

if TYPE_CHECKING:
    from coach.history import SessionLog
    from coach.session.places import Landing
    from coach.timeline import Set, Timeline

_MOST_NAMED = 12
"""The most exercises that a message names."""


class Resumed(NamedTuple):
    """A session to continue.

    Attributes:
        session: its entry in the log.
        request: what it played.
        check_in: whether it was going to ask the user at the end how it was.
    """

    session: SessionLog
    request: Request
    check_in: bool


def find_last_session(script: Path | None = None) -> Resumed:
    """Return the last session, if it didn't reach its end.

    Args:
        script: the script whose last session is wanted; None for the last of any.

    Raises:
        HistoryError: the log cannot be read.
        RefusedError: there is none to continue.
    """
    from coach.history import History, Outcome

    path = None if script is None else os.path.abspath(script)  # noqa: PTH100 - resolve() would follow links
    with History() as history:
        sessions = [each for each in history.sessions() if path in (None, each.script)]
    if not sessions:
        of = "" if path is None else f" of {path}"
        raise RefusedError("resume", f"no session{of} was ever played here")
    last = sessions[-1]
    if last.outcome is Outcome.COMPLETED:
        raise RefusedError(
            "resume", f"the last session ({last.title}, {last.started:%d %b, %H:%M}) was played to its end"
        )
    if not has_name(Path(last.script)):
        told = f"the last session ({last.title}) played a script that came through a pipe and is gone"
        raise RefusedError("resume", told)
    return _read_options(last)


def change_request(earlier: Request, now: Request) -> Request:
    """Return the earlier request, changed by what is requested now; the script stays."""
    dose = {each.name: getattr(now.change, each.name) for each in fields(Change)}
    given = {each.name: getattr(now, each.name) for each in fields(Request)}
    for name in ("script", "grows", "change", "sources"):
        del given[name]
    return replace(
        earlier,
        **{name: value for name, value in given.items() if value is not None},
        grows=earlier.grows and now.grows,
        change=replace(earlier.change, **{name: value for name, value in dose.items() if value is not None}),
    )


def find_way_back(timeline: Timeline, session: SessionLog) -> Landing:
    """Return where to continue a session: at the start of the set that was broken off, or of the next one."""
    from coach.history import SetOutcome
    from coach.phrases import phrasebook
    from coach.session import places

    book = phrasebook(timeline.language)
    heard = to_samples(Fraction(session.heard))
    done = [log for log in session.sets if log.outcome is not SetOutcome.SKIPPED]
    index = places.next_index(timeline, heard)
    if done and done[-1].outcome is SetOutcome.BROKEN_OFF:
        last = done[-1]

        def is_same(work: Set) -> bool:
            return (work.name, work.side, work.number) == (last.exercise, last.side, last.set)

        start = to_samples(Fraction(last.start))  # if the script has changed since then, it is elsewhere
        alike = [each for each, work in enumerate(timeline.sets) if is_same(work)]
        index = min(alike, key=lambda each: abs(timeline.sets[each].start - start), default=index)
    elif index == 0:
        return places.Landing(0)
    if index == len(timeline.sets):
        return places.continue_at(timeline, min(heard, timeline.length))
    return places.begin_set(timeline, book, index, anew=True)


def find_place(timeline: Timeline, place: str) -> Landing:
    """Return where an exercise starts, or a moment of the track.

    Args:
        timeline: the track.
        place: the exercise's name, or its number as `coach show` lists them; or a time such as 6:30 or 90s.

    Raises:
        RefusedError: there is no such place.
    """
    from coach.phrases import phrasebook
    from coach.session import places

    book, chapters = phrasebook(timeline.language), timeline.chapters
    seconds = None if place.isdecimal() else seconds_of(place)
    if seconds is not None:
        sample = to_samples(seconds)
        if sample >= timeline.length:
            raise RefusedError(
                "start", f"the routine lasts {clock(timeline.length)} minutes (got '{short(place)}')"
            )
        return places.come_back(timeline, book, sample, long=True)
    titles = [f"{number} {chapter.title}" for number, chapter in enumerate(chapters, 1)]
    if place.isdecimal():
        found = [int(place) - 1] if 0 < int(place) <= len(chapters) else []
    else:
        found = _find_titles(place, [chapter.title for chapter in chapters])
    if not found:
        named = [*map(short, titles[:_MOST_NAMED]), *(["..."] if len(titles) > _MOST_NAMED else [])]
        there = "; ".join(named)
        raise RefusedError(
            "start", f"must be an exercise ({there}), or a time such as 6:30 or 90s (got '{short(place)}')"
        )
    chapter = chapters[found[0]]
    index = places.next_index(timeline, chapter.start - 1)
    if index < len(timeline.sets) and timeline.sets[index].start < chapter.end:
        return places.begin_set(timeline, book, index, anew=True)
    return places.Landing(chapter.start)


def _find_titles(words: str, titles: list[str]) -> list[int]:
    """Return the indices of the titles that equal these words, or if none do, start with or contain them."""
    words = words.strip().casefold()
    folded = [title.casefold() for title in titles]
    for fits in (str.__eq__, str.startswith, str.__contains__):
        if found := [index for index, title in enumerate(folded) if fits(title, words)]:
            return found
    return []


# What the log keeps of a request.


def _read_options(session: SessionLog) -> Resumed:
    """Return what a session of the log played.

    Raises:
        RefusedError: it was played with something that this version of Coach doesn't know.
    """
    try:
        options = _convert_words(session) if "words" in session.options else session.options
        data = options.get("request")
        request = Request.from_data(data if isinstance(data, dict) else _new_data(session))
    except RefusedError as error:
        told = f"the last session ({session.title}) cannot be continued: {error}"
        raise RefusedError("resume", told) from error
    return Resumed(session, replace(request, script=Path(session.script)), bool(options.get("check_in")))


def _new_data(session: SessionLog) -> dict[str, object]:
    """Return the data of a plain request for a session's script."""
    return {"version": 1, "script": session.script}


_VALUES = ("level", "voice", "rate", "volume", "language", "guidance", "reps", "sets", "rest")


def _convert_words(session: SessionLog) -> dict[str, object]:
    """Return today's form of options that the log has as words of a command line.

    Coach 0.1.0 wrote them like this: each option in its long form, and its value as a separate word.

    Raises:
        RefusedError: one is unknown.
    """
    words = session.options["words"]
    left = iter([str(word) for word in words] if isinstance(words, list) else [])
    data, check_in = _new_data(session), False
    for word in left:
        name = word.removeprefix("--").replace("-", "_")
        if name == "check_in":
            check_in = True
        elif name == "no_progress":
            data["grows"] = False
        elif name == "sides":
            data[name] = next(left, "").split(",")
        elif name in _VALUES:
            data[name] = next(left, "")
        else:
            raise RefusedError("resume", f"no option {word}")
    return {"request": data, "check_in": check_in}
