"""Everything that runs ffmpeg: finding it, and letting it work on data in memory.

pydub looks for its own ffmpeg when it is imported; `segment_class` loads pydub and points it to ours.
"""

from __future__ import annotations

import errno
import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from coach.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydub import AudioSegment

_log = logging.getLogger(__name__)

_QUIET = ("-hide_banner", "-nostdin", "-nostats")
_STORAGE = [getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)]
_WHAT_IT_SAYS = 4096  # bytes of the log that are read
# Ctrl-C should reach only Coach, which then ends ffmpeg; otherwise the two would race.
if sys.platform == "win32":
    _OWN_SESSION, _FLAGS = False, subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
else:
    _OWN_SESSION, _FLAGS = True, 0


def find() -> str:
    """Return the path of ffmpeg: the one on PATH, or else the one in the package imageio-ffmpeg.

    Raises:
        AudioError: there is none; the message says how to get it.
    """
    path = shutil.which("ffmpeg") or _packaged()
    if path is None:
        raise AudioError(
            "this format needs ffmpeg, which is not installed: install it (apt install ffmpeg,"
            " brew install ffmpeg, winget install ffmpeg) or run: pip install 'coach-audio[formats]'"
        )
    return path


@cache
def _packaged() -> str | None:
    try:
        return str(import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError):  # not installed, or has no program for this machine
        return None


def identity() -> str:
    """Return a text that identifies this ffmpeg, without taking the time to start it.

    Raises:
        AudioError: there is none.
    """
    path = Path(find()).resolve()
    there = path.stat()
    return f"{path} {there.st_size} {there.st_mtime_ns}"


def write(arguments: Sequence[str], pieces: Iterable[bytes], file: BinaryIO) -> None:
    """Let ffmpeg write a file from input that comes in pieces. An early end of this call ends ffmpeg at once.

    Args:
        arguments: what comes between the program and its output; the input is `pipe:0`.
        pieces: the input; it is read no faster than ffmpeg works, so memory does not grow.
        file: empty and open; afterwards it is at its end. ffmpeg opens it by name and may seek in it, as the
            lengths in FLAC and MP4 require.

    Raises:
        AudioError: there is no ffmpeg, or it failed.
        OSError: the disk is full, or the file is too large.
    """
    number = file.fileno()
    named = isinstance(file.name, str)
    target = file.name if named else f"/dev/fd/{number}"
    with tempfile.TemporaryFile() as log:
        command = [find(), *_QUIET, "-v", "error", "-xerror", *arguments, "-y", f"file:{target}"]
        _log.debug("%s", shlex.join(command))
        inherited: tuple[int, ...] = () if named else (number,)
        process = _start(command, log, inherited)
        pipe = cast("BinaryIO", process.stdin)
        try:
            _pour(pieces, pipe)
            with suppress(OSError):
                pipe.close()
            process.wait()
        finally:
            process.kill()
            with suppress(OSError):
                pipe.close()
            process.wait()
        log.seek(0)
        said = log.read(_WHAT_IT_SAYS).decode(errors="replace")
    _check(process.returncode, said)
    file.seek(0, os.SEEK_END)


def _start(command: list[str], log: IO[bytes], inherited: tuple[int, ...]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the arguments are our own, and no shell reads them
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=inherited,
            start_new_session=_OWN_SESSION,
            creationflags=_FLAGS,
        )
    except OSError as error:
        raise AudioError(f"cannot start {command[0]}: {error.strerror or error}") from error


def _pour(pieces: Iterable[bytes], pipe: BinaryIO) -> None:
    for piece in pieces:
        try:
            pipe.write(piece)
        except OSError:  # noqa: PERF203 - ffmpeg has stopped and its log says why; errors of the pieces themselves pass
            return


def _check(code: int, said: str) -> None:
    """Raise an error if ffmpeg's exit code or its log says that something failed."""
    for number in _STORAGE:
        if os.strerror(number) in said:
            raise OSError(number, os.strerror(number))
    if sys.platform != "win32" and code == -signal.SIGXFSZ:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    if code < 0:
        raise AudioError(f"ffmpeg was killed (signal {-code})")
    if code:
        reason = next((line.strip() for line in said.splitlines() if line.strip()), f"code {code}")
        raise AudioError(f"ffmpeg failed: {reason}")


def convert(data: bytes, arguments: Sequence[str], *, timeout: float) -> tuple[bytes, list[str]]:
    """Return what ffmpeg makes of a file's bytes.

    ffmpeg can read only these bytes: no other file and no network, whatever the bytes ask for.

    Args:
        data: the content of the file.
        arguments: what comes between input and output, such as the output format.
        timeout: seconds after which ffmpeg is ended.

    Returns:
        The converted bytes, empty if it failed; and the lines of the log, each starting with its level, such
        as "[info]   Duration: 00:00:05.00".

    Raises:
        AudioError: there is no ffmpeg, or it took too long.
    """
    # The cache makes a pipe seekable, which many .m4a files need: their index is at the end.
    sources = ("-protocol_whitelist", "cache,pipe", "-read_ahead_limit", "-1", "-i", "cache:pipe:0")
    command = [find(), *_QUIET, "-v", "level+info", *sources, *arguments, "pipe:1"]
    _log.debug("%s", shlex.join(command))
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are our own, and no shell reads them
            command,
            input=data,
            capture_output=True,
            timeout=timeout,
            check=False,
            start_new_session=_OWN_SESSION,
            creationflags=_FLAGS,
        )
    except subprocess.TimeoutExpired as error:
        raise AudioError(f"ffmpeg took longer than {timeout:.0f} seconds") from error
    except OSError as error:
        raise AudioError(f"cannot start {command[0]}: {error.strerror or error}") from error
    lines = done.stderr.decode(errors="replace").splitlines()
    # The cache logs an error each time it looks for the end of the pipe.
    return b"" if done.returncode else done.stdout, [line for line in lines if not line.startswith("[cache ")]


@cache
def segment_class() -> type[AudioSegment]:
    """Return pydub's `AudioSegment`, loaded without warnings and using our ffmpeg.

    Raises:
        AudioError: pydub cannot be loaded.
    """
    with warnings.catch_warnings():
        # About audioop, its own regular expressions, and a missing ffmpeg on PATH.
        warnings.simplefilter("ignore")
        try:
            loaded = cast("type[AudioSegment]", import_module("pydub").AudioSegment)
        except ImportError as error:  # without audioop, on Python 3.13 and later
            raise AudioError(f"cannot load pydub ({error}): run pip install pydub audioop-lts") from error
    if loaded.converter == "ffmpeg" and shutil.which("ffmpeg") is None and (path := _packaged()):
        loaded.converter = path
    return loaded
