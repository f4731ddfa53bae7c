"""`coach say`: speak one text, or write it to a file."""

from __future__ import annotations

from pathlib import Path

import click

from coach.app.request import read_language
from coach.app.say import say
from coach.borders import printable
from coach.cli.command import Command
from coach.cli.options import OutputFile, player_option, rate_option, voice_option
from coach.cli.reporting import REPORTER
from coach.encode.formats import FORMATS
from coach.routine import VoiceChoice
from coach.units import RATE


@click.command(cls=Command)
@click.argument("text")
@click.option(
    "-o",
    "--output",
    type=OutputFile(folder=False),
    help=f"Write a file ({', '.join(FORMATS)}) and play nothing.",
)
@voice_option
@rate_option
@click.option("--language", metavar="CODE", default="en", show_default=True, help="The language of the text.")
@player_option
def command(
    text: str, *, output: str | None, voice: str | None, rate: float | None, language: str, player: str
) -> None:
    """Speak TEXT the way a routine would, and show its length and its attack."""
    said = say(
        text,
        language=read_language(language),
        voice=VoiceChoice(name=voice, rate=rate or 1.0),
        output=Path(output) if output else None,
        player=player,
        reporter=REPORTER,
    )
    seconds, attack = said.length / RATE, said.attack / RATE * 1000
    where = f"{output}: " if output else ""
    click.echo(printable(f"{where}{seconds:.2f} s, attack at {attack:.0f} ms, {said.voice}"))
