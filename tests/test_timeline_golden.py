"""The timeline of every shipped script at every level, and of one for somebody who has come far.

They are kept in tests/timelines.

After a change that is meant to move cues, write them anew with `pytest --update-golden`, then read the
difference.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach import script
from coach.history import Outcome, SessionLog, SetLog, SetOutcome
from coach.progress import at_top, today
from coach.routine import Guidance
from coach.timeline import Cue, Set, Timeline, compile_routine, texts
from coach.units import RATE
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
KEPT = Path(__file__).with_name("timelines")
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=timezone.utc)


def shipped() -> list[tuple[Path, str | None]]:
    """Every shipped script with every level that it offers."""
    found: list[tuple[Path, str | None]] = []
    for path in sorted((ROOT / "scripts").glob("*.yaml")):
        found += [(path, level) for level in (None, *script.load(path).levels)]
    return found


def stem(path: Path, level: str | None) -> str:
    return f"{path.stem}.{level}" if level else path.stem


def written(timeline: Timeline) -> str:
    """A timeline as text: a line a cue, with start, end and beat in seconds, kind, words and belonging."""
    lines = [f"{timeline.title}, {timeline.language}, {timeline.voice}, {timeline.level or 'as it is'}", ""]
    lines += [line(cue) for cue in timeline.cues]
    lines += ["", *(f"{moment(c.start)} {moment(c.end)}  {c.title}" for c in timeline.chapters)]
    lines += ["", *map(set_line, timeline.sets)]
    for warning in timeline.warnings:
        place = warning.location
        lines.append(f"{Path(place.path).name}:{place.line}:{place.column}: {warning.message}")
    return "\n".join([*lines, f"total {moment(timeline.length).strip()}", ""])


def set_line(work: Set) -> str:
    belongs = [work.name, work.side, f"set {work.number}" if work.number else None]
    phases = list(dict.fromkeys(part.phase for part in work.spans if part.phase))
    done = f"{work.reps} x {'-'.join(phases)}" if work.reps else "timed"
    return f"{moment(work.start)} {moment(work.end)}  {', '.join(filter(None, belongs))}: {done}"


def line(cue: Cue) -> str:
    beat = " " * 11 if cue.beat is None else moment(cue.beat)
    belongs = [
        cue.side,
        f"set {cue.set}" if cue.set else None,
        f"rep {cue.rep}" if cue.rep else None,
        cue.phase,
    ]
    place = ", ".join(filter(None, belongs))
    shown = f"{moment(cue.start)} {moment(cue.end)} {beat}  {cue.kind:9}  {cue.text}"
    return f"{shown}  [{place}]" if place else shown


def moment(samples: int) -> str:
    return f"{samples / RATE:11.6f}"


@pytest.mark.parametrize(
    ("path", "level"), shipped(), ids=lambda value: getattr(value, "stem", value) or "plain"
)
def test_shipped_scripts_keep_their_timelines(
    path: Path, level: str | None, golden: Callable[[Path, str], None]
) -> None:
    timeline = compile_routine(script.load(path, level=level), FixedSpeech())
    golden(KEPT / f"{stem(path, level)}.timeline", written(timeline))


FITTED = ("short", "quiet", "grown", "outgrown")
"""What reverse_clamshell is made for: less guidance; doses that differ from side to side; the top on both."""


@pytest.mark.parametrize("fitting", FITTED)
def test_a_fitted_routine_keeps_its_timeline(fitting: str, golden: Callable[[Path, str], None]) -> None:
    plain = script.load(ROOT / "scripts" / "reverse_clamshell.yaml")
    if "grown" in fitting:
        lower = 13 if fitting == "grown" else 14
        routine = today(plain, [session(plain.title, 15, lower)], NOW)
    else:
        routine = today(plain, [], NOW, guidance=Guidance(fitting))
    timeline = compile_routine(routine, FixedSpeech())
    assert timeline.warnings == ()
    golden(KEPT / f"reverse_clamshell.{fitting}.timeline", written(timeline))


def session(name: str, left: int, right: int) -> SessionLog:
    """Return yesterday's session, with so many reps on each side."""
    moment = NOW - timedelta(days=1)
    rows = tuple(
        SetLog(name, side, 1, 1, reps, None, start, 4.0 * reps, reps, 4.0 * reps, SetOutcome.DONE)
        for side, reps, start in (("left", left, 20.0), ("right", right, 99.0))
    )
    return SessionLog(
        1, moment, moment, name, "/s.yaml", "en", "v", None, None, {}, 200, 200, Outcome.COMPLETED, None, rows
    )


def test_no_timeline_is_kept_of_what_is_gone() -> None:
    there = {stem(path, level) for path, level in shipped()}
    assert {path.stem for path in KEPT.iterdir()} == there | {f"reverse_clamshell.{each}" for each in FITTED}


@pytest.mark.parametrize(
    ("path", "level"), shipped(), ids=lambda value: getattr(value, "stem", value) or "plain"
)
def test_what_a_script_will_have_spoken_is_known_before(path: Path, level: str | None) -> None:
    routine, voice = script.load(path, level=level), FixedSpeech()
    compile_routine(routine, voice)
    asked = {text for text, rate in voice.asked if rate == 1.0}
    missing = asked - set(texts(routine))
    assert all(text.startswith("About ") for text in missing)  # how long it takes is known only in the end


@pytest.mark.parametrize(
    ("path", "level"), shipped(), ids=lambda value: getattr(value, "stem", value) or "plain"
)
def test_shipped_scripts_give_no_warning(path: Path, level: str | None) -> None:
    routine = script.load(path, level=level)
    for dose in (routine, at_top(routine)):
        assert compile_routine(dose, FixedSpeech()).warnings == ()
