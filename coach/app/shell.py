"""Words of a command line, as a person types them into a shell."""

from __future__ import annotations

import re
import shlex

_PLAIN = re.compile(r"[\w./+@:-]+")  # what no shell reads as anything else
_UNSAFE = re.compile(r'["$`\\!%\n]')  # what some shell reads within double quotes


def quote(text: str) -> str:
    """Return a text as a word of a command line, in double quotes where it needs some and they do."""
    if _PLAIN.fullmatch(text):
        return text
    return shlex.quote(text) if _UNSAFE.search(text) else f'"{text}"'
