"""The kinds of values in a script: how each is read, described, and expressed in a JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from coach import phrases
from coach.borders import printable
from coach.errors import Problem, ScriptError
from coach.routine import PLACEHOLDERS, Alternate, Breath, Count, Phase, Range, Text
from coach.script import patterns
from coach.script.document import Mapping, Node, Scalar, Sequence, short
from coach.text_enum import TextEnum, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coach.errors import Location

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=TextEnum)

Schema: TypeAlias = dict[str, object]

MOST_SETS = 100
"""Sets of an exercise, and values in a list with one for each."""

LONGEST_TEXT = 2000
"""Characters in one spoken text; anything longer is not a cue."""

_MOST_KNOWN = 250  # words to compare one with
_ENOUGH = 1000  # problems; more would only cost time
_LONGEST_NAME = 60
_LONGEST_LIST = 400  # characters of numbers with commas between them
_LONGEST_NUMBER = 40  # characters; "1 hour 30 minutes 15 seconds" has 28
_SIGNED = rf"[+-]?{patterns.DECIMAL}"
_SCIENTIFIC = rf"{_SIGNED}[eE][+-]?[0-9]+"
_FRACTION = r"[0-9]{1,6}/[0-9]{1,6}"
_DECIMAL_COMMA = r"\s*([0-9]+)\s*,([0-9]+)\s*"
_SECONDS = rf"\+?{patterns.DECIMAL}|-(?:0+(?:\.0*)?|\.0+)"
_CLOCK = r"(?:([0-9]+):)?([0-9]+):([0-9]{2}(?:\.[0-9]*)?)"
_IN_UNITS = "".join(rf"(?:({patterns.DECIMAL}) *{patterns.any_case(unit)} *)?" for unit in patterns.UNITS)


class Reader:
    """Collects the problems of one script while its values are read, and what a person should know of it."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}
        self._notes: dict[Problem, None] = {}

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What was read otherwise than it may have been meant, each once."""
        return tuple(self._notes)

    def note(self, location: Location, message: str) -> None:
        """Tell what is read otherwise than it may have been meant."""
        self._notes[Problem(location, printable(message))] = None

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
        name = name_in_braces(node)
        if name is not None:
            return f"{{{short(name)}}}, a name that no repeat around it has"
        return "a mapping" if node.entries else "an empty mapping"
    if isinstance(node, Sequence):
        return "a list" if node.items else "an empty list"
    text = short(node.text)
    return f"'{text}'" if text else "nothing"


def name_in_braces(node: Mapping) -> str | None:
    """Return the name that a value is which YAML makes a mapping of, such as `reps: {n}`; else None."""
    if len(node.entries) != 1:
        return None
    name, value = next(iter(node.entries.items()))
    is_bare = isinstance(value, Scalar) and not value.text and not value.quoted
    return name.text if is_bare else None


def plain(number: Fraction) -> str:
    """Return a number as people write it: 3, 1.5."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):g}"


def number_of(node: Node) -> Fraction | None:
    """Return the number that stands here, quoted or not, else None.

    Without quotes it may have any form that is a number in YAML 1.2: an editor's schema sees that number, not
    how it is written.
    """
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if not text or len(text) > _LONGEST_NUMBER:
        return None
    if re.fullmatch(_SIGNED, text):
        return Fraction(text)
    if isinstance(node, Scalar) and node.quoted:
        return None
    if re.fullmatch("0x[0-9a-fA-F]+|0o[0-7]+", text):
        return Fraction(int(text, 0))
    if re.fullmatch(_SCIENTIFIC, text) and isfinite(number := float(text)):
        return Fraction(repr(number))  # as the text has it, within a float's range: 1e-999999999 is no work
    return None


