"""What every command that compiles a script shares: its options, and the way from script to timeline."""

from __future__ import annotations

import dataclasses
import sys
import time
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from coach import phrases, script
from coach.cli.app import one_line
from coach.errors import AudioError, Location, SpeechError
from coach.player import PLAYERS, open_player
from coach.script.document import Scalar
from coach.script.format import GUIDANCES, RATE, REPS, SET_REST, SETS, VOICE_NAME, VOLUME
from coach.script.values import Reader, Seconds, Value
from coach.speech import open_speech
from coach.timeline import compile_routine, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.progress import Progress

    from coach.history import SessionLog
    from coach.player import Player
    from coach.progress import Standing
    from coach.routine import Routine, Span
    from coach.speech import Speech
    from coach.timeline import Timeline

    Advance = Callable[[int, int], None]
    Shows = Callable[[str], AbstractContextManager[Advance | None]]

T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., object]")

_WHILE = Seconds(Fraction(0), Fraction(24 * 3600))
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


class _Sides(click.ParamType[tuple[str, ...]]):
    """Names with commas between them, each once."""

    name = "names"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        sides = tuple(side.strip() for side in str(value).split(","))
        if not all(sides) or len(set(sides)) < len(sides):
            self.fail(f"must name each side once, such as left or left,right (got '{value}')", param, ctx)
        return sides


class Wanted(NamedTuple):
    """What a person asked for on the command line.

    Attributes:
        script: the file.
        level: None, "easier" or "harder".
        voice: a voice's name; None for the script's own, and so on.
        rate: multiplier of the voice's speed.
        volume: dB over the usual level.
        language: language code.
        guidance: how much is said; None for what the script says, else what is usual.
        grows: whether doses follow the log of sessions.
        change: the person's own dose.
    """

    script: Path
    level: str | None = None
    voice: str | None = None
    rate: float | None = None
    volume: float | None = None
    language: str | None = None
    guidance: str | None = None
    grows: bool = True
    change: script.Change = script.Change()


voice_option = click.option(
    "--voice", type=_Field(VOICE_NAME.value, "name"), help="Who speaks, in place of the script's voice."
)
rate_option = click.option(
    "--rate", type=_Field(RATE.value, "number"), help="How fast the voice speaks: 0.5 to 2."
)
volume_option = click.option(
    "--volume", type=_Field(VOLUME.value, "dB"), help="Louder or softer than usual, in dB: -6 is half."
)
wait_option = click.option(
    "--wait",
    type=_Field(_WHILE, "duration"),
    help="How long a scheduled run waits for the sound server; 2m if not given.",
)
limit_option = click.option(
    "--limit", type=_Field(_WHILE, "duration"), help="Stop after so long, pauses included: 20m, 1h30m."
)
check_in_option = click.option("--check-in", is_flag=True, help="Ask at the end how hard it was.")
player_option = click.option(
    "--player", type=click.Choice(["auto", *PLAYERS]), default="auto", show_default=True,
    help="What plays it; null keeps time in silence.",
)  # fmt: skip


class Typed(click.Command):
    """A command that remembers its options as they were typed; `typed` tells them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note the options, then read them as ever."""
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[__name__] = given
        return super().parse_args(ctx, args)


def typed(context: click.Context, but: Collection[str]) -> list[str]:
    """Return the options of a `Typed` command as words for another command line, but for some of them."""
    given = context.meta[__name__]
    return [
        word
        for param in context.command.params
        if isinstance(param, click.Option) and param.name in given and param.name not in but
        for word in ([param.opts[0]] if param.is_flag else [param.opts[0], given[param.name]])
    ]


def options(command: F) -> F:
    """Give a command the options of everything that compiles a script; `wanted` collects them."""
    level = click.Choice(script.LEVELS)
    command = click.option("--language", metavar="CODE", help="The language, in place of the script's.")(
        command
    )
    command = click.option("--level", type=level, help="The easier or the harder variant.")(command)
    return dose_options(command)


def dose_options(command: F) -> F:
    """Give a command what `options` gives, but for level and language: one that takes several has its own."""
    decorators = [
        voice_option,
        rate_option,
        click.option("--reps", type=_Field(REPS.value, "number"), help="Repetitions of every exercise."),
        click.option(
            "--sides", type=_Sides(), help="The sides to do, where there are sides: left, or right,left."
        ),
        click.option("--sets", type=_Field(SETS.value, "number"), help="Sets of every exercise."),
        click.option(
            "--guidance",
            type=click.Choice(GUIDANCES),
            metavar="HOW",
            help="What is said: full, short, quiet, or auto.",
        ),
        click.option("--no-progress", is_flag=True, help="Take the low end of ranges."),
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
    sides: tuple[str, ...] | None,
    sets: int | None,
    rest: Fraction | None,
    guidance: str | None,
    no_progress: bool,
    volume: float | None = None,
) -> Wanted:
    """Return the options of `options` as one value."""
    change = script.Change(reps=reps, sides=sides, sets=sets, rest=rest)
    code = None if language is None else spoken(language)
    return Wanted(path, level, voice, rate, volume, code, guidance, not no_progress, change)


