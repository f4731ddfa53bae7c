"""`coach schedule`, run as a person runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.command import SHORT, Command, coach, one_error
from tests.crontab import Person, person, somebody

__all__ = ["coach", "person", "somebody"]


@pytest.fixture
def ada(coach: Command, person: Person) -> Command:
    """The command of a person with a script and an empty crontab."""
    coach.environment |= {
        "PATH": person.path,
        "XDG_STATE_HOME": str(coach.folder / "state"),
        "XDG_CONFIG_HOME": str(coach.folder / "config"),
    }
    coach.write(SHORT)
    return coach


def add(coach: Command, *words: str) -> str:
    done = coach("schedule", "add", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def listed(coach: Command) -> list[dict[str, object]]:
    done = coach("schedule", "list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_a_routine_is_scheduled_listed_paused_and_removed(ada: Command, person: Person) -> None:
    person.write(b"# mine")
    assert "nothing is scheduled" in ada("schedule", "list").stdout
    told = add(
        ada, "short.yaml", "--at", "6:30am", "--days", "mon-fri",
        "--volume", "-6", "--sides", "left", "--reps=1-2",
    )  # fmt: skip
    assert told.startswith("short: at 06:30 on Monday through Friday, next ")
    assert told.endswith(" 06:30 (cron)\n")
    (row,) = listed(ada)
    assert row["script"] == str(ada.folder / "short.yaml")
    assert row["options"] == ["--volume", "-6", "--reps", "1-2", "--sides", "left"]
    assert (row["name"], row["when"], row["paused"], row["where"]) == ("short", "30 6 * * 1-5", False, "cron")
    assert isinstance(row["next"], list)
    assert len(row["next"]) == 3
    text = ada("schedule", "list").stdout
    assert text.startswith("short: at 06:30 on Monday through Friday (cron)\n    next ")
    assert text.count(" 06:30") == 4
    assert ada("schedule", "pause", "short").stdout == "short: paused\n"
    assert "\n    paused\n" in ada("schedule", "list").stdout
    assert ada("schedule", "resume", "short").stdout == "short: resumed\n"
    assert [row] == listed(ada)
    assert ada("schedule", "remove", "short").stdout == "short: removed\n"
    assert person.read() == b"# mine"


def test_several_times_are_one_thing(ada: Command, person: Person) -> None:
    told = add(ada, "short.yaml", "--at", "6:30", "--at", "weekdays 18:00,20:00", "--guidance", "quiet")
    assert told.startswith(
        "short: at 06:30 every day, and at 18:00 on Monday through Friday, and at 20:00 on "
    )
    assert (person.read() or b"").count(b"--name short ") == 3
    (row,) = listed(ada)
    assert (row["when"], row["options"]) == (
        "30 6 * * *; 0 18 * * 1-5; 0 20 * * 1-5",
        ["--guidance", "quiet"],
    )
    assert "'short' already plays this routine at that time" in one_error(
        ada("schedule", "add", "short.yaml", "--at", "20:00"), 2
    )
    ada("schedule", "pause", "short")
    assert (person.read() or b"").count(b"#paused: ") == 3
    assert [row["paused"] for row in listed(ada)] == [True]
    ada("schedule", "remove", "short")
    assert person.read() is None


def test_the_line_stands_alone(ada: Command, person: Person) -> None:
    folder = ada.folder / "50% 'of' my \"ü\" \\ $HOME"
    folder.mkdir()
    (folder / "short.yaml").write_text(SHORT)
    add(ada, f"{folder.name}/short.yaml", "--at", "06:30", "--player", "null", "--limit", "1")
    assert [row["script"] for row in listed(ada)] == [str(folder / "short.yaml")]
    done = ada("schedule", "test", "short")
    assert done.returncode == 0, done.stdout
    assert done.stderr == "coach: short: ended with exit code 0\n"
    assert " short: " in ada("schedule", "log").stdout
    line = (person.read() or b"").decode()
    assert f"COACH_CACHE={ada.environment['COACH_CACHE']} " in line
    assert f"HOME={ada.folder} " in line


def test_everything_is_spoken_ahead_and_nothing_is_kept_of_what_fails(ada: Command, person: Person) -> None:
    ada.environment["COACH_CACHE"] = "cache"
    ada.write("title: x\nsteps: [{sya: x}]\n", "wrong.yaml")
    assert one_error(ada("schedule", "add", "wrong.yaml", "--at", "6:30"), 1).startswith("wrong.yaml:2:")
    assert one_error(ada("schedule", "add", "nowhere", "--at", "6:30"), 2)
    assert one_error(ada("schedule", "add", "short.yaml", "--at", "6:30", "--sides", "up"), 2)
    assert one_error(ada("schedule", "add", "short.yaml", "--at", "6:30", "--wait", "soon"), 2)
    assert "such as 06:30" in one_error(ada("schedule", "add", "short.yaml", "--at", "7"), 2)
    assert "mon-fri" in one_error(ada("schedule", "add", "short.yaml", "--at", "7:00", "--days", "x"), 2)
    assert not (ada.folder / "cache").exists()
    assert person.read() is None
    add(ada, "short.yaml", "--at", "6:30")
    assert list((ada.folder / "cache").glob("*/*.wav"))
    assert f"COACH_CACHE={ada.folder}/cache " in (person.read() or b"").decode()


def test_one_routine_at_one_time_and_one_name(ada: Command, person: Person) -> None:
    shutil.copy(ada.folder / "short.yaml", ada.folder / "other.yaml")
    add(ada, "short.yaml", "--at", "06:30", "--days", "weekdays")
    for at in ("daily 6:30", "*/15 * 1 * *"):
        told = one_error(ada("schedule", "add", "short.yaml", "--at", at), 2)
        assert "'short' already plays this routine at that time" in told
    assert add(ada, "short.yaml", "--at", "06:30", "--days", "weekends").startswith("short-2: ")
    assert "already" in one_error(ada("schedule", "add", "short.yaml", "--at", "7:00", "--name", "short"), 2)
    assert "letters" in one_error(ada("schedule", "add", "short.yaml", "--at", "7:00", "--name", "a b"), 2)
    done = ada("schedule", "add", "other.yaml", "--at", "06:30")
    assert done.returncode == 0
    assert (
        done.stderr == "coach: short, short-2 may start in the same minute; only one of them will play then\n"
    )
    assert "did you mean 'other'?" in one_error(ada("schedule", "remove", "short", "othr"), 2)
    assert len(listed(ada)) == 3
    ada("schedule", "pause", "short")
    told = one_error(ada("schedule", "add", "short.yaml", "--at", "mon 6:30"), 2)
    assert "'coach schedule resume short' resumes it" in told
    assert ada("schedule", "remove", "short", "short-2", "other").returncode == 0
    assert person.read() is None


def test_two_at_once_lose_neither(ada: Command, person: Person) -> None:
    person.write(b"# mine\n")
    started = [ada.start("schedule", "add", "short.yaml", "--at", f"{hour}:00") for hour in range(4)]
    for process in started:
        with process:
            assert process.communicate(timeout=60)[1] == ""
            assert process.returncode == 0
    assert sorted(str(row["when"]) for row in listed(ada)) == [f"0 {hour} * * *" for hour in range(4)]
    names = sorted(str(row["name"]) for row in listed(ada))
    assert names == ["short", "short-2", "short-3", "short-4"]
    for process in [ada.start("schedule", "remove", name) for name in names]:
        with process:
            assert process.wait(timeout=60) == 0
    assert person.read() == b"# mine\n"


def test_print_shows_the_line_and_changes_nothing(coach: Command, tmp_path: Path) -> None:
    coach.write(SHORT)
    nothing = {"PATH": str(tmp_path / "nowhere"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    done = coach("schedule", "add", "short.yaml", "--at", "6:30", "--print", "--guidance", "quiet", **nothing)
    assert done.returncode == 0
    assert done.stdout.startswith("30 6 * * * ")
    assert done.stdout.endswith(
        f"coach play --scheduled --name short {coach.folder}/short.yaml --guidance quiet\n"
    )
    units = coach("schedule", "add", "short.yaml", "--at", "6:30", "--with", "systemd", "--print", **nothing)
    assert "\nOnCalendar=*-*-* 06:30:00\n" in units.stdout
    assert not (tmp_path / "config").exists()
    assert "no crontab command" in one_error(
        coach("schedule", "add", "short.yaml", "--at", "6:30", **nothing), 3
    )
    told = one_error(
        coach("schedule", "add", "short.yaml", "--at", "6:30", "--with", "systemd", **nothing), 3
    )
    assert "no systemctl command" in told


def test_lines_that_a_person_wrote_between_the_marks_are_told_and_left(ada: Command, person: Person) -> None:
    add(ada, "short.yaml", "--at", "06:30")
    text = person.read()
    assert text
    mine = text.replace(b"# <<<", b"0 7 * * * /bin/true\n# note\n# <<<")
    person.write(mine)
    done = ada("schedule", "list")
    assert done.stderr == (
        "coach: this line between Coach's marks is not Coach's own, and stays as it is: 0 7 * * * /bin/true\n"
    )
    ada("schedule", "remove", "short")
    assert b"\n0 7 * * * /bin/true\n# note\n# <<<" in (person.read() or b"")


def test_variables_above_the_block_are_named(ada: Command, person: Person) -> None:
    person.write(b"PATH=/x\n" + b"# >>> coach schedule >>>\n# <<< coach schedule <<<\n")
    told = "coach: PATH=/x stands above short in your crontab: other programs, such as ffmpeg, are looked for"
    assert told in ada("schedule", "add", "short.yaml", "--at", "06:30").stderr
    assert ada("schedule", "list").stderr == f"{told} there alone\n"
    assert json.loads(ada("schedule", "list", "--json").stdout)[0]["time_zone"] is None
    assert "PATH=/x stands above short" in ada("doctor").stdout


def test_a_damaged_block_is_one_clear_line(ada: Command, person: Person) -> None:
    person.write(b"# <<< coach schedule <<<\n")
    for words in (["list"], ["add", "short.yaml", "--at", "06:30"], ["remove", "x"]):
        assert "are damaged (line 1)" in one_error(ada("schedule", *words), 3)
    assert person.read() == b"# <<< coach schedule <<<\n"


def test_the_log_of_nothing(coach: Command) -> None:
    done = coach("schedule", "log", XDG_STATE_HOME=str(coach.folder))
    assert done.stdout.startswith("nothing has played at a set time yet")


# With systemd. What talks to the service manager is a stand-in; the files are real.

STAND_IN = """\
#!/bin/sh
echo "$@" >> "{log}"
wants="$XDG_CONFIG_HOME/systemd/user/timers.target.wants"
case "$2 $3" in
    "enable --now") {enable}; mkdir -p "$wants"; ln -sf "../$4" "$wants/$4";;
    "disable --now") rm -f "$wants/$4";;
    "show "*) echo 7;;
    "start "*) exit 1;;
