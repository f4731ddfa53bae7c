"""Speak one text, or write it to a file."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from coach.app.device import open_device
from coach.app.reporter import SILENT
from coach.atomic import check_target
from coach.encode.write import write_file
from coach.errors import Location, RefusedError
from coach.routine import VoiceChoice
from coach.script.values import LONGEST_TEXT
from coach.speech import open_speech
from coach.timeline import Chapter, Cue, CueKind, Sentence, Timeline

if TYPE_CHECKING:
    from pathlib import Path

    from coach.app.reporter import Reporter


class Said(NamedTuple):
    """What was spoken.

    Attributes:
        length: its length in samples.
        attack: the sample that a listener hears as "now".
        voice: who spoke.
    """

    length: int
    attack: int
    voice: str


def say(
    text: str,
    *,
    language: str = "en",
    voice: VoiceChoice | None = None,
    output: Path | None = None,
    player: str = "auto",
    reporter: Reporter = SILENT,
) -> Said:
    """Speak a text the way a routine would, and return when it has been heard or written.

    Args:
        text: 1 to 2000 characters.
        language: the code of a language that Coach speaks.
        voice: who speaks, and how fast; None for the default voice.
        output: a file to write instead of playing.
        player: the name of the player.
        reporter: receives progress, notes and warnings.

    Raises:
        RefusedError: the text is empty or too long, or the voice has no sound for it.
        SpeechError: no voice speaks the language, or the voice failed.
        AudioError: it can't be played or written.
    """
    text = " ".join(text.split())
    if not 0 < len(text) <= LONGEST_TEXT:
        raise RefusedError("text", f"must be a text of 1 to {LONGEST_TEXT} characters (got {len(text)})")
    with ExitStack() as stack:
        device = None
        if output:
            check_target(output)
        else:
            device = stack.enter_context(closing(open_device(player, "-o writes a file instead")))
        speech = open_speech(language, voice or VoiceChoice())
        if speech.fallback:
            reporter.note(speech.fallback)
        clip = speech.clip(text)
        for line in speech.cache.notes():
            reporter.note(line)
        if not clip.length:
            raise RefusedError("text", f"{speech.voice_name} is silent on '{text}'")
        cue = Cue(0, clip, Sentence(CueKind.SAY, text, Location("say", 1, 1)))
        chapter = Chapter(text, 0, clip.length)
        timeline = Timeline(
            text, speech.language, speech.voice_name, None, clip.length, (cue,), (chapter,), ()
        )
        if output:
            write_file(timeline, speech, output)
        elif device:
            from coach.mix import render

            device.start(partial(render, timeline, speech), timeline.length)
            device.wait()
    return Said(clip.length, clip.attack, speech.voice_name)
