"""Repeats whose rounds differ: names in braces, with a value for each round."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from coach.routine import Text
from coach.script.document import Mapping, Node, Scalar, Sequence
from coach.script.values import (
    VARIABLES,
    Line,
    Reader,
    Schema,
    Value,
    Whole,
    check_variable,
    found,
    name_in_braces,
)

MOST_ROUNDS = 1000
"""Rounds that may differ from each other."""

_ENDS = Whole(0, 100_000)
_ONE = Line(60)

Names: TypeAlias = tuple[tuple[str, str], ...]
"""What each name stands for in one round."""


@dataclass(frozen=True)
class RepeatText(Value["int | tuple[Names, ...]"]):
    """How many rounds, or what names stand for in each."""

    rounds: Whole

    @property
    def words(self) -> str:
        return f"{self.rounds.words}, or a name with a value for each round, such as {{n: [21, 15, 9]}}"

    def schema(self) -> Schema:
        one: Schema = {"allOf": [_ONE.schema(), {"pattern": "^[^{}]*$"}]}
        each: Schema = {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_ROUNDS}
        ends = self._matches(rf"{_ENDS.pattern()}\s*[-\u2013]\s*{_ENDS.pattern()}", "a range such as 1-5")
        named: Schema = {
            "type": "object",
            "minProperties": 1,
            "propertyNames": VARIABLES,
            "additionalProperties": {"anyOf": [each, {"type": "string", **ends}]},
        }
        return {"anyOf": [self.rounds.schema(), named]}

    def read(self, node: Node, reader: Reader) -> int | tuple[Names, ...] | None:
        if not isinstance(node, Mapping):
            return self.rounds.read(node, reader)
        if not node.entries:
            reader.wants(node, self.words)
            return None
        columns: dict[str, tuple[str, ...]] = {}
        for name, values in node.entries.items():
            column = self._values(values, reader)
            if check_variable(name, reader) and column:
                columns[name.text] = column
        if len(columns) < len(node.entries):
            return None
        if len(set(map(len, columns.values()))) > 1:
            lengths = ", ".join(f"'{name}' has {len(column)}" for name, column in columns.items())
            reader.fail(node.location, f"must have as many values for each name ({lengths})")
            return None
        rounds = zip(*columns.values(), strict=True)
        return tuple(tuple(zip(columns, values, strict=True)) for values in rounds)

    @staticmethod
    def _values(node: Node, reader: Reader) -> tuple[str, ...] | None:
        """Return what a name stands for in each round."""
        if isinstance(node, Scalar):
            quiet = Reader()
            parts = re.split("[-\u2013]", node.text)
            ends = [_ENDS.read(Scalar(part, node.location, quoted=True), quiet) for part in parts]
            first, last = ends if len(ends) == 2 else (None, None)
            if first is None or last is None:
                reader.wants(node, "a list such as [21, 15, 9], or a range such as 1-5")
                return None
            step = 1 if first <= last else -1
            if abs(last - first) >= MOST_ROUNDS:
                reader.fail(node.location, f"must be a range of at most {MOST_ROUNDS} (got {found(node)})")
                return None
            return tuple(str(number) for number in range(first, last + step, step))
        if not isinstance(node, Sequence) or not 1 <= len(node.items) <= MOST_ROUNDS:
            reader.wants(node, f"a list of 1 to {MOST_ROUNDS} values, or a range such as 1-5")
            return None
        read = [_ONE.read(item, reader) for item in node.items]
        for item, text in zip(node.items, read, strict=True):
            if text and re.search("[{}]", text):
                reader.fail(item.location, f"must be a text without braces (got {found(item)})")
                return None
        values = tuple(text for text in read if text is not None)
        return values if len(values) == len(read) else None


def fill_in(node: Node, names: Names) -> Node:
    """Return a node with what the names stand for in place of them.

    A name stands in braces in a text. YAML makes a mapping of a value that is nothing but a name in braces,
    such as `reps: {n}`: it is a name, too.
    """
    values = dict(names)
    if isinstance(node, Scalar):
        words = Text(node.text, node.location).bind(values).words
        return node if words == node.text else Scalar(words, node.location)
    if isinstance(node, Sequence):
        return Sequence(tuple(fill_in(item, names) for item in node.items), node.location)
    name = name_in_braces(node)
    if name in values:
        return Scalar(values[name], node.location)
    return Mapping({key: fill_in(value, names) for key, value in node.entries.items()}, node.location)


def count_nodes(node: Node) -> int:
    """Return how many nodes a node is, with all that is in it."""
    if isinstance(node, Scalar):
        return 1
    items = node.items if isinstance(node, Sequence) else node.entries.values()
    return 1 + sum(map(count_nodes, items))
