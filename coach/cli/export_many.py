"""Many exports at once: a process for each core, a bar for each that runs, and one report of them all.

Processes, not threads: reading scripts and laying out timelines is Python, which one thread runs at a time.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sys
import time
from contextlib import contextmanager, redirect_stderr, suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NamedTuple

import click

from coach.cli import CANNOT, DONE
from coach.cli.app import explained
from coach.cli.export_one import Job, Made, make, tell_warnings
from coach.errors import ScriptError, SpeechError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from types import FrameType

    from rich.progress import Progress, TaskID

_EVERY = 0.1  # seconds between two reports of one job's progress
_ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_PATIENCE = 5.0  # seconds in which a process that was told to stop tidies up


class _Step(NamedTuple):
    """How far the present part of a job has come."""

    title: str
    done: int
    total: int


class _End(NamedTuple):
    """What became of a job.

    Attributes:
        made: the track; None where there is none.
        notes: what was said on the way.
        why: why there is none.
        code: the exit code for it.
        stops: whether other jobs would most likely fail for the same reason.
    """

    made: Made | None
    notes: str = ""
    why: str = ""
    code: int = DONE
    stops: bool = False


class Total(NamedTuple):
    """What became of all jobs.

    Attributes:
        made: the tracks and albums, in the order of their jobs.
        code: the highest exit code of any.
        stopped: whether jobs were left alone, because the machine cannot do them.
    """

    made: list[Made]
    code: int
    stopped: bool


class _Worker(NamedTuple):
    process: BaseProcess
    connection: Connection

    def hear(self) -> _Step | _End:
        """Return what it has to tell."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            why = "coach: a process of this export was ended from outside; run it again to go on"
            return _End(None, why=why, code=CANNOT, stops=True)
        assert isinstance(message, (_Step, _End))
        return message


def make_all(jobs: Sequence[Job], cores: int | None = None) -> Total:
    """Make tracks and albums on all cores, and tell of each as it is done.

    What is wrong with one job is told, and the others are made; what is wrong with the machine stops all, as
    an interrupt does. What is whole by then stays, so that the next run goes on from there.

    Args:
        jobs: what is wanted; their targets differ.
        cores: how many processes; None for one a core.
    """
    waiting = list(range(len(jobs)))
    ends: dict[int, _End] = {}
    stopped = False
    with _workers(min(len(jobs), cores or _cores())) as idle, _bars(len(jobs)) as bars:
        running: dict[int, _Worker] = {}
        while running or (waiting and not stopped):
            while idle and waiting and not stopped:
                number, worker = waiting.pop(0), idle.pop()
                worker.connection.send(jobs[number])
                running[number] = worker
            ready = wait([worker.connection for worker in running.values()])
            for number, worker in [each for each in running.items() if each[1].connection in ready]:
                told = worker.hear()
                if isinstance(told, _Step):
                    bars.advance(number, jobs[number].label, told)
                    continue
                idle.append(running.pop(number))
                ends[number] = told
                stopped |= told.stops
                bars.end(number)
                _tell(jobs[number], told)
    made = [end.made for _, end in sorted(ends.items()) if end.made]
    return Total(made, max(end.code for end in ends.values()), stopped)


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _tell(job: Job, end: _End) -> None:
    """Say what became of a job: the track on standard output, the rest on standard error."""
    for line in end.notes.splitlines():
        _once(line)
    if end.why:
        click.echo(end.why, err=True)
    if end.made:
        click.echo(end.made.told)
        tell_warnings(job, end.made)


_said: set[str] = set()


def _once(line: str) -> None:
    """Say what every process has to say once."""
    if line not in _said:
        _said.add(line)
        click.echo(line, err=True)


# The processes.


@contextmanager
def _workers(number: int) -> Iterator[list[_Worker]]:
    """Yield processes that do the jobs they are sent, and end them."""
    context = multiprocessing.get_context("spawn")  # as on all systems: a copy of threads and locks is none
    workers: list[_Worker] = []
    try:
        with _deaf():
            for _ in range(number):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs,), daemon=True)
                process.start()
                theirs.close()  # so that the end of one is the end of the other
                workers.append(_Worker(process, ours))
        yield list(workers)
    except BaseException:
        for worker in workers:
            worker.process.terminate()
        raise
    finally:
        for worker in workers:
            worker.connection.close()  # whoever waits for a job goes home
        deadline = time.monotonic() + _PATIENCE
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()


@contextmanager
def _deaf() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the `with` block; processes started in it never hear of it.

    They get it from the terminal, too, and would each say so.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection) -> None:
    """Do the jobs that come until no more can come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in _ENDS:
        signal.signal(number, _end)
    with suppress(EOFError, OSError):  # the one who asked is gone
        while True:
            connection.send(_done(connection.recv(), connection.send))


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature
    """Unwind the process: no half of a file stays."""
    for each in _ENDS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _done(job: Job, send: Callable[[_Step], None]) -> _End:
    """Do one job."""
    notes = io.StringIO()
    try:
        with redirect_stderr(notes):
            made = make(job, lambda title: _reporting(title, send))
    except Exception as error:
        told = explained(error)
        if told is None:
            raise
        why, code = told
        stops = not isinstance(error, (ScriptError, click.ClickException, SpeechError))
        if not isinstance(error, (ScriptError, click.ClickException)):
            why = why.replace("coach: ", f"coach: {job.wish.script}: ", 1)
        return _End(None, notes.getvalue(), why, code, stops)
    return _End(made, notes.getvalue())


@contextmanager
def _reporting(title: str, send: Callable[[_Step], None]) -> Iterator[Callable[[int, int], None]]:
    """Yield a callback that sends progress on, but not all of it."""
    last = 0.0

    def advance(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY or done == total:
            last = time.monotonic()
            send(_Step(title, done, total))

    yield advance


# What a person sees of it.


class _Bars:
    """Draws nothing."""

    def advance(self, number: int, label: str, step: _Step) -> None:
        """Show how far a job is."""

    def end(self, number: int) -> None:
        """Count a job as done."""


class _Drawn(_Bars):
    """Draws a bar for each job that runs, and one for all."""

    def __init__(self, progress: Progress, jobs: int) -> None:
        self._progress = progress
        self._all = progress.add_task("all", total=jobs)
        self._tasks: dict[int, TaskID] = {}

    def advance(self, number: int, label: str, step: _Step) -> None:
        """Show how far a job is; each part of it starts anew."""
        from rich.markup import escape

        if number not in self._tasks:
            self._tasks[number] = self._progress.add_task("", total=None)
        text = escape(f"{label}: {step.title.partition(' ')[0].lower()}")
        self._progress.update(self._tasks[number], description=text, completed=step.done, total=step.total)

    def end(self, number: int) -> None:
        """Count a job as done."""
        if number in self._tasks:
            self._progress.remove_task(self._tasks.pop(number))
        self._progress.advance(self._all)


@contextmanager
def _bars(jobs: int) -> Iterator[_Bars]:
    """Yield what draws on a terminal, and nothing where nobody would see it."""
    if not sys.stderr.isatty():
        yield _Bars()
        return
    from rich.console import Console
    from rich.progress import Progress

    # Lines that both streams bring to the terminal go above the bars; a file gets its own.
    with Progress(
        console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()
    ) as progress:
        yield _Drawn(progress, jobs)
