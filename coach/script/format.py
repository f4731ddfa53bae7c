"""The script format, declared once.

Reading, checking, the JSON Schema for editors and the tables in the documentation are all based on the keys
that are declared here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from coach.routine import (
    Alternate,
    Breath,
    Calls,
    Count,
    Guidance,
    Phase,
    Progress,
    SoundName,
    Text,
    Told,
    VoiceChoice,
)
from coach.script.document import Mapping, Node, Scalar, Sequence, short
from coach.script.ladder import RepeatText
from coach.script.shorthand import (
    SidesText,
    find_meant,
    name_as_key,
    spell_out,
    times_schema,
)
from coach.script.values import (
    BREATHS,
    MOST_SETS,
    NAME,
    AlternateText,
    Breaths,
    Choice,
    Counting,
    CountText,
    Digits,
    Fixed,
    Flag,
    InSet,
    Language,
    Line,
    Number,
    PerSet,
    Phases,
    RangeText,
    Reader,
    RepsOrTime,
    Schema,
    Seconds,
    Several,
    Start,
    Table,
    TempoText,
    Value,
    Vars,
    Whole,
    Words,
    closest,
    found,
    most_similar,
    nearest,
)
from coach.text_enum import TextEnum

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coach.errors import Location

T = TypeVar("T")

_DAY = Fraction(12 * 3600)
_SMALLEST = Fraction(1, 10)
_FEW_KEYS = 6  # that a message can name all of
_STEPS_WORDS: Final = "a list of steps, at least one"


@dataclass(frozen=True, eq=False)
class Key(Generic[T]):
    """One key of the format.

    Attributes:
        name: as it is written.
        value: the kind of value that it takes.
        meaning: a sentence for the documentation.
        default: the value if the key is left out; None if there is no default.
        required: whether it must be written.
    """

    name: str
    value: Value[T]
    meaning: str
    default: T | None = None
    required: bool = False


class Fields:
    """The values of one mapping by their keys, each with its place.

    Attributes:
        location: where the mapping is.
        unread: the names of keys that could not be read, with a problem reported.
    """

    def __init__(
        self,
        location: Location,
        values: dict[str, tuple[Any, Location]] | None = None,
        unread: Iterable[str] = (),
    ) -> None:
        self.location = location
        self.unread = frozenset(unread)
        self._values = values or {}

    def __contains__(self, key: Key[Any]) -> bool:
        return key.name in self._values

    def get(self, key: Key[T]) -> T | None:
        """Return the value, or the key's default, which may be None."""
        value: T | None = self._values[key.name][0] if key.name in self._values else key.default
        return value

    def __getitem__(self, key: Key[T]) -> T:
        """Return the value of a key that was written or has a default."""
        value = self.get(key)
        if value is None:
            raise KeyError(key.name)
        return value

    def at(self, key: Key[Any]) -> Location:
        """Return where the value is, or where the mapping is if the key was left out."""
        return self._values[key.name][1] if key.name in self._values else self.location

    def names(self) -> Iterable[str]:
        """Return the names of the keys that were read."""
        return self._values.keys()

    def put(self, key: Key[T], value: T, location: Location) -> None:
        """Set a value."""
        self._values[key.name] = value, location

    def without(self, keys: Iterable[Key[Any]]) -> Fields:
        """Return a copy without these keys."""
        names = {key.name for key in keys}
        values = {name: value for name, value in self._values.items() if name not in names}
        return Fields(self.location, values, self.unread)

    def over(self, farther: Fields) -> Fields:
        """Return these values merged over those of a farther layer, with this layer's location."""
        return Fields(self.location, {**farther._values, **self._values}, self.unread | farther.unread)


