"""The `coach` command, run as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from coach import seal
from tests import warm

if TYPE_CHECKING:
    from collections.abc import Mapping

COACH = Path(sys.executable).with_name("coach.exe" if sys.platform == "win32" else "coach")
SCRIPTS = Path(__file__).parents[1] / "scripts"

PYTHON = {"PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "default"}
"""What tests tell Python itself."""

TOO_LONG = 300
"""Seconds after which a command is held to hang, however busy the machine is."""

SHORT = """\
title: Short
steps:
  - exercise: Lift
    reps: 3
    tempo: {up: 1, down: 1}
    sides: [left, right]
    switch: 8
"""

NEVER_SPEAK = {"history", "schema"}
_NOT_PASSED_ON = {"COLUMNS", "NO_COLOR", "XDG_STATE_HOME"}


class Command:
    """Runs `coach` in a folder.

    Args:
        folder: the working directory, which is also the home of the person.
        cache: the clip cache.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self._key = cache.with_name("seal.key")
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in _NOT_PASSED_ON and not name.startswith("PYTHON")
            },
            "HOME": str(folder),
            "COACH_CACHE": str(cache),
            **PYTHON,
        }

    def __call__(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end, where it can be in a process that has loaded it before."""
        around = self.environment | environment
        as_usual = {name: around[name] for name in around if name.startswith("PYTHON")} == PYTHON
        if not (warm.AVAILABLE and as_usual):
            return self.installed(*arguments, **environment)
        self._lend_key(arguments, around)
        return _warm().run([str(part) for part in (COACH, *arguments)], self.folder, around, TOO_LONG)

    def installed(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command to its end, from its very start."""
        self._lend_key(arguments, self.environment | environment)
        return subprocess.run(
            [COACH, *arguments],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=TOO_LONG,
            check=False,
        )

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
        """Start it; `with` closes what it opened."""
        self._lend_key(arguments, options.get("env") or self.environment)
        return subprocess.Popen(
            [COACH, *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options,
        )

    def _lend_key(self, arguments: tuple[str | Path, ...], environment: Mapping[str, str]) -> None:
        """Let all persons who share the clip cache have one key, else each would have all spoken again."""
        if sys.platform != "linux" or NEVER_SPEAK & set(arguments[:1]):
            return
        states = environment.get("XDG_STATE_HOME") or f"{environment['HOME']}/.local/state"
        key = Path(states, "coach", "seal.key")
        with suppress(OSError):  # a person without a home that could be written to
            key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not key.exists():
                key.write_bytes(self._shared_key())
                key.chmod(0o600)

    def _shared_key(self) -> bytes:
        """Return the key of all who share the cache: the first one that a process has left beside it."""
        if not self._key.exists():
            fresh = self._key.with_name(f"seal.key.{os.getpid()}")
            fresh.write_bytes(os.urandom(seal.SIZE))
            with suppress(FileExistsError):
                os.link(fresh, self._key)
            fresh.unlink()
        return self._key.read_bytes()

    def timeline(self, script: str | Path, *options: str) -> dict[str, Any]:
        """Return what `coach show --json` tells of a script."""
        done = self("show", "--json", script, *options)
        assert done.returncode == 0, done.stderr
        timeline: dict[str, Any] = json.loads(done.stdout)
        return timeline

    def write(self, text: str, name: str = "short.yaml") -> Path:
        """Write a script into the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@cache
def _warm() -> warm.WarmCommand:
    return warm.WarmCommand(PYTHON)


@pytest.fixture
def coach(tmp_path: Path, clips: Path) -> Command:
    """The command in an empty folder, with the clip cache of the run."""
    return Command(tmp_path, clips)


def one_error(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line on standard error of a run that failed with this code and said nothing else."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.rstrip("\n")
