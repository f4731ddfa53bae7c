"""Hostile and clumsy files: problems within 5 seconds and 500 MB, never anything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from coach import script
from coach.errors import Location, ScriptError
from coach.routine import Exercise
from coach.script.exercises import Exercises
from coach.script.format import Fields

START = "title: A\nsteps:\n"

READ = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (500 * 2**20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
from coach import script
from coach.borders import printable
from coach.errors import ScriptError
for path in sys.argv[1:]:
    try:
        script.load(path)
        print(path, "is fine")
    except ScriptError as error:
        assert len(error.lines()) <= 21
        assert all(line == printable(line) and len(line) < 1000 for line in error.lines())
        print(error.lines()[0])
"""


def deep(levels: int, inside: str) -> str:
    lines = ["title: A", "steps:"]
    for level in range(levels):
        lines += [f"{'  ' * (2 * level + 1)}- repeat: 100000", f"{'  ' * (2 * level + 2)}steps:"]
    return "\n".join([*lines, f"{'  ' * (2 * levels + 1)}- {inside}"])


MANY_TEXTS = [f"Text {number} for {{exercise}} on {{side}}" for number in range(50)]

ONE_FILE = {
    "alias bomb over steps": (
        f"{START}  - &s {{use: clamshell}}\n" + "  - *s\n" * 16_000,
        "a.yaml:3:5: more than 10000 steps",
    ),
    "alias of a long text": (
        f'title: &t "{"a " * 200_000}"\nsteps: [' + "{say: *t}," * 12_000 + "]",
        "a.yaml:2:8: more than 50000 values (aliases counted each time)",
    ),
    "steps without end": (START + "  - {use: clamshell}\n" * 15_000, "a.yaml:457:5: the routine lasts"),
    "a long entry of the library, used without end": (
        "title: A\nexercises:\n  a:\n"
        "    {exercise: A, sides: [left, right], reps: 4, tempo: {up: 1, down: 1}, "
        f"setup: {MANY_TEXTS}, easier: {{reps: 3, setup: {MANY_TEXTS}}}, harder: {{setup: {MANY_TEXTS}}}}}\n"
        "steps:\n" + "  - {use: a}\n" * 9_990,
        "a.yaml:1399:5: the routine lasts",
    ),
    "aliases in a library without end": (
        "title: A\nexercises:\n  a: &a {exercise: A, reps: 1, tempo: {up: 1}}\n"
        + "".join(f"  b{number}: *a\n" for number in range(16_000))
        + "steps: [use: a]\n",
        "a.yaml:3:3: more than 50000 values",
    ),
    "unknown keys without end": (
        "title: A\n" + "".join(f"step{number}: 1\n" for number in range(24_000)),
        "a.yaml:2:1: unknown key 'step0'; did you mean 'steps'?",
    ),
    "unknown exercises without end": (
        "title: A\nexercises:\n" + "".join(f"  e{number}: {{use: f{number}}}\n" for number in range(12_000)),
        "a.yaml:1:1: a script needs 'steps'",
    ),
    "exercises that use each other in a chain": (
        "title: A\nexercises:\n"
        + "".join(f"  e{number}: {{use: e{number + 1}}}\n" for number in range(12_000)),
        "a.yaml:1:1: a script needs 'steps'",
    ),
    "vars without end": (
        "title: A\nvars:\n"
        + "".join(f"  v{number}: x\n" for number in range(12_000))
        + "steps:\n"
        + "".join(f'  - say: "{{w{number}}}"\n' for number in range(4_000)),
        "a.yaml:12004:10: unknown placeholder {w0}",
    ),
    "a number of 900,000 digits": (
        f"{START}  - {{exercise: A, hold: 3, reps: {'9' * 900_000}}}",
        "a.yaml:3:34: must be a whole number",
    ),
    "a range of 900,000 dashes": (
        f'{START}  - {{exercise: A, hold: "{"-" * 900_000}"}}',
        "a.yaml:3:25: must be a duration",
    ),
    "a range of 900,000 spaces": (
        f'{START}  - {{exercise: A, hold: "{" " * 900_000}x"}}',
        "a.yaml:3:25: must be a duration",
    ),
    "a key of 900,000 letters": (f"title: A\n? {'k' * 900_000}\n: b\nsteps: []\n", "a.yaml:2:3: unknown key"),
    "braces without end": (
        START + "".join(f'  - say: "{number} {"{b}{" * 300}"\n' for number in range(500)),
        "a.yaml:3:10: a single '{'",
    ),
    "12,000 phases": (
        f"{START}  - {{exercise: A, reps: 10000, tempo: [{'a: 1,' * 12_000}]}}\n",
        "a.yaml:3:5: the routine lasts",
    ),
    "the same key without end": ("a: 1\n" * 24_000, "a.yaml:2:1: key 'a' stands twice"),
    "keys that are lists": (f"{{{'? [a] : b,' * 16_000}}}", "a.yaml:1:4: a key must be a name"),
    "a million open braces": ("{" * 900_000, "a.yaml:1:41: nested more than 40 levels deep"),
    "a million question marks": ("? " * 400_000, "a.yaml:1:81: nested more than 40 levels deep"),
    "a million tabs": ("\t" * 900_000, "a.yaml:1:1: a tab cannot indent YAML; use spaces"),
    "a million lines": ("\n" * 900_000, "a.yaml:1:1: the file is empty"),
    "a million comments": ("#\n" * 490_000, "a.yaml:1:1: the file is empty"),
    "tag directives without end": (
        "".join(f"%TAG !a{number}! b\n" for number in range(50_000)) + "--- a",
        "a.yaml:1:1: a tag has no meaning here (got %TAG)",
    ),
    "repeats in repeats": (deep(18, "say: Hello"), "a.yaml:3:5: the routine has more than 100000 cues"),
    "hours of repeats": (deep(18, "rest: 1h"), "a.yaml:3:5: the routine lasts at least 1,000,000.00 hours"),
}


