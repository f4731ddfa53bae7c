"""The program of the worker process in which pyttsx3 speaks; `coach.speech.system` starts it.

    python -I system_worker.py PLATFORM FOLDER SYS_PATH...

It runs as a separate file and imports nothing from Coach, so it is ready in a few hundredths of a second.
Each line on standard input is a task in JSON, answered by one line on standard output:

    {"task": "list"}  ->  {"voices": [[id, name, [language, ...]], ...], "default": id, "version": text}
    {"task": "speak", "text": ..., "voice": id, "rate": words a minute, "file": path}  ->  {}

or, for any task, {"error": one line}. When standard input ends, it ends too and removes FOLDER.

With espeak, each task has its own forked process. Espeak carries state from one utterance to the next (a
flutter that makes it sound less like a machine), so only a fresh process gives the same bytes whatever was
said before. That costs about 2 ms, and saves the 10 ms that pyttsx3 sleeps in each utterance.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from shutil import rmtree
from threading import Thread
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

    Reply = Callable[[dict[str, Any]], None]

_DRIVERS = {"win32": "sapi5", "darwin": "nsss"}  # all others have espeak


def main() -> None:
    """Answer tasks until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    platform, folder, *path = sys.argv[1:]
    sys.path[:] = path
    # What pyttsx3 and the platform's libraries print is discarded.
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    try:
        if platform in _DRIVERS:
            _serve_here(tasks, answers, Path(folder), _DRIVERS[platform])
        else:
            _serve_in_forks(tasks, answers, Path(folder))
    except OSError:
        pass  # nobody reads the answers any more
    finally:
        rmtree(folder, ignore_errors=True)


def _serve_here(tasks: BinaryIO, answers: int, folder: Path, driver: str) -> None:
    """Answer tasks in this process, on the main thread, as the systems' frameworks require."""
    lines: SimpleQueue[bytes] = SimpleQueue()

    def read() -> None:
        for line in tasks:
            lines.put(line)
        rmtree(folder, ignore_errors=True)  # the parent is gone, so don't finish its last task
        os._exit(0)

    Thread(target=read, daemon=True).start()
    engine = None
    while True:
        task = json.loads(lines.get())
        try:
            engine = engine or import_module("pyttsx3").init(driver)
            answer = _list(engine, driver) if task["task"] == "list" else _speak_here(engine, task)
        except Exception as error:  # noqa: BLE001 - the parent is told of whatever a driver raises
            answer = _failure(error)
        _write(answers, answer)


def _speak_here(engine: Any, task: dict[str, Any]) -> dict[str, Any]:
    """Speak into a file; both drivers are done when `runAndWait` returns.

    This doesn't wait for finished-utterance, because SAPI doesn't send it for a file.
    """
    errors: list[Exception] = []
    token = engine.connect("error", lambda exception, **_: errors.append(exception))
    try:
        _queue(engine, task)
        engine.runAndWait()
    finally:
        engine.disconnect(token)
    return _failure(errors[0]) if errors else {}


def _serve_in_forks(tasks: BinaryIO, answers: int, folder: Path) -> None:
    """Answer each task in a forked process."""
    problem = None
    try:
        _load_espeak(folder)
    except Exception as error:  # noqa: BLE001 - as in _serve_here
        problem = _failure(error)
    while line := tasks.readline():
        answer = problem or _forked(line, tasks, answers)
        if answer is None:
            return
        _write(answers, answer)