class Rule:
    """What the keys of one mapping owe each other: how it is checked, and put into a JSON Schema."""

    def schema(self) -> Schema:
        """Return the JSON Schema of a mapping that keeps to it."""
        raise NotImplementedError

    def check(self, fields: Fields, reader: Reader) -> bool:
        """Return whether a mapping keeps to it, as far as its values could be read; note a problem if not."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Apart(Rule):
    """Two keys of which a mapping has only one; the second is the problem."""

    first: Key[Any]
    second: Key[Any]
    message: str

    def schema(self) -> Schema:
        return {"not": {"required": [self.first.name, self.second.name]}, "errorMessage": self.message}

    def check(self, fields: Fields, reader: Reader) -> bool:
        kept = self.first not in fields or self.second not in fields
        if not kept:
            reader.fail(fields.at(self.second), self.message)
        return kept


@dataclass(frozen=True, eq=False)
class OneOf(Rule):
    """Two keys of which a mapping has exactly one."""

    first: Key[Any]
    second: Key[Any]
    message: str

    def schema(self) -> Schema:
        return {"oneOf": [{"required": [key.name]} for key in (self.first, self.second)]}

    def check(self, fields: Fields, reader: Reader) -> bool:
        kept = bool(fields.unread) or (self.first in fields) != (self.second in fields)
        if not kept:
            reader.fail(fields.location, self.message)
        return kept


@dataclass(frozen=True, eq=False)
class Record(Value[Fields]):
    """A mapping with a fixed set of keys, and rules; the first rule that is broken is reported."""

    what: str
    keys: tuple[Key[Any], ...]
    rules: tuple[Rule, ...] = ()

    @property
    def words(self) -> str:
        return f"{self.what}, a mapping of keys to values"

    def schema(self) -> Schema:
        schema: Schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {key.name: {"description": key.meaning, **key.value.schema()} for key in self.keys},
        }
        if required := [key.name for key in self.keys if key.required]:
            schema["required"] = required
        if self.rules:
            schema["allOf"] = [rule.schema() for rule in self.rules]
        return schema

    def read(self, node: Node, reader: Reader) -> Fields | None:
        if not isinstance(node, Mapping):
            reader.wants(node, self.words)
            return None
        fields = Fields(node.location)
        known = {key.name: key for key in self.keys}
        for name, value in node.entries.items():
            key = known.get(name.text)
            if key is None:
                close = find_meant(name.text, known) or closest(name.text, known)
                hint = f"did you mean '{close}'?" if close else self._hint(name.text)
                reader.fail(name.location, f"unknown key '{short(name.text)}'; {hint}")
                fields.unread |= {close or name.text}
                continue
            read = key.value.read(value, reader)
            if read is None:
                fields.unread |= {key.name}
            else:
                fields.put(key, read, value.location)
        for key in self.keys:
            if key.required and key not in fields and key.name not in fields.unread:
                reader.fail(node.location, f"{self.what} needs '{key.name}': {key.value.words}")
        for rule in self.rules:
            if not rule.check(fields, reader):
                break
        return fields

    def _hint(self, word: str) -> str:
        """Return which keys there are, the likeliest ones if there are many."""
        names = [key.name for key in self.keys]
        if len(names) <= _FEW_KEYS:
            return f"{self.what} may have {', '.join(names)}"
        return f"the nearest that {self.what} may have are {', '.join(most_similar(word, names, 3))}"


@dataclass(frozen=True, eq=False)
class ExerciseRecord(Record):
    """An exercise, whose sets and dose may be written in one: `reps: 3x10`."""

    def schema(self) -> Schema:
        schema = super().schema()
        forms = {key.name: times_schema(number.pattern()) for key, number in _WITH_SETS.items()}
        properties: dict[str, Schema] = schema["properties"]  # type: ignore[assignment]
        for name, form in forms.items():
            described = properties[name]
            meaning = {"description": described.pop("description")}
            properties[name] = {**meaning, "anyOf": [described, form]}
        alone: list[Schema] = [
            {"not": {"required": [SETS.name, name], "properties": {name: form}}}
            for name, form in forms.items()
        ]
        rules: list[Schema] = schema.get("allOf", [])  # type: ignore[assignment]
        return {**schema, "allOf": [*rules, *alone]}

    def read(self, node: Node, reader: Reader) -> Fields | None:
        if isinstance(node, Mapping):
            node = spell_out(node, SETS.name, [key.name for key in _WITH_SETS])
        return super().read(node, reader)


@dataclass(frozen=True, eq=False)
class RoundsStep(Record):
    """Rounds; where they differ, their steps stay unread until they are filled in for each of them.

    `names` is the key that tells how many there are, or what names stand for in each.
    """

    names: Key[Any] = field(kw_only=True)

    def schema(self) -> Schema:
        plain = super().schema()
        named = {**plain, "properties": {key.name: {"description": key.meaning, **key.value.schema()}
                                         for key in self._with_names}}  # fmt: skip
        of_names: Schema = {"properties": {self.names.name: {"type": "object"}}}
        return {"if": of_names, "then": named, "else": plain}

    def read(self, node: Node, reader: Reader) -> Fields | None:
        differs = isinstance(node, Mapping) and any(
            key.text == self.names.name and isinstance(value, Mapping) for key, value in node.entries.items()
        )
        if not differs:
            return super().read(node, reader)
        return Record(self.what, self._with_names).read(node, reader)

    @property
    def _with_names(self) -> tuple[Key[Any], ...]:
        return tuple(STEPS_OF_ROUNDS if key is STEPS else key for key in self.keys)


@dataclass(frozen=True, eq=False)
class Unread(Value[Sequence]):
    """Steps with names in them that stand for something else in each round."""

    @property
    def words(self) -> str:
        return _STEPS_WORDS

    def schema(self) -> Schema:
        return {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1}}

    def read(self, node: Node, reader: Reader) -> Sequence | None:
        if not isinstance(node, Sequence) or not node.items:
            reader.wants(node, self.words)
            return None
        return node


@dataclass(frozen=True, eq=False)
class Library(Value[dict[str, Fields]]):
    """Exercises by their ids."""

    @property
    def words(self) -> str:
        return "a mapping of ids to exercises"

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": {"$ref": "#/definitions/exercise"}}

    def read(self, node: Node, reader: Reader) -> dict[str, Fields] | None:
        if not isinstance(node, Mapping):
            reader.wants(node, self.words)
            return None
        return {
            name.text: EXERCISE.read(entry, reader) or Fields(entry.location, unread=[USE.name])
            for name, entry in node.entries.items()
        }


@dataclass(frozen=True, eq=False)
class Variant(Value[Fields]):
    """What changes in an exercise at a level."""

    @property
    def words(self) -> str:
        return "a mapping of exercise fields"

    def schema(self) -> Schema:
        return {"$ref": "#/definitions/level"}

    def read(self, node: Node, reader: Reader) -> Fields | None:
        return VARIANT.read(node, reader)


class StepKind(TextEnum):
    """What a step is: the key that names it."""

    SAY = "say"
    REST = "rest"
    SOUND = "sound"
    EXERCISE = "exercise"
    USE = "use"
    BREATHING = "breathing"
    REPEAT = "repeat"
    EVERY = "every"
    INCLUDE = "include"


@dataclass(frozen=True)
class StepFields:
    """A step as it was read: its kind (None if that is the problem) and its values."""

    kind: StepKind | None
    fields: Fields

    @property
    def is_whole(self) -> bool:
        """Whether its kind is known, and all that this kind requires could be read."""
        required = [key for key in STEP_KINDS[self.kind].keys if key.required] if self.kind else []
        return bool(self.kind) and not self.fields.unread and all(key in self.fields for key in required)


@dataclass(frozen=True, eq=False)
class Steps(Value[tuple[StepFields, ...]]):
    """A list of steps."""

    @property
    def words(self) -> str:
        return _STEPS_WORDS

    def schema(self) -> Schema:
        return {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/step"}}

    def read(self, node: Node, reader: Reader) -> tuple[StepFields, ...] | None:
        if not isinstance(node, Sequence) or not node.items:
            reader.wants(node, self.words)
            return None
        steps = [self._step(item, reader) for item in node.items]
        return tuple(step for step in steps if step is not None)

    @staticmethod
    def _step(node: Node, reader: Reader) -> StepFields | None:
        kinds = ", ".join(STEP_KINDS)
        if not isinstance(node, Mapping):
            reader.wants(node, f"a step, a mapping with one of {kinds}")
            return None
        named = [key for key in node.entries if key.text in STEP_KINDS]
        if not named:
            node = _meant(node, reader)
            named = [key for key in node.entries if key.text in STEP_KINDS]
        words = {key.text for key in named}
        for key in named:  # `rest` is a kind of step, but also a key of others
            kind = StepKind(key.text)
            record = STEP_KINDS[kind]
            if words <= {each.name for each in record.keys}:
                return StepFields(kind, record.read(node, reader) or Fields(node.location))
        if named:
            first, second = named[:2]
            message = f"two kinds in one step ('{first.text}' and '{second.text}'); make two steps of them"
            reader.fail(second.location, message)
        else:
            reader.fail(node.location, f"a step needs one of {kinds}{name_as_key(node, STEP_KEYS)}")
        # Its kind is not known, but its keys can still be read to find their problems.
        known = {key.name: key for word in words or STEP_KINDS for key in STEP_KINDS[StepKind(word)].keys}
        plain = Mapping(
            {key: value for key, value in node.entries.items() if key.text in known}, node.location
        )
        anything = Record("a step", tuple(replace(key, required=False) for key in known.values()))
        return StepFields(None, anything.read(plain, reader) or Fields(node.location))


def _meant(step: Mapping, reader: Reader) -> Mapping:
    """Return a step without a kind, with a misspelt kind corrected and the mistake reported."""
    entries = {}
    for key, value in step.entries.items():
        known = key.text in STEP_KEYS
        close = None if known else find_meant(key.text, STEP_KEYS) or closest(key.text, STEP_KEYS)
        if close in STEP_KINDS:
            reader.fail(key.location, f"unknown key '{short(key.text)}'; did you mean '{close}'?")
            entries[Scalar(close, key.location)] = value
        else:
            entries[key] = value
    return Mapping(entries, step.location)


@dataclass(frozen=True)
class SetsText(Value["int | tuple[Fields, ...]"]):
    """How many sets, or what is different in each."""

    number: Whole

    @property
    def words(self) -> str:
        return f"{self.number.words}, or a list of sets such as {{reps: 12, load: 20 kg}}"

    def schema(self) -> Schema:
        sets: Schema = {"type": "array", "minItems": 1, "maxItems": MOST_SETS, "items": OF_A_SET.schema()}
        return {"anyOf": [self.number.schema(), sets]}

    def read(self, node: Node, reader: Reader) -> int | tuple[Fields, ...] | None:
        if not isinstance(node, Sequence):
            return self.number.read(node, reader)
        if not 1 <= len(node.items) <= MOST_SETS:
            reader.fail(node.location, f"must be a list of 1 to {MOST_SETS} sets (got {len(node.items)})")
            return None
        sets = [OF_A_SET.read(item, reader) for item in node.items]
        whole = tuple(each for each in sets if each is not None and not each.unread)
        return whole if len(whole) == len(sets) else None


@dataclass(frozen=True)
class SpokenText(Value[Text]):
    """A text that the voice speaks, or the user's own recording."""

    @property
    def words(self) -> str:
        return f"{Words().words}, or {{file: RECORDING}}"

    def schema(self) -> Schema:
        return {"anyOf": [Words().schema(), RECORDING.schema()]}

    def read(self, node: Node, reader: Reader) -> Text | None:
        if not isinstance(node, Mapping):
            return Words().read(node, reader)
        fields = RECORDING.read(node, reader)
        if fields is None or FILE not in fields or fields.unread:
            return None
        named = Path(fields[FILE])
        path = Path(node.location.path).parent / named
        words = fields.get(CAPTION) or named.stem
        return Text(words.replace("{", "{{").replace("}", "}}"), fields.at(FILE), path)


