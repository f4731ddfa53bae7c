"""A schedule from its line in a crontab to the loudspeaker: a real cron daemon, sound server and users.

They are made for this and taken away again, all of them: users with a home, their folders in /run/user, their
crontabs, the daemon, the server. One minute serves all of it.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import wave
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from coach.mix import fade_in, to_int16
from coach.schedule.daemon import cron_runs
from coach.units import RATE
from tests.sound_server import RAW, Recorder, needs_server, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

REPOSITORY = Path(__file__).parents[1]
FADE = 6 * RATE
TITLE = "Übung am Morgen"
SCRIPT = f"""\
title: {TITLE}
lead_in: 1
steps:
  - exercise: Lift
    reps: 3
    tempo: {{up: 1, down: 1}}
  - say: By now the voice is as loud as it will be.
"""
LONG = "title: By hand\nsteps:\n  - rest: 10m\n  - say: Done.\n"

pytestmark = [
    pytest.mark.realtime,
    needs_server,
    pytest.mark.skipif(
        sys.platform != "linux"
        or os.getuid() != 0
        or not all(map(shutil.which, ("cron", "crontab", "useradd", "userdel", "setpriv"))),
        reason="needs Linux, to be root, and cron, useradd and setpriv",
    ),
]


# What is made, and taken away again.


def others_may_run(path: Path) -> bool:
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def common_python() -> Path:
    """Return a Python of our version that every user can start."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (Path(sys.executable).resolve(), Path("/usr/bin", version), Path("/usr/local/bin", version)):
        if path.exists() and others_may_run(path):
            return path
    pytest.skip(f"needs a {version} that every user can start; {sys.executable} lies in a folder of root's")


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextmanager
def installed() -> Iterator[Path]:
    """Give the command, installed with its libraries where every user can read it."""
    python = common_python()
    with tempfile.TemporaryDirectory(prefix="coach-") as folder:
        Path(folder).chmod(0o755)
        venv = Path(folder, "venv")
        subprocess.run([python, "-m", "venv", "--without-pip", venv], check=True)
        site = next(venv.glob("lib/python*/site-packages"))
        shutil.rmtree(site)
        skipped = shutil.ignore_patterns("coach", "__pycache__", "mypy", "scipy*", "ruff*")
        shutil.copytree(sysconfig.get_path("purelib"), site, ignore=skipped, copy_function=link_or_copy)
        shutil.copytree(REPOSITORY / "coach", site / "coach")
        command = venv / "bin" / "coach"
        command.write_text(f"#!{venv}/bin/python\nfrom coach.cli import main\n\nmain()\n")
        command.chmod(0o755)
        yield command


class Person:
    """A user of this machine.

    Attributes:
        name: the log-in name.
        id: the number.
        home: a folder of theirs.
        runtime: where a log-in of theirs has its sockets.
    """

    def __init__(self, name: str, home: Path, command: Path) -> None:
        entry = pwd.getpwnam(name)
        self.name, self.id, self.home = name, entry.pw_uid, home
        self.runtime = Path("/run/user", str(self.id))
        self._command = command
        self._group = entry.pw_gid

    def own(self, path: Path) -> Path:
        os.chown(path, self.id, self._group)
        return path

    def words(self, *command: str | Path, **environment: str) -> list[str]:
        """Return a command that is theirs, with next to nothing in its environment."""
        usual = {"HOME": str(self.home), "LOGNAME": self.name, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        variables = [f"{name}={value}" for name, value in (usual | environment).items()]
        who = ["setpriv", f"--reuid={self.id}", f"--regid={self._group}", "--clear-groups"]
        return [*who, "env", "-i", "-C", str(self.home), *variables, *map(str, command)]

    def coach(self, *arguments: str) -> str:
        """Run the command to its end, which must be a good one, and return what it printed."""
        done = subprocess.run(
            self.words(self._command, *arguments),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.words(self._command, *arguments), stderr=subprocess.DEVNULL)

    def schedule(self, script: str, minute: datetime, *options: str) -> None:
        (self.home / "routine.yaml").write_text(script, encoding="utf-8")
        at = f"{minute:%H:%M}"
        told = self.coach("schedule", "add", "routine.yaml", "--at", at, "--name", "morning", *options)
        assert f"{minute:%H:%M}" in told

    @property
    def outcomes(self) -> list[str]:
        """What `coach schedule log` says of the runs."""
        lines = [line for line in self.coach("schedule", "log").splitlines() if "morning: " in line]
        return [line.partition("morning: ")[2] for line in lines]

    @property
    def sessions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.coach("history", "--json"))
        return found

    def leave(self) -> None:
        """End every process of theirs."""
        for _ in range(50):
            running = [each for each in Path("/proc").glob("[0-9]*") if owner(each) == self.id]
            if not running:
                return
            for process in running:
                with suppress(OSError):
                    os.kill(int(process.name), signal.SIGKILL)
            time.sleep(0.1)


def owner(path: Path) -> int | None:
    with suppress(OSError):
        return path.stat().st_uid
    return None


@contextmanager
def person(kind: str, command: Path) -> Iterator[Person]:
    """Give a user that vanishes with all that was theirs."""
    name = f"coach-{kind}-{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="coach-home-") as folder, ExitStack() as stack:
        home = Path(folder)
        mail = Path("/var/mail", name)
        subprocess.run(["useradd", "--system", "--no-create-home", "--home-dir", home, name], check=True)
        stack.callback(mail.unlink, missing_ok=True)
        stack.callback(subprocess.run, ["userdel", "--force", name], check=True, stderr=subprocess.DEVNULL)
        made = Person(name, home, command)
        stack.callback(subprocess.run, ["crontab", "-u", name, "-r"], check=False, stderr=subprocess.DEVNULL)
        stack.callback(made.leave)
        made.own(home)
        yield made