def read(folder: Path, *names: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", READ, *names],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits need a POSIX system")


@pytest.mark.parametrize("name", ONE_FILE)
def test_one_file_is_refused_within_limits(name: str, tmp_path: Path) -> None:
    text, expected = ONE_FILE[name]
    (tmp_path / "a.yaml").write_text(text)
    (line,) = read(tmp_path, "a.yaml")
    assert line.startswith(expected)


def test_50_megabytes_are_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(50_000_000)
    assert read(tmp_path, "a.yaml", "/dev/zero", "/dev/null") == [
        "a.yaml:1:1: is larger than 1 MB; a script is a page of text",
        "/dev/zero:1:1: is larger than 1 MB; a script is a page of text",
        "/dev/null:1:1: the file is empty; a script needs at least a title and steps",
    ]


def test_an_include_bomb_is_refused(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"b{number}.yaml").write_text(START + f"  - include: b{number + 1}.yaml\n" * 2000)
    (tmp_path / "b4.yaml").write_text(START + "  - say: Hello\n" * 2000)
    assert read(tmp_path, "b0.yaml") == ["b4.yaml:1995:5: more than 10000 steps"]


def test_includes_may_nest_five_deep(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"c{number}.yaml").write_text(f"{START}  - include: c{number + 1}.yaml\n" * 1)
    (tmp_path / "c7.yaml").write_text(f"{START}  - say: Hello\n")
    assert read(tmp_path, "c1.yaml", "c2.yaml") == [
        "c6.yaml:3:14: includes nested more than 5 deep",
        "c2.yaml is fine",
    ]


def test_a_broken_include_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(START + "  - say: b\n" * 12_000 + '  - "\n')
    (tmp_path / "a.yaml").write_text(START + "  - include: bad.yaml\n" * 5000)
    assert read(tmp_path, "a.yaml") == ["bad.yaml:12003:5: not YAML: this quote is not closed"]


def test_all_files_together_are_limited(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"f{number}.yaml").write_text(f"# {'x' * 400_000}\n{START}  - say: Hello\n")
    (tmp_path / "a.yaml").write_text(START + "".join(f"  - include: f{n}.yaml\n" for n in range(3)))
    assert read(tmp_path, "a.yaml") == ["f2.yaml:1:1: is, with the scripts read before it, larger than 1 MB"]


def test_deep_repeats_through_includes_are_counted(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"d{number}.yaml").write_text(deep(18, f"include: d{number + 1}.yaml"))
    (tmp_path / "d5.yaml").write_text(deep(18, "rest: 1h"))
    (line,) = read(tmp_path, "d0.yaml")
    assert line.startswith("d0.yaml:3:5: the routine lasts at least 1,000,000.00 hours")


