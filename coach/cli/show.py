"""`coach show`: the timeline, for people and for programs."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import click

from coach.cli.app import one_line
from coach.cli.compiling import compiled, load, options, wanted
from coach.cli.screen import clock, columns, filled, styled, wide, wrapped
from coach.cli.scripts import SCRIPT_FILE
from coach.errors import MOST_PROBLEMS
from coach.timeline import contract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from coach.routine import Routine
    from coach.timeline import Cue, Timeline


@click.command()
@click.argument("script", type=SCRIPT_FILE)
@options
@click.option("--json", "as_json", is_flag=True, help="Print the timeline for a program.")
def command(script: Path, *, as_json: bool, **choices: Any) -> None:
    """Print the timeline of SCRIPT: time, cue, what it belongs to; the chapters and the exact total.

    The time is that of the beat for a cue that has one, else of its start.
    """
    wish = wanted(script, **choices)
    routine = load(wish)
    timeline, _ = compiled(wish, routine)
    if as_json:
        click.echo(json.dumps(contract(timeline), indent=1))
    else:
        click.echo("\n".join([*_cues(timeline), "", *_notes(routine), *_summary(timeline)]))


def _cues(timeline: Timeline) -> Iterator[str]:
    """Yield the lines of the table of cues, under a heading for each chapter."""
    times = len(clock(timeline.length, tenths=True))
    sets = _most_sets(timeline)
    places = [_place(cue, sets) for cue in timeline.cues]
    margin = max((len(place) for place in places), default=0)
    room = max(20, columns() - times - margin - 4)
    room = min(room, max((wide(one_line(cue.text)) for cue in timeline.cues), default=0))
    room = max(room, len("cue"))
    yield styled(f"{'time':>{times}}  {'cue':{room}}  {'belongs to'}".rstrip(), bold=True)
    chapters = iter(timeline.chapters)
    chapter = None
    for cue, place in zip(timeline.cues, places, strict=True):
        while chapter is None or cue.start >= chapter.end:
            if chapter is not None:
                yield ""
            chapter = next(chapters)
            yield " " * (times + 2) + styled(one_line(chapter.title), bold=True, underline=True)
        time = f"{clock(cue.start if cue.beat is None else cue.beat, tenths=True):>{times}}"
        notes = wrapped(place, max(margin, 1))
        for line, note in zip_longest(wrapped(cue.text, room), notes, fillvalue=""):
            text = styled(line, bold=cue.beat is not None) + " " * (room - wide(line))
            yield f"{styled(time, fg='cyan')}  {text}  {styled(note, dim=True)}".rstrip()
            time = " " * times


def _notes(routine: Routine) -> Iterator[str]:
    """Yield what a person should know of each exercise before the start, and never hears."""
    for exercise in dict.fromkeys(routine.exercises()):
        needs = f"needs {', '.join(exercise.equipment)}" if exercise.equipment else ""
        told = [note for note in (exercise.position, needs, exercise.notes) if note]
        if told:
            yield styled(one_line(exercise.name), bold=True)
            yield from (f"  {line}" for note in told for line in wrapped(note, columns() - 2))
            yield ""


def _summary(timeline: Timeline) -> Iterator[str]:
    """Yield the lines that tell the chapters, the total and what did not fit."""
    total = clock(timeline.length)
    titles = [one_line(chapter.title) for chapter in timeline.chapters] + [one_line(timeline.title)]
    room = max(20, min(columns() - 2 * max(len(total), 6) - 4, max(map(wide, titles))))
    lengths = max(len(total), len("starts"))
    yield styled(f"{'chapter':{room}}  {'starts':>{lengths}}  {'lasts':>{lengths}}", bold=True)
    for title, chapter in zip(titles, timeline.chapters, strict=False):
        starts, lasts = clock(chapter.start), clock(chapter.end - chapter.start)
        *more, last = wrapped(title, room)
        yield from more
        yield f"{filled(last, room)}  {starts:>{lengths}}  {lasts:>{lengths}}"
    *more, last = wrapped(titles[-1], room)
    yield from (styled(line, bold=True) for line in more)
    yield styled(f"{filled(last, room)}  {'':{lengths}}  {total:>{lengths}}", bold=True)
    level = f", {timeline.level}" if timeline.level else ""
    beats = sum(cue.beat is not None for cue in timeline.cues)
    yield f"\n{len(timeline.cues)} cues, {beats} on a beat; {timeline.voice}, {timeline.language}{level}"
    for warning in timeline.warnings[:MOST_PROBLEMS]:
        yield styled(one_line(f"{warning.location}: warning: {warning.message}"), fg="yellow")
    if more_warnings := len(timeline.warnings[MOST_PROBLEMS:]):
        yield styled(f"and {more_warnings} more warning{'s' if more_warnings > 1 else ''}", fg="yellow")


def _most_sets(timeline: Timeline) -> dict[str | None, int]:
    """Return how many sets each exercise has: where there is one, its number is no news."""
    sets: dict[str | None, int] = {}
    for cue in timeline.cues:
        sets[cue.exercise] = max(sets.get(cue.exercise, 0), cue.set or 0)
    return sets


def _place(cue: Cue, sets: dict[str | None, int]) -> str:
    """Return what a cue belongs to: "set 2, rep 3, down"."""
    if cue.rep is None:
        kinds = {"count": "", "countdown": "count-in" if cue.set else "", "end": "", "say": ""}
        return kinds.get(cue.kind, cue.kind)
    parts = [
        f"set {cue.set}" if sets[cue.exercise] > 1 else "",
        f"rep {cue.rep}" if cue.set else f"round {cue.rep}",
        one_line(cue.phase or ""),
        "" if cue.kind in ("count", "countdown") else cue.kind,
    ]
    return ", ".join(part for part in parts if part)
