"""A living room: the sound server dies and comes back, the machine sleeps, the CPU is busy.

All of it with the installed command and a real sound server, measured at what the card plays. Real time: left
out unless -m names it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from coach.units import RATE
from tests.command import Command, coach
from tests.sound_server import RAW, needs_server, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Sound = NDArray[np.int16]

__all__ = ["coach"]

pytestmark = [pytest.mark.realtime, needs_server]

MILLISECOND = RATE // 1000
ANSWER = 0.3  # seconds from a key press to what is heard of it
BUSY = os.cpu_count() or 1  # processes that do nothing but work: one for each core

REPS = """\
title: Room
lead_in: 1
steps:
  - exercise: Lift
    reps: 14
    tempo: {up: 1, down: 1}
    count: both
"""
MINUTES = """\
title: Minutes
steps:
  - exercise: Lift
    reps: 30
    tempo: {up: 1, down: 3}
    reminders: [Keep your core engaged., Do not roll forward.]
"""
SENTENCE = "This is a rather long sentence, which goes on for a good while without any stop, " * 2
COMMANDS = (
    f"title: A\nlead_in: 1\nsteps:\n{4 * f'  - say: {SENTENCE}.{chr(10)}'}"
    + """\
  - exercise: Windshield wiper
    reps: 14
    tempo: {up: 1, down: 1}
  - exercise: Clamshell
    reps: 14
    tempo: {up: 1, down: 1}
