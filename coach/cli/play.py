"""`coach play`: a routine on the loudspeaker, with the cue and the time while it plays."""

from __future__ import annotations

import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from coach.cli.compiling import SCRIPT_FILE, clock, compiled, options, wanted
from coach.cli.keys import key_presses
from coach.mix import cue_index, render
from coach.player import open_player

if TYPE_CHECKING:
    from pathlib import Path

    from coach.player import Player
    from coach.speech import Speech
    from coach.timeline import Chapter, Timeline

_REDRAW = 0.1  # seconds between two looks at the player


@click.command(short_help="Play a routine.")
@click.argument("script", type=SCRIPT_FILE)
@click.option("--player", default="auto", show_default=True, help="What plays it: auto, miniaudio or null.")
@options
def command(script: Path, *, player: str, **choices: Any) -> None:
    """Play SCRIPT. Space pauses and goes on, q stops.

    After a pause it goes on at the start of the sentence that was interrupted. `--player null` keeps time
    without a sound device.
    """
    wish = wanted(script, **choices)
    with closing(open_player(player)) as device:  # first, so that a missing device is told at once
        timeline, speech = compiled(wish)
        _listen(timeline, speech, device)


def _listen(timeline: Timeline, speech: Speech, device: Player) -> None:
    """Play to the end, or until q is pressed."""
    pull = partial(render, timeline, speech)
    device.start(pull, timeline.length)
    screen = _Screen(timeline)
    paused = False
    with key_presses() as key:
        try:
            while not device.wait(0):
                screen.draw(device.position, paused=paused)
                pressed = key(_REDRAW)
                if pressed == " ":
                    paused = not paused
                    if paused:
                        device.stop()
                    else:
                        device.start(pull, timeline.length, _sentence_start(timeline, device.position))
                elif pressed in ("q", "Q"):
                    device.stop()
                    break
            else:
                screen.draw(timeline.length, paused=False)
        finally:
            screen.leave()


def _sentence_start(timeline: Timeline, sample: int) -> int:
    """Return where to go on: at the start of a cue that was interrupted, else right there."""
    index = cue_index(timeline, sample)
    if index < len(timeline.cues) and timeline.cues[index].start <= sample:
        return timeline.cues[index].start
    return sample


class _Screen:
    """One line that tells the time and the current cue; without a terminal, a line a chapter."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._terminal = sys.stderr.isatty()
        self._chapter: Chapter | None = None
        self._drawn = False

    def draw(self, sample: int, *, paused: bool) -> None:
        """Show the moment that is heard now."""
        timeline = self._timeline
        chapter = next((each for each in timeline.chapters if sample < each.end), timeline.chapters[-1])
        time = f"{clock(sample)} / {clock(timeline.length)}"
        if not self._terminal:
            if chapter is not self._chapter:
                click.echo(f"{time}  {chapter.title}", err=True)
            self._chapter = chapter
            return
        heard = [cue for cue in timeline.cues[: cue_index(timeline, sample) + 1] if cue.start <= sample]
        cue = heard[-1] if heard else None
        parts = [chapter.title, f"rep {cue.rep}" if cue and cue.rep else "", cue.text if cue else ""]
        line = "  ".join([f"[paused] {time}" if paused else time, " · ".join(part for part in parts if part)])
        width = _columns() - 1
        click.echo("\r" + line[:width].ljust(width), nl=False, err=True)
        self._drawn = True

    def leave(self) -> None:
        """Leave the line as it is, and go to the next one."""
        if self._drawn:
            click.echo(err=True)


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