class ProgressText(Value[Progress]):
    """A mapping that says how a dose grows."""

    @property
    def words(self) -> str:
        return "a mapping such as {after: 2, by: 1}"

    def schema(self) -> Schema:
        return GROWTH.schema()

    def read(self, node: Node, reader: Reader) -> Progress | None:
        fields = GROWTH.read(node, reader)
        if fields is None or fields.unread:
            return None
        return Progress(fields[AFTER], fields.get(BY))

    def shown(self, value: object) -> str:  # noqa: ARG002 - its default is that of its keys
        return ""


class CallsText(Value[Calls]):
    """How far apart calls of the time are, or a mapping that says more."""

    @property
    def words(self) -> str:
        return "a duration such as 30s, or a mapping such as {every: 30s, tell: gone}"

    def schema(self) -> Schema:
        return {"anyOf": [CALL_EVERY.value.schema(), CALLING.schema()]}

    def read(self, node: Node, reader: Reader) -> Calls | None:
        if isinstance(node, Scalar):
            every = CALL_EVERY.value.read(node, reader)
            return None if every is None else Calls(every)
        fields = CALLING.read(node, reader)
        if fields is None or fields.unread or CALL_EVERY not in fields:
            return None
        return Calls(fields[CALL_EVERY], fields[CALL_TELLS])


