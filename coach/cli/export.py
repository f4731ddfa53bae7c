"""`coach export`: write routines as audio files."""

from __future__ import annotations

import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from coach import phrases, script
from coach.app.amounts import clock, count_text
from coach.app.export import Place, deliver_exports, export, export_to_stream, make_tracks_folder
from coach.app.request import read_language
from coach.borders import printable
from coach.cli import CANNOT, DONE
from coach.cli.command import Command
from coach.cli.errors import explain
from coach.cli.options import OutputFile, dose_options, is_folder, request_of
from coach.cli.reporting import REPORTER
from coach.cli.scripts import SCRIPT_FILE
from coach.encode.delivery import check_place
from coach.encode.formats import FORMATS, RATES, format_of
from coach.errors import AudioError
from coach.routine import Level
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.progress import Progress, TaskID

    from coach.app.batch import Event
    from coach.app.export import ExportResult, Job
    from coach.app.request import Request

_STDOUT = "-"
_PLAIN = "plain"
_ALL = "all"


class _Several(click.ParamType[tuple[str, ...]]):
    """Some of the known words, separated by commas, or "all"."""

    def __init__(self, name: str, known: Callable[[], Sequence[str]]) -> None:
        self.name = name
        self.known = known

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        words = tuple(dict.fromkeys(word.strip() for word in str(value).split(",")))
        if words == (_ALL,):
            return words
        for word in words:
            self.check(word, param, ctx)
        return words

    def check(self, word: str, param: click.Parameter | None, ctx: click.Context | None) -> None:
        """Refuse an unknown word."""
        if word not in self.known():
            known = ", ".join(self.known())
            self.fail(f"'{word}' is not one of {known}, several of them, or all", param, ctx)


class _Languages(_Several):
    """Languages that Coach speaks."""

    def check(self, word: str, param: click.Parameter | None, ctx: click.Context | None) -> None:  # noqa: ARG002
        """Refuse an unknown word."""
        read_language(word)


@click.command(cls=Command)
@click.argument("scripts", metavar="SCRIPT...", type=SCRIPT_FILE, nargs=-1)
@click.option(
    "-o",
    "--output",
    type=OutputFile(folder=True),
    help=f"The file ({', '.join(FORMATS)}), a folder for it, or - for standard output. Default: NAME.mp3.",
)
@click.option(
    "--all",
    "every",
    metavar="[DIR]",
    is_flag=False,
    flag_value="",
    help="Export every routine that 'coach list' shows, into DIR.",
)
@click.option(
    "--album",
    metavar="[DIR]",
    is_flag=False,
    flag_value="",
    help="Write a folder with one track for each chapter: DIR, or NAME.",
)
@click.option("--to", metavar="DIR", help="Copy what is missing or out of date to DIR, which must exist.")
@click.option(
    "--format",
    "kind",
    type=click.Choice([each[1:] for each in FORMATS]),
    metavar="FORMAT",
    help=f"{', '.join(each[1:] for each in FORMATS)}; mp3 by default.",
)
@click.option("--captions", is_flag=True, help="Also write what is said beside each track, as .lrc and .vtt.")
@click.option(
    "--sample-rate",
    type=click.Choice([str(each) for each in RATES]),
    default=str(RATE),
    metavar="RATE",
    help=f"{', '.join(map(str, RATES))}; 44100 for old car stereos.",
)
@click.option(
    "--level",
    "levels",
    type=_Several("levels", lambda: (_PLAIN, *map(str, Level))),
    help="The easier or the harder variant; several with commas, as in plain,easier; or all.",
)
@click.option(
    "--language",
    "languages",
    type=_Languages("codes", phrases.languages),
    help="The language, instead of the script's; several with commas; or all.",
)
@dose_options
def command(
    scripts: tuple[Path, ...],
    *,
    output: str | None,
    every: str | None,
    album: str | None,
    to: str | None,
    kind: str | None,
    captions: bool,
    sample_rate: str,
    levels: tuple[str, ...] | None,
    languages: tuple[str, ...] | None,
    **choices: Any,
) -> int:
    """Write SCRIPT as a track, with title and chapters where the format has them; several on all cores.

    NAME is that of the script, with -easier or -harder behind it for a level. An existing file is replaced
    only by a whole one, and left alone if it already holds this track; so a run that was stopped goes on.
    """
    several = every is not None or len(set(scripts)) > 1 or _is_several(levels) or _is_several(languages)
    wanted = _Wanted(scripts, output, every, album, to, kind, captions, several)
    wanted.refuse_contradictions()
    if every is not None:
        scripts = tuple(script.on_shelves().values())
    if to is not None:
        check_place(Path(to))
    place = _make_place(wanted, captions=captions, sample_rate=int(sample_rate))
    if wanted.to_stdout:
        level = _read_level(levels[0]) if levels else None
        language = languages[0] if languages else None
        request = request_of(scripts[0], {**choices, "level": level, "language": language})
        _tell_warnings(request, export_to_stream(request, place, sys.stdout.buffer, REPORTER))
        return DONE
    from coach.app.batch import plan_exports

    jobs = plan_exports(
        request_of(scripts[0], {**choices, "level": None, "language": None}),
        scripts,
        place,
        levels=None if levels == (_ALL,) else [_read_level(word) for word in levels or (_PLAIN,)],
        languages=None if languages == (_ALL,) else languages or (None,),
    )
    if several:
        results, code, stopped = _export_all(jobs)
    else:
        results, code, stopped = [export(*jobs[0], REPORTER)], DONE, False
        _tell_result(jobs[0], results[0])
    return code if to is None or stopped else max(code, _deliver(results, Path(to)))


