"""Times of day and days of the week, as people write them and as cron does.

What is set for a schedule is one cron expression, or several with semicolons between: a line each for cron.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import combinations, islice, pairwise, product
from typing import TYPE_CHECKING, NamedTuple

from coach.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

SEPARATOR = "; "
"""Stands between the cron expressions of a schedule with several."""

_LONGEST = 200  # characters
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS_OF_MONTH = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SETS = {
    "weekdays": (1, 2, 3, 4, 5),
    "workdays": (1, 2, 3, 4, 5),
    "weekends": (6, 0),
    "daily": (0, 1, 2, 3, 4, 5, 6),
    "everyday": (0, 1, 2, 3, 4, 5, 6),
    "day": (0, 1, 2, 3, 4, 5, 6),
}
_FILLERS = {"at", "on", "every", "each", "and", "the", "o'clock"}
_CLOCK = re.compile(r"\d{1,2}(?::\d\d| ?h ?(?:\d\d)?)? ?(?:[ap]m)?", re.ASCII)
_CLOCKS = re.compile(
    r"(?<![\w:])(?:\d{1,2}(?::\d\d| ?h ?(?:\d\d)?)(?: ?[ap]\.?m\.?)?|\d{1,2} ?[ap]\.?m\.?|noon|midnight)"
    r"(?![\w:])",
    re.ASCII,
)
_AT = re.compile(r"At (\d\d:\d\d)( .*)?")
_AND = re.compile(r"\s*(?:,|,?\s*\band\b|&|\+)\s*(?:at\s+)?", re.IGNORECASE)
_TERM = re.compile(r"(?:\*|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,2}))?")


class _Field(NamedTuple):
    """One of the five fields of a cron expression: its name, its lowest and highest number, and its words."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()

    def refuse(self, term: str, why: str) -> RefusedError:
        """Return the error for a term that this field cannot have."""
        return RefusedError("at", f"the {self.name} of a cron expression {why} (got '{term[:60]}')")


_WEEKDAY = _Field("day of the week", 0, 7, tuple(day[:3] for day in _DAYS))
_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _WEEKDAY,
)


@dataclass(frozen=True, slots=True)
class When:
    """The minutes at which something happens, again and again.

    Attributes:
        fields: the five fields of the cron expression, in a form that every cron reads: numbers, no names.
        minutes: 0 to 59.
        hours: 0 to 23.
        days: days of the month.
        months: 1 to 12.
        weekdays: 0 to 6; 0 is Sunday.
        either: whether a match in either `days` or `weekdays` is enough, as in cron when both are restricted.
    """

    fields: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def on(self, day: int, weekday: int) -> bool:
        """Return whether it happens on a date with this day of the month and this day of the week."""
        matches = (day in self.days, weekday in self.weekdays)
        return any(matches) if self.either else all(matches)


def parse_times(at: str, days: str | None = None) -> When:
    """Return the times that a user means.

    Args:
        at: a time of day such as `06:30`, `6:30am` or `18h30`, with days or without (`weekdays 6:30am`), or a
            cron expression of five fields.
        days: `mon-fri`, `mon,wed`, `Mondays`, `weekdays`, `weekends`, `daily`; None for the days that `at`
            names, or daily if it names none.

    Raises:
        RefusedError: it is none of these, or never happens.
    """
    text = " ".join(at.lower().replace("a.m.", "am").replace("p.m.", "pm").split())
    if len(text) > _LONGEST:
        raise RefusedError("at", f"must be a time such as 06:30 (got {len(text)} characters)")
    if text.startswith("@"):
        raise RefusedError("at", f"must be a time such as 06:30, daily 06:30 or '30 6 * * 1-5' (got '{at}')")
    words = text.split()
    if "*" in text or (len(words) >= 5 and all(re.fullmatch(r"[\d*/,-]+", word) for word in words[:3])):
        if days is not None:
            raise RefusedError("days", f"a cron expression has its own days: leave --days out ('{at}')")
        return parse_expression(text)
    wanted = None if days is None else _parse_weekdays(days)
    rest = []
    for word in re.sub(r"\s*([,-])\s*", r"\1", text).split():
        on = None if word in _FILLERS else _parse_days(word)
        if on is None and word not in _FILLERS:
            rest.append(word)
        elif on is not None:
            if days is not None:
                raise RefusedError("days", f"--at already says which days: leave one of them out ('{at}')")
            wanted = (wanted or ()) + on
    hour, minute = _parse_clock(" ".join(rest), at)
    return parse_expression(
        f"{minute} {hour} * * {_format_days(_SETS['daily'] if wanted is None else wanted)}"
    )