@dataclass(frozen=True)
class RestFields:
    """A rest as it was read; see `coach.routine.Rest`."""

    seconds: Fraction
    silent: bool = False
    calls: Calls | None = None


class RestText(Value[RestFields]):
    """How long a rest is, or a mapping that says more."""

    @property
    def words(self) -> str:
        return f"{REST_FOR.value.words}, or a mapping such as {{for: 25 min, silent: yes}}"

    def schema(self) -> Schema:
        return {"anyOf": [REST_FOR.value.schema(), RESTING.schema()]}

    def read(self, node: Node, reader: Reader) -> RestFields | None:
        if not isinstance(node, Mapping):
            seconds = REST_FOR.value.read(node, reader)
            return None if seconds is None else RestFields(seconds)
        fields = RESTING.read(node, reader)
        if fields is None or fields.unread or REST_FOR not in fields:
            return None
        return RestFields(fields[REST_FOR], fields[SILENT], fields.get(CALLS))


class SoundText(Value[Text]):
    """A sound that Coach makes, or a person's own recording."""

    @property
    def words(self) -> str:
        return f"{Choice(tuple(SoundName)).words}, or a file such as bowl.wav"

    def schema(self) -> Schema:
        path: Schema = {
            "type": "string",
            **self._matches(r"(?=[^\x00-\x1f]{1,1000}\s*$)\S[^\x00-\x1f]*[./\\][^\x00-\x1f]*"),
        }
        return {"anyOf": [Choice(tuple(SoundName)).schema(), path, RECORDING.schema()]}

    def read(self, node: Node, reader: Reader) -> Text | None:
        if isinstance(node, Mapping):
            return SpokenText().read(node, reader)
        text = node.text.strip() if isinstance(node, Scalar) else ""
        if text.lower() in tuple(SoundName):
            return Text(text.lower(), node.location)
        if text and len(text) <= 1000 and any(mark in text for mark in "./\\"):
            named = Scalar("file", node.location)
            return SpokenText().read(Mapping({named: node}, node.location), reader)
        reader.fail(
            node.location, f"must be {self.words} (got {found(node)}){nearest(text, map(str, SoundName))}"
        )
        return None


class TextsOrNone(Several[Text]):
    """Spoken texts, or none at all."""

    @property
    def words(self) -> str:
        return f"{super().words}, or none"

    def read(self, node: Node, reader: Reader) -> tuple[Text, ...] | None:
        if isinstance(node, Scalar) and node.text.strip().lower() == "none":
            return ()
        return super().read(node, reader)


class ClusterText(Value[Fraction]):
    """A mapping that says how long the rest between the parts of a set is."""

    @property
    def words(self) -> str:
        return "a mapping such as {rest: 10}"

    def schema(self) -> Schema:
        return CLUSTERED.schema()

    def read(self, node: Node, reader: Reader) -> Fraction | None:
        fields = CLUSTERED.read(node, reader)
        return None if fields is None or fields.unread else fields.get(CLUSTER_REST)


class VoiceText(Value[VoiceChoice]):
    """A voice's name, or a mapping that says more."""

    @property
    def words(self) -> str:
        return "a voice's name, or a mapping {engine, name, rate, volume}"

    def schema(self) -> Schema:
        return {"anyOf": [NAME.schema(), VOICE.schema()]}

    def read(self, node: Node, reader: Reader) -> VoiceChoice | None:
        if isinstance(node, Scalar):
            name = NAME.read(node, reader)
            return None if name is None else VoiceChoice(name=name)
        fields = VOICE.read(node, reader)
        if fields is None:
            return None
        return VoiceChoice(fields[ENGINE], fields.get(VOICE_NAME), fields[RATE], fields[VOLUME])

    def shown(self, value: object) -> str:  # noqa: ARG002 - its default needs no showing
        return ""


# The voice.
ENGINE: Final = Key(
    "engine", NAME, "The engine that speaks; `auto` picks the best one for the language.", "auto"
)
VOICE_NAME: Final = Key("name", NAME, "The voice, by its name in `coach voices`.")
RATE: Final = Key("rate", Number(0.5, 2.0), "The speed, as a multiple of the voice's own.", 1.0)
DECIBELS: Final = Number(-40, 6, "decibels")
"""Of a volume: no more than twice as loud as usual, whoever wrote the script."""

VOLUME: Final = Key("volume", DECIBELS, "Louder or softer than the usual level, in dB.", 0.0)
VOICE: Final = Record("a voice", (ENGINE, VOICE_NAME, RATE, VOLUME))

# The user's own recording, instead of any spoken text.
FILE: Final = Key("file", Line(1000, "a path"), "The recording; a path relative to this file.", required=True)
CAPTION: Final = Key("text", Line(300), "What is said in it; shown, not spoken.")
RECORDING: Final = Record("a recording", (FILE, CAPTION))

# How a dose with a range grows from session to session.
AFTER: Final = Key(
    "after", Whole(1, 100), "How many sessions to complete at one dose before the next step.", 1
)
BY: Final = Key(
    "by", Whole(1, 100), "Reps, or seconds of a hold, in one step; one rep or two seconds if not given."
)
GROWTH: Final = Record("progress", (AFTER, BY))

