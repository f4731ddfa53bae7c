"""The command line: one small module a command, loaded only when it is called."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

COMMANDS = {
    "check": ("check", "Report every problem of a script, and what does not fit."),
    "show": ("show", "Print a routine's timeline: what is heard, and when."),
    "play": ("play", "Play a routine."),
    "export": ("export", "Write a routine as a file: MP3, WAV and more."),
    "history": ("history", "List the sessions that were played."),
    "progress": ("progress", "Show how doses have grown, and where each exercise stands."),
    "schedule": ("schedule", "Play routines at set times: every weekday at 6:30."),
    "list": ("listing", "List the routines that a bare name finds, with their lengths."),
    "new": ("new", "Write a new script to start from."),
    "say": ("say", "Speak a text, or write it to a file."),
    "voices": ("voices", "List the voices of this machine, by language."),
    "schema": ("schema", "Print the JSON Schema of scripts, for editors."),
    "cache": ("cache", "Show, prune or clear the cache of spoken clips."),
    "doctor": ("doctor", "Check what works on this machine, and what to do about the rest."),
}
"""Commands with the module that has each, and the line that `coach --help` shows without loading it."""

DONE, SCRIPT_WRONG, COMMAND_WRONG, CANNOT, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes; a signal that ends the process gives 128 and its number, as in a shell."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has not both
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, _end)
        _open_closed_streams()
        from coach.cli.group import run  # Ctrl-C may come while this is imported

        code = run()
    except KeyboardInterrupt:
        _tell_interrupted()
        code = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is to tidy up
    sys.exit(code)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    """Unwind the program as Ctrl-C does: the terminal is restored and no half of a file stays."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


def _open_closed_streams() -> None:
    """Stand in for a standard stream that is closed, lest a file of ours gets its number and its text."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest one free: that of the stream
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _tell_interrupted() -> None:
    """Say it in one line; on a terminal over the ^C that the person sees there."""
    start = "\r" if sys.stderr.isatty() else ""
    try:
        sys.stderr.write(f"{start}coach: interrupted\n")
        sys.stderr.flush()
    except OSError:
        pass
