"""The pieces in which a session is written into the log: each gets there once, however often it is tried."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from coach.text_enum import TextEnum, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Plain: TypeAlias = "str | int | float | None"
"""What a column holds."""

_SESSION = (
    "started", "ended", "title", "script", "language", "voice", "level", "schedule", "options", "length",
    "heard", "outcome", "reason", "effort", "pain",
)  # fmt: skip
_SET = (
    "exercise", "side", "set", "sets", "reps", "hold", "start", "seconds", "reps_done", "seconds_done",
    "outcome",
)  # fmt: skip


class EntryKind(TextEnum):
    """What an entry tells."""

    BEGIN = "begin"
    UPDATE = "update"
    END = "end"
    BEGIN_SET = "begin set"
    UPDATE_SET = "update set"


_COLUMNS = {
    EntryKind.BEGIN: {*_SESSION},
    EntryKind.UPDATE: {*_SESSION},
    EntryKind.END: {*_SESSION},
    EntryKind.BEGIN_SET: {*_SET},
    EntryKind.UPDATE_SET: {*_SET, "heard"},
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One piece of what a session writes.

    Attributes:
        session: the session's key, which no other session has.
        number: the entry's place among those of its session, from 0.
        kind: what it tells.
        values: the columns that get a new value; `heard` is always the session's.
        set_index: which of the session's sets an UPDATE_SET is about, from 0; None in other entries.
    """

    session: str
    number: int
    kind: EntryKind
    values: Mapping[str, Plain]
    set_index: int | None = None

    def as_line(self) -> bytes:
        """Return the entry as one line of JSON, in ASCII."""
        data = [self.session, self.number, self.kind, self.values, self.set_index]
        return json.dumps(data).encode("ascii") + b"\n"


def read_entries(data: bytes) -> tuple[list[Entry], bool]:
    """Return the entries of a file of lines, and whether all of it made sense.

    What comes behind the first line that makes no sense is left out. A last line that was not finished makes
    sense: its writer was killed, and no one was told that it is there.
    """
    entries: list[Entry] = []
    *lines, _ = data.split(b"\n")
    try:
        entries.extend(map(_read_entry, lines))  # up to the one that makes no sense
    except (ValueError, TypeError, RecursionError):
        return entries, False
    return entries, True


def _read_entry(line: bytes) -> Entry:
    """Return the entry of a line; ValueError or TypeError if it is none."""
    session, number, kind, values, index = json.loads(line)
    entry = Entry(session, number, EntryKind(kind), values, index)
    whole = (number, *(() if index is None else (index,)))
    if not isinstance(session, str) or not all(type(each) is int and each >= 0 for each in whole):
        raise ValueError("not the key of a session, or no number")
    if (index is None) == (entry.kind is EntryKind.UPDATE_SET):
        raise ValueError("a set where none belongs, or none where one does")
    if not isinstance(values, dict) or not values.keys() <= _COLUMNS[entry.kind]:
        raise ValueError("unknown columns")
    if not all(value is None or type(value) in (str, int, float) for value in values.values()):
        raise ValueError("no value of a column")
    return entry


def write_entries(connection: sqlite3.Connection, entries: Iterable[Entry]) -> bool:
    """Write entries into the log, within a transaction; what it has already is passed over.

    Returns:
        Whether they could all be in the log. If not, none of them is.
    """
    connection.execute("SAVEPOINT entries")
    try:
        for entry in entries:
            write_entry(connection, entry)
    except (sqlite3.IntegrityError, OverflowError):
        connection.execute("ROLLBACK TO entries")
        return False
    finally:
        if connection.in_transaction:  # an error such as a full disk may have ended it
            connection.execute("RELEASE entries")
    return True


def write_entry(connection: sqlite3.Connection, entry: Entry) -> None:
    """Write one entry into the log, within a transaction, unless the log has it already.

    A text arrives as its bytes, which the statement casts: the name of a file need not be UTF-8.

    Raises:
        sqlite3.IntegrityError: no session can be so.
    """
    key = {"key": entry.session}
    found = connection.execute("SELECT id, entries FROM sessions WHERE key = :key", key).fetchone()
    if entry.kind is EntryKind.BEGIN:
        if found is None:
            connection.execute(
                "UPDATE sets SET outcome = 'broken off' WHERE outcome = 'doing'"
                " AND session IN (SELECT id FROM sessions WHERE outcome = 'playing')"
            )
            connection.execute("UPDATE sessions SET outcome = 'broken off' WHERE outcome = 'playing'")
            _insert(connection, "sessions", {**entry.values, **key, "entries": entry.number + 1})
        return
    if found is None or found[1] > entry.number:
        return
    session = found[0]
    own: dict[str, Plain] = {"entries": entry.number + 1}
    match entry.kind:
        case EntryKind.UPDATE:
            own |= entry.values
        case EntryKind.END:
            own |= entry.values
            connection.execute(
                "UPDATE sets SET outcome = 'broken off' WHERE session = ? AND outcome = 'doing'", (session,)
            )
        case EntryKind.BEGIN_SET:
            _insert(connection, "sets", {"session": session, **entry.values})
        case EntryKind.UPDATE_SET:
            values = dict(entry.values)
            if "heard" in values:
                own["heard"] = values.pop("heard")
            row = connection.execute(
                "SELECT id FROM sets WHERE session = ? ORDER BY id LIMIT 1 OFFSET ?",
                (session, entry.set_index),
            ).fetchone()
            if row:
                _update(connection, "sets", row[0], values)
        case _:
            assert_never(entry.kind)
    _update(connection, "sessions", session, own)


def _insert(connection: sqlite3.Connection, table: str, values: Mapping[str, Plain]) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join(_slots(values))})"  # noqa: S608 - our names
    connection.execute(statement, _stored(values))


def _update(connection: sqlite3.Connection, table: str, row: int, values: Mapping[str, Plain]) -> None:
    changes = ", ".join(f'"{name}" = {slot}' for name, slot in zip(values, _slots(values), strict=True))
    statement = f"UPDATE {table} SET {changes} WHERE id = :id"  # noqa: S608 - our names
    connection.execute(statement, _stored({**values, "id": row}))


def _slots(values: Mapping[str, Plain]) -> Iterator[str]:
    return (
        f"CAST(:{name} AS TEXT)" if isinstance(value, str) else f":{name}" for name, value in values.items()
    )


def _stored(values: Mapping[str, Plain]) -> dict[str, object]:
    return {
        name: value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        for name, value in values.items()
    }