def parse_all_times(ats: Iterable[str], days: str | None = None) -> str:
    """Return what is set for a schedule with several times.

    Args:
        ats: times as `parse_times` takes them; each may be several times of day with commas: `6:30, 18:00`.
        days: the days of all of them, as `parse_times` takes them.

    Raises:
        RefusedError: one is no time, or two of them mean the same minute.
    """
    found: dict[str, str] = {}
    for at in ats:
        for each in _split_times(at):
            found.setdefault(parse_times(each, days).fields, each)
    for (one, first), (other, second) in combinations(found.items(), 2):
        if share_a_minute(one, other):
            raise RefusedError("at", f"'{first}' and '{second}' mean the same minute: leave one of them out")
    return SEPARATOR.join(found)


def split_expressions(when: str) -> list[str]:
    """Return the cron expressions of a schedule."""
    return when.split(SEPARATOR)


def _split_times(at: str) -> list[str]:
    """Return several times of day as a text for each, all with the days that stand before or behind them."""
    found = list(_CLOCKS.finditer(at.lower()))
    if "*" in at or len(found) < 2:
        return [at]
    first, last = found[0].start(), found[-1].end()
    between = [at[one.end() : other.start()] for one, other in pairwise(found)]
    if not all(_AND.fullmatch(gap) for gap in between):
        return [at]
    return [f"{at[:first]}{clock[0]}{at[last:]}" for clock in found]


def parse_expression(text: str) -> When:
    """Return the times of a cron expression.

    Raises:
        RefusedError: not every cron would understand it, or it never happens.
    """
    import cronsim  # noqa: PLC0415 - only here and below, to keep the rest light

    fields = text.lower().split()
    if len(fields) != len(_FIELDS) or len(text) > _LONGEST:
        names = ", ".join(field.name for field in _FIELDS)
        raise RefusedError("at", f"a cron expression has five fields: {names} (got '{text[:60]}')")
    plain = " ".join(_check_terms(text, field) for text, field in zip(fields, _FIELDS, strict=True))
    try:
        sim = cronsim.CronSim(plain, datetime(2000, 1, 1))
    except cronsim.CronSimError as error:
        raise RefusedError("at", f"'{text}' never happens ({str(error).lower()})") from error
    weekdays = frozenset(day % 7 for day in sim.weekdays if isinstance(day, int))
    minutes, hours, days, months = map(frozenset, (sim.minutes, sim.hours, sim.days, sim.months))
    return When(plain, minutes, hours, days, months, weekdays, not sim.day_and)


def describe(when: str) -> str:
    """Return what is set for a schedule in words: at 06:30 on Monday through Friday."""
    import cronsim  # noqa: PLC0415

    words = [cronsim.CronSim(each, datetime(2000, 1, 1)).explain() for each in split_expressions(when)]
    clocks = [found for each in words if (found := _AT.fullmatch(each))]
    if len(clocks) == len(words) and len({found[2] for found in clocks}) == 1:
        *few, last = [found[1] for found in clocks]
        return f"at {', '.join(few)}{' and ' if few else ''}{last}{clocks[0][2] or ''}"
    return ", and ".join(each[:1].lower() + each[1:] for each in words)


def next_times(when: str, count: int, now: datetime | None = None) -> list[datetime]:
    """Return the next times of a schedule, as cron keeps them when the clocks change.

    Args:
        when: what is set for it.
        count: how many times to return.
        now: they come after this moment; None for now, in the time zone of this machine.
    """
    import cronsim  # noqa: PLC0415
    from dateutil.tz import tzlocal  # noqa: PLC0415

    start = now or datetime.now(tzlocal())
    return list(islice(merge(*(cronsim.CronSim(each, start) for each in split_expressions(when))), count))


def share_a_minute(one: str, other: str) -> bool:
    """Return whether what is set for two schedules ever means the same minute."""
    return any(
        _meet(parse_expression(first), parse_expression(second))
        for first, second in product(split_expressions(one), split_expressions(other))
    )


def _meet(a: When, b: When) -> bool:
    """Return whether two cron expressions ever mean the same minute."""
    if not (a.minutes & b.minutes and a.hours & b.hours):
        return False
    # Every date, even 29 February, falls on every day of the week in some year.
    return any(
        a.on(day, weekday) and b.on(day, weekday)
        for month in a.months & b.months
        for day, weekday in product(range(1, _DAYS_OF_MONTH[month] + 1), range(7))
    )


