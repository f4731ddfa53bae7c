"""Closed sets of words."""

from __future__ import annotations

from enum import Enum
from typing import NoReturn


class TextEnum(str, Enum):
    """An enum whose members are the words themselves, wherever a text is wanted: in files, JSON and messages.

    (The standard library's `StrEnum` comes with Python 3.11.)
    """

    def __str__(self) -> str:
        return str(self.value)


def assert_never(member: NoReturn) -> NoReturn:
    """Have mypy complain about a `match` that forgets a member.

    (The standard library's `assert_never` comes with Python 3.11.)

    Raises:
        AssertionError: always.
    """
    raise AssertionError(f"nothing is done for {member!r}")
