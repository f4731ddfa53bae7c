"""A routine that plays at set times: all is checked, and spoken ahead, when it is added."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coach.app.prepare import load, prepare, prepare_recaps
from coach.app.reporter import SILENT
from coach.schedule import Schedule, schedules
from coach.schedule.invocation import environment, program
from coach.schedule.when import read

if TYPE_CHECKING:
    from coach.app.reporter import Reporter
    from coach.app.request import Request


@dataclass(frozen=True, slots=True)
class ScheduleRequest:
    """A routine and the times at which it shall play.

    Attributes:
        request: what shall play.
        at: when, as a person says it: "6:30", or five fields as cron has them.
        days: on which days; None if `at` says it, or for every day.
        name: what to call it; None for a name made of the script's.
        where: what starts it, one of `schedules.WRITERS`.
        options: further words for `coach play`.
    """

    request: Request
    at: str
    days: str | None = None
    name: str | None = None
    where: str = "cron"
    options: tuple[str, ...] = ()

    def make_schedule(self) -> Schedule:
        """Return what is to be written.

        Raises:
            RefusedError: there is no such time.
        """
        when = read(self.at, self.days)
        path = os.path.abspath(self.request.script)  # noqa: PTH100 - a link to a script stays one
        name = self.name or self.request.script.stem
        return Schedule(name, when.fields, program(), path, self.options, environment())


def preview_schedule(wanted: ScheduleRequest, reporter: Reporter = SILENT) -> str:
    """Return what would be written, and change nothing.

    Raises:
        CoachError: the script, or what was asked for, cannot be as it stands.
    """
    text = schedules.preview(wanted.make_schedule(), wanted.where, named=wanted.name is not None)
    load(wanted.request, reporter)
    return text


def add_schedule(wanted: ScheduleRequest, reporter: Reporter = SILENT) -> Schedule:
    """Add a schedule, once all that it needs is checked and spoken; return it with the name that it got.

    Raises:
        CoachError: the script, the voice, or what was asked for, cannot be as it stands; nothing is added.
    """
    schedule, named = wanted.make_schedule(), wanted.name is not None
    schedules.plan(schedule, wanted.where, named=named)  # before the voice works
    ready = prepare(wanted.request, reporter)
    prepare_recaps(ready.timeline, ready.speech, reporter)
    return schedules.add(schedule, wanted.where, named=named)
