"""The kinds of values in a script: how each is read, described, and expressed in a JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from coach.errors import Problem, ScriptError
from coach.routine import PLACEHOLDERS, Phase, Span, Text
from coach.script.document import Mapping, Node, Scalar, Sequence, printable, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coach.errors import Location

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Schema: TypeAlias = dict[str, object]

LONGEST_TEXT = 2000
"""Characters in one spoken text; anything longer is not a cue."""

_MOST_KNOWN = 500  # words to compare one with
_ENOUGH = 1000  # problems; more would only cost time
_LONGEST_NAME = 60
_LONGEST_NUMBER = 40  # characters; "1 hour 30 minutes 15 seconds" has 28
_DECIMAL = r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+"
_CLOCK = r"(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:\.[0-9]+)?)"
_UNITS = ("h|hrs?|hours?", "m|mins?|minutes?", "s|secs?|seconds?")
_IN_UNITS = re.sub(  # upper and lower case; JSON Schema has no flag for that
    "[a-z]",
    lambda letter: f"[{letter[0]}{letter[0].upper()}]",
    "".join(rf"(?:([0-9]+(?:\.[0-9]+)?) *(?:{unit}) *)?" for unit in _UNITS),
)
_SIGNED = rf"[+-]?(?:{_DECIMAL})"


class Reader:
    """Collects the problems of one script while its values are read."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}

    @property
    def problems(self) -> list[Problem]:
        """The problems so far, each once."""
        return list(self._problems)

    def fail(self, location: Location, message: str) -> None:
        """Report a problem; reading goes on.

        Raises:
            ScriptError: there are so many problems that finding more is pointless.
        """
        self._problems[Problem(location, printable(message))] = None
        if len(self._problems) >= _ENOUGH:
            raise ScriptError(self._problems)

    def wants(self, node: Node, words: str) -> None:
        """Report that something else was required here."""
        self.fail(node.location, f"must be {words} (got {found(node)})")


def found(node: Node) -> str:
    """Return in a few words what was found in the file."""
    if isinstance(node, Mapping):
        return "a mapping" if node.entries else "an empty mapping"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    text = short(node.text)
    return f"'{text}'" if text else "nothing"


