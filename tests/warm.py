"""A process that has loaded Coach, and forks itself for each command that a test runs.

Most of what `coach` costs in a test is its start: the interpreter and its libraries. A fork of a process
that has started is one like any other, with its own folder, environment, streams and exit code.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AVAILABLE = sys.platform == "linux"  # macOS passes no files over such a socket, Windows has no fork

_LIBRARIES = ("lameenc", "mutagen.id3", "mutagen.mp3", "numpy", "rich.console", "rich.progress", "yaml")
_PARTS = ("group", "check", "export", "history", "listing", "play", "progress", "schedule", "show")
_MOST_BYTES = 1 << 20  # of a request: a command line and an environment


class WarmCommand:
    """Runs `coach` in forks of a process that is started once and ends with this one.

    Args:
        environment: what Python itself is told with.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={**os.environ, **environment},
            )
        atexit.register(self.close)

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with nothing on its standard input.

        Args:
            arguments: the command line, the path of the command first.
            folder: where it runs.
            environment: all of its environment.
            timeout: seconds after which it is held to hang.

        Raises:
            TimeoutError: it hangs.
        """
        request = json.dumps([list(arguments), str(folder), dict(environment)]).encode()
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            self._socket.settimeout(timeout)
            socket.send_fds(self._socket, [request], [output.fileno(), errors.fileno()])
            try:
                code = int(self._socket.recv(100))
            except TimeoutError:
                self._process.kill()
                raise
            texts = []
            for file in (output, errors):
                file.seek(0)
                texts.append(file.read().decode("utf-8").replace("\r\n", "\n"))
        return subprocess.CompletedProcess(list(arguments), code, *texts)

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.wait()


def _serve(requests: socket.socket) -> None:
    """Fork for each request and answer with the exit code; return in each fork."""
    while True:
        request, files, _, _ = socket.recv_fds(requests, _MOST_BYTES, 2)
        if not request:
            os._exit(0)
        if (child := os.fork()) == 0:
            requests.close()
            arguments, folder, environment = json.loads(request)
            return _become(arguments, folder, environment, files)
        for file in files:
            os.close(file)
        _, status = os.waitpid(child, 0)
        requests.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(arguments: list[str], folder: str, environment: dict[str, str], files: list[int]) -> None:
    """Make this process what it would be, had it been started so."""
    with Path(os.devnull).open("rb") as nothing:
        for number, file in enumerate([nothing.fileno(), *files]):
            os.dup2(file, number)
    for file in files:
        os.close(file)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        setattr(sys, name, open(stream.fileno(), mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = arguments


def _read() -> None:
    """Have the rules by which texts are read ready, which take longer to compile than a fork takes."""
    from coach.phrases import languages
    from coach.speech.normalise import normalise

    for language in languages():
        normalise("10 up", language, {})


if __name__ == "__main__":
    del sys.path[0]  # this folder: the command knows nothing of it
    for module in (*_LIBRARIES, *(f"coach.cli.{part}" for part in _PARTS)):
        import_module(module)
    _read()
    warnings.filterwarnings(
        "ignore", "This process .* is multi-threaded", DeprecationWarning
    )  # of numpy, asleep
    _serve(socket.socket(fileno=int(sys.argv[1])))
    from coach.cli import main

    main()
