"""Options and fixtures that all tests share."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from coach import ffmpeg
from tests.examples import USUAL

# The same examples every time, so that a run tells of the change at hand; with `--hypothesis-profile explore`
# others, and more of them. What Hypothesis says of time would tell how busy the machine is.
timeless = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", timeless, derandomize=True, max_examples=USUAL)
settings.register_profile("explore", timeless, derandomize=False, max_examples=10 * USUAL)
settings.load_profile("steady")

if TYPE_CHECKING:
    from collections.abc import Callable


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew from what the code makes now; then read the difference",
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """A function that compares a text with a golden file, or writes it with --update-golden."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"there is no {path}; write it with pytest --update-golden"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(params=["on PATH", "packaged"])
def converter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let only one of the two kinds of ffmpeg be found."""
    if request.param == "on PATH":
        on_path = shutil.which("ffmpeg")
        if on_path is None:
            pytest.skip("ffmpeg is not installed")
        return on_path
    pytest.importorskip("imageio_ffmpeg", reason="the extra `formats` is not installed")
    monkeypatch.setenv("PATH", "")
    return ffmpeg.find()