# Short rests within a set.
CLUSTER_REST: Final = Key(
    "rest", Seconds(Fraction(0), Fraction(3600)), "The time between two parts.", required=True
)
CLUSTERED: Final = Record("a cluster", (CLUSTER_REST,))

# Exercises. `use`, `exercise` and the keys below can be used in a step, in the library and in a level.
_REPS: Final = Whole(1, 10_000)
REPS: Final = Key("reps", PerSet(RangeText(_REPS), Fixed(_REPS)), "Repetitions, or a range to grow through.")
TEMPO: Final = Key("tempo", TempoText(), "The phases of a rep, in the order you do them, with their seconds.")
PACE: Final = Key(
    "pace",
    Seconds(Fraction(1, 5), Fraction(600)),
    "How long each rep is, with its number alone on the beat; what reps have that have no tempo.",
    Fraction(4),
)
BPM: Final = Key(
    "bpm",
    Whole(10, 400),
    "Beats a minute, with a tick on each that has no word; a rep each beat, or `beats`.",
)
BEATS: Final[Key[tuple[Phase, ...]]] = Key(
    "beats",
    Phases("{up: 1, down: 2}", Whole(1, 100), "beats"),
    "The phases of a rep, in beats; with `bpm`, in place of a tempo.",
)
START: Final = Key(
    "start", Choice(tuple(Start)), "Which movement the four digits start with.", Start.LOWERING
)
_HELD: Final = Seconds(Fraction(1), Fraction(3600))
HOLD: Final = Key("hold", PerSet(RangeText(_HELD), Fixed(_HELD)), "How long each rep is held.")
RELAX: Final = Key("relax", Seconds(Fraction(0), Fraction(600)), "The time between two holds.", Fraction(3))
_TIME: Final = Seconds(Fraction(1), _DAY)
FOR: Final = Key("for", PerSet(_TIME, _TIME), "A time, instead of reps.")
LOAD: Final = Key(
    "load", PerSet(NAME, NAME), "What you lift or use, such as 20 kg; spoken before a set, shown and logged."
)
SIDES: Final = Key(
    "sides", SidesText(NAME, 10), "The sides to do, in this order, each with the full dose.", ()
)
SWITCH: Final = Key("switch", Seconds(Fraction(0), Fraction(3600)), "The time to change sides.", Fraction(15))
SETS: Final[Key[int | tuple[Fields, ...]]] = Key(
    "sets",
    SetsText(Whole(1, MOST_SETS)),
    "How many times the dose is done, on each side; or a list of what is different in each set.",
    1,
)
_PAUSE: Final = Seconds(Fraction(0), Fraction(3600))
SET_REST: Final[Key[tuple[Fraction, ...]]] = Key(
    "rest", PerSet(_PAUSE, _PAUSE), "The time between two sets.", (Fraction(60),)
)
OF_ALL_SETS: Final[dict[str, Value[Any]]] = {
    REPS.name: RangeText(_REPS),
    SETS.name: Whole(1, MOST_SETS),
    SET_REST.name: _PAUSE,
}
"""What a person may ask for in place of what a script has; it holds for all sets."""

ALTERNATE: Final = Key(
    "alternate",
    AlternateText(),
    "Change sides after each set, or with each rep, instead of doing all sets of one side first.",
    Alternate.NO,
)
CLUSTER: Final = Key(
    "cluster", ClusterText(), "The rest between the values of a list: they are the parts of one set."
)
SETUP: Final[Key[tuple[Text, ...]]] = Key(
    "setup",
    Several(SpokenText()),
    "How to get into position; spoken once a routine, before the first set.",
    (),
)
SHORT: Final[Key[tuple[Text, ...]]] = Key(
    "short",
    Several(SpokenText()),
    "Replaces the setup once you know the exercise; without it, you hear the setup's first sentence.",
    (),
)
READY: Final = Key(
    "ready",
    Seconds(Fraction(0), Fraction(600)),
    "Quiet time after the setup, to get into position.",
    Fraction(5),
)
REMINDERS: Final[Key[tuple[Text, ...]]] = Key(
    "reminders", Several(SpokenText()), "Form cues, spoken where there is room.", ()
)
REMINDERS_EVERY: Final = Key(
    "reminders_every",
    RepsOrTime(Whole(1, 100), Seconds(Fraction(1), Fraction(3600))),
    "How far apart reminders come, roughly: in reps, or in seconds such as 30s.",
    3,
)
BREATHE: Final = Key(
    "breathe", Breaths(), "When to breathe in and out: by phase, or in seconds with `hold` or `for`.", ()
)
COUNT: Final = Key(
    "count",
    CountText((Count.TEMPO, Count.REPS, Count.BOTH, Count.PHASES, Count.OFF)),
    "What is counted: each phase's seconds (or so many counts), the reps, both; its word alone; or nothing.",
    Counting(Count.TEMPO),
)
EASIER: Final = Key("easier", Variant(), "What changes with `--level easier`; with `use`, another exercise.")
HARDER: Final = Key("harder", Variant(), "What changes with `--level harder`; with `use`, another exercise.")
PROGRESS: Final = Key("progress", ProgressText(), "How fast a range of reps or seconds grows.", Progress())
EQUIPMENT: Final = Key("equipment", Several(NAME), "What you need, worded as it is spoken: a mat.", ())
POSITION: Final = Key("position", Line(), "How you lie, sit or stand; shown, not spoken.")
NOTES: Final = Key("notes", Line(2000), "Notes for the reader; never spoken.")
NAMED: Final = Key("exercise", NAME, "The exercise's name, spoken and shown.")
USE: Final = Key("use", NAME, "An exercise from the library, by its id; the keys beside it override it.")

