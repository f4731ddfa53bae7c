"""What is fed with changed inputs, and what may come of it."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import numpy as np

from coach import script
from coach.errors import CoachError, ScriptError
from coach.schedule import Schedule
from coach.schedule.crontab import add_line, change_lines, format_line, read_line, split_crontab
from coach.speech.cache import ClipCache
from coach.speech.clip import Recording
from coach.timeline import compile_routine
from tests.strategies import PacedSpeech

SCRIPTS = Path(__file__).parents[2] / "scripts"
GOLDENS = Path(__file__).parents[1] / "scripts"
MOST_SECONDS = 5  # of the processor, for one input
HIP = Schedule("hip", "30 6 * * 1-5", ("/opt/coach",), "/home/ada/hip 50% 'é\".yaml", ("--level", "easier"))
CRONTABS = [
    b"", b"#", b"MAILTO=ada\n*/5 * * * * /bin/true % in%put\n@reboot x\n", b"\xff\xfe\r\n# x\0\n",
    add_line("# mine\n", format_line(HIP)), add_line("CRON_TZ=Asia/Tokyo\n0 0 * * * x", format_line(HIP)),
]  # fmt: skip
KEY = "0" * 64


class Target(NamedTuple):
    """Something that reads what others have written.

    Attributes:
        corpus: returns inputs to change.
        feed: reads one; raises anything if it does what it may not.
    """

    corpus: Callable[[Path], list[bytes]]
    feed: Callable[[bytes, Path], None]


def _scripts(_: Path) -> list[bytes]:
    files = [*SCRIPTS.glob("*.yaml"), *GOLDENS.rglob("*.yaml")]
    return [file.read_bytes() for file in sorted(files)]


def _read_script(data: bytes, folder: Path) -> None:
    """Every problem is told in lines of one kind; what has none is a routine that can be compiled."""
    path = folder / "a.yaml"
    path.write_bytes(data)
    with clear_errors():
        for level in (None, "easier"):
            timeline = compile_routine(script.load(path, level=level), PacedSpeech())
            assert timeline.length > 0


@contextmanager
def clear_errors() -> Iterator[None]:
    """Let errors pass that are of a few clear lines."""
    try:
        yield
    except CoachError as error:
        lines = error.lines() if isinstance(error, ScriptError) else [str(error)]
        if not (0 < len(lines) <= 21 and all(line.isprintable() and len(line) < 1000 for line in lines)):
            raise AssertionError(lines) from error


def _crontabs(_: Path) -> list[bytes]:
    return [text if isinstance(text, bytes) else (text or "").encode() for text in CRONTABS]


def _edit_crontab(data: bytes, _: Path) -> None:
    """Every byte outside the block stays, and what was added can be removed again."""
    text = data.decode(errors="surrogateescape")
    try:
        parts = split_crontab(text)
    except CoachError:
        return
    assert not parts.lines or parts.text in {text, f"{text}\n"}  # with a newline after our last mark
    new = Schedule("new", "0 18 * * *", ("/opt/coach",), "/home/ada/neck.yaml")
    line = format_line(new)
    assert read_line(line) == new
    if line in parts.lines:
        return
    added = add_line(text, line)
    assert added is not None
    there = split_crontab(added)
    assert (there.before, there.lines, there.after) == (parts.before, (*parts.lines, line), parts.after)
    if any(each.name == "new" for each in map(read_line, parts.lines) if each):
        return
    removed = change_lines(added, ["new"], lambda _: None) or ""
    assert not parts.lines or removed in {text, f"{text}\n"}


def _clips(folder: Path) -> list[bytes]:
    cache = ClipCache(folder / "cache")
    whole = []
    for samples in (1, 240, 2400):
        pcm = (np.sin(np.arange(samples) / 9) * 9000).astype("<i2").tobytes()
        cache.save(KEY, Recording(pcm, 0, -19.0, 0.3))
        whole.append(cache.path(KEY).read_bytes())
    return whole


def _load_clip(data: bytes, folder: Path) -> None:
    """A clip is what was saved, or missing."""
    cache = ClipCache(folder / "cache")
    path = cache.path(KEY)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    assert cache.load(KEY) is None or data in _clips(folder)


TARGETS = {
    "reader": Target(_scripts, _read_script),
    "crontab": Target(_crontabs, _edit_crontab),
    "cache": Target(_clips, _load_clip),
}


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise TimeoutError when this process has used so many seconds of the processor."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s of the processor")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def limit_memory(megabytes: int) -> None:
    """Let this process have so much memory in all."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20,) * 2)
