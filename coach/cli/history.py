"""`coach history`: the sessions that were played, and what was done in them."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import click

from coach.app.amounts import clock, count_text
from coach.app.sessions import read_sessions
from coach.borders import printable
from coach.cli.command import Command
from coach.cli.terminal import Column, columns, table, wrapped
from coach.history import SessionLog, SetLog
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_NEWEST = 20  # sessions in the table, without --last
_EFFORTS = {None: "", "less": "too easy", "same": "just right", "more": "too hard"}
_PAINS = {None: "", "less": "less pain", "same": "pain as before", "more": "more pain"}
_NARROW = 28  # columns; if fewer are left for a text, it goes below the time


@click.command(cls=Command)
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Show only the last N sessions.")
@click.option("--sets", "with_sets", is_flag=True, help="Also show what you did of each exercise.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, for programs.")
@click.option("--csv", "as_csv", is_flag=True, help="Print everything as CSV, one row for each set.")
def command(*, last: int | None, with_sets: bool, as_json: bool, as_csv: bool) -> None:
    """List the sessions you have played, with what you did in each; the newest is at the bottom.

    The table shows the last 20 unless --last says otherwise; --json and --csv include all of them.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv can't go together")
    newest = last if last or as_json or as_csv else _NEWEST
    sessions = read_sessions(newest)
    if as_json:
        click.echo(json.dumps([_plain(session) for session in sessions], indent=2))
    elif as_csv:
        # As bytes, because CSV has the same line ends on every system.
        sys.stdout.buffer.write(_spreadsheet(sessions).encode("utf-8", "backslashreplace"))
    elif sessions:
        click.echo("\n".join(_table(sessions, with_sets=with_sets)))
    else:
        click.echo("no sessions yet; 'coach play' logs each one", err=True)


def _plain(session: SessionLog) -> dict[str, object]:
    row = asdict(session)
    row["started"] = session.started.isoformat()
    row["ended"] = session.ended and session.ended.isoformat()
    row["sets"] = [_plain_set(each) for each in session.sets]
    return row


def _plain_set(each: SetLog) -> dict[str, object]:
    """Return a set, with the rounds of breathing as rounds and not as reps."""
    row = asdict(each) | {"rounds": None, "rounds_done": None}
    if each.is_breathing:
        row |= {"rounds": each.reps, "rounds_done": each.reps_done, "reps": None, "reps_done": None}
    return row


def _spreadsheet(sessions: Iterable[SessionLog]) -> str:
    """Return CSV: a row for each set with its session, one for a session without sets."""
    of_set = [*(field.name for field in fields(SetLog)), "rounds", "rounds_done"]
    of_session = [field.name for field in fields(SessionLog) if field.name != "sets"]
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow([*of_session, *("set_outcome" if name == "outcome" else name for name in of_set)])
    for session in sessions:
        plain = _plain(session) | {"options": json.dumps(session.options)}
        row = [_cell(plain[name]) for name in of_session]
        for each in session.sets:
            plain = _plain_set(each)
            table.writerow([*row, *(_cell(plain[name]) for name in of_set)])
        if not session.sets:
            table.writerow([*row, *("" for _ in of_set)])
    return text.getvalue()


def _cell(value: object) -> object:
    """Return a value for a spreadsheet, with a quote in front of a text that looks like a formula."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _table(sessions: Sequence[SessionLog], *, with_sets: bool) -> Iterator[str]:
    """Yield the lines of the table: when, how long, what was played and what was done."""
    lengths = [_length(session) for session in sessions]
    shape = [Column(len("2025-03-01 07:00")), Column(max(map(len, lengths)), right=True), Column()]
    screen = columns() if sys.stdout.isatty() else sys.maxsize
    narrow = screen - len("2025-03-01 07:00") - max(map(len, lengths)) - 4 < _NARROW
    for session, length in zip(sessions, lengths, strict=True):
        day, text = f"{session.started:%Y-%m-%d %H:%M}", _summary(session)
        if narrow:
            yield f"{day}  {length}"
            yield from _indented(text, 2, screen)
        else:
            yield from table(shape, [(day, length, text)])
        if with_sets:
            for line in _exercises(session):
                yield from _indented(line, 4, screen)


def _indented(text: str, indent: int, screen: int) -> Iterator[str]:
    """Yield the lines of a text, indented; the second and later ones by two more."""
    for number, line in enumerate(wrapped(text, max(12, screen - indent - 2))):
        yield " " * (indent + 2 * bool(number)) + line


def _length(session: SessionLog) -> str:
    """Return how long a session was; and if it didn't reach the end, out of how long a track."""
    whole = _clock(session.length)
    return whole if session.outcome == "completed" else f"{_clock(session.heard)} of {whole}"


