"""The options that commands share, and the request they make."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from coach.app.request import Request, read_field, read_language, read_sides, read_value
from coach.cli.command import Command
from coach.encode.formats import format_of
from coach.errors import AudioError, RefusedError
from coach.player import PLAYERS
from coach.routine import Guidance, Level
from coach.script import Change
from coach.script.values import Seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

F = TypeVar("F", bound="Callable[..., object]")

_WHILE = Seconds(Fraction(0), Fraction(24 * 3600))


class _Read(click.ParamType[object]):
    """An option whose value is read by a function, which refuses what it can't read."""

    def __init__(self, name: str, read: Callable[[str], object]) -> None:
        self.name = name
        self.read = read

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except RefusedError as error:
            self.fail(str(error), param, ctx)


def _field(name: str, kind: str) -> _Read:
    """Return the type of an option that is written like a field of a script."""
    return _Read(kind, lambda text: read_field(name, text))


_DURATION = _Read("duration", lambda text: read_value("duration", _WHILE, text))

voice_option = click.option(
    "--voice", type=_field("voice", "name"), help="Who speaks, instead of the script's voice."
)
rate_option = click.option(
    "--rate", type=_field("rate", "number"), help="How fast the voice speaks: 0.5 to 2."
)
volume_option = click.option(
    "--volume", type=_field("volume", "dB"), help="Louder or softer than usual, in dB: -6 is half."
)
wait_option = click.option(
    "--wait",
    type=_DURATION,
    help="How long a scheduled run waits for the sound server; 2m by default.",
)
limit_option = click.option(
    "--limit", type=_DURATION, help="Stop after this long, pauses included: 20m, 1h30m."
)
check_in_option = click.option(
    "--check-in", is_flag=True, help="Ask at the end, aloud, how hard it was and how much it hurt."
)
player_option = click.option(
    "--player", type=click.Choice(["auto", *PLAYERS]), default="auto", show_default=True,
    help="What plays the sound; null keeps time in silence.",
)  # fmt: skip


class OutputFile(click.ParamType[str]):
    """A file in a format that Coach writes; with `folder`, also a folder for it."""

    name = "file"

    def __init__(self, *, folder: bool) -> None:
        self.folder = folder

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the file's name."""
        name = str(value)
        if not (self.folder and is_folder(name)):
            try:
                format_of(Path(name))
            except AudioError as error:
                self.fail(str(error), param, ctx)
        return name


def is_folder(name: str) -> bool:
    """Return whether a name means a folder: it exists, or the name ends with a slash."""
    return bool(name) and (name[-1] in "/\\" or Path(name).is_dir())


def options(command: F) -> F:
    """Give a command the options for compiling a script; `request_of` reads them."""
    language = click.option("--language", metavar="CODE", help="The language, instead of the script's.")
    level = click.option(
        "--level",
        type=click.Choice([str(level) for level in Level]),
        help="The easier or the harder variant.",
    )
    return dose_options(level(language(command)))


def dose_options(command: F) -> F:
    """Give a command the same, except level and language: a command that takes several has its own."""
    decorators = [
        voice_option,
        rate_option,
        click.option("--reps", type=_field("reps", "number"), help="Repetitions of every exercise."),
        click.option(
            "--sides",
            type=_Read("names", read_sides),
            help="The sides to do, if there are sides: left, or right,left.",
        ),
        click.option("--sets", type=_field("sets", "number"), help="Sets of every exercise."),
        click.option(
            "--guidance",
            type=click.Choice([str(guidance) for guidance in Guidance]),
            metavar="HOW",
            help="How much is said: full, short, quiet, or auto.",
        ),
        click.option("--no-progress", is_flag=True, help="Start every dose at the low end of its range."),
        click.option("--rest", type=_field("rest", "duration"), help="Rest between sets: 45, 1m30s."),
    ]
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def request_of(script: Path, choices: Mapping[str, Any]) -> Request:
    """Return the request that the options of `options` make; a command's own options are ignored.

    Raises:
        SpeechError: Coach does not speak the language.
    """
    language = choices["language"]
    return Request(
        script,
        level=None if choices["level"] is None else Level(choices["level"]),
        voice=choices["voice"],
        rate=choices["rate"],
        volume=choices.get("volume"),
        language=None if language is None else read_language(language),
        guidance=None if choices["guidance"] is None else Guidance(choices["guidance"]),
        grows=not choices["no_progress"],
        change=Change(**{name: choices[name] for name in ("reps", "sides", "sets", "rest")}),
    )


class Typed(Command):
    """A command that remembers its options as they were typed; `typed` returns them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note the options, then read them as ever."""
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[__name__] = given
        return super().parse_args(ctx, args)


def typed(context: click.Context, but: Collection[str]) -> list[str]:
    """Return the options of a `Typed` command as words for another command line, except some."""
    given = context.meta[__name__]
    return [
        word
        for param in context.command.params
        if isinstance(param, click.Option) and param.name in given and param.name not in but
        for word in ([param.opts[0]] if param.is_flag else [param.opts[0], given[param.name]])
    ]