class _Wanted(NamedTuple):
    """The options that say where tracks go, each as it was typed, or None."""

    scripts: tuple[Path, ...]
    output: str | None
    every: str | None
    album: str | None
    to: str | None
    kind: str | None
    captions: bool
    several: bool

    @property
    def file(self) -> Path | None:
        """The file of the only track, if it was named."""
        named = self.output is not None and not self.to_stdout and not is_folder(self.output)
        return Path(self.output) if named and self.output else None

    @property
    def to_stdout(self) -> bool:
        """Whether the track goes to standard output."""
        return self.output == _STDOUT

    @property
    def folder(self) -> str:
        """The folder that was named; empty for the current one or if none was."""
        return self.output or self.every or self.album or ""

    @property
    def suffix(self) -> str:
        """The format."""
        return f".{self.kind}" if self.kind else self.file.suffix if self.file else ".mp3"

    def refuse_contradictions(self) -> None:
        """Refuse options that can't go together.

        Raises:
            click.UsageError: there are some.
        """
        for contradicts, message in _CONTRADICTIONS:
            if contradicts(self):
                raise click.UsageError(message.format(self))


_CONTRADICTIONS: tuple[tuple[Callable[[_Wanted], object], str], ...] = (
    (lambda it: it.every is not None and it.scripts, "--all is every routine there is: leave SCRIPT out"),
    (lambda it: it.every is None and not it.scripts, "Missing argument 'SCRIPT...'"),
    (lambda it: it.output and it.every, "--all names a folder already: leave -o out"),
    (lambda it: it.album and (it.output or it.every), "--album names a folder already: name it once"),
    (
        lambda it: it.to_stdout and (it.several or it.album is not None or it.to is not None),
        "-o - writes a single track, and nothing else: leave albums, copies and several tracks out",
    ),
    (lambda it: it.to_stdout and it.captions, "captions stand beside a file: leave --captions or -o - out"),
    (
        lambda it: it.to_stdout and sys.stdout.isatty(),
        "-o - would write sound to this terminal: send it on, with > FILE or | PLAYER",
    ),
    (
        lambda it: not (it.file or it.to_stdout or it.album) and not all(map(script.has_name, it.scripts)),
        "a script that comes through a pipe has no name for its track: add -o FILE, or -o -",
    ),
    (
        lambda it: it.several and not all(map(script.has_name, it.scripts)),
        "a script that comes through a pipe has no name for several tracks: save it as a file first",
    ),
    (
        lambda it: it.file and (it.several or it.album is not None),
        "several tracks need a folder, and {0.output} is a file",
    ),
    (
        lambda it: it.file and it.file.suffix.lower() != it.suffix.lower(),
        "--format {0.kind} does not go with {0.output}",
    ),
)


def _make_place(wanted: _Wanted, *, captions: bool, sample_rate: int) -> Place:
    """Return where tracks go, and in what form; the folder is created if needed."""
    try:
        format_of(Path(f"a{wanted.suffix}"), sample_rate)
    except AudioError as error:
        raise click.BadParameter(str(error), param_hint="'--sample-rate'") from error
    folder = wanted.file.parent if wanted.file else Path() if wanted.to_stdout else Path(wanted.folder)
    kept = bool(wanted.to and not wanted.folder)
    if kept:
        folder = make_tracks_folder()
    elif wanted.every or (wanted.album and wanted.several):
        folder.mkdir(exist_ok=True)
    return Place(
        folder,
        wanted.file.name if wanted.file else None,
        suffix=wanted.suffix,
        album=wanted.album is not None,
        own_folder=wanted.several or not wanted.album,
        captions=captions,
        sample_rate=sample_rate,
        private=kept,
    )


