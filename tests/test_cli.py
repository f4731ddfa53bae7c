"""The command line as a person meets it: answers, errors, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from coach.cli import COMMANDS
from coach.cli.group import cli
from coach.encode.names import file_name
from tests.command import COACH, SCRIPTS, SHORT, Command, coach, one_error

__all__ = ["coach"]

DOCS = Path(__file__).parents[1] / "docs" / "command-line.md"
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX streams")


def commands() -> dict[str, click.Command]:
    found = {}
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        found[name] = command
        if isinstance(command, click.Group):
            found |= {f"{name} {part}": each for part, each in command.commands.items()}
    return found


ALL_COMMANDS = commands()
"""With those of a group, such as "cache prune"."""


# Help.


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_command(coach: Command, flag: str) -> None:
    done = coach.installed(flag)
    assert done.returncode == 0
    assert done.stderr == ""
    for name, (_, line) in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert line in done.stdout


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_the_help_of_every_command_is_short_and_complete(coach: Command, name: str) -> None:
    done = coach(*name.split(), "-h")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith(f"Usage: coach {name} ")
    assert len(done.stdout.splitlines()) < 40
    for parameter in ALL_COMMANDS[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert all(each in done.stdout for each in parameter.opts)


def test_a_bare_coach_shows_its_help_as_an_error(coach: Command) -> None:
    done = coach.installed()
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Usage: coach ")


def test_python_m_coach_is_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "coach", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("coach, version ")
    assert done.stderr == ""


def test_help_loads_no_command_and_nothing_heavy() -> None:
    program = """
import sys
from coach.cli.group import cli
try:
    cli.main(["--help"], prog_name="coach")
finally:
    print(sorted(name for name in sys.modules if "." not in name or name.startswith("coach.")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1].replace("'", '"')))
    own = {name for name in loaded if name.split(".")[0] == "coach"}
    ground = {"coach", "coach.borders", "coach.errors", "coach.text_enum", "coach.version"}
    assert own == ground | {"coach.cli", "coach.cli.errors", "coach.cli.group"}
    assert not loaded & {"numpy", "yaml", "rich", "fractions", "platformdirs", "hibari", "mutagen", "lameenc"}


@posix
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion_script(coach: Command, shell: str) -> None:
    done = coach.installed(_COACH_COMPLETE=f"{shell}_source")
    if "bash" in done.stderr.lower() and shell == "bash":  # click asks for the version of bash
        pytest.skip("no recent bash")
    assert done.returncode == 0
    assert "_COACH_COMPLETE" in done.stdout


def test_completion_knows_commands_and_routines(coach: Command) -> None:
    def words(*typed: str) -> list[str]:
        line = " ".join(typed)
        done = coach.installed(
            _COACH_COMPLETE="zsh_complete", COMP_WORDS=line, COMP_CWORD=str(len(typed) - 1)
        )
        return done.stdout.split("\n")

    assert "export" in words("coach", "ex")
    assert "reverse_clamshell" in words("coach", "play", "rev")
    assert "file" in words("coach", "play", "./x")


# The documentation.


def test_the_documentation_names_every_command_and_option() -> None:
    text = DOCS.read_text("utf-8")
    for name, command in ALL_COMMANDS.items():
        assert f"## coach {name}\n" in text or (" " in name and f"`coach {name}" in text)
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                for option in parameter.opts:
                    assert f"`{option}" in text, f"{name} {option}"


def test_the_documentation_names_every_exit_code_and_variable() -> None:
    text = DOCS.read_text("utf-8")
    for word in ("| 0 |", "| 1 |", "| 2 |", "| 3 |", "| 130 |", "COACH_CACHE", "NO_COLOR"):
        assert word in text


@pytest.mark.parametrize("name", COMMANDS)
def test_a_module_says_which_command_it_has(name: str) -> None:
    said = import_module(f"coach.cli.{COMMANDS[name][0]}").__doc__
    assert said is not None
    assert said.startswith(f"`coach {name}`: ")


