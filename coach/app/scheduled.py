"""A run that a schedule started: it waits for sound, and its outcome is logged."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

from coach.errors import AudioError, CoachError
from coach.units import RATE

if TYPE_CHECKING:
    from types import TracebackType

    from coach.app.reporter import Reporter
    from coach.player import Player
    from coach.timeline import Timeline

_log = logging.getLogger(__name__)

_PATIENCE = 120.0
"""Seconds to wait for the sound server; logging in takes less."""

_LOOK_AGAIN = 1.0
"""Seconds between two attempts."""

_PAUSES = 15 * 60.0
"""Seconds that a run may last longer than its track."""


class ScheduledRun:
    """A run; the outcome of its `with` block becomes a line of the log, and a notification if it failed.

    Args:
        name: its name in the log.
        reporter: receives a note if the log cannot be written.
        patience: seconds to wait for the sound server; None for two minutes.

    Attributes:
        name: its name in the log.
        outcome: how it ended, in words; None if nothing has been played.
    """

    def __init__(self, name: str, reporter: Reporter, patience: float | None = None) -> None:
        self.name = name
        self.outcome: str | None = None
        self._reporter = reporter
        self._patience = _PATIENCE if patience is None else patience

    def __enter__(self) -> ScheduledRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome = self.outcome or f"not played: {_describe(error)}"
        log_run(self.name, outcome, self._reporter, alarm=isinstance(error, Exception))

    def limit(self, timeline: Timeline) -> float:
        """Return the seconds after which the run stops by itself, because there may be nobody to stop it."""
        return timeline.length / RATE + _PAUSES

    def wait_for_device(self, player: str) -> Player:
        """Return an open player, as soon as the user's sound server is there.

        Raises:
            AudioError: it never came.
        """
        from coach.desktop import is_logged_in, person_environment
        from coach.player import open_player

        deadline = time.monotonic() + self._patience
        while True:
            os.environ.update(person_environment())
            try:
                return open_player(player)
            except AudioError as error:
                left = deadline - time.monotonic()
                _log.info("%s; %.0f s are left to wait for it", error, max(0.0, left))
                if left <= 0:
                    who = "" if is_logged_in() else "; nobody is logged in"
                    raise AudioError(f"{error}, after {self._patience:g} seconds of waiting{who}") from error
            time.sleep(min(left, _LOOK_AGAIN))


def log_run(name: str, outcome: str, reporter: Reporter, *, alarm: bool) -> None:
    """Log how a run ended; with an alarm, also show it on the desktop."""
    from coach.desktop import notify, person_environment
    from coach.schedule import runs

    try:
        runs.log_run(name, outcome)
    except CoachError as error:
        reporter.note(str(error))
    if alarm:
        os.environ.update(person_environment())
        notify(f"Coach: {name}", outcome)


def _describe(error: BaseException | None) -> str:
    """Return in one line why a run was not played."""
    if isinstance(error, CoachError):
        return str(error).partition("\n")[0]
    return f"{type(error).__name__}: {error}" if isinstance(error, Exception) else "it was interrupted"
