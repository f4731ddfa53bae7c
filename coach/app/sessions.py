"""The log of sessions, for code that depends on it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from coach.app.reporter import Reporter
    from coach.history import SessionLog

    Sessions: TypeAlias = Callable[[], Sequence[SessionLog]]
    """Gives the log of sessions, oldest first."""


def read_sessions(newest: int | None = None) -> list[SessionLog]:
    """Return the log of sessions, oldest first.

    Args:
        newest: how many of the last ones to return; None for all.

    Raises:
        HistoryError: it cannot be read.
    """
    from coach.history import History, session_lock
    from coach.lock import is_held

    with History() as log:
        return log.sessions(newest, playing=is_held(session_lock()))


class SessionReader:
    """Gives the log of sessions, read when it is first asked for; none, and a note, if it cannot be read."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def __call__(self) -> Sequence[SessionLog]:
        """Return the sessions, oldest first."""
        return self._sessions

    @cached_property
    def _sessions(self) -> list[SessionLog]:
        from coach.history import HistoryError

        try:
            return read_sessions()
        except HistoryError as error:
            self._reporter.note(f"{error}; doses are at their low end")
            return []
