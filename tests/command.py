"""The `coach` command, run as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests import warm

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


class Command:
    """Runs `coach` in a folder.

    Args:
        folder: the working directory, which is also the home of the person.
        cache: the clip cache.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in ("COLUMNS", "NO_COLOR") and not name.startswith("PYTHON")
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
        return _warm().run([str(part) for part in (COACH, *arguments)], self.folder, around, TOO_LONG)

    def installed(self, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command to its end, from its very start."""
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
        return subprocess.Popen(
            [COACH, *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options,
        )

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
def coach(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """The command in an empty folder, with a clip cache that all workers of a test run share."""
    base = tmp_path_factory.getbasetemp()  # each worker of pytest-xdist has one below that of the run
    return Command(tmp_path, (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "clips")


def one_error(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Return the one line on standard error of a run that failed with this code and said nothing else."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.rstrip("\n")
