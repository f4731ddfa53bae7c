"""The commands around the routines: voices, schema, new, cache, doctor."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import click
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from coach import phrases
from coach import script as scripts
from coach.app.amounts import size_text
from coach.app.shell import quote
from coach.cli.group import cli
from coach.script.format import schema
from coach.speech.cache import ClipCache
from coach.speech.clip import Recording
from tests.command import SCRIPTS, SHORT, Command, coach, one_error

__all__ = ["coach"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")
DAY = 86_400.0


# Voices.


def spoken_languages(coach: Command) -> list[dict[str, Any]]:
    done = coach("voices", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return [row for row in json.loads(done.stdout) if row["spoken"]]


def test_voices_tells_each_language_what_is_taken_and_a_command_that_works(coach: Command) -> None:
    rows = spoken_languages(coach)
    assert sorted(row["language"] for row in rows) == list(phrases.languages())
    assert {row["language"]: row["name"] for row in rows}["en"] == "English"
    for row in rows:
        assert row["auto"] in [voice["voice"] for voice in row["voices"]]
        program, *arguments = shlex.split(row["sample"])
        assert program == "coach"
        done = coach(*arguments, "-o", "sample.wav")
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert done.stdout.rstrip().endswith(row["auto"])


def test_voices_shows_languages_with_sentences_whole_and_the_others_in_short(coach: Command) -> None:
    rows = json.loads(coach("voices", "--json").stdout)
    short, whole = coach("voices").stdout, coach("voices", "--all").stdout
    assert len(short.splitlines()) < 80
    assert all(len(line) <= 90 for line in short.splitlines())
    for row in rows:
        heading = row["name"] if row["name"] == row["language"] else f"{row['name']} ({row['language']})"
        assert heading in short
        assert heading in whole
        for voice in row["voices"]:
            assert voice["voice"] in whole
            assert not row["spoken"] or voice["voice"] in short
        if row["spoken"]:
            assert f"* {row['auto']} " in short
            assert row["sample"] in short


def test_voices_of_one_language(coach: Command) -> None:
    for tag in ("en", "EN_us"):
        done = coach("voices", "--language", tag)
        assert done.stdout.startswith("English (en)\n  * neural/heart")
        assert "\n\n* is the default voice\n" in done.stdout
    assert "no voice for the language 'zxx'" in one_error(coach("voices", "--language", "zxx"), 3)
    assert "must be the code of a language" in one_error(coach("voices", "--language", "d!"), 2)


@posix
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_a_quoted_text_is_one_word_of_a_shell(text: str) -> None:
    assert shlex.split(quote(text)) == [text]


# The schema.


def test_schema_is_printed_and_written(coach: Command) -> None:
    done = coach("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == schema()
    told = coach("schema", "-o", "coach.schema.json")
    assert told.stdout == "coach.schema.json: written\n"
    assert (coach.folder / "coach.schema.json").read_text("utf-8") == done.stdout
    assert [path.name for path in coach.folder.iterdir()] == ["coach.schema.json"]
    assert "there is no folder" in one_error(coach("schema", "-o", "nowhere/x.json"), 3)
    assert one_error(coach("schema", "-o", "."), 2)


# New scripts. What only differs in a name or a text runs in this process, to save time.


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, which is also the person's home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def new(*arguments: str) -> None:
    cli.main(["new", *arguments], prog_name="coach", standalone_mode=False)


def schema_of(path: Path) -> Path:
    """Return the file that the first line of a script names."""
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", path.read_text("utf-8").splitlines()[0])
    assert found
    address = urlparse(found[1])
    if address.scheme:
        assert address.scheme == "file"
        return Path(unquote(address.path).lstrip("/" if sys.platform == "win32" else ""))
    return path.parent / found[1]


def test_a_new_script_plays_as_it_stands_and_points_at_its_schema(coach: Command) -> None:
    done = coach("new", "evening stretch")
    assert (done.returncode, done.stderr) == (0, "")
    path = coach.folder / "evening_stretch.yaml"
    assert done.stdout == f"{path.name}: written; edit it, then: coach play {path.name}\n"
    checked = coach("check", "--strict", path.name)
    longer = f"{path.name}: 1 introduction adds 0:09; `between: 0` joins it to the work before\n"
    assert (checked.returncode, checked.stdout) == (0, longer)
    text = path.read_text("utf-8")
    assert "\ntitle: Evening stretch\n" in text
    assert json.loads(schema_of(path).read_text("utf-8")) == schema()
    assert not list(Draft202012Validator(schema()).iter_errors(yaml.safe_load(text)))


def test_what_a_new_script_keeps_in_comments_works_too(here: Path) -> None:
    new("a")
    text = (here / "a.yaml").read_text("utf-8")
    start = text.index("  # - rest")
    more = re.sub(r"^  # (?=[ -])", "  ", text[start:], flags=re.MULTILINE)
    assert "\n  - exercise: Side plank\n    hold: 20\n" in more
    (here / "a.yaml").write_text(text[:start] + more, encoding="utf-8")
    names = [each.name for each in scripts.load("a.yaml").exercises()]
    assert names == ["Clamshell", "Bridge", "Side plank"]


def test_a_new_script_lies_in_scripts_where_its_bare_name_finds_it(coach: Command) -> None:
    (coach.folder / "scripts").mkdir()
    assert coach("new", "evening").stdout.endswith("; edit it, then: coach play evening\n")
    assert (coach.folder / "scripts" / "evening.yaml").is_file()
    assert coach("cache", "path", "evening").returncode == 0  # it is found
    done = coach("new", "breathing")
    assert done.returncode == 0
    assert done.stderr.startswith("coach: the name breathing now means it, and no longer ")
    both = coach("new", "scripts/evening.yml")
    assert both.stdout.endswith(f"coach play {Path('scripts', 'evening.yml')}\n".replace("\\", "/"))


@pytest.mark.parametrize(
    ("arguments", "file", "title"),
    [
        (["hip-morning_2"], "hip-morning_2.yaml", "Hip morning 2"),
        (["a.yml"], "a.yml", "A"),
        (["deep/b.yaml"], "deep/b.yaml", "B"),
        (["deep/c"], "deep/c.yaml", "C"),
        (["d", "-o", "deep"], "deep/d.yaml", "D"),
        (["e", "-o", "deep/other.yaml"], "deep/other.yaml", "E"),
        (["null"], "null.yaml", "Null"),
        (["yes"], "yes.yaml", "Yes"),
        (["7"], "7.yaml", "7"),
        (["it's #1 [new]"], "it's_#1_[new].yaml", "It's #1 [new]"),
        (["\N{WEIGHT LIFTER} übung"], "\N{WEIGHT LIFTER}_übung.yaml", "\N{WEIGHT LIFTER} übung"),
        (["v1.2"], "v1.2.yaml", "V1.2"),
    ],
)
def test_names_become_files_and_titles(here: Path, arguments: list[str], file: str, title: str) -> None:
    (here / "deep").mkdir()
    new(*arguments)
    assert scripts.load(here / file).title == title


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([""], "must hold a letter or a digit"),
        (["."], "must hold a letter or a digit"),
        ([".."], "must hold a letter or a digit"),
        (["x/"], "must end in the name of a file"),
        ([".hidden"], "must not begin with a dot"),
        (["--", "-x"], "must not begin with a dot or a dash"),
        (["con"], "a device on Windows"),
        (["deep/Aux.yaml"], "a device on Windows"),
        (["com1.old"], "a device on Windows"),
        (["a:b"], "must not hold ':'"),
        (["a\nb"], "must not hold"),
        (["a" * 300], "at most 200 bytes"),
        (["a", "-o", "a.txt"], "ends in .yaml (got 'a.txt')"),
        (["a", "-o", ""], "must be a file or a folder"),
        (["a", "--from", "nothing"], "no script 'nothing'"),
    ],
)
def test_names_that_no_file_should_have(here: Path, arguments: list[str], told: str) -> None:
    with pytest.raises(click.BadParameter, match=re.escape(told)):
        new(*arguments)
    assert not list(here.iterdir())


@posix
def test_new_never_touches_what_is_there(coach: Command) -> None:
    mine = coach.write("mine", "a.yaml")
    told = "a.yaml is there already; name another one, or edit it"
    assert told in one_error(coach("new", "a"), 2)
    assert told in one_error(coach("new", "a", "--from", "breathing"), 2)
    assert mine.read_text("utf-8") == "mine"
    (coach.folder / "b.yaml").symlink_to("nowhere.yaml")
    assert "b.yaml is there already" in one_error(coach("new", "b"), 2)
    started = [coach.start("new", "c") for _ in range(4)]
    codes = []
    for process in started:
        with process:
            process.communicate(timeout=30)
        codes.append(process.returncode)
    assert sorted(codes) == [0, 2, 2, 2]
    assert scripts.load(coach.folder / "c.yaml").title == "C"
    assert sorted(path.name for path in coach.folder.glob(".*part*")) == []


@posix
def test_the_schema_is_found_whatever_its_folder_is_called(coach: Command) -> None:
    home = coach.folder / "my home \N{SNOWMAN} 100%"
    home.mkdir()
    assert coach("new", "a", HOME=str(home), XDG_DATA_HOME="").returncode == 0
    path = schema_of(coach.folder / "a.yaml")
    assert path.is_relative_to(home)
    path.write_text("{}", encoding="utf-8")  # of an older Coach
    coach("new", "b", HOME=str(home), XDG_DATA_HOME="")
    assert json.loads(path.read_text("utf-8")) == schema()
    coach("schema", "-o", "coach.schema.json")
    coach("new", "c", HOME=str(home))
    assert schema_of(coach.folder / "c.yaml") == coach.folder / "coach.schema.json"


@posix
def test_without_a_place_for_the_schema_the_script_is_written_all_the_same(coach: Command) -> None:
    done = coach("new", "a", XDG_DATA_HOME="/dev/null/nowhere", HOME="/dev/null")
    assert done.returncode == 0
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("coach: editors get no schema: ")
    assert scripts.load(coach.folder / "a.yaml").title == "A"


@pytest.mark.parametrize("source", sorted(SCRIPTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_copy_of_a_shipped_routine_is_that_routine(here: Path, source: Path) -> None:
    (here / "scripts").mkdir()
    new("mine", "--from", source.stem)
    path = here / "scripts" / "mine.yaml"
    copy, shipped = scripts.load(path), scripts.load(source)
    assert copy.title == "Mine"
    assert len(copy.steps) == len(shipped.steps)
    assert [each.name for each in copy.exercises()] == [each.name for each in shipped.exercises()]
    assert path.read_text("utf-8").splitlines()[1:] == [
        "title: Mine" if line.startswith("title: ") else re.sub("(include: )", rf"\g<1>{SCRIPTS}/", line)
        for line in source.read_text("utf-8").splitlines()
    ]


@pytest.mark.parametrize(
    ("title", "becomes"),
    [
        ("title: Old  # said first", "title: Mine  # said first"),
        ('"title": "Old: x"', '"title": Mine'),
        ("title: >-\n  Old\n  one\nabout: x", "title: Mine\nabout: x"),
        ("title: &name Old\nabout: *name", "title: &name Mine\nabout: *name"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_copy_keeps_all_but_the_title(here: Path, title: str, becomes: str, newline: str) -> None:
    rest = "# a note\nsteps:\n  - say: title  # Old\n"
    text = f"# yaml-language-server: $schema=old.json\n# mine\n{title}\n{rest}"
    (here / "old.yaml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", newline).encode())
    new("mine", "--from", "old.yaml")
    data = (here / "mine.yaml").read_bytes().decode("utf-8")
    first, _, others = data.partition(newline)
    assert first.startswith("# yaml-language-server: $schema=file:")
    assert others.replace("\r\n", "\n") == f"# mine\n{becomes}\n{rest}"
    assert scripts.load(here / "mine.yaml").title == "Mine"


@posix
def test_a_copy_finds_what_its_model_includes(coach: Command) -> None:
    for folder in ("a/parts", "b/c"):
        (coach.folder / folder).mkdir(parents=True)
    coach.write(SHORT, "a/parts/short.yaml")
    coach.write(SHORT, "a/near.yaml")
    text = f"""\
