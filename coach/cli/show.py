"""`coach show`: the timeline, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from coach.cli.compiling import SCRIPT_FILE, clock, compiled, options, wanted
from coach.timeline import contract

if TYPE_CHECKING:
    from pathlib import Path

    from rich.text import Text

    from coach.timeline import Cue, Timeline

_WIDTH = 100  # columns where the output goes to no terminal


@click.command(short_help="Print a routine's timeline: what is heard, and when.")
@click.argument("script", type=SCRIPT_FILE)
@options
@click.option("--json", "as_json", is_flag=True, help="Print the timeline for a program.")
def command(script: Path, *, as_json: bool, **choices: Any) -> None:
    """Print the timeline of SCRIPT: time, cue, what it belongs to; the chapters and the exact total."""
    timeline, _ = compiled(wanted(script, **choices))
    if as_json:
        click.echo(json.dumps(contract(timeline), ensure_ascii=False, indent=1))
    else:
        _table(timeline)


def _table(timeline: Timeline) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("time", justify="right", style="cyan", no_wrap=True)
    table.add_column("cue", overflow="fold")
    table.add_column("belongs to", style="dim", overflow="fold")
    chapters = iter(timeline.chapters)
    chapter = next(chapters)
    table.add_row(*_heading(chapter.title))
    for cue in timeline.cues:
        while cue.start >= chapter.end:
            chapter = next(chapters)
            table.add_row()
            table.add_row(*_heading(chapter.title))
        style = "" if cue.beat is None else "bold"
        table.add_row(clock(cue.start, tenths=True), Text(cue.text, style=style), Text(_belonging(cue)))
    console.print(table)
    console.print()
    summary = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("chapter", "starts", "lasts"):
        summary.add_column(title, justify="left" if title == "chapter" else "right", overflow="fold")
    for each in timeline.chapters:
        summary.add_row(Text(each.title), clock(each.start), clock(each.end - each.start))
    summary.add_row(Text(timeline.title, style="bold"), "", Text(clock(timeline.length), style="bold"))
    console.print(summary)
    level = f", {timeline.level}" if timeline.level else ""
    beats = sum(cue.beat is not None for cue in timeline.cues)
    console.print(
        Text(f"\n{len(timeline.cues)} cues, {beats} on a beat; {timeline.voice}, {timeline.language}{level}")
    )
    for warning in timeline.warnings:
        console.print(Text(f"{warning.location}: warning: {warning.message}", style="yellow"))


def _heading(title: str) -> tuple[Text, Text, Text]:
    from rich.text import Text

    return Text(""), Text(title, style="bold underline"), Text("")


def _belonging(cue: Cue) -> str:
    """Return what a cue belongs to: "rep 3, down"."""
    if cue.rep is None:
        kinds = {"count": "", "countdown": "count-in" if cue.set else "", "end": "", "say": ""}
        return kinds.get(cue.kind, cue.kind)
    place = f"set {cue.set}, rep {cue.rep}" if cue.set else f"round {cue.rep}"
    parts = [place, cue.phase or "", "" if cue.kind in ("count", "countdown") else cue.kind]
    return ", ".join(part for part in parts if part)
