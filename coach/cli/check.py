"""`coach check`: every problem and every warning in a script, at every level."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from coach.app.amounts import count_text
from coach.app.check import check
from coach.borders import printable
from coach.cli import DONE, SCRIPT_WRONG
from coach.cli.command import Command
from coach.cli.options import options, request_of
from coach.cli.reporting import REPORTER
from coach.cli.scripts import SCRIPT_FILE
from coach.errors import MOST_PROBLEMS, ScriptError

if TYPE_CHECKING:
    from pathlib import Path

    from coach.errors import Problem


@click.command(cls=Command)
@click.argument("script", type=SCRIPT_FILE)
@options
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print problems and warnings as JSON, for programs.")
def command(script: Path, *, strict: bool, as_json: bool, **choices: Any) -> int:
    """Check SCRIPT for mistakes and timing problems.

    Without --level, all levels are checked. Problems exit with 1. Warnings say what
    is left out, spoken faster or given more time, and exit with 0.
    """
    problems, warnings, longer = check(request_of(script, choices), REPORTER)
    if as_json:
        report: dict[str, object] = {
            "problems": list(map(_as_data, problems)),
            "warnings": list(map(_as_data, warnings)),
        }
        report["longer"] = longer or None
        click.echo(json.dumps(report, indent=2))
    else:
        for line in ScriptError(problems).lines():
            click.echo(printable(line))
        for warning in warnings[:MOST_PROBLEMS]:
            click.echo(printable(f"{warning.location}: warning: {warning.message}"))
        if more := len(warnings[MOST_PROBLEMS:]):
            click.echo(f"and {count_text(more, 'more warning')}")
        if longer and not problems:
            click.echo(printable(f"{script}: {longer}"))
        elif not problems and not warnings:
            click.echo(printable(f"{script}: all is well"))
    return SCRIPT_WRONG if problems or (strict and warnings) else DONE


def _as_data(problem: Problem) -> dict[str, object]:
    return {**problem.location._asdict(), "message": problem.message}
