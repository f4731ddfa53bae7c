"""`coach play`: on a terminal, without one, without a device, and what a sound server hears of it."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.command import SHORT, Command, coach, one_error
from tests.sound_server import Recorder, needs_server, recorder, server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["coach", "recorder", "server"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals and POSIX signals")

TINY = "title: Tiny\nlead_in: 0\nsteps:\n  - say: Done.\n"
WIDE = SHORT.replace("Lift", "\u540d\u524d\N{FLEXED BICEPS} lift of a rather long name").replace(
    "    switch: 8\n", "    switch: 20\n"
)


def without_sound(coach: Command) -> Command:
    """Hide every sound server; a machine with a sound card of its own can't be tested so."""
    coach.environment |= {
        "XDG_RUNTIME_DIR": str(coach.folder),
        "PULSE_SERVER": f"unix:{coach.folder}/nothing",
        "PULSE_RUNTIME_PATH": str(coach.folder),
    }
    if sys.platform != "linux" or os.path.exists("/dev/snd"):  # noqa: PTH110 - no Path for one question
        pytest.skip("this machine has a sound card")
    return coach


def test_without_a_device_it_says_what_to_do_before_the_voice_works(coach: Command) -> None:
    without_sound(coach)
    coach.write(SHORT)
    cold = coach.folder / "cold"
    error = one_error(coach("play", "short.yaml", COACH_CACHE=str(cold)), 3)
    assert error.startswith("coach: no sound device")
    assert "'coach export'" in error
    assert "--player null" in error
    assert not cold.exists()
    assert "-o writes a file" in one_error(coach("say", "Up"), 3)


def test_a_wrong_script_is_told_before_a_missing_device(coach: Command) -> None:
    without_sound(coach)
    coach.write("title: A\n")
    assert one_error(coach("play", "short.yaml"), 1).startswith("short.yaml:")


@posix
def test_without_a_terminal_it_tells_the_chapters(coach: Command) -> None:
    coach.write(SHORT)
    with coach.start("play", "short.yaml", "--player", "null") as process:
        assert process.stderr is not None
        assert process.stderr.readline().endswith("  Lift, left\n")
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (output, error) == ("", "coach: interrupted\n")


@pytest.mark.realtime
def test_it_plays_to_the_end_in_real_time(coach: Command) -> None:
    coach.write(TINY)
    coach("show", "short.yaml")
    started = time.monotonic()
    done = coach("play", "short.yaml", "--player", "null")
    duration = coach.timeline("short.yaml")["duration"]
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started > duration
    assert done.stdout == ""
    assert done.stderr == f"0:00 / 0:0{int(duration)}  Tiny\n"


@posix
@pytest.mark.realtime
@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-", "2>/dev/full 1>/dev/full"])
def test_it_plays_on_where_nothing_can_be_shown(coach: Command, stderr: str) -> None:
    if "full" in stderr and not os.path.exists("/dev/full"):  # noqa: PTH110 - no Path for one question
        pytest.skip("needs /dev/full")
    coach.write(TINY)
    coach("show", "short.yaml")
    command = shlex.join([sys.executable, "-m", "coach", "play", "short.yaml", "--player", "null"])
    done = subprocess.run(
        ["sh", "-c", f"exec {command} {stderr}"], cwd=coach.folder, env=coach.environment, check=False
    )
    assert done.returncode == 0
    (session,) = json.loads(coach("history", "--json").stdout)
    assert session["outcome"] == "completed"


