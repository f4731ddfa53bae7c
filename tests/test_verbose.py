"""`coach -v`, and the details of scheduled runs: what was done, and how long it took."""

from __future__ import annotations

import re
import shutil
import sys

import pytest

from coach.schedule.runs import read_runs
from tests.command import SHORT, Command, coach

__all__ = ["coach"]

LINE = re.compile(r"\d+\.\d{3} s  (coach\.[\w.]+): (.+)")


def rooms(text: str) -> dict[str, list[str]]:
    """Return what each room logged."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        parts = LINE.fullmatch(line)
        assert parts, line
        found.setdefault(parts[1], []).append(parts[2])
    return found


def test_verbose_tells_stages_voice_and_cache(coach: Command) -> None:
    coach.write(SHORT.replace("Lift", "Never said before"))
    quiet = coach("export", "short.yaml", "-o", "quiet.mp3")
    done = coach("-v", "export", "short.yaml", "-o", "verbose.mp3")
    assert (done.returncode, quiet.stderr) == (0, "")
    assert done.stdout == quiet.stdout.replace("quiet.mp3", "verbose.mp3")
    logged = rooms(done.stderr)
    stages = logged["coach.app.prepare"] + logged["coach.app.export"]
    for stage in ("load short.yaml", "open a voice for 'en'", "compile 'Short'", "write verbose.mp3"):
        assert any(re.fullmatch(rf"{stage}.*: done in \d+\.\d{{3}} s", line) for line in stages), stage
    assert "every clip is in the cache" in stages
    assert "coach.speech.speech" not in logged


def test_verbose_tells_what_is_spoken_anew(coach: Command) -> None:
    coach.write(SHORT)
    done = coach("-v", "show", "short.yaml", COACH_CACHE=str(coach.folder / "clips"))
    assert done.returncode == 0
    logged = rooms(done.stderr)
    assert "neural/heart speaks 'Up' at rate 1" in logged["coach.speech.speech"]
    assert any(line.endswith("sentences have to be spoken") for line in logged["coach.app.prepare"])


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_verbose_tells_how_ffmpeg_is_called(coach: Command) -> None:
    coach.write(SHORT)
    done = coach("-v", "export", "short.yaml", "-o", "x.flac")
    (called,) = rooms(done.stderr)["coach.ffmpeg"]
    assert called.startswith(shutil.which("ffmpeg") or "")
    assert "-f flac" in called


def test_verbose_tells_of_the_processes_of_a_batch(coach: Command) -> None:
    for name in ("a.yaml", "b.yaml"):
        coach.write(SHORT, name)
    done = coach("-v", "export", "a.yaml", "b.yaml")
    assert done.returncode == 0
    *lines, total = done.stderr.splitlines()
    assert total == "coach: 2 exports: 2 written, 0 unchanged"
    written = [line for line in rooms("\n".join(lines))["coach.app.export"] if ": done in" in line]
    assert {line.partition(":")[0] for line in written} == {"write a.mp3", "write b.mp3"}


@pytest.mark.skipif(sys.platform == "win32", reason="no such name of a file there")
def test_the_name_of_a_file_cannot_command_the_terminal(coach: Command) -> None:
    coach.write(SHORT, "sh\x1b[2Jort.yaml")
    done = coach("-v", "show", "sh\x1b[2Jort.yaml")
    assert "load sh\\x1b[2Jort.yaml" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_scheduled_run_keeps_its_details_beside_the_log(
    coach: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    coach.write(SHORT)
    state = coach.folder / "state"
    done = coach(
        "play", "short.yaml", "--scheduled", "--name", "morning", "--player", "null", "--limit", "0",
        XDG_STATE_HOME=str(state),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    details = state / "coach" / "schedule-details.log"
    assert details.stat().st_mode & 0o777 == 0o600
    text = details.read_text("utf-8")
    assert re.search(r"^\S+ \S+ morning\[\d+\] coach\.app\.prepare: load short\.yaml", text, re.MULTILINE)
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    (run,) = read_runs(9)
    assert run.name == "morning"
