"""Sessions: written while they play, and read back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from coach.history.model import Answer, Outcome, SessionLog, SetLog, SetOutcome
from coach.history.store import Database
from coach.user_folders import data_folder, state_folder

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from coach.history.model import Ending, Question

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY,
            started TEXT NOT NULL,
            ended TEXT,
            title TEXT NOT NULL,
            script TEXT NOT NULL,
            language TEXT NOT NULL,
            voice TEXT NOT NULL,
            level TEXT,
            schedule TEXT,
            options TEXT NOT NULL,
            length REAL NOT NULL CHECK (length >= 0),
            heard REAL NOT NULL CHECK (heard >= 0),
            outcome TEXT NOT NULL CHECK (outcome IN ('playing', 'completed', 'stopped', 'broken off')),
            reason TEXT,
            CHECK (outcome <> 'playing' OR ended IS NULL)
        )
        """,
        """
        CREATE TABLE sets (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
            exercise TEXT NOT NULL,
            side TEXT,
            "set" INTEGER CHECK ("set" >= 1),
            sets INTEGER CHECK (sets >= 1),
            reps INTEGER CHECK (reps >= 1),
            hold REAL CHECK (hold > 0),
            start REAL NOT NULL CHECK (start >= 0),
            seconds REAL NOT NULL CHECK (seconds >= 0),
            reps_done INTEGER CHECK (reps_done >= 0),
            seconds_done REAL NOT NULL CHECK (seconds_done >= 0),
            outcome TEXT NOT NULL CHECK (outcome IN ('done', 'broken off', 'skipped', 'doing'))
        )
        """,
        "CREATE INDEX sets_by_session ON sets (session)",
    ),
    (
        "ALTER TABLE sessions ADD COLUMN effort TEXT CHECK (effort IN ('less', 'same', 'more'))",
        "ALTER TABLE sessions ADD COLUMN pain TEXT CHECK (pain IN ('less', 'same', 'more'))",
    ),
)
"""The statements that make each version of the database from the one before, the first from an empty file."""


def database() -> Path:
    """Return the path of the user's log. It may not exist."""
    return data_folder() / "history.db"


def session_lock() -> Path:
    """Return the file that is locked while a session plays. It may not exist."""
    return state_folder() / "session.lock"


