"""A database that survives a kill, a second process and a full disk: SQLite with the right settings."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

from coach.errors import CoachError
from coach.scratch import temporary_folder
from coach.trust import shut_out_others
from coach.user_folders import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 5.0  # seconds to wait for another process that is writing


class HistoryError(CoachError):
    """The log of sessions cannot be read or written."""


class Database:
    """A database in a file, which is not touched until the first read or write.

    Args:
        path: the file. The first write creates it, and its folder.
        migrations: the statements that make each version from the one before, the first from an empty file.
    """

    def __init__(self, path: Path, migrations: tuple[tuple[str, ...], ...]) -> None:
        self.path = path
        self._migrations = migrations
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file; a later write opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def transaction(self, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a transaction; when the `with` block ends, what it wrote is on the disk.

        Args:
            patience: seconds to wait for another process that is writing.

        Raises:
            HistoryError: it failed, and nothing was written.
        """
        with self._explaining():
            connection = self._connection = self._connection or self._opened(patience)
            connection.execute(f"PRAGMA busy_timeout = {round(patience * 1000)}")
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Yield a copy of the database in memory, of the newest version; empty if there is no file.

        Nothing is written to the file, so this works in a read-only folder too.

        Raises:
            HistoryError: it cannot be read, or the `with` block finds nonsense in it.
        """
        with self._explaining(), closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
            if self.path.exists():
                self._shut_out_others()
                self._copy_to(copy)
            self._migrate(copy)
            copy.row_factory = sqlite3.Row
            copy.text_factory = lambda data: data.decode("utf-8", "surrogatepass")
            yield copy

    def _opened(self, patience: float) -> sqlite3.Connection:
        """Return a connection to a database of the newest version."""
        if not self.path.exists():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.touch(mode=0o600)  # nobody else's business; what SQLite puts beside it inherits this
        self._shut_out_others()
        connection = sqlite3.connect(self.path, timeout=patience, isolation_level=None)
        try:
            self._version(connection)  # what a newer Coach wrote stays as it is
            # Where another process has just done it, or the file system can't, it is as safe without.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")  # else macOS leaves it to the drive when to write
            self._migrate(connection)
            connection.execute("PRAGMA foreign_keys = ON")  # not before: a step may build a table anew
        except BaseException:
            connection.close()
            raise
        return connection

    def _shut_out_others(self) -> None:
        """Shut others out of a database that an older Coach made, and of the user's data folder."""
        for path in (self.path, Path(f"{self.path}-wal"), Path(f"{self.path}-shm")):
            shut_out_others(path)
        if self.path.parent == data_folder():  # another folder may serve other programs, too
            shut_out_others(self.path.parent)

    def _copy_to(self, copy: sqlite3.Connection) -> None:
        """Copy the database as it is to another one."""
        address = self.path.absolute().as_uri()
        ahead = Path(f"{self.path}-wal")  # what has been written but is not yet in the file itself
        try:
            _copy(f"{address}?mode=ro", copy)
        except sqlite3.OperationalError:  # SQLite needs to create a file beside it, and can't
            if not ahead.exists() or not ahead.stat().st_size:
                _copy(f"{address}?immutable=1", copy)
                return
            with temporary_folder() as folder:
                there = folder / "history.db"
                copyfile(self.path, there)
                copyfile(ahead, f"{there}-wal")
                _copy(there.as_uri(), copy)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        """Migrate to the newest version, step by step; another process may be doing the same."""
        while (version := self._version(connection)) < len(self._migrations):
            try:
                connection.execute("BEGIN IMMEDIATE")
                if self._version(connection) == version:
                    for statement in self._migrations[version]:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {version + 1}")
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _version(self, connection: sqlite3.Connection) -> int:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        newest = len(self._migrations)
        if not 0 <= version <= newest:
            raise HistoryError(
                f"{self.path} was written by a newer Coach (version {version} of the log; this one knows"
                f" {newest}); update Coach: pip install --upgrade coach-audio"
            )
        return int(version)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Turn errors into one line that says what they mean and what to do."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # the caller's mistake
        except sqlite3.OperationalError as error:
            raise HistoryError(self._cannot(str(error))) from error
        except (sqlite3.Error, ValueError) as error:
            raise HistoryError(
                f"{self.path} is damaged ({error}); move it away, and Coach starts a new one"
            ) from error
        except OSError as error:
            raise HistoryError(f"cannot use {self.path}: {error.strerror or error}") from error

    def _cannot(self, said: str) -> str:
        if "full" in said:
            return f"no room for {self.path}: the disk is full"
        if "locked" in said:
            return f"another program keeps {self.path} locked"
        if "readonly" in said or "unable to open" in said:
            return f"cannot open {self.path}; check that you may read it, and write to it and its folder"
        return f"cannot use {self.path} ({said}); is the disk full, or gone?"


def _copy(address: str, copy: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE)) as source:
        source.backup(copy)
