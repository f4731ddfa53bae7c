"""The user's schedules: list, add, remove, pause, run.

There is one model (`Schedule`), and a small writer for each scheduler of the machine. The schedulers' own
files are the only record: Coach keeps no list of its own that could disagree with them.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from coach.errors import CoachError, RefusedError
from coach.lock import LockedError, holding
from coach.schedule.crontab import Crontab
from coach.schedule.model import Schedule, check, derive_name
from coach.schedule.systemd import Systemd
from coach.schedule.when import share_a_minute
from coach.user_folders import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PATIENCE = 10.0  # seconds for another Coach to finish its change


class Writer(Protocol):
    """Keeps schedules in one scheduler. Its methods raise `CoachError` if they fail."""

    name: str

    def check_usable(self) -> None:
        """Check that schedules can be added; raise CoachError if not."""

    def is_there(self) -> bool:
        """Return whether there may be schedules."""

    def preview(self, schedule: Schedule) -> str:
        """Return what would be written."""

    def schedules(self) -> list[Schedule]:
        """Return the schedules that this scheduler has."""

    def find_foreign_lines(self) -> list[str]:
        """Return active lines among Coach's own that Coach did not write."""

    def add(self, schedule: Schedule) -> None:
        """Write one more schedule."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove schedules."""

    def pause(self, names: Iterable[str], *, paused: bool) -> None:
        """Keep schedules without playing them, or play them again."""

    def run(self, name: str, show: Callable[[bytes], None]) -> int:
        """Run a schedule now, as the scheduler would, passing its output to `show`; return its exit code."""


WRITERS: dict[str, Writer] = {writer.name: writer for writer in (Crontab(), Systemd())}
"""The schedulers by name; the first is the default."""


class Planned(NamedTuple):
    """A schedule and the name of the scheduler that keeps it."""

    schedule: Schedule
    where: str


def schedules() -> list[Planned]:
    """Return all the user's schedules."""
    there = [(name, writer) for name, writer in WRITERS.items() if writer.is_there()]
    return [Planned(schedule, name) for name, writer in there for schedule in writer.schedules()]


def find_foreign_lines() -> list[str]:
    """Return active lines among the schedules that Coach did not write."""
    return [line for writer in WRITERS.values() if writer.is_there() for line in writer.find_foreign_lines()]


def plan(schedule: Schedule, where: str, *, named: bool) -> Schedule:
    """Return a schedule as `add` would add it now.

    Args:
        schedule: the schedule to add.
        where: the name of the scheduler.
        named: whether the user chose the name; otherwise Coach finds another one if it is taken.

    Raises:
        RefusedError: the name is taken, or the routine already plays at that time.
        CoachError: the scheduler doesn't exist here, or can't be used.
    """
    WRITERS[where].check_usable()
    fitting = _name_and_check(schedule, [planned.schedule for planned in schedules()], named=named)
    WRITERS[where].preview(fitting)
    return fitting


def preview(schedule: Schedule, where: str, *, named: bool) -> str:
    """Return what `add` would write, even if it can't be written on this machine."""
    there: list[Schedule] = []
    with suppress(CoachError):
        there = [planned.schedule for planned in schedules()]
    return WRITERS[where].preview(_name_and_check(schedule, there, named=named))


def add(schedule: Schedule, where: str, *, named: bool) -> Schedule:
    """Write a schedule and return it with its final name. Arguments and errors are those of `plan`."""
    with _lock_schedules():
        fitting = plan(schedule, where, named=named)
        WRITERS[where].add(fitting)
        there = WRITERS[where].schedules()  # where more may apply to it than was written
        return next((kept for kept in there if kept.name == fitting.name), fitting)


def remove(names: Iterable[str]) -> None:
    """Remove schedules.

    Raises:
        RefusedError: one does not exist; then none is removed.
    """
    with _lock_schedules():
        for where, few in _group_by_writer(names).items():
            WRITERS[where].remove(few)


def pause(names: Iterable[str], *, paused: bool) -> None:
    """Keep schedules without playing them, or play them again.

    Raises:
        RefusedError: one does not exist; then none is changed.
    """
    with _lock_schedules():
        for where, few in _group_by_writer(names).items():
            WRITERS[where].pause(few, paused=paused)


def run(name: str, show: Callable[[bytes], None]) -> int:
    """Run a schedule now, exactly as its scheduler does.

    Args:
        name: the name of the schedule, which may be paused.
        show: called with its output, piece by piece.

    Returns:
        Its exit code.

    Raises:
        RefusedError: it does not exist.
    """
    (where,) = _group_by_writer([name])
    return WRITERS[where].run(name, show)


def find_clashes(schedule: Schedule) -> list[str]:
    """Return the names of other schedules that will ever start in the same minute."""
    return [
        other.name
        for other, _ in schedules()
        if other.name != schedule.name and not other.paused and share_a_minute(other.when, schedule.when)
    ]


def _name_and_check(schedule: Schedule, there: list[Schedule], *, named: bool) -> Schedule:
    """Return a schedule with a name that is free; see `plan`."""
    if not named:
        schedule = replace(schedule, name=derive_name(schedule.name))
    check(schedule)
    taken = {other.name for other in there}
    if named and schedule.name in taken:
        raise RefusedError(
            "name", f"there is already a schedule '{schedule.name}'; remove it or choose another name"
        )
    for other in there:
        same = os.path.realpath(other.script) == os.path.realpath(schedule.script)
        if same and share_a_minute(other.when, schedule.when):
            paused = (
                f", but is paused; 'coach schedule resume {other.name}' resumes it" if other.paused else ""
            )
            raise RefusedError("at", f"'{other.name}' already plays this routine at that time{paused}")
    name, number = schedule.name, 1
    while name in taken:
        number += 1
        name = f"{schedule.name}-{number}"
    return replace(schedule, name=name)


def _group_by_writer(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of schedules, grouped by scheduler."""
    kept = {planned.schedule.name: planned.where for planned in schedules()}
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        if name not in kept:
            from difflib import get_close_matches  # noqa: PLC0415 - only here

            close = get_close_matches(name, kept, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "'coach schedule list' shows them all"
            raise RefusedError("name", f"no schedule '{name}'; {hint}")
        found.setdefault(kept[name], []).append(name)
    return found


@contextmanager
def _lock_schedules() -> Iterator[None]:
    """Keep other Coach processes from changing schedules during the `with` block."""
    try:
        with holding(state_folder() / "schedule.lock", patience=_PATIENCE):
            yield
    except LockedError as error:
        raise CoachError("another coach process is changing the schedules; try again") from error
