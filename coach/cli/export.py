"""`coach export`: a routine as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach.cli.app import one_line
from coach.cli.compiling import compiled, load, note, options, progress, wanted
from coach.cli.screen import clock
from coach.cli.scripts import SCRIPT_FILE
from coach.encode import FORMATS, check_target, export, format_of
from coach.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Callable


class _Output(click.ParamType[str]):
    """A file of a format that Coach writes; with `folder`, or a folder for it."""

    name = "file"

    def __init__(self, *, folder: bool) -> None:
        self.folder = folder

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = str(value)
        if not (self.folder and name and (name[-1] in "/\\" or Path(name).is_dir())):
            try:
                format_of(Path(name))
            except AudioError as error:
                self.fail(str(error), param, ctx)
        return name


def output_option(*, folder: bool, text: str) -> Callable[[Any], Any]:
    """Return the option `-o`."""
    return click.option("-o", "--output", type=_Output(folder=folder), help=text)


@click.command()
@click.argument("script", type=SCRIPT_FILE)
@output_option(
    folder=True, text=f"The file ({', '.join(FORMATS)}), or a folder for it. Default: NAME.mp3, here."
)
@options
def command(script: Path, *, output: str | None, **choices: Any) -> None:
    """Write SCRIPT as a track, with title and chapters where the format has them.

    NAME is that of the script, with -easier or -harder behind it for a level. An existing file is replaced
    only by a whole one, and left alone if it already holds this track.
    """
    wish = wanted(script, **choices)
    routine = load(wish)
    name = f"{script.stem}-{wish.level}.mp3" if wish.level else f"{script.stem}.mp3"
    target = Path(output or name)
    if output and (output[-1] in "/\\" or target.is_dir()):
        target /= name
    check_target(target)  # what cannot be written is told before the voice is asked
    timeline, speech = compiled(wish, routine)
    with progress(f"Writing {target}") as advance:
        made = export(timeline, speech, target, progress=advance, memo=speech.cache.exports)
    done = "written" if made.written else "unchanged"
    size = made.size / 1_000_000
    told = f"{made.path}: {done}, {clock(made.length)} minutes, {size:.1f} MB, {timeline.voice}"
    click.echo(one_line(told))
    if timeline.warnings:
        count = len(timeline.warnings)
        note(f"{count} warning{'s' if count > 1 else ''}; 'coach check {script}' tells what did not fit")
