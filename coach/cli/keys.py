"""The keys that steer a session, and single key presses from the terminal, without waiting for Enter."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from coach.session.controls import SessionCommand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Binding(NamedTuple):
    """Keys that belong together.

    Attributes:
        name: what the user calls them.
        brief: what the screen says about them.
        does: what they do, in detail.
        commands: what each key asks of a session, by its name in `key_presses`.
    """

    name: str
    brief: str
    does: str
    commands: Mapping[str, SessionCommand]


BINDINGS = (
    Binding("space", "space pause", "pause and continue", {" ": SessionCommand.TOGGLE}),
    Binding(
        "n",
        "n next",
        "the next exercise; in a rest, the coming one, at once; while that is introduced, the one after it",
        {"n": SessionCommand.NEXT},
    ),
    Binding(
        "p",
        "p previous",
        "this exercise from its start; in its first seconds, the one before",
        {"p": SessionCommand.PREVIOUS},
    ),
    Binding(
        "r",
        "r repeat",
        "the last instruction again, then on from the start of the rep",
        {"r": SessionCommand.REPEAT},
    ),
    Binding(
        "left, right",
        "\u2190\u2192 10 s",
        "10 seconds back or forward, to the start of a rep or a sentence",
        {"left": SessionCommand.BACK, "right": SessionCommand.FORWARD},
    ),
    Binding(
        "up, down (or +, -)",
        "\u2191\u2193 volume",
        "louder, softer",
        {
            "up": SessionCommand.LOUDER,
            "down": SessionCommand.SOFTER,
            "+": SessionCommand.LOUDER,
            "-": SessionCommand.SOFTER,
        },
    ),
    Binding("q", "q stop", "stop", {"q": SessionCommand.STOP}),
)
"""All keys: what they do, on the screen, in the help and in the documentation."""

_COMMANDS = {key: command for binding in BINDINGS for key, command in binding.commands.items()}


def command_of(key: str) -> SessionCommand | None:
    """Return what a key, as `key_presses` names it, asks of a session; None for nothing."""
    return _COMMANDS.get(key.lower())


def name_of(command: SessionCommand) -> str:
    """Return what the user calls the key that gives a command."""
    return next(binding.name for binding in BINDINGS if command in binding.commands.values())


def brief_of(*commands: SessionCommand) -> list[str]:
    """Return what the screen says about the keys for these commands; about all keys if none are given."""
    return [
        binding.brief
        for binding in BINDINGS
        if not commands or not set(commands).isdisjoint(binding.commands.values())
    ]


_PASTES_MARKED, _PASTES_PLAIN = "\x1b[?2004h", "\x1b[?2004l"
"""What makes a terminal put marks around pasted text, and what ends that."""

_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
"""The marks."""

_KEY = re.compile(
    r"\x1b[]P^_].*?(?:\x07|\x1b\\|\Z)|\x1b(?:\[[ -?]*|O)([@-~])|\x1b[^\x1b]?|([^\x1b])", re.DOTALL
)
"""What a terminal tells about itself; what a key sends that is no letter, by its last character; a letter."""

_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
_WINDOWS_ARROWS = {"H": "up", "P": "down", "M": "right", "K": "left"}


def listening() -> bool:
    """Return whether there is a terminal whose keys we get; a job in the background gets none."""
    if not sys.stdin.isatty():
        return False
    try:
        return sys.platform == "win32" or os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:  # a terminal without jobs
        return True


@contextmanager
def key_presses() -> Iterator[Callable[[float], list[str]]]:
    """Yield a function that waits some seconds for keys and returns those typed: letters, "left", "up" ...

    Afterwards, the terminal is as it was. Without a terminal, the function only waits.
    """
    if not listening():
        yield only_wait
    elif sys.platform == "win32":
        yield _windows_keys
    else:
        import select
        import termios
        import tty

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)
        pastes = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"

        begun = ""  # the mark of a paste that has not ended yet

        def keys(seconds: float) -> list[str]:
            nonlocal begun
            started = time.monotonic()
            ready, _, _ = select.select([number], [], [], seconds)
            try:
                typed = os.read(number, 65_536).decode(errors="ignore") if ready else ""
            except OSError:  # the terminal has gone
                typed = ""
            if ready and not typed:
                time.sleep(max(0.0, seconds - (time.monotonic() - started)))
            typed = begun + typed
            begun = _PASTE if typed.rfind(_PASTE) > typed.rfind(_PASTED) else ""
            return _named(typed)

        try:
            tty.setcbreak(number, termios.TCSANOW)
            ours = termios.tcgetattr(number)
            ours[0] &= ~termios.IXON  # Ctrl-S would hold the screen, and the session with it
            ours[6][termios.VSUSP] = b"\0"  # so would Ctrl-Z; space is for pausing
            termios.tcsetattr(number, termios.TCSANOW, ours)
            _write(_PASTES_MARKED if pastes else "")
            yield keys
        finally:
            _write(_PASTES_PLAIN if pastes else "")
            with suppress(termios.error):  # the terminal has gone
                termios.tcflush(number, termios.TCIFLUSH)  # what was typed is not for the shell
                termios.tcsetattr(number, termios.TCSANOW, before)  # without waiting for a stuck terminal


def _write(text: str) -> None:
    with suppress(OSError):  # the terminal has gone
        sys.stderr.write(text)
        sys.stderr.flush()


def _named(typed: str) -> list[str]:
    """Return the keys in what a terminal sent: arrows are escape sequences; other sequences are ignored.

    So is pasted text, because nobody pressed its keys.
    """
    typed = re.sub(rf"{re.escape(_PASTE)}.*?({re.escape(_PASTED)}|\Z)", "", typed, flags=re.DOTALL)
    found = _KEY.findall(typed)
    return [
        _ARROWS.get(arrow, "") if arrow else letter for arrow, letter in found if arrow in _ARROWS or letter
    ]


def only_wait(seconds: float) -> list[str]:
    """Wait; nobody types anything."""
    time.sleep(seconds)
    return []


def _windows_keys(seconds: float) -> list[str]:
    import msvcrt

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if msvcrt.kbhit():  # type: ignore[attr-defined, unused-ignore]
            key = str(msvcrt.getwch())  # type: ignore[attr-defined, unused-ignore]
            if key in ("\x00", "\xe0"):  # an arrow, or a function key
                key = _WINDOWS_ARROWS.get(str(msvcrt.getwch()), "")  # type: ignore[attr-defined, unused-ignore]
            return [key] if key else []
        time.sleep(0.02)
    return []