CALL_EVERY: Final = Key("every", Seconds(Fraction(1), _DAY), "How far apart they are.", required=True)
CALL_TELLS: Final = Key("tell", Choice(tuple(Told)), "The time that is left, or that has gone.", Told.LEFT)
CALLING: Final = Record("calls", (CALL_EVERY, CALL_TELLS))
CALLS: Final[Key[Calls]] = Key(
    "calls", CallsText(), "In a hold or a time, say how much is left at each multiple of this."
)

_OVERRIDABLE: Final[tuple[Key[Any], ...]] = (
    REPS, TEMPO, START, PACE, BPM, BEATS, HOLD, RELAX, FOR, LOAD, SIDES, SWITCH, SETS, SET_REST, CLUSTER,
    PROGRESS, ALTERNATE, SETUP, SHORT, READY, REMINDERS, REMINDERS_EVERY, BREATHE, COUNT, CALLS, EQUIPMENT,
    POSITION, NOTES,
)  # fmt: skip


class StartOfDigits(Rule):
    """A tempo of named phases has their order, and no start."""

    _message = "'start' needs a tempo of four digits; named phases already have an order"

    def schema(self) -> Schema:
        named: Schema = {"required": [START.name, TEMPO.name], "properties": {TEMPO.name: Phases().schema()}}
        return {"not": named, "errorMessage": self._message}

    def check(self, fields: Fields, reader: Reader) -> bool:
        kept = START not in fields or TEMPO not in fields or isinstance(fields[TEMPO], Digits)
        if not kept:
            reader.fail(fields.at(START), self._message)
        return kept


COUNTED_OVER_PHASES: Final = "'count: {of: ...}' needs phases, a 'tempo'"
RELAXED_AFTER_HOLD: Final = "'relax' needs a 'hold'"
STARTS_WITH_DIGITS: Final = "'start' needs a tempo of four digits"


class CountOfPhases(Rule):
    """Counts can be spread over phases only."""

    def schema(self) -> Schema:
        spread: Schema = {"properties": {COUNT.name: {"type": "object"}}}
        others = {"anyOf": [{"required": [key.name, COUNT.name]} for key in (HOLD, FOR, PACE, BEATS)]}
        return {"not": {"allOf": [others, {"not": {"required": [TEMPO.name]}}, spread]}}

    def check(self, fields: Fields, reader: Reader) -> bool:
        others = any(key in fields for key in (HOLD, FOR, PACE, BEATS))
        kept = not others or TEMPO in fields or fields[COUNT].of is None
        if not kept:
            reader.fail(fields.at(COUNT), COUNTED_OVER_PHASES)
        return kept


CALLED_IN_TIME: Final = "'calls' tell the time of a 'hold' or of 'for' alone"
REMINDED_IN_REPS: Final = "'reminders_every' counts reps here, and 'for' has none; write seconds, such as 20s"


class RemindersOfTime(Rule):
    """Timed work has no reps to count reminders by."""

    def schema(self) -> Schema:
        reps: Schema = {"properties": {REMINDERS_EVERY.name: {"anyOf": [Whole(1, 100).schema()]}}}
        needs: Schema = {"required": [FOR.name, REMINDERS_EVERY.name]}
        other: Schema = {"anyOf": [{"required": [key.name]} for key in (TEMPO, PACE, BEATS)]}
        return {"not": {"allOf": [needs, {"not": other}, reps]}}

    def check(self, fields: Fields, reader: Reader) -> bool:
        timed = FOR in fields and not any(key in fields for key in (TEMPO, PACE, BEATS))
        kept = not timed or REMINDERS_EVERY not in fields or not isinstance(fields[REMINDERS_EVERY], int)
        if not kept:
            reader.fail(fields.at(REMINDERS_EVERY), REMINDED_IN_REPS)
        return kept


IN_BEATS: Final = (
    "'bpm' goes with 'beats' for each phase, such as {up: 1, down: 2}, or with 'for' or 'reps' alone"
)
SAID_WITH_TEMPO: Final = "with a tempo, 'breathe' says in, out or hold for a phase"
BREATHED_IN_SECONDS: Final = "with 'hold' or 'for', 'breathe' has seconds, such as {in: 4, out: 4}"
_SECONDS_ON_A_PHASE: Final = "only in, out and hold have seconds, such as {in: 4, out: 4}"


class BreathingOfDose(Rule):
    """With a tempo it is said what to breathe in a phase; else for how long to breathe in, out or hold."""

    def schema(self) -> Schema:
        tempo: Schema = {"properties": {BREATHE.name: Breaths.with_phases()}}
        time: Schema = {"properties": {BREATHE.name: Breaths.in_seconds()}}
        phased = [{"required": [key.name]} for key in (TEMPO, BEATS)]
        timed = [{"required": [key.name]} for key in (HOLD, FOR)]
        return {"if": {"anyOf": phased}, "then": tempo, "else": {"if": {"anyOf": timed}, "then": time}}

    def check(self, fields: Fields, reader: Reader) -> bool:
        kept = True
        for breath in fields[BREATHE]:
            timed = breath.seconds is not None
            known = breath.name in BREATHS
            if TEMPO in fields or BEATS in fields:
                fits, message = not timed, SAID_WITH_TEMPO
            elif HOLD in fields or FOR in fields:
                fits, message = timed and known, BREATHED_IN_SECONDS
            else:
                fits, message = known or not timed, _SECONDS_ON_A_PHASE
            if not fits:
                reader.fail(breath.location, message)
                kept = False
        return kept