def spoken(language: str) -> str:
    """Return the code of a language that Coach has sentences in.

    Raises:
        SpeechError: it has none.
    """
    code = language.strip().lower().replace("_", "-")
    known = phrases.languages()
    if code not in known and code.partition("-")[0] not in known:
        raise SpeechError(f"Coach does not speak the language '{language}'; it speaks {', '.join(known)}")
    return code


def load(wish: Wanted) -> Routine:
    """Return the routine of a script as a person wants it."""
    _check_sides(wish)
    routine = script.load(wish.script, level=wish.level, change=wish.change, language=wish.language)
    choice = routine.voice
    if wish.voice is not None:
        choice = dataclasses.replace(choice, engine="auto", name=wish.voice)
    if wish.rate is not None:
        choice = dataclasses.replace(choice, rate=wish.rate)
    if wish.volume is not None:
        choice = dataclasses.replace(choice, volume=wish.volume)
    if wish.level and wish.level not in routine.levels:
        note(f"{wish.script}: no exercise of it has a variant '{wish.level}'; it stays as it is")
    return dataclasses.replace(routine, voice=choice)


def fitted(wish: Wanted, routine: Routine, usual: str, *, resumes: SessionLog | None = None) -> Routine:
    """Return a routine with today's doses, and with as much guidance as is wished or needed.

    Args:
        wish: what a person asked for.
        routine: what `load` gave for it.
        usual: the guidance where neither the person nor the script says anything.
        resumes: a session that is taken up; all is as it was for that one.
    """
    from coach.progress import grows, today

    guidance = wish.guidance or routine.guidance or usual
    sessions: list[SessionLog] = []
    if guidance == "auto" or (wish.grows and any(map(grows, routine.exercises()))):
        sessions = history()
    now = datetime.now().astimezone()
    while resumes:
        now = resumes.started
        sessions = [each for each in sessions if each.id < resumes.id] if sessions else []
        earlier = resumes.options.get("resumes")
        resumes = next((each for each in sessions if each.id == earlier), None)
    return today(routine, sessions, now, grows=wish.grows, guidance=guidance)


def standing(wish: Wanted, routine: Routine) -> list[Standing]:
    """Return where a person stands with each exercise of a routine on each side, as `fitted` sees it."""
    from coach.progress import grows, standings

    sessions = history() if wish.grows and any(map(grows, routine.exercises())) else []
    return standings(routine, sessions, datetime.now().astimezone())


@cache
def history() -> list[SessionLog]:
    """Return the log of sessions, oldest first; none, and a note, where it cannot be read."""
    from coach.history import History, HistoryError, session_lock
    from coach.lock import is_held

    try:
        with History() as log:
            return log.sessions(playing=is_held(session_lock()))
    except HistoryError as error:
        note(f"{error}; doses are at their low end")
        return []


def _check_sides(wish: Wanted) -> None:
    """Refuse a side that no exercise has: it is a slip of the finger."""
    if wish.change.sides is None:
        return
    change = dataclasses.replace(wish.change, sides=None)
    routine = script.load(wish.script, level=wish.level, change=change, language=wish.language)
    known = list(dict.fromkeys(side for exercise in routine.exercises() for side in exercise.sides))
    unknown = [side for side in wish.change.sides if side not in known]
    if unknown:
        there = (
            f"the sides of {wish.script} are {', '.join(known)}" if known else f"{wish.script} has no sides"
        )
        raise click.BadParameter(f"no side '{unknown[0]}'; {there}", param_hint="'--sides'")


def compiled(
    wish: Wanted, routine: Routine | None = None, *, shows: Shows | None = None
) -> tuple[Timeline, Speech]:
    """Go the whole way from a script to its timeline: read, open a voice, speak ahead, compile.

    Args:
        wish: what a person asked for.
        routine: what `load` gave for it, where that was called before.
        shows: how progress is shown; None for `progress`.
    """
    routine = routine or load(wish)
    speech = open_speech(routine.language, routine.voice, pronounce=routine.pronounce, script=wish.script)
    if speech.fallback:
        note(speech.fallback)
    with (shows or progress)(f"Speaking with {speech.voice_name}") as advance:
        speech.prepare(texts(routine), advance)
    timeline = compile_routine(routine, speech)
    for line in speech.cache.notes():
        note(line)
    return timeline, speech


def ready_to_steer(timeline: Timeline, speech: Speech) -> None:
    """Have everything spoken that a session may have to say at once, wherever a person goes in it."""
    from coach.session.places import recaps

    with progress(f"Speaking with {speech.voice_name}") as advance:
        speech.prepare(recaps(timeline), advance)


def opened(player: str, instead: str) -> Player:
    """Return an open player.

    Args:
        player: its name.
        instead: what a person can do on a machine without a sound device.

    Raises:
        AudioError: there is none; it tells what can be done.
    """
    try:
        return open_player(player)
    except AudioError as error:
        raise AudioError(f"{error}; {instead}, and --player null keeps time in silence") from error


def tell(message: str) -> None:
    """Tell a person something beside the result."""
    click.echo(f"coach: {one_line(message)}", err=True)


note = cache(tell)
"""Likewise, but the same words only once: a command may compile several times."""


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
            from rich.markup import escape

            bar = _bar()
            bar.start()
            bar.add_task(escape(title), total=total)
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
