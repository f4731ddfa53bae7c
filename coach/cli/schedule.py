"""`coach schedule`: routines that play by themselves at set times."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from coach.app.schedule import ScheduleRequest, add_schedule, preview_schedule
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
from coach.cli.terminal import Column, print_table, printable
from coach.schedule import schedules
from coach.schedule.runs import runs
from coach.schedule.when import in_words, next_times

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_OWN = {"at", "days", "name", "where", "only_print"}
"""Options of `add` that are not handed on to `coach play`."""

_names = click.argument("names", metavar="NAME...", nargs=-1, required=True)


@click.group(cls=CommandGroup, no_args_is_help=False)
def command() -> None:
    """Play routines at set times, through cron or systemd's timers.

    Only Coach's own marked lines of your crontab are ever touched.
    """


@command.command(cls=Typed)
@click.argument("script", type=SAVED_SCRIPT)
@click.option(
    "--at",
    required=True,
    metavar="TIME",
    help="When: 06:30, 6:30am, 'weekdays 6:30', or five fields as cron has them: '30 6 * * 1-5'.",
)
@click.option("--days", help="On which days: mon-fri, mon,wed, weekdays, weekends, daily (as usual).")
@click.option("--name", help="What to call it; the script's name as usual.")
@click.option(
    "--with",
    "where",
    type=click.Choice(list(schedules.WRITERS)),
    default="cron",
    show_default=True,
    help="What starts it.",
)
@click.option("--print", "only_print", is_flag=True, help="Print what would be written, and change nothing.")
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
    at: str,
    days: str | None,
    name: str | None,
    where: str,
    only_print: bool,
    **choices: Any,
) -> None:
    """Play SCRIPT at set times.

    All is checked now: the script, the voice, the time. Every sentence is spoken ahead.
    """
    words = tuple(typed(context, _OWN))
    wanted = ScheduleRequest(request_of(script, choices), at, days, name, where, words)
    if only_print:
        click.echo(preview_schedule(wanted, REPORTER))
        return
    added = add_schedule(wanted, REPORTER)
    moment = next((f", next {_moment(time)}" for time in next_times(added.when, 1)), "")
    click.echo(printable(f"{added.name}: {in_words(added.when)}{moment} ({where})"))
    if others := schedules.together(added):
        REPORTER.note(f"{', '.join(others)} may start in the same minute; then only one of them plays")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list for a program.")
def show(*, as_json: bool) -> None:
    """List what is to play, with the next three times of each."""
    rows: list[dict[str, object]] = []
    for schedule, where in schedules.schedules():
        times = [] if schedule.paused else next_times(schedule.when, 3)
        rows.append({
            "name": schedule.name,
            "script": schedule.script,
            "options": list(schedule.options),
            "when": schedule.when,
            "words": in_words(schedule.when),
            "next": [time.isoformat(timespec="minutes") for time in times],
            "paused": schedule.paused,
            "where": where,
        })  # fmt: skip
        if not as_json:
            state = ", ".join(map(_moment, times)) if times else "paused" if schedule.paused else "never"
            command_line = " ".join([schedule.script, *map(shlex.quote, schedule.options)])
            click.echo(printable(f"{schedule.name}: {in_words(schedule.when)} ({where})"))
            click.echo(printable(f"    {'' if schedule.paused else 'next '}{state}"))
            click.echo(printable(f"    {command_line}"))
    for line in schedules.strangers():
        REPORTER.note(f"Coach did not write this line between its marks, and leaves it alone: {line}")
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
    """Keep schedules, but do not play them until they are resumed."""
    schedules.pause(names, paused=True)
    click.echo(f"{', '.join(dict.fromkeys(names))}: paused")


@command.command()
@_names
def resume(names: tuple[str, ...]) -> None:
    """Play schedules again that were paused."""
    schedules.pause(names, paused=False)
    click.echo(f"{', '.join(dict.fromkeys(names))}: resumed")


@command.command()
@click.argument("name")
def test(name: str) -> int:
    """Run a schedule now, in the bare environment that it will have.

    Its output and its exit code are shown; Ctrl-C ends it.
    """

    def pass_on(piece: bytes) -> None:
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    code = schedules.run(name, pass_on)
    REPORTER.note(f"{name}: ended with exit code {code}")
    return code


@command.command()
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many lines.")
def log(last: int) -> None:
    """Show what happened at the set times, newest last."""
    done = runs(last)
    rows = [(_moment(run.moment.astimezone()), f"{run.name}: {run.outcome}") for run in done]
    print_table([Column(), Column()], rows)
    if not done:
        click.echo("nothing has played by itself yet; 'coach schedule list' tells what will")


def _moment(time: datetime) -> str:
    """Return a moment as a person says it, with the year where that is not the nearest."""
    from datetime import datetime

    near = abs((time - datetime.now(time.tzinfo)).days) < 300
    return f"{time:%a} {time.day} {time:%b %H:%M}" if near else f"{time:%a} {time.day} {time:%b %Y %H:%M}"
