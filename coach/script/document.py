"""YAML text to a tree of located nodes, within limits that hostile input cannot break.

Every scalar stays the text that stands in the file: YAML's own guesses (`off` as False, `1:30` as 90)
would change what a person wrote before its field could say what it means.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import yaml

from coach.borders import printable
from coach.errors import Location, Problem, ScriptError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STDIN = Path("<stdin>")
"""Stands for standard input where a script is asked for."""

MOST_BYTES = 1_000_000
"""A script is a page of text; a larger file is something else."""

MOST_NODES = 50_000
"""Nodes of a script, counting what an alias stands for each time it is used: an alias bomb ends here."""

_CHARACTERS_A_NODE = 200  # a longer text counts as several nodes: aliases of it are work, too

MOST_DEPTH = 40
"""Levels of nesting; the format itself needs about eight."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value, as its text.

    Attributes:
        text: what stands in the file.
        location: where.
        quoted: whether it has quotes, so that YAML makes no number of it.
        cut: a comment right behind it that looks like a part of it, "#2"; else "".
    """

    text: str
    location: Location
    quoted: bool = False
    cut: str = ""


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

_LIKE_TEXT = re.compile(r"[ \t]+(#[^\s#].*)")
"""A comment with no space behind its sign, as people don't write comments."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def short(text: str) -> str:
    """Return a text as a message quotes it: on one line, printable, at most 40 characters."""
    line = " ".join(text.lstrip()[:1000].split())
    line = line if len(line) <= 40 else f"{line[:37]}..."
    return printable(line)


def is_file(path: Path) -> bool:
    """Tell whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, a null byte
        return False


def read_file(path: Path, shown: str) -> str:
    """Return the text of a script.

    Args:
        path: the file; `STDIN` for standard input.
        shown: the path as problems name it.

    Raises:
        ScriptError: it is missing, a directory, unreadable, larger than `MOST_BYTES` or not UTF-8.
    """
    start = Location(shown, 1, 1)
    try:
        with open(0, "rb", closefd=False) if path == STDIN else path.open("rb") as file:
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
    data = data.removeprefix(BOM_UTF8)  # or an error would count from behind it, and the data from before it
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        message = f"must be UTF-8 text (byte 0x{data[error.start]:02x} is not); save the file as UTF-8"
        raise ScriptError([Problem(_end_of(before, shown), message)]) from None


def parse(text: str, path: str, fail: Callable[[Location, str], None]) -> Node:
    """Return the tree of a YAML text.

    Args:
        text: one YAML document.
        path: the path that locations bear.
        fail: is told of each problem that reading can go on after, such as a key that stands twice.

    Raises:
        ScriptError: not YAML, or beyond the limits above.
    """
    if control := _FORBIDDEN.search(text):  # the parser tells no line
        raise ScriptError([Problem(_end_of(text[: control.start()], path), _control(control[0]))])
    if directive := re.search("^%TAG", text, re.MULTILINE):  # the parser takes long over thousands of them
        place = _end_of(text[: directive.start()], path)
        raise ScriptError([Problem(place, "a tag has no meaning here (got %TAG)")])
    try:
        root = _root(text, path, fail)
    except yaml.MarkedYAMLError as error:
        raise ScriptError([_syntax(error, text, path)]) from None
    if root is None:
        message = "the file is empty; a script needs at least a title and steps"
        raise ScriptError([Problem(Location(path, 1, 1), message)])
    return root


def _root(text: str, path: str, fail: Callable[[Location, str], None]) -> Node | None:
    """Return the root of a text, where the limits above answer before those of the parser's version.

    A scanner reads up to 1024 characters of a line before it yields them as events, since a colon there
    would make a key of them; and libyaml, from 0.2.6 on, gives up at the 1001st open bracket. What stands
    before its error is therefore read once more, with harmless characters in place of the rest.

    Raises:
        ScriptError: beyond the limits above.
        yaml.MarkedYAMLError: not YAML.
    """
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _Builder(text, path, fail).document(yaml.parse(text, loader))
    except yaml.scanner.ScannerError as error:
        marks = [mark.index for mark in (error.context_mark, error.problem_mark) if mark]
        ahead = f"{text[: min(marks, default=0)]}{',' * 1100}"
        try:
            _Builder(ahead, path, fail).document(yaml.parse(ahead, loader))
        except yaml.MarkedYAMLError as other:
            raise (other if "maximum nesting depth" in str(error.problem) else error) from None
        raise


class _Builder:
    """Builds nodes out of the parser's events, with a stack of its own: no recursion to overflow."""

    def __init__(self, text: str, path: str, fail: Callable[[Location, str], None]) -> None:
        self.lines = text.splitlines() if " #" in text else []
        self.path = path
        self.fail = fail
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.nodes = 0

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        """Return the root of the only document; None where there is none."""
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
                size = 1 + len(event.value) // _CHARACTERS_A_NODE
                finished = self._scalar(event), size, event.anchor
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
            self._stop(
                self._place(event), f"alias *{short(name)} stands for nothing that is complete before it"
            )
        return self.anchors[name]

    def _untagged(self, event: yaml.NodeEvent, tag: str | None) -> None:
        if tag not in (None, "!"):
            self.fail(self._place(event), f"a tag has no meaning here (got {short(tag)})")

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        quoted = event.style not in (None, "")
        cut = "" if quoted or not self.lines else self._cut(event)
        scalar = Scalar(event.value, self._place(event), quoted=quoted, cut=cut)
        if control := _FORBIDDEN.search(event.value):  # written with a backslash
            self.fail(scalar.location, _control(control[0]))
        return scalar

    def _cut(self, event: yaml.ScalarEvent) -> str:
        """Return what follows a text without quotes on its line as if it were a part of it."""
        end = event.end_mark
        assert end is not None  # the parser marks every event
        line = self.lines[end.line] if end.line < len(self.lines) else ""
        comment = _LIKE_TEXT.match(line, end.column)
        return comment[1] if comment else ""

    def _close(self, done: _Open) -> Node:
        if isinstance(done.event, yaml.SequenceStartEvent):
            return Sequence(tuple(done.children), done.location)
        entries: dict[Scalar, Node] = {}
        seen: dict[str, Location] = {}
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.fail(
                    key.location,
                    f"a key must be a name (got {'a list' if isinstance(key, Sequence) else 'a mapping'})",
                )
            elif key.text == "<<":
                self.fail(
                    key.location, "a merge key (<<) has no meaning here; 'use' and 'defaults' share fields"
                )
            elif key.text in seen:
                first = seen[key.text]
                self.fail(key.location, f"key '{short(key.text)}' stands twice (first on line {first.line})")
            else:
                seen[key.text] = key.location
                entries[key] = value
        return Mapping(entries, done.location)

    def _place(self, event: yaml.Event) -> Location:
        mark = event.start_mark
        assert mark is not None  # the parser marks every event
        return Location(self.path, mark.line + 1, mark.column + 1)

    def _stop(self, location: Location, message: str) -> NoReturn:
        raise ScriptError([Problem(location, message)])


