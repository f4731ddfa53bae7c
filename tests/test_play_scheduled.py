"""`coach play --scheduled`: played while nobody looks, and what is told of it afterwards."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import wave
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach import desktop
from coach.errors import CoachError
from coach.history import History, SessionLog
from coach.mix import fade_in, to_int16
from coach.schedule import runs
from coach.units import RATE
from tests.command import Command, one_error
from tests.sound_server import Recorder, needs_server, recorder, running, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["recorder", "server"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX, as cron does")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux hides sound and desktop from cron")

TINY = "title: Tiny\nlead_in: 0\nsteps:\n  - say: Done.\n"
QUICK = """\
title: "Übung ☀"
lead_in: 0
count_in: 0
steps:
  - exercise: Lift
    reps: 60
    tempo: {up: 0.4, down: 0.4}
"""
NULL = ("--player", "null")
FADE = 6 * RATE


class Cron(Command):
    """Runs `coach play --scheduled` in the environment that cron gives."""

    def __init__(self, folder: Path, cache: Path) -> None:
        super().__init__(folder, cache)
        kept = ("HOME", "COACH_CACHE", "PYTHONPATH", "PYTHONWARNINGS")
        self.environment = {name: value for name, value in self.environment.items() if name in kept} | {
            "LOGNAME": "root",
            "PATH": "/usr/bin:/bin",
            "SHELL": "/bin/sh",
        }

    @property
    def log(self) -> list[str]:
        """The lines of the log, without their moments, which are now."""
        lines = []
        for file in self.folder.rglob("schedule.log"):
            for line in file.read_text("utf-8").splitlines():
                moment, _, rest = line.partition(" ")
                assert abs((datetime.now().astimezone() - datetime.fromisoformat(moment)).seconds) < 120
                lines.append(rest)
        return lines

    @property
    def sessions(self) -> list[SessionLog]:
        """What the log of sessions holds, with the last one playing."""
        found = list(self.folder.rglob("history.db"))
        return History(found[0]).sessions(playing=True) if found else []

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a run, and return when it plays."""
        before = len(self.sessions)
        process = self.start("play", "--scheduled", *arguments)
        self.until(lambda: len(self.sessions) > before)
        return process

    @staticmethod
    def until(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def cron(tmp_path: Path, clips: Path) -> Cron:
    return Cron(tmp_path, clips)


def without_sound(cron: Cron) -> Cron:
    if os.path.exists("/dev/snd") or sys.platform != "linux":  # noqa: PTH110 - no Path for one question
        pytest.skip("this machine has a sound card")
    cron.environment |= {"PULSE_SERVER": f"unix:{cron.folder}/nothing"}
    return cron


# What becomes of a run.


@pytest.mark.realtime
def test_a_run_that_is_completed_is_silent_and_logged(cron: Cron) -> None:
    cron.write(TINY)
    done = cron("play", "--scheduled", "--name", "morning", "short.yaml", *NULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")  # cron would send a mail
    assert cron.log == ["morning: completed, 0:06 minutes"]
    (session,) = cron.sessions
    assert (session.outcome, session.schedule, session.title) == ("completed", "morning", "Tiny")
    assert session.heard == session.length


@pytest.mark.realtime
@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}])
def test_the_limit_stops_it_and_any_name_can_be_logged(cron: Cron, locale: dict[str, str]) -> None:
    name = "früh ☀ 100%.yaml"
    (cron.folder / name).write_text(QUICK, encoding="utf-8")
    done = cron(
        "play", "--scheduled", *NULL, "--limit", "1", "--reps", "5", os.fsdecode(name.encode()), **locale
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (line,) = cron.log
    assert re.fullmatch(r".*: stopped at 0:01 of 0:\d\d minutes: its time was up", line)
    if not locale:
        assert line.startswith("früh ☀ 100%: ")
        (session,) = cron.sessions
        assert (session.outcome, session.reason, session.title) == ("stopped", "its time was up", "Übung ☀")


@pytest.mark.realtime
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_interrupted_is_broken_off(cron: Cron, number: signal.Signals) -> None:
    cron.write(QUICK)
    with cron.begin("short.yaml", *NULL) as process:
        process.send_signal(number)
        _, error = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert error == ("coach: interrupted\n" if number == signal.SIGINT else "")
    (line,) = cron.log
    assert re.fullmatch(r"short: broken off at 0:0\d of 0:\d\d minutes", line)
    assert [session.outcome for session in cron.sessions] == ["broken off"]


def test_an_interruption_while_it_waits_is_told_as_one(cron: Cron) -> None:
    without_sound(cron).write(TINY)
    with cron.start("play", "--scheduled", "short.yaml") as process:
        cron.until(lambda: bool(list(cron.folder.rglob("session.lock"))))
        process.terminate()
        assert process.wait(20) == 128 + signal.SIGTERM
    assert cron.log == ["short: not played: it was interrupted"]
    assert cron.sessions == []


@pytest.mark.realtime
def test_one_plays_at_a_time_and_a_killed_one_loses_no_rep(cron: Cron) -> None:
    cron.write(QUICK)
    cron.write(TINY, "tiny.yaml")
    with cron.begin("--name", "first", "short.yaml", *NULL) as process:
        busy = r"a session is playing already \(Übung ☀, since \d\d:\d\d\); one plays at a time"
        told = one_error(cron("play", "--scheduled", "--name", "second", "tiny.yaml", *NULL), 3)
        assert re.fullmatch(f"coach: {busy}", told)
        (line,) = cron.log
        assert re.fullmatch(f"second: not played: {busy}", line)
        assert re.fullmatch(f"coach: {busy}", one_error(cron("play", "tiny.yaml", *NULL), 3))
        assert len(cron.sessions) == 1
        cron.until(lambda: bool((sets := cron.sessions[0].sets) and (sets[0].reps_done or 0) >= 2))
        process.kill()
        process.wait(20)
    assert len(cron.log) == 1  # nobody was left to write a line
    done = cron("play", "--scheduled", "tiny.yaml", *NULL, "--limit", "0.1")  # the lock went with its holder
    assert done.returncode == 0, done.stderr
    killed, stopped = cron.sessions
    assert (killed.outcome, killed.ended, stopped.outcome) == ("broken off", None, "stopped")
    (row,) = killed.sets
    assert (row.exercise, row.reps, row.outcome) == ("Lift", 60, "broken off")
    assert row.reps_done is not None
    assert 2 <= row.reps_done < 20
    assert row.seconds_done == pytest.approx(0.8 * row.reps_done, abs=0.5)


def test_what_is_wrong_is_in_the_log(cron: Cron) -> None:
    cron.write("title: A\nstepps: []\n")
    done = cron("play", "--scheduled", "--name", "a", "short.yaml", *NULL)
    assert done.returncode == 1
    deleted = one_error(cron("play", "--scheduled", "--name", "b", "/gone/away.yaml", *NULL), 2)
    typed = one_error(cron("play", "--scheduled", "--name", "c", "short.yaml", "--wiat", "3"), 2)
    cron.write(QUICK)
    side = one_error(cron("play", "--scheduled", "--name", "d", "short.yaml", "--sides", "left"), 2)
    spoken = one_error(cron("play", "--scheduled", "--name", "e", "short.yaml", "--language", "tlh"), 3)
    wrong, *others = cron.log
    assert wrong == f"a: not played: {done.stderr.splitlines()[0]}"
    assert wrong.startswith("a: not played: short.yaml:")
    assert others[0] == "b: not played: there is no file /gone/away.yaml"
    for line, error in zip(others, (deleted, typed, side, spoken), strict=True):
        _, why = line.split(": not played: ")
        assert why.rstrip(".") in error
    assert cron.sessions == []


def test_what_is_wrong_only_together_is_in_the_log(cron: Cron) -> None:
    left = one_error(cron("play", "--scheduled", "--name", "a", "--resume", "--from", "2", *NULL), 2)
    missing = one_error(cron("play", "--scheduled", "--name", "b", *NULL), 2)
    gone = one_error(cron("play", "--scheduled", "--name", "c", "--resume", *NULL), 2)
    assert [line.partition(": not played: ")[0] for line in cron.log] == ["a", "b", "c"]
    for line, error in zip(cron.log, (left, missing, gone), strict=True):
        assert line.partition(": not played: ")[2].rstrip(".") in error


@linux
def test_without_sound_it_waits_and_says_so(cron: Cron) -> None:
    without_sound(cron).write(TINY)
    started = time.monotonic()
    error = one_error(cron("play", "--scheduled", "short.yaml", "--wait", "1.5"), 3)
    assert time.monotonic() - started > 1.5
    (line,) = cron.log
    assert line == f"short: not played: {error.removeprefix('coach: ')}"
    assert line.startswith("short: not played: no sound device")
    nobody = not Path(f"/run/user/{os.getuid()}").exists()
    assert line.endswith("after 1.5 seconds of waiting" + "; nobody is logged in" * nobody)
    assert cron.sessions == []


@pytest.mark.parametrize("obstacle", ["a folder", "a full disk"])
def test_it_plays_where_nothing_can_be_written_down(cron: Cron, obstacle: str) -> None:
    cron.write(TINY)
    state = cron.folder / "state" / "coach"
    for name in ("schedule.log", "session.lock"):
        if obstacle == "a folder":
            (state / name).mkdir(parents=True)
        elif os.path.exists("/dev/full"):  # noqa: PTH110 - no Path for one question
            state.mkdir(parents=True, exist_ok=True)
            (state / name).symlink_to("/dev/full")
        else:
            pytest.skip("needs /dev/full")
    data = cron.folder / "data"
    data.write_text("")
    folders = {"XDG_STATE_HOME": str(state.parent), "XDG_DATA_HOME": str(data)}
    done = cron("play", "--scheduled", "short.yaml", *NULL, "--limit", "0.5", **folders)
    assert done.returncode == 0
    notes = done.stderr.splitlines()
    assert len(notes) == 3, notes
    assert notes[0].startswith("coach: cannot tell whether another session is playing: ")
    assert notes[1].endswith("; the session is not logged")
    assert notes[2].startswith(f"coach: cannot write {state}/schedule.log: ")


# The log.

WRITE = """\
import sys
from coach.schedule.runs import log_run
for number in range(int(sys.argv[2])):
    log_run(f"{sys.argv[1]}-{number}", "x" * 500)
"""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return runs.log_file().parent


def test_many_runs_at_once_lose_no_line_and_old_ones_make_room(state: Path) -> None:
    assert runs.read_runs(5) == []
    each, count = 70, 6
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, str(number), str(each)]) for number in range(count)
    ]
    assert [process.wait(60) for process in writers] == [0] * count
    written = runs.read_runs(1000)
    assert sorted(run.name for run in written) == sorted(
        f"{a}-{b}" for a in range(count) for b in range(each)
    )
    for number in range(count):
        own = [run.name for run in written if run.name.startswith(f"{number}-")]
        assert own == [f"{number}-{at}" for at in range(each)]
    for number in range(500):
        runs.log_run(f"more-{number}", "y" * 500)
    files = sorted(state.glob("schedule.log*"))
    assert [file.name for file in files] == [
        "schedule.log", "schedule.log.1", "schedule.log.2", "schedule.log.3", "schedule.log.lock",
    ]  # fmt: skip
    assert all(file.stat().st_size <= 100_000 for file in files)
    kept = [run.name for run in runs.read_runs(10_000)]
    assert len(kept) > 500
    assert kept[-500:] == [f"more-{number}" for number in range(500)]
    assert runs.read_runs(3) == runs.read_runs(10_000)[-3:]
    assert runs.read_runs(0) == []


