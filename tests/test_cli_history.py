"""`coach history`: the log as a table, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import click
import pytest

from coach.cli.group import cli
from coach.history import Answer, History, Question, SetLog, SetOutcome, session_lock
from coach.lock import holding
from tests.command import Command, coach, one_error

__all__ = ["coach"]

START = datetime(2025, 3, 1, 7, 0, 12, tzinfo=timezone(timedelta(hours=1)))
Shown = Callable[..., str]


def work(
    exercise: str, side: str | None, outcome: str, done: int | None, number: int = 1, **more: Any
) -> SetLog:
    """Return a set of 12 reps, or of a minute if none are done, that came to an end after so many."""
    seconds = 60.0 if done is None else 48.0
    part = {"done": 1.0, "skipped": 0.0}.get(outcome, 0.5)
    fields: dict[str, Any] = {"sets": 2, "reps": None if done is None else 12, "hold": None} | more
    return SetLog(
        exercise=exercise, side=side, set=number, start=20.0, seconds=seconds, reps_done=done,
        seconds_done=seconds * part, outcome=SetOutcome(outcome), **fields,
    )  # fmt: skip


DONE = [
    *(work("Reverse clamshell", side, "done", 12, number) for side in ("left", "right") for number in (1, 2)),
    work("Plank", None, "done", None),
]
HALF = [
    work("Clamshell", "left", "done", 11),
    work("Clamshell", "left", "broken off", 7, 2),
    work("Clamshell", "right", "skipped", 0),
    work("Clamshell", "right", "skipped", 0, 2),
    work("Side plank", "left", "done", 3, reps=3, hold=20.0),
    work("Side plank", "right", "broken off", 0, reps=1, hold=7.5),
    work("Wall sit", None, "skipped", None),
    work("Plank", None, "broken off", None),
]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of this person, whose folders are empty ones, and whose screen is as wide as needs be."""
    monkeypatch.setattr("coach.history.log.data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr("coach.history.log.state_folder", lambda: tmp_path / "state")
    return tmp_path / "data" / "history.db"


@pytest.fixture
def shown(log: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Shown:
    """A function that returns what `coach history` prints."""

    def run(*arguments: str) -> str:
        cli.main(["history", *arguments], prog_name="coach", standalone_mode=False)
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        assert err == b""
        return out.decode("utf-8")

    return run


def fill(path: Path, sets: list[SetLog], outcome: Any = "completed", heard: float = 784, **more: Any) -> None:
    """Log a session."""
    reason, answers = more.pop("reason", None), more.pop("answers", {})
    session: dict[str, Any] = {
        "title": "Hip morning",
        "script": "/home/ada/hip.yaml",
        "language": "en",
        "voice": "neural/heart",
        "length": 784.0,
        "started": START,
    }
    with History(path) as history:
        record = history.begin(**session | more)
        for each in sets:
            record.begin_set(each)
        record.reach(heard)
        if outcome != "playing":
            record.end(outcome, heard, reason, ended=START + timedelta(minutes=13))
        for question, answer in answers.items():
            record.answer(Question(question), Answer(answer))


def test_the_table_tells_what_was_played_and_what_was_done_of_it(log: Path, shown: Shown) -> None:
    fill(log, DONE, level="easier", schedule="morning")
    fill(log, HALF, "stopped", 370.9, started=START + timedelta(days=1))
    fill(log, [], "broken off", 12, started=START + timedelta(days=2), reason="the headphones are gone")
    fill(log, [work("Lift", None, "skipped", 0)], title="Lifts")
    fill(log, [], title="Words", length=3700, answers={"effort": "less", "pain": "more"})
    assert shown() == (
        "2025-03-01 07:00          13:04  Hip morning (easier): 2 exercises, 5 sets; schedule morning\n"
        "2025-03-02 07:00  6:10 of 13:04  "
        "Hip morning: stopped; 2 exercises, 2 sets, 3 skipped, 3 broken off\n"
        "2025-03-03 07:00  0:12 of 13:04  Hip morning: broken off (the headphones are gone)\n"
        "2025-03-01 07:00          13:04  Lifts: no set done, 1 skipped\n"
        "2025-03-01 07:00        1:01:40  Words: too easy, more pain\n"
    )
    assert shown("--sets", "--last", "5").splitlines()[1:4] == [
        "    Reverse clamshell, left: 2 sets, 24 reps",
        "    Reverse clamshell, right: 2 sets, 24 reps",
        "    Plank: 1:00",
    ]
    assert shown("--sets", "--last", "4").splitlines()[1:7] == [
        "    Clamshell, left: 11 of 12 reps; broken off after 7 of 12 reps",
        "    Clamshell, right: 2 sets skipped",
        "    Side plank, left: 3 holds of 20 s",
        "    Side plank, right: broken off after 0 of 1 hold of 7.5 s",
        "    Wall sit: skipped",
        "    Plank: broken off after 0:30 of 1:00",
    ]


def test_a_session_plays_while_somebody_holds_the_lock(log: Path, shown: Shown) -> None:
    fill(log, [work("Lift", "left", "done", 12), work("Lift", "left", "doing", 5, 2)], "playing", 100)
    with holding(session_lock()):
        assert shown("--sets") == (
            "2025-03-01 07:00  1:40 of 13:04  Hip morning: playing now; 1 exercise, 1 set\n"
            "    Lift, left: 12 reps; doing now: 5 of 12 reps\n"
        )
        assert json.loads(shown("--json"))[0]["outcome"] == "playing"
    assert "broken off; 1 exercise, 1 set, 1 broken off\n" in shown()
    assert json.loads(shown("--json"))[0]["sets"][1]["outcome"] == "broken off"


def test_the_table_has_the_last_20_and_programs_get_all(log: Path, shown: Shown) -> None:
    with History(log) as history:
        for number in range(25):
            history.begin(title=f"{number}", script="s", language="en", voice="v", length=1)
    assert [line.rpartition("  ")[2] for line in shown().splitlines()] == [
        f"{number}: broken off" for number in range(5, 25)
    ]
    assert len(shown("--last", "22").splitlines()) == 22
    assert [row["title"] for row in json.loads(shown("--json"))] == [f"{number}" for number in range(25)]
    assert [row["title"] for row in json.loads(shown("--json", "--last", "2"))] == ["23", "24"]
    assert len(shown("--csv").splitlines()) == 26
    assert len(shown("--csv", "--last", "3").splitlines()) == 4


def test_the_parts_of_a_cluster_are_one_set(log: Path, shown: Shown) -> None:
    parts = [
        work("Press", None, "done", 12, load=load, part=part)
        for part, load in ((1, "20 kg"), (2, "20 kg"), (3, "15 kg"))
    ]
    fill(log, parts)
    told = shown("--sets")
    assert "1 exercise, 1 set\n" in told
    assert "    Press: 36 reps; 20 kg, 15 kg\n" in told


def test_json_has_everything(log: Path, shown: Shown) -> None:
    words = {"words": ["--reps", "12"]}
    fill(log, HALF[:1], level="easier", schedule="morning", options=words, answers={"pain": "more"})
    assert json.loads(shown("--json")) == [
        {
            "id": 1,
            "started": "2025-03-01T07:00:12+01:00",
            "ended": "2025-03-01T07:13:12+01:00",
            "title": "Hip morning",
            "script": "/home/ada/hip.yaml",
            "language": "en",
            "voice": "neural/heart",
            "level": "easier",
            "schedule": "morning",
            "options": {"words": ["--reps", "12"]},
            "length": 784,
            "heard": 784,
            "outcome": "completed",
            "reason": None,
            "sets": [
                {
                    "exercise": "Clamshell",
                    "side": "left",
                    "set": 1,
                    "sets": 2,
                    "reps": 12,
                    "hold": None,
                    "start": 20,
                    "seconds": 48,
                    "reps_done": 11,
                    "seconds_done": 48,
                    "outcome": "done",
                    "load": None,
                    "part": None,
                    "rounds": None,
                    "rounds_done": None,
                }
            ],
            "effort": None,
            "pain": "more",
        }
    ]


def test_csv_has_a_row_for_each_set_and_calculates_nothing(log: Path, shown: Shown) -> None:
    title = '=HYPERLINK("x"),\r\n\N{SNOWMAN}'
    fill(log, HALF[:2], title=title, options={"a": [1]}, answers={"effort": "same", "pain": "less"})
    fill(log, [], title="-1+1", schedule="@x", reason="+1")
    text = shown("--csv")
    assert text.count("\r\n") == text.count("\n") == 4
    one, two, three = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    assert one["title"] == two["title"] == '\'=HYPERLINK("x"),\\r\\n\N{SNOWMAN}'
    assert (one["reps_done"], one["outcome"], one["set_outcome"]) == ("11", "completed", "done")
    assert (two["reps_done"], two["set"], two["set_outcome"]) == ("7", "2", "broken off")
    assert json.loads(one["options"]) == {"a": [1]}
    assert (three["title"], three["schedule"], three["reason"]) == ("'-1+1", "'@x", "'+1")
    assert (one["effort"], one["pain"], three["pain"]) == ("same", "less", "")
    assert three["exercise"] == three["set_outcome"] == ""
    assert set(one) == {*json.loads(shown("--json"))[0], *json.loads(shown("--json"))[0]["sets"][0]} - {
        "sets"
    } | {"sets", "set_outcome"}


def test_no_text_commands_the_terminal(log: Path, shown: Shown) -> None:
    bad = "\x1b[31m\r\n\u2028"
    fill(log, [work(bad, bad, "done", 12)], "stopped", 1, title=bad, reason=bad, schedule=bad, level=bad)
    for arguments in ([], ["--sets"], ["--json"], ["--csv"]):
        text = shown(*arguments)
        assert not set(text.replace("\r\n", "\n")) & set("\x1b\r\u2028")
        assert "[31m" in text
    assert len(shown("--sets").splitlines()) == 2


@pytest.mark.parametrize("screen", [80, 40, 10])
def test_lines_fit_on_the_screen(
    log: Path, shown: Shown, screen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, DONE, title="A morning for the hips, slowly", level="easier", schedule="morning")
    fill(log, HALF, "broken off", 370, reason="the sound device that was playing is gone")
    wide = shown("--sets")
    monkeypatch.setenv("COLUMNS", str(screen))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    text = shown("--sets")
    assert text.split() == wide.split() or screen < 20
    assert all(len(line) <= max(screen, 31) for line in text.splitlines())
    assert len(text.splitlines()) > len(wide.splitlines())


def test_a_log_of_nothing(coach: Command) -> None:
    done = coach("history")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "no sessions yet; 'coach play' logs each one\n"
    done = coach("history", "--json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
    done = coach("history", "--csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("id,started,ended,title,")
    assert len(done.stdout.splitlines()) == 1
    assert list(coach.folder.iterdir()) == []


def test_what_the_command_line_must_not_say(log: Path) -> None:
    for arguments in (["--json", "--csv"], ["--last", "0"], ["--last", "x"], ["more"]):
        with pytest.raises(click.UsageError):
            cli.main(["history", *arguments], prog_name="coach", standalone_mode=False)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the data folder can't be chosen")
def test_a_log_that_cannot_be_read_is_one_line(coach: Command) -> None:
    place = {"XDG_DATA_HOME": str(coach.folder)}
    path = coach.folder / "coach" / "history.db"
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    error = one_error(coach("history", **place), 3)
    assert error.startswith(f"coach: {path} is damaged (")
    assert error.endswith("; move it away, and Coach starts a new one")
    path.unlink()
    fill(path, DONE)
    assert coach("history", **place).stdout.endswith("Hip morning: 2 exercises, 5 sets\n")


def test_rounds_of_breathing_are_rounds_and_not_reps(log: Path, shown: Shown) -> None:
    calm = SetLog("Breathing", None, None, None, 6, None, 10.0, 48.0, 6, 48.0, SetOutcome.DONE)
    fill(log, [calm])
    assert "    Breathing: 6 rounds\n" in shown("--sets")
    row = json.loads(shown("--json"))[0]["sets"][0]
    assert (row["rounds"], row["rounds_done"], row["reps"], row["reps_done"]) == (6, 6, None, None)