def _parse_clock(text: str, whole: str) -> tuple[int, int]:
    """Return hour and minute of a time of day."""
    text = {"noon": "12:00", "midnight": "00:00"}.get(text, text)
    refused = RefusedError(
        "at", f"must be a time such as 06:30, 6:30am, weekdays 6:30 or '30 6 * * 1-5' (got '{whole}')"
    )
    if not _CLOCK.fullmatch(text):  # the parser is generous: it accepts 13pm, 6:30 7:30 and 30m
        raise refused
    from dateutil.parser import parse  # noqa: PLC0415 - slow to import

    # Anything that is not a time of day, such as a lone 7, changes the date.
    days = (datetime(2001, 3, 5), datetime(2002, 4, 6))
    try:
        first, second = (parse(text, default=day) for day in days)
    except (ValueError, OverflowError):
        raise refused from None
    half = re.match(r"\d+", text) if text.endswith("m") else None
    if (first.date(), second.date()) != (days[0].date(), days[1].date()) or (half and int(half[0]) > 12):
        raise refused
    return first.hour, first.minute


def _parse_weekdays(text: str) -> tuple[int, ...]:
    """Return the days of the week that an option names."""
    words = [word for word in re.sub(r"\s*-\s*", "-", text.lower()).split() if word not in _FILLERS]
    found = [_parse_days(word) for word in words]
    if not found or None in found:
        raise RefusedError("days", f"must be days such as mon-fri, mon,wed, weekdays or daily (got '{text}')")
    return tuple(day for days in found for day in days or ())


def _parse_days(word: str) -> tuple[int, ...] | None:
    """Return the days of a word such as mondays, mon-fri or sat,sun; None if it names none."""
    found: tuple[int, ...] = ()
    for part in filter(None, word.split(",")):
        first, dash, last = part.partition("-")
        if part in _SETS or f"{part}s" in _SETS:
            found += _SETS.get(part) or _SETS[f"{part}s"]
            continue
        start, end = _parse_day(first), _parse_day(last if dash else first)
        if start is None or end is None:
            return None
        found += tuple((start + step) % 7 for step in range((end - start) % 7 + 1))
    return found or None


def _parse_day(word: str) -> int | None:
    short = word.removesuffix("s")
    if len(short) < 2:
        return None
    return next((number for number, day in enumerate(_DAYS) if day.startswith((word, short))), None)


def _format_days(days: tuple[int, ...]) -> str:
    """Return days of the week as a field of a cron expression: consecutive ones as a range."""
    ordered = sorted(set(days), key=lambda day: (day - 1) % 7)
    if len(ordered) == 7:
        return "*"
    if len(ordered) > 2 and 0 not in ordered and ordered[-1] - ordered[0] == len(ordered) - 1:
        return f"{ordered[0]}-{ordered[-1]}"
    return ",".join(map(str, ordered))


def _check_terms(text: str, field: _Field) -> str:
    """Return the text of a field with numbers in place of words, if every cron understands it."""
    return ",".join(_check_term(term, field) for term in text.split(","))


def _check_term(term: str, field: _Field) -> str:
    found = _TERM.fullmatch(term)
    if not found:
        example = f"{field.low}-{field.low + 2}"
        raise field.refuse(
            term, f"must be *, numbers from {field.low} to {field.high}, ranges such as {example}, or */2"
        )
    ends = [_check_number(word, term, field) for word in found.group(1, 2) if word]
    step = int(found[3] or 1)
    if not 1 <= step <= field.high:
        raise field.refuse(term, f"must have a step from 1 to {field.high}")
    if field is _WEEKDAY and len(ends) == 2 and ends[0] > ends[1] == 0:
        ends[1] = 7  # fri-sun
    if len(ends) == 2 and ends[0] > ends[1]:
        raise field.refuse(term, "must have ranges that go up")
    if len(ends) == 1 and found[3]:
        ends.append(field.high)  # not every cron knows 5/15
    span = "-".join(map(str, ends)) or "*"
    return span if step == 1 else f"{span}/{step}"


def _check_number(word: str, term: str, field: _Field) -> int:
    """Return the number that one end of a term stands for."""
    if word in field.words:
        number = field.words.index(word)
    elif word.isdigit():
        number = int(word)
    else:
        raise field.refuse(term, "has an unknown name")
    if not field.low <= number <= field.high:
        raise field.refuse(term, f"must be from {field.low} to {field.high}")
    return number
