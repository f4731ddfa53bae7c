"""The documentation is true: its Python runs, its links lead somewhere, every page can be found."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COACH_CACHE", str(tmp_path / "clips"))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    assert (tmp_path / "reverse_clamshell.mp3").stat().st_size > 500_000
    first, segment = names["first_seconds"], names["segment"]
    assert getattr(first, "shape", None) == (120_000,)
    assert getattr(segment, "frame_rate", None) == 24_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(f"docs/{page.name}" in readme for page in PAGES[1:])


def test_the_readme_names_every_routine() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(f"`{script.stem}`" in readme for script in (ROOT / "scripts").glob("*.yaml"))
