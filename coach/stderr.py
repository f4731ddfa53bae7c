"""Keep what C libraries write by themselves off a person's screen."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Stderr:
    """Standard error below Python: sent nowhere by the first who asks, brought back by the last."""

    def __init__(self) -> None:
        self._lock = Lock()  # threads ask at the same time, and one must not keep what another has put there
        self._asked = 0
        self._kept: int | None = None

    def hide(self) -> None:
        """Send it nowhere."""
        with self._lock:
            self._asked += 1
            if self._asked == 1:
                with suppress(OSError):  # started without a stderr
                    self._kept = os.dup(2)
                    nowhere = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(nowhere, 2)
                    os.close(nowhere)

    def show(self) -> None:
        """Bring it back, unless somebody else still wants it hidden."""
        with self._lock:
            self._asked -= 1
            if self._asked == 0 and self._kept is not None:
                os.dup2(self._kept, 2)
                os.close(self._kept)
                self._kept = None


_stderr = _Stderr()


@contextmanager
def keep_stderr() -> Iterator[None]:
    """Let what Python writes to standard error through, also while some thread keeps it quiet below."""
    try:
        through = os.fdopen(
            os.dup(2), "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1
        )
    except (OSError, AttributeError):  # started without one
        yield
        return
    before, sys.stderr = sys.stderr, through
    try:
        yield
    finally:
        sys.stderr = before
        with suppress(OSError):
            through.close()


@contextmanager
def silence_stderr() -> Iterator[None]:
    """Send standard error nowhere for a while, below Python too, and leave everything as it was after.

    Threads may do so at the same time; it is back when the last of them is done.
    """
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    _stderr.hide()
    try:
        yield
    finally:
        _stderr.show()