"""
)


class Ear:
    """What a card plays, and when: a recording in samples, with the clock at each."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.heard = bytearray()
        self._process = process
        self._blocks = [(0, time.monotonic())]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while data := stream.read1(65_536):  # type: ignore[attr-defined]
            self.heard += data
            self._blocks.append((len(self.heard) // 2, time.monotonic()))

    @property
    def samples(self) -> Sound:
        return np.frombuffer(bytes(self.heard[: len(self.heard) // 2 * 2]), np.int16)

    def find(self, sound: Sound, start: int = 0) -> int | None:
        """Return the sample where a sound begins, every sample of it as it is; None if it was not heard."""
        at = self.heard.find(sound.tobytes(), 2 * start)
        return None if at < 0 else at // 2

    def moment(self, sample: int) -> float:
        """Return when a sample was heard, as late as it can have been."""
        return next(moment for end, moment in self._blocks if end > sample)

    def sample(self, moment: float) -> int:
        """Return the first sample that was heard behind a moment."""
        return max((end for end, at in list(self._blocks) if at <= moment), default=0)


class Room:
    """A sound server of one's own, whose card plays silence and is listened to."""

    def __init__(self, home: Path) -> None:
        self._socket = home / "pulse" / "native"
        self.environment = {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "PULSE_SERVER": f"unix:{self._socket}",
        }
        self._stack = ExitStack()
        os.environ |= self.environment  # pacat and parec are told so too

    def open(self) -> Ear:
        """Start the server."""
        self._socket.unlink(missing_ok=True)
        card = f"module-null-sink sink_name=coach rate={RATE} channels=1 format=s16le"
        native = "module-native-protocol-unix auth-anonymous=1"
        arguments = ("-n", "--daemonize=no", "--exit-idle-time=-1", "-L", card, "-L", native)
        self.server = self._stack.enter_context(running("pulseaudio", *arguments))
        until(self._socket.exists)
        self._stack.enter_context(running("pacat", "-d", "coach", *RAW, "/dev/zero"))
        ear = Ear(self._stack.enter_context(running("parec", "-d", "coach.monitor", *RAW)))
        until(lambda: len(ear.heard) > RATE // 4)
        return ear

    def kill(self) -> None:
        """End the server as a crash does."""
        self.server.kill()
        self.close()

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def room(tmp_path: Path, coach: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    for name in ("HOME", "XDG_RUNTIME_DIR", "PULSE_SERVER"):
        monkeypatch.setenv(name, "")
    home = tmp_path / "room"
    home.mkdir(mode=0o700)
    room = Room(home)
    coach.environment |= room.environment
    yield room
    room.close()


def until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def busy() -> Iterator[None]:
    """Load all cores."""
    with ExitStack() as stack:
        for _ in range(BUSY):
            stack.enter_context(running(sys.executable, "-c", "while True: pass"))
        yield


class Track:
    """What a script should sound like: its export, and each cue of it."""

    def __init__(self, command: Command, script: str) -> None:
        command.write(script)
        self.cues: list[dict[str, Any]] = command.timeline("short.yaml")["cues"]
        assert command("export", "short.yaml", "-o", "short.wav").returncode == 0
        with wave.open(str(command.folder / "short.wav")) as file:
            self.sound = np.frombuffer(file.readframes(file.getnframes()), np.int16)

    def clip(self, cue: dict[str, Any]) -> Sound:
        return self.sound[round(cue["start"] * RATE) : round(cue["end"] * RATE)]

    def attack(self, cue: dict[str, Any]) -> int:
        """Return the sample of a clip that falls on the beat."""
        early: float = cue["beat"] - cue["start"]
        return round(early * RATE)

    @property
    def counts(self) -> list[dict[str, Any]]:
        """The count-in: three, two, one."""
        return [cue for cue in self.cues if cue["kind"] == "countdown"][:3]

    @property
    def reps(self) -> list[dict[str, Any]]:
        """The first word of each rep."""
        firsts = {cue["rep"]: cue for cue in reversed(self.cues) if cue["rep"] and cue["beat"] is not None}
        return [firsts[rep] for rep in sorted(firsts)]


def came_back(track: Track, ear: Ear, start: int = 0) -> tuple[int, int]:
    """Wait for a count-in, and return the index of the rep that it leads up to, and the sample of its beat.

    What is heard must be right to the sample: the beats a second apart, the rep's word on the next one.
    """
    beats = []
    for cue in track.counts:
        until(lambda cue=cue: ear.find(track.clip(cue), start))  # type: ignore[misc]
        beats.append((ear.find(track.clip(cue), start) or 0) + track.attack(cue))
    beat = beats[-1] + RATE
    until(lambda: len(ear.heard) // 2 > beat + RATE)
    assert max(abs(np.diff(beats) - RATE)) <= MILLISECOND
    for index, cue in enumerate(track.reps):
        at = ear.find(track.clip(cue), beats[-1] + RATE // 2)
        if at is not None and abs(at + track.attack(cue) - beat) <= MILLISECOND:
            return index, beat
    raise AssertionError("no rep begins on the beat behind the count-in")


def session(coach: Command) -> dict[str, Any]:
    """Return the one session of the log."""
    sessions = json.loads(coach("history", "--json").stdout)
    assert len(sessions) == 1
    found: dict[str, Any] = sessions[0]
    return found


def test_a_sound_server_that_is_killed_ten_times_costs_no_place(coach: Command, room: Room) -> None:
    track = Track(coach, REPS)
    ear = room.open()
    with coach.start("play", "short.yaml") as process:
        try:
            rep, beat = came_back(track, ear)
            assert rep == 0
            for kill in range(10):
                onward = kill % 2  # in this rep, or in the next one
                moment = beat + (1 + 2 * onward) * RATE
                until(lambda ear=ear, moment=moment: len(ear.heard) // 2 >= moment)  # type: ignore[misc]
                room.kill()
                ear = room.open()
                again, beat = came_back(track, ear)
                assert again == rep + onward, f"kill {kill}"
                rep = again
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, error
    assert error.count("the sound has gone; the session waits for it\n") == 10
    assert error.count("the sound is back\n") == 10
    assert "Traceback" not in error
    rest = track.sound[round(track.reps[rep]["start"] * RATE) : round(track.cues[-1]["end"] * RATE)]
    assert ear.find(rest) == beat - track.attack(track.reps[rep])
    logged = session(coach)
    assert logged["outcome"] == "completed"
    assert [(row["reps_done"], row["outcome"]) for row in logged["sets"]] == [(14, "done")]


def test_two_minutes_on_a_busy_machine_are_the_samples_of_the_export(coach: Command, room: Room) -> None:
    track = Track(coach, MINUTES)
    assert track.sound.size > 120 * RATE
    ear = room.open()
    with busy():
        done = subprocess.run(
            [sys.executable, "-m", "coach", "play", "short.yaml"],
            cwd=coach.folder, env=coach.environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        time.sleep(0.5)
    assert done.returncode == 0, done.stderr
    first, last = np.flatnonzero(track.sound)[[0, -1]]
    sounding = track.sound[first : last + 1]
    begins = int(np.flatnonzero(ear.samples)[0])
    assert np.array_equal(ear.samples[begins : begins + sounding.size], sounding)


class Keyboard:
    """A terminal on which `coach play` runs."""

    def __init__(self, command: Command) -> None:
        import pty

        self._terminal, other = pty.openpty()
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), other)
        self.process = command.start("play", "short.yaml", **streams, start_new_session=True)
        os.close(other)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while os.read(self._terminal, 65_536):
                pass
        except OSError:  # it has ended
            pass

    def press(self, keys: str) -> float:
        """Press keys, and return when."""
        now = time.monotonic()
        os.write(self._terminal, keys.encode())
        return now

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._terminal)


def test_commands_are_heard_within_a_moment_on_a_busy_machine(coach: Command, room: Room) -> None:
    track = Track(coach, COMMANDS)
    ear = room.open()
    sentence = track.clip(next(cue for cue in track.cues if cue["kind"] == "say"))
    answers: dict[str, float] = {}
    with busy():
        keyboard = Keyboard(coach)
        try:
            until(lambda: ear.find(sentence[: 2 * RATE]))
            for what in ("pause", "pause again"):
                pressed = keyboard.press(" ")
                time.sleep(1.2)
                sounding = np.flatnonzero(ear.samples)
                answers[what] = ear.moment(int(sounding[-1])) - pressed
                start = ear.samples.size
                pressed = keyboard.press(" ")
                until(lambda start=start: ear.samples[start:].any())  # type: ignore[misc]
                first = start + int(np.flatnonzero(ear.samples[start:])[0])
                answers[f"resume after {what}"] = ear.moment(first) - pressed
                until(lambda first=first: ear.find(sentence[: 2 * RATE], first - RATE))  # type: ignore[misc]
            begins = ear.find(sentence[: 2 * RATE], first - RATE)
            assert begins is not None
            pressed = keyboard.press("-")
            time.sleep(1)
            heard = ear.samples[begins : begins + sentence.size]
            changed = int(np.flatnonzero(heard != sentence[: heard.size])[0])
            answers["volume"] = ear.moment(begins + changed) - pressed
            assert heard[changed + RATE // 4 :].std() < sentence[changed + RATE // 4 : heard.size].std()
            keyboard.press("+")
            for what, name in (("next", "Windshield wiper"), ("next again", "Clamshell")):
                time.sleep(0.2)
                clip = track.clip(next(cue for cue in track.cues if cue["text"].startswith(name)))
                word, pressed = clip[: RATE // 2], keyboard.press("n")
                at = ear.sample(pressed)
                until(lambda word=word, at=at: ear.find(word, at))  # type: ignore[misc]
                answers[what] = ear.moment(ear.find(word, at) or 0) - pressed
            keyboard.press("q")
            assert keyboard.process.wait(10) == 0
        finally:
            keyboard.close()
    assert max(answers.values()) <= ANSWER, answers


def test_a_process_that_was_stopped_goes_on_with_a_count_in(coach: Command, room: Room) -> None:
    track = Track(coach, REPS)
    ear = room.open()
    with coach.start("play", "short.yaml") as process:
        try:
            rep, beat = came_back(track, ear)
            until(lambda: len(ear.heard) // 2 > beat + 3 * RATE)
            process.send_signal(signal.SIGSTOP)
            time.sleep(6)
            woken = time.monotonic()
            process.send_signal(signal.SIGCONT)
            again, beat = came_back(track, ear, ear.sample(woken))
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        finally:
            process.kill()
    assert again == rep + 1
    assert beat - ear.sample(woken) < 8 * RATE  # no more is said than where one is


GIVES_UP = """
import coach.session.absence
coach.session.absence._PATIENCE = 1.0
from coach.cli import main
main()
"""


@pytest.mark.parametrize("hangs", [False, True])
def test_a_sound_server_that_does_not_come_back(coach: Command, room: Room, hangs: bool) -> None:
    track = Track(coach, REPS)
    ear = room.open()
    process = subprocess.Popen(
        [sys.executable, "-c", GIVES_UP, "play", "short.yaml"],
        cwd=coach.folder, env=coach.environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        came_back(track, ear)
        time.sleep(2)
        if hangs:
            room.server.send_signal(signal.SIGSTOP)
        else:
            room.kill()
        _, error = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
        room.kill()
    assert process.returncode == 3
    why = "the sound system does not answer" if hangs else "no sound device that miniaudio can open"
    assert error.splitlines()[-2:] == [
        "coach: the sound has gone; the session waits for it",
        f"coach: {why}; it did not come back for 0 minutes",
    ]
    logged = session(coach)
    assert logged["outcome"] == "broken off"
    assert logged["reason"].startswith(why)


def test_a_dummy_in_the_place_of_the_last_device_is_no_sound(coach: Command, room: Room) -> None:
    track = Track(coach, REPS)
    with ExitStack() as stack:
        arguments = ("-n", "--daemonize=no", "--exit-idle-time=-1", "-L", "module-always-sink")
        rescue = ("-L", "module-rescue-streams", "-L", "module-native-protocol-unix auth-anonymous=1")
        stack.enter_context(running("pulseaudio", *arguments, *rescue))
        until(lambda: coach("play", "short.yaml").stderr.startswith("coach: no sound device"))
        card = ("module-null-sink", "sink_name=headset")
        pactl = partial(subprocess.run, check=True, capture_output=True, text=True, env=coach.environment)
        number = pactl(["pactl", "load-module", *card]).stdout.strip()
        with coach.start("play", "short.yaml") as process:
            assert process.stderr is not None
            time.sleep(track.counts[0]["start"])
            pactl(["pactl", "unload-module", number])
            lines = iter(process.stderr.readline, "")
            assert "coach: the sound has gone; the session waits for it\n" in lines
            pactl(["pactl", "load-module", *card])
            assert next(lines) == "coach: the sound is back\n"
            process.terminate()
            process.communicate(timeout=20)
