"""Feeds readers with changed inputs, and makes each one that breaks them as small as it can.

python -m tests.fuzz.fuzz reader 100000 [SEED]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.mutation import mutate
from tests.fuzz.targets import MOST_SECONDS, TARGETS, Target, at_most, limit_memory

EVERY = 10_000


def fuzz(name: str, inputs: int, seed: int, folder: Path) -> dict[str, bytes]:
    """Return the smallest input found for each way to break a reader."""
    target, dice, found = TARGETS[name], random.Random(seed), dict[str, bytes]()
    corpus = target.corpus(folder)
    for number in range(1, inputs + 1):
        data = mutate(corpus, dice)
        fault = find_fault(target, data, folder)
        if fault and fault not in found:
            found[fault] = make_smaller(target, data, fault, folder)
            print(f"{name}, seed {seed}, input {number}: {fault}\n{found[fault]!r}", flush=True)
        if number % EVERY == 0:
            print(f"{name}: {number} inputs, {len(found)} faults", flush=True)
    return found


def find_fault(target: Target, data: bytes, folder: Path) -> str | None:
    """Return what goes wrong with an input and where; None if nothing does."""
    try:
        with at_most(MOST_SECONDS):
            target.feed(data, folder)
    except Exception as error:  # noqa: BLE001 - anything that it may not raise
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
        if isinstance(error, TimeoutError):
            place = "anywhere"
        return f"{type(error).__name__} at {place}"
    return None


def make_smaller(target: Target, data: bytes, fault: str, folder: Path) -> bytes:
    """Return a part of an input that has the same fault."""
    size = len(data) // 2
    deadline = time.process_time() + 60
    while size and time.process_time() < deadline:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + size :]
            if find_fault(target, less, folder) == fault:
                data = less
            else:
                at += size
        size //= 2
    return data


def main() -> int:
    """Run it by hand."""
    name, inputs = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    limit_memory(2000)
    with tempfile.TemporaryDirectory() as folder:
        found = fuzz(name, inputs, seed, Path(folder))
    print(f"{name}: {inputs} inputs with seed {seed}, {len(found)} faults, {time.process_time():.0f} CPU s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
