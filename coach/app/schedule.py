"""Schedule a routine: check everything, and prepare every sentence, when it is added."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coach.app.prepare import load, prepare, prepare_recaps
from coach.app.reporter import SILENT
from coach.schedule import Schedule, schedules
from coach.schedule.invocation import capture_environment, find_program
from coach.schedule.when import parse_all_times

if TYPE_CHECKING:
    from coach.app.reporter import Reporter
    from coach.app.request import Request


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """A routine, and the times to play it at.

    Attributes:
        request: what to play.
        at: when, as a user writes it: "6:30", or a cron expression; any number of them.
        days: on which days; None if `at` says it, or for every day.
        name: the name of the schedule; None for one made from the script's name.
        where: what will start it, one of `schedules.WRITERS`.
        options: more arguments for `coach play`.
    """

    request: Request
    at: tuple[str, ...]
    days: str | None = None
    name: str | None = None
    where: str = "cron"
    options: tuple[str, ...] = ()

    def make_schedule(self) -> Schedule:
        """Return the schedule to write.

        Raises:
            RefusedError: the time or the days are wrong.
        """
        when = parse_all_times(self.at, self.days)
        path = os.path.abspath(self.request.script)  # noqa: PTH100 - a link to a script stays one
        name = self.name or self.request.script.stem
        return Schedule(name, when, find_program(), path, self.options, capture_environment())


def preview_schedule(wanted: ScheduleRequest, reporter: Reporter = SILENT) -> str:
    """Return what would be written, but change nothing.

    Raises:
        CoachError: the script or the request has to change first.
    """
    text = schedules.preview(wanted.make_schedule(), wanted.where, named=wanted.name is not None)
    load(wanted.request, reporter)
    return text


def add_schedule(wanted: ScheduleRequest, reporter: Reporter = SILENT) -> Schedule:
    """Add a schedule when everything it needs has been checked and spoken; return it with its final name.

    Raises:
        CoachError: the script, the voice or the request has to change first; nothing is added.
    """
    schedule, named = wanted.make_schedule(), wanted.name is not None
    schedules.plan(schedule, wanted.where, named=named)  # before the voice works
    ready = prepare(wanted.request, reporter)
    prepare_recaps(ready.timeline, ready.speech, reporter)
    return schedules.add(schedule, wanted.where, named=named)
