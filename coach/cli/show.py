"""`coach show`: the timeline, for people and for programs."""

from __future__ import annotations

import json
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.atomic import check_target, replace_file
from coach.cli.app import one_line
from coach.cli.compiling import compiled, fitted, load, options, standing, wanted
from coach.cli.progress import dose_lines
from coach.cli.screen import clock, columns, filled, styled, wide, wrapped
from coach.cli.scripts import SCRIPT_FILE
from coach.errors import MOST_PROBLEMS
from coach.routine import Guidance
from coach.timeline import CueKind, contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coach.progress import Standing
    from coach.routine import Routine
    from coach.timeline import Cue, Timeline


_STDOUT = Path("-")


class _Picture(click.ParamType[Path]):
    """A file whose name has this ending, so that no slip overwrites a script; - is standard output."""

    name = "file"

    def __init__(self, ending: str) -> None:
        self.ending = ending

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(str(value))
        if path != _STDOUT and path.suffix.lower() != self.ending:
            self.fail(f"must end in {self.ending} (got '{value}')", param, ctx)
        return path


@click.command()
@click.argument("script", type=SCRIPT_FILE)
@options
@click.option("--json", "as_json", is_flag=True, help="Print the timeline for a program.")
@click.option("--svg", type=_Picture(".svg"), help="Write it as sheets of A4, to print and hand out.")
@click.option("--html", type=_Picture(".html"), help="Write it as a page for any screen.")
def command(script: Path, *, as_json: bool, svg: Path | None, html: Path | None, **choices: Any) -> None:
    """Print the timeline of SCRIPT: time, cue, what it belongs to; the chapters and the exact total.

    The time is that of the beat for a cue that has one, else of its start. With --svg or --html it is written
    to that file in place of the table; - prints it.
    """
    for target in filter(None, (svg, html)):
        if target != _STDOUT:
            check_target(target)  # what cannot be written is told before the voice is asked
    wish = wanted(script, **choices)
    plain = load(wish)
    routine = fitted(wish, plain, "auto")
    timeline, _ = compiled(wish, routine)
    if svg or html:
        from coach import pictures

        if svg:
            _write(svg, pictures.svg(timeline, routine), quiet=as_json)
        if html:
            _write(html, pictures.html(timeline, routine), quiet=as_json)
    if as_json:
        click.echo(json.dumps(contract(timeline), indent=1))
    elif not (svg or html):
        stands = standing(wish, plain)
        click.echo("\n".join([*_cues(timeline), "", *_notes(plain, routine, stands), *_summary(timeline)]))


def _write(target: Path, text: str, *, quiet: bool) -> None:
    """Write a picture as a whole file, and say so: on standard error where a program reads the other."""
    data = text.encode()
    if target == _STDOUT:
        click.echo(data, nl=False)
        return
    with replace_file(target, len(data)) as file:
        file.write(data)
    click.echo(one_line(f"{target}: written"), err=quiet)


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


def _notes(plain: Routine, routine: Routine, stands: Sequence[Standing]) -> Iterator[str]:
    """Yield what a person should know of each exercise before the start, and never hears."""
    said = {
        before: after.guidance for before, after in zip(plain.exercises(), routine.exercises(), strict=True)
    }
    for exercise in dict.fromkeys(plain.exercises()):
        needs = f"needs {', '.join(exercise.equipment)}" if exercise.equipment else ""
        guidance = f"guidance: {said[exercise]}" if said[exercise] != Guidance.FULL else ""
        doses = dose_lines([stand for stand in stands if stand.exercise == exercise])
        told = [note for note in (*doses, guidance, exercise.position, needs, exercise.notes) if note]
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
        if cue.kind is CueKind.COUNTDOWN:
            return "count-in" if cue.set else ""
        return "" if cue.kind in (CueKind.COUNT, CueKind.END, CueKind.SAY) else str(cue.kind)
    parts = [
        f"set {cue.set}" if sets[cue.exercise] > 1 else "",
        f"rep {cue.rep}" if cue.set else f"round {cue.rep}",
        one_line(cue.phase or ""),
        "" if cue.kind in (CueKind.COUNT, CueKind.COUNTDOWN) else str(cue.kind),
    ]
    return ", ".join(part for part in parts if part)
