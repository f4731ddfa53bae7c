"""`coach check`: every problem and every warning of a script, at every level."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from coach.cli import DONE, SCRIPT_WRONG
from coach.cli.app import one_line
from coach.cli.compiling import compiled, load, options, wanted
from coach.cli.scripts import SCRIPT_FILE
from coach.errors import MOST_PROBLEMS, Problem, ScriptError
from coach.progress import at_top, grows
from coach.script import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from coach.cli.compiling import Wanted
    from coach.routine import Routine


@click.command()
@click.argument("script", type=SCRIPT_FILE)
@options
@click.option("--strict", is_flag=True, help="Exit with 1 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print problems and warnings for a program.")
def command(script: Path, *, strict: bool, as_json: bool, **choices: Any) -> int:
    """Report every problem of SCRIPT, and what would not fit into its track.

    Without --level it checks all levels that the script offers. A problem exits with 1; a warning tells what
    is left out, spoken faster or made longer, and exits with 0.
    """
    wish = wanted(script, **choices)
    problems, warnings = _findings(wish)
    if as_json:
        report = {
            "problems": [_plain(each) for each in problems],
            "warnings": [_plain(each) for each in warnings],
        }
        click.echo(json.dumps(report, indent=2))
    else:
        for line in ScriptError(problems).lines():
            click.echo(one_line(line))
        for warning in warnings[:MOST_PROBLEMS]:
            click.echo(one_line(f"{warning.location}: warning: {warning.message}"))
        if more := len(warnings[MOST_PROBLEMS:]):
            click.echo(f"and {more} more warning{'s' if more > 1 else ''}")
        if not problems and not warnings:
            click.echo(one_line(f"{script}: all is well"))
    return SCRIPT_WRONG if problems or (strict and warnings) else DONE


def _findings(wish: Wanted) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Return problems and warnings, each once, in the order of their lines."""
    problems: set[Problem] = set()
    warnings: dict[Problem, None] = {}
    levels: list[str | None] = [wish.level]
    if wish.level is None:
        try:
            levels += load(wish).levels
        except ScriptError as error:
            problems.update(error.problems)
            levels += LEVELS
    for level in levels:
        found, warned = _findings_at(wish._replace(level=level), read_only=bool(problems))
        problems.update(found)
        for warning in warned:
            usual = warning in warnings or level == wish.level
            text = warning.message if usual else f"{warning.message} (--level {level})"
            warnings[warning._replace(message=text)] = None
    return tuple(sorted(problems)), tuple(sorted(warnings))


def _findings_at(wish: Wanted, *, read_only: bool) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Return problems and warnings at one level; a script that has problems anyway is only read."""
    try:
        if read_only:
            load(wish)
            return (), ()
        routine = load(wish)
        timeline, speech = compiled(wish, routine)
    except ScriptError as error:
        return error.problems, ()
    other = (Problem(routine.location, speech.fallback),) if speech.fallback else ()
    problems, grown = _findings_at_top(wish, routine)
    known = {warning.location for warning in timeline.warnings}
    return problems, (*other, *timeline.warnings, *(each for each in grown if each.location not in known))


def _findings_at_top(wish: Wanted, routine: Routine) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Return problems and warnings of a routine once its doses have grown to the top of their ranges."""
    if not any(map(grows, routine.exercises())):
        return (), ()

    def marked(found: Iterable[Problem]) -> tuple[Problem, ...]:
        return tuple(each._replace(message=f"{each.message} (at the top of the range)") for each in found)

    try:
        top, _ = compiled(wish, at_top(routine))
    except ScriptError as error:
        return marked(error.problems), ()
    return (), marked(top.warnings)


def _plain(problem: Problem) -> dict[str, object]:
    return {**problem.location._asdict(), "message": problem.message}
