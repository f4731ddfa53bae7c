"""Texts with a script's own words in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coach.routine import PLACEHOLDERS, Text
from coach.script import format as keys
from coach.script.document import is_file, short
from coach.script.values import LONGEST_TEXT, Reader, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from coach.errors import Location


class Texts:
    """Fills the vars of a script into its texts, and into those of the library that it uses.

    Args:
        script: the fields of the file, with its vars.
        reader: collects the problems.
    """

    def __init__(self, script: keys.Fields, reader: Reader) -> None:
        self._script = script
        self._reader = reader
        self._bound: dict[tuple[Text, frozenset[str]], tuple[Text, tuple[str, ...]]] = {}

    def plain(self, words: str, at: Location, place: Location) -> str:
        """Return words outside of any exercise, with vars filled in; `at` is where they are."""
        text = self.bind(Text(words, at), PLACEHOLDERS, place)
        return words if text.placeholders() else text.fill({})

    def bind(self, text: Text, missing: Collection[str], place: Location) -> Text:
        """Return a text with its vars filled in.

        Args:
            text: the text, as written.
            missing: the built-in placeholders that can't be used here.
            place: the step that uses the text; problems in a text that ships with Coach are reported there.
        """
        key = text, frozenset(missing)
        if key not in self._bound:  # an exercise of the library is built for each step that uses it
            self._bound[key] = self._filled(text, missing)
        bound, problems = self._bound[key]
        for message in problems:
            self._reader.fail(text.location if self._is_own(text) else place, message)
        return bound

    def _is_own(self, text: Text) -> bool:
        return text.location.path == self._script.location.path

    def _filled(self, text: Text, missing: Collection[str]) -> tuple[Text, tuple[str, ...]]:
        """Return the text with its vars, and what is wrong with it."""
        problems = []
        if text.recording is not None and not is_file(text.recording):
            problems.append(f"must be an existing recording (there is no file {text.recording})")
        variables = self._script[keys.VARS]
        known = [*(name for name in PLACEHOLDERS if name not in missing), *variables]
        for name in text.placeholders():
            quoted = short(name)
            if name in ("{", "}"):
                problems.append(f"a single '{name}'; write '{name}{name}' for a real brace")
            elif name in PLACEHOLDERS and name not in known:
                problems.append(f"{{{quoted}}} can't be used here")
            elif name not in known and keys.VARS.name not in self._script.unread:
                words = f"; known are {short(', '.join(known))}" if known else "; 'vars' can define it"
                hint = nearest(name, known) or words
                problems.append(f"unknown placeholder {{{quoted}}}{hint}")
        bound = text.bind(variables)
        if len(bound.words) > LONGEST_TEXT:
            words = f"must be a text of 1 to {LONGEST_TEXT} characters once its vars are in"
            return text, (*problems, f"{words} (got {len(bound.words)})")
        return bound, tuple(problems)
