"""What a schedule is, and what it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coach.borders import printable
from coach.errors import CoachError, RefusedError

LONGEST_NAME = 40
_MARK = ("play", "--scheduled", "--name")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A routine that is played at set times.

    Attributes:
        name: its name; no two schedules have the same.
        when: the five fields of a cron expression: minute, hour, day of the month, month, day of the week.
            Several expressions have semicolons between them.
        program: the words that start Coach; the first is an absolute path.
        script: the script's absolute path.
        options: further words for `coach play`.
        environment: variables that the program needs and the scheduler does not set.
        paused: whether it is kept without being played.
        settings: variables that somebody has set for it in the scheduler's own file, which apply to it too.
    """

    name: str
    when: str
    program: tuple[str, ...]
    script: str
    options: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    paused: bool = False
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The command, word by word."""
        return (*self.program, *_MARK, self.name, self.script, *self.options)


def parse_command(
    words: list[str], when: str, environment: list[tuple[str, str]], *, paused: bool
) -> Schedule | None:
    """Return the schedule that a command plays; None if Coach did not write the command."""
    if not words or not words[0].startswith("/"):
        return None
    for start in range(1, len(words) - len(_MARK) - 1):
        end = start + len(_MARK)
        if words[0].startswith("/") and tuple(words[start:end]) == _MARK and _NAME.fullmatch(words[end]):
            name, script, *options = words[end:]
            program = tuple(words[:start])
            return Schedule(name, when, program, script, tuple(options), tuple(environment), paused)
    return None


def check(schedule: Schedule) -> None:
    """Check that a schedule can be stored.

    Raises:
        RefusedError: its name is not allowed.
        CoachError: a path or an option contains a character that could break or feign a line.
    """
    if not _NAME.fullmatch(schedule.name) or len(schedule.name) > LONGEST_NAME:
        raise RefusedError(
            "name",
            f"must be 1 to {LONGEST_NAME} letters a-z, digits, '-', '_' or '.', "
            f"and must not start with '-' or '.' (got '{schedule.name}')",
        )
    for text in (*schedule.words, *(value for _, value in schedule.environment)):
        letters = text.encode(errors="surrogateescape").decode(errors="replace")  # not all names are UTF-8
        if printable(letters) != letters:
            raise CoachError(f"'{text}' contains a control character, or an invisible one; rename it")


def derive_name(text: str) -> str:
    """Return a valid name made from any text, such as a file name."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", text).lstrip(".-")[: LONGEST_NAME - 4]
    return name if re.search("[A-Za-z0-9]", name) else "routine"
