"""Ten minutes with every core busy: how far what a sound server plays lies from the export, cue by cue."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from coach.units import RATE
from tests.command import Command
from tests.test_living_room import Room, Track, busy

SCRIPT = """\
title: Ten minutes
steps:
  - exercise: Lift
    reps: 15
    sets: {sets}
    tempo: {{up: 1, down: 3}}
"""
A_SET = 2  # minutes, the rest after it included


def main(minutes: int = 10) -> None:
    """Play for so many minutes, and print the offsets."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        home.chmod(0o700)
        room = Room(home)
        command = Command(home, home / "clips")
        command.environment |= os.environ | room.environment | {"COACH_CACHE": str(home / "clips")}
        track = Track(command, SCRIPT.format(sets=max(1, minutes // A_SET)))
        stack.callback(room.close)
        ear = room.open()
        with busy():
            subprocess.run(
                [sys.executable, "-m", "coach", "play", "short.yaml"],
                cwd=home, env=command.environment, check=True,
            )  # fmt: skip
            time.sleep(0.5)
        offsets: list[int] = []
        at, lost = 0, 0
        for cue in track.cues:
            found = ear.find(track.clip(cue), at)
            if found is None:
                lost += 1
            else:
                at = found
                offsets.append(found - round(cue["start"] * RATE))
        spread = (max(offsets) - min(offsets)) / RATE * 1000
        print(
            f"{track.sound.size / RATE / 60:.1f} minutes, {len(track.cues)} cues, {lost} with a gap in them"
        )
        print(f"drift in all: {(offsets[-1] - offsets[0]) / RATE * 1000:.2f} ms; at most {spread:.2f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
