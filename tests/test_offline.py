"""Install, cut the network, export: an empty home and an empty cache are all that Coach finds.

Two ways to cut it. In a network namespace of its own a process has no network at all, and the kernel counts
every packet and every look-up that it could not send, whatever library tried. Where there are none, Python
refuses: an audit hook that no import gets past raises at whatever a socket is asked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mutagen.mp3
import pytest

from tests.command import COACH

VOICES = [
    "neural",
    pytest.param(
        "system",
        marks=pytest.mark.skipif(
            sys.platform == "linux" and not (find_spec("pyttsx3") and find_spec("espeakng_loader")),
            reason="needs pyttsx3 and espeakng-loader",
        ),
    ),
]

ROUTINE = """\
title: Far from any network
steps:
  - say: Switch off the router, at 7:30 or so.
  - exercise: Lift
    reps: 3
    tempo: {up: 1, down: 1}
    sides: [left, right]
    switch: 8
"""

REFUSE = """\
import os, sys

def refuse(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        with open(os.environ["ATTEMPTS"], "a") as file:
            print(event, *arguments[-1:], file=file)
        raise OSError("there is no network")

sys.addaudithook(refuse)
"""

LOOK_UP = """
import socket
try:
    socket.getaddrinfo("example.org", 443)
except OSError:
    pass
"""

KEPT = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL")
"""All that shows through of this user's environment: no proxy, no folder of models or settings, and not CI,
where onnxruntime keeps quiet by itself."""


class Newcomer:
    """A person who has just installed Coach.

    Args:
        folder: an empty one: for the home, the clip cache and the work.
    """

    def __init__(self, folder: Path) -> None:
        self.home, self.cache, self.work = (folder / name for name in ("home", "cache", "work"))
        for each in (self.home, self.work):
            each.mkdir()
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment |= {"COACH_CACHE": str(self.cache)}
        for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_RUNTIME_DIR"):
            self.environment[name] = str(self.home)
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            self.environment[f"XDG_{name}_HOME"] = str(self.home / name.lower())
        (self.work / "routine.yaml").write_text(ROUTINE, encoding="utf-8")

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command,
            cwd=self.work,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def check(self, done: subprocess.CompletedProcess[str], voice: str) -> None:
        """Assert that an export with this voice went well, as far as one can see from outside."""
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""  # no other voice spoke instead, and the cache could be written
        assert re.fullmatch(rf"routine\.mp3: written, .*, {voice}/\S.*\n", done.stdout)
        track: Any = mutagen.mp3.MP3(self.work / "routine.mp3")  # type: ignore[no-untyped-call]
        assert track.info.length > 20
        clips = [path.stat().st_size for path in self.cache.rglob("*.wav")]
        assert len(clips) > 8
        assert min(clips) > 2000
        if voice == "neural" or sys.platform == "linux":  # other systems' own speech may keep its settings
            left = {path.name for path in self.home.rglob("*") if path.is_file()}
            assert left == {"seal.key", "seal.lock"}  # by which clips are known to be this person's


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path)


@cache
def unshare() -> str:
    """Return the option with which `unshare` makes a network namespace here; "" where it is not allowed."""
    if sys.platform == "linux" and shutil.which("unshare"):
        for option in ("-n", "-rn"):
            if subprocess.run(["unshare", option, "true"], capture_output=True, check=False).returncode == 0:
                return option
    return ""


@pytest.fixture
def namespace() -> str:
    if not unshare():
        pytest.skip("needs Linux, and the right to make a network namespace (unshare -n or unshare -rn)")
    return unshare()


def attempts(counters: Path) -> int:
    """Return how many IP packets left, or found no way out, in a copy of /proc/net/snmp."""
    names, values = (
        line.split()[1:] for line in counters.read_text("ascii").splitlines() if line.startswith("Ip: ")
    )
    counted = dict(zip(names, map(int, values), strict=True))
    return counted["OutRequests"] + counted["OutNoRoutes"]


def cut(
    newcomer: Newcomer, option: str, *command: str | Path
) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run a command without a network; return also how often it, or a child of it, tried to reach one."""
    counters = newcomer.work / "counters"
    shell = '"$@"; code=$?; cat /proc/net/snmp >counters; exit $code'
    done = newcomer.run("unshare", option, "sh", "-c", shell, "sh", *command)
    return done, attempts(counters)


@pytest.mark.parametrize("voice", VOICES)
def test_an_export_in_a_namespace_without_a_network(newcomer: Newcomer, namespace: str, voice: str) -> None:
    done, tried = cut(newcomer, namespace, COACH, "export", "routine.yaml", "--voice", voice)
    newcomer.check(done, voice)
    assert tried == 0


def test_the_kernel_counts_a_look_up(newcomer: Newcomer, namespace: str) -> None:
    servers = re.findall(r"^nameserver\s", Path("/etc/resolv.conf").read_text("utf-8"), re.MULTILINE)
    if not servers:
        pytest.skip("needs a name server in /etc/resolv.conf, which a look-up then asks")
    done, tried = cut(newcomer, namespace, sys.executable, "-c", LOOK_UP)
    assert done.returncode == 0, done.stderr
    assert tried > 0


@pytest.fixture
def refusal(tmp_path: Path) -> dict[str, str]:
    """The environment of a Python that refuses the network and notes each attempt."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(REFUSE, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path / "site"), "ATTEMPTS": str(tmp_path / "attempts")}


@pytest.mark.parametrize("voice", VOICES)
def test_an_export_where_python_refuses_the_network(
    newcomer: Newcomer, refusal: dict[str, str], voice: str
) -> None:
    done = newcomer.run(COACH, "export", "routine.yaml", "--voice", voice, **refusal)
    newcomer.check(done, voice)
    assert not Path(refusal["ATTEMPTS"]).exists()


def test_python_notes_a_look_up(newcomer: Newcomer, refusal: dict[str, str]) -> None:
    program = LOOK_UP + "socket.socket().connect_ex(('10.0.0.1', 80))"
    done = newcomer.run(sys.executable, "-c", program, **refusal)
    assert "there is no network" in done.stderr
    events = [line.split()[0] for line in Path(refusal["ATTEMPTS"]).read_text("utf-8").splitlines()]
    assert events == ["socket.getaddrinfo", "socket.connect"]