def plain(number: Fraction) -> str:
    """Return a number as people write it: 3, 1.5."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):g}"


def seconds_of(text: str) -> Fraction | None:
    """Return the seconds that a text such as `25s`, `1m30s`, `5 min` or `1:30` means, or None."""
    text = " ".join(text.split())
    if not text or len(text) > _LONGEST_NUMBER:
        return None
    if re.fullmatch(_DECIMAL, text):
        return Fraction(text)
    if clock := re.fullmatch(_CLOCK, text):
        hours, minutes, seconds = (Fraction(part) for part in clock.groups(default="0"))
        if seconds >= 60 or (clock[1] and minutes >= 60):
            return None
    elif parts := re.fullmatch(_IN_UNITS, text):
        hours, minutes, seconds = (Fraction(part) for part in parts.groups(default="0"))
    else:
        return None
    return 3600 * hours + 60 * minutes + seconds


@dataclass(frozen=True)
class Value(Generic[T_co]):
    """A kind of value.

    `words` says what is required, in messages and in the documentation: "must be {words}".
    """

    @property
    def words(self) -> str:
        """What has to be written here."""
        raise NotImplementedError

    def schema(self) -> Schema:
        """Return the JSON Schema of what an editor should accept."""
        raise NotImplementedError

    def read(self, node: Node, reader: Reader) -> T_co | None:
        """Return the value, or None after reporting a problem."""
        raise NotImplementedError

    def shown(self, value: object) -> str:
        """Return a default as the documentation shows it."""
        if isinstance(value, Fraction):
            return plain(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{value:g}"
        return "" if value in ((), {}, None) else str(value)


@dataclass(frozen=True)
class Line(Value[str]):
    """One line of text that is not empty."""

    longest: int = 300
    what: str = "a text"

    @property
    def words(self) -> str:
        return f"{self.what} of 1 to {self.longest} characters"

    def schema(self) -> Schema:
        return {"type": ["string", "number"], "minLength": 1, "maxLength": self.longest}

    def read(self, node: Node, reader: Reader) -> str | None:
        text = " ".join(node.text.split()) if isinstance(node, Scalar) else ""
        if len(text) > self.longest:
            reader.fail(node.location, f"must be {self.words} (got {len(text)} characters)")
            return None
        if not text:
            reader.wants(node, self.words)
        return text or None


NAME = Line(_LONGEST_NAME, "a name")


@dataclass(frozen=True)
class Whole(Value[int]):
    """A whole number."""

    low: int
    high: int

    @property
    def words(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def read(self, node: Node, reader: Reader) -> int | None:
        text = node.text.strip() if isinstance(node, Scalar) else ""
        number = int(text) if len(text) <= _LONGEST_NUMBER and re.fullmatch("[0-9]+", text) else None
        if number is None or not self.low <= number <= self.high:
            reader.wants(node, self.words)
            return None
        return number


@dataclass(frozen=True)
class Number(Value[float]):
    """A decimal number, with a sign where the range has negative ones."""

    low: float
    high: float
    what: str = "a number"

    @property
    def words(self) -> str:
        return f"{self.what} from {self.low:g} to {self.high:g}"

    def schema(self) -> Schema:
        return {"type": "number", "minimum": self.low, "maximum": self.high}

    def read(self, node: Node, reader: Reader) -> float | None:
        text = node.text.strip() if isinstance(node, Scalar) else ""
        number = float(text) if len(text) <= _LONGEST_NUMBER and re.fullmatch(_SIGNED, text) else None
        if number is None or not self.low <= number <= self.high:
            reader.wants(node, self.words)
            return None
        return number


@dataclass(frozen=True)
class Seconds(Value[Fraction]):
    """A duration, in seconds."""

    low: Fraction
    high: Fraction

    @property
    def words(self) -> str:
        return (
            f"a duration of {plain(self.low)} to {plain(self.high)} seconds, such as 25, 25s, 1m30s or 1:30"
        )

    def schema(self) -> Schema:
        number = {"type": "number", "minimum": float(self.low), "maximum": float(self.high)}
        return {"anyOf": [number, {"type": "string", "pattern": f"^({_CLOCK}|{_IN_UNITS})$"}]}

    def read(self, node: Node, reader: Reader) -> Fraction | None:
        seconds = seconds_of(node.text) if isinstance(node, Scalar) else None
        if seconds is None or not self.low <= seconds <= self.high:
            reader.wants(node, self.words)
            return None
        return seconds


@dataclass(frozen=True)
class Range(Value[Span]):
    """A number, or a range such as 10-15."""

    one: Whole | Seconds

    @property
    def words(self) -> str:
        return f"{self.one.words}, or a range such as 10-15"

    def schema(self) -> Schema:
        return {"anyOf": [self.one.schema(), {"type": "string", "pattern": r"^\S+\s*-\s*\S+$"}]}

    def read(self, node: Node, reader: Reader) -> Span | None:
        parts = re.split("[-\u2013]", node.text, maxsplit=2) if isinstance(node, Scalar) else []
        quiet = Reader()
        ends = [self.one.read(Scalar(part, node.location), quiet) for part in parts]
        low, high = (ends[0], ends[-1]) if 1 <= len(ends) <= 2 else (None, None)
        if low is None or high is None:
            reader.wants(node, self.words)
            return None
        if low > high:
            reader.fail(
                node.location, f"a range must run from the smaller to the larger number (got {found(node)})"
            )
            return None
        return Span(Fraction(low), Fraction(high))


@dataclass(frozen=True)
class Choice(Value[str]):
    """One of a few words."""

    choices: tuple[str, ...]

    @property
    def words(self) -> str:
        return _either(self.choices)

    def schema(self) -> Schema:
        return {"enum": list(self.choices)}

    def read(self, node: Node, reader: Reader) -> str | None:
        text = node.text.strip().lower() if isinstance(node, Scalar) else ""
        if text not in self.choices:
            hint = nearest(text, self.choices)
            reader.fail(node.location, f"must be {self.words} (got {found(node)}){hint}")
            return None
        return text


@dataclass(frozen=True)
class Flag(Value[bool]):
    """Yes or no."""

    @property
    def words(self) -> str:
        return "yes or no"

    def schema(self) -> Schema:
        return {"enum": [True, False, "yes", "no", "on", "off"]}

    def read(self, node: Node, reader: Reader) -> bool | None:
        text = node.text.strip().lower() if isinstance(node, Scalar) else ""
        if text not in ("yes", "true", "on", "no", "false", "off"):
            reader.wants(node, self.words)
            return None
        return text in ("yes", "true", "on")


@dataclass(frozen=True)
class Words(Value[Text]):
    """A text to be spoken."""

    @property
    def words(self) -> str:
        return f"a text of 1 to {LONGEST_TEXT} characters"

    def schema(self) -> Schema:
        return {"type": ["string", "number"], "minLength": 1, "maxLength": LONGEST_TEXT}

    def read(self, node: Node, reader: Reader) -> Text | None:
        text = Line(LONGEST_TEXT).read(node, reader)
        return None if text is None else Text(text, node.location)


@dataclass(frozen=True)
class Several(Value[tuple[T, ...]], Generic[T]):
    """One value, or a list of them; an empty list removes the values of a farther layer."""

    one: Value[T]
    most: int = 50

    @property
    def words(self) -> str:
        return f"{self.one.words}, or a list of them"

    def schema(self) -> Schema:
        one = self.one.schema()
        return {"anyOf": [one, {"type": "array", "items": one, "maxItems": self.most}]}

    def read(self, node: Node, reader: Reader) -> tuple[T, ...] | None:
        items = node.items if isinstance(node, Sequence) else (node,)
        if len(items) > self.most:
            reader.fail(node.location, f"must be a list of at most {self.most} (got {len(items)})")
            return None
        read = [self.one.read(item, reader) for item in items]
        values = tuple(value for value in read if value is not None)
        return values if values or not items else None


@dataclass(frozen=True)
class Distinct(Several[str]):
    """Several different names."""

    def read(self, node: Node, reader: Reader) -> tuple[str, ...] | None:
        names = super().read(node, reader)
        if names and len(set(names)) < len(names):
            reader.fail(node.location, f"must name each only once (got {', '.join(names)})")
        return names


@dataclass(frozen=True)
class Table(Value[dict[str, str]]):
    """Words, with what each means."""

    keys: str = "words"

    @property
    def words(self) -> str:
        return f"a mapping of {self.keys} to texts"

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": {"type": ["string", "number"]}}

    def read(self, node: Node, reader: Reader) -> dict[str, str] | None:
        if not isinstance(node, Mapping):
            reader.wants(node, self.words)
            return None
        return {key.text: Line().read(value, reader) or "" for key, value in node.entries.items()}


@dataclass(frozen=True)
class Vars(Table):
    """Names for braces, with the plain words that replace each."""

    def read(self, node: Node, reader: Reader) -> dict[str, str] | None:
        for key, value in node.entries.items() if isinstance(node, Mapping) else ():
            if key.text in PLACEHOLDERS:
                reader.fail(key.location, f"'{key.text}' already has a meaning in texts; choose another name")
            elif not re.fullmatch(r"[^\s{}]([^{}]*[^\s{}])?", key.text):
                reader.fail(key.location, f"must be a name without braces (got {found(key)})")
            if isinstance(value, Scalar) and ("{" in value.text or "}" in value.text):
                reader.fail(value.location, f"must be a text without braces (got {found(value)})")
        return super().read(node, reader)


_PHASE = Seconds(Fraction(1, 5), Fraction(600))
_COACHES_DIGITS = r"[0-9xX]{4}|(?:[0-9]{1,4}|[xX])(?:-(?:[0-9]{1,4}|[xX])){3}"


def pairs_of(node: Node) -> list[tuple[Scalar, Node]]:
    """Return the pairs of a mapping, or of a list of mappings (for keys that come twice); else none."""
    items = node.items if isinstance(node, Sequence) else (node,)
    mappings = [item for item in items if isinstance(item, Mapping)]
    if len(mappings) < len(items):
        return []
    return [pair for mapping in mappings for pair in mapping.entries.items()]


@dataclass(frozen=True)
class Phases(Value[tuple[Phase, ...]]):
    """Phases in the order they are done, each with its seconds."""

    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        if self.names:
            return f"a mapping of {_either(self.names)} to seconds"
        return "a mapping of phases to seconds, such as {up: 1, down: 3}"

    def schema(self) -> Schema:
        names: Schema = {"propertyNames": {"enum": list(self.names)}} if self.names else {}
        pairs: Schema = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": _PHASE.schema(),
            **names,
        }
        return {"anyOf": [pairs, {"type": "array", "items": pairs, "minItems": 1}]}

    def read(self, node: Node, reader: Reader) -> tuple[Phase, ...] | None:
        pairs = pairs_of(node)
        if not pairs:
            reader.wants(node, self.words)
            return None
        phases = []
        for key, value in pairs:
            name = (Choice(self.names) if self.names else NAME).read(key, reader)
            seconds = _PHASE.read(value, reader)
            if name is not None and seconds is not None:
                phases.append(Phase(name, seconds))
        return tuple(phases) if len(phases) == len(pairs) else None


@dataclass(frozen=True)
class Digits:
    """A tempo in the coaches' four digits: seconds of lowering, pause, lifting and pause."""

    lowering: int
    bottom: int
    lifting: int
    top: int

    def phases(self, start: str) -> tuple[Phase, ...]:
        """Return its phases in the order they are done, without those of zero seconds.

        Args:
            start: "lowering" or "lifting", which comes first.
        """
        low = (("down", self.lowering), ("pause", self.bottom))
        lift = (("up", self.lifting), ("hold", self.top))
        order = low + lift if start == "lowering" else lift + low
        return tuple(Phase(name, Fraction(seconds)) for name, seconds in order if seconds)


