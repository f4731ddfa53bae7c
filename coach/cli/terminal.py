"""Text for a terminal: harmless, coloured only on a terminal, and measured in columns."""

from __future__ import annotations

import os
import shutil
import sys
from io import StringIO
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import click

from coach.borders import close_isolates, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WIDTH = 80  # columns if no terminal says how many it has
_NARROWEST = 20  # the fewest columns that a table takes

Cell: TypeAlias = "str | tuple[str, str]"
"""A cell of a table: a text, or a text and its style in rich's words."""


def columns() -> int:
    """Return the width of the terminal, or COLUMNS; 80 without a terminal."""
    return shutil.get_terminal_size((_WIDTH, 24)).columns


def styled(text: str, **style: bool | str) -> str:
    """Return a text in a click style, if standard output is a terminal on which colour is wanted."""
    return click.style(text, **style) if text and _is_coloured() else text  # type: ignore[arg-type]


def _is_coloured() -> bool:
    """Return whether standard output is a terminal on which colour is wanted."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def wide(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def filled(text: str, width: int) -> str:
    """Return a text at exactly this width: cut, with an ellipsis, or filled up with spaces."""
    if wide(text) > width:
        from rich.cells import set_cell_size

        text = close_isolates(set_cell_size(text, max(0, width - 1)).rstrip() + "…")
    return text + " " * (width - wide(text))


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most this width, broken between words; a longer word is broken too."""
    lines = [""]
    for word in printable(text).split():
        if lines[-1] and wide(lines[-1]) + 1 + wide(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
        if wide(lines[-1]) > width:
            from rich.cells import chop_cells

            lines[-1:] = chop_cells(lines[-1], width)
    return lines


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        width: how many columns of the screen it takes; None for the width of its longest cell.
        title: its heading.
        right: whether its cells are aligned to the right.
        style: the style of cells without their own, in rich's words, such as "bold cyan".
    """

    width: int | None = None
    title: str = ""
    right: bool = False
    style: str = ""


def table(shape: Sequence[Column], rows: Iterable[Sequence[Cell]], *, indent: int = 0) -> list[str]:
    """Return the lines of a table.

    On a terminal, the last column and those with a width are wrapped between words. In a pipe or a file,
    nothing is wrapped or cut, so that each row is one line for grep.

    Args:
        shape: the columns, from left to right.
        rows: the cells of each row, as many as there are columns.
        indent: spaces to the left of the table.
    """
    cells = [[(cell, "") if isinstance(cell, str) else cell for cell in row] for row in rows]
    cells = [[(printable(text), style) for text, style in row] for row in cells]
    if any(column.title for column in shape):
        cells.insert(0, [(column.title, "bold") for column in shape])
    lines = _draw(shape, cells, columns() - indent) if sys.stdout.isatty() else _pad(shape, cells)
    return [f"{' ' * indent}{line}".rstrip() for line in lines]


def print_table(shape: Sequence[Column], rows: Iterable[Sequence[Cell]], *, indent: int = 0) -> None:
    """Print a table to standard output; see `table`."""
    for line in table(shape, rows, indent=indent):
        click.echo(line)


def _pad(shape: Sequence[Column], rows: Sequence[Sequence[tuple[str, str]]]) -> Iterator[str]:
    """Yield rows as lines, however wide."""
    widths = [
        max([column.width or 0, *(wide(row[number][0]) for row in rows)])
        for number, column in enumerate(shape)
    ]
    for row in rows:
        padded = []
        for column, width, (text, _) in zip(shape, widths, row, strict=True):
            room = " " * (width - wide(text))
            padded.append(f"{room}{text}" if column.right else f"{text}{room}")
        yield "  ".join(padded)


def _draw(shape: Sequence[Column], rows: Sequence[Sequence[tuple[str, str]]], width: int) -> list[str]:
    """Return rows as lines that fit on the terminal, in colour if that is wanted."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for column in shape:
        wraps = column.width is not None or column is shape[-1]
        drawn.add_column(
            width=column.width,
            justify="right" if column.right else "left",
            no_wrap=not wraps,
            overflow="fold",
            style=column.style,
        )
    for row in rows:
        drawn.add_row(*(Text(text, style) for text, style in row))
    file = StringIO()
    colours: Literal["standard"] | None = "standard" if _is_coloured() else None
    console = Console(
        file=file,
        width=max(_NARROWEST, width),
        color_system=colours,
        force_terminal=colours is not None,
        legacy_windows=False,
    )
    console.print(drawn)
    return file.getvalue().splitlines()
