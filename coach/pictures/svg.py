"""The sheets of a routine as SVG, to print on A4 from a browser or from Inkscape, one sheet to a page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from coach.borders import clean_for_picture
from coach.pictures.sheets import HEIGHT, LEFT, RIGHT, TOP, WIDTH, Box, Letters, Rule, Shape, Sheet, sheets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coach.routine import Routine
    from coach.timeline import Timeline

STYLE = """\
text { font-family: Arial, Helvetica, "Liberation Sans", "DejaVu Sans", sans-serif;
  unicode-bidi: isolate }"""

_PAGED = "@page { size: 210mm 297mm; margin: 0 }"


def svg(timeline: Timeline, routine: Routine | None = None) -> str:
    """Return a routine as a picture to print and hand out: A4 sheets, one below the other.

    Args:
        timeline: the compiled routine.
        routine: the routine it was compiled from, for its description; None leaves that out.
    """
    made = sheets(timeline, routine)
    high = HEIGHT * len(made)
    pages = "".join(
        f'<inkscape:page x="0" y="{_mm(HEIGHT * at)}" width="{_mm(WIDTH)}" height="{_mm(HEIGHT)}"/>'
        for at in range(len(made))
    )
    drawn = "\n".join(
        f'<g transform="translate(0 {_mm(HEIGHT * at)})">\n{shapes(sheet.shapes)}\n</g>'
        for at, sheet in enumerate(made)
    )
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"
  xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" version="1.1"
  width="{_mm(WIDTH)}mm" height="{_mm(high)}mm" viewBox="0 0 {_mm(WIDTH)} {_mm(high)}"
  xml:lang={quoteattr(clean_for_picture(timeline.language))}>
<title>{escape(clean_for_picture(timeline.title))}</title>
<sodipodi:namedview>{pages}</sodipodi:namedview>
<style>{_PAGED}
{STYLE}</style>
<rect width="{_mm(WIDTH)}" height="{_mm(high)}" fill="#ffffff"/>
{drawn}
</svg>
"""


def inline(sheet: Sheet, label: str) -> str:
    """Return one sheet without its margins, as an element for a page whose style includes `STYLE`."""
    box = (LEFT - 0.5, TOP - 0.5, RIGHT - LEFT + 1, sheet.used - TOP)
    name, view = quoteattr(clean_for_picture(label)), " ".join(map(_mm, box))
    return f'<svg role="img" aria-label={name} viewBox="{view}">\n{shapes(sheet.shapes)}\n</svg>'


def shapes(drawn: Sequence[Shape]) -> str:
    """Return shapes as elements, one on each line."""
    return "\n".join(map(_element, drawn))


def _element(shape: Shape) -> str:
    if isinstance(shape, Box):
        line = f' stroke="{shape.line}" stroke-width="0.25"' if shape.line else ""
        rounded = f' rx="{_mm(shape.round)}"' if shape.round else ""
        place = f'x="{_mm(shape.x)}" y="{_mm(shape.y)}"'
        size = f'width="{_mm(shape.wide)}" height="{_mm(shape.high)}"'
        return f'<rect {place} {size}{rounded} fill="{shape.fill or "none"}"{line}/>'
    if isinstance(shape, Rule):
        dashes = ' stroke-dasharray="0.8 0.8"' if shape.dashed else ""
        return (
            f'<line x1="{_mm(shape.x1)}" y1="{_mm(shape.y1)}" x2="{_mm(shape.x2)}" y2="{_mm(shape.y2)}"'
            f' stroke="{shape.colour}" stroke-width="0.2"{dashes}/>'
        )
    return _text(shape)


def _text(letters: Letters) -> str:
    look = (' font-weight="bold"' if letters.bold else "") + (
        ' text-anchor="middle"' if letters.middle else ""
    )
    return (
        f'<text x="{_mm(letters.x)}" y="{_mm(letters.y)}" font-size="{_mm(letters.size)}"'
        f' fill="{letters.colour}"{look}>{escape(letters.text)}</text>'
    )


def _mm(length: float) -> str:
    """Return a length in millimetres as text, to the hundredth."""
    return f"{round(length, 2) + 0:g}" if abs(length) < 10_000 else f"{length:.2f}"