def seconds_of(text: str) -> Fraction | None:
    """Return the seconds that a text such as `25s`, `1m30s`, `5 min`, `1:30` or `60/65` means, or None.

    As on a clock, minutes and seconds after a larger unit are less than 60, and only the last part may have
    decimals.
    """
    text = " ".join(text.split())
    if not text or len(text) > _LONGEST_NUMBER:
        return None
    if re.fullmatch(_SECONDS, text):
        return Fraction(text)
    if re.fullmatch(_FRACTION, text):
        over, under = map(int, text.split("/"))
        return Fraction(over, under) if under else None
    if clock := re.fullmatch(_CLOCK, text):
        hours, minutes, seconds = (Fraction(part) for part in clock.groups(default="0"))
        if seconds >= 60 or (clock[1] and minutes >= 60):
            return None
    elif parts := re.fullmatch(_IN_UNITS, text):
        hours, minutes, seconds = (Fraction(part) for part in parts.groups(default="0"))
        given = [part for part in parts.groups() if part is not None]
        if any("." in part for part in given[:-1]) or any(Fraction(part) >= 60 for part in given[1:]):
            return None
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

    def _matches(self, pattern: str, words: str = "") -> Schema:
        """Return the part of a JSON Schema that holds for texts, with what editors say is required."""
        return {"pattern": patterns.alone(pattern), "patternErrorMessage": f"must be {words or self.words}"}


@dataclass(frozen=True)
class Line(Value[str]):
    """One line of text that is not empty."""

    longest: int = 300
    what: str = "a text"

    @property
    def words(self) -> str:
        return f"{self.what} of 1 to {self.longest} characters"

    def schema(self) -> Schema:
        return {"type": ["string", "number", "boolean"], **self._matches(patterns.line(self.longest))}

    def read(self, node: Node, reader: Reader) -> str | None:
        text = " ".join(node.text.split()) if isinstance(node, Scalar) else ""
        if len(text) > self.longest:
            reader.fail(node.location, f"must be {self.words} (got {len(text)} characters)")
            return None
        if not text:
            reader.wants(node, self.words)
        elif isinstance(node, Scalar) and node.cut:
            comment = short(node.cut)
            reader.note(
                node.location, f"'{comment}' is a comment; if it belongs to the text, put quotes around both"
            )
        return text or None


NAME = Line(_LONGEST_NAME, "a name")


@dataclass(frozen=True)
class Language(Line):
    """A code of a language that Coach speaks, with or without a region."""

    longest: int = 20
    what: str = "a language code"

    def schema(self) -> Schema:
        codes = phrases.languages()
        known = patterns.any_case(patterns.either(codes))
        pattern = rf"(?={patterns.line(self.longest)}\s*$){known}(?:[-_][\s\S]*)?"
        return {
            "anyOf": [{"enum": list(codes)}, {"type": "string", **self._matches(pattern, self.required())}]
        }

    @staticmethod
    def required() -> str:
        """Return what is required of a code, in words."""
        return f"a language that Coach speaks: {', '.join(phrases.languages())}"

    @staticmethod
    def spoken(code: str) -> str:
        """Return a code as the phrasebooks have it, without its region unless that has its own."""
        code = code.lower().replace("_", "-")
        return code if code in phrases.languages() else code.partition("-")[0]