_DOSE_RULES: Final[tuple[Rule, ...]] = (
    *(
        Apart(first, second, f"two doses ('{first.name}' and '{second.name}'); an exercise has one")
        for first, second in (
            (TEMPO, HOLD),
            (TEMPO, PACE),
            (TEMPO, BEATS),
            (PACE, HOLD),
            (PACE, BEATS),
            (BEATS, HOLD),
            (HOLD, FOR),
            (FOR, REPS),
        )
    ),
    *(Apart(key, CALLS, CALLED_IN_TIME) for key in (PACE, BEATS)),
    *(Apart(key, BPM, IN_BEATS) for key in (TEMPO, PACE, HOLD)),
    StartOfDigits(),
    *(Apart(dose, RELAX, RELAXED_AFTER_HOLD) for dose in (TEMPO, PACE, BEATS, FOR)),
    CountOfPhases(),
    RemindersOfTime(),
    BreathingOfDose(),
)
OF_A_SET: Final = Record(
    "a set",
    (
        replace(REPS, value=InSet(Fixed(_REPS))),
        TEMPO,
        START,
        PACE,
        BPM,
        BEATS,
        replace(HOLD, value=InSet(Fixed(_HELD))),
        RELAX,
        replace(FOR, value=InSet(_TIME)),
        replace(LOAD, value=InSet(NAME)),
        replace(SET_REST, value=InSet(_PAUSE), meaning="The time after it."),
        BREATHE,
        COUNT,
    ),
    _DOSE_RULES,
)
_WITH_SETS: Final[dict[Key[Any], Whole | Seconds]] = {REPS: _REPS, HOLD: _HELD, FOR: _TIME}
VARIANT: Final = ExerciseRecord("a level", (NAMED, USE, *_OVERRIDABLE), _DOSE_RULES)
EXERCISE: Final = ExerciseRecord("an exercise", (NAMED, USE, *_OVERRIDABLE, EASIER, HARDER), _DOSE_RULES)
BETWEEN: Final[Key[Fraction]] = Key(
    "between",
    Seconds(Fraction(0), Fraction(3600)),
    "Seconds of rest between two exercises where none is written; 0 for one straight after the other.",
)
DEFAULTS: Final = Record("defaults", (*_OVERRIDABLE, BETWEEN), _DOSE_RULES)

# The other steps.
SAY: Final = Key("say", SpokenText(), "Spoken in full; everything else waits for it.", required=True)
PAUSE: Final = Key("pause", Seconds(Fraction(0), Fraction(3600)), "Quiet time after it.", Fraction(0))
REST_FOR: Final = Key(
    "for",
    Seconds(Fraction(0), Fraction(3600)),
    "How long.",
    required=True,
)
SILENT: Final = Key(
    "silent", Flag(), "Say nothing in it, except what comes next, just before that begins.", False
)
RESTING: Final = Record("a rest", (REST_FOR, SILENT, CALLS))
REST: Final = Key(
    "rest",
    RestText(),
    "How long, from the end of the work before it to the first beat after it.",
    required=True,
)
SOUND: Final[Key[Text]] = Key("sound", SoundText(), "What is heard.", required=True)
WAIT: Final = Key("wait", Flag(), "Wait until it is over; otherwise it takes no time.", False)
BREATHING: Final[Key[tuple[Phase, ...]]] = Key(
    "breathing",
    Phases("{in: 4, out: 6}", known=tuple(Breath)),
    "Paced breathing: the phases of a round, in seconds.",
    required=True,
)
ROUNDS: Final = Key("rounds", Whole(1, 10_000), "How many rounds.")
BREATHING_COUNT: Final = Key(
    "count",
    CountText((Count.PHASES, Count.TEMPO, Count.ROUNDS, Count.OFF)),
    "The words alone; with their seconds (tempo) or so many counts; with the round's number; or milestones.",
    Counting(Count.PHASES),
)
REPEAT: Final = Key(
    "repeat",
    RepeatText(Whole(1, 100_000)),
    "How many times to do the steps, or names with a value for each round; the steps use them in braces.",
    required=True,
)
STEPS: Final = Key("steps", Steps(), "The steps, in their order.", required=True)
STEPS_OF_ROUNDS: Final = Key(STEPS.name, Unread(), STEPS.meaning, required=True)
ROUND_REST: Final[Key[Fraction]] = Key(
    "rest",
    Seconds(Fraction(0), Fraction(3600)),
    "The time between two rounds; 0 for one straight after the other.",
)
BREATHING_FOR: Final = Key("for", Seconds(Fraction(1), _DAY), "A time, instead of rounds.")
EVERY: Final = Key(
    "every",
    Seconds(Fraction(1), _DAY),
    "The time from one round's first beat to the next one's.",
    required=True,
)
EVERY_ROUNDS: Final = Key(
    "rounds",
    RepeatText(Whole(1, 10_000)),
    "How many rounds, or names with a value for each round; the steps use them in braces.",
    required=True,
)
INCLUDE: Final = Key(
    "include",
    Line(1000, "a path"),
    "The script whose steps to include; a path relative to this file.",
    required=True,
)

