"""`coach play`: play a routine, and show it while it plays."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from coach.app.play import play
from coach.app.resume import change_request, find_last_session
from coach.app.scheduled import ScheduledRun, log_run
from coach.cli.command import Command
from coach.cli.keys import BINDINGS
from coach.cli.options import (
    check_in_option,
    limit_option,
    options,
    player_option,
    request_of,
    volume_option,
    wait_option,
)
from coach.cli.play_screen import open_screen
from coach.cli.reporting import REPORTER
from coach.cli.scripts import SCRIPT_FILE

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path


class _Play(Command):
    """Also logs a wrong command line of a scheduled run, because nobody sees its message."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        words = list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.ClickException as error:
            if "--scheduled" in words:
                name = words[words.index("--name") + 1 :][:1] if "--name" in words else []
                log_run("".join(name) or "play", f"not played: {_message(error)}", REPORTER, alarm=True)
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words, and refuse those that can't go together."""
        rest = super().parse_args(ctx, args)
        if ctx.params["resume"] and ctx.params["start"] is not None:
            raise click.UsageError("--resume knows where to begin: leave --from out", ctx)
        if ctx.params["script"] is None and not ctx.params["resume"] and not ctx.resilient_parsing:
            raise click.MissingParameter(ctx=ctx, param=self.params[0])
        return rest

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Keys"):
            formatter.write_dl([(binding.name, binding.does) for binding in BINDINGS])


def _message(error: click.ClickException) -> str:
    """Return in one line what is wrong; a script that is missing needs no name."""
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument):
        return error.message
    return " ".join(error.format_message().split())


@click.command(cls=_Play)
@click.argument("script", type=SCRIPT_FILE, required=False, metavar="SCRIPT")
@click.option("--from", "start", metavar="PLACE", help="Start at an exercise, or at a time.")
@click.option("--resume", is_flag=True, help="Continue the last session.")
@player_option
@volume_option
@limit_option
@check_in_option
@options
@click.option(
    "--scheduled", is_flag=True, help="Run as a schedule does: wait for sound, start softly, keep a log."
)
@click.option("--name", help="Its name in the log of scheduled runs; the script's name by default.")
@wait_option
def command(
    script: Path | None,
    *,
    start: str | None,
    resume: bool,
    player: str,
    scheduled: bool,
    name: str | None,
    limit: Fraction | None,
    check_in: bool,
    wait: Fraction | None,
    **choices: Any,
) -> None:
    """Play SCRIPT, or continue the last session with --resume."""
    name = name or (script.stem if script else "resume")
    patience = None if wait is None else float(wait)
    if scheduled:
        from coach.cli.verbose import log_to_details_file

        log_to_details_file(name)
    with ScheduledRun(name, REPORTER, patience) if scheduled else nullcontext() as run:
        last = None
        if resume:
            last = find_last_session(script)
            request = change_request(last.request, request_of(last.request.script, choices))
        else:
            assert script is not None  # `parse_args` has seen to it
            request = request_of(script, choices)
        play(
            request,
            REPORTER,
            open_screen=partial(open_screen, silent=scheduled),
            player=player,
            start=start,
            resumes=last.session if last else None,
            check_in=check_in or bool(last and last.check_in),
            limit=None if limit is None else float(limit),
            run=run,
        )
