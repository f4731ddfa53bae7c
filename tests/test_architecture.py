"""The layers hold: imports point one way, and what is below the command line keeps to itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach.cli import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[1] / "coach"

LAYERS = (
    {"borders", "text_enum"},
    {"desktop", "digest", "errors", "stderr", "trust", "units", "version", "user_folders"},
    {"ffmpeg", "lock", "log_file"},
    {"atomic", "scratch"},
    {"seal"},
    {"history", "schedule"},
    {"routine"},
    {"phrases", "progress"},
    {"script", "speech"},
    {"timeline"},
    {"mix"},
    {"encode", "pictures", "player"},
    {"session"},
    {"app"},
    {"cli"},
)
"""From the ground up. A module imports from its own part and from layers below."""

RANKS = {part: rank for rank, parts in enumerate(LAYERS) for part in parts}
ABOVE = {"__init__", "__main__"}  # the public names, and `python -m coach`
PROGRAMS = {
    "coach.__main__",
    "coach.app.export_worker",
    "coach.speech.system_worker",
}  # what runs as a process of its own
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(("coach", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield every module that a module imports, and whether only its types are checked with it."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield each.name, id(node) in typing_only
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            assert node.module is not None
            yield node.module, id(node) in typing_only
            if node.module == "coach":  # `from coach import script`
                for each in node.names:
                    yield f"coach.{each.name}", id(node) in typing_only


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    part = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if part in ABOVE:
        return
    assert part in RANKS, f"say in LAYERS where coach.{part} stands"
    for module, for_types in imports(path):
        top, _, rest = module.partition(".")
        other = rest.partition(".")[0]
        if top != "coach" or other in ("", part) or other not in RANKS:
            continue
        assert RANKS[other] < RANKS[part], f"{name_of(path)} imports {module}{' for types' * for_types}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_below_the_command_line_nobody_prints_exits_or_knows_click(path: Path) -> None:
    if path.is_relative_to(PACKAGE / "cli") or name_of(path) in PROGRAMS:
        return
    assert not [module for module, _ in imports(path) if module.partition(".")[0] in ("click", "rich")]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "input", "exit", "quit", "sys.exit", "os._exit"), called
        if isinstance(node, ast.Attribute):
            assert ast.unparse(node) not in ("sys.stdout", "sys.argv")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_command_imports_another(path: Path) -> None:
    commands = {f"coach.cli.{module}" for module, _ in COMMANDS.values()}
    if name_of(path) in commands or not path.is_relative_to(PACKAGE / "cli"):
        found = {module for module, _ in imports(path)} & (commands - {name_of(path)})
        assert not found, "what two commands need belongs into coach.app, or into a module of its own in cli"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert said
    assert said.splitlines()[0].endswith((".", ":", "?"))


def test_names_say_what_is_inside() -> None:
    parts = {part.lower() for path in MODULES for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert not parts & {"utils", "util", "helpers", "helper", "common", "manager", "misc", "core", "base"}


def test_importing_the_package_is_light() -> None:
    program = "import sys; before = set(sys.modules); import coach; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.startswith("coach")} == {"coach", "coach.version"}
    assert not {name.partition(".")[0] for name in loaded} - {"coach"} - set(sys.stdlib_module_names)


def test_the_public_names_are_there() -> None:
    import coach

    assert all(callable(getattr(coach, name)) for name in coach.__all__)
    assert set(coach.__all__) <= set(dir(coach))


# The page that draws the house.

PAGE = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")


def functions_of(path: Path) -> set[str]:
    """Return the functions of a module, methods as `Class.method`."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return found


@pytest.mark.parametrize("walk", ["A sentence, from YAML to sample", "A key press, to the loudspeaker"])
def test_the_walks_go_through_functions_that_are_there(walk: str) -> None:
    part = PAGE.partition(f"## {walk}\n")[2].partition("\n## ")[0]
    hops = re.findall(r"^\| `(coach/[\w/]+\.py)` \| `([\w.]+)` \|", part, re.MULTILINE)
    assert 5 <= len(hops) <= 10
    for file, function in hops:
        assert function in functions_of(PACKAGE.parent / file), f"{file}: {function}"


def test_the_page_names_files_that_are_there() -> None:
    for name in re.findall(r"`(coach/[\w/.]+)`", PAGE):
        if "xx" not in name:  # a language
            assert (PACKAGE.parent / name).exists(), name
