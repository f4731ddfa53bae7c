"""Many exports at once: what is made, what is told, and what a stopped run leaves."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import mutagen.mp3
import pytest

from tests.command import COACH, SCRIPTS, SHORT, TOO_LONG, Command, coach, one_error

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["coach"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and limits")
LONG = SHORT.replace("reps: 3", "reps: 2000")
BROKEN = "title: Broken\nsteps:\n  - exercise: Lift\n    rep: 3\n"


def names(folder: Path) -> list[str]:
    """Return every file below a folder, hidden ones too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def shelf(coach: Command) -> Path:
    """The nearest shelf of scripts."""
    folder = coach.folder / "scripts"
    folder.mkdir()
    return folder


def test_several_and_again(coach: Command) -> None:
    for name in ("a.yaml", "b.yaml"):
        coach.write(SHORT, name)
    done = coach("export", "a.yaml", "b.yaml", "a.yaml")
    assert done.returncode == 0, done.stderr
    assert sorted(line.partition(", ")[0] for line in done.stdout.splitlines()) == [
        "a.mp3: written",
        "b.mp3: written",
    ]
    assert done.stderr == "coach: 2 exports: 2 written, 0 unchanged\n"
    before = (coach.folder / "a.mp3").stat().st_mtime_ns
    (coach.folder / "b.mp3").unlink()
    done = coach("export", "a.yaml", "b.yaml")
    assert done.stderr == "coach: 2 exports: 1 written, 1 unchanged\n"
    assert (coach.folder / "a.mp3").stat().st_mtime_ns == before


def test_the_same_bytes_as_one_by_one(coach: Command) -> None:
    for name in ("a.yaml", "b.yaml"):
        coach.write(SHORT, name)
    (coach.folder / "one").mkdir()
    (coach.folder / "many").mkdir()
    for name in ("a.yaml", "b.yaml"):
        assert coach("export", name, "-o", "one").returncode == 0
    assert coach("export", "a.yaml", "b.yaml", "-o", "many").returncode == 0
    for name in ("a.mp3", "b.mp3"):
        assert (coach.folder / "many" / name).read_bytes() == (coach.folder / "one" / name).read_bytes()


def test_all_is_what_list_shows(coach: Command, shelf: Path) -> None:
    (shelf / "mine.yaml").write_text(SHORT.replace("left, right", "outer, inner"))
    shipped = list(SCRIPTS.glob("*.yaml"))
    done = coach("export", "--all", "out", "--sides", "outer")
    assert done.returncode == 2
    assert names(coach.folder / "out") == ["mine-outer.mp3"]
    *told, total = done.stderr.splitlines()
    assert len(told) == len(shipped)  # a side that a routine hasn't is a slip of the finger
    assert all(any(script.name in line for line in told) for script in shipped)
    assert total == f"coach: {len(shipped) + 1} exports: 1 written, 0 unchanged, {len(shipped)} not made"


def test_a_broken_script_does_not_stop_the_rest(coach: Command) -> None:
    coach.write(SHORT, "a.yaml")
    coach.write(BROKEN, "broken.yaml")
    coach.write(SHORT, "c.yaml")
    done = coach("export", "a.yaml", "broken.yaml", "c.yaml")
    assert done.returncode == 1
    assert {"a.mp3", "c.mp3"} <= set(names(coach.folder))
    *problems, total = done.stderr.splitlines()
    assert all(line.startswith("broken.yaml:") for line in problems)
    assert "broken.yaml:4:5: unknown key 'rep'; did you mean 'reps'?" in problems
    assert total == "coach: 3 exports: 2 written, 0 unchanged, 1 not made"


def test_a_voice_that_is_missing_does_not_stop_the_rest(coach: Command) -> None:
    coach.write(SHORT, "a.yaml")
    coach.write(SHORT.replace("title: Short", "title: Short\nlanguage: xx"), "b.yaml")
    done = coach("export", "a.yaml", "b.yaml")
    assert done.returncode in (1, 3)
    assert "a.mp3" in names(coach.folder)
    assert "1 not made" in done.stderr