def _summary(session: SessionLog) -> str:
    """Return in a sentence what was played, how it ended, what was done and what started it."""
    title = f"{session.title} ({session.level})" if session.level else session.title
    outcome = {"completed": "", "playing": "playing now"}.get(session.outcome, session.outcome)
    sets = [each for each in session.sets if each.outcome == "done"]
    exercises = count_text(len({each.exercise for each in sets}), "exercise")
    work = f"{exercises}, {count_text(_count_sets(sets), 'set')}"
    others = [
        f"{count} {word}"
        for word in ("skipped", "broken off")
        if (count := _count_sets([each for each in session.sets if each.outcome == word]))
    ]
    answers = filter(None, (_EFFORTS[session.effort], _PAINS[session.pain]))
    parts = [
        f"{outcome} ({session.reason})" if session.reason else outcome,
        ", ".join([work if sets else "no set done", *others]) if session.sets else "",
        ", ".join(answers),
        f"schedule {session.schedule}" if session.schedule else "",
    ]
    done = "; ".join(part for part in parts if part)
    return f"{title}: {done}" if done else title


def _exercises(session: SessionLog) -> Iterator[str]:
    """Yield a line for each exercise and side: how much of it was done."""
    works: dict[tuple[str, str], list[SetLog]] = {}
    for each in session.sets:
        works.setdefault((each.exercise, each.side or ""), []).append(each)
    for (exercise, side), sets in works.items():
        parts = [_all_done([each for each in sets if each.outcome == "done"])]
        skipped = sum(each.outcome == "skipped" for each in sets)
        if skipped:
            parts.append("skipped" if len(sets) == 1 else f"{count_text(skipped, 'set')} skipped")
        for each in sets:
            if each.outcome in ("broken off", "doing"):
                word = "broken off after" if each.outcome == "broken off" else "doing now:"
                parts.append(f"{word} {_amount([each])}")
        parts.append(", ".join(dict.fromkeys(each.load for each in sets if each.load)))
        yield f"{exercise}{', ' if side else ''}{side}: {'; '.join(part for part in parts if part)}"


def _all_done(sets: list[SetLog]) -> str:
    """Return the total of the sets that were done."""
    if not sets:
        return ""
    number = _count_sets(sets)
    return _amount(sets) if number == 1 else f"{count_text(number, 'set')}, {_amount(sets)}"


def _count_sets(sets: Sequence[SetLog]) -> int:
    """Return how many sets there are, the parts of one counted as one."""
    return sum(each.part in (None, 1) for each in sets) or min(len(sets), 1)


def _amount(sets: list[SetLog]) -> str:
    """Return the reps or the time done in sets of one exercise; and if that is not all, out of how much."""
    if any(each.reps is None for each in sets):
        time = _clock(sum(each.seconds_done for each in sets))
        whole = _clock(sum(each.seconds for each in sets))
        return time if time == whole else f"{time} of {whole}"
    done, planned = sum(each.reps_done or 0 for each in sets), sum(each.reps or 0 for each in sets)
    hold = sets[0].hold if len({each.hold for each in sets}) == 1 else None
    noun = "hold" if hold else "round" if sets[0].is_breathing else "rep"
    amount = count_text(done, noun) if done == planned else f"{done} of {count_text(planned, noun)}"
    return f"{amount} of {hold:g} s" if hold else amount


def _clock(seconds: float) -> str:
    return clock(round(seconds * RATE))
