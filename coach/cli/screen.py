"""Text for a screen: colour only on a terminal, characters as wide as they are, moments as people read."""

from __future__ import annotations

import os
import shutil
import sys

import click

from coach.cli.app import one_line
from coach.units import RATE

_WIDTH = 80  # columns where no terminal says how many it has


def columns() -> int:
    """Return how wide the screen is, or COLUMNS; 80 without a terminal."""
    return shutil.get_terminal_size((_WIDTH, 24)).columns


def styled(text: str, **style: bool | str) -> str:
    """Return a text in a click style, where standard output is a terminal that a person wants in colour."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return click.style(text, **style) if text and sys.stdout.isatty() and not plain else text  # type: ignore[arg-type]


def wide(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def filled(text: str, width: int) -> str:
    """Return a text that takes a width exactly: cut, with an ellipsis, or filled up with spaces."""
    if wide(text) > width:
        from rich.cells import set_cell_size

        text = set_cell_size(text, max(0, width - 1)).rstrip() + "…"
    return text + " " * (width - wide(text))


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most a width, cut between words; a longer word is cut where it must."""
    lines = [""]
    for word in one_line(text).split():
        if lines[-1] and wide(lines[-1]) + 1 + wide(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
        if wide(lines[-1]) > width:
            from rich.cells import chop_cells

            lines[-1:] = chop_cells(lines[-1], width)
    return lines


def clock(samples: int, *, tenths: bool = False) -> str:
    """Return a moment as a person reads it: 1:05, or 1:05.3 with tenths, or 1:02:03 from an hour on."""
    whole, part = divmod(samples, RATE)
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}.{part * 10 // RATE}" if tenths else text