title: A
vars: {{file: near.yaml}}
steps:
  - include: parts/short.yaml   # kept
  - repeat: 2
    steps: [include: "near.yaml", include: {coach.folder}/a/near.yaml]
"""
    coach.write(text, "a/model.yaml")
    wanted = len(scripts.load(coach.folder / "a" / "model.yaml").steps)
    for target in ("a/copy.yaml", "b/copy.yaml", "b/c/copy.yaml"):
        done = coach("new", target, "--from", "a/model.yaml")
        assert done.returncode == 0, done.stderr
        path = coach.folder / target
        assert len(scripts.load(path).steps) == wanted
        assert "# kept\n" in path.read_text("utf-8")
        assert "vars: {file: near.yaml}" in path.read_text("utf-8")
    assert "- include: parts/short.yaml " in (coach.folder / "a/copy.yaml").read_text("utf-8")
    assert "- include: ../a/parts/short.yaml " in (coach.folder / "b/copy.yaml").read_text("utf-8")
    assert f"- include: {coach.folder}/a/parts/" in (coach.folder / "b/c/copy.yaml").read_text("utf-8")


def test_a_copy_of_a_wrong_script_is_its_problems(coach: Command) -> None:
    coach.write("title: A\n", "wrong.yaml")
    assert one_error(coach("new", "b", "--from", "wrong.yaml"), 1).startswith("wrong.yaml:1:1: ")
    assert not (coach.folder / "b.yaml").exists()


# The cache.


def filled(root: Path, days: list[float]) -> ClipCache:
    """Return a cache with a clip last used so many days ago each, about 1 kB, among a person's own files."""
    cache = ClipCache(root)
    for number, age in enumerate(days):
        key = f"{number:02x}" * 20
        cache.save(key, Recording(b"ab" * 450, 1, -19.0, -2.0))
        os.utime(cache.path(key), (time.time() - age * DAY,) * 2)
    for own in ("00/mine.wav", "notes.wav", "exports/mine.txt", f"{'0' * 40}.wav", f"ff/{'0' * 40}.wav"):
        (root / own).parent.mkdir(exist_ok=True, parents=True)
        (root / own).write_text("mine")
    return cache


