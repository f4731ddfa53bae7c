"""The entries that make up a session in the log; each is written once, however often that is tried."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from coach.text_enum import TextEnum, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Plain: TypeAlias = "str | int | float | None"
"""The value of a column."""

_SESSION = (
    "started", "ended", "title", "script", "language", "voice", "level", "schedule", "options", "length",
    "heard", "outcome", "reason", "effort", "pain",
)  # fmt: skip
_SET = (
    "exercise", "side", "set", "sets", "reps", "hold", "start", "seconds", "reps_done", "seconds_done",
    "outcome", "load", "part",
)  # fmt: skip


class EntryKind(TextEnum):
    """What an entry changes."""

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
    """One change to the log, made by one session.

    Attributes:
        session: the session's unique key.
        number: counts the entries of the session, from 0.
        kind: what it changes.
        values: the new values by column; `heard` is always a column of the session.
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
    """Return the entries in the bytes of a file, and whether all of them made sense.

    Everything after the first line that makes no sense is left out. An unfinished last line is no damage: its
    writer was killed while writing it.
    """
    entries: list[Entry] = []
    *lines, _ = data.split(b"\n")
    try:
        entries.extend(map(_read_entry, lines))  # up to the one that makes no sense
    except (ValueError, TypeError, RecursionError):
        return entries, False
    return entries, True


def _read_entry(line: bytes) -> Entry:
    """Return the entry on a line; raises ValueError or TypeError if it is not one."""
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
    """Write entries into the log, within a transaction, except those it already has.

    Returns:
        Whether all values were in range. If not, none of the entries is written.
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
    """Write an entry into the log, within a transaction, unless the log already has it.

    Texts are passed as bytes, because file names are not always UTF-8; the statement casts them.

    Raises:
        sqlite3.IntegrityError: a value is out of its range.
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
