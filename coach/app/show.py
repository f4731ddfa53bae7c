"""A routine as it is seen: its timeline, its doses and why, sheets and a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from coach.app.prepare import prepare
from coach.app.progress import find_standings
from coach.app.reporter import SILENT
from coach.app.sessions import SessionReader
from coach.atomic import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from coach.app.reporter import Reporter
    from coach.app.request import Request
    from coach.progress import Standing
    from coach.routine import Routine
    from coach.timeline import Timeline


class Shown(NamedTuple):
    """What `coach show` shows of a routine.

    Attributes:
        script: the routine, as in its script.
        routine: the same with today's doses.
        timeline: its track.
        standings: where the user stands with each exercise on each side.
    """

    script: Routine
    routine: Routine
    timeline: Timeline
    standings: list[Standing]


def show(request: Request, reporter: Reporter = SILENT) -> Shown:
    """Return what there is to show of a routine; raises the same as `prepare.prepare`."""
    sessions = SessionReader(reporter)
    plain, routine, timeline, _ = prepare(request, reporter, sessions=sessions)
    return Shown(plain, routine, timeline, find_standings(request, plain, sessions))


def draw_picture(shown: Shown, kind: str) -> str:
    """Return a routine as a picture: ".svg" for A4 sheets to hand out, ".html" for a page."""
    from coach import pictures

    draw = {".svg": pictures.svg, ".html": pictures.html}[kind]
    return draw(shown.timeline, shown.routine)


def write_picture(shown: Shown, path: Path) -> None:
    """Write a routine as a picture to a file, all or nothing; its ending says which, see `draw_picture`.

    Raises:
        AudioError: it cannot be written.
    """
    data = draw_picture(shown, path.suffix.lower()).encode()
    with replace_file(path, len(data)) as file:
        file.write(data)
