"""`coach say`: one cue, heard or written."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path

import click

from coach.cli.compiling import note
from coach.errors import Location, SpeechError
from coach.routine import VoiceChoice
from coach.speech import open_speech
from coach.timeline import Chapter, Cue, Timeline
from coach.units import RATE


@click.command(short_help="Speak a text, or write it to a file.")
@click.argument("text")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it, .mp3 or .wav."
)
@click.option("--voice", metavar="NAME", help="Who speaks.")
@click.option("--rate", type=click.FloatRange(0.5, 2.0), default=1.0, help="How fast; 1 is usual.")
@click.option("--language", metavar="CODE", default="en", show_default=True, help="The language of the text.")
@click.option("--player", default="auto", show_default=True, help="What plays it: auto, miniaudio or null.")
def command(
    text: str, *, output: Path | None, voice: str | None, rate: float, language: str, player: str
) -> None:
    """Speak TEXT as a cue of a routine would be spoken: trimmed, levelled, its attack known."""
    from coach.encode import export
    from coach.mix import render
    from coach.player import open_player

    choice = VoiceChoice(name=voice, rate=rate)
    speech = open_speech(language, choice, script=Path("say"))
    if speech.fallback:
        note(speech.fallback)
    clip = speech.clip(text)
    if not clip.length:
        raise SpeechError(f"the voice {speech.voice_name} is silent on '{text}'")
    cue = Cue(0, clip, "say", text, Location("say", 1, 1))
    timeline = Timeline(
        text, language, speech.voice_name, None, clip.length, (cue,), (Chapter(text, 0, clip.length),), ()
    )
    if output:
        export(timeline, speech, output)
    else:
        with closing(open_player(player)) as device:
            device.start(partial(render, timeline, speech), timeline.length)
            device.wait()
    seconds, attack = clip.length / RATE, clip.attack / RATE * 1000
    where = f"{output}: " if output else ""
    click.echo(f"{where}{seconds:.2f} s, attack at {attack:.0f} ms, {speech.voice_name}")
