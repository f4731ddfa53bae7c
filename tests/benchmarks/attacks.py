"""Where the attacks of each voice lie: python tests/benchmarks/attacks.py

Prints, for the neural voice and the system's voice of every language, the least, median and largest attack of
the words that Coach itself says on a beat, in milliseconds from the start of the trimmed clip.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from coach.phrases import languages, phrasebook
from coach.speech import ClipCache, Speech, choose_voice
from coach.units import RATE


def main() -> None:
    """Measure every voice in a cache of its own."""
    for engine, codes in (("neural", ["en"]), ("system", languages())):
        for code in codes:
            book = phrasebook(code)
            words = [*book.tables["phases"].values(), *book.tables["milestones"].values()]
            words += [book.count(number) for number in range(1, 21)]
            with tempfile.TemporaryDirectory() as folder:
                speech = Speech(choose_voice(code, engine=engine), ClipCache(Path(folder)))
                attacks = sorted(1000 * speech.clip(word).attack / RATE for word in dict.fromkeys(words))
            print(
                f"{speech.voice_name:28} {code}  {len(attacks):3} words  "
                f"{attacks[0]:5.0f} {statistics.median(attacks):5.0f} {attacks[-1]:5.0f} ms"
            )


if __name__ == "__main__":
    main()
