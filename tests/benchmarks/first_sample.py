"""How long until the player takes its first sample, and what start-up and a warm export cost. Run by hand.

    python -m tests.benchmarks.first_sample [RUNS]

Each figure is that of a whole process: with an empty clip cache (cold), then with a full one (warm).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "reverse_clamshell.yaml"
COACH = Path(sys.executable).with_name("coach")

FIRST_SAMPLE = """
import os, sys, time
from coach.player import playback

def take(self, count, take=playback.Playback.take):
    out = take(self, count)
    os.write(1, str(time.time()).encode())
    os._exit(0)

playback.Playback.take = take
sys.argv = ["coach", "play", sys.argv[1], "--player", "null"]
from coach.cli import main
main()
"""


def first_sample(environment: dict[str, str]) -> float:
    """Return the seconds from the start of the process to the first block that the device takes."""
    started = time.time()
    command = [sys.executable, "-c", FIRST_SAMPLE, str(SCRIPT)]
    taken = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    return float(taken) - started


def seconds(environment: dict[str, str], *command: str | Path) -> float:
    """Return how long a whole process takes."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print the figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder, "clips")
        environment = {**os.environ, "COACH_CACHE": str(cache)}
        export = (COACH, "export", SCRIPT, "-o", Path(folder, "track.mp3"))
        figures: dict[str, list[float]] = {}
        for _ in range(runs):
            shutil.rmtree(cache, ignore_errors=True)
            figures.setdefault("first sample, cold", []).append(first_sample(environment))
            figures.setdefault("first sample, warm", []).append(first_sample(environment))
            Path(folder, "track.mp3").unlink(missing_ok=True)
            figures.setdefault("export, warm clips", []).append(seconds(environment, *export))
            figures.setdefault("export, unchanged", []).append(seconds(environment, *export))
        for _ in range(6 * runs):
            figures.setdefault("coach --help", []).append(seconds(environment, COACH, "--help"))
            figures.setdefault("python importing click", []).append(
                seconds(environment, sys.executable, "-c", "import click")
            )
    for name, values in figures.items():
        print(f"{name:24} median {median(values):.3f} s, worst {max(values):.3f} s")
    ratio = median(figures["coach --help"]) / median(figures["python importing click"])
    print(f"{'coach --help':24} {ratio:.2f} times a Python that imports click")


if __name__ == "__main__":
    main()