def test_what_would_break_or_feign_a_line_is_spelled_out(state: Path) -> None:
    runs.log_run("morn\ning: completed", "not played: no\r\nsuch\x1b[2J file\u2028\u202e")
    (run,) = runs.read_runs(9)
    assert run.name == r"morn\ning completed"
    assert run.outcome == r"not played: no\r\nsuch\x1b[2J file\u2028\u202e"


def test_a_line_is_read_as_it_was_written_and_others_are_passed_over(state: Path) -> None:
    runs.log_run("früh am Morgen", "not played: 100% of it: gone")
    runs.log_run("caf\udce9", "completed")
    with runs.log_file().open("ab") as file:
        file.write(b"\n\xff\xfe\nyesterday a: b\nhalf a li")
    first, second = runs.read_runs(10)
    assert (first.name, first.outcome) == ("früh am Morgen", "not played: 100% of it: gone")
    assert first.moment.utcoffset() is not None
    assert (second.name, second.outcome) == ("caf\\udce9", "completed")


def test_a_log_that_cannot_be_used_is_a_clear_error(state: Path) -> None:
    runs.log_file().mkdir(parents=True)
    with pytest.raises(CoachError, match=r"cannot write .*schedule\.log: "):
        runs.log_run("a", "b")
    with pytest.raises(CoachError, match=r"cannot read .*schedule\.log: "):
        runs.read_runs(3)


