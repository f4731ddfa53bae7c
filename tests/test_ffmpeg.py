"""Finding ffmpeg, running it, and what is said when it is missing or fails."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coach import ffmpeg
from coach.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

posix = pytest.mark.skipif(sys.platform == "win32", reason="stands in for ffmpeg with a shell script")


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Nothing found in one test is remembered in the next."""
    ffmpeg._packaged.cache_clear()
    ffmpeg.segment_class.cache_clear()
    yield
    ffmpeg._packaged.cache_clear()
    ffmpeg.segment_class.cache_clear()


@pytest.fixture
def none_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide every ffmpeg."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return a function that puts a shell script in the place of ffmpeg."""

    def put(script: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "ffmpeg"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
        return program

    return put


def write(path: Path, pieces: int = 100) -> None:
    with path.open("w+b") as file:
        ffmpeg.write(
            ["-f", "s16le", "-i", "pipe:0", "-f", "wav"], (bytes(96_000) for _ in range(pieces)), file
        )


# Where it is


@posix
def test_the_one_on_the_path_comes_first(fake: Callable[[str], Path]) -> None:
    program = fake("exit 0")
    assert ffmpeg.find() == str(program)


def test_then_the_one_in_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = pytest.importorskip("imageio_ffmpeg", reason="the extra `formats` is not installed")
    monkeypatch.setenv("PATH", "")
    assert ffmpeg.find() == packaged.get_ffmpeg_exe()
    assert Path(ffmpeg.find()).is_relative_to(Path(packaged.__file__).parent)


@pytest.mark.usefixtures("none_there")
def test_without_one_a_line_says_how_to_get_it() -> None:
    for call in (ffmpeg.find, ffmpeg.identity, lambda: ffmpeg.convert(b"x", [], timeout=1)):
        with pytest.raises(AudioError) as caught:
            call()
        assert str(caught.value) == (
            "this format needs ffmpeg, which is not installed: install it (apt install ffmpeg,"
            " brew install ffmpeg, winget install ffmpeg) or run: pip install 'coach-audio[formats]'"
        )


@posix
def test_another_program_has_another_identity(fake: Callable[[str], Path]) -> None:
    program = fake("exit 0")
    before = ffmpeg.identity()
    assert ffmpeg.identity() == before
    os.utime(program, (1, 1))
    moved = ffmpeg.identity()
    program.write_text("#!/bin/sh\nexit 1\n")
    assert len({before, moved, ffmpeg.identity()}) == 3


# When it fails


@posix
def test_a_program_that_does_not_start(fake: Callable[[str], Path], tmp_path: Path) -> None:
    program = fake("")
    program.write_bytes(b"\x7fELF nothing")
    for call in (lambda: write(tmp_path / "a.wav"), lambda: ffmpeg.convert(b"x", [], timeout=1)):
        with pytest.raises(AudioError, match=f"cannot start {program}: Exec format error"):
            call()


@posix
def test_its_first_line_tells_what_failed(fake: Callable[[str], Path], tmp_path: Path) -> None:
    fake("echo 'Unknown encoder x' >&2; echo more >&2; exit 3")
    with pytest.raises(AudioError, match=r"^ffmpeg failed: Unknown encoder x$"):
        write(tmp_path / "a.wav")


@posix
def test_silent_failure(fake: Callable[[str], Path], tmp_path: Path) -> None:
    fake("exit 3")
    with pytest.raises(AudioError, match=r"^ffmpeg failed: code 3$"):
        write(tmp_path / "a.wav")


@posix
def test_killed_from_outside(fake: Callable[[str], Path], tmp_path: Path) -> None:
    fake("kill -9 $$")
    with pytest.raises(AudioError, match=r"^ffmpeg was killed \(signal 9\)$"):
        write(tmp_path / "a.wav")


@posix
@pytest.mark.parametrize(
    ("script", "number"),
    [
        ("echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1", errno.ENOSPC),
        ("cat >/dev/null; echo 'Error writing trailer: No space left on device' >&2", errno.ENOSPC),
        ("kill -XFSZ $$", errno.EFBIG),
    ],
)
def test_a_full_disk_is_an_error_of_the_file(
    fake: Callable[[str], Path], tmp_path: Path, script: str, number: int
) -> None:
    fake(script)
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        write(tmp_path / "a.wav")
    assert caught.value.errno == number


@posix
def test_an_interruption_ends_it_at_once(fake: Callable[[str], Path], tmp_path: Path) -> None:
    fake(f"echo $$ >{tmp_path}/pid; exec sleep 60")  # never reads, so that the pipe fills
    code = """
import sys
from pathlib import Path
from tests.test_ffmpeg import write
try:
    write(Path(sys.argv[1]))
except KeyboardInterrupt:
    print("interrupted")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "a.wav"], stdout=subprocess.PIPE, text=True
    )
    pid = tmp_path / "pid"
    for _ in range(500):
        if pid.exists() and pid.read_text().endswith("\n"):
            break
        time.sleep(0.02)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=5)[0] == "interrupted\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@posix
def test_an_error_of_the_input_ends_it_and_goes_on_up(fake: Callable[[str], Path], tmp_path: Path) -> None:
    fake(f"echo $$ >{tmp_path}/pid; exec cat >/dev/null")

    def pieces() -> Iterator[bytes]:
        while not (tmp_path / "pid").exists():
            time.sleep(0.01)
        yield b"x"
        raise FileNotFoundError(errno.ENOENT, "gone", "a clip")

    with pytest.raises(FileNotFoundError, match="a clip"), (tmp_path / "a").open("w+b") as file:
        ffmpeg.write([], pieces(), file)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@posix
def test_one_that_hangs_is_given_up(fake: Callable[[str], Path]) -> None:
    fake("exec sleep 60")
    with pytest.raises(AudioError, match="ffmpeg took longer than 0 seconds"):
        ffmpeg.convert(b"x", [], timeout=0.1)


def test_any_name_of_a_file(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    target = tmp_path / "-a:b%d.wav"
    with target.open("w+b") as file:
        ffmpeg.write(["-f", "s16le", "-i", "pipe:0", "-f", "wav", "-bitexact"], [bytes(200)], file)
        assert file.tell() == 244
    assert target.read_bytes().endswith(bytes(200))


# pydub


@pytest.mark.parametrize("packaged", [True, False])
def test_pydub_loads_without_a_word(tmp_path: Path, packaged: bool) -> None:
    if packaged:
        pytest.importorskip("imageio_ffmpeg", reason="the extra `formats` is not installed")
    code = f"""
import os, sys
os.environ["PATH"] = ""
if not {packaged}:
    sys.modules["imageio_ffmpeg"] = None
from coach.ffmpeg import segment_class
print(segment_class().converter)
import warnings
warnings.warn("still an error", UserWarning)
"""
    run = subprocess.run(
        # Warnings of its syntax come when it is compiled, so what was compiled before is not used.
        [sys.executable, "-W", "error", "-X", f"pycache_prefix={tmp_path}", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.stderr.splitlines()[-1] == "UserWarning: still an error"
    assert [kind for kind in ("Runtime", "Syntax", "Deprecation") if f"{kind}Warning" in run.stderr] == []
    assert ("imageio" in run.stdout) is packaged
    assert run.stdout == "ffmpeg\n" or packaged


def test_a_converter_that_a_person_chose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    segment = ffmpeg.segment_class()
    ffmpeg.segment_class.cache_clear()
    monkeypatch.setattr(segment, "converter", "/opt/mine/ffmpeg")
    monkeypatch.setenv("PATH", "")
    assert ffmpeg.segment_class().converter == "/opt/mine/ffmpeg"


def test_without_pydub_a_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(ffmpeg, "import_module", missing)
    with pytest.raises(AudioError, match=r"^cannot load pydub \(No module named 'pydub'\): run pip install"):
        ffmpeg.segment_class()


def test_nothing_heavy_is_loaded_early() -> None:
    code = "import sys, coach.ffmpeg; print(sorted({'pydub', 'numpy', 'imageio_ffmpeg'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