@dataclass(frozen=True)
class TempoText(Value["tuple[Phase, ...] | Digits"]):
    """Phases, or the coaches' four digits."""

    @property
    def words(self) -> str:
        return "phases with seconds, such as {up: 1, down: 3}, or four digits such as 3010 or 3-0-X-0"

    def schema(self) -> Schema:
        digits = {"type": ["string", "integer"], "pattern": f"^({_COACHES_DIGITS})$"}
        return {"anyOf": [Phases().schema(), digits]}

    def read(self, node: Node, reader: Reader) -> tuple[Phase, ...] | Digits | None:
        if pairs_of(node):
            return Phases().read(node, reader)
        text = node.text.strip() if isinstance(node, Scalar) else ""
        if not re.fullmatch(_COACHES_DIGITS, text):
            reader.wants(node, self.words)
            return None
        digits = text.split("-") if "-" in text else list(text)
        seconds = [1 if digit in "xX" else int(digit) for digit in digits]
        if not any(seconds) or max(seconds) > _PHASE.high:
            reader.fail(
                node.location, f"must have a phase of 1 to {plain(_PHASE.high)} seconds (got '{text}')"
            )
            return None
        return Digits(*seconds)


@dataclass(frozen=True)
class Breath:
    """One entry of `breathe`: a phase and how to breathe in it, or in, out or hold and for how long."""

    name: str
    says: str | None
    seconds: Fraction | None
    location: Location


