"""Single key presses from the terminal, without waiting for Enter."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def key_presses() -> Iterator[Callable[[float], str]]:
    """Yield a function that waits so many seconds for a key, and returns it, or "" if none came.

    The terminal is as it was afterwards. Where there is no terminal the function only waits.
    """
    if not sys.stdin.isatty():
        yield _only_wait
    elif sys.platform == "win32":
        yield _windows_key
    else:
        import select
        import termios
        import tty

        number = sys.stdin.fileno()
        before = termios.tcgetattr(number)

        def key(seconds: float) -> str:
            ready, _, _ = select.select([number], [], [], seconds)
            return sys.stdin.read(1) if ready else ""

        try:
            tty.setcbreak(number)
            yield key
        finally:
            termios.tcsetattr(number, termios.TCSADRAIN, before)


def _only_wait(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _windows_key(seconds: float) -> str:
    import msvcrt

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if msvcrt.kbhit():  # type: ignore[attr-defined, unused-ignore]
            return str(msvcrt.getwch())  # type: ignore[attr-defined, unused-ignore]
        time.sleep(0.02)
    return ""
