"""Exports through the installed command: lengths, bytes, and what stays whole whatever happens."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import wave
from typing import TYPE_CHECKING, Any

import mutagen.mp3
import pytest

from coach.units import RATE
from tests.command import SCRIPTS, SHORT, TOO_LONG, Command, coach, one_error

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["coach"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and limits")


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if "part" in path.name or path.suffix == ".tmp")


def test_the_main_job(coach: Command) -> None:
    script = SCRIPTS / "reverse_clamshell.yaml"
    done = coach("export", script)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("reverse_clamshell.mp3: written, 2:0")
    target = coach.folder / "reverse_clamshell.mp3"
    timeline = coach.timeline(script)
    samples = round(timeline["duration"] * RATE)
    track: Any = mutagen.mp3.MP3(target)  # type: ignore[no-untyped-call]
    assert track.info.bitrate == 64_000
    assert track.info.sample_rate == RATE
    assert track.info.length == pytest.approx(samples / RATE, abs=1e-6)
    assert str(track.tags["TIT2"]) == "Reverse clamshell"
    chapters = sorted(track.tags.getall("CHAP"), key=lambda chapter: chapter.start_time)
    told = [
        (str(chapter.sub_frames["TIT2"]), chapter.start_time / 1000, chapter.end_time / 1000)
        for chapter in chapters
    ]
    wanted = [(each["title"], each["start"], each["end"]) for each in timeline["chapters"]]
    assert [title for title, _, _ in told] == ["Reverse clamshell, left", "Reverse clamshell, right"]
    for (_, *times), (_, *exact) in zip(told, wanted, strict=True):
        assert times == pytest.approx(exact, abs=0.001)
    (contents,) = track.tags.getall("CTOC")
    assert contents.child_element_ids == [chapter.element_id for chapter in chapters]


@pytest.mark.parametrize("player", ["mpg123", "ffmpeg"])
def test_a_player_hears_the_very_length(coach: Command, player: str) -> None:
    if not shutil.which(player):
        pytest.skip(f"needs {player}")
    coach.write(SHORT)
    coach("export", "short.yaml")
    commands = {
        "mpg123": ["mpg123", "-q", "-s", "-e", "s16", "short.mp3"],
        "ffmpeg": ["ffmpeg", "-v", "error", "-i", "short.mp3", "-f", "s16le", "-"],
    }
    sound = subprocess.run(commands[player], cwd=coach.folder, capture_output=True, check=True).stdout
    assert len(sound) == 2 * round(coach.timeline("short.yaml")["duration"] * RATE)


def test_a_wav_has_the_length_of_the_timeline(coach: Command) -> None:
    coach.write(SHORT)
    assert coach("export", "short.yaml", "-o", "short.wav").returncode == 0
    with wave.open(str(coach.folder / "short.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert file.getnframes() == round(coach.timeline("short.yaml")["duration"] * RATE)


def test_names_and_folders(coach: Command) -> None:
    coach.write(SHORT)
    (coach.folder / "music").mkdir()
    assert coach("export", "short.yaml", "-o", "music").stdout.startswith("music/short.mp3: written")
    assert coach("export", "short.yaml", "-o", "music/").stdout.startswith("music/short.mp3: unchanged")
    shipped = coach("export", "clamshell", "--level", "harder", "--reps", "1", "--sides", "left")
    assert shipped.stdout.startswith("clamshell-harder-1rep-left.mp3: written"), shipped.stderr
    for target in ("nowhere/x.mp3", "nowhere/"):
        done = coach("export", "short.yaml", "-o", target)
        assert "there is no folder nowhere; make it first" in one_error(done, 3)
    (coach.folder / "x.mp3").mkdir()
    (coach.folder / "x.mp3" / "short.mp3").mkdir()
    assert "is a folder" in one_error(coach("export", "short.yaml", "-o", "x.mp3"), 3)


def test_each_dose_that_is_asked_for_has_a_track_of_its_own(coach: Command) -> None:
    coach.write(SHORT + "    easier: {reps: 2}\n")
    for options, name in (
        (["--reps", "4"], "short-4reps"),
        (["--reps", "2-4", "--rest", "1m"], "short-2-4reps-rest60s"),
        (["--sets", "2", "--sides", "right", "--level", "easier"], "short-easier-2sets-right"),
    ):
        done = coach("export", "short.yaml", "--format", "wav", *options)
        assert done.stdout.startswith(f"{name}.wav: written"), (done.stdout, done.stderr)
    done = coach("export", "short.yaml", "--reps", "4", "-o", "for_ann.mp3")
    tags: Any = mutagen.mp3.MP3(coach.folder / "for_ann.mp3")  # type: ignore[no-untyped-call]
    assert str(tags["TIT2"]) == "Short (4 reps)"


def test_a_level_that_the_script_lacks_is_refused(coach: Command) -> None:
    coach.write(SHORT)
    for command in ("check", "show", "export"):
        told = one_error(coach(command, "short.yaml", "--level", "harder"), 2)
        assert "no exercise of short.yaml has the level 'harder'; its exercises have no levels" in told
    coach.write(SHORT + "    easier: {reps: 2}\n")
    told = one_error(coach("export", "short.yaml", "--level", "harder"), 2)
    assert told.endswith("its exercises have 'easier'")


def test_the_same_bytes_from_two_empty_caches(coach: Command, tmp_path: Path) -> None:
    coach.write(SHORT)
    made = []
    for cache in ("one", "two"):
        assert coach("export", "short.yaml", COACH_CACHE=str(tmp_path / cache)).returncode == 0
        made.append((coach.folder / "short.mp3").read_bytes())
        (coach.folder / "short.mp3").unlink()
    assert coach("export", "short.yaml", COACH_CACHE=str(tmp_path / "two")).returncode == 0
    made.append((coach.folder / "short.mp3").read_bytes())
    assert made[0] == made[1] == made[2]


def test_an_unchanged_export_touches_nothing_and_loads_nothing_heavy(coach: Command) -> None:
    coach.write(SHORT)
    assert "written" in coach("export", "short.yaml").stdout
    target = coach.folder / "short.mp3"
    before = target.stat()
    program = """