class _Open:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("children", "event", "location", "size")

    def __init__(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, location: Location) -> None:
        self.event = event
        self.location = location
        self.children: list[Node] = []
        self.size = 1


def _syntax(error: yaml.MarkedYAMLError, text: str, path: str) -> Problem:
    """Return a parser's error as a problem in a person's words."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    here_line = lines[line] if line < len(lines) else ""
    here = here_line[column:]
    indent = here_line[: len(here_line) - len(here_line.lstrip())]
    if here.startswith("\t") or "\t" in indent:
        message = "a tab cannot indent YAML; use spaces"
        column = min(column, (indent or here).find("\t") if "\t" in indent else column)
    elif error.problem and error.problem.startswith("mapping values"):
        message = "not YAML: a text with a colon needs quotes, or this line is indented wrongly"
    elif error.problem and error.problem.startswith("did not find expected ',' or"):
        message = "not YAML: a comma or bracket is missing, or a text with braces needs quotes here"
    elif error.problem and "cannot start any token" in error.problem:
        message = f"not YAML: a text that starts with {here[:1]} needs quotes"
    elif error.context == "while scanning a quoted scalar" and error.context_mark:
        line, column = error.context_mark.line, error.context_mark.column
        message = "not YAML: this quote is not closed"
    elif _ended_early(error) and (value := _HALF_QUOTED.match(here_line[:column])):
        column = value.end() - 1
        message = _needs_quotes(here_line[column:])
    else:
        message = f"not YAML: {error.problem or error.context or 'cannot be read'}"
        if error.context and error.problem:
            message += f" ({error.context})"
    return Problem(Location(path, line + 1, column + 1), message)


_HALF_QUOTED = re.compile(r"\s*(?:- +)*(?:[\w-]+: +)?[\"'{\[]")
"""A line up to the first character of its value, one that YAML takes for more than a character."""

_APOSTROPHES = re.compile(r"'(?:[^']|(?<=\w)'(?=\w))*'")
"""A text in single quotes with apostrophes in it."""

_LONGEST_EXAMPLE = 60  # characters; a longer text is not written out again


def _ended_early(error: yaml.MarkedYAMLError) -> bool:
    """Tell whether a parser, libyaml or the one in Python, came to the end of a value and found more."""
    problem = error.problem or ""
    return problem == "did not find expected key" or problem.startswith("expected <block end>")


def _needs_quotes(value: str) -> str:
    """Return what to do about a text whose first character YAML takes for the start of something else."""
    text = re.split(r"\s#", value)[0].strip()
    meant = text[1:-1] if _APOSTROPHES.fullmatch(text) else text
    if '"' not in meant and "\\" not in meant:
        right = f'"{meant}"'
    else:
        right = "'{}'".format(meant.replace("'", "''"))
    what = "a quote" if text[0] in "\"'" else text[0]
    message = f"not YAML: a text that starts with {what} needs quotes around all of it"
    if meant is not text:
        message = "not YAML: a text with an apostrophe needs double quotes around it"
    return f"{message}: {right}" if len(right) <= _LONGEST_EXAMPLE and right.isprintable() else message


def _control(character: str) -> str:
    return f"a control character (U+{ord(character):04X}) cannot stand in a script"


def _end_of(text: str, path: str) -> Location:
    """Return the place right behind a text that a file begins with."""
    lines = re.split("\r\n?|\n", text)
    return Location(path, len(lines), len(lines[-1]) + 1)
