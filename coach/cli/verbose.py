"""What Coach is doing: on standard error with `coach -v`, in a file for scheduled runs."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from coach.borders import printable
from coach.log_file import LogFile
from coach.user_folders import state_folder

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 500_000
"""The size limit of a file: enough for some hundred runs."""


class _Lines(logging.Formatter):
    """Makes each record one line that can't control a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return printable(super().format(record))


class _Stderr(logging.Handler):
    """Writes to the current standard error; if that fails, the work goes on."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        with suppress(OSError):
            click.echo(self.format(record), err=True)


class _Details(LogFile):
    """Writes to `details_file`; if that fails, the work goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging calls
        """Say nothing: what a scheduled run prints, cron would mail."""


def log_to_stderr() -> None:
    """Write what Coach does to standard error, each line with the seconds since Coach started."""
    _add(_Stderr(), "%(relative).3f s  %(name)s: %(message)s")


def is_logged_to_stderr() -> bool:
    """Return whether log lines may appear at any time, so that no screen can be drawn."""
    return any(isinstance(handler, _Stderr) for handler in logging.getLogger("coach").handlers)


def details_file() -> Path:
    """Return the file with the details of scheduled runs; the older ones are in a file ending in .1."""
    return state_folder() / "schedule-details.log"


def log_to_details_file(run: str) -> None:
    """Write what a scheduled run does to `details_file`; if that fails, do without.

    Args:
        run: its name.
    """
    try:
        handler = _Details(details_file(), most_bytes=_MOST_BYTES, old_files=1)
    except OSError:
        return
    _add(handler, f"%(asctime)s {run.replace('%', '%%')}[{os.getpid()}] %(name)s: %(message)s")


def _add(handler: logging.Handler, line: str) -> None:
    handler.setFormatter(_Lines(line))
    handler.addFilter(_note_seconds)
    logger = logging.getLogger("coach")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def _note_seconds(record: logging.LogRecord) -> bool:
    """Give a record the seconds since Coach started."""
    record.relative = record.relativeCreated / 1000
    return True