# Errors of the command line: one line, exit code 2.


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--reps", "0"], "'--reps': must be a whole number from 1 to 10000"),
        (["--reps", "x"], "(got 'x')"),
        (["--reps", "15-10"], "from the smaller to the larger number"),
        (["--sides", ""], "must name each side once"),
        (["--sides", "left,left"], "must name each side once"),
        (["--sides", "lft"], "no side 'lft'; the sides of short.yaml are left, right"),
        (["--sets", "-1"], "from 1 to 100 (got '-1')"),
        (["--rest", "soon"], "must be a duration"),
        (["--rate", "9"], "must be a number from 0.5 to 2 (got '9')"),
        (["--rate", "nan"], "(got 'nan')"),
        (["--level", "hard"], "'hard' is not one of"),
        (["--voice", ""], "must be a name"),
        (["--stric"], "--strict"),
        (["more"], "unexpected extra argument"),
    ],
)
def test_a_bad_option_is_one_line(coach: Command, options: list[str], told: str) -> None:
    coach.write(SHORT)
    assert told in one_error(coach("check", "short.yaml", *options), 2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chek"], "no command 'chek'; did you mean 'check'?"),
        (["zzz"], "no command 'zzz'; 'coach --help' tells more"),
        (["--zzz"], "No such option"),
        (["check"], "Missing argument 'SCRIPT'; 'coach check --help' tells more"),
        (["cache"], "Missing command; 'coach cache --help' tells more"),
        (["cache", "prun"], "No such command 'prun'"),
        (["check", ""], "no script ''"),
        (["check", "reverse_clamshel"], "did you mean 'reverse_clamshell'?"),
        (["check", "qqq"], "no script 'qqq'; 'coach list' shows"),
        (["check", "nothing.yaml"], "there is no file nothing.yaml"),
        (["check", "a" * 5000], "no script"),
        (["check", "a\nb\x1b[31m"], "no script 'a b\\x1b[31m'"),
        (["play", "breathing", "--player", "horn"], "'horn' is not one of"),
        (["export", "breathing", "-o", "x.doc"], "cannot write x.doc: the name must end in .mp3"),
        (["export", "breathing", "-o", ""], "the name must end in"),
        (["say", ""], "a text of 1 to 2000 characters"),
        (["say", "a" * 2001], "(got 2001)"),
        (["say", "...", "-o", "x.wav"], "is silent on '...'"),
        (["say", "Up", "-o", "x.doc"], "the name must end in"),
    ],
)
def test_a_bad_command_line_is_one_line(coach: Command, arguments: list[str], told: str) -> None:
    assert told in one_error(coach(*arguments), 2)


# Scripts.


def test_a_wrong_script_is_a_line_a_problem(coach: Command) -> None:
    coach.write("title: A\nlanguage: en\nstep:\n  - say: x\n", "bad.yaml")
    for command in ("show", "play", "export"):
        done = coach(command, "bad.yaml")
        assert done.returncode == 1
        assert done.stdout == ""
        assert all(line.startswith("bad.yaml:") for line in done.stderr.splitlines())
    checked = coach("check", "bad.yaml")
    assert checked.returncode == 1
    assert checked.stdout == done.stderr
    assert checked.stderr == ""


def test_check_tells_warnings_and_strict_fails_on_them(coach: Command) -> None:
    tight = (
        "title: A\nsteps:\n  - exercise: Lift\n    reps: 3\n    tempo: {a much longer word than fits: 0.2}\n"
    )
    coach.write(tight)
    done = coach.installed("check", "short.yaml")
    assert done.returncode == 0
    assert done.stderr == ""
    assert ": warning: " in done.stdout
    assert coach.installed("check", "--strict", "short.yaml").returncode == 1
    report = json.loads(coach("check", "--json", "short.yaml").stdout)
    assert report["problems"] == []
    assert set(report["warnings"][0]) == {"path", "line", "column", "message"}


