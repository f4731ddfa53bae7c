"""Closed sets of words, and the check that no `match` forgets a member."""

from __future__ import annotations

from enum import Enum
from typing import NoReturn


class TextEnum(str, Enum):
    """An enum whose members are the words themselves, wherever a text is wanted: in files, JSON and messages.

    (The standard library's `StrEnum` comes with Python 3.11.)
    """

    def __str__(self) -> str:
        return str(self.value)


def assert_never(value: NoReturn) -> NoReturn:
    """Stand behind the last case of a `match` over a closed set: a member that it forgets fails mypy.

    (The standard library's `assert_never` comes with Python 3.11.)

    Raises:
        AssertionError: a value came that the types rule out.
    """
    raise AssertionError(f"no case for {value!r}")
