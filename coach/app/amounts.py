"""Amounts for people to read: a moment, a size, a number of things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coach.units import RATE

if TYPE_CHECKING:
    from coach.timeline import Added


def clock(samples: int, *, tenths: bool = False) -> str:
    """Return a moment of a track: 1:05, or 1:05.3 with tenths, or 1:02:03 from an hour on."""
    whole, part = divmod(samples, RATE)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}.{part * 10 // RATE}" if tenths else text


def size_text(size_bytes: int) -> str:
    """Return a size: 812 bytes, 4.1 MB."""
    if size_bytes < 1000:
        return count_text(size_bytes, "byte")
    amount = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95 or unit == "GB":
            break
    return f"{amount:.1f} {unit}"


def count_text(number: int, noun: str) -> str:
    """Return a number of things: 1 file, 3 files."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def explain_added(added: Added) -> str:
    """Return by how much a track is longer than what was written, and how to mend it; "" if it is not."""
    told = []
    if number := len(added.introductions):
        adds, them = ("adds", "it to the work before") if number == 1 else ("add", "them")
        length = clock(sum(added.introductions) + RATE // 2)
        told.append(f"{count_text(number, 'introduction')} {adds} {length}; `between: 0` joins {them}")
    if number := len(added.others):
        adds = "adds" if number == 1 else "add"
        told.append(f"{count_text(number, 'other joint')} {adds} {sum(added.others) / RATE:.1f} s")
    return "; ".join(told)
