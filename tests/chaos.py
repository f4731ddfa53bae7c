"""Kills Coach at random moments, and looks each time for what may not be left behind.

    python -m tests.chaos [KILLS [SEED]]

Each fault is printed with the deed, the moment and the seed. The list is the same each time: no file is half
written, no lock is stuck, the same command run again ends with the same files, what was unfinished is gone by
the next one that writes there, the database of sessions is sound, and the crontab is the old or the new one.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from coach.lock import is_held
from tests.command import SHORT, Command
from tests.crontab import SPOOL, Person

FOREIGN = b"MAILTO=ada\n0 3 * * * /bin/true % in\\%put\n# the last line"
ALIVE = 20.0  # seconds for what a killed process had started to end


@dataclass(frozen=True)
class Deed:
    """Something that a person has done, and that is killed.

    Attributes:
        words: of the command.
        writes: the folder that it writes to, from which all is removed before; None for none.
        prepare: what has to be done before.
        again: whether it is run again and has to end well.
    """

    words: tuple[str, ...]
    writes: str | None = None
    prepare: tuple[str, ...] = ()
    again: bool = True


DEEDS = {
    "export": Deed(("export", "short.yaml", "-o", "out/short.mp3"), "out"),
    "wav": Deed(("export", "short.yaml", "-o", "out/short.wav", "--captions"), "out"),
    "several": Deed(("export", "short.yaml", "other.yaml", "-o", "out"), "out"),
    "album": Deed(("export", "short.yaml", "--album", "out/album"), "out"),
    "to": Deed(("export", "short.yaml", "other.yaml", "--to", "out"), "out"),
    "play": Deed(("play", "short.yaml", "--player", "null"), again=False),
    "log": Deed(("play", "nowhere.yaml", "--scheduled", "--name", "short"), again=False),
    "add": Deed(("schedule", "add", "short.yaml", "--at", "6:30"), prepare=("schedule", "remove", "short")),
    "remove": Deed(
        ("schedule", "remove", "short"),
        prepare=("schedule", "add", "short.yaml", "--at", "6:30"),
        again=False,
    ),
}
DIARIES = {
    "play": [("history", "--json")],
    "log": [("schedule", "log")],
    "add": [("schedule", "list")],
    "remove": [("schedule", "list")],
}
"""What is asked after a deed about what it has put down."""


@dataclass
class Chaos:
    """A person, and what is done to the commands that they start.

    Args:
        folder: their home.
        person: whose crontab is used; None to leave schedules out.
        dice: chooses the deeds and the moments.
    """

    folder: Path
    person: Person | None
    dice: random.Random
    wholes: dict[str, dict[str, bytes]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.coach = Command(self.folder, self.folder / "cache" / "clips")
        self.coach.environment |= {
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
        }
        if self.person:
            self.coach.environment["PATH"] = self.person.path
            self.person.write(FOREIGN)
        self.coach.write(SHORT)
        self.coach.write(SHORT.replace("Short", "Other"), "other.yaml")
        self.deeds = {
            name: deed for name, deed in DEEDS.items() if self.person or deed.words[0] != "schedule"
        }
        for name, deed in self.deeds.items():
            self._prepare(deed)
            started = time.monotonic()
            if name == "play":
                self.seconds[name] = 3.0
                continue
            done = self.coach.installed(*deed.words)
            assert done.returncode == 0 or not deed.again, done.stderr
            self.seconds[name] = time.monotonic() - started
            self.wholes[name] = self._files(deed)

    def kill_one(self) -> Iterator[str]:
        """Start a deed, kill it, and yield each fault that is found."""
        name = self.dice.choice([*self.deeds])
        deed = self.deeds[name]
        self._prepare(deed)
        if self.dice.random() < 0.1:
            shutil.rmtree(self.folder / "cache", ignore_errors=True)
        old = self.dice.random() < 0.5 and deed.writes is not None
        if old:
            for path, whole in self.wholes[name].items():
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / path).write_bytes(b"old" + whole[:1000])
        seconds = self.dice.uniform(0.0, 1.1) * self.seconds[name]
        group = self.dice.random() < 0.5
        process = self.coach.start(
            *deed.words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        if process.poll() is None:
            self.killed[name] += 1
            (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
        process.wait()
        _wait_for_group(process.pid)
        where = f"{name} after {seconds:.3f} s{', with all it had started' if group else ''}"
        for fault in self._examine(name, deed, old=old):
            yield f"{where}: {fault}"

    def _prepare(self, deed: Deed) -> None:
        """Make things as they are before a deed."""
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        (self.folder / "out").mkdir()
        if deed.prepare:
            self.coach(*deed.prepare)

    def _files(self, deed: Deed) -> dict[str, bytes]:
        if deed.writes is None:
            return {}
        folder = self.folder / deed.writes
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.endswith(".coach-part")
        }

    def _examine(self, name: str, deed: Deed, *, old: bool) -> Iterator[str]:
        whole = self.wholes.get(name, {})
        for path, data in self._files(deed).items():
            # Lists of what is there already grow file by file.
            grows = path.endswith((".m3u8", ".coach.json"))
            if data != whole.get(path) and not (old and data[:3] == b"old") and not grows:
                yield f"{path} is neither the old file nor the new one ({len(data)} bytes)"
        for lock in self.folder.rglob("*.lock"):
            if is_held(lock):
                yield f"{lock.name} is stuck"
        if deed.again:
            yield from self._repeat(name, deed, old=old)
        for database in (self.folder / "data").rglob("*.db"):
            with closing(sqlite3.connect(database)) as connection:
                if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                    yield f"{database.name} is damaged"
        for words in DIARIES.get(name, ()):
            done = self.coach(*words)
            if done.returncode != 0:
                yield f"'coach {' '.join(words)}' says: {done.stderr.strip()}"
        if self.person and deed.words[0] == "schedule":
            yield from self._examine_crontab(self.person)

    def _repeat(self, name: str, deed: Deed, *, old: bool) -> Iterator[str]:
        if old and name in {"album", "to"}:  # which never replace what is not theirs
            self._prepare(deed)
        done = self.coach(*deed.words)
        if done.returncode != 0 and "already plays this routine" not in done.stderr:
            yield f"run again, it says: {done.stderr.strip()}"
        elif self._files(deed) != self.wholes[name]:
            yield "run again, its files differ"
        if list(self.folder.rglob("*.coach-part")):  # then by the next one that writes there
            self.coach("export", "other.yaml", "-o", "out/new.wav", "--reps", str(2 + self.killed.total()))
        for left in self.folder.rglob("*.coach-part"):
            yield f"{left.relative_to(self.folder)} is left behind"

    def _examine_crontab(self, person: Person) -> Iterator[str]:
        text = person.read() or b""
        ours = text.removesuffix(FOREIGN)
        if not text.endswith(FOREIGN) or ours.count(b"\n") not in {0, 3}:
            yield f"the crontab is {text!r}"
            person.write(FOREIGN)
        for left in SPOOL.glob("tmp.*"):
            if time.time() - left.stat().st_mtime > ALIVE:
                yield f"{left} is left behind"


def _wait_for_group(group: int) -> None:
    """Wait until nothing is alive of what a process had started in its session."""
    deadline = time.monotonic() + ALIVE
    while time.monotonic() < deadline:
        command = ["ps", "--sid", str(group), "-o", "stat="]
        states = subprocess.run(command, capture_output=True, check=False).stdout.split()
        if all(state.startswith(b"Z") for state in states):
            return
        time.sleep(0.02)


def run_chaos(
    kills: int, seed: int, folder: Path, person: Person | None, tell: Callable[[str], object]
) -> list[str]:
    """Kill so many commands; return what was found."""
    chaos = Chaos(folder, person, random.Random(seed))
    found: list[str] = []
    while chaos.killed.total() < kills:
        for fault in chaos.kill_one():
            found.append(fault)
            tell(f"seed {seed}, kill {chaos.killed.total()}: {fault}")
        if chaos.killed.total() % 50 == 0:
            tell(f"{chaos.killed.total()} kills, {len(found)} faults")
    tell(f"{chaos.killed.total()} kills ({dict(sorted(chaos.killed.items()))}), {len(found)} faults")
    return found


def main() -> int:
    """Run it by hand, with a person of its own where that can be made."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    with tempfile.TemporaryDirectory() as folder:
        home, person = Path(folder, "home"), None
        home.mkdir()
        if sys.platform == "linux" and os.getuid() == 0 and shutil.which("crontab"):
            name = f"coachchaos{os.getpid()}"
            subprocess.run(["useradd", "--system", "--no-create-home", name], check=True)
            commands = Path(folder, "bin")
            commands.mkdir()
            person = Person(name, commands)
            person.usual()
        try:
            return 1 if run_chaos(kills, seed, home, person, partial(print, flush=True)) else 0
        finally:
            if person:
                person.remove()
                subprocess.run(["userdel", person.name], check=True)


if __name__ == "__main__":
    sys.exit(main())
