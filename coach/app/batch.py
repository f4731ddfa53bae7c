"""Many exports at once, with one process for each core.

Processes, not threads: reading and compiling scripts is Python code, which one thread runs at a time.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NamedTuple

from coach import phrases, script
from coach.app.export import ExportResult, Job
from coach.app.export_worker import Failure, Note, Step, Warn, receive, send, work
from coach.encode.names import file_name
from coach.errors import Blame, CoachError, RefusedError, ScriptError, SpeechError
from coach.script import Sources

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from coach.app.export import Place
    from coach.app.export_worker import Message
    from coach.app.reporter import Reporter
    from coach.app.request import Request
    from coach.routine import Level

_PATIENCE = 5.0  # seconds for a process that was told to stop to clean up


class Event(NamedTuple):
    """Something that happened to a job.

    Attributes:
        job: the job.
        what: how far it has come, its result, or why there is none.
    """

    job: Job
    what: Step | ExportResult | Failure


def plan_exports(
    request: Request,
    scripts: Iterable[Path],
    place: Place,
    *,
    levels: Sequence[Level | None] | None = (None,),
    languages: Sequence[str | None] | None = (None,),
) -> list[Job]:
    """Return the exports of several scripts, levels and languages.

    Args:
        request: what all exports have in common.
        scripts: the scripts.
        place: where they all go; their file names tell them apart.
        levels: the levels; None for every level that a script has.
        languages: the languages; None for every language that Coach speaks.

    Raises:
        RefusedError: two scripts would be written to the same file.
    """
    codes = phrases.languages() if languages is None else languages
    jobs = []
    for path in dict.fromkeys(scripts):
        sources = Sources()
        # What comes through a pipe comes to this process alone.
        offered = _levels_of(path, sources) if levels is None or not path.is_file() else ()
        for code in codes:
            stem = path.stem if len(codes) == 1 else f"{path.stem}-{code}"
            for level in offered if levels is None else levels:
                own = replace(request, script=path, level=level, language=code, sources=sources)
                jobs.append(Job(own, replace(place, stem=stem)))
    _check_names(jobs)
    return jobs


def _levels_of(path: Path, sources: Sources) -> tuple[Level | None, ...]:
    """Return the plain level, and those that a script has a variant for."""
    try:
        routine = script.load(path, sources=sources)
    except ScriptError:
        return (None,)  # reported when its turn comes
    return (None, *(level for level in script.LEVELS if level in routine.levels))


def _check_names(jobs: Sequence[Job]) -> None:
    """Refuse two scripts that would be written to the same file, also on a disk that ignores case."""
    found: dict[str, Path] = {}
    for job in jobs:
        name = file_name(job.label, job.place.suffix)
        other = found.setdefault(name.casefold(), job.request.script)
        if other != job.request.script:
            raise RefusedError(
                "script", f"{other} and {job.request.script} would both be {name}: export one by one"
            )


def export_all(
    jobs: Sequence[Job], reporter: Reporter, *, cores: int | None = None
) -> Generator[Event, None, None]:
    """Do exports on all cores, and yield the events of each as they happen.

    A problem with one job doesn't affect the others; a problem with the machine stops them all, as closing
    this generator does. Files that are complete by then stay, so the next run continues from there.

    Args:
        jobs: the jobs, each with its own target.
        reporter: receives notes and warnings, but no progress.
        cores: how many processes; None for one for each core.
    """
    waiting = list(jobs)
    stopped = False
    with _start_workers(min(len(jobs), cores or _count_cores())) as idle:
        running: list[tuple[Job, _Worker]] = []
        while running or (waiting and not stopped):
            while idle and waiting and not stopped:
                job, worker = waiting.pop(0), idle.pop()
                send(worker.connection, job)
                running.append((job, worker))
            ready = wait([worker.connection for _, worker in running])
            for job, worker in [each for each in running if each[1].connection in ready]:
                message = worker.receive()
                if isinstance(message, Note):
                    reporter.note(message.text)
                elif isinstance(message, Warn):
                    reporter.warn(message.text)
                elif isinstance(message, logging.LogRecord):
                    logging.getLogger(message.name).handle(message)
                else:
                    if not isinstance(message, Step):
                        running.remove((job, worker))
                        idle.append(worker)
                        stopped |= isinstance(message, Failure) and stops_others(message.error)
                    yield Event(job, message)


def stops_others(error: CoachError | OSError) -> bool:
    """Tell whether other jobs would most likely fail for the same reason."""
    if isinstance(error, SpeechError):  # another one may be in another language
        return False
    return isinstance(error, OSError) or error.blame is Blame.MACHINE


def _count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Worker(NamedTuple):
    process: BaseProcess
    connection: Connection

    def receive(self) -> Message:
        """Return the next message."""
        try:
            message: Message = receive(self.connection)
        except (EOFError, OSError):
            return Failure(CoachError("a process of this export was killed; run it again to continue"))
        return message


@contextmanager
def _start_workers(number: int) -> Iterator[list[_Worker]]:
    """Yield processes that do the jobs they are sent, and end them."""
    context = multiprocessing.get_context("spawn")  # on all systems: a fork would copy locks that are held
    log_level = logging.getLogger("coach").getEffectiveLevel()
    workers: list[_Worker] = []
    try:
        with _hold_interrupts():
            for _ in range(number):
                ours, theirs = context.Pipe()
                process = context.Process(target=work, args=(theirs, log_level), daemon=True)
                with _apart_from_this_folder():
                    process.start()
                theirs.close()  # so that each side notices when the other ends
                workers.append(_Worker(process, ours))
        yield list(workers)
    except BaseException:
        for worker in workers:
            worker.process.terminate()
        raise
    finally:
        for worker in workers:
            worker.connection.close()  # a process that waits for a job ends
        deadline = time.monotonic() + _PATIENCE
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()


@contextmanager
def _apart_from_this_folder() -> Iterator[None]:
    """Have a process that is started in the `with` block import nothing that lies in the current folder.

    It would look there first, so that a socket.py beside a stranger's script would be run. Before Python 3.11
    nothing prevents that.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def _hold_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back until the end of the `with` block; processes started in it never see it.

    The terminal sends it to them too, and each would report it.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
