"""The command line: one small module for each command, loaded only when it is called."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

COMMANDS = {
    "check": ("check", "Check a script for mistakes and timing problems."),
    "show": ("show", "Print what will be heard in a routine, and when."),
    "play": ("play", "Play a routine."),
    "export": ("export", "Write a routine as an audio file: MP3, WAV and more."),
    "history": ("history", "List the sessions you have played."),
    "progress": ("progress", "Show how your doses have grown, and today's dose of each exercise."),
    "schedule": ("schedule", "Play routines at set times: every weekday at 6:30."),
    "list": ("listing", "List the routines you can call by name, with their lengths."),
    "new": ("new", "Write a new script to start from."),
    "say": ("say", "Speak a text, or write it as an audio file."),
    "voices": ("voices", "List the voices on this machine, by language."),
    "schema": ("schema", "Print the JSON Schema of scripts, for editors."),
    "cache": ("cache", "Show, prune or clear the cache of spoken clips."),
    "doctor": ("doctor", "Check what works on this machine, and how to fix the rest."),
}
"""The commands, each with its module and the line that `coach --help` shows without loading it."""

DONE, SCRIPT_WRONG, COMMAND_WRONG, CANNOT, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes; a signal that ends the process gives 128 plus its number, as in a shell."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows doesn't have both
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, _end)
        _open_closed_streams()
        from coach.cli.group import run  # Ctrl-C may come while this is imported

        code = run()
    except KeyboardInterrupt:
        _tell_interrupted()
        code = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # only cleaning up is left
    sys.exit(code)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    """Unwind the program as Ctrl-C does, so that the terminal is restored and no half-written file stays."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _open_closed_streams() -> None:
    """Open closed standard streams on the null device, or our files would get their numbers and text."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is the stream's
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _tell_interrupted() -> None:
    """Say so in one line; on a terminal, it replaces the ^C that is shown there."""
    start = "\r" if sys.stderr.isatty() else ""
    try:
        sys.stderr.write(f"{start}coach: interrupted\n")
        sys.stderr.flush()
    except OSError:
        pass
