"""The voices on this machine, by language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coach import phrases
from coach.errors import SpeechError
from coach.speech import choose_voice, voices

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class Language:
    """A language, and the voices that this machine has for it.

    Attributes:
        code: the first part of its tag, such as "en".
        name: its English name if that is known, or else the code.
        spoken: whether Coach itself speaks it, so it has its own sentences in it.
        voices: all its voices, the best engine's first.
        best: the default voice, such as "neural/heart"; None without sentences or without a voice.
    """

    code: str
    name: str
    spoken: bool
    voices: tuple[VoiceInfo, ...]
    best: str | None


def list_languages() -> list[Language]:
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
        best = find_best_voice(code) if code in known else None
        name = _name(code, infos[0].name.partition(" (")[0] if infos and telling else "")
        rows.append(Language(code, name, code in known, tuple(infos), best))
    return sorted(rows, key=lambda row: (not row.spoken, row.name.casefold(), row.code))


def find_best_voice(code: str) -> str | None:
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


def _primary(tag: str) -> str:
    return tag.partition("-")[0].lower()
