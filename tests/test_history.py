"""The log of sessions: what goes in comes out, whatever happens to the process, the disk or the file."""

from __future__ import annotations

import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.history import (
    Answer,
    History,
    HistoryError,
    Outcome,
    Question,
    Record,
    SessionLog,
    SetLog,
    SetOutcome,
    database,
    session_lock,
)
from coach.history.log import MIGRATIONS
from coach.history.store import Database
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")

START = datetime(2025, 3, 1, 7, 0, 12, tzinfo=timezone(timedelta(hours=1)))
LIFTS = SetLog("Lift", "left", 1, 2, 12, None, 20.0, 48.0, 0)


def begun(history: History, **given: Any) -> Record:
    """Begin a session; what a test doesn't care about is made up."""
    session: dict[str, Any] = {
        "title": "Short",
        "script": "/home/ada/short.yaml",
        "language": "en",
        "voice": "neural/heart",
        "length": 100.0,
        "started": START,
    }
    record = history.begin(**session | given)
    if record.trouble:
        raise record.trouble
    return record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a log may be; its folder is not there."""
    return tmp_path / "new" / "history.db"


def columns(path: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        checked = connection.execute("PRAGMA integrity_check").fetchall()
        return checked == [("ok",)] and connection.execute("PRAGMA foreign_key_check").fetchall() == []


# What goes in comes out.


def test_a_session_is_logged_as_it_goes(path: Path) -> None:
    with History(path) as history:
        options = {"reps": 12, "sides": ["left"], "rest": None}
        record = begun(history, level="easier", schedule="morning", options=options)
        assert history.sessions(playing=True) == [
            SessionLog(
                1, START, None, "Short", "/home/ada/short.yaml", "en", "neural/heart", "easier",
                "morning", options, 100.0, 0.0, Outcome.PLAYING, None, (),
            )
        ]  # fmt: skip
        row = record.begin_set(LIFTS)
        record.update_set(row, reps_done=5, seconds_done=20.5, heard=40.5)
        (now,) = history.sessions(playing=True)
        assert now.heard == 40.5
        assert now.sets == (replace(LIFTS, reps_done=5, seconds_done=20.5),)
        record.update_set(row, reps_done=12, seconds_done=48, heard=68, outcome=SetOutcome.DONE)
        record.begin_set(replace(LIFTS, set=2, outcome=SetOutcome.SKIPPED))
        record.reach(80)
        record.begin_set(replace(LIFTS, exercise="Plank", side=None, reps=None, reps_done=None))
        ended = START + timedelta(minutes=2)
        record.end(Outcome.STOPPED, 90, "enough", ended=ended)
        (then,) = history.sessions(playing=True)
    assert (then.outcome, then.heard, then.reason, then.ended) == ("stopped", 90, "enough", ended)
    assert [each.outcome for each in then.sets] == ["done", "skipped", "broken off"]
    assert then.sets[2].reps_done is None
    assert then.started.utcoffset() == timedelta(hours=1)


texts = st.text(max_size=20)
moments = st.datetimes(
    min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
).map(lambda moment: moment.replace(microsecond=0))  # fmt: skip
amounts = st.floats(0, 1e5)
counts = st.none() | st.integers(1, 100)
sets = st.builds(
    SetLog, texts, st.none() | texts, counts, counts, counts, st.none() | st.floats(0.5, 300), amounts,
    amounts, st.none() | st.integers(0, 100), amounts,
    st.sampled_from([SetOutcome.DOING, SetOutcome.SKIPPED]),
)  # fmt: skip
calls = st.one_of(
    st.tuples(
        st.just("begin"),
        st.fixed_dictionaries(
            {
                "title": texts, "script": texts, "language": texts, "voice": texts, "length": amounts,
                "level": st.none() | texts, "schedule": st.none() | texts, "started": moments,
                "options": st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts),
            }
        ),
    ),
    st.tuples(st.just("begin_set"), sets),
    st.tuples(
        st.just("update_set"), st.integers(0, 9), st.integers(0, 100), amounts, amounts,
        st.sampled_from([SetOutcome.DOING, SetOutcome.DONE, SetOutcome.BROKEN_OFF]),
    ),
    st.tuples(st.just("reach"), amounts),
    st.tuples(
        st.just("answer"), st.sampled_from(Question), st.sampled_from(Answer)
    ),
    st.tuples(
        st.just("end"), st.sampled_from([Outcome.COMPLETED, Outcome.STOPPED, Outcome.BROKEN_OFF]), amounts,
        st.none() | texts, moments,
    ),
    st.tuples(st.just("open again")),
)  # fmt: skip


def broken_off(session: SessionLog) -> SessionLog:
    """Return a session as it is when nobody plays it any more."""
    outcome = Outcome.BROKEN_OFF if session.outcome is Outcome.PLAYING else session.outcome
    done = (
        replace(each, outcome=SetOutcome.BROKEN_OFF) if each.outcome is SetOutcome.DOING else each
        for each in session.sets
    )
    return replace(session, outcome=outcome, sets=tuple(done))


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(calls, max_size=25), st.none() | st.integers(1, 4))
def test_any_calls_leave_what_a_list_in_memory_would(done: list[Any], newest: int | None) -> None:
    model: list[SessionLog] = []
    record: Record | None = None
    rows: dict[int, int] = {}
    with tempfile.TemporaryDirectory() as folder, History(Path(folder, "history.db")) as history:
        for name, *values in done:
            if name == "open again":
                history.close()
            elif name == "begin":
                (session,) = values
                record, rows = history.begin(**session), {}
                model = [broken_off(each) for each in model]
                model.append(
                    SessionLog(
                        id=len(model) + 1,
                        ended=None,
                        heard=0,
                        outcome=Outcome.PLAYING,
                        reason=None,
                        **session,
                    )
                )
            elif record is None:
                continue
            elif name == "answer":  # also when the session is over
                question, answer = values
                record.answer(question, answer)
                model[-1] = replace(model[-1], **{question.value: answer})
            elif model[-1].outcome != "playing":
                continue
            elif name == "begin_set":
                rows[len(model[-1].sets)] = record.begin_set(*values)
                model[-1] = replace(model[-1], sets=(*model[-1].sets, *values))
            elif name == "update_set":
                number, reps_done, seconds_done, heard, outcome = values
                if number in rows:
                    record.update_set(
                        rows[number],
                        reps_done=reps_done,
                        seconds_done=seconds_done,
                        heard=heard,
                        outcome=outcome,
                    )
                    changed = list(model[-1].sets)
                    changed[number] = replace(
                        changed[number], reps_done=reps_done, seconds_done=seconds_done, outcome=outcome
                    )
                    model[-1] = replace(model[-1], sets=tuple(changed), heard=heard)
            elif name == "reach":
                record.reach(*values)
                model[-1] = replace(model[-1], heard=values[0])
            else:
                outcome, heard, reason, ended = values
                record.end(outcome, heard, reason, ended=ended)
                model[-1] = broken_off(
                    replace(model[-1], outcome=outcome, heard=heard, reason=reason, ended=ended)
                )
        assert history.sessions(playing=True) == model
        wanted = [broken_off(session) for session in model]
        assert history.sessions(newest) == (wanted if newest is None else wanted[-newest:])


def test_names_of_files_and_texts_are_kept_whatever_is_in_them(path: Path) -> None:
    odd = "/home/\udcff\ud800/a\0b\n\N{SNOWMAN}'\";--.yaml"
    with History(path) as history:
        begun(history, script=odd, title=odd).end(Outcome.BROKEN_OFF, 1, odd)
        (session,) = history.sessions()
    assert (session.script, session.title, session.reason) == (odd, odd, odd)


def test_a_session_that_nobody_ended_is_broken_off(path: Path) -> None:
    with History(path) as history:
        begun(history).begin_set(LIFTS)
    history = History(path)
    (dead,) = history.sessions()
    assert (dead.outcome, dead.sets[0].outcome, dead.ended) == ("broken off", "broken off", None)
    (live,) = history.sessions(playing=True)
    assert (live.outcome, live.sets[0].outcome) == ("playing", "doing")
    with history:
        begun(history, title="Next")
    older, newer = history.sessions(playing=True)
    assert older == dead
    assert (newer.title, newer.outcome) == ("Next", "playing")


def test_moments_are_local_without_any(path: Path) -> None:
    with History(path) as history:
        before = datetime.now().astimezone().replace(microsecond=0)
        begun(history, started=None).end(Outcome.COMPLETED, 100)
        (session,) = history.sessions()
    assert session.ended is not None
    assert before <= session.started <= session.ended <= datetime.now().astimezone()
    assert session.started.utcoffset() == before.utcoffset()


def test_what_no_session_can_be_is_not_logged_at_all(path: Path) -> None:
    with History(path) as history:
        begun(history)
        for wrong in ({"length": -1}, {"length": float("nan")}, {"title": None}):
            with pytest.raises(sqlite3.IntegrityError):
                begun(history, **wrong)
        with pytest.raises(sqlite3.IntegrityError):
            begun(history, title="Second").begin_set(replace(LIFTS, reps=0))
        assert [each.outcome for each in history.sessions(playing=True)] == ["broken off", "playing"]


# Reading leaves no trace.


def test_reading_makes_nothing(path: Path) -> None:
    assert History(path).sessions() == []
    assert not path.parent.exists()
    path.parent.mkdir()
    path.touch()  # of a process that was killed as early as can be
    assert History(path).sessions() == []
    assert path.read_bytes() == b""


@posix
def test_the_log_is_nobody_elses_business(path: Path) -> None:
    with History(path) as history:
        begun(history)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["history.db", "history.db-wal", "history.db-shm"], 0o600)


def test_the_log_and_the_lock_lie_in_the_folders_of_the_person() -> None:
    assert database().name == "history.db"
    assert session_lock().name == "session.lock"


# Versions.

MADE_UP = (
    *MIGRATIONS,
    (
        "ALTER TABLE sessions ADD COLUMN mood INTEGER CHECK (mood BETWEEN 1 AND 10)",
        "UPDATE sessions SET mood = 5",
    ),
    ("CREATE TABLE notes (session INTEGER REFERENCES sessions (id), note TEXT)",),
)


def make_old(path: Path, versions: int) -> None:
    """Make the log of a Coach that knew only so many versions, with one session in it."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        for statement in (each for step in MADE_UP[:versions] for each in step):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {versions}")
        connection.execute(
            "INSERT INTO sessions (started, title, script, language, voice, options, length, heard, outcome)"
            " VALUES (?, 'Old', 'a', 'en', 'v', '{}', 1, 1, 'completed')",
            (START.isoformat(),),
        )
        connection.commit()