@posix
def test_a_full_disk_stops_all(coach: Command) -> None:
    import resource

    scripts = [coach.write(LONG, f"{name}.yaml") for name in "abcdef"]
    coach("check", scripts[0])  # the clips are there

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    with coach.start("export", *scripts, preexec_fn=limit) as process:
        output, error = process.communicate(timeout=TOO_LONG)
    assert (process.returncode, output) == (3, "")
    *problems, total = error.splitlines()
    assert 1 <= len(problems) < len(scripts)
    assert all("MB" in line for line in problems)
    assert total == "coach: 6 exports: 0 written, 0 unchanged, 6 not made"
    assert not [name for name in names(coach.folder) if "part" in name or name.endswith(".mp3")]


@posix
@pytest.mark.parametrize(
    ("number", "code", "group"),
    [
        (signal.SIGINT, 130, True),  # as Ctrl-C on a terminal: everybody gets it
        (signal.SIGTERM, 143, False),
        (signal.SIGKILL, -9, False),
    ],
)
def test_a_stopped_run_goes_on_where_it_was(
    coach: Command, number: signal.Signals, code: int, *, group: bool
) -> None:
    coach.write(SHORT, "a.yaml")
    scripts = ["a.yaml", *(coach.write(LONG, f"{name}.yaml").name for name in "bcd")]
    coach("check", "b.yaml")
    with coach.start("export", *scripts, start_new_session=True) as process:
        deadline = time.monotonic() + TOO_LONG
        while "a.mp3" not in names(coach.folder) or not any("part" in name for name in names(coach.folder)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        (os.killpg if group else os.kill)(process.pid, number)
        _, error = process.communicate(timeout=TOO_LONG)
    assert process.returncode == code
    assert error == ("coach: interrupted\n" if number == signal.SIGINT else "")
    deadline = time.monotonic() + TOO_LONG
    while _alive(process.pid):  # also those that a killed one started end by themselves
        assert time.monotonic() < deadline
        time.sleep(0.02)
    if number != signal.SIGKILL:
        assert not [name for name in names(coach.folder) if "part" in name]
    for name in scripts[1:]:
        coach.write(SHORT, name)
    again = coach("export", *scripts)
    assert again.returncode == 0, again.stderr
    assert "a.mp3: unchanged" in again.stdout
    assert "b.mp3: written" in again.stdout
    assert not [name for name in names(coach.folder) if "part" in name]


def _alive(group: int) -> bool:
    """Tell whether a process of a group lives."""
    found = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in found.splitlines()]
    return any(row[0] == str(group) and not row[1].startswith("Z") for row in rows)


@posix
def test_a_terminal_shows_bars(coach: Command) -> None:
    for name in ("a.yaml", "b.yaml"):
        coach.write(SHORT.replace("reps: 3", "reps: 40"), name)
    main, other = pty.openpty()
    environment = coach.environment | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [COACH, "export", "a.yaml", "b.yaml"], cwd=coach.folder, env=environment, stdin=other, stdout=other,
        stderr=other,
    ) as process:  # fmt: skip
        os.close(other)
        seen = b""
        try:
            while data := os.read(main, 65536):
                seen += data
        except OSError:  # Linux says so when the other end is closed
            pass
    os.close(main)
    text = seen.decode()
    assert process.returncode == 0, text
    for told in ("a: writing", "b: writing", "all", "a.mp3: written", "2 exports: 2 written, 0 unchanged"):
        assert told in text


def test_levels_and_languages(coach: Command) -> None:
    coach.write(f"{SHORT}    easier: {{reps: 2}}\n", "levels.yaml")
    done = coach("export", "levels.yaml", "--level", "all")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in coach.folder.glob("*.mp3")} == {"levels.mp3", "levels-easier.mp3"}
    assert coach("export", "levels.yaml", "--level", "plain,easier").stderr.endswith(
        "0 written, 2 unchanged\n"
    )
    coach.write(SHORT)
    done = coach("export", "short.yaml", "--language", "en,de", "--format", "wav")
    assert done.returncode == 0, done.stderr
    assert {"short-en.wav", "short-de.wav"} <= set(names(coach.folder))
    done = coach("export", "short.yaml", "--level", "all")
    assert done.stdout.startswith("short.mp3: written")  # it has no variants
    assert "1 export: 1 written" in done.stderr


