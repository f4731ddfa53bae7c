"""A person made for a test, whose crontab the system's own `crontab` command keeps."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach.lock import holding
from tests.command import TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

CRONTAB = shutil.which("crontab") or "crontab"
SPOOL = Path("/var/spool/cron/crontabs")


class Person:
    """Somebody with a crontab.

    Args:
        name: in the system.
        folder: for the commands that act on their crontab, to stand on PATH.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder

    @property
    def path(self) -> str:
        """PATH with their `crontab` first."""
        return f"{self.folder}{os.pathsep}{os.environ['PATH']}"

    def write(self, text: bytes) -> None:
        """Install a crontab."""
        subprocess.run([CRONTAB, "-u", self.name, "-"], input=text, check=True)

    def read(self) -> bytes | None:
        """Return the crontab as an editor is given it, for some lists spell characters out; None for none."""
        environment = {**os.environ, "LC_ALL": "C", "EDITOR": "cat", "VISUAL": "cat"}
        command = [CRONTAB, "-u", self.name]
        done = subprocess.run([*command, "-l"], env=environment, capture_output=True, check=False)
        if done.stderr.startswith(b"no crontab for"):
            return None
        return subprocess.run([*command, "-e"], env=environment, capture_output=True, check=True).stdout

    def remove(self) -> None:
        """Remove the crontab, if there is one."""
        subprocess.run([CRONTAB, "-u", self.name, "-r"], capture_output=True, check=False)

    def instead(self, script: str) -> None:
        """Put a shell script in the place of their `crontab`; the real one is $REAL there."""
        command = self.folder / "crontab"
        command.write_text(f'#!/bin/sh\nREAL="{CRONTAB} -u {self.name}"\n{script}\n')
        command.chmod(0o755)

    def usual(self) -> None:
        """Give them their `crontab`."""
        self.instead('exec $REAL "$@"')


@pytest.fixture(scope="module")
def somebody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """A new person of this system, for the tests of a module.

    One module at a time has one: Coach waits for any `crontab` of the same user, and all of these are root's.
    """
    if sys.platform == "win32" or os.getuid() != 0:
        pytest.skip("making a person for the test needs root")
    missing = [name for name in ("crontab", "useradd", "userdel") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    name = f"coachtest{os.getpid()}"
    with holding(Path(tempfile.gettempdir(), "coach-tests-crontab.lock"), patience=TOO_LONG):
        subprocess.run(["useradd", "--system", "--no-create-home", name], check=True, capture_output=True)
        person = Person(name, tmp_path_factory.mktemp("bin"))
        yield person
        person.remove()
        subprocess.run(["userdel", name], check=True, capture_output=True)


@pytest.fixture
def person(somebody: Person) -> Person:
    """The person, with no crontab."""
    somebody.remove()
    somebody.usual()
    return somebody
