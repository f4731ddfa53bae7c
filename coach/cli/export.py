"""`coach export`: a routine as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coach import phrases, script
from coach.cli import CANNOT, DONE
from coach.cli.app import one_line
from coach.cli.compiling import dose_options, note, progress, spoken, wanted
from coach.cli.export_one import Job, Made, Place, make, tell_warnings
from coach.cli.scripts import SCRIPT_FILE
from coach.encode.delivery import check_place, deliver
from coach.encode.formats import FORMATS, RATES, format_of
from coach.encode.names import file_name
from coach.errors import AudioError, ScriptError
from coach.speech import find_cache
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PLAIN = "plain"
_ALL = "all"


class _Output(click.ParamType[str]):
    """A file of a format that Coach writes; with `folder`, or a folder for it."""

    name = "file"

    def __init__(self, *, folder: bool) -> None:
        self.folder = folder

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = str(value)
        if not (self.folder and _is_folder(name)):
            try:
                format_of(Path(name))
            except AudioError as error:
                self.fail(str(error), param, ctx)
        return name


class _Several(click.ParamType[tuple[str, ...]]):
    """Some of the words that there are, with commas between them, or "all"."""

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
        """Refuse a word that is none of them."""
        if word not in self.known():
            known = ", ".join(self.known())
            self.fail(f"'{word}' is not one of {known}, several of them, or all", param, ctx)


class _Languages(_Several):
    """Languages that Coach has sentences in."""

    def check(self, word: str, param: click.Parameter | None, ctx: click.Context | None) -> None:  # noqa: ARG002
        """Refuse a word that is none of them."""
        spoken(word)


def output_option(*, folder: bool, text: str) -> Callable[[Any], Any]:
    """Return the option `-o`."""
    return click.option("-o", "--output", type=_Output(folder=folder), help=text)


@click.command()
@click.argument("scripts", metavar="SCRIPT...", type=SCRIPT_FILE, nargs=-1)
@output_option(
    folder=True, text=f"The file ({', '.join(FORMATS)}), or a folder for it. Default: NAME.mp3, here."
)
@click.option(
    "--all",
    "every",
    metavar="[DIR]",
    is_flag=False,
    flag_value="",
    help="All routines that 'coach list' shows, into DIR.",
)
@click.option(
    "--album",
    metavar="[DIR]",
    is_flag=False,
    flag_value="",
    help="A folder with one track for each chapter: DIR, else NAME.",
)
@click.option(
    "--to", metavar="DIR", help="Copy to a phone, a stick or a synced folder what is not there yet."
)
@click.option("--format", "kind", type=click.Choice([each[1:] for each in FORMATS]), help="Default: mp3.")
@click.option("--captions", is_flag=True, help="What is said, beside the track, as .lrc and .vtt.")
@click.option(
    "--sample-rate",
    "hertz",
    type=click.Choice([str(each) for each in RATES]),
    default=str(RATE),
    show_default=True,
    help="44100 for old car stereos.",
)
@click.option(
    "--level",
    "levels",
    type=_Several("levels", lambda: (_PLAIN, *script.LEVELS)),
    help="The easier or the harder variant; several with commas, as in plain,easier; or all.",
)
@click.option(
    "--language",
    "languages",
    type=_Languages("codes", phrases.languages),
    help="The language, in place of the script's; several with commas; or all.",
)
@dose_options
def command(
    scripts: tuple[Path, ...],
    *,
    every: str | None,
    levels: tuple[str, ...] | None,
    languages: tuple[str, ...] | None,
    to: str | None,
    **choices: Any,
) -> int:
    """Write SCRIPT as a track, with title and chapters where the format has them; several on all cores.

    NAME is that of the script, with -easier or -harder behind it for a level. An existing file is replaced
    only by a whole one, and left alone if it already holds this track; so a run that was stopped goes on.
    """
    if every is not None and scripts:
        raise click.UsageError("--all is every routine there is: leave SCRIPT out")
    if every is None and not scripts:
        raise click.UsageError("Missing argument 'SCRIPT...'")
    if every is not None:
        scripts = tuple(script.on_shelves().values())
    several = every is not None or len(set(scripts)) > 1 or _is_several(levels) or _is_several(languages)
    if to is not None:
        check_place(Path(to))
    place = _place(every=every, to=to, several=several, **{name: choices.pop(name) for name in _PLACING})
    jobs = [
        job
        for path in dict.fromkeys(scripts)
        for job in _jobs(path, levels or (_PLAIN,), languages, place, choices)
    ]
    _check_names(jobs)
    if several:
        made, code, stopped = _make_all(jobs)
    else:
        made, code, stopped = [make(jobs[0])], DONE, False
        click.echo(made[0].told)
        tell_warnings(jobs[0], made[0])
    if to is not None:
        find_cache(None).note_made(file for each in made for file in each.files)
    return code if to is None or stopped else max(code, _deliver(made, Path(to)))


_PLACING = ("output", "album", "kind", "captions", "hertz")


def _is_several(words: tuple[str, ...] | None) -> bool:
    return words is not None and (len(words) > 1 or words == (_ALL,))


def _place(
    *,
    output: str | None,
    every: str | None,
    album: str | None,
    to: str | None,
    kind: str | None,
    captions: bool,
    hertz: str,
    several: bool,
) -> Place:
    """Return where tracks go, and as what."""
    if output and every:
        raise click.UsageError("--all names a folder already: leave -o out")
    if album and (output or every):
        raise click.UsageError("--album names a folder already: name it once")
    file = output is not None and not _is_folder(output)
    if file and (several or album is not None):
        raise click.UsageError(f"several tracks need a folder, and {output} is a file")
    suffix = f".{kind}" if kind else Path(output or "").suffix if file else ".mp3"
    if file and Path(output or "").suffix.lower() != suffix.lower():
        raise click.UsageError(f"--format {kind} does not go with {output}")
    try:
        format_of(Path(f"a{suffix}"), int(hertz))
    except AudioError as error:
        raise click.BadParameter(str(error), param_hint="'--sample-rate'") from error
    folder = Path(output or every or album or "")
    if to and not (output or every or album):
        folder = find_cache(None).make_tracks()
    elif every or (album and several):
        folder.mkdir(exist_ok=True)
    name = folder.name if file else None
    own = None if album is None else several or not album
    return Place(folder.parent if file else folder, name, suffix, own, captions, int(hertz))


def _jobs(
    path: Path,
    levels: tuple[str, ...],
    languages: tuple[str, ...] | None,
    place: Place,
    choices: dict[str, Any],
) -> Iterator[Job]:
    """Yield what is to be made of one script."""
    if levels == (_ALL,):
        levels = (_PLAIN, *_levels_of(path))
    codes = phrases.languages() if languages == (_ALL,) else languages or (None,)
    for code in codes:
        stem = f"{path.stem}-{code}" if _is_several(languages) else path.stem
        for level in levels:
            wish = wanted(path, level=None if level == _PLAIN else level, language=code, **choices)
            yield Job(wish, stem, place)


def _levels_of(path: Path) -> Sequence[str]:
    """Return the levels that a script has a variant for."""
    try:
        routine = script.load(path)
    except ScriptError:
        return ()  # told when it is its turn
    return [level for level in script.LEVELS if level in routine.levels]


def _check_names(jobs: Sequence[Job]) -> None:
    """Refuse two scripts that would be written to the same file, also on a disk to which A is a."""
    found: dict[str, Path] = {}
    for job in jobs:
        name = file_name(job.label, job.place.suffix)
        other = found.setdefault(name.casefold(), job.wish.script)
        if other != job.wish.script:
            raise click.UsageError(f"{other} and {job.wish.script} would both be {name}: export one by one")


def _make_all(jobs: Sequence[Job]) -> tuple[list[Made], int, bool]:
    from coach.cli.export_many import make_all

    total = make_all(jobs)
    written = sum(made.written > 0 for made in total.made)
    parts = [f"{written} written", f"{len(total.made) - written} unchanged"]
    if missing := len(jobs) - len(total.made):
        parts.append(f"{missing} not made")
    click.echo(f"coach: {len(jobs)} export{'s'[: len(jobs) != 1]}: {', '.join(parts)}", err=True)
    return total.made, total.code, total.stopped


def _deliver(tracks: Sequence[Made], folder: Path) -> int:
    """Copy to a folder, tell of it, and return the exit code."""
    files: dict[str, Path] = {}
    for made in tracks:
        album = made.path.is_dir()
        for file in made.files:
            files[f"{made.path.resolve().name}/{file.name}" if album else file.name] = file
    with progress(f"Copying to {folder}") as advance:
        done = deliver(files, folder, progress=advance)
    removed = f", {len(done.removed)} removed" if done.removed else ""
    click.echo(one_line(f"{folder}: {len(done.copied)} copied, {len(done.unchanged)} unchanged{removed}"))
    for name in done.refused:
        note(
            f"{folder / name} is not as Coach left it, or not Coach's: rename or remove it, then run it again"
        )
    return CANNOT if done.refused else DONE


def _is_folder(name: str) -> bool:
    return bool(name) and (name[-1] in "/\\" or Path(name).is_dir())
