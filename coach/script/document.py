"""YAML text to a tree of located nodes, within limits that hostile input cannot break.

Every scalar stays the text that stands in the file: YAML's own guesses (`off` as False, `1:30` as 90)
would change what a person wrote before its field could say what it means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import yaml

from coach.errors import Location, Problem, ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 1_000_000
"""A script is a page of text; a larger file is something else."""

MOST_NODES = 50_000
"""Nodes of a script, counting what an alias stands for each time it is used: an alias bomb ends here."""

MOST_DEPTH = 40
"""Levels of nesting; the format itself needs about eight."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value, as its text."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their nodes, in the order of the file, no key twice."""

    entries: dict[Scalar, Node]
    location: Location


Node: TypeAlias = Scalar | Sequence | Mapping


def read_file(path: Path, shown: str) -> str:
    """Return the text of a script.

    Args:
        path: the file.
        shown: the path as problems name it.

    Raises:
        ScriptError: it is missing, a directory, unreadable, larger than `MOST_BYTES` or not UTF-8.
    """
    start = Location(shown, 1, 1)
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise ScriptError([Problem(start, "no such file")]) from None
    except IsADirectoryError:
        raise ScriptError([Problem(start, "is a directory; a script is a YAML file")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ScriptError([Problem(start, f"cannot be read: {reason}")]) from None
    if len(data) > MOST_BYTES:
        raise ScriptError(
            [Problem(start, f"is larger than {MOST_BYTES // 1_000_000} MB; a script is a page of text")]
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        byte = data[error.start]
        message = f"must be UTF-8 text (byte 0x{byte:02x} is not); save the file as UTF-8"
        raise ScriptError([Problem(Location(shown, line, column), message)]) from None


def parse(text: str, path: str) -> Node:
    """Return the tree of a YAML text.

    Args:
        text: one YAML document.
        path: the path that locations bear.

    Raises:
        ScriptError: not YAML, or beyond the limits above; every key that stands twice is named.
    """
    builder = _Builder(path)
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        root = builder.document(yaml.parse(text, loader))
    except yaml.MarkedYAMLError as error:
        raise ScriptError([*builder.problems, builder.syntax(error, text)]) from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise ScriptError([_forbidden(error, text, path)]) from None
    if builder.problems:
        raise ScriptError(builder.problems)
    return root


class _Stop(Exception):  # noqa: N818 - it ends the reading; the error is the noted problem
    """Reading on would serve nobody: the problem is noted."""


class _Builder:
    """Builds nodes out of the parser's events, with a stack of its own: no recursion to overflow."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.nodes = 0

    def document(self, events: Iterator[yaml.Event]) -> Node:
        """Return the root of the first document; note a second one as a problem."""
        try:
            root = self._first(events)
        except _Stop:
            raise ScriptError(self.problems) from None
        if root is None:
            self._fail(
                Location(self.path, 1, 1), "the file is empty; a script needs at least a title and steps"
            )
            raise ScriptError(self.problems)
        return root

    def _first(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        open_nodes: list[_Open] = []
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._stop(self._place(event), "a second YAML document; a script is a single one")
            finished: tuple[Node, int, str | None] | None = None
            if isinstance(event, yaml.AliasEvent):
                node, size = self._aliased(event)
                finished = node, size, None
            elif isinstance(event, yaml.ScalarEvent):
                self._untagged(event, event.tag)
                finished = Scalar(event.value, self._place(event)), 1, event.anchor
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._untagged(event, event.tag)
                open_nodes.append(_Open(event, self._place(event)))
                if len(open_nodes) > MOST_DEPTH:
                    self._stop(self._place(event), f"nested more than {MOST_DEPTH} levels deep")
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                done = open_nodes.pop()
                finished = self._close(done), done.size, done.event.anchor
            if finished is None:
                continue
            node, size, anchor = finished
            if anchor:
                self.anchors[anchor] = node, size
            self.nodes += 1
            if size > MOST_NODES or self.nodes > MOST_NODES:
                self._stop(node.location, f"more than {MOST_NODES} values (aliases counted each time)")
            if open_nodes:
                open_nodes[-1].children.append(node)
                open_nodes[-1].size += size
            else:
                root = node
        return root

    def _aliased(self, event: yaml.AliasEvent) -> tuple[Node, int]:
        name = event.anchor or ""
        if name not in self.anchors:
            self._stop(self._place(event), f"alias *{name} stands for nothing that is complete before it")
        return self.anchors[name]

    def _untagged(self, event: yaml.NodeEvent, tag: str | None) -> None:
        if tag not in (None, "!"):
            self._fail(self._place(event), f"a tag has no meaning here (got {tag})")

    def _close(self, done: _Open) -> Node:
        if isinstance(done.event, yaml.SequenceStartEvent):
            return Sequence(tuple(done.children), done.location)
        entries: dict[Scalar, Node] = {}
        seen: dict[str, Location] = {}
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._fail(key.location, "a key must be a single word")
            elif key.text in seen:
                first = seen[key.text]
                self._fail(key.location, f"key '{key.text}' stands twice (first on line {first.line})")
            else:
                seen[key.text] = key.location
                entries[key] = value
        return Mapping(entries, done.location)

    def syntax(self, error: yaml.MarkedYAMLError, text: str) -> Problem:
        """Return a parser's error as a problem in a person's words."""
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = text.splitlines()
        here = lines[line][column:] if line < len(lines) else ""
        indent = lines[line][: len(lines[line]) - len(lines[line].lstrip())] if line < len(lines) else ""
        if here.startswith("\t") or "\t" in indent:
            message = "a tab cannot indent YAML; use spaces"
            column = min(column, (indent or here).find("\t") if "\t" in indent else column)
        elif error.problem and error.problem.startswith("mapping values"):
            message = "not YAML: a text with a colon needs quotes, or this line is indented wrongly"
        elif error.problem and "cannot start any token" in error.problem:
            message = f"not YAML: a text that starts with {here[:1]} needs quotes"
        else:
            message = f"not YAML: {error.problem or error.context or 'cannot be read'}"
            if error.context and error.problem:
                message += f" ({error.context})"
        return Problem(Location(self.path, line + 1, column + 1), message)

    def _place(self, event: yaml.Event) -> Location:
        mark = event.start_mark
        assert mark is not None  # the parser marks every event
        return Location(self.path, mark.line + 1, mark.column + 1)

    def _fail(self, location: Location, message: str) -> None:
        self.problems.append(Problem(location, message))

    def _stop(self, location: Location, message: str) -> None:
        self._fail(location, message)
        raise _Stop


class _Open:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("children", "event", "location", "size")

    def __init__(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, location: Location) -> None:
        self.event = event
        self.location = location
        self.children: list[Node] = []
        self.size = 1


def _forbidden(error: yaml.YAMLError, text: str, path: str) -> Problem:
    """Locate the first character that YAML forbids; the parser itself tells no line."""
    for number, line in enumerate(text.splitlines(), 1):
        for column, character in enumerate(line, 1):
            if not (character.isprintable() or character in "\t\x85\u2028\u2029") and ord(character) < 0xA0:
                message = f"a control character (U+{ord(character):04X}) cannot stand in a script"
                return Problem(Location(path, number, column), message)
    return Problem(Location(path, 1, 1), f"not YAML: {str(error).splitlines()[0]}")
