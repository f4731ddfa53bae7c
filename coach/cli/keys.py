"""Single key presses from the terminal, without waiting for Enter; arrows have names."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_PASTES_MARKED, _PASTES_PLAIN = "\x1b[?2004h", "\x1b[?2004l"
"""What has a terminal put marks around what is pasted, and what ends that."""

_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
"""The marks."""

_KEY = re.compile(
    r"\x1b[]P^_].*?(?:\x07|\x1b\\|\Z)|\x1b(?:\[[ -?]*|O)([@-~])|\x1b[^\x1b]?|([^\x1b])", re.DOTALL
)
"""What a terminal tells about itself; what a key sends that is no letter, by its last character; a letter."""

_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
_WINDOWS_ARROWS = {"H": "up", "P": "down", "M": "right", "K": "left"}


def listening() -> bool:
    """Return whether there is a terminal whose keys are ours; those of a job in the background are not."""
    if not sys.stdin.isatty():
        return False
    try:
        return sys.platform == "win32" or os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:  # a terminal without jobs
        return True


@contextmanager
def key_presses() -> Iterator[Callable[[float], list[str]]]:
    """Yield a function that waits so many seconds for keys and returns those typed: letters, "left", "up" ...

    The terminal is as it was afterwards. Where there is no terminal the function only waits.
    """
    if not listening():
        yield _only_wait
    elif sys.platform == "win32":
        yield _windows_keys
    else:
        import select
        import termios
        import tty

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)
        pastes = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"

        begun = ""  # the mark of a paste that has not come to its end

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
            ours[6][termios.VSUSP] = b"\0"  # as Ctrl-Z would: space pauses
            termios.tcsetattr(number, termios.TCSANOW, ours)
            _write(_PASTES_MARKED if pastes else "")
            yield keys
        finally:
            _write(_PASTES_PLAIN if pastes else "")
            with suppress(termios.error):  # the terminal has gone
                termios.tcflush(number, termios.TCIFLUSH)  # what was typed is not for the shell
                termios.tcsetattr(number, termios.TCSANOW, before)  # and a stuck terminal is not waited for


def _write(text: str) -> None:
    with suppress(OSError):  # the terminal has gone
        sys.stderr.write(text)
        sys.stderr.flush()


def _named(typed: str) -> list[str]:
    """Return the keys of what a terminal sent: an arrow is an escape sequence; others are passed over.

    So is what was pasted: nobody presses keys so.
    """
    typed = re.sub(rf"{re.escape(_PASTE)}.*?({re.escape(_PASTED)}|\Z)", "", typed, flags=re.DOTALL)
    found = _KEY.findall(typed)
    return [
        _ARROWS.get(arrow, "") if arrow else letter for arrow, letter in found if arrow in _ARROWS or letter
    ]


def _only_wait(seconds: float) -> list[str]:
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
