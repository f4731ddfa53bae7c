"""`coach show`: the timeline, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.app.amounts import clock, count_text, explain_added
from coach.app.progress import explain_doses
from coach.app.show import draw_picture, show, write_picture
from coach.atomic import check_target
from coach.borders import printable
from coach.cli.command import Command
from coach.cli.options import options, request_of
from coach.cli.reporting import REPORTER
from coach.cli.scripts import SCRIPT_FILE
from coach.cli.terminal import Column, columns, styled, table, wide, wrapped
from coach.errors import MOST_PROBLEMS
from coach.routine import PACED, Guidance
from coach.timeline import CueKind, contract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coach.app.show import Shown
    from coach.progress import Standing
    from coach.routine import Exercise
    from coach.timeline import Cue, Timeline


_STDOUT = Path("-")


class _Picture(click.ParamType[Path]):
    """A file whose name has this ending, so that no mistake overwrites a script; - is standard output."""

    name = "file"

    def __init__(self, ending: str) -> None:
        self.ending = ending

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(str(value))
        if path != _STDOUT and path.suffix.lower() != self.ending:
            self.fail(f"must end in {self.ending} (got '{value}')", param, ctx)
        return path


@click.command(cls=Command)
@click.argument("script", type=SCRIPT_FILE)
@options
@click.option("--json", "as_json", is_flag=True, help="Print the timeline as JSON, for programs.")
@click.option("--svg", type=_Picture(".svg"), help="Write it as A4 sheets, to print and hand out.")
@click.option("--html", type=_Picture(".html"), help="Write it as a page for any screen.")
def command(script: Path, *, as_json: bool, svg: Path | None, html: Path | None, **choices: Any) -> None:
    """Print the timeline of SCRIPT: every cue with its time, the chapters and the exact total.

    The time is that of the beat for a cue that has one, else of its start. With --svg or --html it is written
    to that file in place of the table; - prints it.
    """
    for target in filter(None, (svg, html)):
        if target != _STDOUT:
            check_target(target)  # better to fail before the voice has worked
    shown = show(request_of(script, choices), REPORTER)
    for picture, kind in ((svg, ".svg"), (html, ".html")):
        if picture == _STDOUT:
            click.echo(draw_picture(shown, kind).encode(), nl=False)
        elif picture:
            write_picture(shown, picture)
            # On standard error if a program reads standard output.
            click.echo(printable(f"{picture}: written"), err=as_json)
    if as_json:
        click.echo(json.dumps(contract(shown.timeline), indent=1))
    elif not (svg or html):
        timeline = shown.timeline
        click.echo("\n".join([*_cues(timeline), "", *_notes(shown), *_summary(timeline)]))


def _cues(timeline: Timeline) -> Iterator[str]:
    """Yield the lines of the table of cues, under a heading for each chapter."""
    times = len(clock(timeline.length, tenths=True))
    sets = _most_sets(timeline)
    heard = timeline.heard
    places = [_place(cue, sets) for cue in heard]
    room = max(20, columns() - times - max(map(len, places), default=0) - 4)
    room = min(room, max((wide(printable(cue.text)) for cue in heard), default=0))
    shape = [Column(times, right=True, style="cyan"), Column(max(room, len("cue"))), Column(style="dim")]
    yield from table(shape, [[(title, "bold") for title in ("time", "cue", "belongs to")]])
    rows = [
        (
            clock(cue.start if cue.beat is None else cue.beat, tenths=True),
            cue.text if cue.beat is None else (cue.text, "bold"),
            place,
        )
        for cue, place in zip(heard, places, strict=True)
    ]
    first = 0
    for chapter in timeline.chapters:
        last = first
        while last < len(rows) and heard[last].start < chapter.end:
            last += 1
        if first:
            yield ""
        yield " " * (times + 2) + styled(printable(chapter.title), bold=True, underline=True)
        yield from table(shape, rows[first:last])
        first = last


def _notes(shown: Shown) -> Iterator[str]:
    """Yield what to know of each exercise before the start, which is never spoken."""
    plain = shown.script
    said = {
        before: after.guidance
        for before, after in zip(plain.exercises(), shown.routine.exercises(), strict=True)
    }
    standings: dict[Exercise, list[Standing]] = {}
    for stand in shown.standings:
        standings.setdefault(stand.exercise, []).append(stand)
    for exercise in dict.fromkeys(plain.exercises()):
        needs = f"needs {', '.join(exercise.equipment)}" if exercise.equipment else ""
        guidance = f"guidance: {said[exercise]}" if said[exercise] != Guidance.FULL else ""
        doses = explain_doses(standings.get(exercise, []))
        told = [note for note in (*doses, guidance, exercise.position, needs, exercise.notes) if note]
        if told:
            yield styled(printable(exercise.name), bold=True)
            yield from (f"  {line}" for note in told for line in wrapped(note, columns() - 2))
            yield ""


def _summary(timeline: Timeline) -> Iterator[str]:
    """Yield the lines with the chapters, the total and the warnings."""
    rows: list[Sequence[str | tuple[str, str]]] = [
        (chapter.title, clock(chapter.start), clock(chapter.end - chapter.start))
        for chapter in timeline.chapters
    ]
    total = clock(timeline.length)
    rows.append([(text, "bold") for text in (timeline.title, "", total)])
    titles = [timeline.title, *(chapter.title for chapter in timeline.chapters)]
    longest = max(wide(printable(title)) for title in titles)
    room = max(20, min(columns() - 2 * max(len(total), 6) - 4, longest))
    yield from table(
        [Column(room, "chapter"), Column(title="starts", right=True), Column(title="lasts", right=True)], rows
    )
    level = f", {timeline.level}" if timeline.level else ""
    heard = timeline.heard
    beats = sum(cue.beat is not None for cue in heard)
    yield f"\n{len(heard)} cues, {beats} on a beat; {timeline.voice}, {timeline.language}{level}"
    for warning in timeline.warnings[:MOST_PROBLEMS]:
        yield styled(printable(f"{warning.location}: warning: {warning.message}"), fg="yellow")
    if more_warnings := len(timeline.warnings[MOST_PROBLEMS:]):
        yield styled(f"and {count_text(more_warnings, 'more warning')}", fg="yellow")
    if longer := explain_added(timeline.added):
        yield longer


def _most_sets(timeline: Timeline) -> dict[str | None, int]:
    """Return how many sets each exercise has; a number is only shown if there are several."""
    sets: dict[str | None, int] = {}
    for cue in timeline.heard:
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
        "" if cue.phase == PACED else printable(cue.phase or ""),
        "" if cue.kind in (CueKind.COUNT, CueKind.COUNTDOWN) else str(cue.kind),
    ]
    return ", ".join(part for part in parts if part)
