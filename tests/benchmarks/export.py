"""What an export costs beside the least that it could. Run by hand, on Linux or macOS.

    python -m tests.benchmarks.export [RUNS] [--no-overlay]

Every figure is that of a whole process. What a ratio compares runs in turn, RUNS times over (3 by default),
and the medians are compared. It takes six minutes, half of them for pydub's overlay, which runs once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

# Nothing large is imported here: a child's peak memory counts from that of the process that starts it.

COACH = Path(sys.executable).with_name("coach")
SHORT, LONG = 5, 30
"""Blocks of six minutes: half an hour, and three hours."""

TOP = "title: Benchmark\nsteps:\n"
BLOCK = """\
  - say: Part {number} is about your {part}. Move {manner}, and breathe all the while.
    pause: 5
  - exercise: {first} {number}
    reps: 12
    tempo: {{up: 1, down: 3}}
    sides: [left, right]
    setup: [Lie down and feel your {part}., Then settle, {manner} and without haste.]
    reminders:
      - Let your {part} work {manner}.
      - Part {number} asks for patience.
      - Breathe out as you lift, and move {manner}.
  - rest: 75
  - exercise: {second} {number}
    hold: 20
    reps: 3
    sides: [left, right]
    reminders: [Your {part} stays awake in part {number}., Hold it {manner}.]
  - rest: 30
"""
EXERCISES = ("Clamshell", "Bridge", "Side plank", "Bird dog", "Leg lift", "Wall sit", "Calf raise")
PARTS = ("lower back", "upper back", "neck", "hips", "shoulders", "belly", "ankles", "knees")
MANNERS = ("slowly", "softly", "calmly", "evenly", "steadily", "lightly", "smoothly", "quietly", "gently")

ENCODE_ALONE = """
import sys, wave, lameenc
with wave.open(sys.argv[1]) as file:
    samples = file.readframes(file.getnframes())
encoder = lameenc.Encoder()
encoder.silence()
encoder.set_in_sample_rate(24000)
encoder.set_channels(1)
encoder.set_bit_rate(64)
encoder.set_quality(5)
with open(sys.argv[2], "wb") as file:
    file.write(encoder.encode(samples))
    file.write(encoder.flush())
"""

OVERLAY = """
import json, sys
from pydub import AudioSegment
with open(sys.argv[1]) as file:
    plan = json.load(file)
clips = {name: AudioSegment.from_wav(name) for name in {name for name, _ in plan["cues"]}}
track = AudioSegment.silent(plan["milliseconds"], 24000)
for name, start in plan["cues"]:
    track = track.overlay(clips[name], start)
with open(sys.argv[2], "wb") as file:
    file.write(track.raw_data)
"""

MIX = """
import sys
from pathlib import Path
from coach.mix import blocks, to_int16
from coach.script import load
from coach.speech import open_speech
from coach.timeline import compile_routine
routine = load(Path(sys.argv[1]))
speech = open_speech(routine.language, routine.voice)
timeline = compile_routine(routine, speech)
with open(sys.argv[2], "wb") as file:
    for block in blocks(timeline, speech):
        file.write(to_int16(block))
