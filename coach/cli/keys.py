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

        def keys(seconds: float) -> list[str]:
            started = time.monotonic()
            ready, _, _ = select.select([number], [], [], seconds)
            try:
                typed = os.read(number, 1024).decode(errors="ignore") if ready else ""
            except OSError:  # the terminal has gone
                typed = ""
            if ready and not typed:
                time.sleep(max(0.0, seconds - (time.monotonic() - started)))
            return _named(typed)

        try:
            tty.setcbreak(number, termios.TCSANOW)
            yield keys
        finally:
            with suppress(termios.error):  # the terminal has gone
                termios.tcflush(number, termios.TCIFLUSH)  # what was typed is not for the shell
                termios.tcsetattr(number, termios.TCSANOW, before)  # and a stuck terminal is not waited for


def _named(typed: str) -> list[str]:
    """Return the keys of what a terminal sent: an arrow is an escape sequence; others are passed over."""
    found = re.findall(r"\x1b[\[O][\d;]*([A-Za-z~])|\x1b.?|([^\x1b])", typed)
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