@pytest.mark.parametrize("versions", [0, *range(1, len(MADE_UP) + 1)])
def test_an_older_log_is_brought_to_the_newest_version_by_the_first_write(path: Path, versions: int) -> None:
    if versions:
        make_old(path, versions)
        before = path.read_bytes()
        assert [each.title for each in History(path, migrations=MADE_UP).sessions()] == ["Old"]
        assert path.read_bytes() == before
    with History(path, migrations=MADE_UP) as history:
        begun(history, title="New")
        titles = [each.title for each in history.sessions()]
    assert titles == ["Old", "New"][not versions :]
    assert columns(path, "sessions")[-5:] == ["effort", "pain", "key", "entries", "mood"]
    assert columns(path, "notes") == ["session", "note"]


def test_a_step_is_done_whole_or_not_at_all(path: Path) -> None:
    with History(path) as history:
        begun(history)
    broken = (*MADE_UP[:-1], ("CREATE TABLE half (a)", "CREATE TABLE sessions (a)"))
    with (
        pytest.raises(HistoryError, match="table sessions already exists"),
        History(path, migrations=broken) as history,
    ):
        begun(history)
    assert columns(path, "sessions")[-1] == "mood"  # of the step before
    assert columns(path, "half") == []
    assert len(History(path, migrations=MADE_UP).sessions()) == 2  # the second one waits in its file


