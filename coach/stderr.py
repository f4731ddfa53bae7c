"""Keep what C libraries write to standard error off the screen."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Stderr:
    """Standard error below Python: hidden while at least one caller wants it hidden."""

    def __init__(self) -> None:
        self._lock = Lock()  # threads may ask at the same time, and none may save what another has put there
        self._asked = 0
        self._kept: int | None = None

    def hide(self) -> None:
        """Discard what is written to it."""
        with self._lock:
            self._asked += 1
            if self._asked == 1:
                with suppress(OSError):  # started without a stderr
                    self._kept = os.dup(2)
                    nowhere = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(nowhere, 2)
                    os.close(nowhere)

    def show(self) -> None:
        """Show it again, unless another caller still wants it hidden."""
        with self._lock:
            self._asked -= 1
            if self._asked == 0 and self._kept is not None:
                os.dup2(self._kept, 2)
                os.close(self._kept)
                self._kept = None


_stderr = _Stderr()


@contextmanager
def keep_stderr() -> Iterator[None]:
    """Let through what Python writes to standard error, even while a thread silences it below Python."""
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
    """Discard what is written to standard error during the `with` block, below Python too.

    Several threads may do this at the same time; standard error is back when the last of them is done.
    """
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    _stderr.hide()
    try:
        yield
    finally:
        _stderr.show()
