"""Languages are data: every phrasebook and library is whole, and a new one needs no code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from coach import phrases, script
from coach.phrases import phrasebook
from coach.script.exercises import library
from coach.speech import choose_voice
from coach.speech.normalise import normalise
from coach.timeline import compile_routine
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
OTHERS = [code for code in phrases.languages() if code != "en"]
SCRIPTS = sorted((ROOT / "scripts").glob("*.yaml"))
FREE = {  # tables with rows of their own
    "units", "fractions", "signs", "before_number", "abbreviations", "genders", "nouns", "singulars", "after",
    "sides", "decades", "ordinals", "dotted_ordinals", "loads",
}  # fmt: skip


def test_four_languages_ship() -> None:
    assert phrases.languages() == ("de", "en", "es", "fr")


def leaves(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in FREE:
                yield from leaves(value, f"{path}/{key}")
    elif isinstance(node, str):
        yield path, node


@pytest.mark.parametrize("code", OTHERS)
def test_a_phrasebook_says_all_that_the_english_one_says(code: str) -> None:
    folder = ROOT / "coach" / "phrases"
    english, other = (
        dict(leaves(yaml.load((folder / f"{name}.yaml").read_text("utf-8"), yaml.BaseLoader)))
        for name in ("en", code)
    )
    english = {path: words for path, words in english.items() if not path.startswith("/loads")}
    assert set(english) <= set(other)
    for path, words in english.items():
        assert other[path] or path.startswith("/reading"), path
        assert set(re.findall(r"\{\w+\}", other[path])) == set(re.findall(r"\{\w+\}", words)), path


@pytest.mark.parametrize("code", OTHERS)
def test_a_library_holds_the_same_doses(code: str) -> None:
    english, other = library("en"), library(code)
    assert {"reverse_clamshell", "clamshell", "windshield_wiper"} <= set(other) <= set(english)
    for name, fields in other.items():
        for key in ("reps", "tempo", "hold", "sides", "relax"):
            mine = {each: value for each, (value, _) in fields._values.items() if each == key}
            theirs = {each: value for each, (value, _) in english[name]._values.items() if each == key}
            assert mine == theirs, name


@pytest.mark.parametrize("code", phrases.languages())
def test_each_language_has_a_routine(code: str) -> None:
    assert any(script.load(path).language == code for path in SCRIPTS)


@pytest.mark.parametrize("level", [None, "easier", "harder"])
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_shipped_routines_compile_without_a_warning(path: Path, level: str | None) -> None:
    routine = script.load(path, level=level)
    timeline = compile_routine(routine, FixedSpeech(routine.language))
    assert timeline.warnings == ()
    assert timeline.language == routine.language


def test_numbers_and_units_are_read_in_each_language() -> None:
    assert (
        normalise("45°, 10-15, 1:30", "de", {})
        == "fünfundvierzig Grad, zehn bis fünfzehn, eine Minute dreißig"
    )
    assert normalise("45°, 10-15, 1 h", "es", {}) == "cuarenta y cinco grados, diez a quince, una hora"
    assert normalise("45°, 10-15, 30 s", "fr", {}) == "quarante-cinq degrés, dix à quinze, trente secondes"


@pytest.mark.parametrize("code", OTHERS)
def test_the_system_voice_speaks_every_language_that_ships(code: str) -> None:
    pytest.importorskip("pyttsx3", reason="the system voices need pyttsx3")
    voice = choose_voice(code)
    assert (voice.engine, voice.language.partition("-")[0]) == ("system", code)
    for name in ("up", "down", "hold"):
        assert voice.speak(phrasebook(code).phase(name), 1.0).any()


def test_an_invented_language_needs_two_files_and_no_code(tmp_path: Path) -> None:
    """Esperanto: invented, and the system's voice speaks it."""
    pytest.importorskip("pyttsx3", reason="the system voices need pyttsx3")
    package = tmp_path / "coach"
    shutil.copytree(ROOT / "coach", package, ignore=shutil.ignore_patterns("__pycache__"))
    book = (package / "phrases" / "en.yaml").read_text("utf-8")
    for english, esperanto in {
        "up: Up": "up: Supren", "down: Down": "down: Suben", "left: left side": "left: maldekstra flanko",
        "Switch sides.": "Ŝanĝu flankon.", "right: right side": "right: dekstra flanko",
        "Session complete. Well done.": "Finite. Bone farita.", "About {duration}.": "Ĉirkaŭ {duration}.",
        "halfway: Halfway": "halfway: Duono", 'many: "{n} reps"': 'many: "{n} ripetoj"',
    }.items():  # fmt: skip
        assert english in book
        book = book.replace(english, esperanto)
    (package / "phrases" / "eo.yaml").write_text(book, "utf-8")
    (package / "exercises" / "eo.yaml").write_text(
        "genuo:\n  exercise: Genulevo\n  reps: 6\n  tempo: {up: 1, down: 3}\n  sides: [left, right]\n",
        "utf-8",
    )
    (tmp_path / "mateno.yaml").write_text("title: Mateno\nlanguage: eo\nsteps:\n  - use: genuo\n", "utf-8")
    shown = subprocess.run(
        [sys.executable, "-m", "coach", "show", "mateno.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "COACH_CACHE": str(tmp_path / "clips")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    for words in ("Genulevo, maldekstra flanko. Ses ripetoj.", "Supren", "Duono", "Ŝanĝu flankon.", "Tri"):
        assert words in shown.stdout
    assert "system/Esperanto" in shown.stdout
