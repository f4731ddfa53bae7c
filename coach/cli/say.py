"""`coach say`: speak one text, or write it to a file."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import click

from coach.atomic import check_target
from coach.cli.app import one_line
from coach.cli.compiling import note, opened, player_option, rate_option, spoken, voice_option
from coach.cli.export import output_option
from coach.encode.formats import FORMATS
from coach.encode.write import write_file
from coach.errors import Location
from coach.routine import VoiceChoice
from coach.script.values import LONGEST_TEXT
from coach.speech import open_speech
from coach.timeline import Chapter, Cue, Timeline
from coach.units import RATE


@click.command()
@click.argument("text")
@output_option(folder=False, text=f"Write a file ({', '.join(FORMATS)}) and play nothing.")
@voice_option
@rate_option
@click.option("--language", metavar="CODE", default="en", show_default=True, help="The language of the text.")
@player_option
def command(
    text: str, *, output: str | None, voice: str | None, rate: float | None, language: str, player: str
) -> None:
    """Speak TEXT the way a routine would, and show its length and its attack."""
    text = " ".join(text.split())
    if not 0 < len(text) <= LONGEST_TEXT:
        raise click.BadParameter(
            f"must be a text of 1 to {LONGEST_TEXT} characters (got {len(text)})", param_hint="'TEXT'"
        )
    with ExitStack() as stack:
        device = None
        if output:
            check_target(Path(output))
        else:
            device = stack.enter_context(closing(opened(player, "-o writes a file instead")))
        speech = open_speech(spoken(language), VoiceChoice(name=voice, rate=rate or 1.0))
        if speech.fallback:
            note(speech.fallback)
        clip = speech.clip(text)
        if not clip.length:
            raise click.BadParameter(f"{speech.voice_name} is silent on '{text}'", param_hint="'TEXT'")
        cue = Cue(0, clip, "say", text, Location("say", 1, 1))
        chapter = Chapter(text, 0, clip.length)
        timeline = Timeline(
            text, speech.language, speech.voice_name, None, clip.length, (cue,), (chapter,), ()
        )
        if device:
            from coach.mix import render

            device.start(partial(render, timeline, speech), timeline.length)
            device.wait()
        else:
            assert output
            write_file(timeline, speech, Path(output))
    seconds, attack = clip.length / RATE, clip.attack / RATE * 1000
    where = f"{output}: " if output else ""
    click.echo(one_line(f"{where}{seconds:.2f} s, attack at {attack:.0f} ms, {speech.voice_name}"))
