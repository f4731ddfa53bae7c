"""`coach voices`: the voices on this machine, by language."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from coach import phrases
from coach.app.shell import quote
from coach.app.voices import list_languages
from coach.borders import printable
from coach.cli.command import Command
from coach.cli.terminal import Column, columns, styled, table
from coach.errors import SpeechError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coach.app.voices import Language


class _LanguageCode(click.ParamType[str]):
    """The code of a language; only the part before a dash counts."""

    name = "code"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        code = re.split("[-_]", str(value).strip().lower())[0]
        if not re.fullmatch("[a-z]{2,8}", code):
            self.fail(f"must be the code of a language, such as de (got '{value}')", param, ctx)
        return code

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        return [CompletionItem(code) for code in phrases.languages() if code.startswith(incomplete)]


@click.command(cls=Command)
@click.option("--language", type=_LanguageCode(), help="Show only this language, such as de.")
@click.option("--all", "everything", is_flag=True, help="Show every voice of every language.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, for programs.")
def command(*, language: str | None, everything: bool, as_json: bool) -> None:
    """List the voices on this machine, by language, with the names for --voice and a script's 'voice'.

    The languages that Coach itself speaks come first, each with its default voice.
    """
    there = list_languages()
    if language:
        there = [each for each in there if each.code == language]
    if not any(each.voices for each in there):
        if language:
            raise SpeechError(
                f"no voice for the language '{language}' on this machine; 'coach voices' shows what there is"
            )
        raise SpeechError("no voice on this machine; pip install --force-reinstall coach-audio")
    if as_json:
        click.echo(json.dumps([_as_data(each) for each in there], indent=2))
        return
    others = [each for each in there if not (each.spoken or everything or language)]
    blocks = ["\n".join(_describe(each)) for each in there if each not in others]
    blocks += ["\n".join(_describe_in_short(others))] if others else []
    blocks += ["* is the default voice"] if any(each.best for each in there) else []
    click.echo("\n\n".join(blocks))


def _describe(language: Language) -> Iterator[str]:
    """Yield a heading, the voices with a mark at the default one, and a command to hear it."""
    heading = styled(_title(language), bold=True)
    yield heading if language.spoken else f"{heading}: Coach itself doesn't speak it"
    rows = []
    for info in language.voices:
        name = f"{info.engine}/{info.name}"
        mark, style = ("*", "bold") if name == language.best else (" ", "")
        rows.append([(f"{mark} {name}", style), (info.language, style)])
    yield from table([Column(), Column()], rows, indent=2)
    if sample := _sample_command(language):
        yield "  " + styled(printable(sample), fg="cyan")
    elif not language.voices:
        yield "  no voice on this machine; 'coach doctor' says what to do"


def _sample_command(language: Language) -> str | None:
    """Return a command to hear the default voice; None without one."""
    if language.best is None:
        return None
    text = phrases.phrasebook(language.code).sentence("end")
    return f"coach say --language {language.code} --voice {quote(language.best)} {quote(text)}"


def _describe_in_short(others: list[Language]) -> Iterator[str]:
    """Yield lines that name the languages that Coach itself doesn't speak."""
    count = sum(len(each.voices) for each in others)
    heading = styled(f"{len(others)} more languages", bold=True)
    yield f"{heading} with {count} voices, which Coach itself doesn't speak; --all lists them:"
    names = ", ".join(_title(each).replace(" ", _STAY) for each in others)
    for line in textwrap.wrap(names, columns() - 2, break_long_words=False):
        yield f"  {line.replace(_STAY, ' ')}"


_STAY = "\u00a0"  # a space that no line is cut at


def _title(language: Language) -> str:
    return (
        language.code if language.name == language.code else printable(f"{language.name} ({language.code})")
    )


def _as_data(language: Language) -> dict[str, object]:
    return {
        "language": language.code,
        "name": language.name,
        "spoken": language.spoken,
        "auto": language.best,
        "sample": _sample_command(language),
        "voices": [{"voice": f"{info.engine}/{info.name}", **info._asdict()} for info in language.voices],
    }