# Where sound and desktop are.


@linux
def test_what_cron_leaves_out_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(desktop, "_RUNTIME", tmp_path)
    for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    assert desktop.person_environment() == {}
    assert not desktop.is_logged_in()
    runtime = tmp_path / str(os.getuid())
    runtime.mkdir()
    assert desktop.person_environment() == {"XDG_RUNTIME_DIR": str(runtime)}
    assert desktop.is_logged_in()
    bus = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus"}
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(runtime)  # the path of a socket is short
        listener.bind("bus")
        assert desktop.person_environment() == {"XDG_RUNTIME_DIR": str(runtime)} | bus
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "of an earlier log-in"))
        assert desktop.person_environment() == {"XDG_RUNTIME_DIR": str(runtime)} | bus
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/own")
        assert desktop.person_environment() == {"XDG_RUNTIME_DIR": str(runtime)}
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own))
    assert desktop.person_environment() == {"XDG_RUNTIME_DIR": str(own)}


@linux
def test_without_a_desktop_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert desktop.notify("a", "b") is False
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert desktop.notify("a", "b") is False


# With a real sound server.


def faded_export(cron: Cron) -> NDArray[np.int16]:
    """Return what is played of a script that begins softly: what is exported, times the fade."""
    assert cron("export", "short.yaml", "-o", "short.wav").returncode == 0
    with wave.open(str(cron.folder / "short.wav")) as file:
        exported = np.frombuffer(file.readframes(file.getnframes()), np.int16)

    def pull(start: int, count: int) -> NDArray[np.float32]:
        block: NDArray[np.float32] = exported[start : start + count] / np.float32(32768)
        return block

    first = round(cron.timeline("short.yaml")["cues"][0]["start"] * RATE)
    return to_int16(fade_in(pull, first, FADE, 0, exported.size))