class Screen:
    """A terminal on which `coach play` runs in the foreground, and what it wrote there."""

    def __init__(self, command: Command, columns: int, rows: int) -> None:
        import fcntl
        import pty
        import struct
        import termios

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.text = ""
        self.terminal, self._other = pty.openpty()
        fcntl.ioctl(self._other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._before = termios.tcgetattr(self._other)
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), self._other)
        arguments = ("play", "short.yaml", "--player", "null")
        self.process = command.start(*arguments, **streams, start_new_session=True, preexec_fn=take_terminal)

    def until(self, pattern: str, seconds: float = 20) -> str:
        """Read until a pattern appears, and return what was read."""
        deadline = time.monotonic() + seconds
        read = ""
        while not re.search(pattern, read):
            assert time.monotonic() < deadline, self.text + read
            read += self.read(0.1)
        self.text += read
        return read

    def read(self, seconds: float) -> str:
        """Return what is there, after waiting so long for it at most."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        return os.read(self.terminal, 65_536).decode(errors="replace") if ready else ""

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self._other, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def end(self) -> int:
        """Wait for the end, and return the exit code; the terminal must be as it was."""
        import termios

        code = self.process.wait(20)
        while more := self.read(0.1):
            self.text += more
        assert termios.tcgetattr(self._other) == self._before
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)
        os.close(self._other)

    @property
    def lines(self) -> list[str]:
        """Every state that a line of the screen was in."""
        return [line for line in re.split(r"[\r\n]+", self.text) if line]


@pytest.fixture
def start(coach: Command) -> Iterator[Callable[..., Screen]]:
    screens = []

    def play(script: str, columns: int = 60, rows: int = 24, **environment: str) -> Screen:
        coach.environment |= {"TERM": "xterm-256color", **environment}
        coach.environment.pop("LINES", None)
        coach.write(script)
        coach("show", "short.yaml")
        screens.append(Screen(coach, columns, rows))
        return screens[-1]

    yield play
    for screen in screens:
        screen.close()


IS_PLAYING = r"routine .*left"
WHOLE_SCREEN, LEFT_AGAIN = "\x1b[?1049h", "\x1b[?1049l"


@posix
@pytest.mark.parametrize("keys", ["q", "Q", "xyz\x1b[5~\x1bOP  q", "\x13q", "\x1aq"])
def test_q_stops_and_gives_the_screen_back(start: Callable[..., Screen], keys: str) -> None:
    screen = start(SHORT)
    screen.until(IS_PLAYING)
    screen.type(keys)
    assert screen.end() == 0
    assert screen.text.count(WHOLE_SCREEN) == screen.text.count(LEFT_AGAIN) == 1
    assert screen.text.rfind("\x1b[?25h") > screen.text.find("\x1b[?25l") >= 0  # the cursor
    assert screen.text.rfind("\x1b[?2004l") > screen.text.find("\x1b[?2004h") > 0  # the marks of pastes


@posix
@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
def test_a_signal_restores_the_terminal(start: Callable[..., Screen], signal_name: str) -> None:
    number = getattr(signal, signal_name)
    screen = start(SHORT)
    screen.until(IS_PLAYING)
    if number == signal.SIGINT:
        screen.type("\x03")
    else:
        screen.process.send_signal(number)
    assert screen.end() == 128 + number
    assert LEFT_AGAIN in screen.text
    assert ("coach: interrupted" in screen.text.partition(LEFT_AGAIN)[2]) == (number == signal.SIGINT)


@posix
def test_what_is_pasted_and_what_means_nothing_is_passed_over(start: Callable[..., Screen]) -> None:
    screen = start(SHORT)
    screen.until(IS_PLAYING)
    screen.type("\x1b[200~quit q q\n" + "q" * 5000)
    screen.type("q\x1b[201~\x1b[3~\x1b[1;5A")
    screen.until("volume|routine .*left")
    assert screen.process.poll() is None
    screen.type(" ")
    screen.until("rest|before.*left")
    screen.type("q")
    assert screen.end() == 0


@posix
def test_keys_steer(start: Callable[..., Screen]) -> None:
    screen = start(SHORT)
    screen.until(IS_PLAYING)
    screen.type("\x1b[B")
    screen.until("volume 90%")
    screen.type("-")
    screen.until("volume 80%")
    screen.type("N")
    screen.until("Next: Lift, left|next: Lift, right|Lift, left")
    screen.type("n")
    screen.until("Next: Lift, right")
    screen.type("q")
    assert screen.end() == 0


@posix
def test_a_dumb_or_tiny_terminal_has_one_line_that_never_wraps(start: Callable[..., Screen]) -> None:
    from rich.cells import cell_len

    screen = start(WIDE, columns=40, rows=5)
    screen.until("0:01 / ")
    screen.type("q")
    assert screen.end() == 0
    assert "space pause, q stop" in " ".join(screen.text.split())
    drawn = [line for line in screen.lines if " / " in line]
    assert len(drawn) > 5
    assert {cell_len(line) for line in drawn} == {39}
    assert any("\u2026" in line for line in drawn)
    assert WHOLE_SCREEN not in screen.text
    dumb = start(SHORT, TERM="dumb")
    dumb.until("0:00 / 0:")
    dumb.type("q")
    assert dumb.end() == 0
    assert "\x1b" not in dumb.text


@posix
def test_without_colour_there_is_none(start: Callable[..., Screen]) -> None:
    screen = start(SHORT, NO_COLOR="1")
    screen.until(IS_PLAYING)
    screen.type("q")
    assert screen.end() == 0
    colours = {each for codes in re.findall(r"\x1b\[([\d;]+)m", screen.text) for each in codes.split(";")}
    assert colours <= {"0", "1", "2", "3"}


@posix
def test_it_follows_a_terminal_that_changes_its_size(start: Callable[..., Screen]) -> None:
    screen = start(SHORT, columns=100, rows=40)
    screen.until(IS_PLAYING)
    for columns, rows in ((30, 8), (3, 2), (1, 1), (120, 50)):
        screen.resize(columns, rows)
        time.sleep(0.25)
        screen.text += screen.read(0.1)
        assert screen.process.poll() is None
    screen.until("volume.*q stop")
    screen.type("q")
    assert screen.end() == 0


@posix
@pytest.mark.realtime
def test_space_pauses_and_goes_on_at_the_start_of_the_sentence(start: Callable[..., Screen]) -> None:
    text = "This is a sentence that takes a good while to be spoken, longer than three seconds at least."
    screen = start(f"title: A\nsteps:\n  - say: {text}\n", columns=100, rows=5)
    screen.until("0:06 / .*This is a sentence")
    screen.type(" ")
    screen.until("paused")
    time.sleep(1.5)
    assert "0:07" not in screen.read(0)
    screen.type(" ")
    again = screen.until(r"\r0:0\d / 0:\d\d  This")
    assert re.findall(r"\r0:0(\d) / 0:\d\d  This", again)[-1] in "345"
    screen.type("q")
    assert screen.end() == 0


@pytest.mark.realtime
@needs_server
def test_a_sound_server_hears_the_very_samples_of_the_wav(coach: Command, recorder: Recorder) -> None:
    coach.environment |= {name: os.environ[name] for name in ("XDG_RUNTIME_DIR", "PULSE_SERVER")}
    coach.write(SHORT)
    assert coach("export", "short.yaml", "-o", "short.wav", "--sides", "left").returncode == 0
    with wave.open(str(coach.folder / "short.wav")) as file:
        exported = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    done = coach("play", "short.yaml", "--sides", "left")
    assert done.returncode == 0, done.stderr
    time.sleep(0.5)
    heard = recorder.samples
    sounding = np.flatnonzero(exported)
    first = np.flatnonzero(heard)[0] - sounding[0]
    assert first >= 0
    assert np.array_equal(heard[first : first + exported.size], exported[: heard.size - first])
    assert heard.size - first > sounding[-1]
    assert not heard[first + exported.size :].any()
