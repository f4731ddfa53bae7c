"""Closed sets of words."""

from __future__ import annotations

from enum import Enum


class TextEnum(str, Enum):
    """An enum whose members are the words themselves, wherever a text is wanted: in files, JSON and messages.

    (The standard library's `StrEnum` comes with Python 3.11.)
    """

    def __str__(self) -> str:
        return str(self.value)