def _load_espeak(folder: Path) -> None:
    """Load everything a fork needs: the library of espeakng-loader, or else the system's own."""
    if find_spec("espeakng_loader"):
        loader = import_module("espeakng_loader")
        with suppress(OSError):  # not made for this system
            # pyttsx3 loads libespeak-ng.so.1, and gets this one.
            ctypes.CDLL(loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
            # Espeak ends the process if the path of its data is longer than about 160 characters.
            data = folder / "espeak-ng-data"
            data.symlink_to(loader.get_data_path(), target_is_directory=True)
            os.environ["ESPEAK_DATA_PATH"] = str(data)
    import_module("pyttsx3.drivers.espeak")


def _forked(line: bytes, tasks: BinaryIO, answers: int) -> dict[str, Any] | None:
    """Return the answer of a forked process; None if the parent has gone in the meantime."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(answers)
        _work(json.loads(line), writing)
    os.close(writing)
    sources: list[Any] = [tasks, reading]
    parts = []
    while True:
        ready, _, _ = select.select(sources, [], [])
        if tasks in ready:  # there is never a second task before the first is answered, so this is the end
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        part = os.read(reading, 1 << 16)
        if not part:
            break
        parts.append(part)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if not parts:
        return {"error": f"espeak ended with status {os.waitstatus_to_exitcode(status)}"}
    answer: dict[str, Any] = json.loads(b"".join(parts))
    return answer


def _work(task: dict[str, Any], writing: int) -> NoReturn:
    """Answer one task and end this process."""

    def reply(answer: dict[str, Any]) -> NoReturn:
        _write(writing, answer)
        os._exit(0)

    def unraisable(what: sys.UnraisableHookArgs) -> None:
        if "callback" in (what.err_msg or ""):  # for example writing the file, which pyttsx3 does there
            reply(_failure(what.exc_value or RuntimeError(what.err_msg)))

    sys.unraisablehook = unraisable
    errors: list[Exception] = []
    try:
        engine = import_module("pyttsx3").init("espeak")
        if task["task"] == "list":
            reply(_list(engine, "espeak"))
        # Espeak sets a rate on its own thread, and a voice on this one. The two must not meet, so the initial
        # rate of pyttsx3 has to be done first.
        espeak = import_module("pyttsx3.drivers._espeak")
        while espeak.IsPlaying():
            time.sleep(0.0002)
        engine.connect("error", lambda exception, **_: errors.append(exception))
        # This comes on one of espeak's threads when the file is complete. runAndWait would return earlier,
        # and sometimes cancel the rate: it stops whatever espeak hasn't done by then.
        engine.connect("finished-utterance", lambda **_: reply(_failure(errors[0]) if errors else {}))
        _queue(engine, task)
        engine.startLoop()
        while True:
            signal.pause()
    except BaseException as error:  # noqa: BLE001 - a fork must not return into its parent's code
        reply(_failure(error))


def _queue(engine: Any, task: dict[str, Any]) -> None:
    """Queue one utterance; of several, all would sound like the last. SAPI needs the rate after the voice."""
    engine.setProperty("voice", task["voice"])
    engine.setProperty("rate", task["rate"])
    engine.save_to_file(task["text"], task["file"])


def _list(engine: Any, driver: str) -> dict[str, Any]:
    voices = [
        [str(voice.id), str(voice.name or voice.id), [_text(tag) for tag in voice.languages if tag]]
        for voice in engine.getProperty("voices")
    ]
    versions = [f"pyttsx3 {_version('pyttsx3')}"]
    if driver == "espeak":
        versions.append(f"espeak-ng {_text(import_module('pyttsx3.drivers._espeak').Info(None))}")
        if find_spec("espeakng_loader"):
            versions.append(f"espeakng-loader {_version('espeakng_loader')}")
    else:
        versions.append(import_module("platform").platform())
    default = str(engine.getProperty("voice"))
    return {"voices": voices, "default": default, "version": ", ".join(versions)}


def _version(module: str) -> str:
    """Return the version of a package, from the name of its dist-info folder.

    importlib.metadata would take longer than everything else here.
    """
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return "?"
    found = Path(spec.origin).parents[1].glob(f"{module}-*.*-info")
    return "+".join(sorted(path.name[len(module) + 1 :].rpartition(".")[0] for path in found)) or "?"


def _text(text: str | bytes) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def _failure(error: BaseException) -> dict[str, Any]:
    return {"error": " ".join(f"{type(error).__name__}: {error}".split())}


def _write(pipe: int, answer: dict[str, Any]) -> None:
    rest = json.dumps(answer).encode() + b"\n"
    while rest:
        rest = rest[os.write(pipe, rest) :]


if __name__ == "__main__":
    main()