def own_files(root: Path) -> list[str]:
    return sorted(path.read_text() for path in root.rglob("*") if path.is_file() and path.stat().st_size < 9)


def test_the_cache_is_that_of_the_script(coach: Command) -> None:
    (coach.folder / "there" / "audio_cache").mkdir(parents=True)
    script = coach.write(SHORT, "there/short.yaml")
    home = {"COACH_CACHE": "", "XDG_CACHE_HOME": ""}
    assert coach("cache", "path", script, **home).stdout == f"{coach.folder / 'there' / 'audio_cache'}\n"
    assert coach("cache", "path").stdout.rstrip() == coach.environment["COACH_CACHE"]
    mine = Path(coach("cache", "path", **home).stdout.rstrip())
    assert mine.is_relative_to(coach.folder) or sys.platform == "win32"
    assert not mine.exists()
    (coach.folder / "audio_cache").mkdir()
    assert coach("cache", "path", **home).stdout == f"{coach.folder / 'audio_cache'}\n"
    assert "no script 'nothing'" in one_error(coach("cache", "path", "nothing"), 2)


def test_stats_counts_clips_and_exports(coach: Command, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    assert coach("cache", "stats", COACH_CACHE=str(root)).stdout == (
        f"{root}\n0 clips, 0 exports remembered, 0 bytes\n"
    )
    coach.write(SHORT)
    done = coach("export", "short.yaml", "--reps", "1", "--sides", "left", COACH_CACHE=str(root))
    assert done.returncode == 0
    row = json.loads(coach("cache", "stats", "--json", COACH_CACHE=str(root)).stdout)
    assert row["path"] == str(root)
    assert row["clips"] == len(list(root.glob("??/*.wav"))) > 3
    assert row["exports"] == 1
    kept = [path for path in root.rglob("*") if path.is_file() and path.name != "CACHEDIR.TAG"]
    assert row["bytes"] == sum(path.stat().st_size for path in kept)
    assert row["unused_30_days"] == 0
    shown = coach("cache", "stats", COACH_CACHE=str(root)).stdout.splitlines()
    assert shown[1] == f"{row['clips']} clips, 1 export remembered, {size_text(row['bytes'])}"
    assert shown[2] == "all of it used within 30 days"
    cleared = coach("cache", "clear", "--yes", COACH_CACHE=str(root)).stdout
    assert f" {row['clips'] + 2} removed" in cleared  # the export and its cover
    assert cleared.endswith("; 0 files left, 0 bytes\n")
    assert [path.name for path in root.iterdir()] == ["CACHEDIR.TAG"]


def test_prune_removes_what_was_not_used_for_long_and_nothing_else(coach: Command, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    cache = filled(root, [0, 29, 31, 400])
    memo = root / "exports" / ("a" * 40)
    memo.write_text("of an export")
    os.utime(memo, (time.time() - 90 * DAY,) * 2)
    foreign = own_files(root)
    half = root / "00" / f"{'0' * 40}.1-1-1.tmp"
    half.write_bytes(b"half a clip, left by a killed writer")
    os.utime(half, (time.time() - 7200,) * 2)
    row = json.loads(coach("cache", "stats", "--json", COACH_CACHE=str(root)).stdout)
    assert (row["clips"], row["exports"], row["unused_30_days"]) == (4, 1, 3)
    assert row["unused_days"] == pytest.approx(400, abs=0.1)
    done = coach("cache", "prune", "--yes", "--older-than", "30 days", COACH_CACHE=str(root))
    assert done.returncode == 0, done.stderr
    assert f"{root}: 3 removed, " in done.stdout
    assert sorted(path.parent.name for path in root.glob("??/*.wav")) == ["00", "00", "01", "ff"]
    assert not memo.exists()
    assert not half.exists()
    assert own_files(root) == foreign
    assert len(cache.clips()) == 2


def test_prune_to_a_size_takes_the_longest_unused_first(coach: Command, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    cache = filled(root, [5, 1, 9, 3])
    size = cache.clips()[0].size
    done = coach("cache", "prune", "--yes", "--max-size", f"{2.5 * size / 1000}kB", COACH_CACHE=str(root))
    assert f": 2 removed, {size_text(2 * size)}; 2 files left" in done.stdout
    assert sorted(clip.path.parent.name for clip in cache.clips()) == ["01", "03"]
    assert " 0 removed" in coach("cache", "prune", "--max-size", "1GB", COACH_CACHE=str(root)).stdout
    coach("cache", "prune", "--yes", "--max-size", "0", COACH_CACHE=str(root))
    assert cache.clips() == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "--older-than 30d, --max-size 200MB, or both"),
        (["--older-than", "30"], "must be a time with its unit, such as 30d, 2w or 12h (got '30')"),
        (["--older-than", "-1d"], "(got '-1d')"),
        (["--older-than", "nan d"], "(got 'nan d')"),
        (["--max-size", "big"], "must be a size, such as 200MB or 1.5GB (got 'big')"),
    ],
)
def test_prune_says_what_it_needs(coach: Command, arguments: list[str], told: str) -> None:
    assert told in one_error(coach("cache", "prune", *arguments), 2)


