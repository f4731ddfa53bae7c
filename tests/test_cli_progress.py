"""`coach progress`, and what `coach show`, `play` and `export` make of the log."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from coach.history import Answer, History, Outcome, Question, SetLog, SetOutcome
from tests.command import SCRIPTS, Command, coach, one_error

__all__ = ["coach"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the data folder can't be chosen")

LIFT = """\
title: Lifts
steps:
  - exercise: Lift
    reps: 10-15
    tempo: {up: 1, down: 1}
    sides: [left, right]
    switch: 8
    setup:
      - Lie on your {side}. Knees bent.
      - Lift slowly.
    harder:
      exercise: Banded lift
  - exercise: Plank
    hold: 20-30
  - exercise: Squat
    reps: 5
    tempo: {down: 1, up: 1}
"""


class Log:
    """The log of the person who runs the command."""

    def __init__(self, coach: Command) -> None:
        self.coach = coach
        coach.environment["XDG_DATA_HOME"] = str(coach.folder / "data")
        self.now = datetime.now().astimezone()
        self.path = coach.folder / "data" / "coach" / "history.db"

    def add(
        self,
        days: float,
        lift: int,
        *,
        script: str | Path = "lifts.yaml",
        right: str = "done",
        name: str = "Lift",
        level: str | None = None,
        pain: str | None = None,
    ) -> None:
        """Log a session so many days ago: so many lifts on each side, and what became of the right one."""
        with History(self.path) as history:
            record = history.begin(
                title="Lifts", script=str(self.coach.folder / script), language="en", voice="v",
                length=90, level=level, started=self.now - timedelta(days=days),
            )  # fmt: skip
            for side, start, outcome in (("left", 10.0, "done"), ("right", 50.0, right)):
                row = record.begin_set(SetLog(name, side, 1, 1, lift, None, start, 2.0 * lift, 0))
                record.update_set(
                    row, reps_done=lift, seconds_done=2.0 * lift, heard=80, outcome=SetOutcome(outcome)
                )
            record.end(Outcome.COMPLETED, 90)
            if pain:
                record.answer(Question.PAIN, Answer(pain))

    def day(self, days: float) -> str:
        moment = self.now - timedelta(days=days)
        return f"{moment:%a} {moment.day} {moment:%b}"


@pytest.fixture
def log(coach: Command) -> Log:
    coach.write(LIFT, "lifts.yaml")
    return Log(coach)


def test_without_a_history_it_is_friendly(coach: Command, log: Log) -> None:
    done = coach("progress")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "no sessions yet; 'coach play' logs each one, and doses grow from there\n"
    done = coach("progress", "lifts.yaml")
    assert done.stdout.splitlines()[1:3] == [
        f"  Lift, left   10 of 10-15 reps  {'':12}  not yet",
        "    the low end",
    ]
    assert json.loads(coach("progress", "--json").stdout) == []


def test_the_table_shows_where_each_exercise_stands(coach: Command, log: Log) -> None:
    for days, lift in ((80, 10), (75, 11), (60, 12), (50, 13), (40, 14), (30, 15), (20, 14)):
        log.add(days, lift)
    log.add(1, 15, right="broken off")
    done = coach("progress")
    assert done.stderr == ""
    day = f"{log.now - timedelta(days=1):%a %e %b}"
    assert done.stdout.splitlines() == [
        "Lifts",
        f"  Lift, left   15 of 10-15 reps  ▁▂ ▄▅ ▇█ ▇ █  {day}",
        f"    the top: completed on {log.day(1)}",
        f"  Lift, right  14 of 10-15 reps  ▁▂ ▄▅ ▇█ ▇ █  {day}",
        f"    a step back: broken off on {log.day(1)}",
        f"  Plank        20 of 20-30 s     {'':12}  not yet",
        "    the low end",
        f"  Squat        5 reps            {'':12}  not yet",
    ]


def test_an_encoding_without_bars_has_digits(coach: Command, log: Log) -> None:
    log.add(8, 10)
    log.add(1, 15)
    done = coach("progress", PYTHONIOENCODING="ascii")
    assert "  10 of" not in done.stdout
    assert f"15 of 10-15 reps  {'':10}18  " in done.stdout


@pytest.mark.parametrize("screen", [80, 40, 20])
def test_lines_fit_on_the_screen(coach: Command, log: Log, screen: int) -> None:
    log.add(1, 15)
    lines = coach("progress", COLUMNS=str(screen)).stdout.splitlines()
    assert max(map(len, lines)) <= max(screen, 28)
    assert "".join(lines).count("15 of 10-15 reps") == 2
    if screen == 80:
        assert lines[-1] == "  worth a try, for Lift: coach play lifts --level harder"


def test_routines_that_are_gone_or_wrong_are_left_out(coach: Command, log: Log) -> None:
    log.add(3, 10)
    log.add(2, 10, script="gone.yaml")
    coach.write("title: Wrong\n", "wrong.yaml")
    log.add(1, 10, script="wrong.yaml")
    done = coach("progress")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line for line in done.stdout.splitlines() if not line.startswith(" ")] == ["Lifts"]
    assert one_error(coach("progress", "wrong.yaml"), 1).startswith("wrong.yaml:1:1: ")
    assert coach("progress", "gone.yaml").returncode == 2


def test_each_level_that_was_played_is_shown(coach: Command, log: Log) -> None:
    log.add(2, 10)
    log.add(1, 10, level="harder", name="Banded lift")
    for arguments in ([], ["lifts.yaml"]):
        lines = coach("progress", *arguments).stdout.splitlines()
        assert [line for line in lines if line and not line.startswith(" ")] == ["Lifts", "Lifts (harder)"]
        assert any(line.startswith("  Banded lift, left   11 of") for line in lines)


def test_json_has_it_all(coach: Command, log: Log) -> None:
    log.add(8, 10)
    log.add(1, 11, pain="more")
    (routine,) = json.loads(coach("progress", "lifts.yaml", "--json").stdout)
    assert (routine["title"], routine["level"]) == ("Lifts", None)
    assert routine["script"] == str(coach.folder / "lifts.yaml")
    left, _, plank, squat = routine["exercises"]
    assert left == {
        "exercise": "Lift",
        "side": "left",
        "dose": "11 of 10-15 reps",
        "step": 2,
        "steps": 6,
        "why": f"no more than on {log.day(1)}, because it hurt",
        "outgrown": False,
        "last": (log.now - timedelta(days=1)).isoformat(timespec="seconds"),
        "weeks": [None] * 10 + [1, 2],
    }
    assert (plank["dose"], plank["side"], plank["last"]) == ("20 of 20-30 s", None, None)
    assert (squat["dose"], squat["why"], squat["steps"]) == ("5 reps", None, 1)


def test_a_log_that_cannot_be_read_is_one_line(coach: Command, log: Log) -> None:
    log.path.parent.mkdir(parents=True)
    log.path.write_bytes(b"no database" * 100)
    assert "history.db is damaged" in one_error(coach("progress"), 3)
    done = coach("show", "lifts.yaml")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert "doses are at their low end" in done.stderr


# What other commands make of it.


def notes(shown: str) -> list[str]:
    """Return what `coach show` tells of the exercises."""
    lines = shown.splitlines()
    return lines[lines.index("Lift") + 1 : lines.index("Plank")]


def test_show_tells_todays_dose_and_why(coach: Command, log: Log) -> None:
    assert notes(coach("show", "lifts.yaml").stdout)[0] == "  10 of 10-15 reps, the low end"
    log.add(3, 10)
    log.add(2, 11, right="broken off")
    shown = coach("show", "lifts.yaml").stdout
    assert notes(shown)[:2] == [
        f"  left: 12 of 10-15 reps, a step more: completed on {log.day(2)}",
        f"  right: 10 of 10-15 reps, a step back: broken off on {log.day(2)}",
    ]
    assert "One more rep today: Lift, left side." in shown.replace("\n        ", " ")
    assert "One rep less today: Lift, right side." in shown.replace("\n        ", " ")
    plain = coach("show", "lifts.yaml", "--no-progress").stdout
    assert notes(plain)[0] == "  10 of 10-15 reps, the low end"
    assert "today" not in plain
    mine = coach("show", "lifts.yaml", "--reps", "7").stdout
    assert "Seven reps" in mine
    assert " of 10-15" not in mine


def test_show_tells_how_much_is_said(coach: Command, log: Log) -> None:
    assert "guidance" not in coach("show", "lifts.yaml").stdout
    for days in (3, 2, 1):
        log.add(days, 10)
    shown = coach("show", "lifts.yaml").stdout
    assert notes(shown)[1] == "  guidance: short"
    assert "Lift slowly." not in shown
    assert "Lift slowly." in coach("show", "lifts.yaml", "--guidance", "full").stdout
    assert "Lie on your" not in coach("show", "lifts.yaml", "--guidance", "quiet").stdout
    coach.write("guidance: full\n" + LIFT, "lifts.yaml")
    assert "Lift slowly." in coach("show", "lifts.yaml").stdout


def test_the_same_log_gives_the_same_timeline(coach: Command, log: Log) -> None:
    log.add(1, 10)
    one, other = coach.timeline("lifts.yaml"), coach.timeline("lifts.yaml")
    assert one == other
    assert max(cue["rep"] or 0 for cue in one["cues"] if cue["exercise"] == "Lift") == 11
    assert one != coach.timeline("lifts.yaml", "--no-progress")


def test_exports_name_their_dose_and_say_all(coach: Command, log: Log) -> None:
    for days in (3, 2, 1):
        log.add(days, 13)
    done = coach("export", "lifts.yaml")
    assert done.stdout.startswith("lifts-14reps.mp3: written")
    assert coach("export", "lifts.yaml").stdout.startswith("lifts-14reps.mp3: unchanged")
    assert coach("export", "lifts.yaml", "--no-progress").stdout.startswith("lifts.mp3: written")
    quiet = coach("export", "lifts.yaml", "--guidance", "quiet", "-o", "quiet.mp3")
    assert quiet.stdout.startswith("quiet.mp3: written")
    assert (coach.folder / "quiet.mp3").stat().st_size < (coach.folder / "lifts-14reps.mp3").stat().st_size
    import mutagen

    assert str(mutagen.File(coach.folder / "lifts-14reps.mp3")["TIT2"]) == "Lifts (14 reps)"


def test_check_tells_of_a_dose_that_its_round_has_no_time_for_once_it_has_grown(coach: Command) -> None:
    lift = "{exercise: Lift, reps: 5-9, tempo: {up: 1}}"
    coach.write(f"title: A\nsteps:\n  - every: 12\n    rounds: 2\n    steps: [{lift}]\n")
    assert coach("check", "short.yaml", "--reps", "5").returncode == 0
    told = coach("check", "short.yaml")
    assert told.returncode == 0
    held = "Lift stays at 8 of 5-9 reps: its round has no time for more (at the top of the range)"
    assert held in told.stdout + told.stderr


@pytest.mark.realtime
def test_a_session_that_is_played_is_the_history_of_the_next(coach: Command, log: Log) -> None:
    script = "title: S\nlead_in: 0\ncount_in: 0\nsteps:\n  - {exercise: A, reps: 1-3, tempo: {up: 1}}\n"
    coach.write(script)
    done = coach("play", "short.yaml", "--player", "null")
    assert done.returncode == 0, done.stderr
    (session,) = json.loads(coach("history", "--json").stdout)
    assert [(each["reps"], each["outcome"]) for each in session["sets"]] == [(1, "done")]
    assert "2 of 1-3 reps" in coach("progress").stdout


def test_shipped_routines_show_their_doses(coach: Command, log: Log) -> None:
    log.add(1, 10, script=SCRIPTS / "reverse_clamshell.yaml", name="Reverse clamshell")
    told: Any = coach("progress").stdout
    assert told.startswith("Reverse clamshell\n  Reverse clamshell, left   11 of 10-15 reps")
