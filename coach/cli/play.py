"""`coach play`: a routine on the loudspeaker, with the cue and the time while it plays."""

from __future__ import annotations

import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from coach.cli.app import one_line
from coach.cli.compiling import compiled, load, opened, options, player_option, wanted
from coach.cli.keys import key_presses, listening
from coach.cli.screen import clock, columns, filled, wrapped
from coach.cli.scripts import SCRIPT_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from coach.player import Player
    from coach.speech import Speech
    from coach.timeline import Chapter, Cue, Timeline

_REDRAW = 0.1  # seconds between two looks at the player


@click.command()
@click.argument("script", type=SCRIPT_FILE)
@player_option
@options
def command(script: Path, *, player: str, **choices: Any) -> None:
    """Play SCRIPT. Space pauses and goes on, q stops.

    After a pause it goes on at the start of the sentence that was interrupted.
    """
    wish = wanted(script, **choices)
    routine = load(wish)
    with closing(opened(player, "'coach export' writes a file instead")) as device:  # before the voice works
        timeline, speech = compiled(wish, routine)
        _listen(timeline, speech, device)


def _listen(timeline: Timeline, speech: Speech, device: Player) -> None:
    """Play to the end, or until q is pressed."""
    from coach.mix import render

    pull = partial(render, timeline, speech)
    screen = _Screen(timeline)
    paused = False
    with key_presses() as keys:
        device.start(pull, timeline.length)
        try:
            while not device.wait(0):
                screen.draw(device.position, paused=paused)
                for key in keys(_REDRAW).lower():
                    if key == "q":
                        device.stop()
                        return
                    if key == " ":
                        paused = not paused
                        if paused:
                            device.stop()
                        else:
                            device.start(pull, timeline.length, _sentence_start(timeline, device.position))
            screen.draw(timeline.length, paused=False)
        finally:
            screen.leave()


def _sentence_start(timeline: Timeline, sample: int) -> int:
    """Return where to go on: at the start of a cue that was interrupted, else right there."""
    cue = _last_cue(timeline, sample)
    return cue.start if cue and sample < cue.end else sample


def _last_cue(timeline: Timeline, sample: int) -> Cue | None:
    """Return the cue that is heard at a sample, else the last one before it."""
    from coach.mix import cue_index

    cues = timeline.cues
    index = cue_index(timeline, sample)
    if index == len(cues) or cues[index].start > sample:
        index -= 1
    return cues[index] if index >= 0 else None


class _Screen:
    """One line that tells the time and the current cue; without a terminal, a line a chapter."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._terminal = sys.stderr.isatty()
        self._chapter: Chapter | None = None
        self._drawn = False
        if self._terminal:
            keys = " Space pauses and goes on, q stops." if listening() else ""
            told = f"{timeline.title}, {clock(timeline.length)} minutes, {timeline.voice}.{keys}"
            for line in wrapped(told, columns() - 1):
                click.echo(line, err=True)

    def draw(self, sample: int, *, paused: bool) -> None:
        """Show the moment that is heard now."""
        timeline = self._timeline
        chapter = next((each for each in timeline.chapters if sample < each.end), timeline.chapters[-1])
        time = f"{clock(sample)} / {clock(timeline.length)}"
        if not self._terminal:
            if chapter is not self._chapter:
                click.echo(f"{time}  {one_line(chapter.title)}", err=True)
            self._chapter = chapter
            return
        cue = _last_cue(timeline, sample)
        parts = [cue.text if cue else "", f"rep {cue.rep}" if cue and cue.rep else "", chapter.title]
        state = f"{time}  paused  " if paused else f"{time}  "
        line = one_line(state + " · ".join(part for part in parts if part))
        click.echo("\r" + filled(line, columns() - 1), nl=False, err=True)
        self._drawn = True

    def leave(self) -> None:
        """Leave the line as it is, and go to the next one."""
        if self._drawn:
            click.echo(err=True)