def test_a_clip_that_is_read_is_marked_once_a_day(tmp_path: Path) -> None:
    cache = filled(tmp_path, [2, 0.5])
    old, young = (cache.path(f"{number:02x}" * 20) for number in (0, 1))
    before = young.stat().st_mtime_ns
    for number in (0, 1):
        assert cache.load(f"{number:02x}" * 20) is not None
    assert time.time() - old.stat().st_mtime < 60
    assert young.stat().st_mtime_ns == before


def test_clear_asks_first(coach: Command, tmp_path: Path) -> None:
    root = tmp_path / "cache"
    cache = filled(root, [0, 0])
    foreign = own_files(root)
    assert "it needs --yes" in one_error(coach("cache", "clear", COACH_CACHE=str(root)), 2)
    assert len(cache.clips()) == 2
    if sys.platform != "win32":
        import pty

        coach.environment["COACH_CACHE"] = str(root)
        for answer, left in ((b"\n", 2), (b"n\n", 2), (b"yes\n", 0)):
            ours, theirs = pty.openpty()
            with coach.start("cache", "clear", stdin=theirs) as process:
                os.write(ours, answer)
                stdout, stderr = process.communicate(timeout=30)
            os.close(ours)
            os.close(theirs)
            assert process.returncode == 0
            assert stderr.startswith("Remove 2 files (")
            assert stderr.endswith("? [y/N] ")
            assert len(cache.clips()) == left
            assert (stdout == "nothing removed\n") == (left == 2)
    assert coach("cache", "clear", "--yes", COACH_CACHE=str(root)).returncode == 0
    assert own_files(root) == foreign