def test_check_is_content(coach: Command) -> None:
    coach.write(SHORT)
    assert coach.installed("check", "--strict", "short.yaml").stdout == "short.yaml: all is well\n"
    report = coach("check", "--json", "short.yaml").stdout
    assert json.loads(report) == {"problems": [], "warnings": [], "longer": None}


def test_check_names_what_the_voice_cannot_read(coach: Command) -> None:
    coach.write("title: Signs\nsteps:\n  - say: ① Take 5㎏.\n  - say: Well done \N{FLEXED BICEPS}!\n")
    done = coach("check", "--strict", "short.yaml")
    line = "short.yaml:4:10: warning: \N{FLEXED BICEPS} can't be read aloud in 'Well done \N{FLEXED BICEPS}!'"
    assert (done.returncode, done.stdout) == (1, f"{line}; write it in words\n")


@pytest.mark.parametrize(
    "name", ["sp ace.yaml", "\N{WEIGHT LIFTER} ü.yaml", "100%.yml", "a'b\"c.yaml", "[red].yaml"]
)
def test_odd_names_work(coach: Command, name: str) -> None:
    if sys.platform == "win32" and '"' in name:
        pytest.skip("Windows has no such names")
    coach.write(SHORT, name)
    done = coach.installed("export", name, "--reps", "1", "--sides", "left")
    assert done.returncode == 0, done.stderr
    track = file_name(f"{Path(name).stem}-1rep-left", ".mp3")
    assert done.stdout.startswith(f"{track}: written, ")
    assert (coach.folder / track).is_file()


def test_a_leading_dash_needs_two(coach: Command) -> None:
    coach.write(SHORT, "-short.yaml")
    assert coach.installed("check", "-short.yaml").returncode == 2
    assert coach.installed("check", "--", "-short.yaml").returncode == 0


def test_a_bare_name_is_the_routine_though_a_folder_is_called_so(coach: Command) -> None:
    (coach.folder / "breathing").mkdir()
    assert coach.installed("check", "breathing").returncode == 0
    (coach.folder / "empty").mkdir()
    assert "empty:1:1: is a directory" in one_error(coach.installed("show", "empty"), 1)


def test_options_change_the_dose(coach: Command) -> None:
    coach.write(SHORT)
    usual = coach.timeline("short.yaml")
    changed = coach.timeline(
        "short.yaml", "--reps", "5", "--sides", "right", "--sets", "2", "--rest", "1m30s"
    )
    assert {cue["side"] for cue in usual["cues"]} == {None, "left", "right"}
    assert {cue["side"] for cue in changed["cues"]} == {None, "right"}
    assert {cue["set"] for cue in changed["cues"]} == {None, 1, 2}
    assert max(cue["rep"] or 0 for cue in changed["cues"]) == 5
    assert changed["duration"] > 90


def test_an_unknown_voice_falls_back_with_one_warning(coach: Command) -> None:
    coach.write(SHORT)
    done = coach.installed("check", "short.yaml", "--voice", "nobody")
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1
    assert "'nobody'" in done.stderr
    assert "neural/heart speaks instead" in done.stderr


def test_a_language_without_sentences_is_one_line(coach: Command) -> None:
    coach.write(SHORT)
    for arguments in (["check", "short.yaml"], ["export", "short.yaml"], ["say", "Hallo"]):
        done = coach(*arguments, "--language", "tlh", *([] if arguments[0] != "say" else ["-o", "x.wav"]))
        assert "does not speak the language 'tlh'" in one_error(done, 3)


# Answers.


def test_show_is_a_table_that_fits(coach: Command) -> None:
    coach.write(SHORT)
    for columns in (80, 120):
        table = coach("show", "short.yaml", "--sets", "1", COLUMNS=str(columns)).stdout
        lines = table.splitlines()
        assert lines[0].split() == ["time", "cue", "belongs", "to"]
        assert all(len(line) <= columns and line == line.rstrip() for line in lines)
        assert "set 1" not in table
        assert "Lift, left" in table
        assert "\x1b" not in table
    timeline = coach.timeline("short.yaml")
    minutes, seconds = divmod(int(timeline["duration"]), 60)
    assert f"{minutes}:{seconds:02}" in lines[-3]
    assert "set 2, rep 3, down" in coach.installed("show", "short.yaml", "--sets", "2").stdout


