"""Options and fixtures that all tests share."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from coach import ffmpeg, seal
from coach.user_folders import state_folder
from tests.examples import QUICK, USUAL

# The same examples every time, so that a run tells of the change at hand; with `--hypothesis-profile explore`
# others, and more of them. What Hypothesis says of time would tell how busy the machine is.
timeless = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", timeless, derandomize=True, max_examples=QUICK)
settings.register_profile("explore", timeless, derandomize=False, max_examples=10 * USUAL)
settings.load_profile("steady")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files anew from what the code makes now; then read the difference",
    )


@pytest.fixture(scope="session", autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests leave in the folder of states out of a person's own, but let them have the same key.

    With another one, all that tests need from the checkout's cache would be spoken again in each run.
    """
    seal.own_seal()
    key, folder = state_folder() / "seal.key", tmp_path_factory.mktemp("state")
    (folder / "coach").mkdir(mode=0o700)
    with suppress(OSError):  # a person without a home that can be written to
        shutil.copy(key, folder / "coach")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield


@pytest.fixture(scope="session")
def clips(pytestconfig: pytest.Config) -> Path:
    """The clip cache of all workers of a test run, and of the next runs; what has been spoken stays so."""
    cache = pytestconfig.cache
    assert cache is not None
    return cache.mkdir("voice") / "clips"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """A function that compares a text with a golden file, or writes it with --update-golden."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"there is no {path}; write it with pytest --update-golden"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def in_parallel() -> Callable[..., None]:
    """A function that runs code with arguments in several processes at once; all must end well."""

    def run(code: str, *arguments: str | Path, processes: int = 4) -> None:
        command = [sys.executable, "-c", dedent(code), *map(str, arguments)]
        running = [subprocess.Popen(command) for _ in range(processes)]
        assert [process.wait(timeout=60) for process in running] == [0] * processes

    return run


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
