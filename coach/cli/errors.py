"""What the user is told about an error, and the exit code for it."""

from __future__ import annotations

import os

import click

from coach.borders import printable
from coach.cli import CANNOT, COMMAND_WRONG, SCRIPT_WRONG
from coach.errors import Blame, CoachError, FaultError, ScriptError

_LONGEST = 1000  # characters of a line: what was typed, and is repeated, may have any length

EXIT_CODES = {Blame.SCRIPT: SCRIPT_WRONG, Blame.REQUEST: COMMAND_WRONG, Blame.MACHINE: CANNOT}
"""The exit codes, by what is to blame."""


def explain(error: Exception, about: str = "coach") -> tuple[str, int] | None:
    """Return what the user is told about an error, in one or more lines, and the exit code for it.

    Args:
        error: the error.
        about: what the line starts with; a script's problems start with their places.

    Returns:
        None for an internal error if COACH_TRACEBACK asks for its traceback.

    Raises:
        KeyboardInterrupt: the error was caused by one.
    """
    if isinstance(error, click.ClickException):
        return _usage_line(error), COMMAND_WRONG
    if isinstance(error, CoachError):
        if isinstance(error, ScriptError):  # whose problems quote in short, and begin with whole paths
            return "\n".join(map(printable, error.lines())), EXIT_CODES[error.blame]
        return _as_line(f"{about}: {error}"), EXIT_CODES[error.blame]
    if isinstance(error, OSError):
        where = error.filename or "standard output"
        return _as_line(f"{about}: {error.strerror or error} ({where})"), CANNOT
    if _is_interrupt(error):
        raise KeyboardInterrupt from error
    if os.environ.get("COACH_TRACEBACK"):
        return None
    return _as_line(f"{about}: {FaultError.of(error)}"), CANNOT


def _usage_line(error: click.ClickException) -> str:
    """Return what is wrong with the command line."""
    message = _as_line(" ".join(error.format_message().split())).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    place = context.command_path if context else "coach"
    explained = isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter)
    if not explained and "?" not in message:
        message += f"; '{place} --help' tells more"
    return f"{place}: {message}"


def _as_line(text: str) -> str:
    """Return a message as a line for a terminal; of a very long one the middle is left out."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 4 :]}"
    return printable(text)


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether Ctrl-C caused an error: during an import, Python may turn it into another one."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