def test_a_log_of_a_newer_coach_is_left_alone(path: Path) -> None:
    with History(path, migrations=MADE_UP) as history:
        begun(history)
    before = path.read_bytes()
    with History(path) as history:
        for use in (history.sessions, lambda: begun(history)):
            with pytest.raises(HistoryError, match=rf"newer Coach \(version {len(MADE_UP)}.*; update Coach"):
                use()
    assert path.read_bytes() == before
    with pytest.raises(HistoryError, match="newer Coach"):
        History(path, migrations=()).sessions()


# What can go wrong.


def test_a_damaged_log_is_told_and_never_touched(path: Path) -> None:
    path.parent.mkdir()
    for data in (b"no database " * 1000, b"SQLite format 3\0" + b"\xff" * 5000):
        path.write_bytes(data)
        with History(path) as history:
            for use in (history.sessions, lambda: begun(history)):
                with pytest.raises(HistoryError) as told:
                    use()
                assert str(told.value).startswith(f"{path} is damaged (")
                assert str(told.value).endswith("; move it away, and Coach starts a new one")
        assert path.read_bytes() == data


def test_damage_within_is_an_error_and_no_fault(path: Path) -> None:
    with History(path) as history:
        for number in range(200):
            begun(history, title=f"{number}" * 50)
    pristine = path.read_bytes()
    chance = random.Random(1)
    for _ in range(100):
        data = bytearray(pristine)
        at = chance.randrange(len(data) - 100)
        data[at : at + 100] = chance.randbytes(100)
        path.write_bytes(data)
        with suppress(HistoryError):
            assert len(History(path).sessions()) <= 200


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sessions SET started = 'yesterday'",
        "UPDATE sessions SET options = '{'",
        "UPDATE sessions SET title = CAST(X'ff' AS TEXT)",
        "DROP TABLE sets",
    ],
)
def test_what_another_program_did_to_it_is_an_error_and_no_fault(path: Path, change: str) -> None:
    with History(path) as history:
        begun(history)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(change)
        connection.commit()
    with pytest.raises(HistoryError, match=r"history\.db"):
        History(path).sessions()


