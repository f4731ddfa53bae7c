"""The log of scheduled runs: one line each, in files that stay small."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from coach.borders import printable
from coach.errors import CoachError
from coach.lock import holding
from coach.log_file import LogFile
from coach.user_folders import state_folder

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 100_000
"""The size of one file: about a thousand runs."""

_OLD_FILES = 3

_PATIENCE = 5.0
"""Seconds to wait for another run that is writing to the log."""

_LINE = re.compile(r"(\S+) (.+?): (.*)")


class Run(NamedTuple):
    """One run of a schedule.

    Attributes:
        moment: when it ended, with its offset from UTC.
        name: the schedule's name.
        outcome: how it went, in words.
    """

    moment: datetime
    name: str
    outcome: str


def log_file() -> Path:
    """Return the file with the newest runs; older ones are in files beside it that end in .1, .2, .3."""
    return state_folder() / "schedule.log"


def log_run(name: str, outcome: str) -> None:
    """Add a line for a run that has just ended.

    Args:
        name: the schedule's name. A colon ends it in the log, so one within it is left out.
        outcome: what became of it. What could break or feign a line is spelled out, in the name too.

    Raises:
        CoachError: the log cannot be written.
    """
    path = log_file()
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    try:
        with holding(path.with_name(f"{path.name}.lock"), patience=_PATIENCE):
            writer = _Writer(path, most_bytes=_MOST_BYTES, old_files=_OLD_FILES)
            try:
                line = f"{now} {printable(name).replace(': ', ' ')}: {printable(outcome)}"
                writer.emit(logging.makeLogRecord({"msg": line}))
            finally:
                writer.close()
    except OSError as error:
        raise CoachError(f"cannot write {path}: {error.strerror or error}") from error


def read_runs(newest: int) -> list[Run]:
    """Return the newest runs, at most so many, oldest first; lines that are not runs are skipped.

    Raises:
        CoachError: the log cannot be read.
    """
    found: list[Run] = []
    path = log_file()
    for number in range(_OLD_FILES + 1):
        file = path.with_name(f"{path.name}.{number}") if number else path
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise CoachError(f"cannot read {file}: {error.strerror or error}") from error
        found = [*filter(None, map(_parse_run, text.split("\n"))), *found]
        if len(found) >= newest:
            break
    return found[-newest:] if newest else []


def _parse_run(line: str) -> Run | None:
    parts = _LINE.fullmatch(line)
    try:
        return Run(datetime.fromisoformat(parts[1]), parts[2], parts[3]) if parts else None
    except ValueError:
        return None


class _Writer(LogFile):
    """Writes lines; errors are raised, not printed."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - its base names it so
        raise  # noqa: PLE0704 - called while the error is being handled
