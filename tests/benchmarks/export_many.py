"""What it takes to export every routine that comes with Coach, one by one and all at once. Run by hand.

    python -m tests.benchmarks.export_many [RUNS]

The two ways run in turn, RUNS times over (3 by default): cold, with an empty cache; warm, with all clips but
no tracks; and unchanged. Every figure is that of whole processes; the medians are compared.
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

COACH = Path(sys.executable).with_name("coach")
SCRIPTS = sorted((Path(__file__).parents[2] / "scripts").glob("*.yaml"))


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    ways: dict[str, list[list[str | Path]]] = {
        "one by one": [[COACH, "export", script, "-o", "out/"] for script in SCRIPTS],
        "at once": [[COACH, "export", *SCRIPTS, "-o", "out/"]],
    }
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        out, cache = Path(folder) / "out", Path(folder) / "cache"
        environment = os.environ | {"HOME": folder, "COACH_CACHE": str(cache)}
        for _ in range(runs):
            for way, commands in ways.items():
                for state in ("cold", "warm", "unchanged"):
                    if state == "cold":
                        shutil.rmtree(cache, ignore_errors=True)
                    if state != "unchanged":
                        shutil.rmtree(out, ignore_errors=True)
                        out.mkdir()
                    started = time.perf_counter()
                    for command in commands:
                        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
                    times.setdefault((state, way), []).append(time.perf_counter() - started)
    for state in ("cold", "warm", "unchanged"):
        alone, together = (median(times[state, way]) for way in ways)
        print(f"{state:>9}: {alone:6.2f} s one by one, {together:6.2f} s at once: {together / alone:.2f}")


if __name__ == "__main__":
    main()
