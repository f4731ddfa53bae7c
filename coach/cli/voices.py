"""`coach voices`: the voices on this machine, by language."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from coach import phrases
from coach.cli.app import one_line
from coach.cli.screen import columns, filled, styled, wide
from coach.errors import SpeechError
from coach.speech import choose_voice, voices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coach.speech import VoiceInfo

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "cy": "Welsh",
    "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian",
    "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician",
    "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian",
    "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian",
    "kk": "Kazakh", "kn": "Kannada", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "mk": "Macedonian", "ml": "Malayalam", "mr": "Marathi", "ms": "Malay", "nb": "Norwegian",
    "ne": "Nepali", "nl": "Dutch", "no": "Norwegian", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian",
    "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai",
    "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "yue": "Cantonese",
    "zh": "Chinese",
}  # fmt: skip
"""Codes of ISO 639 and the English names of the languages that most systems have voices for."""

_PLAIN = re.compile(r"[\w./+@:-]+")  # what every shell takes literally
_UNSAFE = re.compile(r'["$`\\!%\n]')  # what some shells interpret inside double quotes


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and the voices that this machine has for it.

    Attributes:
        code: the first part of its tag, such as "en".
        name: its English name if that is known, or else the code.
        spoken: whether Coach itself speaks it, so it has its own sentences in it.
        voices: all its voices, the best engine's first.
        best: the default voice, such as "neural/heart"; None without sentences or without a voice.
        sample: a command to hear the default voice; None without one.
    """

    code: str
    name: str
    spoken: bool
    voices: tuple[VoiceInfo, ...]
    best: str | None
    sample: str | None


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


@click.command()
@click.option("--language", type=_LanguageCode(), help="Show only this language, such as de.")
@click.option("--all", "everything", is_flag=True, help="Show every voice of every language.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, for programs.")
def command(*, language: str | None, everything: bool, as_json: bool) -> None:
    """List the voices on this machine, by language, with the names for --voice and a script's 'voice'.

    The languages that Coach itself speaks come first, each with its default voice.
    """
    there = languages()
    if language:
        there = [each for each in there if each.code == language]
    if not any(each.voices for each in there):
        if language:
            raise SpeechError(
                f"no voice for the language '{language}' on this machine; 'coach voices' shows what there is"
            )
        raise SpeechError("no voice on this machine; pip install --force-reinstall coach-audio")
    if as_json:
        click.echo(json.dumps([_plain(each) for each in there], indent=2))
        return
    others = [each for each in there if not (each.spoken or everything or language)]
    blocks = ["\n".join(_shown(each)) for each in there if each not in others]
    blocks += ["\n".join(_shown_in_short(others))] if others else []
    blocks += ["* is the default voice"] if any(each.best for each in there) else []
    click.echo("\n\n".join(blocks))


def languages() -> list[Language]:
    """Return the languages that this machine has voices for, and those that Coach itself speaks.

    The latter come first; both are sorted by name.
    """
    known = phrases.languages()
    found: dict[str, list[VoiceInfo]] = {code: [] for code in known}
    there = voices()
    for info in there:
        found.setdefault(_primary(info.language), []).append(info)
    telling = any(info == ("system", "Esperanto", "eo") for info in there)  # espeak names voices by language
    rows = []
    for code, infos in found.items():
        best = best_voice(code) if code in known else None
        name = _name(code, infos[0].name.partition(" (")[0] if infos and telling else "")
        rows.append(Language(code, name, code in known, tuple(infos), best, _sample(code, best)))
    return sorted(rows, key=lambda row: (not row.spoken, row.name.casefold(), row.code))


def best_voice(code: str) -> str | None:
    """Return the default voice of a language, such as "neural/heart"; None if it has no voice."""
    try:
        voice = choose_voice(code)
    except SpeechError:
        return None
    return f"{voice.engine}/{voice.name}"


def _name(code: str, voice: str) -> str:
    """Return a language's name: from the list here, its phrasebook or its voice, or else its code."""
    if code in _NAMES:
        return _NAMES[code]
    book = phrases.phrasebook(code).tables if code in phrases.languages() else {}
    return str(book.get("name") or voice or code)


def _sample(code: str, best: str | None) -> str | None:
    if best is None:
        return None
    text = phrases.phrasebook(code).sentence("end")
    return f"coach say --language {code} --voice {quoted(best)} {quoted(text)}"


def quoted(text: str) -> str:
    """Return a text as one word of a command line, in double quotes if it needs quotes and they suffice."""
    if _PLAIN.fullmatch(text):
        return text
    return shlex.quote(text) if _UNSAFE.search(text) else f'"{text}"'


def _shown(language: Language) -> Iterator[str]:
    """Yield a heading, the voices with a mark at the default one, and a command to hear it."""
    yield _heading(language)
    names = [one_line(f"{info.engine}/{info.name}") for info in language.voices]
    room = max(map(wide, names), default=0)
    for info, name in zip(language.voices, names, strict=True):
        best = name == language.best
        line = f"{'*' if best else ' '} {filled(name, room)}  {one_line(info.language)}"
        yield "  " + (styled(line, bold=True) if best else line)
    if language.sample:
        yield "  " + styled(one_line(language.sample), fg="cyan")
    elif not language.voices:
        yield "  no voice on this machine; 'coach doctor' says what to do"


def _heading(language: Language) -> str:
    return styled(_title(language), bold=True) + (
        "" if language.spoken else ": Coach itself doesn't speak it"
    )


def _title(language: Language) -> str:
    return language.code if language.name == language.code else one_line(f"{language.name} ({language.code})")


def _shown_in_short(others: list[Language]) -> Iterator[str]:
    """Yield lines that name the languages that Coach itself doesn't speak."""
    count = sum(len(each.voices) for each in others)
    heading = styled(f"{len(others)} more languages", bold=True)
    yield f"{heading} with {count} voices, which Coach itself doesn't speak; --all lists them:"
    line = " "
    for each in others:
        name = f" {_title(each)}" + ("," if each is not others[-1] else "")
        if wide(line) + wide(name) > columns():
            yield line
            line = " "
        line += name
    yield line


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()


def _plain(language: Language) -> dict[str, object]:
    return {
        "language": language.code,
        "name": language.name,
        "spoken": language.spoken,
        "auto": language.best,
        "sample": language.sample,
        "voices": [{"voice": f"{info.engine}/{info.name}", **info._asdict()} for info in language.voices],
    }