import sys
sys.argv = ["coach", "export", "short.yaml"]
from coach.cli.group import run
code = run()
heavy = {"numpy", "lameenc", "mutagen", "rich", "onnxruntime", "hibari", "miniaudio", "scipy", "pydantic"}
print(code, sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=coach.folder,
        env=coach.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    first, last = done.stdout.splitlines()
    assert first.startswith("short.mp3: unchanged, ")
    assert last == "0 []"
    after = target.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_changed_file_is_written_again(coach: Command) -> None:
    coach.write(SHORT)
    coach("export", "short.yaml")
    target = coach.folder / "short.mp3"
    whole = target.read_bytes()
    target.write_bytes(whole[:-1] + b"?")
    assert "written" in coach("export", "short.yaml").stdout
    assert target.read_bytes() == whole
    assert "written" in coach("export", "short.yaml", "--reps", "2", "-o", target).stdout
    assert target.read_bytes() != whole


LONG = SHORT.replace("reps: 3", "reps: 2000")


def until_writing(process: subprocess.Popen[str], folder: Path) -> None:
    """Wait until an export writes its file."""
    deadline = time.monotonic() + TOO_LONG
    while not any(path.name.endswith(".coach-part") for path in folder.iterdir()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


@posix
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_an_export_that_is_stopped_leaves_the_old_file_whole(
    coach: Command, number: signal.Signals, code: int
) -> None:
    script = coach.write(LONG)
    target = coach.folder / "out" / "short.mp3"
    target.parent.mkdir()
    target.write_bytes(b"the old one")
    with coach.start("export", script, "-o", target) as process:
        until_writing(process, target.parent)
        process.send_signal(number)
        output, error = process.communicate(timeout=TOO_LONG)
    assert process.returncode == code
    assert output == ""
    assert error == ("coach: interrupted\n" if number == signal.SIGINT else "")
    assert target.read_bytes() == b"the old one"
    if number != signal.SIGKILL:
        assert leftovers(coach.folder) == []
    short = coach("export", script, "-o", target, "--reps", "2")
    assert short.returncode == 0, short.stderr
    assert leftovers(coach.folder) == []
    assert target.read_bytes()[:3] == b"ID3"


@posix
def test_ctrl_c_is_quick_while_the_voice_speaks(coach: Command, tmp_path: Path) -> None:
    script = coach.write(
        "title: Long\nsteps:\n" + "".join(f"  - say: Text {n} of many\n" for n in range(900))
    )
    cold = tmp_path / "cold"
    coach.environment["COACH_CACHE"] = str(cold)
    with coach.start("export", script) as process:
        while not list(cold.rglob("*.wav")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=TOO_LONG)
    assert len(list(cold.rglob("*.wav"))) < 900 / 2  # it did not go on to the end
    assert process.returncode == 130, error
    assert (output, error) == ("", "coach: interrupted\n")
    assert leftovers(coach.folder) == []


@pytest.mark.parametrize("module", ["click", "yaml"])
def test_ctrl_c_while_libraries_load_is_one_line(module: str) -> None:
    program = """
import sys
class Interrupted:
    def find_spec(name, path, target=None):
        if name == module:
            try:
                raise KeyboardInterrupt
            except KeyboardInterrupt as error:  # as Python 3.11 does in a class that is being made
                if name == "yaml":
                    raise RuntimeError("Error calling __set_name__") from error
                raise
module, sys.argv = sys.argv[1], ["coach", "list"]
sys.meta_path.insert(0, Interrupted)
from coach.cli import main
main()
"""
    command = [sys.executable, "-c", program, module]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "coach: interrupted\n")


def test_two_exports_of_one_file_at_once(coach: Command) -> None:
    script = coach.write(SHORT.replace("reps: 3", "reps: 60"))
    both = [coach.start("export", script) for _ in range(2)]
    for process in both:
        with process:
            _, error = process.communicate(timeout=TOO_LONG)
        assert process.returncode == 0, error
    target = coach.folder / "short.mp3"
    raced = target.read_bytes()
    target.unlink()
    assert coach("export", script).returncode == 0
    assert target.read_bytes() == raced
    assert leftovers(coach.folder) == []


@posix
def test_a_full_disk_is_one_line_and_leaves_the_old_file(coach: Command) -> None:
    import resource

    script = coach.write(LONG)
    coach("show", script)  # the clips are there
    target = coach.folder / "short.mp3"
    target.write_bytes(b"the old one")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    with coach.start("export", script, preexec_fn=limit) as process:
        output, error = process.communicate(timeout=TOO_LONG)
    assert process.returncode == 3
    assert output == ""
    assert len(error.splitlines()) == 1
    assert "short.mp3" in error
    assert "MB" in error
    assert target.read_bytes() == b"the old one"
    assert leftovers(coach.folder) == []


def test_the_report_of_show_is_the_contract(coach: Command) -> None:
    timeline = coach.timeline(SCRIPTS / "reverse_clamshell.yaml")
    top = ["version", "title", "language", "voice", "level", "duration", "chapters", "cues", "warnings"]
    assert list(timeline) == top
    assert timeline["version"] == 1
    assert timeline["level"] is None
    keys = ("start", "end", "kind", "text", "beat", "exercise", "side", "set", "rep", "phase", "path", "line")
    assert all(tuple(cue) == keys for cue in timeline["cues"])
    counted = {"countdown", "count", "milestone", "breath", "reminder"}
    told = {"title", "say", "setup", "announce", "rest", "switch", "end"}
    assert {cue["kind"] for cue in timeline["cues"]} <= counted | told
    assert timeline["chapters"][0]["start"] == 0
    assert timeline["chapters"][-1]["end"] == timeline["duration"]
    for before, after in zip(timeline["cues"], timeline["cues"][1:], strict=False):
        assert before["end"] <= after["start"]
    assert json.loads(json.dumps(timeline)) == timeline
