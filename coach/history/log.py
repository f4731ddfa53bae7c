"""Sessions: written while they play, and read back."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from coach.history.backlog import Backlog
from coach.history.entries import write_entries
from coach.history.model import Answer, Outcome, SessionLog, SetLog, SetOutcome
from coach.history.record import Record
from coach.history.store import Database
from coach.user_folders import data_folder, state_folder

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from coach.history.entries import Plain

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
    (
        "ALTER TABLE sessions ADD COLUMN key TEXT",
        "ALTER TABLE sessions ADD COLUMN entries INTEGER NOT NULL DEFAULT 0",  # how many of them it has
        "CREATE UNIQUE INDEX sessions_by_key ON sessions (key)",
    ),
    (
        "ALTER TABLE sets ADD COLUMN load TEXT",
        "ALTER TABLE sets ADD COLUMN part INTEGER CHECK (part >= 1)",
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
        path = database() if path is None else path
        self._database = Database(path, migrations)
        self._backlog = Backlog(path)

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
        tell: Callable[[str], None] = lambda _: None,
    ) -> Record:
        """Log that a session starts, and return the record for the rest of it.

        What earlier sessions could not write is written first. The caller must hold the lock on
        `session_lock`. So any session that still seems to be playing is dead, and becomes BROKEN_OFF.

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
            tell: called with the one line that says why the session cannot be logged yet, or at all.
        """
        begun = datetime.now().astimezone() if started is None else started
        record = Record(self._database, self._backlog, tell, begun)
        session: dict[str, Plain] = {
            "started": begun.isoformat(timespec="seconds"),
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
        record.begin(session)
        return record

    def sessions(self, newest: int | None = None, *, playing: bool = False) -> list[SessionLog]:
        """Return the sessions of the log, oldest first; none without a log. Nothing is written.

        Args:
            newest: how many of the last ones to return; None for all.
            playing: whether a session is playing now. If not, a session without an end is BROKEN_OFF.

        Raises:
            HistoryError: there is a log, but it cannot be read.
        """
        left = self._backlog.read()  # before the log: what moves from one to the other meanwhile is in both
        with self._database.snapshot() as log:
            log.execute("BEGIN")
            for each in left:
                write_entries(log, each.entries)
            query = "SELECT * FROM sessions ORDER BY id DESC LIMIT ?"
            rows = log.execute(query, (-1 if newest is None else newest,)).fetchall()[::-1]
            oldest = rows[0]["id"] if rows else 0
            query = "SELECT * FROM sets WHERE session >= ? ORDER BY session, id"
            sets = groupby(log.execute(query, (oldest,)), lambda row: int(row["session"]))
            own = {number: list(group) for number, group in sets}
            return [_session(row, own.get(row["id"], []), playing=playing) for row in rows]


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