def _is_several(words: tuple[str, ...] | None) -> bool:
    return words is not None and (len(words) > 1 or words == (_ALL,))


def _read_level(word: str) -> Level | None:
    return None if word == _PLAIN else Level(word)


def _export_all(jobs: Sequence[Job]) -> tuple[list[ExportResult], int, bool]:
    """Do many exports, and report each as it is done.

    Returns:
        The results in the order of their jobs, the exit code, and whether the machine stopped it.
    """
    from coach.app.batch import export_all, stops_others
    from coach.app.export_worker import Failure, Step

    results: dict[Job, ExportResult] = {}
    code, stopped = DONE, False
    with _draw_bars(len(jobs)) as bars, closing(export_all(jobs, REPORTER)) as events:
        for event in events:
            bars.show(event)
            if isinstance(event.what, Step):
                continue
            if isinstance(event.what, Failure):
                error = event.what.error
                told = explain(error, f"coach: {event.job.request.script}")
                assert told, "None is only for errors that nobody expected"
                click.echo(told[0], err=True)
                code, stopped = max(code, told[1]), stopped or stops_others(error)
            else:
                results[event.job] = event.what
                _tell_result(event.job, event.what)
    done = [results[job] for job in jobs if job in results]
    written = sum(result.written > 0 for result in done)
    parts = [f"{written} written", f"{len(done) - written} unchanged"]
    if missing := len(jobs) - len(done):
        parts.append(f"{missing} not made")
    click.echo(f"coach: {count_text(len(jobs), 'export')}: {', '.join(parts)}", err=True)
    return done, code, stopped


def _tell_result(job: Job, result: ExportResult) -> None:
    """Report an export, and where to read more about its warnings."""
    done = "written" if result.written else "unchanged"
    if result.is_album:
        done = f"{count_text(result.tracks, 'track')} {done}"
        if 0 < result.written < result.tracks:
            done = f"{result.written} of {result.tracks} tracks written"
    size = f"{result.size_bytes / 1e6:.1f} MB"
    click.echo(printable(f"{result.path}: {done}, {clock(result.length)} minutes, {size}, {result.voice}"))
    _tell_warnings(job.request, result)


def _tell_warnings(request: Request, result: ExportResult) -> None:
    """Say where a person reads what did not fit."""
    if result.warnings:
        number, named = count_text(result.warnings, "warning"), request.script
        again = "-" if named == script.STDIN else named
        REPORTER.note(f"{number}; 'coach check {again}' tells what did not fit")
    if result.longer:
        REPORTER.note(result.longer)


def _deliver(results: Sequence[ExportResult], folder: Path) -> int:
    """Copy to a folder, report it, and return the exit code."""
    done = deliver_exports(results, folder, REPORTER)
    removed = f", {len(done.removed)} removed" if done.removed else ""
    click.echo(printable(f"{folder}: {len(done.copied)} copied, {len(done.unchanged)} unchanged{removed}"))
    for name in done.refused:
        REPORTER.note(
            f"{folder / name} is not as Coach left it, or not Coach's: rename or remove it, then run it again"
        )
    return CANNOT if done.refused else DONE


class _Bars:
    """Draws nothing."""

    def show(self, event: Event) -> None:
        """Show what happened to a job."""


class _Drawn(_Bars):
    """Draws a bar for each job that runs, and one for all."""

    def __init__(self, progress: Progress, jobs: int) -> None:
        self._progress = progress
        self._all = progress.add_task("all", total=jobs)
        self._tasks: dict[Job, TaskID] = {}

    def show(self, event: Event) -> None:
        """Show how far the current part of a job is; or count the job as done."""
        from rich.markup import escape

        from coach.app.export_worker import Step

        job, step = event
        if not isinstance(step, Step):
            if job in self._tasks:
                self._progress.remove_task(self._tasks.pop(job))
            self._progress.advance(self._all)
            return
        if job not in self._tasks:
            self._tasks[job] = self._progress.add_task("", total=None)
        text = escape(printable(f"{job.label}: {step.title.partition(' ')[0].lower()}"))
        self._progress.update(self._tasks[job], description=text, completed=step.done, total=step.total)


@contextmanager
def _draw_bars(jobs: int) -> Iterator[_Bars]:
    """Yield what draws bars on a terminal, or nothing without one."""
    if not sys.stderr.isatty():
        yield _Bars()
        return
    from rich.console import Console
    from rich.progress import Progress

    # Lines that go to the terminal appear above the bars, from both streams; a file gets its own.
    with Progress(
        console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()
    ) as progress:
        yield _Drawn(progress, jobs)
