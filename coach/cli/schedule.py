"""`coach schedule`: play routines at set times."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from coach.app.schedule import ScheduleRequest, add_schedule, preview_schedule
from coach.borders import printable
from coach.cli.command import CommandGroup
from coach.cli.options import (
    Typed,
    check_in_option,
    limit_option,
    options,
    player_option,
    request_of,
    typed,
    volume_option,
    wait_option,
)
from coach.cli.reporting import REPORTER
from coach.cli.scripts import SAVED_SCRIPT
from coach.cli.terminal import Column, print_table
from coach.schedule import schedules
from coach.schedule.runs import read_runs
from coach.schedule.settings import describe_settings, find_zone, next_runs
from coach.schedule.when import describe

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from coach.schedule import Schedule

_OWN = {"at", "days", "name", "where", "only_print"}
"""Options of `add` that are not passed on to `coach play`."""

_names = click.argument("names", metavar="NAME...", nargs=-1, required=True)


@click.group(cls=CommandGroup, no_args_is_help=False)
def command() -> None:
    """Play routines at set times, through cron or systemd timers.

    In your crontab, Coach touches only its own marked lines.
    """


@command.command(cls=Typed)
@click.argument("script", type=SAVED_SCRIPT)
@click.option(
    "--at",
    required=True,
    multiple=True,
    metavar="TIME",
    help="When: 06:30, 6:30am, 'weekdays 6:30', or a cron expression: '30 6 * * 1-5'. "
    "Several with commas, as in 6:30,18:00, or with an --at for each.",
)
@click.option("--days", help="On which days: mon-fri, mon,wed, weekdays, weekends, or daily (the default).")
@click.option("--name", help="The name of the schedule; the script's name by default.")
@click.option(
    "--with",
    "where",
    type=click.Choice(list(schedules.WRITERS)),
    default="cron",
    show_default=True,
    help="What starts it.",
)
@click.option("--print", "only_print", is_flag=True, help="Print what would be written, but change nothing.")
@volume_option
@wait_option
@limit_option
@check_in_option
@player_option
@options
@click.pass_context
def add(
    context: click.Context,
    /,
    script: Path,
    *,
    at: tuple[str, ...],
    days: str | None,
    name: str | None,
    where: str,
    only_print: bool,
    **choices: Any,
) -> None:
    """Play SCRIPT at set times.

    The script, the voice and the time are checked now, and every sentence is prepared in advance.
    """
    words = tuple(typed(context, _OWN))
    wanted = ScheduleRequest(request_of(script, choices), at, days, name, where, words)
    if only_print:
        click.echo("\n".join(map(printable, preview_schedule(wanted, REPORTER).split("\n"))))
        return
    added = add_schedule(wanted, REPORTER)
    moment = next((f", next {_moment(time)}" for time in next_runs(added, 1)), "")
    click.echo(printable(f"{added.name}: {_describe(added)}{moment} ({where})"))
    for told in describe_settings([added]):
        REPORTER.note(told)
    if others := schedules.find_clashes(added):
        REPORTER.note(f"{', '.join(others)} may start in the same minute; only one of them will play then")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON, for programs.")
def show(*, as_json: bool) -> None:
    """List what is scheduled, with the next three times of each."""
    rows: list[dict[str, object]] = []
    planned = schedules.schedules()
    for schedule, where in planned:
        times = next_runs(schedule, 3)
        rows.append({
            "name": schedule.name,
            "script": schedule.script,
            "options": list(schedule.options),
            "when": schedule.when,
            "words": describe(schedule.when),
            "time_zone": find_zone(schedule),
            "next": [time.isoformat(timespec="minutes") for time in times],
            "paused": schedule.paused,
            "where": where,
        })  # fmt: skip
        if not as_json:
            state = ", ".join(map(_moment, times)) if times else "paused" if schedule.paused else "never"
            command_line = " ".join([schedule.script, *map(shlex.quote, schedule.options)])
            click.echo(printable(f"{schedule.name}: {_describe(schedule)} ({where})"))
            click.echo(printable(f"    {'' if schedule.paused else 'next '}{state}"))
            click.echo(printable(f"    {command_line}"))
    for told in describe_settings(schedule for schedule, _ in planned):
        REPORTER.note(told)
    for line in schedules.find_foreign_lines():
        REPORTER.note(f"this line between Coach's marks is not Coach's own, and stays as it is: {line}")
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif not rows:
        click.echo(
            "nothing is scheduled; for example: coach schedule add hip_morning --at 06:30 --days mon-fri"
        )


@command.command()
@_names
def remove(names: tuple[str, ...]) -> None:
    """Remove schedules; the routines stay."""
    schedules.remove(names)
    click.echo(f"{', '.join(dict.fromkeys(names))}: removed")


@command.command()
@_names
def pause(names: tuple[str, ...]) -> None:
    """Keep schedules, but don't play them until you resume them."""
    schedules.pause(names, paused=True)
    click.echo(f"{', '.join(dict.fromkeys(names))}: paused")


@command.command()
@_names
def resume(names: tuple[str, ...]) -> None:
    """Play paused schedules again."""
    schedules.pause(names, paused=False)
    click.echo(f"{', '.join(dict.fromkeys(names))}: resumed")


@command.command()
@click.argument("name")
def test(name: str) -> int:
    """Run a schedule now, in the same bare environment as at its set time.

    This shows its output and its exit code; Ctrl-C stops it.
    """

    def pass_on(piece: bytes) -> None:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    code = schedules.run(name, pass_on)
    REPORTER.note(f"{name}: ended with exit code {code}")
    return code


@command.command()
@click.option(
    "--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many lines to show."
)
def log(last: int) -> None:
    """Show what happened at the set times, with the newest last."""
    done = read_runs(last)
    rows = [(_moment(run.moment.astimezone()), f"{run.name}: {run.outcome}") for run in done]
    print_table([Column(), Column()], rows)
    if not done:
        click.echo("nothing has played at a set time yet; 'coach schedule list' shows what will")


def _describe(schedule: Schedule) -> str:
    """Return the times of a schedule in words, with their time zone if it isn't this machine's."""
    zone = find_zone(schedule)
    return f"{describe(schedule.when)}{f', {zone} time' if zone else ''}"


def _moment(time: datetime) -> str:
    """Return a moment in words, with the year if it is far away."""
    from datetime import datetime

    near = abs((time - datetime.now(time.tzinfo)).days) < 300
    return f"{time:%a} {time.day} {time:%b %H:%M}" if near else f"{time:%a} {time.day} {time:%b %Y %H:%M}"
