"""Inputs that are nearly right: real ones, changed here and there by slips, sick disks and enemies."""

from __future__ import annotations

import random

MOST_BYTES = 6_000  # longer inputs are only slower
TOKENS = (
    "- ", ": ", "\n", "  ", "\t", "[", "]", "{", "}", "&a ", "*a", "!!str ", "|", ">", "'", '"', "#", "?",
    "---\n", "<<: ", "~", "null", "0", "-1", "1e309", "nan", "0x10", "1:30", "10-15",
    "99999999999999999999", ".5", "30s", "reps: ", "hold: 30", "for: 1:00", "tempo: 3010",
    "sides: [left, right]", "repeat: 3", "steps:", "say: ", "rest: 0", "use: clamshell", "every: 60",
    "rounds: 5", "include: a.yaml", "count: off", "easier: {}", "{side}", "{exercise}", "{", "\x00",
    "\x1b[2J", "\u202e", "\u200b", "\ufeff", "\U0001f3cb", "\u0663", "\xbd", "\r\n",
    "# >>> coach schedule >>>\n", "# <<< coach schedule <<<\n", "#paused: ", "30 6 * * 1-5 ", "\\%", "%",
    "CRON_TZ=Asia/Tokyo\n", "SHELL=/bin/sh\n",
)  # fmt: skip


def mutate(corpus: list[bytes], dice: random.Random) -> bytes:
    """Return one of the inputs, changed in one to six places."""
    data = bytearray(dice.choice(corpus)[:MOST_BYTES])
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        at = dice.randrange(len(data) + 1)
        end = min(len(data), at + dice.choice((1, 1, 4, 30, 200)))
        match dice.randrange(8):
            case 0:
                data[at:end] = b""
            case 1:
                data[at:at] = dice.choice(TOKENS).encode()
            case 2:
                data[at:end] = dice.choice(TOKENS).encode()
            case 3:
                data[at:at] = data[at:end] * dice.choice((1, 2, 20))
            case 4:
                data[at:end] = bytes(dice.randrange(256) for _ in range(end - at))
            case 5:
                lines = bytes(data).split(b"\n")
                dice.shuffle(lines)
                data = bytearray(b"\n".join(lines))
            case 6:
                other = dice.choice(corpus)
                start = dice.randrange(len(other) + 1)
                data[at:at] = other[start : start + dice.choice((10, 60, 400))]
            case _:
                lines = bytes(data).split(b"\n")
                line = dice.randrange(len(lines))
                lines[line] = b" " * dice.randrange(9) + lines[line].lstrip()
                data = bytearray(b"\n".join(lines))
    return bytes(data)
