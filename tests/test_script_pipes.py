"""Scripts that come through a pipe, and tracks that go into one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from coach import script
from coach.app.prepare import load
from coach.app.request import Request
from coach.errors import ScriptError
from coach.routine import Level
from tests.command import SHORT, TOO_LONG, Command, coach

__all__ = ["coach"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")

PIPED = f"{SHORT}    easier: {{reps: 2}}\n"


def pipe(coach: Command, text: str, *arguments: str, **options: Any) -> tuple[int, str, str]:
    """Return exit code, output and errors of a command with a text on its standard input."""
    with coach.start(*arguments, stdin=subprocess.PIPE, **options) as process:
        out, error = process.communicate(text, timeout=TOO_LONG)
    return process.returncode, out, error


def test_a_named_pipe_is_read_once_for_all_levels(tmp_path: Path) -> None:
    path = tmp_path / "fifo.yaml"
    os.mkfifo(path)
    writer = Thread(target=path.write_text, args=(PIPED,), daemon=True)
    writer.start()
    request = Request(path)
    assert load(request).levels == (Level.EASIER,)
    assert load(replace(request, level=Level.EASIER)).level == Level.EASIER
    writer.join(TOO_LONG)
    assert not writer.is_alive()


def test_a_script_that_cannot_be_read_is_tried_once(tmp_path: Path) -> None:
    request = Request(tmp_path / "late.yaml")
    for _ in range(2):
        with pytest.raises(ScriptError, match="no such file"):
            load(request)
        request.script.write_text(PIPED)
    assert load(Request(request.script)).title == "Short"


@pytest.mark.parametrize(
    ("path", "named"), [("<stdin>", False), ("/dev/fd/63", False), ("a.yaml", True), ("/tmp/a", True)]
)
def test_what_comes_through_a_pipe_has_no_name(path: str, named: bool) -> None:
    assert script.has_name(Path(path)) is named


def test_includes_of_standard_input_start_from_here(coach: Command) -> None:
    coach.write(SHORT)
    text = "title: A\nsteps:\n  - include: short.yaml\n  - say: 3 {\n"
    code, out, error = pipe(coach, text, "check", "-")
    assert (code, error, len(out.splitlines())) == (1, "", 1)
    assert out.startswith("<stdin>:4:10: a single '{'")


def test_all_levels_come_from_one_text(coach: Command) -> None:
    assert pipe(coach, PIPED, "check", "-") == (0, "<stdin>: all is well\n", "")


def test_a_track_goes_to_standard_output_whole(coach: Command) -> None:
    coach.write(SHORT)
    assert coach("export", "short.yaml").returncode == 0
    heard = coach.folder / "heard.mp3"
    with heard.open("wb") as out:
        code, _, error = pipe(coach, SHORT, "export", "-", "-o", "-", stdout=out)
    assert (code, error) == (0, "")
    assert heard.read_bytes() == (coach.folder / "short.mp3").read_bytes()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "a script that comes through a pipe has no name for its track: add -o FILE, or -o -"),
        (["-o", "there/"], "a script that comes through a pipe has no name for its track"),
        (["--level", "all", "--album", "there"], "no name for several tracks: save it as a file first"),
        (["-o", "-", "--level", "all"], "-o - writes a single track, and nothing else"),
        (["-o", "-", "--captions"], "captions stand beside a file: leave --captions or -o - out"),
    ],
)
def test_what_standard_streams_cannot_be_is_told(coach: Command, options: list[str], told: str) -> None:
    done = coach("export", "-", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert list(coach.folder.glob("there*")) == []


def test_a_schedule_needs_a_file(coach: Command) -> None:
    done = coach("schedule", "add", "-", "--at", "6:30")
    assert done.returncode == 2
    assert "must be a script in a file, which is still there later (got '-')" in done.stderr


def test_no_track_goes_to_a_terminal(coach: Command) -> None:
    import pty

    ours, theirs = pty.openpty()
    try:
        coach.write(SHORT)
        with coach.start("export", "short.yaml", "-o", "-", stdout=theirs) as process:
            _, error = process.communicate(timeout=TOO_LONG)
    finally:
        os.close(ours)
        os.close(theirs)
    assert process.returncode == 2
    assert "-o - would write sound to this terminal" in error


def test_ctrl_c_ends_the_wait_for_a_pipe_that_nobody_writes(coach: Command) -> None:
    fifo = coach.folder / "fifo.yaml"
    os.mkfifo(fifo)
    with coach.start("check", "fifo.yaml") as process:
        held = os.open(fifo, os.O_WRONLY)  # waits until the command has opened it, too
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=TOO_LONG)
        os.close(held)
    assert process.returncode == 130
    assert error.endswith("coach: interrupted\n")
    assert "Traceback" not in error
