"""What declaring the script format ourselves saves at start-up, beside pydantic.

Run by hand, in an environment with pydantic: python tests/benchmarks/declaration.py
Prints the median milliseconds that each import adds to a bare interpreter, side by side in one run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

_MODELS = """
from typing import Annotated
from pydantic import BaseModel, BeforeValidator, Field
"""
_MODELS += "\n".join(
    f"class Step{number}(BaseModel):\n"
    + "\n".join(
        f"    field{field}: Annotated[float, BeforeValidator(float)] = Field(1.0, description='one')"
        for field in range(12)
    )
    for number in range(8)
)

CASES = {
    "nothing": "pass",
    "pydantic with eight models of twelve fields": _MODELS,
    "coach.script.format (YAML parser included)": "import coach.script.format",
}


def milliseconds(code: str) -> float:
    """Return how long a fresh interpreter takes to run the code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Run the cases in turn, fifteen times over, and print their medians."""
    taken: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(15):
        for name, code in CASES.items():
            taken[name].append(milliseconds(code))
    base = statistics.median(taken["nothing"])
    for name, values in taken.items():
        print(f"{statistics.median(values) - base:7.1f} ms more than nothing  {name}")


if __name__ == "__main__":
    main()