class History:
    """The log of sessions. No file is touched until the first read or write.

    Args:
        path: the database; None for the user's own.
        migrations: the statements that make each version; tests have their own.
    """

    def __init__(
        self, path: Path | None = None, *, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS
    ) -> None:
        self._database = Database(database() if path is None else path, migrations)

    def __enter__(self) -> History:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; a later write opens it again."""
        self._database.close()

    def begin(
        self,
        *,
        title: str,
        script: str,
        language: str,
        voice: str,
        length: float,
        level: str | None = None,
        schedule: str | None = None,
        options: Mapping[str, object] | None = None,
        started: datetime | None = None,
    ) -> Record:
        """Log that a session starts, and return the record for the rest of it.

        The caller must hold the lock on `session_lock`. So any session that still seems to be playing is
        dead, and becomes BROKEN_OFF.

        Args:
            title: as in `SessionLog`, like the others.
            script: an absolute path.
            language: such as "en".
            voice: such as "neural/heart".
            length: seconds.
            level: None, "easier" or "harder".
            schedule: a name, or None.
            options: JSON values.
            started: None for now.

        Raises:
            HistoryError: it could not be logged; nothing was written.
        """
        session = {
            "started": _moment(started),
            "title": title,
            "script": script,
            "language": language,
            "voice": voice,
            "level": level,
            "schedule": schedule,
            "options": json.dumps(dict(options or {})),
            "length": length,
            "heard": 0.0,
            "outcome": Outcome.PLAYING,
        }
        number = self._database.write(
            (
                "UPDATE sets SET outcome = 'broken off' WHERE outcome = 'doing'"
                " AND session IN (SELECT id FROM sessions WHERE outcome = 'playing')",
                {},
            ),
            ("UPDATE sessions SET outcome = 'broken off' WHERE outcome = 'playing'", {}),
            _insert("sessions", session),
        )
        assert number is not None
        return Record(self._database, number)

    def sessions(self, newest: int | None = None, *, playing: bool = False) -> list[SessionLog]:
        """Return the sessions of the log, oldest first; none without a log. Nothing is written.

        Args:
            newest: how many of the last ones to return; None for all.
            playing: whether a session is playing now. If not, a session without an end is BROKEN_OFF.

        Raises:
            HistoryError: there is a log, but it cannot be read.
        """
        with self._database.snapshot() as log:
            if log is None:
                return []
            query = "SELECT * FROM sessions ORDER BY id DESC LIMIT ?"
            rows = log.execute(query, (-1 if newest is None else newest,)).fetchall()[::-1]
            oldest = rows[0]["id"] if rows else 0
            query = "SELECT * FROM sets WHERE session >= ? ORDER BY session, id"
            sets = groupby(log.execute(query, (oldest,)), lambda row: int(row["session"]))
            own = {number: list(group) for number, group in sets}
            return [_session(row, own.get(row["id"], []), playing=playing) for row in rows]


class Record:
    """A session while it plays. A call returns when its data is on the disk, or raises HistoryError.

    Attributes:
        id: the session's number in the log.
    """

    def __init__(self, log: Database, number: int) -> None:
        self.id = number
        self._database = log

    def begin_set(self, begun: SetLog) -> int:
        """Log a set that starts now, or one that was skipped; return its row, for `update_set`."""
        values = {field.name: getattr(begun, field.name) for field in fields(begun)}
        row = self._database.write(_insert("sets", {"session": self.id, **values}))
        assert row is not None
        return row

    def update_set(
        self,
        row: int,
        *,
        reps_done: int | None,
        seconds_done: float,
        heard: float,
        outcome: SetOutcome = SetOutcome.DOING,
    ) -> None:
        """Log how much of a set is done, and how far into the track the session is, in seconds."""
        values = {"reps_done": reps_done, "seconds_done": seconds_done, "outcome": outcome}
        self._database.write(_update("sets", row, values), _update("sessions", self.id, {"heard": heard}))

    def reach(self, heard: float) -> None:
        """Log how far into the track the session is, in seconds."""
        self._database.write(_update("sessions", self.id, {"heard": heard}))

    def end(
        self, outcome: Ending, heard: float, reason: str | None = None, *, ended: datetime | None = None
    ) -> None:
        """Log how the session ended; a set without an end is broken off.

        Args:
            outcome: as in `SessionLog`.
            heard: how far into the track it got, in seconds.
            reason: what interrupted it, in words.
            ended: None for now.
        """
        values = {"outcome": outcome, "heard": heard, "reason": reason, "ended": _moment(ended)}
        self._database.write(
            (
                "UPDATE sets SET outcome = 'broken off' WHERE session = :session AND outcome = 'doing'",
                {"session": self.id},
            ),
            _update("sessions", self.id, values),
        )

    def answer(self, question: Question, answer: Answer) -> None:
        """Log the user's answer to a question of the check-in."""
        self._database.write(_update("sessions", self.id, {question.value: answer}))


def _insert(table: str, values: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    names = ", ".join(f'"{name}"' for name in values)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join(_slots(values))})", values  # noqa: S608 - ours


def _update(table: str, row: int, values: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    changes = (f'"{name}" = {slot}' for name, slot in zip(values, _slots(values), strict=True))
    return f"UPDATE {table} SET {', '.join(changes)} WHERE id = :id", {**values, "id": row}  # noqa: S608 - ours


def _slots(values: Mapping[str, object]) -> Iterator[str]:
    return (
        f"CAST(:{name} AS TEXT)" if isinstance(value, str) else f":{name}" for name, value in values.items()
    )


def _moment(moment: datetime | None) -> str:
    """Return a moment (None for now) as text, with the offset of local time."""
    return (datetime.now().astimezone() if moment is None else moment).isoformat(timespec="seconds")


def _session(row: sqlite3.Row, sets: list[sqlite3.Row], *, playing: bool) -> SessionLog:
    values = {field.name: row[field.name] for field in fields(SessionLog) if field.name != "sets"}
    values["started"] = datetime.fromisoformat(row["started"])
    values["ended"] = None if row["ended"] is None else datetime.fromisoformat(row["ended"])
    values["options"] = json.loads(row["options"])
    outcome = Outcome(row["outcome"])
    live = playing and outcome is Outcome.PLAYING
    values["outcome"] = Outcome.BROKEN_OFF if outcome is Outcome.PLAYING and not live else outcome
    values |= {name: Answer(row[name]) for name in ("effort", "pain") if row[name] is not None}
    return SessionLog(**values, sets=tuple(_set(each, live=live) for each in sets))


def _set(row: sqlite3.Row, *, live: bool) -> SetLog:
    values = {field.name: row[field.name] for field in fields(SetLog)}
    outcome = SetOutcome(row["outcome"])
    values["outcome"] = SetOutcome.BROKEN_OFF if outcome is SetOutcome.DOING and not live else outcome
    return SetLog(**values)