@pytest.mark.realtime
@needs_server
@linux
def test_it_begins_softly_and_as_loud_as_was_asked_for(cron: Cron, recorder: Recorder) -> None:
    cron.environment |= {name: os.environ[name] for name in ("XDG_RUNTIME_DIR", "PULSE_SERVER")}
    text = TINY.replace("lead_in: 0\n", "voice: {volume: -6}\nlead_in: 0.5\n")
    cron.write(text.replace("Done.", "By now the voice is as loud as it will be."))
    expected = faded_export(cron)
    cron.write((cron.folder / "short.yaml").read_text().replace("voice: {volume: -6}\n", ""))
    assert not np.array_equal(expected, faded_export(cron))
    done = cron("play", "--scheduled", "short.yaml", "--volume", "-6")
    assert (done.returncode, done.stderr) == (0, "")
    time.sleep(0.5)
    heard = recorder.samples
    sounding = np.flatnonzero(expected)
    first = np.flatnonzero(heard)[0] - sounding[0]
    assert first >= 0
    assert np.array_equal(heard[first : first + sounding[-1] + 1], expected[: sounding[-1] + 1])
    assert not heard[first + sounding[-1] + 1 :].any()


@pytest.mark.realtime
@needs_server
@linux
def test_it_waits_for_the_sound_server(cron: Cron) -> None:
    without_sound(cron).write(TINY)
    runtime = cron.folder / "runtime"
    runtime.mkdir(mode=0o700)
    socket = runtime / "native"
    cron.environment |= {"XDG_RUNTIME_DIR": str(runtime), "PULSE_SERVER": f"unix:{socket}"}
    with cron.start("play", "--scheduled", "short.yaml", "--limit", "3") as process:
        time.sleep(3)
        assert process.poll() is None
        modules = (
            "-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
            "-L", f"module-null-sink sink_name=coach rate={RATE} channels=1 format=s16le",
        )  # fmt: skip
        with running("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", *modules):
            assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
    (line,) = cron.log
    assert re.fullmatch(r"short: stopped at 0:0[123] of 0:06 minutes: its time was up", line)