BREATHS = ("in", "out", "hold")


@dataclass(frozen=True)
class Breaths(Value[tuple[Breath, ...]]):
    """Breathing with the phases of a tempo, or in seconds; an empty mapping removes it."""

    @property
    def words(self) -> str:
        return "a mapping such as {up: out, down: in} (with a tempo) or {in: 4, out: 4} (with hold or for)"

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": {"anyOf": [
            {"enum": list(BREATHS)}, _PHASE.schema()]}}  # fmt: skip

    def read(self, node: Node, reader: Reader) -> tuple[Breath, ...] | None:
        if not isinstance(node, Mapping):
            reader.wants(node, self.words)
            return None
        breaths = []
        for key, value in node.entries.items():
            text = value.text.strip().lower() if isinstance(value, Scalar) else ""
            if text in BREATHS:
                breaths.append(Breath(key.text, text, None, key.location))
                continue
            if seconds_of(text) is None:
                reader.wants(value, "in, out or hold, or seconds")
                continue
            seconds = _PHASE.read(value, reader)
            if seconds is not None:
                breaths.append(Breath(key.text, None, seconds, key.location))
        return tuple(breaths)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most similar to this one, or None if none is similar."""
    return _closest(word[:_LONGEST_NAME].lower(), tuple(islice(known, _MOST_KNOWN)))


@lru_cache(maxsize=4096)
def _closest(word: str, known: tuple[str, ...]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it, and it costs start-up time

    return next(iter(get_close_matches(word, known, n=1, cutoff=0.6)), None)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" with the most similar known word, or nothing."""
    close = closest(word, known)
    return f"; did you mean '{close}'?" if close else ""


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
