"""The routines that a name alone finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from coach import script
from coach.app.prepare import prepare
from coach.app.reporter import SILENT
from coach.app.request import Request
from coach.app.sessions import SessionReader
from coach.errors import CoachError, ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from coach.app.reporter import Reporter
    from coach.app.sessions import Sessions


class Entry(NamedTuple):
    """A routine that a name alone finds.

    Attributes:
        name: the name.
        path: its script.
        title: its title; None if it has a problem, as for the fields below.
        about: a sentence about it; None without one.
        length: how long it lasts today, in samples.
        problem: the first problem, in one line; None if it has none.
    """

    name: str
    path: Path
    title: str | None = None
    about: str | None = None
    length: int | None = None
    problem: str | None = None


def list_routines(reporter: Reporter = SILENT) -> Iterator[Entry]:
    """Yield the routines in ./scripts, the user's own and the shipped ones, by name; broken ones too."""
    sessions = SessionReader(reporter)
    for name, path in script.on_shelves().items():
        yield _describe(name, path, sessions, reporter)


def _describe(name: str, path: Path, sessions: Sessions, reporter: Reporter) -> Entry:
    try:
        _, routine, timeline, _ = prepare(Request(path), reporter, sessions=sessions)
    except ScriptError as error:
        others = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        return Entry(name, path, problem=f"{error.problems[0]}{others}")
    except CoachError as error:
        return Entry(name, path, problem=str(error))
    return Entry(name, path, routine.title, routine.about, timeline.length)
