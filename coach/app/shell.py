"""Words of a command line, as a user types them into a shell."""

from __future__ import annotations

import re
import shlex

_PLAIN = re.compile(r"[\w./+@:-]+")  # what every shell takes literally
_UNSAFE = re.compile(r'["$`\\!%\n]')  # what some shells interpret inside double quotes


def quote(text: str) -> str:
    """Return a text as one word of a command line, in double quotes if it needs quotes and they suffice."""
    if _PLAIN.fullmatch(text):
        return text
    return shlex.quote(text) if _UNSAFE.search(text) else f'"{text}"'