@pytest.mark.realtime
@needs_server
@linux
def test_a_sound_server_that_dies_is_waited_for_until_the_limit(
    cron: Cron, server: subprocess.Popen[bytes]
) -> None:
    cron.environment |= {name: os.environ[name] for name in ("XDG_RUNTIME_DIR", "PULSE_SERVER")}
    cron.write(QUICK)
    with cron.begin("short.yaml", "--limit", "8") as process:
        cron.until(lambda: bool(cron.sessions[0].sets))
        server.kill()
        _, error = process.communicate(timeout=30)
    assert process.returncode == 0, error
    (line,) = cron.log
    told = r"short: stopped at 0:0\d of 0:\d\d minutes: its time was up while there was no sound"
    assert re.fullmatch(told, line)
    (session,) = cron.sessions
    assert [row.outcome for row in session.sets] == ["broken off"]


# With a real desktop.


class Desktop:
    """A session bus, and on it somebody who takes notifications."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.shown: list[tuple[str, str, str]] = []
        self.wrong: list[str] = []
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        assert self._ready.wait(10)

    async def _serve(self) -> None:
        from dbus_fast import Message, MessageType
        from dbus_fast.aio import MessageBus

        def answer(message: Message) -> Message | None:
            if message.message_type != MessageType.METHOD_CALL:
                return None
            if message.member == "Notify":
                if message.signature != "susssasa{sv}i":
                    self.wrong.append(message.signature)
                self.shown.append((message.body[0], message.body[3], message.body[4]))
                return Message.new_method_return(message, "u", [1])
            if message.member == "GetServerInformation":
                return Message.new_method_return(message, "ssss", ["test", "test", "1", "1.2"])
            return None

        bus = await MessageBus(bus_address=self.address).connect()
        bus.add_message_handler(answer)
        await bus.request_name("org.freedesktop.Notifications")
        self._ready.set()
        await asyncio.Event().wait()


@contextmanager
def session_bus() -> Iterator[str]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon")
    pytest.importorskip("dbus_fast", reason="needs dbus-fast")
    with running("dbus-daemon", "--session", "--nofork", "--print-address") as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()


def only(folder: Path, program: str) -> str:
    """Return a PATH on which there is one program."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"needs {program}")
    folder.mkdir()
    (folder / program).symlink_to(found)
    return str(folder)


@linux
@pytest.mark.realtime
@pytest.mark.parametrize("program", ["notify-send", "gdbus"])
def test_a_desktop_is_told_what_did_not_play(cron: Cron, program: str) -> None:
    with session_bus() as address:
        taker = Desktop(address)
        runtime = cron.folder / "runtime"
        runtime.mkdir(mode=0o700)
        path = only(cron.folder / "bin", program)
        found = {"XDG_RUNTIME_DIR": str(runtime), "DBUS_SESSION_BUS_ADDRESS": address, "PATH": path}
        name = "it's <b>früh</b> \\n ☀"
        gone = '/gone/über "it\'s" &amp; <img src=x> -1.yaml'
        for locale in ({}, {"LC_ALL": "C"}):
            done = cron("play", "--scheduled", "--name", name, gone, **found, **locale)
            assert done.returncode == 2
        title = "Coach: it's \u2039b\u203afrüh\u2039/b\u203a \\n ☀"
        text = 'not played: there is no file /gone/über "it\'s" \uff06amp; \u2039img src=x\u203a -1.yaml'
        assert taker.shown == [("Coach", title, text)] * 2
        assert not taker.wrong
        cron.write(TINY)
        assert cron("play", "--scheduled", "short.yaml", *NULL, "--limit", "0.1", **found).returncode == 0
        assert len(taker.shown) == 2  # nobody needs to be told of what was heard


@linux
@pytest.mark.realtime
def test_a_bus_without_a_desktop_holds_nothing_up(cron: Cron) -> None:
    with session_bus() as address:
        runtime = cron.folder / "runtime"
        runtime.mkdir(mode=0o700)
        found = {"XDG_RUNTIME_DIR": str(runtime), "DBUS_SESSION_BUS_ADDRESS": address}
        started = time.monotonic()
        one_error(cron("play", "--scheduled", "/gone/away.yaml", **found), 2)
        assert time.monotonic() - started < 15
