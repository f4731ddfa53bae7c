"""One session of the log while it plays: what is done is written at once, or as soon as possible."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from coach.history.entries import Entry, EntryKind, write_entries, write_entry
from coach.history.model import SetOutcome
from coach.history.store import HistoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coach.history.backlog import Backlog
    from coach.history.entries import Plain
    from coach.history.model import Answer, Ending, Question, SetLog
    from coach.history.store import Database

_GLANCE = 0.05
"""Seconds to wait for another process while a session plays: keys and screen wait as well."""

_LAST_PATIENCE = 1.0
"""Seconds to wait for another process once the session is over."""

_TELL_AFTER = 5.0
"""Seconds without a successful write before the person is told: most locks are released sooner."""


class Record:
    """Logs what is done in a session. No call waits for long, and none fails because of the disk.

    What cannot be written into the log now, because another program keeps it locked or the disk is full, is
    kept in memory and in a file beside the log until a later call can write it. If none can, the next session
    does; until then, reading the log includes that file.

    Args:
        log: the database.
        backlog: the files beside it.
        tell: called with one line, once, when nothing could be written for a while; and with another one at
            the end if something is lost.
        begun: when the session began.

    Attributes:
        trouble: why something is not in the log yet; None if everything is.
    """

    def __init__(self, log: Database, backlog: Backlog, tell: Callable[[str], None], begun: datetime) -> None:
        self.trouble: HistoryError | None = None
        self._database, self._backlog, self._tell = log, backlog, tell
        self._key = os.urandom(8).hex()
        moment = begun.astimezone(timezone.utc)
        self._file = backlog.file(f"{moment:%Y%m%dT%H%M%SZ}-{self._key}")
        self._number = self._sets = 0
        self._waiting: list[Entry] = []  # what is not in the log yet
        self._kept = 0  # how many of them are in the file
        self._is_begun = False
        self._failing_since: float | None = None
        self._has_told = False

    def begin(self, session: Mapping[str, Plain]) -> None:
        """Log that the session begins; one that still seems to be playing is dead, and becomes BROKEN_OFF.

        Args:
            session: the columns of its row.

        Raises:
            sqlite3.IntegrityError: a value is out of its range; the other calls raise it too.
        """
        self._write(EntryKind.BEGIN, session)

    def begin_set(self, begun: SetLog) -> int:
        """Log a set that starts now, or one that was skipped; return its index, for `update_set`."""
        values: dict[str, Plain] = {field.name: getattr(begun, field.name) for field in fields(begun)}
        self._write(EntryKind.BEGIN_SET, values)
        self._sets += 1
        return self._sets - 1

    def update_set(
        self,
        index: int,
        *,
        reps_done: int | None,
        seconds_done: float,
        heard: float,
        outcome: SetOutcome = SetOutcome.DOING,
    ) -> None:
        """Log how much of a set is done, and how far into the track the session is, in seconds."""
        values: dict[str, Plain] = {
            "reps_done": reps_done,
            "seconds_done": seconds_done,
            "outcome": outcome,
            "heard": heard,
        }
        self._write(EntryKind.UPDATE_SET, values, index)

    def reach(self, heard: float) -> None:
        """Log how far into the track the session is, in seconds."""
        self._write(EntryKind.UPDATE, {"heard": heard})

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
        moment = datetime.now().astimezone() if ended is None else ended
        values: dict[str, Plain] = {"outcome": outcome, "heard": heard, "reason": reason}
        self._write(EntryKind.END, {**values, "ended": moment.isoformat(timespec="seconds")})

    def answer(self, question: Question, answer: Answer) -> None:
        """Log the answer to a question of the check-in."""
        self._write(EntryKind.UPDATE, {question.value: answer})

    def close(self) -> None:
        """Try once more to write what is not in the log yet, and wait a little longer for it."""
        if self._waiting:
            try:
                self._log_waiting(_LAST_PATIENCE)
            except HistoryError as error:
                self._keep(error)
                what = "the end of the session" if self._is_begun else "the session"
                if self._kept < len(self._waiting):
                    self._tell(f"{error}; {what} is not logged")
                else:
                    self._tell_once()
        self._file.close()

    def _write(self, kind: EntryKind, values: Mapping[str, Plain], set_index: int | None = None) -> None:
        self._waiting.append(Entry(self._key, self._number, kind, values, set_index))
        self._number += 1
        try:
            self._log_waiting(_GLANCE)
        except HistoryError as error:
            self._keep(error)
            since = self._failing_since = self._failing_since or time.monotonic()
            if time.monotonic() - since >= _TELL_AFTER:
                self._tell_once()
        except sqlite3.Error:  # a fault of the caller's
            self._waiting.pop()
            raise

    def _log_waiting(self, patience: float) -> None:
        """Write what is waiting into the log; before the session's first entry, what earlier sessions left.

        Raises:
            HistoryError: it failed, and nothing was written.
        """
        if self._is_begun:
            with self._database.transaction(patience) as log:
                for entry in self._waiting:
                    write_entry(log, entry)
        else:
            self._begin(patience)
        self._waiting.clear()
        self._kept = 0
        self._file.remove()
        self.trouble = self._failing_since = None

    def _begin(self, patience: float) -> None:
        with self._backlog.claim() as left, self._database.transaction(patience) as log:
            for number, each in enumerate(left):
                is_whole = write_entries(log, each.entries) and each.is_whole
                left[number] = each._replace(is_whole=is_whole)
            for entry in self._waiting:
                write_entry(log, entry)
        self._is_begun = True
        for each in left:
            if not each.is_whole:
                self._tell(f"{each.path} is damaged; the part of its session that could be read is logged")

    def _keep(self, error: HistoryError) -> None:
        """Write what is waiting into the file beside the log, if possible."""
        self.trouble = error
        try:
            self._file.append(self._waiting[self._kept :])
        except OSError:
            return
        self._kept = len(self._waiting)

    def _tell_once(self) -> None:
        if not self._has_told:
            self._has_told = True
            where = self._file.path if self._kept == len(self._waiting) else "memory"
            self._tell(f"{self.trouble}; the session is kept in {where} until it can be logged")
