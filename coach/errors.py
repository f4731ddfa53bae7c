"""What can go wrong, and where in a script it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from coach.text_enum import TextEnum

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_PROBLEMS = 20
"""A report names this many problems and counts the rest."""


class Location(NamedTuple):
    """A place in a script: its path as the person gave it, line and column counted from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One thing that a person should mend (or, as a warning, know) and where it stands."""

    location: Location
    message: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message}"


class Blame(TextEnum):
    """What has to change before it can work."""

    SCRIPT = "script"
    REQUEST = "request"
    MACHINE = "machine"


class CoachError(Exception):
    """The base of all errors that Coach reports; its text is one line for a person to read.

    Attributes:
        blame: what has to change before it can work.
    """

    blame = Blame.MACHINE


class ScriptError(CoachError):
    """A script cannot be used as it stands.

    Attributes:
        problems: every problem found, in the order of their places in the files.
    """

    blame = Blame.SCRIPT

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(self.lines()))

    def __reduce__(self) -> tuple[type[ScriptError], tuple[tuple[Problem, ...]]]:
        """Return what another process makes this error of."""
        return type(self), (self.problems,)

    def lines(self) -> list[str]:
        """Return one line a problem, at most `MOST_PROBLEMS`, then how many more there are."""
        lines = [str(problem) for problem in self.problems[:MOST_PROBLEMS]]
        more = len(self.problems) - len(lines)
        if more:
            lines.append(f"and {more} more problem{'s' if more > 1 else ''}")
        return lines


class RefusedError(CoachError):
    """What was asked for cannot be.

    Attributes:
        option: what would have to be asked differently: a field of a request, or an argument's name.
    """

    blame = Blame.REQUEST

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option

    def __reduce__(self) -> tuple[type[RefusedError], tuple[str, str]]:
        """Return what another process makes this error of."""
        return type(self), (self.option, str(self))


class SpeechError(CoachError):
    """No voice for the language, or the voice failed on this machine."""


class AudioError(CoachError):
    """A track could not be played or written on this machine."""


class FaultError(CoachError):
    """Something that only Coach's authors can mend."""

    @classmethod
    def of(cls, error: BaseException) -> FaultError:
        """Return what a person is told of an error that nobody expected."""
        found = f"{type(error).__name__}: {error}"
        return cls(f"a fault of Coach's own ({found}); COACH_TRACEBACK=1 shows where")