def test_clearing_while_another_process_speaks_is_no_error(coach: Command, tmp_path: Path) -> None:
    coach.environment["COACH_CACHE"] = str(tmp_path / "cache")
    coach.write(SHORT)
    cache = ClipCache(tmp_path / "cache")
    with coach.start("export", "short.yaml", "--sides", "left", "--reps", "1") as process:
        while process.poll() is None:
            cache.clear()
            time.sleep(0.001)
        assert process.communicate()[1] == ""
    assert process.returncode == 0


# The doctor.


def test_the_doctor_looks_at_everything_quickly_and_quietly(coach: Command) -> None:
    before = os.times()
    done = coach.installed("doctor")
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    assert used < 8  # seconds of a processor; usually 2.5
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    *lines, end = done.stdout.splitlines()
    rows = [line.split(None, 2) for line in lines]
    assert {row[0] for row in rows} <= {"ok", "missing"}
    names = [row[1] for row in rows]
    assert list(dict.fromkeys(names)) == [
        "voices",
        "languages",
        "player",
        "export",
        "ffmpeg",
        "cache",
        *("cron", "systemd", "login", "schedules") * (sys.platform == "linux"),
        "python",
    ]
    assert ["ok", "voices", "neural/heart speaks"] in rows
    assert end == "all is well" or end.startswith("routines can be spoken and exported; ")


@posix
def test_the_doctor_says_what_to_do_about_what_is_missing(coach: Command, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("hibari", "pyttsx3", "imageio_ffmpeg", "lameenc"):
        (broken / f"{name}.py").write_text("raise ImportError('broken for a test')\n")
    modules = os.pathsep.join(filter(None, [str(broken), os.environ.get("PYTHONPATH")]))
    empty = {"PYTHONPATH": modules, "PATH": "/nowhere", "COACH_CACHE": "/dev/null/nowhere"}
    done = coach("doctor", "--json", **empty)
    assert (done.returncode, done.stderr) == (3, "")
    report = json.loads(done.stdout)
    assert report["ok"] is False
    assert set(report["versions"]) >= {"python", "coach", "numpy"}
    for row in report["checks"]:
        works = row["name"] in ("cron", "systemd", "login", "schedules", "python")
        assert row["ok"] == works, row
        assert (row["remedy"] is None) == row["ok"]
        assert row["name"] != "ffmpeg" or "coach-audio[formats]" in row["remedy"]
        assert row["name"] != "voices" or row["remedy"].startswith("pip install ")
    assert "no voice on this machine" in one_error(coach("voices", **empty), 3)
