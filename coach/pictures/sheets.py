"""A routine laid out on A4 sheets: a table of what to do, then the track, stave by stave, like music.

Positions and lengths are in millimetres, from the upper left corner of a sheet.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from coach.borders import clean_for_picture
from coach.phrases import phrasebook
from coach.pictures.colours import colour, find_hue, to_web
from coach.pictures.lettering import clock, shorten, width, wrap
from coach.pictures.words import describe_set, describe_step, format_seconds, format_total, words
from coach.routine import Exercise
from coach.timeline import CueKind
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from coach.routine import Routine
    from coach.timeline import Cue, PhaseSpan, Set, Timeline

WIDTH, HEIGHT = 210.0, 297.0

LEFT, RIGHT, TOP, _BOTTOM = 12.0, 198.0, 13.0, 285.0
_AXIS = 27.0  # where time starts on a stave, to the right of the names of the lanes
_PIECE = 225.0  # the greatest height that is kept together
_PER_LINE = (60, 65, 70, 75, 80, 85, 90, 95)  # possible seconds of a stave
_MOST_LINES = 48  # in a longer track, each stave has more seconds

POINT = 25.4 / 72
SMALL = 7.2 * POINT  # the smallest letters
_MEDIUM, _LARGE, _TITLE = 8.4 * POINT, 10 * POINT, 22 * POINT
_LEADING = 1.24  # from line to line, as a multiple of the letters' size

_AXIS_AT, _EXERCISE_AT, _SIDE_AT, _SIDE_HIGH = 3.0, 3.6, 9.2, 4.7
"""Distances below the upper edge of a stave; without sides, there is no lane for them."""

_DENSE = 2.2  # if reps are narrower than this, only those with a number are marked
_POLE = 0.7  # between the line that shows when a text is heard and the text

_INK, _GREY, _FAINT = "#1a1a1a", "#595959", "#c8c8c8"


def _is_shown(cue: Cue) -> bool:
    """Return whether the words of a cue are on the sheet; other cues only have a mark."""
    return not cue.kind.is_called or cue.kind is CueKind.MILESTONE


class Box(NamedTuple):
    """A rectangle; `fill` and `line` are colours, or None."""

    x: float
    y: float
    wide: float
    high: float
    fill: str | None = None
    line: str | None = None
    round: float = 0.0


class Rule(NamedTuple):
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str = _FAINT
    dashed: bool = False


class Letters(NamedTuple):
    """A line of text; (x, y) is the left end of its baseline, or the middle of it if `middle` is set."""

    x: float
    y: float
    text: str
    size: float
    colour: str = _INK
    bold: bool = False
    middle: bool = False

    @property
    def wide(self) -> float:
        """Its greatest width."""
        return letters_width(self.text, self.size, bold=self.bold)

    @property
    def left(self) -> float:
        """Its left edge."""
        return self.x - self.wide / 2 if self.middle else self.x


Shape: TypeAlias = Box | Rule | Letters


@dataclass
class Sheet:
    """A sheet of A4.

    Attributes:
        shapes: what is drawn, in that order.
        used: where its last block ends, from the top.
    """

    shapes: list[Shape] = field(default_factory=list)
    used: float = TOP


class _Block(NamedTuple):
    """Something that is kept together on a sheet: its height, and what draws it from a given upper edge."""

    high: float
    draw: Callable[[float], list[Shape]]


def sheets(timeline: Timeline, routine: Routine | None = None) -> list[Sheet]:
    """Return the sheets of a routine, at least one: title, table, staves, and page numbers at the foot.

    Args:
        timeline: the compiled routine.
        routine: the routine it was compiled from, for its description; None leaves that out.
    """
    plan = _Plan(timeline)
    made = _fill_sheets([*plan.heading(routine), *plan.staves()], _BOTTOM - 5)
    told = words(timeline.language)
    for number, sheet in enumerate(made, 1):
        page = told.page.format(page=number, pages=len(made))
        x = RIGHT - letters_width(page, SMALL)
        title = shorten_to_fit(clean_for_picture(timeline.title), x - LEFT - 5, SMALL)
        sheet.shapes += [Letters(LEFT, _BOTTOM, title, SMALL, _GREY), Letters(x, _BOTTOM, page, SMALL, _GREY)]
    return made


def staves(timeline: Timeline) -> list[Sheet]:
    """Return only the staves of a routine, in pieces that leave room for a heading on any paper."""
    return _fill_sheets(_Plan(timeline).staves(), TOP + _PIECE)


def _fill_sheets(blocks: Iterable[_Block], bottom: float) -> list[Sheet]:
    """Return blocks on sheets that end at `bottom`."""
    made = [Sheet()]
    for block in blocks:
        if made[-1].used + block.high > bottom and made[-1].shapes:
            made.append(Sheet())
        made[-1].shapes += block.draw(made[-1].used)
        made[-1].used += block.high
    return made


def _reps(work: Set) -> Iterator[PhaseSpan]:
    """Yield the first phase of each rep."""
    rep: int | None = -1
    for part in work.spans:
        if part.rep != rep:
            yield part
        rep = part.rep


def letters_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the greatest width of a text."""
    return width(text) * size * (1.1 if bold else 1.0)


