"""The cover of a track: its title and time inside a dial that shows what you do when."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, NamedTuple

from coach.pictures.colours import Colour, colour, find_hue
from coach.pictures.lettering import clock, shorten, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    from coach.pictures.letters import Letters
    from coach.timeline import Set, Timeline

_LAYERS = 3  # each pixel is the mean of 3 by 3, so that edges are smooth
_SMALL = 160  # pixels; on smaller covers the title couldn't be read, and is left out

_MOST_BYTES = 150_000  # some players refuse a larger picture

_AXIS = 0.385  # radius of the circle of time, as a fraction of the picture's side; so are the next five:
_REACH = 0.075  # how far a bar reaches from it, outward or inward
_BOTH = 0.048  # how far it reaches if it goes both ways
_GAP = 0.006  # between two bars, and between a bar and the axis
_LEAST = 0.006  # the shortest bar that can be seen
_INSIDE = 0.295  # radius of the space for the letters

_LARGEST, _SMALLEST = 0.125, 0.036  # letters of the title
_TIME, _TIME_ALONE = 0.072, 0.15  # letters of the time, below a title and without one
_LEADING = 1.2  # from line to line, as a multiple of the letters' size; likewise:
_CAPITAL = 0.72  # how high a capital is
_LINES = 8  # of the longest title


def cover(timeline: Timeline, size: int = 1400) -> bytes:
    """Return the cover of a track: a square JPEG, always the same bytes with one version of Pillow.

    Time runs clockwise around a dial, starting at the top. Each rep is a bar in the colour of its exercise:
    the first side points outward, the second inward, and work without sides both ways. A rest is a gap. In a
    long track, reps are merged into bars that are long enough to see.

    Args:
        timeline: the compiled routine.
        size: pixels a side. A small cover has no title, and a larger time.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - costs start-up time

    hue = find_hue(timeline.title)
    side = size * _LAYERS
    canvas = Image.new("RGB", (side, side), colour(0.25, 0.06, hue))
    draw = ImageDraw.Draw(canvas)
    line = max(_LAYERS, round(side * 0.003))
    near, far = (side * (0.5 + sign * _AXIS) + sign * line / 2 for sign in (-1, 1))
    draw.ellipse((near, near, far, far), outline=colour(0.43, 0.07, hue), width=line)
    for bar in _bars(timeline):
        draw.polygon([(side * (0.5 + x), side * (0.5 + y)) for x, y in bar.outline()], bar.colour(hue))
    _write(canvas, timeline, hue, small=size < _SMALL)
    picture = canvas.reduce(_LAYERS)
    for quality in (85, 70, 50):
        made = io.BytesIO()
        picture.save(made, "JPEG", quality=quality, subsampling=2, optimize=True, progressive=True)
        if made.tell() <= _MOST_BYTES:
            break
    return made.getvalue()