def test_what_cannot_be_opened_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(HistoryError, match="cannot open"):
        History(path).sessions()
    with pytest.raises(HistoryError, match="cannot open"):
        begun(History(path))
    (path.parent / "file").touch()
    with pytest.raises(HistoryError, match="cannot use"):
        begun(History(path.parent / "file" / "history.db"))


# A log that cannot be written now.


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.history.record._LAST_PATIENCE", 0.01)


@contextmanager
def locked(path: Path, how: str = "EXCLUSIVE") -> Iterator[None]:
    """Keep a log locked, as a backup or a sync client does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"BEGIN {how}")
        yield
        other.execute("ROLLBACK")


def unlogged(path: Path) -> list[Path]:
    """Return the files of what is not in the log yet."""
    return sorted(path.parent.glob("history.unlogged-*"))


def in_the_log(path: Path) -> list[tuple[str, float, str]]:
    """Return what is in the database itself."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT title, heard, outcome FROM sessions ORDER BY id").fetchall()


@posix
@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_what_is_done_while_the_log_is_locked_is_written_when_it_is_free(path: Path, how: str) -> None:
    told: list[str] = []
    with History(path) as history:
        record = begun(history, tell=told.append)
        first = record.begin_set(LIFTS)
        with locked(path, how):
            record.update_set(first, reps_done=12, seconds_done=48, heard=68, outcome=SetOutcome.DONE)
            second = record.begin_set(replace(LIFTS, set=2))
            (file,) = unlogged(path)
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        (now,) = history.sessions(playing=True)  # who reads need not wait for it to be written
        assert (now.heard, [each.outcome for each in now.sets]) == (68, ["done", "doing"])
        record.update_set(second, reps_done=3, seconds_done=12, heard=80)
        assert in_the_log(path) == [("Short", 80.0, "playing")]
        assert record.trouble is None
        assert unlogged(path) == []
        record.end(Outcome.STOPPED, 81)
        record.close()
        (then,) = history.sessions()
    assert [(each.reps_done, each.outcome) for each in then.sets] == [(12, "done"), (3, "broken off")]
    assert told == []


def test_no_call_waits_for_long_while_the_log_is_locked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patience: list[float] = []
    transaction = Database.transaction

    def note(database: Database, seconds: float) -> AbstractContextManager[sqlite3.Connection]:
        patience.append(seconds)
        return transaction(database, seconds)

    monkeypatch.setattr(Database, "transaction", note)
    with History(path) as history:
        record = begun(history)
        with locked(path):
            for _ in range(5):
                record.reach(1)
            record.end(Outcome.STOPPED, 1)
        record.close()
    assert len(patience) == 8
    assert max(patience[:-1]) <= 0.1  # the session looks ten times a second
    assert patience[-1] <= 2