def shorten_to_fit(text: str, room: float, size: float) -> str:
    """Return a text, shortened if it is too wide."""
    return shorten(text, room / size)


class _Line(NamedTuple):
    """A stave: its part of the track (samples, half-open), and the distance of lanes from its upper edge."""

    start: int
    end: int
    reps_at: float = _SIDE_AT
    texts_at: float = 0.0


class _Placed(NamedTuple):
    """A spoken text on a stave: where it is heard, where it is written, and in which rows."""

    heard: float
    x: float
    wide: float
    row: int
    lines: list[str]


class _Plan:
    """Lays a timeline out."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._book = phrasebook(timeline.language)
        self._words = words(timeline.language)
        self._numbers: dict[str, int] = {}
        for work in timeline.sets:
            self._numbers.setdefault(work.name, len(self._numbers) + 1)
        self._starts = [cue.start for cue in timeline.cues]
        self._works = [work.start for work in timeline.sets]
        self._chapters = [chapter.start for chapter in timeline.chapters]
        self._cuts = sorted({part.start for work in timeline.sets for part in _reps(work)})
        usual = max(1, math.ceil(timeline.length / (_MOST_LINES * _PER_LINE[-1] * RATE)))
        fits = [(self._break(each * usual * RATE), each * usual) for each in _PER_LINE]
        self._lines, per_line = min(fits, key=lambda fit: (len(fit[0]) * fit[1], fit[1]))
        self._scale = (RIGHT - _AXIS) / (per_line * RATE)
        self._step = next(
            step for step in (5, 10, 15, 30, 60, 120, 300, 600, 1800) if step * RATE * self._scale > 11
        )

    # What is said above the staves.

    def heading(self, routine: Routine | None) -> Iterator[_Block]:
        """Yield the title, the facts, and the table of what to do."""
        timeline, told, book = self._timeline, self._words, self._book
        level = told.level(timeline.level)
        facts = [format_total(timeline.length, told), level, f"{told.voice} {timeline.voice}"]
        things = dict.fromkeys(
            thing
            for work in timeline.sets
            if isinstance(work.step, Exercise)
            for thing in work.step.equipment
        )
        needs = [book.sentence("needs", things=book.together(list(things)))] if things else []
        about = [routine.about] if routine and routine.about else []
        yield self._paragraph(timeline.title, _TITLE, most=4, bold=True)
        yield self._paragraph(" · ".join(filter(None, facts)), _LARGE, most=2, colour=_GREY)
        for text in [*about, *needs]:
            yield self._paragraph(text, _LARGE, most=12)
        yield _Block(2.5, lambda _: [])
        for name, doses in self._table().items():
            yield self._row(name, doses)
        yield _Block(5, lambda _: [])

    def _table(self) -> dict[str, list[str]]:
        """Return the exercises, each name once, with its doses."""
        table: dict[str, list[str]] = {name: [] for name in self._numbers}
        for name, told in dict.fromkeys(
            (w.name, describe_step(w.step, self._book)) for w in self._timeline.sets
        ):
            table[name].append(told)
        return table

    def _paragraph(
        self, text: str, size: float, *, most: int, bold: bool = False, colour: str = _INK
    ) -> _Block:
        heavy = 1.1 if bold else 1.0
        lines = _paragraph(text, (RIGHT - LEFT) / size / heavy, most)
        rise = size * _LEADING

        def draw(top: float) -> list[Shape]:
            return [
                Letters(LEFT, top + size * 0.9 + number * rise, line, size, colour, bold)
                for number, line in enumerate(lines)
            ]

        return _Block(len(lines) * rise + 0.3 * size, draw)

    def _row(self, name: str, doses: Sequence[str]) -> _Block:
        size, indent, column = _LARGE, LEFT + 7, 72.0
        names = _paragraph(name, (column - 3) / size / 1.1, 6)
        told = [line for each in doses for line in wrap(each, (RIGHT - indent - column) / size)][:50]
        rise = size * _LEADING
        high = max(len(names), len(told)) * rise + 1.4
        number = self._numbers[name]
        tint, line = self._tint(number)

        def draw(top: float) -> list[Shape]:
            base = top + size
            shapes: list[Shape] = [Box(LEFT, top - 0.15, 5, size * 1.32, tint, line, 0.8)]
            shapes.append(Letters(LEFT + 2.5, base - 0.15, str(number), _MEDIUM, bold=True, middle=True))
            shapes += [
                Letters(indent, base + at * rise, text, size, bold=True) for at, text in enumerate(names)
            ]
            shapes += [Letters(indent + column, base + at * rise, text, size) for at, text in enumerate(told)]
            return shapes

        return _Block(high, draw)

    def _tint(self, number: int) -> tuple[str, str]:
        """Return the light colour of an exercise, and the darker colour of its edges."""
        hue = find_hue(self._timeline.title) + 53 * (number - 1)
        return to_web(colour(0.93, 0.045, hue)), to_web(colour(0.55, 0.1, hue))

    # The staves.

    def _break(self, longest: int) -> list[_Line]:
        """Return the track in staves: whole chapters if they fit, others cut between two reps."""
        lines: list[_Line] = []
        for chapter in self._timeline.chapters:
            if lines and chapter.end - lines[-1].start <= longest:
                lines[-1] = lines[-1]._replace(end=chapter.end)
                continue
            start = chapter.start
            while (left := chapter.end - start) > longest:
                even = start + math.ceil(left / math.ceil(left / longest))
                first = bisect_left(self._cuts, (start + even) // 2 + 1)
                fits = self._cuts[first : bisect_left(self._cuts, start + longest + 1)]
                end = min(fits, key=lambda cut: abs(cut - even), default=even)
                lines.append(_Line(start, end))
                start = end
            lines.append(_Line(start, chapter.end))
        return lines

    def staves(self) -> Iterator[_Block]:
        """Yield the staves."""
        for line in self._lines:
            yield from self._stave(line)

    def _stave(self, line: _Line) -> Iterator[_Block]:
        """Yield a stave, or its two halves if its words need more than a sheet."""
        cues = self._timeline.cues[
            bisect_left(self._starts, line.start) : bisect_left(self._starts, line.end)
        ]
        reps_at = _SIDE_AT + (_SIDE_HIGH if any(work.side for work in self._works_of(line)) else 0)
        line = line._replace(reps_at=reps_at, texts_at=reps_at + 9.6)
        placed = self._place(line, cues)
        rows = max((each.row + len(each.lines) for each in placed), default=0)
        high = line.texts_at + rows * SMALL * _LEADING + 4.5
        if high > _PIECE and line.end - line.start > RATE:
            middle = (line.start + line.end) // 2
            yield from self._stave(_Line(line.start, middle))
            yield from self._stave(_Line(middle, line.end))
        else:
            yield _Block(high, lambda top: [*self._lanes(line, top), *self._speech(line, cues, placed, top)])

    def _x(self, line: _Line, moment: int) -> float:
        """Return the position of a moment on a stave; if it is outside, that of the nearest edge."""
        return _AXIS + (min(max(moment, line.start), line.end) - line.start) * self._scale

    def _lanes(self, line: _Line, top: float) -> Iterator[Shape]:
        """Yield the time axis, and the lanes for exercise, side and reps."""
        end = self._x(line, line.end)
        step = self._step * RATE
        yield Rule(_AXIS, top + _AXIS_AT, end, top + _AXIS_AT, _GREY)
        free = _AXIS
        for moment in range(-(-line.start // step) * step, line.end, step):
            x = self._x(line, moment)
            yield Rule(x, top + _AXIS_AT - 0.9, x, top + line.texts_at - 1.4, _FAINT)
            text = clock(moment)
            wide = letters_width(text, SMALL)
            left = min(max(x - wide / 2, _AXIS), RIGHT - wide)
            if left >= free:
                yield Letters(left, top + 2.2, text, SMALL, _GREY)
                free = left + wide + 0.6
        names = [(self._words.exercise, _EXERCISE_AT + 3.6), (self._words.reps, line.reps_at + 4)]
        if line.reps_at > _SIDE_AT:
            names.append((self._words.side, _SIDE_AT + 2.9))
        for name, at in names:
            yield Letters(LEFT, top + at, shorten_to_fit(name, _AXIS - LEFT - 1, SMALL), SMALL, _GREY)
        yield from self._exercises(line, top + _EXERCISE_AT)
        for work in self._works_of(line):
            if work.side:
                yield from self._side(line, work, top + _SIDE_AT)
            yield from self._reps(line, work, top + line.reps_at)
        for at in range(bisect_left(self._works, line.start), bisect_left(self._works, line.end) + 1):
            yield from self._pause(line, at, top + line.reps_at)

    def _works_of(self, line: _Line) -> list[Set]:
        """Return the sets that are on a stave, in whole or in part."""
        first = max(0, bisect_left(self._works, line.start) - 1)
        works = self._timeline.sets[first : bisect_left(self._works, line.end)]
        return [work for work in works if work.end > line.start]

    def _exercises(self, line: _Line, top: float) -> Iterator[Shape]:
        """Yield a band for each chapter: what to do, and how."""
        chapters = self._timeline.chapters
        for at in range(max(0, bisect_left(self._chapters, line.start + 1) - 1), len(chapters)):
            chapter = chapters[at]
            if chapter.start >= line.end:
                break
            inside = bisect_left(self._works, chapter.start)
            work = self._timeline.sets[inside] if inside < len(self._timeline.sets) else None
            if work is None or work.start >= chapter.end:
                tint, edge, texts = "#ffffff", _GREY, [clean_for_picture(chapter.title)]
            else:
                tint, edge = self._tint(self._numbers[work.name])
                number = str(self._numbers[work.name])
                name = f"{number}. {clean_for_picture(work.name)}"
                texts = [f"{name} · {clean_for_picture(describe_set(work.step, self._book))}", name, number]
            x, end = self._x(line, chapter.start), self._x(line, chapter.end)
            yield Box(x + 0.2, top, max(0.1, end - x - 0.4), 5, tint, edge, 0.8)
            room = end - x - 2.5
            whole = next((text for text in texts if letters_width(text, _MEDIUM, bold=True) <= room), None)
            text = (
                shorten_to_fit(texts[-2 % len(texts)], room / 1.1, _MEDIUM)
                if whole in (None, texts[-1])
                else whole
            )
            if text:
                yield Letters(x + 1.3, top + 3.6, text, _MEDIUM, bold=True)

    def _side(self, line: _Line, work: Set, top: float) -> Iterator[Shape]:
        """Yield the side of a set: white for the first, grey for the second, which prints without colour."""
        sides = getattr(work.step, "sides", ())
        fill = "#e3e3e3" if work.side in sides and sides.index(work.side) % 2 else "#ffffff"
        x, end = self._x(line, work.start), self._x(line, work.end)
        yield Box(x, top, max(0.1, end - x), 4, fill, _GREY, 0.8)
        text = shorten_to_fit(clean_for_picture(self._book.side_name(work.side or "")), end - x - 1.6, SMALL)
        if text:
            yield Letters((x + end) / 2, top + 2.9, text, SMALL, middle=True)

    def _reps(self, line: _Line, work: Set, top: float) -> Iterator[Shape]:
        """Yield the reps of a set, numbered if there is room; the first phase of each is coloured."""
        tint, edge = self._tint(self._numbers[work.name])
        if work.reps is None:
            x, end = self._x(line, work.start), self._x(line, work.end)
            yield Box(x, top, max(0.1, end - x), 6, tint, edge)
            yield from _centre_if_it_fits(describe_set(work.step, self._book), x, end, top + 4)
            return
        x, end = self._x(line, work.start), self._x(line, work.end)
        dense = (work.end - work.start) / work.reps * self._scale < _DENSE
        if dense:
            yield Box(x, top, max(0.1, end - x), 6, tint, edge)
        free = _AXIS
        for rep, parts in groupby(work.spans, key=lambda part: part.rep):
            phases = [part for part in parts if part.start < line.end and part.end > line.start]
            if not phases:
                continue
            x, end = self._x(line, phases[0].start), self._x(line, phases[-1].end)
            if not dense:
                yield Box(x, top, self._x(line, phases[0].end) - x, 6, tint)
                yield Box(x, top, end - x, 6, None, edge)
            wide = letters_width(str(rep), SMALL, bold=True)
            left = (x + end - wide) / 2
            if left >= free and left + wide <= RIGHT:
                yield Letters((x + end) / 2, top + 4, str(rep), SMALL, bold=True, middle=True)
                free = left + wide + 0.8
                if dense:
                    yield Rule((x + end) / 2, top + 4.7, (x + end) / 2, top + 6, edge)

    def _pause(self, line: _Line, at: int, top: float) -> Iterator[Shape]:
        """Yield what is between a set and the one before it: a rest, or a change of sides."""
        works = self._timeline.sets
        if not 0 < at < len(works):
            return
        start, end = works[at - 1].end, works[at].start
        first, last = (bisect_left(self._starts, moment) for moment in (start, end))
        kinds = {cue.kind for cue in self._timeline.cues[first:last]} & {CueKind.REST, CueKind.SWITCH}
        if kinds and end > line.start and start < line.end:
            x, right = self._x(line, start), self._x(line, end)
            told = self._words.switch if CueKind.SWITCH in kinds else self._words.rest
            lasts = format_seconds(Fraction(end - start, RATE))
            yield Rule(x + 0.8, top + 3.8, right - 0.8, top + 3.8, _GREY, dashed=True)
            yield from _centre_if_it_fits(f"{told} {lasts}", x, right, top + 2.9)

    # What is said.

    def _place(self, line: _Line, cues: Sequence[Cue]) -> list[_Placed]:
        """Return where to write the spoken texts: below the moment when they are heard, or to its left."""
        placed: list[_Placed] = []
        told: set[str] = set()
        for cue in cues:
            text = clean_for_picture(cue.text)
            if not _is_shown(cue) or text in told:
                continue
            told.add(text)
            whole = letters_width(text, SMALL)
            room = (
                whole + 0.1 if whole < 33 else min(RIGHT - _AXIS - 1, max(whole / 40, min(70, whole / 2 + 4)))
            )
            lines = wrap(text, room / SMALL)
            wide = _POLE + max((letters_width(each, SMALL) for each in lines), default=0)
            heard = self._x(line, cue.start)
            x = min(heard, RIGHT - wide)
            beside = [each for each in placed if each.x < x + wide + 1.6 and x < each.x + each.wide + 1.6]
            row = 0
            while taken := [
                each.row + len(each.lines)
                for each in beside
                if each.row < row + len(lines) and row < each.row + len(each.lines)
            ]:
                row = min(taken)
            placed.append(_Placed(heard, x, wide, row, lines))
        return placed

    def _speech(
        self, line: _Line, cues: Sequence[Cue], placed: Sequence[_Placed], top: float
    ) -> Iterator[Shape]:
        """Yield a mark for everything that is heard, and the texts below, each with a line to its mark."""
        strip, texts, rise = top + line.texts_at - 2.6, top + line.texts_at, SMALL * _LEADING
        name = shorten_to_fit(self._words.speech, _AXIS - LEFT - 1, SMALL)
        yield Letters(LEFT, texts + SMALL * 0.9, name, SMALL, _GREY)
        for cue in cues:
            x, end = self._x(line, cue.start), self._x(line, cue.end)
            yield Box(x, strip, max(0.25, end - x), 1.2, _GREY if _is_shown(cue) else "#a6a6a6")
        for each in placed:
            yield Rule(each.heard, strip + 1.2, each.heard, texts + each.row * rise, "#8c8c8c")
        for each in placed:  # on top of the lines to the texts below
            upper, high = texts + each.row * rise, len(each.lines) * rise
            yield Box(each.x, upper, each.wide, high, "#ffffff")
            yield Rule(each.x, upper, each.x, upper + high - 0.4, "#8c8c8c")
            for number, text in enumerate(each.lines):
                yield Letters(each.x + _POLE, upper + number * rise + SMALL * 0.9, text, SMALL)


def _paragraph(text: str, room: float, most: int) -> list[str]:
    """Return a text in at most so many lines; if it is longer, the last one is shortened."""
    lines = wrap(text, room)
    return [*lines[: most - 1], shorten(" ".join(lines[most - 1 :]), room)] if len(lines) > most else lines


def _centre_if_it_fits(text: str, start: float, end: float, base: float) -> Iterator[Letters]:
    """Yield a text in the middle of a space, if it fits."""
    if letters_width(text, SMALL) + 1 <= end - start:
        yield Letters((start + end) / 2, base, text, SMALL, _INK, middle=True)
