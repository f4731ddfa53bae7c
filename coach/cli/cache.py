"""`coach cache`: where clips are kept, how many there are, and how to remove them."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from coach.app.amounts import count_text, size_text
from coach.borders import printable
from coach.cli.reporting import REPORTER
from coach.cli.scripts import SCRIPT_FILE
from coach.errors import SpeechError
from coach.speech import find_cache
from coach.speech.inventory import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from coach.speech import ClipCache
    from coach.speech.inventory import Kept

_DAY = 86_400
_TIMES = {"h": 3600, "hour": 3600, "d": _DAY, "day": _DAY, "w": 7 * _DAY, "week": 7 * _DAY}
_SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_MOST_NAMED = 20
_SIZES |= {"k": 10**3, "m": 10**6, "g": 10**9}


class _Amount(click.ParamType[float]):
    """A number with a unit."""

    def __init__(self, name: str, units: dict[str, int], words: str) -> None:
        self.name = name
        self.units = units
        self.words = words

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, (int, float)):
            return value
        found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]*)\s*", str(value).lower(), re.ASCII)
        unit = found[2] if found else "?"
        unit = unit if unit in self.units else unit.removesuffix("s")
        if not found or unit not in self.units:
            self.fail(f"must be {self.words} (got '{value}')", param, ctx)
        return float(found[1]) * self.units[unit]


def _of_script(command: Callable[..., Any]) -> Any:
    """Give a command the optional argument SCRIPT."""
    return click.argument("script", type=SCRIPT_FILE, required=False)(command)


def _careful(command: Callable[..., Any]) -> Any:
    """Give a command that removes files the options for that."""
    command = click.option("--dry-run", is_flag=True, help="Only list what would be removed.")(command)
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


@click.group(no_args_is_help=False)
def command() -> None:
    """Show or clean up the cache, which keeps each spoken sentence as a clip.

    It is the 'audio_cache' of the nearest folder above SCRIPT that has one, without SCRIPT above this folder;
    else the one of your user; COACH_CACHE names another. What is removed is spoken again when it is needed.
    Only what Coach made is ever removed.
    """


@command.command()
@_of_script
def path(script: Path | None) -> None:
    """Print the folder of the cache."""
    cache = _cache(script)
    for note in cache.notes():
        REPORTER.note(note)
    click.echo(printable(str(cache.root)))


@command.command()
@_of_script
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
def stats(script: Path | None, *, as_json: bool) -> None:
    """Print how much is in the cache, and how long it has not been used."""
    cache = _cache(script)
    for note in cache.notes():
        REPORTER.note(note)
    files = cache.files()
    clips = cache.clips()
    memos = [file for file in files if file.kind is Kind.EXPORT]
    size = sum(file.size for file in files)
    now = time.time()
    unused = [max(0.0, now - file.used) / _DAY for file in files]
    month = sum(days >= 30 for days in unused)
    if as_json:
        row = {
            "path": str(cache.root),
            "clips": len(clips),
            "exports": len(memos),
            "bytes": size,
            "unused_30_days": month,
            "unused_days": round(max(unused), 2) if unused else None,
        }
        click.echo(json.dumps(row, indent=2))
        return
    click.echo(printable(str(cache.root)))
    click.echo(
        f"{count_text(len(clips), 'clip')}, {count_text(len(memos), 'export')} remembered, {size_text(size)}"
    )
    if month:
        click.echo(f"{month} of them unused for 30 days or more, the longest for {max(unused):.0f} days")
    elif unused:
        click.echo("all of it used within 30 days")


@command.command()
@_of_script
@click.option(
    "--older-than",
    type=_Amount("time", _TIMES, "a time with its unit, such as 30d, 2w or 12h"),
    help="Remove what has not been used for this long: 30d, 2w, 12h.",
)
@click.option(
    "--max-size",
    type=_Amount("size", _SIZES, "a size, such as 200MB or 1.5GB"),
    help="Remove what has not been used for longest, until the rest is no larger than this: 200MB, 1GB.",
)
@_careful
def prune(
    script: Path | None, *, older_than: float | None, max_size: float | None, yes: bool, dry_run: bool
) -> None:
    """Remove what has not been used for long, by age, by size or both. Asks first."""
    if older_than is None and max_size is None:
        raise click.UsageError("say what to remove: --older-than 30d, --max-size 200MB, or both")
    cache = _cache_to_tidy(script)
    files = cache.stale(older_than=older_than, max_size=None if max_size is None else int(max_size))
    _remove(cache, files, yes=yes, dry_run=dry_run)


@command.command()
@_of_script
@_careful
def clear(script: Path | None, *, yes: bool, dry_run: bool) -> None:
    """Remove everything that Coach keeps there, and nothing else. Asks first."""
    cache = _cache_to_tidy(script)
    _remove(cache, cache.files(), yes=yes, dry_run=dry_run)


def _remove(cache: ClipCache, files: Sequence[Kept], *, yes: bool, dry_run: bool) -> None:
    """Remove files after asking, and report it."""
    if dry_run:
        for file in files:
            click.echo(printable(str(file.path)))
    elif files and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "without a terminal to ask on it needs --yes; --dry-run lists what would go"
            )
        click.echo(printable(f"Remove {_summary(files)} from {cache.root}? [y/N] "), nl=False, err=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            click.echo("nothing removed")
            return
    removed, size = (0, 0) if dry_run or not files else cache.remove(files)
    others = cache.others()
    for path in others[:_MOST_NAMED]:
        click.echo(printable(f"not Coach's, left alone: {path}"))
    if len(others) > _MOST_NAMED:
        click.echo(f"and {len(others) - _MOST_NAMED} more that are not Coach's")
    if dry_run:
        click.echo(printable(f"{cache.root}: {_summary(files)} would be removed"))
        return
    left = cache.files()
    rest = f"{count_text(len(left), 'file')} left, {size_text(sum(file.size for file in left))}"
    click.echo(printable(f"{cache.root}: {removed} removed, {size_text(size)}; {rest}"))


def _summary(files: Sequence[Kept]) -> str:
    """Return how many files there are, of which kinds, and their size."""
    kinds = [(kind, sum(file.kind is kind for file in files)) for kind in Kind]
    parts = ", ".join(count_text(number, kind.value) for kind, number in kinds if number)
    size = size_text(sum(file.size for file in files))
    return f"{count_text(len(files), 'file')} ({size}{': ' if parts else ''}{parts})"


def _cache(script: Path | None) -> ClipCache:
    """Return the cache for a script, or the one of this folder."""
    from pathlib import Path

    cache = find_cache(script or Path("here.yaml"))
    if cache.root.exists() and not cache.root.is_dir():
        raise SpeechError(
            f"the clip cache {cache.root} is a file, not a folder; name another one in COACH_CACHE"
        )
    return cache


def _cache_to_tidy(script: Path | None) -> ClipCache:
    """Return the cache for a script if it is the expected one; nobody means to clean up another.

    Raises:
        SpeechError: it is not, or it must not be used.
    """
    cache = _cache(script)
    if cache.instead_of:
        folder, reason = cache.instead_of
        raise SpeechError(f"{folder} is no cache of Coach's: {reason}; nothing is removed")
    if cache.closed:
        raise SpeechError(f"the clip cache {cache.root} is not used: {cache.closed}; nothing is removed")
    if cache.root.is_dir():
        cache.claim()  # a cache that an older Coach made has no mark yet
    return cache