@dataclass(frozen=True)
class Whole(Value[int]):
    """A whole number."""

    low: int
    high: int

    @property
    def words(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def schema(self) -> Schema:
        return {"type": ["integer", "string"], **self.limits(), **self._matches(self.pattern())}

    def limits(self) -> Schema:
        """Return the part of a JSON Schema that holds for numbers."""
        return {"minimum": self.low, "maximum": self.high}

    def pattern(self) -> str:
        """Return the pattern of the number as a text."""
        return patterns.whole(self.low, self.high)

    def read(self, node: Node, reader: Reader) -> int | None:
        number = number_of(node)
        if number is None or number.denominator > 1 or not self.low <= number <= self.high:
            reader.wants(node, self.words)
            return None
        return int(number)


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
        pattern = patterns.number(Fraction(str(self.low)), Fraction(str(self.high)))
        return {
            "type": ["number", "string"],
            "minimum": self.low,
            "maximum": self.high,
            **self._matches(pattern),
        }

    def read(self, node: Node, reader: Reader) -> float | None:
        number = number_of(node)
        if number is None or not self.low <= number <= self.high:
            reader.wants(node, self.words)
            return None
        return float(number)


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
        return {"type": ["number", "string"], **self.limits(), **self._matches(self.pattern())}

    def limits(self) -> Schema:
        """Return the part of a JSON Schema that holds for numbers."""
        return {"minimum": float(self.low), "maximum": float(self.high)}

    def pattern(self) -> str:
        """Return the pattern of the duration as a text."""
        return patterns.duration(self.low, self.high)

    def read(self, node: Node, reader: Reader) -> Fraction | None:
        seconds = seconds_of(node.text) if isinstance(node, Scalar) else None
        if seconds is None or not self.low <= seconds <= self.high:
            reader.wants(node, self.words)
            return None
        return seconds


@dataclass(frozen=True)
class RangeText(Value[Range]):
    """A number, or a range such as 10-15."""

    one: Whole | Seconds

    @property
    def words(self) -> str:
        return f"{self.one.words}, or a range such as 10-15"

    def schema(self) -> Schema:
        one = self.one.pattern()
        falling = patterns.falling(Fraction(self.one.high))
        range_ = self._matches(rf"(?!{falling}){one}(?:\s*[-\u2013]\s*{one})?")
        return {**self.one.schema(), **range_}

    def read(self, node: Node, reader: Reader) -> Range | None:
        quiet = Reader()
        if number_of(node) is None and isinstance(node, Scalar):
            parts = re.split("[-\u2013]", node.text, maxsplit=2)
            ends = [self.one.read(Scalar(part, node.location, quoted=True), quiet) for part in parts]
        else:
            ends = [self.one.read(node, quiet)]
        low, high = (ends[0], ends[-1]) if 1 <= len(ends) <= 2 else (None, None)
        if low is None or high is None:
            reader.wants(node, self.words)
            return None
        if low > high:
            reader.fail(
                node.location, f"a range must run from the smaller to the larger number (got {found(node)})"
            )
            return None
        return Range(Fraction(low), Fraction(high))


@dataclass(frozen=True)
class Fixed(Value[Range]):
    """A number that stays as it is: sets that differ don't grow."""

    one: Whole | Seconds

    @property
    def words(self) -> str:
        return f"{self.one.words}; sets that differ have no ranges"

    def schema(self) -> Schema:
        return self.one.schema()

    def read(self, node: Node, reader: Reader) -> Range | None:
        quiet = Reader()
        number = self.one.read(node, quiet)
        if number is None:
            reader.wants(node, self.words)
            return None
        return Range(Fraction(number), Fraction(number))


@dataclass(frozen=True)
class Choice(Value[E], Generic[E]):
    """One of the words of a closed set."""

    choices: tuple[E, ...]

    @property
    def words(self) -> str:
        return _either(self.choices)

    def schema(self) -> Schema:
        words = [str(choice) for choice in self.choices]
        pattern = self._matches(patterns.any_case(patterns.either(words)))
        return {"anyOf": [{"enum": words}, {"type": "string", **pattern}]}

    def read(self, node: Node, reader: Reader) -> E | None:
        text = node.text.strip().lower() if isinstance(node, Scalar) else ""
        for choice in self.choices:
            if choice == text:
                return choice
        hint = nearest(text, map(str, self.choices))
        reader.fail(node.location, f"must be {self.words} (got {found(node)}){hint}")
        return None


_YES = ("yes", "true", "on")
_NO = ("no", "false", "off")


@dataclass(frozen=True)
class Flag(Value[bool]):
    """Yes or no."""

    @property
    def words(self) -> str:
        return "yes or no"

    def schema(self) -> Schema:
        pattern = self._matches(patterns.any_case(patterns.either((*_YES, *_NO))))
        return {"anyOf": [{"enum": [True, False, "yes", "no", "on", "off"]}, {"type": "string", **pattern}]}

    def read(self, node: Node, reader: Reader) -> bool | None:
        text = node.text.strip().lower() if isinstance(node, Scalar) else ""
        if text not in (*_YES, *_NO):
            reader.wants(node, self.words)
            return None
        return text in _YES


@dataclass(frozen=True)
class AlternateText(Value[Alternate]):
    """When the sides change; yes is what it was called once for each set."""

    @property
    def words(self) -> str:
        return "sets, reps or no"

    def schema(self) -> Schema:
        words = (*map(str, Alternate), *_YES, *_NO)
        pattern = self._matches(patterns.any_case(patterns.either(tuple(dict.fromkeys(words)))))
        return {"anyOf": [{"enum": [True, False]}, {"type": "string", **pattern}]}

    def read(self, node: Node, reader: Reader) -> Alternate | None:
        text = node.text.strip().lower() if isinstance(node, Scalar) else ""
        if text in _YES:
            return Alternate.SETS
        if text in _NO:
            return Alternate.NO
        return Choice(tuple(Alternate)).read(node, reader)


@dataclass(frozen=True)
class Words(Value[Text]):
    """A text to be spoken."""

    @property
    def words(self) -> str:
        return f"a text of 1 to {LONGEST_TEXT} characters"

    def schema(self) -> Schema:
        return Line(LONGEST_TEXT).schema()

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
class PerSet(Value[tuple[T, ...]], Generic[T]):
    """One value for all sets, or a list with one for each; `each` is what may stand in the list.

    A list of numbers may also be a text with commas: 12, 10, 8.
    """

    one: Value[T]
    each: Value[T]
    most: int = MOST_SETS

    @property
    def words(self) -> str:
        return f"{self.one.words}, or a list with one for each set"

    def schema(self) -> Schema:
        items: Schema = {"type": "array", "items": self.each.schema(), "minItems": 1, "maxItems": self.most}
        forms = [self.one.schema(), items]
        if (number := self._number()) is not None:
            one = number.pattern()
            if isinstance(number, Seconds):  # a single comma without a space may be a decimal one
                listed = rf"{one}(?:\s*,\s+{one}|(?:\s*,\s*{one}){{2,{self.most - 1}}})"
            else:
                listed = rf"{one}(?:\s*,\s*{one}){{1,{self.most - 1}}}"
            forms.append({"type": "string", **self._matches(listed)})
        return {"anyOf": forms}

    def _number(self) -> Whole | Seconds | None:
        """Return the kind of number that stands in the list; None for words."""
        each = self.each.one if isinstance(self.each, Fixed) else self.each
        return each if isinstance(each, (Whole, Seconds)) else None

    def read(self, node: Node, reader: Reader) -> tuple[T, ...] | None:
        number = self._number()
        if number and isinstance(node, Scalar) and "," in node.text and len(node.text) <= _LONGEST_LIST:
            if isinstance(number, Seconds) and (two := re.fullmatch(_DECIMAL_COMMA, node.text)):
                either = f"{two[1]}.{two[2]}, or [{two[1]}, {two[2]}] for two sets"
                reader.fail(node.location, f"must be {either} (got {found(node)})")
                return None
            parts = node.text.split(",")
            if isinstance(number, Whole) or len(parts) > 2 or re.search(r",\s", node.text):
                items = tuple(Scalar(part, node.location, quoted=True) for part in parts)
                node = Sequence(items, node.location)
        if not isinstance(node, Sequence):
            value = self.one.read(node, reader)
            return None if value is None else (value,)
        if not 1 <= len(node.items) <= self.most:
            reader.fail(node.location, f"must be a list of 1 to {self.most} (got {len(node.items)})")
            return None
        read = [self.each.read(item, reader) for item in node.items]
        values = tuple(value for value in read if value is not None)
        return values if len(values) == len(read) else None

    def shown(self, value: object) -> str:
        first: object = value[0] if isinstance(value, tuple) and value else None
        return self.one.shown(first)


@dataclass(frozen=True)
class InSet(Value[tuple[T, ...]], Generic[T]):
    """The value of one set, as `PerSet` has it."""

    one: Value[T]

    @property
    def words(self) -> str:
        return self.one.words

    def schema(self) -> Schema:
        return self.one.schema()

    def read(self, node: Node, reader: Reader) -> tuple[T, ...] | None:
        value = self.one.read(node, reader)
        return None if value is None else (value,)


@dataclass(frozen=True)
class Distinct(Several[str]):
    """Several different names."""

    def schema(self) -> Schema:
        one = self.one.schema()
        return {"anyOf": [one, {"type": "array", "items": one, "maxItems": self.most, "uniqueItems": True}]}

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
        return {"type": "object", "additionalProperties": Line().schema()}

    def read(self, node: Node, reader: Reader) -> dict[str, str] | None:
        if not isinstance(node, Mapping):
            reader.wants(node, self.words)
            return None
        return {key.text: Line().read(value, reader) or "" for key, value in node.entries.items()}


VARIABLE = r"[^\s{}](?:[^{}]*[^\s{}])?"
"""The pattern of a name that may stand in braces."""


VARIABLES: Schema = {"pattern": f"^{VARIABLE}$", "not": {"enum": list(PLACEHOLDERS)}}
"""The part of a JSON Schema for the names that a script gives to what it puts in braces."""


def check_variable(name: Scalar, reader: Reader) -> bool:
    """Return whether a script may give this name to something; report the problem if not."""
    if name.text in PLACEHOLDERS:
        reader.fail(name.location, f"'{name.text}' already has a meaning in texts; choose another name")
        return False
    if not re.fullmatch(VARIABLE, name.text):
        reader.fail(name.location, f"must be a name without braces (got {found(name)})")
        return False
    return True


@dataclass(frozen=True)
class Vars(Table):
    """Names for braces, with the plain words that replace each."""

    def schema(self) -> Schema:
        text: Schema = {"allOf": [Line().schema(), {"pattern": "^[^{}]*$"}]}
        return {"type": "object", "propertyNames": VARIABLES, "additionalProperties": text}

    def read(self, node: Node, reader: Reader) -> dict[str, str] | None:
        for key, value in node.entries.items() if isinstance(node, Mapping) else ():
            check_variable(key, reader)
            if isinstance(value, Scalar) and ("{" in value.text or "}" in value.text):
                reader.fail(value.location, f"must be a text without braces (got {found(value)})")
        return super().read(node, reader)


_PHASE = Seconds(Fraction(1, 5), Fraction(600))
_FOUR_DIGITS = (1000, 9999)  # as a number
_COACHES_DIGITS = r"[0-9xX]{4}|(?:[0-9]{1,4}|[xX])(?:(?:-(?:[0-9]{1,4}|[xX])){3}|(?:/(?:[0-9]{1,4}|[xX])){3})"
_TWO_DIGITS = r"([0-9]{1,4})\s*[-/]\s*([0-9]{1,4})"


def pairs_of(node: Node) -> list[tuple[Scalar, Node]]:
    """Return the pairs of a mapping, or of a list of mappings (for keys that come twice); else none."""
    items = node.items if isinstance(node, Sequence) else (node,)
    mappings = [item for item in items if isinstance(item, Mapping)]
    if len(mappings) < len(items):
        return []
    return [pair for mapping in mappings for pair in mapping.entries.items()]


@dataclass(frozen=True)
class Phases(Value[tuple[Phase, ...]]):
    """Phases in the order they are done, each with its seconds.

    Attributes:
        such_as: an example.
        one: how long a phase is.
        unit: of what.
        known: names that are read in capitals and small letters alike.
    """

    such_as: str = "{up: 1, down: 3}"
    one: Whole | Seconds = _PHASE
    unit: str = "seconds"
    known: tuple[TextEnum, ...] = ()

    @property
    def words(self) -> str:
        return f"a mapping of phases to {self.unit}, such as {self.such_as}"

    def schema(self) -> Schema:
        return {"anyOf": self.alternatives()}

    def alternatives(self) -> list[Schema]:
        """Return the schemas of its two forms, a mapping and a list of mappings."""
        pairs: Schema = {
            "type": "object",
            "propertyNames": NAME.schema(),
            "additionalProperties": self.one.schema(),
        }
        one: Schema = {"minProperties": 1}
        return [{**pairs, **one}, {"type": "array", "items": pairs, "contains": one}]

    def read(self, node: Node, reader: Reader) -> tuple[Phase, ...] | None:
        pairs = pairs_of(node)
        if not pairs:
            reader.wants(node, self.words)
            return None
        phases = []
        for key, value in pairs:
            name = NAME.read(key, reader)
            length = self.one.read(value, reader)
            if name is not None and length is not None:
                known = name.lower() in self.known
                phases.append(Phase(name.lower() if known else name, Fraction(length)))
        return tuple(phases) if len(phases) == len(pairs) else None


class Start(TextEnum):
    """Which half of a rep the coaches' four digits begin with."""

    LOWERING = "lowering"
    LIFTING = "lifting"


@dataclass(frozen=True)
class Digits:
    """A tempo in the coaches' four digits: seconds of lowering, pause, lifting and pause."""

    lowering: int
    bottom: int
    lifting: int
    top: int

    def phases(self, start: Start) -> tuple[Phase, ...]:
        """Return its phases in the order they are done, without those of zero seconds."""
        low = (("down", self.lowering), ("pause", self.bottom))
        lift = (("up", self.lifting), ("hold", self.top))
        match start:
            case Start.LOWERING:
                order = low + lift
            case Start.LIFTING:
                order = lift + low
            case _:
                assert_never(start)
        return tuple(Phase(name, Fraction(seconds)) for name, seconds in order if seconds)


@dataclass(frozen=True)
class TempoText(Value["tuple[Phase, ...] | Digits"]):
    """Phases, or the coaches' four digits."""

    @property
    def words(self) -> str:
        return "phases with seconds, such as {up: 1, down: 3}, or four digits such as 3010 or 3-0-X-0"

    def schema(self) -> Schema:
        seconds = rf"(?:[xX]|(?=[0-9]{{1,4}}(?![0-9])){patterns.digits(0, int(_PHASE.high))})"
        parts = rf"{seconds}(?:(?:-{seconds}){{3}}|(?:/{seconds}){{3}})"
        twice = rf"(?={patterns.digits(1, int(_PHASE.high))})([0-9]{{1,4}})\s*[-/]\s*\1"
        digits = rf"(?![-/0]+\s*$)(?:[0-9xX]{{4}}|{parts}|{twice})"
        number = {"minimum": _FOUR_DIGITS[0], "maximum": _FOUR_DIGITS[1]}
        four: Schema = {"type": ["integer", "string"], **number, **self._matches(digits)}
        return {"anyOf": [*Phases().alternatives(), four]}

    def read(self, node: Node, reader: Reader) -> tuple[Phase, ...] | Digits | None:
        if pairs_of(node):
            return Phases().read(node, reader)
        text = node.text.strip() if isinstance(node, Scalar) else ""
        number = None if isinstance(node, Scalar) and node.quoted else number_of(node)
        if number is not None and number.denominator == 1 and _FOUR_DIGITS[0] <= number <= _FOUR_DIGITS[1]:
            text = str(number)  # however it is written: 3010.0
        if two := re.fullmatch(_TWO_DIGITS, text):
            if two[1] != two[2]:
                either = f"{{up: {two[1]}, down: {two[2]}}} or {{down: {two[1]}, up: {two[2]}}}"
                reader.fail(node.location, f"must tell which number is which: {either} (got '{text}')")
                return None
            text = f"{two[1]}-0-{two[2]}-0"
        if not re.fullmatch(_COACHES_DIGITS, text):
            reader.wants(node, self.words)
            return None
        digits = re.split("[-/]", text) if "-" in text or "/" in text else list(text)
        seconds = [1 if digit in "xX" else int(digit) for digit in digits]
        if not any(seconds) or max(seconds) > _PHASE.high:
            reader.fail(
                node.location, f"must have a phase of 1 to {plain(_PHASE.high)} seconds (got '{text}')"
            )
            return None
        return Digits(*seconds)


@dataclass(frozen=True)
class RepsOrTime(Value["int | Fraction"]):
    """A number of reps, or a time with its unit: 3 or 30s."""

    reps: Whole
    time: Seconds

    @property
    def words(self) -> str:
        return f"{self.reps.words}, or a time such as 30s"

    def schema(self) -> Schema:
        pattern = self._matches(rf"(?![^:/a-zA-Z]*$){self.time.pattern()}")
        return {"anyOf": [self.reps.schema(), {"type": "string", **pattern}]}

    def read(self, node: Node, reader: Reader) -> int | Fraction | None:
        one: Value[int | Fraction] = self.time
        quiet = Reader()
        if number_of(node) is not None:
            one = self.reps
        value = one.read(node, quiet)
        if value is None:
            reader.wants(node, self.words)
        return value


@dataclass(frozen=True)
class Counting:
    """What is counted, and how many counts are spread over each phase; None for its seconds."""

    what: Count
    of: int | None = None

    def __str__(self) -> str:
        return str(self.what)


_COUNTS = Whole(2, 100)


@dataclass(frozen=True)
class CountText(Value[Counting]):
    """What is counted, or how many counts are spread over each phase."""

    choices: tuple[Count, ...]

    @property
    def words(self) -> str:
        return f"{Choice(self.choices).words}, or {{of: 5}}"

    def schema(self) -> Schema:
        spread: Schema = {
            "type": "object",
            "properties": {"of": _COUNTS.schema()},
            "required": ["of"],
            "additionalProperties": False,
        }
        return {"anyOf": [Choice(self.choices).schema(), spread]}

    def read(self, node: Node, reader: Reader) -> Counting | None:
        if not isinstance(node, Mapping):
            chosen = Choice(self.choices).read(node, reader)
            return None if chosen is None else Counting(chosen)
        if [key.text for key in node.entries] != ["of"]:
            reader.fail(node.location, "'count' as a mapping has 'of' alone, such as {of: 5}")
            return None
        (value,) = node.entries.values()
        counts = _COUNTS.read(value, reader)
        return None if counts is None else Counting(Count.TEMPO, counts)


@dataclass(frozen=True)
class BreathEntry:
    """One entry of `breathe`: a phase and how to breathe in it, or in, out or hold and for how long."""

    name: str
    says: Breath | None
    seconds: Fraction | None
    location: Location


BREATHS = (Breath.IN, Breath.OUT, Breath.HOLD)
"""What `breathe` may say."""


@dataclass(frozen=True)
class Breaths(Value[tuple[BreathEntry, ...]]):
    """Breathing with the phases of a tempo, or in seconds; an empty mapping removes it."""

    @property
    def words(self) -> str:
        return "a mapping such as {up: out, down: in} (with a tempo) or {in: 4, out: 4} (with hold or for)"

    def schema(self) -> Schema:
        says = Choice(BREATHS).schema()
        either: Schema = {"anyOf": [says, _PHASE.schema()]}
        return {
            "type": "object",
            "properties": dict.fromkeys(map(str, BREATHS), either),
            "additionalProperties": says,
        }

    @staticmethod
    def with_phases() -> Schema:
        """Return the JSON Schema of breathing beside a tempo."""
        return {"additionalProperties": Choice(BREATHS).schema()}

    @staticmethod
    def in_seconds() -> Schema:
        """Return the JSON Schema of breathing beside a hold or a time."""
        return {"propertyNames": {"enum": list(map(str, BREATHS))}, "additionalProperties": _PHASE.schema()}

    def read(self, node: Node, reader: Reader) -> tuple[BreathEntry, ...] | None:
        if not isinstance(node, Mapping):
            reader.wants(node, self.words)
            return None
        breaths = []
        for key, value in node.entries.items():
            text = value.text.strip().lower() if isinstance(value, Scalar) else ""
            if text in BREATHS:
                breaths.append(BreathEntry(key.text, Breath(text), None, key.location))
                continue
            if seconds_of(text) is None:
                reader.wants(value, "in, out or hold, or seconds")
                continue
            seconds = _PHASE.read(value, reader)
            if seconds is not None:
                breaths.append(BreathEntry(key.text, None, seconds, key.location))
        return tuple(breaths)


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most similar to this one, or None if none is similar."""
    return _closest(word[:_LONGEST_NAME].lower(), tuple(islice(known, _MOST_KNOWN)))


@lru_cache(maxsize=4096)
def _closest(word: str, known: tuple[str, ...]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it, and it costs start-up time

    return next(iter(get_close_matches(word, known, n=1, cutoff=0.6)), None)


def most_similar(word: str, known: Iterable[str], number: int) -> list[str]:
    """Return so many of the known words, the most similar to this one first."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only a mistake needs it, and it costs start-up time

    word = word[:_LONGEST_NAME].lower()
    return sorted(known, key=lambda each: -SequenceMatcher(None, word, each).ratio())[:number]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" with the most similar known word, or nothing."""
    close = closest(word, known)
    return f"; did you mean '{close}'?" if close else ""


def _either(words: Iterable[object]) -> str:
    *most, last = map(str, words)
    return f"{', '.join(most)} or {last}" if most else last