STEP_KINDS: Final[dict[StepKind, Record]] = {
    StepKind.SAY: Record("a say step", (SAY, PAUSE)),
    StepKind.REST: Record("a rest step", (REST, SILENT, CALLS)),
    StepKind.SOUND: Record("a sound step", (SOUND, WAIT)),
    StepKind.EXERCISE: EXERCISE,
    StepKind.USE: EXERCISE,
    StepKind.BREATHING: Record(
        "a breathing step",
        (BREATHING, ROUNDS, BREATHING_FOR, BREATHING_COUNT),
        (OneOf(ROUNDS, BREATHING_FOR, "a breathing step needs either 'rounds' or 'for'"),),
    ),
    StepKind.REPEAT: RoundsStep("a repeat step", (REPEAT, STEPS, ROUND_REST), names=REPEAT),
    StepKind.EVERY: RoundsStep("an every step", (EVERY, EVERY_ROUNDS, STEPS), names=EVERY_ROUNDS),
    StepKind.INCLUDE: Record("an include step", (INCLUDE,)),
}

STEP_KEYS: Final = tuple(sorted({key.name for record in STEP_KINDS.values() for key in record.keys}))

# The top level.
TITLE: Final = Key("title", Line(300), "The routine's name, spoken first.", required=True)
ABOUT: Final = Key("about", Line(2000), "A description for the reader; never spoken.")
LANGUAGE: Final = Key("language", Language(), "The language Coach speaks.", "en")
VOICE_CHOICE: Final = Key("voice", VoiceText(), "Who speaks, and how.", VoiceChoice())
LEAD_IN: Final = Key(
    "lead_in",
    Seconds(Fraction(0), Fraction(60)),
    "Quiet before the first word, because wireless headphones swallow the start.",
    Fraction(2),
)
COUNT_IN: Final = Key("count_in", Whole(0, 10), "One-second beats before each set.", 3)
OPENING: Final[Key[tuple[Text, ...]]] = Key(
    "opening",
    TextsOrNone(SpokenText()),
    "Said first, instead of the title, how long it takes and what you need.",
)
CLOSING: Final[Key[tuple[Text, ...]]] = Key(
    "closing", TextsOrNone(SpokenText()), "Said last, instead of Coach's own sentence."
)
GUIDANCE: Final = Key(
    "guidance",
    Choice(tuple(Guidance)),
    "How much is said: everything; short setups and half the reminders; counts and sides; or as you need it.",
)
VARS: Final = Key("vars", Vars("names"), "Your own words for texts, used in braces.", {})
PRONOUNCE: Final[Key[dict[str, str]]] = Key(
    "pronounce", Table(), "How the voice should read certain words.", {}
)
DEFAULT_FIELDS: Final = Key("defaults", DEFAULTS, "Keys that every exercise starts from.")
EXERCISES: Final = Key("exercises", Library(), "The script's own exercises, by id.", {})
SCRIPT: Final = Record(
    "a script",
    (
        TITLE,
        ABOUT,
        LANGUAGE,
        VOICE_CHOICE,
        LEAD_IN,
        COUNT_IN,
        BETWEEN,
        OPENING,
        CLOSING,
        GUIDANCE,
        VARS,
        PRONOUNCE,
        DEFAULT_FIELDS,
        EXERCISES,
        STEPS,
    ),
)


def schema() -> Schema:
    """Return the JSON Schema of a script, for editors.

    It is draft 7, which editors know best, and means the same in 2020-12. An editor hands it the values that
    YAML 1.2 makes of a script. It calls wrong what `Record.read` calls wrong, except where it cannot see:

    - how a number or nothing is written: `tempo: 0310` is to it the number 310 (quoted, it is four digits), a
      duration `1e3` is 1000, `say: null` is nothing; `.nan` lies within all limits; a list of sides may name
      both 1 and "1", or both "left" and "left "; and numbers of more than 15 digits are rounded;
    - the order of a range of durations with units, such as `2m-30s`;
    - the steps of a repeat with names, in which braces may stand for any value;
    - what takes more than one mapping to know: names in braces, the exercise that `use` names, the dose that
      `defaults`, the library and levels add up to, phases that `breathe` names, files, how much it all is;
    - what the YAML text itself must not have: tags, merge keys, keys twice, control characters in keys.
    """
    steps: list[Schema] = []
    for kind, record in STEP_KINDS.items():
        of_kind = {"allOf": [{"$ref": "#/definitions/exercise"}]} if record is EXERCISE else record.schema()
        required = [str(kind), *(key.name for key in record.keys if key.required and key.name != kind)]
        steps.append({**of_kind, "required": required})
    parts = {"exercise": EXERCISE.schema(), "level": VARIANT.schema(), "step": {"anyOf": steps}}
    shared: dict[str, Schema] = {}
    whole = _sharing({**SCRIPT.schema(), "definitions": parts}, shared)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Coach routine script",
        **whole,
        "definitions": {**whole["definitions"], **shared},
    }


def _sharing(part: object, shared: dict[str, Schema]) -> Any:
    """Return a part of a schema with each value that has a pattern moved to `shared`, under a name."""
    if isinstance(part, list):
        return [_sharing(each, shared) for each in part]
    if not isinstance(part, dict):
        return part
    if "patternErrorMessage" not in part:
        return {name: _sharing(each, shared) for name, each in part.items()}
    name = re.sub(r"\W+", "_", part["patternErrorMessage"].removeprefix("must be "))
    rest = {key: value for key, value in part.items() if key == "description"}
    value = {key: value for key, value in part.items() if key != "description"}
    if shared.setdefault(name, value) != value:  # said in the same words, but of another form
        return part
    return {**rest, "$ref": f"#/definitions/{name}"}
