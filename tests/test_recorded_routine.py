"""A person's own recordings in a routine: from the script to the track."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach import script
from coach.encode.write import write_file
from coach.errors import ScriptError
from coach.routine import VoiceChoice
from coach.speech import ClipCache, Speech, open_speech
from coach.timeline import compile_routine, texts
from coach.units import RATE
from tests.voices import ClickVoice, FixedSpeech

if TYPE_CHECKING:
    from pathlib import Path

ROUTINE = """
title: Recorded
steps:
  - say: {file: voice/hello.wav, text: Hello there}
  - exercise: Bridge
    reps: 10
    tempo: {up: 1, down: 3}
    setup: [{file: voice/hello.wav}, Lie down.]
    reminders: [{file: voice/hello.wav, text: Ribs down}, Breathe.]
"""


A_LONG_RECORDING = "a" * 115  # FixedSpeech makes 5.8 s of it, and 0.45 s of "Ribs down"
YIELDING = f"""
title: Recorded
count_in: 0
steps:
  - exercise: Plank
    hold: 9.98
    count: off
    reminders: {{file: {A_LONG_RECORDING}.wav, text: Ribs down}}
  - exercise: Planks
    for: 40
"""


@pytest.fixture
def routine(tmp_path: Path) -> Path:
    (tmp_path / "voice").mkdir()
    speech = Speech(ClickVoice(), ClipCache(tmp_path / "other"))
    _write_wav(tmp_path / "voice" / "hello.wav", speech)
    path = tmp_path / "recorded.yaml"
    path.write_text(ROUTINE, "utf-8")
    return path


def _write_wav(path: Path, speech: Speech, text: str = "hello") -> None:
    quiet = np.zeros(RATE // 2, np.int16)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
        file.writeframes(np.concatenate([quiet, speech.samples(speech.clip(text)) // 4, quiet]).tobytes())


def test_a_recording_is_placed_like_a_sentence(routine: Path, tmp_path: Path) -> None:
    speech = Speech(ClickVoice(), ClipCache(tmp_path / "clips"))
    timeline = compile_routine(script.load(routine), speech)
    said = [cue for cue in timeline.cues if cue.text in ("Hello there", "hello", "Ribs down")]
    assert [cue.kind for cue in said[:3]] == ["say", "setup", "reminder"]
    assert len({cue.clip for cue in said}) == 1
    assert 0 < said[0].clip.length < RATE  # the silence around it is gone
    assert said[0].clip.attack > 0
    assert np.abs(speech.samples(said[0].clip)).max() > 3000  # and it is as loud as the voice
    assert timeline.warnings == ()


def test_a_recording_is_not_asked_of_the_voice(routine: Path) -> None:
    assert not {"Hello there", "hello", "Ribs down"} & set(texts(script.load(routine)))


def test_the_same_recording_gives_the_same_bytes_and_a_new_one_others(routine: Path, tmp_path: Path) -> None:
    def exported(name: str) -> bytes:
        speech = Speech(ClickVoice(), ClipCache(tmp_path / "clips"))
        target = tmp_path / name
        write_file(compile_routine(script.load(routine), speech), speech, target)
        return target.read_bytes()

    first = exported("a.mp3")
    assert exported("b.mp3") == first
    _write_wav(
        routine.parent / "voice" / "hello.wav", Speech(ClickVoice(), ClipCache(tmp_path / "x")), "hey you"
    )
    assert exported("c.mp3") != first


def test_a_file_that_is_no_sound_is_a_problem_with_its_line(routine: Path, tmp_path: Path) -> None:
    (routine.parent / "voice" / "hello.wav").write_bytes(b"RIFF but no sound")
    with pytest.raises(ScriptError) as caught:
        compile_routine(script.load(routine), Speech(ClickVoice(), ClipCache(tmp_path / "clips")))
    lines = [problem.location.line for problem in caught.value.problems]
    assert lines[0] == 4
    assert "hello.wav" in caught.value.lines()[0]


def test_recordings_work_with_the_voice_of_the_routine(
    routine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COACH_CACHE", str(tmp_path / "clips"))
    speech = open_speech("en", VoiceChoice())
    timeline = compile_routine(script.load(routine), speech)
    assert {"Hello there", "Lie down."} <= {cue.text for cue in timeline.cues}


def test_a_recording_that_gives_way_to_a_name_is_still_a_recording(tmp_path: Path) -> None:
    path, speech = tmp_path / "yielding.yaml", FixedSpeech()
    path.write_text(YIELDING, "utf-8")
    (tmp_path / f"{A_LONG_RECORDING}.wav").touch()
    (warning,) = compile_routine(script.load(path), speech).warnings
    assert warning.message == (
        "'Ribs down' takes 5.80 s, the room is 5.79 s: it is left out for the next exercise's name"
    )
    assert "Ribs down" not in {text for text, _ in speech.asked}


def test_two_recordings_with_one_caption_are_both_heard(tmp_path: Path) -> None:
    path, speech = tmp_path / "twins.yaml", FixedSpeech()
    path.write_text(ROUTINE.replace(", Breathe.", ", {file: voice/other.wav, text: Ribs down}"), "utf-8")
    (tmp_path / "voice").mkdir()
    for name in ("hello", "other"):
        (tmp_path / "voice" / f"{name}.wav").touch()
    timeline = compile_routine(script.load(path), speech)
    assert {cue.clip.key for cue in timeline.cues if cue.text == "Ribs down"} == {"hello@1", "other@1"}
