"""`coach schedule`: play routines at set times."""

from __future__ import annotations

import json
import os
import shlex
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from coach.cli.app import one_line
from coach.cli.compiling import (
    Typed,
    check_in_option,
    compiled,
    fitted,
    limit_option,
    load,
    note,
    options,
    player_option,
    ready_to_steer,
    typed,
    volume_option,
    wait_option,
    wanted,
)
from coach.cli.scripts import SCRIPT_FILE
from coach.schedule import RefusedError, Schedule, schedules
from coach.schedule.invocation import capture_environment, find_program
from coach.schedule.runs import read_runs
from coach.schedule.when import describe, next_times, parse_times

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_OWN = {"at", "days", "name", "where", "only_print"}
"""Options of `add` that are not passed on to `coach play`."""

_names = click.argument("names", metavar="NAME...", nargs=-1, required=True)


@click.group(no_args_is_help=False)
def command() -> None:
    """Play routines at set times, through cron or systemd timers.

    In your crontab, Coach touches only its own marked lines.
    """


@command.command(cls=Typed)
@click.argument("script", type=SCRIPT_FILE)
@click.option(
    "--at",
    required=True,
    metavar="TIME",
    help="When: 06:30, 6:30am, 'weekdays 6:30', or a cron expression: '30 6 * * 1-5'.",
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
    at: str,
    days: str | None,
    name: str | None,
    where: str,
    only_print: bool,
    **choices: Any,
) -> None:
    """Play SCRIPT at set times.

    The script, the voice and the time are checked now, and every sentence is prepared in advance.
    """
    for own in ("volume", "wait", "limit", "check_in", "player"):
        del choices[own]
    wish = wanted(script, **choices)
    with _asked():
        when = parse_times(at, days)
        path = os.path.abspath(script)  # noqa: PTH100 - a link to a script stays one
        asked = Schedule(
            name or script.stem,
            when.fields,
            find_program(),
            path,
            tuple(typed(context, _OWN)),
            capture_environment(),
        )
        if only_print:
            text = schedules.preview(asked, where, named=name is not None)
            load(wish)
            click.echo(text)
            return
        schedules.plan(asked, where, named=name is not None)  # before the voice works
        ready_to_steer(*compiled(wish, fitted(wish, load(wish), "auto")))
        added = schedules.add(asked, where, named=name is not None)
    moment = next((f", next {_moment(time)}" for time in next_times(added.when, 1)), "")
    click.echo(one_line(f"{added.name}: {describe(added.when)}{moment} ({where})"))
    if others := schedules.find_clashes(added):
        note(f"{', '.join(others)} may start in the same minute; only one of them will play then")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list for a program.")
def show(*, as_json: bool) -> None:
    """List what is scheduled, with the next three times of each."""
    rows: list[dict[str, object]] = []
    for schedule, where in schedules.schedules():
        times = [] if schedule.paused else next_times(schedule.when, 3)
        rows.append({
            "name": schedule.name,
            "script": schedule.script,
            "options": list(schedule.options),
            "when": schedule.when,
            "words": describe(schedule.when),
            "next": [time.isoformat(timespec="minutes") for time in times],
            "paused": schedule.paused,
            "where": where,
        })  # fmt: skip
        if not as_json:
            state = ", ".join(map(_moment, times)) if times else "paused" if schedule.paused else "never"
            command_line = " ".join([schedule.script, *map(shlex.quote, schedule.options)])
            click.echo(one_line(f"{schedule.name}: {describe(schedule.when)} ({where})"))
            click.echo(one_line(f"    {'' if schedule.paused else 'next '}{state}"))
            click.echo(one_line(f"    {command_line}"))
    for line in schedules.find_foreign_lines():
        note(f"this line between Coach's marks is not Coach's own, and stays as it is: {line}")
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
    with _asked():
        schedules.remove(names)
    click.echo(f"{', '.join(dict.fromkeys(names))}: removed")


@command.command()
@_names
def pause(names: tuple[str, ...]) -> None:
    """Keep schedules, but don't play them until you resume them."""
    with _asked():
        schedules.pause(names, paused=True)
    click.echo(f"{', '.join(dict.fromkeys(names))}: paused")


@command.command()
@_names
def resume(names: tuple[str, ...]) -> None:
    """Play paused schedules again."""
    with _asked():
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

    with _asked():
        code = schedules.run(name, pass_on)
    note(f"{name}: ended with exit code {code}")
    return code


@command.command()
@click.option(
    "--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many lines to show."
)
def log(last: int) -> None:
    """Show what happened at the set times, with the newest last."""
    done = read_runs(last)
    for run in done:
        click.echo(one_line(f"{_moment(run.moment.astimezone())}  {run.name}: {run.outcome}"))
    if not done:
        click.echo("nothing has played at a set time yet; 'coach schedule list' shows what will")


def _moment(time: datetime) -> str:
    """Return a moment in words, with the year if it is far away."""
    from datetime import datetime

    near = abs((time - datetime.now(time.tzinfo)).days) < 300
    return f"{time:%a} {time.day} {time:%b %H:%M}" if near else f"{time:%a} {time.day} {time:%b %Y %H:%M}"


@contextmanager
def _asked() -> Iterator[None]:
    """Turn a refused schedule into an error of the command line."""
    try:
        yield
    except RefusedError as error:
        option = {"time": "'--at'", "days": "'--days'", "name": "the name"}[error.about]
        raise click.BadParameter(str(error), click.get_current_context(), param_hint=option) from error