BEFORE_THE_PARSERS_OWN = {
    "in a row": ("[" * 2000, "1:41: nested more than 40 levels deep"),
    "braces": (f"{START}  - {'{a: ' * 2000}", "3:157: nested more than 40 levels deep"),
    "where a key may stand": (f"title: A\n{'[' * 2000}", "2:1026: not YAML: could not find expected ':'"),
    "a line each": ("[\n" * 2000, "41:1: nested more than 40 levels deep"),
    "dashes": ("- " * 2000, "1:81: nested more than 40 levels deep"),
    "before what no text may start with": (f"{'[' * 50}@", "1:41: nested more than 40 levels deep"),
    "before a quote that is not closed": (f"{'[' * 50}'", "1:41: nested more than 40 levels deep"),
    "before a control character": (f"{'[' * 50}\x01", "1:51: a control character (U+0001)"),
    "not deep at all": (f"{'[' * 30}'", "1:31: not YAML: this quote is not closed"),
    "an alias of nothing, before a quote": ("[*a, '", "1:2: alias *a stands for nothing"),
    "brackets in quotes": (f"{START}  - say: '{'[' * 1500}'\n  - {{}}", "4:5: a step needs one of"),
}


@pytest.mark.parametrize("loader", ["with libyaml", "in Python"])
@pytest.mark.parametrize("case", BEFORE_THE_PARSERS_OWN)
def test_our_limits_answer_before_those_of_a_parser(
    case: str, loader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if loader == "in Python":
        monkeypatch.delattr(yaml, "CBaseLoader", raising=False)
    elif not yaml.__with_libyaml__:
        pytest.skip("this PyYAML was built without libyaml")
    text, expected = BEFORE_THE_PARSERS_OWN[case]
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(ScriptError) as caught:
        script.load(path)
    assert caught.value.lines()[0].startswith(f"{path}:{expected}")


SECOND = "- {exercise: Lift, reps: 1, tempo: {up: 1}}\n"


@pytest.mark.parametrize(
    ("steps", "most"),
    [
        (f"- &s {SECOND[2:]}" + "- *s\n" * 5000, 1),  # as often as it is written
        ("- {use: clamshell}\n" * 5000, 3),  # once at each of its levels
        (f"- every: 7h\n  rounds: 2\n  steps:\n{f'  {SECOND}' * 5000}", 0),
        (f"- repeat: 100000\n  steps:\n{f'  {SECOND}' * 5000}", 1),
    ],
    ids=["aliases", "hours", "a block of hours", "rounds"],
)
def test_nothing_is_built_that_no_routine_may_hold(
    steps: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = 0
    assemble = Exercises._assembled

    def counted(exercises: Exercises, fields: Fields, place: Location) -> Exercise | None:
        nonlocal built
        built += 1
        return assemble(exercises, fields, place)

    monkeypatch.setattr(Exercises, "_assembled", counted)
    path = tmp_path / "a.yaml"
    path.write_text(f"title: A\nsteps:\n{steps}")
    if "*s" in steps:
        assert len(script.load(path).steps) == 5001
    else:
        with pytest.raises(ScriptError, match=r"the routine (lasts at least|has more than)"):
            script.load(path)
    assert built == most


def test_nothing_is_quoted_from_foreign_files(tmp_path: Path) -> None:
    folder, secret = tmp_path / "mailed", tmp_path / "shadow"
    folder.mkdir()
    path = folder / "a.yaml"
    path.write_text(START + "  - include: ../shadow\n")
    for text in (
        "root:$y$j9T$secret::\n",
        "secret: 1\ntoken: secret\n",
        "- secret\n",
        "&secret a: *secret\n",
        "'secret",
    ):
        secret.write_text(text)
        with pytest.raises(ScriptError) as caught:
            script.load(path)
        (line,) = caught.value.lines()
        assert line.startswith(f"{folder}/../shadow:1:1: is not a script; it is outside {folder}")
        assert "secret" not in line
    secret.write_text(f"{START}  - say: {{}}\n")  # a script's problems are told wherever it is
    with pytest.raises(ScriptError, match="a recording needs 'file'"):
        script.load(path)
    (folder / "link.yaml").symlink_to(secret)
    secret.write_text("secret: 1\n")
    with pytest.raises(ScriptError, match="unknown key 'secret'"):  # what a person asked for is told
        script.load(folder / "link.yaml")
    path.write_text(START + "  - include: link.yaml\n")
    with pytest.raises(ScriptError, match=r"link\.yaml:1:1: is not a script"):
        script.load(path)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no safe path before Python 3.11")
def test_nothing_beside_a_script_is_run(tmp_path: Path) -> None:
    for name in ("yaml", "socket", "click"):
        (tmp_path / f"{name}.py").write_text("open('was run', 'w')\n")
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(START)  # refused, each in a process of its own
    done = subprocess.run(
        [sys.executable, "-m", "coach", "export", "a.yaml", "b.yaml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("1:1: ")) == (1, 0)
    assert "2 exports: 0 written" in done.stderr
    assert not (tmp_path / "was run").exists()