def test_an_album_of_each(coach: Command) -> None:
    coach.write(SHORT, "a.yaml")
    coach.write(SHORT, "b.yaml")
    done = coach("export", "a.yaml", "--album", "one", "--captions")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("one: 2 tracks written, ")
    assert [name for name in names(coach.folder / "one") if name.endswith((".mp3", ".lrc", ".vtt"))] == [
        f"0{number} - Lift, {side}.{suffix}"
        for number, side in ((1, "left"), (2, "right"))
        for suffix in ("lrc", "mp3", "vtt")
    ]
    assert coach("export", "a.yaml", "--album", "one", "--captions").stdout.startswith(
        "one: 2 tracks unchanged, "
    )
    done = coach("export", "a.yaml", "b.yaml", "--album", "albums")
    assert done.returncode == 0, done.stderr
    tracks = [name for name in names(coach.folder / "albums") if name.endswith(".mp3")]
    assert tracks == [
        f"{name}/0{number} - Lift, {side}.mp3"
        for name in "ab"
        for number, side in ((1, "left"), (2, "right"))
    ]
    assert coach("export", "a.yaml", "-o", "albums", "--album").stdout.startswith(
        "albums/a: 2 tracks unchanged"
    )


def test_the_rate_of_old_car_stereos(coach: Command) -> None:
    coach.write(SHORT)
    assert coach("export", "short.yaml", "--sample-rate", "44100").returncode == 0
    track: Any = mutagen.mp3.MP3(coach.folder / "short.mp3")  # type: ignore[no-untyped-call]
    assert track.info.sample_rate == 44_100


def test_a_cover_is_drawn_once(coach: Command) -> None:
    coach.write(SHORT)
    assert coach("export", "short.yaml").returncode == 0
    track: Any = mutagen.mp3.MP3(coach.folder / "short.mp3")  # type: ignore[no-untyped-call]
    (picture,) = track.tags.getall("APIC")
    assert picture.data.startswith(b"\xff\xd8\xff")
    program = """
import sys
sys.argv = ["coach", "export", "short.yaml", "-o", "other.mp3"]
from coach.cli.group import run
print(run(), "PIL" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=coach.folder, env=coach.environment, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.endswith("0 False\n")
    other: Any = mutagen.mp3.MP3(coach.folder / "other.mp3")  # type: ignore[no-untyped-call]
    assert other.tags.getall("APIC")[0].data == picture.data


def test_captions_beside_a_track(coach: Command) -> None:
    coach.write(SHORT)
    assert coach("export", "short.yaml", "--captions", "-o", "x.wav").returncode == 0
    assert "Lift" in (coach.folder / "x.lrc").read_text("utf-8")
    assert (coach.folder / "x.vtt").read_text("utf-8").startswith("WEBVTT")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["export"], "Missing argument 'SCRIPT...'; 'coach export --help' tells more"),
        (["export", "a.yaml", "--all"], "Missing argument"),
        (["export", "a.yaml", "--all", "x"], "leave SCRIPT out"),
        (["export", "--all", "x", "-o", "./"], "--all names a folder already"),
        (["export", "a.yaml", "--album", "x", "-o", "./"], "--album names a folder already"),
        (["export", "a.yaml", "b.yaml", "-o", "x.mp3"], "several tracks need a folder, and x.mp3 is a file"),
        (["export", "a.yaml", "-o", "x.mp3", "--album"], "several tracks need a folder"),
        (["export", "a.yaml", "-o", "x.mp3", "--format", "wav"], "--format wav does not go with x.mp3"),
        (["export", "a.yaml", "--format", "doc"], "'doc' is not one of"),
        (["export", "a.yaml", "--sample-rate", "8000"], "'8000' is not one of"),
        (["export", "a.yaml", "--sample-rate", "44100", "--format", "opus"], "'--sample-rate'"),
        (["export", "a.yaml", "--level", "hard"], "'hard' is not one of plain, easier, harder"),
        (["export", "a.yaml", "--level", ""], "'' is not one of"),
        (["export", "a.yaml", "sub/A.yaml"], "would both be"),
    ],
)
def test_a_bad_command_line_is_one_line(coach: Command, arguments: list[str], told: str) -> None:
    (coach.folder / "sub").mkdir()
    for name in ("a.yaml", "b.yaml", "sub/A.yaml"):
        coach.write(SHORT, name)
    if arguments[2:] == ["--all"]:
        arguments = ["export", "--all", "a.yaml", "b.yaml"]
        told = "leave SCRIPT out"
    assert told in one_error(coach(*arguments), 2)
