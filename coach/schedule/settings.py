"""What the variables that stand above a schedule in a crontab do to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from coach.schedule.daemon import knows_time_zones
from coach.schedule.when import next_times

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coach.schedule.model import Schedule

_ZONE = "CRON_TZ"
_EFFECTS = {
    "SHELL": "that shell starts {it} instead of /bin/sh",
    "PATH": "other programs, such as ffmpeg, are looked for there alone",
    "HOME": "what Coach keeps of {it} is in that home",
}


def find_zone(schedule: Schedule) -> str | None:
    """Return the time zone that cron starts a schedule in; None for this machine's."""
    named = dict(schedule.settings).get(_ZONE)
    return named if named and knows_time_zones() else None


def next_runs(schedule: Schedule, count: int) -> list[datetime]:
    """Return the next times of a schedule, in this machine's time zone; none if it is paused."""
    from dateutil.tz import UTC, gettz, tzlocal  # noqa: PLC0415 - slow to import

    if schedule.paused:
        return []
    zone = find_zone(schedule)
    if zone is None:
        return next_times(schedule.when, count)
    there = gettz(zone) or UTC  # which the C library takes for a zone that it doesn't know
    return [time.astimezone(tzlocal()) for time in next_times(schedule.when, count, datetime.now(there))]


def describe_settings(schedules: Iterable[Schedule]) -> list[str]:
    """Return a sentence for each variable that stands above schedules and matters to them."""
    found: dict[tuple[str, str], list[str]] = {}
    for schedule in schedules:
        own = dict(schedule.environment)
        for setting in schedule.settings:
            if setting[0] not in own and (setting[0] in _EFFECTS or (setting[0] == _ZONE and setting[1])):
                found.setdefault(setting, []).append(schedule.name)
    return [
        f"{name}={value} stands above {', '.join(names)} in your crontab: "
        + (
            _describe_zone(value)
            if name == _ZONE
            else _EFFECTS[name].format(it="it" if len(names) == 1 else "them")
        )
        for (name, value), names in found.items()
    ]


def _describe_zone(zone: str) -> str:
    from dateutil.tz import gettz  # noqa: PLC0415 - as above

    match knows_time_zones():
        case True if gettz(zone) is None:
            return "there is no such time zone, and cron takes it for UTC"
        case True:
            return "the times set are those of that time zone"
        case False:
            return "the cron of this machine takes no notice of it, and the times set are this machine's"
        case None:
            return "whether cron heeds it can't be seen here; the next times shown are this machine's"
