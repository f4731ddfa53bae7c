"""What every command that compiles a script shares: its options, and the way from script to timeline."""

from __future__ import annotations

import dataclasses
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from coach import script
from coach.errors import Location
from coach.script.document import Scalar
from coach.script.format import REPS, SET_REST, SETS
from coach.script.values import Reader, Value
from coach.speech import open_speech
from coach.timeline import compile_routine, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from rich.progress import Progress

    from coach.routine import Routine, Span
    from coach.speech import Speech
    from coach.timeline import Timeline

T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., object]")

_SHOW_AFTER = 1.0  # seconds of work before a progress bar appears


class _Field(click.ParamType[object]):
    """An option that is written as the script's field is."""

    def __init__(self, value: Value[T], name: str) -> None:
        self.value = value
        self.name = name

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        if not isinstance(value, str):
            return value
        reader = Reader()
        read = self.value.read(Scalar(value, Location("", 1, 1)), reader)
        if read is None or reader.problems:
            self.fail(reader.problems[0].message, param, ctx)
        return read


class _ScriptFile(click.ParamType[Path]):
    """A script's path, or the bare name of one on the shelves."""

    name = "script"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if isinstance(value, Path):
            return value
        name = str(value)
        path = script.find(name)
        if path is None:
            known = script.on_shelves()
            self.fail(f"no script '{name}'; known by name are {', '.join(known) or 'none'}", param, ctx)
        if not path.exists():
            self.fail(f"there is no file {path}", param, ctx)
        return path


SCRIPT_FILE = _ScriptFile()


class Wanted(NamedTuple):
    """What a person asked for on the command line.

    Attributes:
        script: the file.
        level: None, "easier" or "harder".
        voice: a voice's name; None for the script's own, and so on.
        rate: multiplier of the voice's speed.
        language: language code.
        change: the person's own dose.
    """

    script: Path
    level: str | None
    voice: str | None
    rate: float | None
    language: str | None
    change: script.Change


def options(command: F) -> F:
    """Give a command the options of everything that compiles a script; `wanted` collects them."""
    level = click.Choice(script.LEVELS)
    decorators = [
        click.option("--level", type=level, help="The easier or the harder variant."),
        click.option("--voice", metavar="NAME", help="Who speaks, in place of the script's voice."),
        click.option(
            "--rate", type=click.FloatRange(0.5, 2.0), help="How fast the voice speaks; 1 is usual."
        ),
        click.option("--language", metavar="CODE", help="The language, in place of the script's."),
        click.option("--reps", type=_Field(REPS.value, "reps"), help="Repetitions of every exercise: 12."),
        click.option("--sides", metavar="NAMES", help="The sides to do, of exercises that have sides: left."),
        click.option("--sets", type=_Field(SETS.value, "sets"), help="Sets of every exercise."),
        click.option("--rest", type=_Field(SET_REST.value, "duration"), help="Rest between sets: 45, 1m30s."),
    ]
    for decorate in reversed(decorators):
        command = decorate(command)
    return command


def wanted(
    path: Path,
    *,
    level: str | None,
    voice: str | None,
    rate: float | None,
    language: str | None,
    reps: Span | None,
    sides: str | None,
    sets: int | None,
    rest: Fraction | None,
) -> Wanted:
    """Return the options of `options` as one value."""
    named = tuple(side.strip() for side in sides.split(",")) if sides is not None else None
    if named is not None and (not all(named) or len(set(named)) < len(named)):
        raise click.BadParameter(f"must name each side once, such as left or left,right (got '{sides}')")
    change = script.Change(reps=reps, sides=named, sets=sets, rest=rest)
    return Wanted(path, level, voice, rate, language, change)


def load(wish: Wanted) -> Routine:
    """Return the routine of a script as a person wants it."""
    routine = script.load(wish.script, level=wish.level, change=wish.change, language=wish.language)
    choice = routine.voice
    if wish.voice is not None:
        choice = dataclasses.replace(choice, engine="auto", name=wish.voice)
    if wish.rate is not None:
        choice = dataclasses.replace(choice, rate=wish.rate)
    if wish.level and wish.level not in routine.levels:
        note(f"{wish.script}: no exercise of it has a variant '{wish.level}'; it stays as it is")
    return dataclasses.replace(routine, voice=choice)


def compiled(wish: Wanted) -> tuple[Timeline, Speech]:
    """Go the whole way from a script to its timeline: read, open a voice, speak ahead, compile."""
    routine = load(wish)
    speech = open_speech(routine.language, routine.voice, pronounce=routine.pronounce, script=wish.script)
    if speech.fallback:
        note(speech.fallback)
    with progress(f"Speaking with {speech.voice_name}") as advance:
        speech.prepare(texts(routine), advance)
    timeline = compile_routine(routine, speech)
    if speech.cache.failure:
        note(f"the clip cache cannot be written ({speech.cache.failure}); all still works, only slower")
    return timeline, speech


def note(message: str) -> None:
    """Tell a person something beside the result."""
    click.echo(f"coach: {message}", err=True)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback that draws a bar once the work has taken a second; None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    started = time.monotonic()
    bar = None

    def advance(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            if time.monotonic() - started < _SHOW_AFTER:
                return
            bar = _bar()
            bar.start()
            bar.add_task(title, total=total)
        bar.update(bar.task_ids[0], completed=done, total=total)

    try:
        yield advance
    finally:
        if bar is not None:
            bar.stop()


def _bar() -> Progress:
    """Return a progress bar on standard error that vanishes when it is done."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True)


def clock(samples: int, *, tenths: bool = False) -> str:
    """Return a moment as a person reads it: 1:05, or 1:05.3 with tenths, or 1:02:03 from an hour on."""
    from coach.units import RATE

    whole, part = divmod(samples, RATE)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}.{part * 10 // RATE}" if tenths else text
