"""What `coach doctor` tells of the chain from a schedule to the loudspeaker."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from coach import desktop
from coach.app import doctor
from coach.cli.doctor import command
from coach.errors import CoachError
from coach.schedule import Schedule, daemon, schedules
from tests.command import SHORT

if TYPE_CHECKING:
    from collections.abc import Callable

    Look = Callable[..., dict[str, list[dict[str, Any]]]]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at cron and systemd as Linux has them")

CHAIN = ("cron", "systemd", "login", "schedules")


class Kept:
    """A scheduler with schedules in it."""

    def __init__(self, *schedules: Schedule, unread: str = "", unusable: str = "") -> None:
        self._schedules, self._unread, self._unusable = list(schedules), unread, unusable

    def is_there(self) -> bool:
        return True

    def check_usable(self) -> None:
        if self._unusable:
            raise CoachError(self._unusable)

    def schedules(self) -> list[Schedule]:
        if self._unread:
            raise CoachError(self._unread)
        return self._schedules


@pytest.fixture
def looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """A function that returns the rows of the chain by name, on a machine as the test has it."""

    def look(
        cron: Kept, systemd: Kept, *, runs: bool | None = True, logged_in: bool = True
    ) -> dict[str, list[dict[str, Any]]]:
        runtime = tmp_path / "run" / str(os.getuid())
        if logged_in:
            runtime.mkdir(parents=True)
        monkeypatch.setattr(desktop, "_RUNTIME", runtime.parent)
        for name in ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(schedules, "WRITERS", {"cron": cron, "systemd": systemd})
        monkeypatch.setattr(daemon, "cron_runs", lambda: runs)
        checks = tuple(check for check in doctor.CHECKS if check.name in CHAIN)
        monkeypatch.setattr(doctor, "CHECKS", checks)
        done = CliRunner().invoke(command, ["--json"], standalone_mode=False)
        assert done.exception is None
        assert done.return_value == 0  # whatever is missing, routines can be spoken
        report = json.loads(done.stdout)
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in CHAIN}
        for row in report["checks"]:
            assert (row["remedy"] is None) == row["ok"]
            rows[row["name"]].append(row)
        return rows

    return look


def planned(
    folder: Path, name: str = "morning", program: str = sys.executable, text: str = SHORT
) -> Schedule:
    script = folder / f"{name}.yaml"
    script.write_text(text, encoding="utf-8")
    return Schedule(name, "30 6 * * *", (program, "-m", "coach"), str(script))


def test_a_machine_without_schedules_does_not_look_broken(looked: Look) -> None:
    rows = looked(Kept(), Kept(unusable="no bus"), runs=False, logged_in=False)
    assert all(row["ok"] for name in CHAIN for row in rows[name])
    assert rows["cron"][0]["text"].startswith("it does not run, and nothing is scheduled")
    assert rows["login"][0]["text"].startswith("nobody is logged in")
    assert rows["schedules"][0]["text"] == "none"


def test_a_chain_that_holds_is_told(looked: Look, tmp_path: Path) -> None:
    rows = looked(Kept(planned(tmp_path)), Kept(planned(tmp_path, "evening")))
    assert all(row["ok"] for name in CHAIN for row in rows[name])
    assert rows["schedules"][0]["text"].startswith("2 schedules are there")
    assert rows["cron"][0]["text"].startswith("it runs; ")
    assert str(tmp_path / "run") in rows["login"][0]["text"]


def test_each_broken_link_is_told_with_what_to_do(looked: Look, tmp_path: Path) -> None:
    gone = planned(tmp_path, "gone")
    Path(gone.script).unlink()
    moved = planned(tmp_path, "moved", program="/gone/bin/coach")
    wrong = planned(tmp_path, "wrong", text="title: A\n")
    units = Kept(planned(tmp_path), unusable="no bus for you")
    rows = looked(Kept(gone, moved, wrong), units, runs=False, logged_in=False)
    (cron,), (systemd,), (login,) = (rows[name] for name in ("cron", "systemd", "login"))
    assert "3 schedules are there" in cron["text"]
    assert "cron start" in cron["remedy"]
    assert "no bus for you" in systemd["text"]
    assert "nobody is logged in" in login["text"]
    assert not cron["ok"] | systemd["ok"] | login["ok"]
    no_script, no_program, no_routine, rest = rows["schedules"]
    assert no_script["text"].startswith(f"gone: {gone.script}")
    assert no_program["text"] == "moved: its program /gone/bin/coach is not there any more"
    assert no_program["remedy"].startswith("coach schedule remove moved")
    assert no_routine["text"].startswith(f"wrong: {wrong.script}:1:1: ")
    assert rest["text"].startswith("4 schedules are there")


def test_a_crontab_that_cannot_be_read_is_told_once(looked: Look, tmp_path: Path) -> None:
    rows = looked(Kept(unread="'crontab -l' says: you may not"), Kept(planned(tmp_path)))
    (cron,) = rows["cron"]
    assert (cron["ok"], cron["text"]) == (False, "'crontab -l' says: you may not")
    assert all(row["ok"] for name in CHAIN[1:] for row in rows[name])


def test_where_cron_cannot_be_seen_nothing_is_claimed(looked: Look, tmp_path: Path) -> None:
    (row,) = looked(Kept(planned(tmp_path)), Kept(), runs=None)["cron"]
    assert row["ok"]
    assert "cannot be seen" in row["text"]


@pytest.mark.parametrize(
    ("name", "command", "runs"),
    [
        ("cron", "/usr/sbin/cron\0-f\0", True),
        ("crond", "crond\0", True),
        ("busybox", "busybox\0crond\0-f\0", True),
        ("busybox", "busybox\0sh\0", False),
        ("crontab", "crontab\0-e\0", False),
        ("bash", "cron\0", False),
    ],
)
def test_the_daemon_is_known_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str, runs: bool
) -> None:
    monkeypatch.setattr(daemon, "_PROCESSES", tmp_path)
    assert daemon.cron_runs() is None
    for number, (comm, line) in {1: ("init", "init\0"), 77: (name, command)}.items():
        process = tmp_path / str(number)
        process.mkdir()
        (process / "comm").write_text(f"{comm}\n")
        (process / "cmdline").write_text(line)
    (tmp_path / "88").mkdir()  # has just ended
    assert daemon.cron_runs() is runs