esac
"""


def systemctl(coach: Command, enable: str = ":") -> Path:
    """Put a stand-in on PATH; return where it logs what it is asked."""
    folder, log = coach.folder / "bin", coach.folder / "asked"
    folder.mkdir(exist_ok=True)
    command = folder / "systemctl"
    command.write_text(STAND_IN.format(log=log, enable=enable))
    command.chmod(0o755)
    coach.environment |= {
        "PATH": f"{folder}{os.pathsep}/usr/bin:/bin",
        "XDG_CONFIG_HOME": str(coach.folder / "config"),
        "XDG_STATE_HOME": str(coach.folder / "state"),
    }
    (folder / "crontab").write_text("#!/bin/sh\necho 'no crontab for ada' >&2; exit 1\n")
    (folder / "crontab").chmod(0o755)
    coach.write(SHORT)
    return log


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_a_timer_is_written_paused_and_removed(coach: Command) -> None:
    log = systemctl(coach)
    told = add(coach, "short.yaml", "--at", "weekdays 6:30", "--with", "systemd", "--rest", "1m30s")
    assert told.startswith("short: at 06:30 on Monday through Friday, next ")
    assert told.endswith(" (systemd)\n")
    folder = coach.folder / "config" / "systemd" / "user"
    units = sorted(path for path in folder.iterdir() if path.is_file())
    assert [unit.name for unit in units] == ["coach-short.service", "coach-short.timer"]
    if shutil.which("systemd-analyze"):
        verified = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, check=False)
        assert (verified.returncode, verified.stderr) == (0, b"")
    assert "--user enable --now coach-short.timer" in log.read_text()
    (row,) = listed(coach)
    assert (row["where"], row["options"], row["paused"]) == ("systemd", ["--rest", "1m30s"], False)
    told = one_error(coach("schedule", "add", "short.yaml", "--at", "6:30"), 2)
    assert "'short' already plays this routine at that time" in told
    coach("schedule", "pause", "short")
    assert [row["paused"] for row in listed(coach)] == [True]
    coach("schedule", "resume", "short")
    assert [row["paused"] for row in listed(coach)] == [False]
    assert coach("schedule", "test", "short").returncode == 7
    assert coach("schedule", "remove", "short").returncode == 0
    assert [path.name for path in folder.iterdir()] == ["timers.target.wants"]
    assert listed(coach) == []


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_a_timer_that_does_not_start_leaves_nothing(coach: Command) -> None:
    systemctl(coach, "echo 'Failed to connect to bus' >&2; exit 1")
    told = one_error(coach("schedule", "add", "short.yaml", "--at", "6:30", "--with", "systemd"), 3)
    assert "'systemctl --user enable' says: Failed to connect to bus" in told
    assert not [path for path in (coach.folder / "config").rglob("coach-*") if path.is_file()]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_a_unit_of_a_persons_own_is_left_alone(coach: Command) -> None:
    systemctl(coach)
    folder = coach.folder / "config" / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / "coach-short.timer").write_text("[Timer]\nOnCalendar=daily\n")
    assert listed(coach) == []
    told = one_error(coach("schedule", "add", "short.yaml", "--at", "6:30", "--with", "systemd"), 2)
    assert "coach-short.timer that Coach did not write" in told
    assert [path.name for path in folder.iterdir()] == ["coach-short.timer"]