"""

PLAN = """
import json, sys
from pathlib import Path
from coach.script import load
from coach.speech import open_speech
from coach.timeline import compile_routine
routine = load(Path(sys.argv[1]))
speech = open_speech(routine.language, routine.voice)
timeline = compile_routine(routine, speech)
cues = [(str(speech.cache.path(cue.clip.key)), cue.start // 24) for cue in timeline.cues]
print(json.dumps({"milliseconds": timeline.length // 24, "cues": cues}))
"""


class Cost(NamedTuple):
    """What a process took: seconds of the clock, and megabytes (10^6 bytes) at its peak."""

    seconds: float
    megabytes: float


def script(blocks: int) -> str:
    """Return a routine of that many blocks, each with exercises and sentences of its own."""
    text = TOP
    for number in range(1, blocks + 1):
        text += BLOCK.format(
            number=number,
            first=EXERCISES[number % len(EXERCISES)],
            second=EXERCISES[(number + 3) % len(EXERCISES)],
            part=PARTS[number % len(PARTS)],
            manner=MANNERS[number % len(MANNERS)],
        )
    return text


class Machine:
    """Runs processes with a folder for their files.

    Args:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "clips"
        self.environment = {**os.environ, "COACH_CACHE": str(self.cache), "HOME": str(folder)}

    def run(self, *command: str | Path) -> Cost:
        """Run a process to its end; its peak is that of its children too, of whichever was the largest."""
        started = time.perf_counter()
        process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, [str(part) for part in command])
        return Cost(seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)

    def python(self, program: str, *arguments: Path) -> Cost:
        """Run a program in a bare interpreter."""
        return self.run(sys.executable, "-c", program, *arguments)

    def export(self, source: Path, *, cold: bool = False) -> Cost:
        """Export a routine so that it is truly encoded; cold: so that it is truly spoken too."""
        shutil.rmtree(self.cache if cold else self.cache / "exports", ignore_errors=True)
        source.with_suffix(".mp3").unlink(missing_ok=True)
        return self.run(COACH, "export", source)


def measure(machine: Machine, runs: int, *, overlay: bool) -> list[tuple[str, str, str]]:
    """Return the rows of the table: what, how much, and the most that it should be."""
    short, long = machine.folder / "short.yaml", machine.folder / "long.yaml"
    short.write_text(script(SHORT), encoding="utf-8")
    long.write_text(script(LONG), encoding="utf-8")
    track, made = machine.folder / "short.wav", machine.folder / "made"
    machine.run(COACH, "export", short, "-o", track)  # compiles what Python has not compiled yet

    taken: dict[str, list[Cost]] = {}

    def note(name: str, cost: Cost) -> None:
        taken.setdefault(name, []).append(cost)

    for _ in range(runs):
        note("cold", machine.export(short, cold=True))
        note("warm", machine.export(short))
        note("unchanged", machine.run(COACH, "export", short))
        note("lameenc", machine.python(ENCODE_ALONE, track, made))
        note("mix", machine.python(MIX, short, made))
        note("cold, 3 hours", machine.export(long, cold=True))
        note("warm, 3 hours", machine.export(long))
    machine.export(short)  # its clips are there again
    seconds = {name: median(cost.seconds for cost in costs) for name, costs in taken.items()}
    peak = {name: median(cost.megabytes for cost in costs) for name, costs in taken.items()}

    plan = machine.folder / "plan.json"
    with plan.open("wb") as file:
        command = [sys.executable, "-c", PLAN, str(short)]
        subprocess.run(command, env=machine.environment, stdout=file, check=True)
    told = json.loads(plan.read_text("utf-8"))
    length, clips = told["milliseconds"] / 60_000, len(told["cues"])
    different = len({name for name, _ in told["cues"]})
    rows = [
        ("the track", f"{length:.1f} min, {clips} clips, {different} of them different", ""),
        ("lameenc alone", f"{seconds['lameenc']:.2f} s", ""),
        ("export, warm", f"{seconds['warm']:.2f} s", ""),
        ("export, warm : lameenc alone", f"{seconds['warm'] / seconds['lameenc']:.2f}", "1.5"),
        ("export, cold", f"{seconds['cold']:.2f} s", ""),
        ("export, cold - warm", f"{seconds['cold'] - seconds['warm']:.2f} s", "3 s"),
        ("export, unchanged", f"{seconds['unchanged']:.2f} s", ""),
        ("export of 3 hours, warm", f"{seconds['warm, 3 hours']:.1f} s", ""),
        ("export of 3 hours, cold", f"{seconds['cold, 3 hours']:.1f} s", ""),
    ]
    for state, most in (("warm", "200 MB"), ("cold", "350 MB")):
        more = peak[f"{state}, 3 hours"] - peak[state]
        rows += [
            (f"peak memory, {state}, 30 minutes", f"{peak[state]:.0f} MB", most),
            (f"peak memory, {state}, 3 hours", f"{peak[f'{state}, 3 hours']:.0f} MB", most),
            (f"peak memory, {state}, 3 hours - 30 minutes", f"{more:+.0f} MB", "20 MB"),
        ]
    rows.append(("script to raw samples with Coach", f"{seconds['mix']:.2f} s", ""))
    if overlay:
        laid = machine.python(OVERLAY, plan, made)
        rows += [
            (
                "clips to raw samples with pydub's overlay",
                f"{laid.seconds:.1f} s, {laid.megabytes:.0f} MB",
                "",
            ),
            ("pydub's overlay : script to samples", f"{laid.seconds / seconds['mix']:.0f}", ""),
            ("pydub's overlay : export, warm", f"{laid.seconds / seconds['warm']:.0f}", ""),
        ]
    return rows


def main() -> None:
    """Print the figures."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--no-overlay"]
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(
            Machine(Path(folder)),
            int(arguments[0]) if arguments else 3,
            overlay="--no-overlay" not in sys.argv,
        )
    print(f"{'':44} {'measured':>22}   at most")
    for what, figure, most in rows:
        print(f"{what:44} {figure:>22}   {most}".rstrip())


if __name__ == "__main__":
    main()
