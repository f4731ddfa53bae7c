"""Every problem and every warning in a script, at every level."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from coach.app.amounts import explain_added
from coach.app.prepare import compile_track, load
from coach.app.reporter import SILENT
from coach.errors import Problem, ScriptError
from coach.progress import at_top, grows
from coach.script import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coach.app.reporter import Reporter
    from coach.app.request import Request
    from coach.routine import Level, Routine


class Findings(NamedTuple):
    """What is wrong with a script: each problem once, in the order of the script.

    Attributes:
        problems: what keeps it from being played.
        warnings: what is left out, spoken faster or made longer.
        longer: by how much the track is longer than what was written; "" if it is not.
    """

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    longer: str = ""


def check(request: Request, reporter: Reporter = SILENT) -> Findings:
    """Return every problem and every warning in a script: at the requested level, or at all levels.

    Each level is loaded once. It is compiled with the doses it starts with, and if they have ranges, also
    with the doses they can grow to. Once a level has problems, the others are only loaded.

    Raises:
        RefusedError: no exercise has a side that was asked for.
        SpeechError: no voice speaks the language, or the voice failed.
    """
    first = _check_level(request, reporter)
    problems, warnings = set(first.findings.problems), dict.fromkeys(first.findings.warnings)
    if request.level is not None:
        levels: Iterable[Level] = ()
    else:
        levels = LEVELS if first.routine is None else first.routine.levels
    for level in levels:
        own = replace(request, level=level)
        findings = _check_level(own, reporter, only_load=bool(problems)).findings
        problems.update(findings.problems)
        for warning in findings.warnings:
            if warning not in warnings:
                warnings[warning._replace(message=f"{warning.message} (--level {level})")] = None
    return Findings(tuple(sorted(problems)), tuple(sorted(warnings)), first.findings.longer)


class _Level(NamedTuple):
    """A level and its findings; `routine` is None if it can't be loaded."""

    routine: Routine | None
    findings: Findings


def _check_level(request: Request, reporter: Reporter, *, only_load: bool = False) -> _Level:
    try:
        routine = load(request)
    except ScriptError as error:
        return _Level(None, Findings(error.problems))
    return _Level(routine, Findings() if only_load else _check_routine(request, routine, reporter))


def _check_routine(request: Request, routine: Routine, reporter: Reporter) -> Findings:
    """Return what is wrong with a routine, now and when its doses have grown to the top of their ranges."""
    try:
        timeline, speech = compile_track(request, routine, reporter)
    except ScriptError as error:
        return Findings(error.problems)
    warnings, longer = list(timeline.warnings), explain_added(timeline.added)
    if speech.fallback:
        warnings.insert(0, Problem(routine.location, speech.fallback))
    if not any(map(grows, routine.exercises())):
        return Findings((), tuple(warnings), longer)
    known = {warning.location for warning in timeline.warnings}
    try:
        top, _ = compile_track(request, at_top(routine), reporter)
    except ScriptError as error:
        return Findings(tuple(map(_at_the_top, error.problems)), tuple(warnings), longer)
    warnings += [_at_the_top(warning) for warning in top.warnings if warning.location not in known]
    return Findings((), tuple(warnings), longer)


def _at_the_top(found: Problem) -> Problem:
    return found._replace(message=f"{found.message} (at the top of the range)")