def test_a_log_that_is_locked_to_the_end_is_told_once_and_written_by_the_next_session(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.history.record._TELL_AFTER", 0.0)
    told: list[str] = []
    with History(path) as history:
        begun(history, title="First").end(Outcome.COMPLETED, 100)
        for title in ("Second", "Third"):
            record = history_in_a_lock(history, path, title, told)
        assert [each.title for each in history.sessions()] == ["First", "Second", "Third"]
        assert [each.title for each in history.sessions(1)] == ["Third"]
        assert in_the_log(path) == [("First", 100.0, "completed")]
        files = unlogged(path)
        assert len(files) == len(told) == 2
        assert told[0] == (
            f"another program keeps {path} locked; the session is kept in {files[0]} until it can be logged"
        )
        begun(history, title="Fourth", tell=told.append)
        assert record.trouble is not None
    done = [("First", 100.0, "completed"), ("Second", 60.0, "completed"), ("Third", 60.0, "completed")]
    assert in_the_log(path) == [*done, ("Fourth", 0.0, "playing")]
    assert unlogged(path) == []
    assert len(told) == 2
    assert is_whole(path)


def history_in_a_lock(history: History, path: Path, title: str, told: list[str]) -> Record:
    """Log a whole session while the log is locked."""
    history.close()
    with locked(path):
        record = history.begin(
            title=title, script="a", language="en", voice="v", length=60, tell=told.append,
            started=START + timedelta(days=len(told)),
        )  # fmt: skip
        record.begin_set(LIFTS)
        record.end(Outcome.COMPLETED, 60)
        record.close()
    return record


def test_what_was_left_is_logged_once_though_its_file_stays(path: Path) -> None:
    with History(path) as history:
        begun(history).end(Outcome.COMPLETED, 100)
        history_in_a_lock(history, path, "Kept", [])
        (file,) = unlogged(path)
        data = file.read_bytes()
        begun(history, title="Next")
        file.write_bytes(data)  # as if it had been killed before it could remove the file
        before = history.sessions()
        begun(history, title="Last")
        after = history.sessions()
    assert [each.title for each in after] == ["Short", "Kept", "Next", "Last"]
    assert after[1] == before[1]
    assert len(after[1].sets) == 1
    assert unlogged(path) == []


@pytest.mark.parametrize(
    "wrong",
    [
        b"\xff\xfe\n",
        b"{}\n",
        b"5\n",
        b'["key", 9, "begin", [], null]\n',
        b'["key", 9, "begin", {"id": 1}, null]\n',
        b'["key", -1, "update", {"heard": 1}, null]\n',
        b'["key", 9, "update set", {"outcome": "done"}, null]\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_damaged_file_is_told_and_kept_and_what_precedes_is_logged(path: Path, wrong: bytes) -> None:
    told: list[str] = []
    with History(path) as history:
        begun(history).end(Outcome.COMPLETED, 100)
        history_in_a_lock(history, path, "Kept", [])
        (file,) = unlogged(path)
        file.write_bytes(file.read_bytes() + wrong)
        assert [each.title for each in history.sessions()] == ["Short", "Kept"]
        begun(history, title="Next", tell=told.append)
        begun(history, title="Last", tell=told.append)
    assert [title for title, *_ in in_the_log(path)] == ["Short", "Kept", "Next", "Last"]
    assert told == [f"{file} is damaged; the part of its session that could be read is logged"]
    assert unlogged(path) == [file.with_suffix(".damaged")]


def test_what_no_session_can_be_is_not_taken_from_a_file(path: Path) -> None:
    told: list[str] = []
    with History(path) as history:
        begun(history).end(Outcome.COMPLETED, 100)
        history_in_a_lock(history, path, "Kept", [])
        (file,) = unlogged(path)
        file.write_bytes(file.read_bytes().replace(b'"heard": 60', b'"heard": -60'))
        assert [each.title for each in history.sessions()] == ["Short"]
        begun(history, title="Next", tell=told.append)
    assert [title for title, *_ in in_the_log(path)] == ["Short", "Next"]
    assert len(told) == 1


def test_the_file_of_a_session_that_plays_is_left_to_it(path: Path) -> None:
    with History(path) as history, History(path) as other:
        begun(history).end(Outcome.COMPLETED, 100)
        with locked(path):
            record = history.begin(title="Playing", script="a", language="en", voice="v", length=60)
        begun(other, title="Beside it")  # where nobody could tell that a session plays
        assert len(unlogged(path)) == 1
        record.end(Outcome.COMPLETED, 60)
        assert {each.title: each.outcome for each in history.sessions(playing=True)} == {
            "Short": "completed", "Beside it": "broken off", "Playing": "completed"
        }  # fmt: skip
    assert unlogged(path) == []


# Other processes, kills, full and read-only disks.

PROGRAM = """
import os, subprocess, sys
from pathlib import Path
from coach.history import History, Outcome, SetLog

path, *arguments = sys.argv[1:]
history = History(Path(path))

def begin():
    return history.begin(title="a", script="b", language="en", voice="c", length=1, tell=print)

def log(record, name):
    row = record.begin_set(SetLog(name, None, None, None, 1, None, 0, 1))
    record.update_set(row, reps_done=1, seconds_done=1, heard=1, outcome="done")
    os.write(1, f"{name}\\n".encode())
"""
IN_A_NEW_WORLD = ["unshare", "--user", "--map-root-user", "--mount"]


def start(program: str, *arguments: str | Path, before: list[str] | None = None) -> subprocess.Popen[str]:
    """Start a program that goes on from the one above."""
    return subprocess.Popen(
        [*(before or []), sys.executable, "-c", PROGRAM + program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        text=True,
    )


def told(program: str, *arguments: str | Path, before: list[str] | None = None) -> list[str]:
    """Run such a program to its end and return the lines that it printed."""
    with start(program, *arguments, before=before) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.splitlines()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A folder that a program in a new world can mount a small disk on."""
    mount = ["mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run([*IN_A_NEW_WORLD, *mount], check=False).returncode:
        pytest.skip("this system lets nobody mount a disk of their own")
    return tmp_path


def test_processes_may_make_the_log_at_once(path: Path) -> None:
    program = "record = begin()\nfor n in range(20): log(record, str(n))\nrecord.close()"
    started = [start(program, path) for _ in range(4)]
    for process in started:
        with process:
            process.communicate(timeout=60)
        assert process.returncode == 0
    sessions = History(path).sessions()
    assert [len(session.sets) for session in sessions] == [20] * 4
    assert is_whole(path)


def test_a_kill_loses_nothing_that_was_logged(path: Path) -> None:
    writer = """
record = begin()
for number in range(1_000_000):
    log(record, f"{arguments[0]} {number}")
"""
    logged: set[str] = set()
    for turn in range(3):
        started = [start(writer, path, f"{turn} {name}") for name in "ab"]
        for process in started:
            assert process.stdout is not None
            logged |= {process.stdout.readline().strip() for _ in range(50)}
        for process in started:
            process.kill()
        for process in started:
            with process:
                assert process.stdout is not None
                logged |= {line.strip() for line in process.stdout if line.endswith("\n")}
        there = {each.exercise: each for session in History(path).sessions() for each in session.sets}
        assert logged <= set(there)
        assert all(there[name].outcome == "done" for name in logged)
        assert len(there) <= len(logged) + 2 * (turn + 1)  # begun, and killed before it was told
    assert is_whole(path)
    assert len(logged) >= 300


def test_a_kill_while_the_log_is_locked_now_and_then_loses_nothing_and_doubles_nothing(path: Path) -> None:
    chance = random.Random(7)
    with History(path) as history:
        begun(history).end(Outcome.COMPLETED, 100)
    logged: list[str] = []
    for turn in range(examples(4)):
        process = start(
            "record = begin()\nfor n in range(1_000_000): log(record, f'{arguments[0]} {n}')", path, str(turn)
        )
        assert process.stdout is not None
        with process:
            for _ in range(chance.randint(1, 6)):
                with locked(path) if chance.random() < 0.7 else nullcontext():
                    logged += [process.stdout.readline().strip() for _ in range(chance.randint(1, 8))]
            if chance.random() < 0.5:
                with locked(path):
                    logged += [process.stdout.readline().strip() for _ in range(chance.randint(1, 20))]
                    process.kill()
                    logged += [line.strip() for line in process.stdout if line.endswith("\n")]
            process.kill()
            logged += [line.strip() for line in process.stdout if line.endswith("\n")]
        done = [
            each for session in History(path).sessions() for each in session.sets if each.outcome == "done"
        ]
        names = [each.exercise for each in done]
        assert len(names) == len(set(names))
        assert set(logged) <= set(names)
    with History(path) as history:
        begun(history)
        assert [
            each.exercise for session in history.sessions() for each in session.sets if each.outcome == "done"
        ] == names
    assert unlogged(path) == []
    assert len(in_the_log(path)) == examples(4) + 2
    assert is_whole(path)


def test_a_log_that_was_moved_away_leaves_nothing_behind_in_the_next_one(path: Path) -> None:
    told("log(begin(), 'old'); os._exit(0)", path)
    assert Path(f"{path}-wal").stat().st_size  # what was written ahead is there, as after a kill
    path.rename(path.with_name("damaged.db"))
    with History(path) as history:
        assert history.sessions() == []
        begun(history, title="New")
        assert [each.title for each in history.sessions()] == ["New"]
    assert is_whole(path)


@posix
def test_a_file_that_may_not_grow_loses_nothing_that_was_logged(path: Path) -> None:
    program = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
record = begin()
for number in range(10_000):
    log(record, str(number))
    if record.trouble:
        break
print(record.trouble)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
log(record, "after")
record.end(Outcome.COMPLETED, 1)
"""
    *logged, error, _ = told(program, path)
    assert error == f"cannot use {path} (disk I/O error); is the disk full, or gone?"
    assert len(logged) > 10
    (session,) = History(path).sessions()
    done = [each.exercise for each in session.sets if each.outcome == "done"]
    assert done == [*logged, "after"]
    assert session.outcome == "completed"
    assert is_whole(path)


def test_a_full_disk_loses_nothing_that_was_logged(disk: Path) -> None:
    program = """
folder = Path(path).parent
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
filler = folder / "filler"
filler.write_bytes(bytes(600_000))
record = begin()
for number in range(10_000):
    log(record, str(number))
    if record.trouble and record._kept < len(record._waiting):
        break
print(record.trouble)
print(len([each for each in history.sessions(playing=True)[0].sets if each.outcome == "done"]))
record.close()
filler.write_bytes(b"")
log(record, "after")
history.close()
print(*(each.exercise for each in history.sessions()[0].sets if each.outcome == "done"))
"""
    path = disk / "history.db"
    *logged, error, full, closed, after, there = told(program, path, before=IN_A_NEW_WORLD)
    assert error == f"no room for {path}: the disk is full"
    assert closed == f"{error}; the end of the session is not logged"
    assert len(logged) > 10
    assert len(logged) - 1 <= int(full) <= len(logged)  # what neither log nor file has room for is in memory
    assert there.split() == [*logged, after]


@pytest.mark.parametrize("left", ["closed", "killed", "without an index"])
def test_a_read_only_disk_can_be_read(disk: Path, left: str) -> None:
    program = """
folder = Path(path).parent
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
if not os.fork():
    log(begin(), "done")
    if arguments == ["closed"]:
        history.close()
    os._exit(0)
os.wait()
if arguments == ["without an index"]:
    Path(f"{path}-shm").unlink()
print(*sorted(each.name for each in folder.iterdir()))
subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
print(*(each.exercise for session in history.sessions() for each in session.sets))
print(begin().trouble)
"""
    path = disk / "history.db"
    _, files, there, error = told(program, path, left, before=IN_A_NEW_WORLD)
    assert (
        files.split()
        == {
            "closed": ["history.db"],
            "killed": ["history.db", "history.db-shm", "history.db-wal"],
            "without an index": ["history.db", "history.db-wal"],
        }[left]
    )
    assert there == "done"
    assert error == f"cannot open {path}; check that you may read it, and write to it and its folder"
