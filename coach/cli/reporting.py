"""What the user at a terminal is told besides the result: lines and progress bars on standard error."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from coach.borders import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress

    from coach.app.reporter import Advance, Reporter

_SHOW_AFTER = 1.0  # seconds of work before a progress bar appears


class TerminalReporter:
    """Writes to standard error, with progress bars if that is a terminal."""

    def __init__(self) -> None:
        self._noted: set[str] = set()

    @contextmanager
    def progress(self, title: str) -> Iterator[Advance | None]:
        """Yield a callback that draws a bar once the work has taken a second; None without a terminal."""
        if not sys.stderr.isatty():
            yield None
            return
        started = time.monotonic()
        bar = None

        def advance(done: int, total: int) -> None:
            nonlocal bar
            if bar is None:
                if time.monotonic() - started < _SHOW_AFTER:
                    return
                from rich.markup import escape

                bar = _bar()
                bar.start()
                bar.add_task(escape(printable(title)), total=total)
            bar.update(bar.task_ids[0], completed=done, total=total)

        try:
            yield advance
        finally:
            if bar is not None:
                bar.stop()

    def note(self, text: str) -> None:
        """Print it as a line, but the same words only once."""
        if text not in self._noted:
            self._noted.add(text)
            self.warn(text)

    def warn(self, text: str) -> None:
        """Print it as a line; if standard error can't be written, the work goes on."""
        with suppress(OSError):
            click.echo(f"coach: {printable(text)}", err=True)


def _bar() -> Progress:
    """Return a progress bar on standard error that vanishes when it is done."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True)


REPORTER: Reporter = TerminalReporter()
"""The reporter of this process."""