@contextmanager
def logged_in(who: Person) -> Iterator[None]:
    """Give a user the folder that a log-in makes."""
    parents = [who.runtime.parent] if not who.runtime.parent.exists() else []
    for folder in (*parents, who.runtime):
        folder.mkdir()
    who.own(who.runtime).chmod(0o700)
    try:
        yield
    finally:
        for folder in (who.runtime, *parents):
            shutil.rmtree(folder)


@contextmanager
def listening(who: Person) -> Iterator[Recorder]:
    """Give the recording of a sound server of a user's, with a silent card of our rate."""
    here = {"XDG_RUNTIME_DIR": str(who.runtime)}
    sink = f"module-null-sink sink_name=coach rate={RATE} channels=1 format=s16le"
    serve = ("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "-L", "module-native-protocol-unix")
    with ExitStack() as stack:
        process = stack.enter_context(running(*who.words(*serve, "-L", sink, **here)))
        deadline = time.monotonic() + 10
        while not (who.runtime / "pulse" / "native").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.skip("pulseaudio does not start here")
            time.sleep(0.05)
        stack.enter_context(running(*who.words("pacat", "-d", "coach", *RAW, "/dev/zero", **here)))
        recording = running(*who.words("parec", "-d", "coach.monitor", *RAW, **here))
        recorder = Recorder(stack.enter_context(recording))
        while recorder.samples.size < RATE // 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield recorder


@contextmanager
def cron() -> Iterator[None]:
    """Let a cron daemon run: that of the machine, else one of our own."""
    if cron_runs():
        yield
        return
    left = [file for file in (Path("/run/crond.pid"), Path("/run/crond.reboot")) if not file.exists()]
    try:
        with running("cron", "-f") as process:
            time.sleep(0.5)
            if process.poll() is not None:
                pytest.skip("cron does not start here")
            yield
    finally:
        for file in left:
            file.unlink(missing_ok=True)


def expected(who: Person) -> NDArray[np.int16]:
    """Return what is to be heard of a schedule: the routine as it is exported, beginning softly."""
    who.coach("export", "routine.yaml", "-o", "routine.wav")
    with wave.open(str(who.home / "routine.wav")) as file:
        exported = np.frombuffer(file.readframes(file.getnframes()), np.int16)

    def pull(start: int, count: int) -> NDArray[np.float32]:
        block: NDArray[np.float32] = exported[start : start + count] / np.float32(32768)
        return block

    first = json.loads(who.coach("show", "routine.yaml", "--json"))["cues"][0]["start"]
    return to_int16(fade_in(pull, round(first * RATE), FADE, 0, exported.size))


def next_minute(least: float) -> datetime:
    """Return the first full minute that is at least so many seconds away."""
    return (datetime.now() + timedelta(seconds=least + 60)).replace(second=0, microsecond=0)


def test_cron_plays_what_was_scheduled_and_says_what_it_could_not() -> None:
    with ExitStack() as stack:
        command = stack.enter_context(installed())
        people = [stack.enter_context(person(kind, command)) for kind in ("heard", "deaf", "away", "busy")]
        heard, deaf, away, busy = people
        for each in (heard, deaf):
            stack.enter_context(logged_in(each))
        recorder = stack.enter_context(listening(heard))
        stack.enter_context(cron())
        (busy.home / "long.yaml").write_text(LONG)
        by_hand = busy.begin("play", "long.yaml", "--player", "null")
        stack.callback(by_hand.wait)
        stack.callback(by_hand.kill)

        minute = next_minute(30)
        heard.schedule(SCRIPT, minute)
        deaf.schedule(SCRIPT, minute, "--wait", "3s")
        away.schedule(SCRIPT, minute, "--wait", "3s")
        busy.schedule(SCRIPT, minute, "--player", "null")
        sound = expected(heard)
        assert datetime.now() < minute, "this machine is too slow for the time that was left"
        assert not recorder.samples.any()
        assert heard.sessions == deaf.sessions == away.sessions == []

        deadline = minute + timedelta(seconds=20 + sound.size / RATE)
        while not all(list(each.home.rglob("schedule.log")) for each in people):
            assert datetime.now() < deadline, [list(each.home.rglob("*.log")) for each in people]
            time.sleep(0.5)
        time.sleep(1)  # what is still on its way to the recorder

        (line,) = heard.outcomes
        assert re.fullmatch(r"completed, 0:\d\d minutes", line)
        (session,) = heard.sessions
        assert (session["outcome"], session["title"], session["schedule"]) == ("completed", TITLE, "morning")
        assert minute <= datetime.fromisoformat(session["started"]).replace(tzinfo=None) < deadline
        (row,) = session["sets"]
        assert (row["exercise"], row["reps_done"], row["outcome"]) == ("Lift", 3, "done")

        samples, sounding = recorder.samples, np.flatnonzero(sound)
        first = np.flatnonzero(samples)[0] - sounding[0]
        assert first >= 0
        assert np.array_equal(samples[first : first + sounding[-1] + 1], sound[: sounding[-1] + 1])
        assert not samples[first + sounding[-1] + 1 :].any()

        for each, end in ((deaf, "after 3 seconds of waiting"), (away, "waiting; nobody is logged in")):
            (line,) = each.outcomes
            assert line.startswith("not played: no sound device")
            assert line.endswith(end)
            assert each.sessions == []

        (line,) = busy.outcomes
        told = r"not played: a session is playing already \(By hand, since \d\d:\d\d\); one plays at a time"
        assert re.fullmatch(told, line)
        assert [each["title"] for each in busy.sessions] == ["By hand"]