class _Bar(NamedTuple):
    """Work on the dial.

    Attributes:
        start: the angle where it starts, clockwise from the top, in radians.
        end: the angle where it ends.
        outward: whether it points out of the dial; None for both ways.
        shade: the number of its exercise, from 0.
    """

    start: float
    end: float
    outward: bool | None
    shade: int

    def colour(self, hue: float) -> Colour:
        """Return its colour in a picture of this hue; the seventh exercise gets the first, darker."""
        return colour(0.84 - 0.12 * (self.shade // 6 % 2), 0.125, hue + 150 + 53 * (self.shade % 6))

    def outline(self) -> list[tuple[float, float]]:
        """Return its corners relative to the middle of the picture, as fractions of the picture's side."""
        if self.outward is None:
            return self._edge(1, _BOTH) + self._edge(-1, _BOTH)[::-1]
        towards = 1 if self.outward else -1
        return self._edge(towards, _REACH) + self._edge(towards, _GAP, -1)[::-1]

    def _edge(self, towards: int, reach: float, end: int = 1) -> list[tuple[float, float]]:
        """Return the line along one end of it, as long as its time, with round corners.

        Args:
            towards: 1 for outward, -1 for inward.
            reach: how far it is from the axis.
            end: 1 for the far end of the bar, -1 for the near one.
        """
        length = max(_LEAST, (self.end - self.start) * _AXIS - _GAP)
        middle = (self.start + self.end) / 2
        rounding = min(length / 2, _REACH / 4)
        turns = [math.pi * at / 16 for at in range(9)]
        corner = [(rounding * (1 - math.cos(turn)), rounding * (1 - math.sin(turn))) for turn in turns]
        flat = length - 2 * rounding
        steps = max(1, round(flat * 400))
        points = [
            *((along - length / 2, drop) for along, drop in corner),
            *((flat * (at / steps - 0.5), 0.0) for at in range(1, steps)),
            *((length / 2 - along, drop) for along, drop in reversed(corner)),
        ]
        places = [(middle + along / _AXIS, _AXIS + towards * (reach - end * drop)) for along, drop in points]
        return [(radius * math.sin(angle), -radius * math.cos(angle)) for angle, radius in places]


def _bars(timeline: Timeline) -> Iterator[_Bar]:
    """Yield the bars in order; reps too short to be seen are merged."""
    shades: dict[str, int] = {}
    turn = 2 * math.pi / timeline.length
    for work in timeline.sets:
        shade = shades.setdefault(work.name, len(shades))
        start = work.start
        for part, following in zip(work.spans, (*work.spans[1:], None), strict=True):
            rep_ends = following is None or following.rep != part.rep
            can_be_seen = (part.end - start) * turn * _AXIS >= _LEAST + _GAP
            if following is None or (rep_ends and can_be_seen):
                yield _Bar(start * turn, part.end * turn, _points_outward(work), shade)
                start = part.end


def _points_outward(work: Set) -> bool | None:
    """Return whether the bar of a set points outward; None if the exercise has no other side."""
    sides = getattr(work.step, "sides", ())
    return sides.index(work.side) % 2 == 0 if len(sides) > 1 and work.side in sides else None


def _write(canvas: Image, timeline: Timeline, hue: float, *, small: bool) -> None:
    """Write the title and the time into the dial, as large as possible."""
    from coach.pictures.letters import Letters, make_writable  # noqa: PLC0415 - loads Pillow

    side = canvas.width
    title = "" if small else make_writable(timeline.title)
    lines, letters = _fit_title(title, side)
    time = clock(timeline.length)
    numerals = Letters(side * (_TIME if lines else _TIME_ALONE))
    if (wide := numerals.width(time)) > (room := 1.84 * side * _INSIDE):
        numerals = Letters(numerals.size * room / wide)
    rise = letters.size * _LEADING
    space = numerals.size * 0.6 if lines else 0
    bottom = (side - len(lines) * rise - space - numerals.size * _CAPITAL) / 2
    for line in lines:
        letters.write(canvas, line, (side / 2, bottom + (rise + letters.size * _CAPITAL) / 2), _paper(hue))
        bottom += rise
    place = (side / 2, bottom + space + numerals.size * _CAPITAL)
    numerals.write(canvas, time, place, _Bar(0, 0, None, 0).colour(hue))


def _fit_title(title: str, side: int) -> tuple[list[str], Letters]:
    """Return the lines of a title that fit into the dial, in the largest letters that keep words whole."""
    from coach.pictures.letters import Letters  # noqa: PLC0415 - loads Pillow

    share = _LARGEST
    while share > _SMALLEST:
        letters = Letters(side * share)
        longest = max(map(letters.width, title.split()), default=0)
        for most in range(1, _LINES):
            room = side * _room(most * share)
            if longest <= room and len(lines := wrap(title, room, letters.width)) <= most:
                return lines, letters
        share *= 0.96
    letters, room = Letters(side * _SMALLEST), side * _room(_LINES * _SMALLEST)
    *lines, rest = wrap(title, room, letters.width)[:_LINES]
    missing = len(" ".join([*lines, rest])) < len(title)
    return [*lines, shorten(f"{rest} …", room, letters.width) if missing else rest], letters


def _room(height: float) -> float:
    """Return the width for lines of this total height above the time; both as fractions of the side."""
    height = (height * _LEADING + 1.3 * _TIME) / 2
    return 2 * math.sqrt(max(0.0, _INSIDE**2 - height**2))


def _paper(hue: float) -> Colour:
    """Return a near-white that goes with a hue."""
    return colour(0.97, 0.012, hue)