def test_show_loses_no_text(coach: Command) -> None:
    coach.write(SHORT.replace("Lift", "Lift a very long name of an exercise \N{WEIGHT LIFTER}"))
    shown = coach("show", "short.yaml", COLUMNS="50").stdout
    for cue in coach.timeline("short.yaml")["cues"]:
        for word in cue["text"].split():
            assert word in shown


def test_control_characters_never_reach_the_terminal(coach: Command) -> None:
    coach.write('title: "A\\x1b[31m"\nsteps:\n  - say: "x\\x1b]0;y\\x07 z"\n')
    done = coach.installed("show", "short.yaml")
    assert "\x1b" not in done.stdout + done.stderr


def test_any_stream_encoding_will_do(coach: Command) -> None:
    coach.write(SHORT.replace("Short", "\N{WEIGHT LIFTER} é"))
    for encoding in ("ascii", "cp1252"):
        for arguments in (["show", "short.yaml"], ["show", "--json", "short.yaml"], ["check", "short.yaml"]):
            done = subprocess.run(
                [COACH, *arguments],
                cwd=coach.folder,
                env=coach.environment | {"PYTHONIOENCODING": encoding},
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    assert coach.timeline("short.yaml")["title"] == "\N{WEIGHT LIFTER} é"


def test_list_shows_every_routine_and_those_with_problems_too(coach: Command) -> None:
    (coach.folder / "scripts").mkdir()
    coach.write(SHORT, "scripts/mine.yaml")
    coach.write("title: A\n", "scripts/broken.yaml")
    rows = {row["name"]: row for row in json.loads(coach.installed("list", "--json").stdout)}
    assert {"mine", "broken"} | {path.stem for path in SCRIPTS.glob("*.yaml")} <= set(rows)
    assert rows["mine"]["duration"] == coach.timeline("mine")["duration"]
    assert rows["mine"]["problem"] is None
    assert rows["broken"]["problem"].startswith(str(Path("scripts", "broken.yaml")) + ":")
    assert rows["broken"]["duration"] is None
    done = coach.installed("list")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len(rows)


def test_say_writes_a_cue(coach: Command) -> None:
    done = coach.installed("say", "Keep your core engaged.", "-o", "cue.wav")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cue.wav: ")
    assert done.stdout.rstrip().endswith("neural/heart")
    assert (coach.folder / "cue.wav").stat().st_size > 24_000


# Streams.


@posix
def test_a_reader_who_has_seen_enough_is_no_error(coach: Command) -> None:
    script = coach.write(SHORT.replace("reps: 3", "reps: 2000"))
    for arguments in (["show", script], ["show", "--json", script], ["--help"]):
        read, write = os.pipe()
        with coach.start(*arguments, stdout=write) as process:
            os.close(write)
            os.close(read)
            assert process.communicate(timeout=30)[1] == ""
        assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_one_line(coach: Command) -> None:
    coach.write(SHORT)
    for arguments in (["show", "short.yaml"], ["check", "short.yaml"], ["--help"]):
        with Path("/dev/full").open("w") as full, coach.start(*arguments, stdout=full) as process:
            error = process.communicate(timeout=30)[1]
        assert process.returncode == 3
        assert error == "coach: No space left on device (standard output)\n"


@posix
def test_closed_streams_are_no_error(coach: Command) -> None:
    coach.write(SHORT)
    line = f"exec '{COACH}' export short.yaml >&- 2>&- <&-"
    done = subprocess.run(["sh", "-c", line], cwd=coach.folder, env=coach.environment, check=False)
    assert done.returncode == 0
    clean = coach.installed("export", "short.yaml", "-o", "other.mp3")
    assert clean.returncode == 0
    assert (coach.folder / "short.mp3").read_bytes() == (coach.folder / "other.mp3").read_bytes()
