"""`coach export`: a routine as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.compiling import SCRIPT_FILE, clock, compiled, note, options, progress, wanted
from coach.encode import export, format_of

if TYPE_CHECKING:
    from coach.speech import Speech


@click.command(short_help="Write a routine as an MP3 or WAV file.")
@click.argument("script", type=SCRIPT_FILE)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
    help="The file, .mp3 or .wav, or a folder for it. Default: the script's name, here, as MP3.",
)  # fmt: skip
@options
def command(script: Path, *, output: Path | None, **choices: Any) -> None:
    """Write SCRIPT as a track: an MP3 with title and chapters, or a WAV.

    An existing file is replaced only by a whole one. A track that the file already holds is not made again.
    """
    wish = wanted(script, **choices)
    name = f"{script.stem}-{wish.level}" if wish.level else script.stem
    target = output or Path(f"{name}.mp3")
    if target.is_dir():
        target /= f"{name}.mp3"
    format_of(target)  # a name that cannot be written is told before the voice is asked
    timeline, speech = compiled(wish)
    with progress(f"Writing {target}") as advance:
        made = export(timeline, speech, target, progress=advance, memo=memo(speech))
    done = "written" if made.written else "unchanged"
    size = made.size / 1_000_000
    click.echo(f"{made.path}: {done}, {clock(made.length)} minutes, {size:.1f} MB, {timeline.voice}")
    if timeline.warnings:
        count = len(timeline.warnings)
        note(f"{count} warning{'s' if count > 1 else ''}; 'coach check {script}' tells what did not fit")


def memo(speech: Speech) -> Path:
    """Return the folder that remembers what was exported."""
    return speech.cache.root / "exports"
