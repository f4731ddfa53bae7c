"""A process that does the exports it is sent, and sends back everything there is to report."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from coach.app.export import ExportResult, Job, export
from coach.errors import CoachError, FaultError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from types import FrameType

    from coach.app.reporter import Advance

_EVERY = 0.1  # seconds between two reports of one job's progress
_ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Step(NamedTuple):
    """How far the current part of a job has come.

    Attributes:
        title: what is being done.
        done: steps done.
        total: steps there are.
    """

    title: str
    done: int
    total: int


class Note(NamedTuple):
    """A line that the user should see once, whichever processes send it."""

    text: str


class Warn(NamedTuple):
    """A line that the user should see."""

    text: str


class Failure(NamedTuple):
    """Why there is no track."""

    error: CoachError | OSError


Message: TypeAlias = "Step | Note | Warn | logging.LogRecord | ExportResult | Failure"
"""What a process sends; the last two kinds end a job."""


def send(connection: Connection, message: Job | Message) -> None:
    """Send a job or a message; `receive` takes it at the other end.

    Python's own `Connection.send` pickles into a buffer about which Python 3.13 complains on standard error
    when a signal ends the process meanwhile.

    Raises:
        OSError: the other process is gone.
    """
    connection.send_bytes(pickle.dumps(message))


def receive(connection: Connection) -> Any:
    """Return what `send` has sent at the other end: a `Job` to a process, a `Message` from one.

    Raises:
        EOFError: the other process is gone; OSError says so too.
    """
    return pickle.loads(connection.recv_bytes())  # noqa: S301 - a process of our own sent it


def work(connection: Connection, log_level: int) -> None:
    """Do the jobs that arrive until the connection is closed.

    Args:
        connection: delivers each `Job`, and takes each `Message`.
        log_level: the lowest level of log records to send.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in _ENDS:
        signal.signal(number, _end)
    back = partial(send, connection)
    logger = logging.getLogger("coach")
    logger.addHandler(_LogSender(back))
    logger.setLevel(log_level)
    with suppress(EOFError, OSError):  # the process that asked is gone
        while True:
            back(_do(receive(connection), back))


def _do(job: Job, send: Callable[[Message], None]) -> ExportResult | Failure:
    try:
        return export(*job, _Sender(send))
    except (CoachError, OSError) as error:
        return Failure(error)
    except Exception as error:
        if os.environ.get("COACH_TRACEBACK"):
            raise
        return Failure(FaultError.of(error))


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    """Unwind the process, so that no half-written file stays."""
    for each in _ENDS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


class _Sender:
    """A reporter that sends on everything."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send

    @contextmanager
    def progress(self, title: str) -> Iterator[Advance]:
        """Yield a callback that sends progress on, but not all of it."""
        last = 0.0

        def advance(done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last > _EVERY or done == total:
                last = time.monotonic()
                self._send(Step(title, done, total))

        yield advance

    def note(self, text: str) -> None:
        """Send it."""
        self._send(Note(text))

    def warn(self, text: str) -> None:
        """Send it."""
        self._send(Warn(text))


class _LogSender(logging.Handler):
    """Sends log records with their text already formatted."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        with suppress(OSError):
            self._send(record)
