"""The script format, declared once.

Reading, checking, the JSON Schema for editors and the tables in the documentation are all based on the keys
that are declared here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from coach.routine import Phase, Progress, Text, VoiceChoice
from coach.script.document import Mapping, Node, Scalar, Sequence, short
from coach.script.values import (
    NAME,
    Breaths,
    Choice,
    Distinct,
    Flag,
    Line,
    Number,
    Phases,
    Range,
    Reader,
    Schema,
    Seconds,
    Several,
    Table,
    TempoText,
    Value,
    Vars,
    Whole,
    Words,
    closest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coach.errors import Location

T = TypeVar("T")

_DAY = Fraction(12 * 3600)
_SMALLEST = Fraction(1, 10)


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


@dataclass(frozen=True, eq=False)
class Record(Value[Fields]):
    """A mapping with a fixed set of keys."""

    what: str
    keys: tuple[Key[Any], ...]

    @property
    def words(self) -> str:
        return f"{self.what}, a mapping of keys to values"

    def schema(self) -> Schema:
        schema: Schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {key.name: {"description": key.meaning, **key.value.schema()} for key in self.keys},
        }
        required = [key.name for key in self.keys if key.required]
        return {**schema, "required": required} if required else schema

    def read(self, node: Node, reader: Reader) -> Fields | None:
        if not isinstance(node, Mapping):
            reader.wants(node, self.words)
            return None
        fields = Fields(node.location)
        known = {key.name: key for key in self.keys}
        for name, value in node.entries.items():
            key = known.get(name.text)
            if key is None:
                close = closest(name.text, known)
                hint = f"did you mean '{close}'?" if close else f"{self.what} may have {', '.join(known)}"
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
        return fields


@dataclass(frozen=True, eq=False)
class Library(Value[dict[str, Fields]]):
    """Exercises by their ids."""

    @property
    def words(self) -> str:
        return "a mapping of ids to exercises"

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": {"$ref": "#/$defs/exercise"}}

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
        return {"$ref": "#/$defs/level"}

    def read(self, node: Node, reader: Reader) -> Fields | None:
        return VARIANT.read(node, reader)


@dataclass(frozen=True)
class StepFields:
    """A step as it was read: its kind (empty if that is the problem) and its values."""

    kind: str
    fields: Fields


@dataclass(frozen=True, eq=False)
class Steps(Value[tuple[StepFields, ...]]):
    """A list of steps."""

    @property
    def words(self) -> str:
        return "a list of steps, at least one"

    def schema(self) -> Schema:
        return {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}

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
            record = STEP_KINDS[key.text]
            if words <= {each.name for each in record.keys}:
                fields = record.read(node, reader) or Fields(node.location)
                return StepFields("exercise" if key.text == "use" else key.text, fields)
        if named:
            first, second = named[:2]
            message = f"two kinds in one step ('{first.text}' and '{second.text}'); make two steps of them"
            reader.fail(second.location, message)
        else:
            reader.fail(node.location, f"a step needs one of {kinds}")
        # Its kind is not known, but its keys can still be read to find their problems.
        known = {key.name: key for kind in words or STEP_KINDS for key in STEP_KINDS[kind].keys}
        plain = Mapping(
            {key: value for key, value in node.entries.items() if key.text in known}, node.location
        )
        anything = Record("a step", tuple(replace(key, required=False) for key in known.values()))
        return StepFields("", anything.read(plain, reader) or Fields(node.location))


def _meant(step: Mapping, reader: Reader) -> Mapping:
    """Return a step without a kind, with a misspelt kind corrected and the mistake reported."""
    entries = {}
    for key, value in step.entries.items():
        close = None if key.text in STEP_KEYS else closest(key.text, STEP_KEYS)
        if close in STEP_KINDS:
            reader.fail(key.location, f"unknown key '{short(key.text)}'; did you mean '{close}'?")
            entries[Scalar(close, key.location)] = value
        else:
            entries[key] = value
    return Mapping(entries, step.location)


@dataclass(frozen=True)
class Spoken(Value[Text]):
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
VOLUME: Final = Key(
    "volume", Number(-40, 20, "decibels"), "Louder or softer than the usual level, in dB.", 0.0
)
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

# Exercises. `use`, `exercise` and the keys below can be used in a step, in the library and in a level.
REPS: Final = Key("reps", Range(Whole(1, 10_000)), "Repetitions, or a range to grow through.")
TEMPO: Final = Key("tempo", TempoText(), "The phases of a rep, in the order you do them, with their seconds.")
START: Final = Key(
    "start", Choice(("lowering", "lifting")), "Which movement the four digits start with.", "lowering"
)
HOLD: Final = Key("hold", Range(Seconds(Fraction(1), Fraction(3600))), "How long each rep is held.")
RELAX: Final = Key("relax", Seconds(Fraction(0), Fraction(600)), "The time between two holds.", Fraction(3))
FOR: Final = Key("for", Seconds(Fraction(1), _DAY), "A time, instead of reps.")
SIDES: Final = Key(
    "sides", Distinct(NAME, 10), "The sides to do, in this order, each with the full dose.", ()
)
SWITCH: Final = Key("switch", Seconds(Fraction(0), Fraction(3600)), "The time to change sides.", Fraction(15))
SETS: Final = Key("sets", Whole(1, 100), "How many times the dose is done, on each side.", 1)
SET_REST: Final = Key(
    "rest", Seconds(Fraction(0), Fraction(3600)), "The time between two sets.", Fraction(60)
)
ALTERNATE: Final = Key(
    "alternate", Flag(), "Change sides after each set, instead of doing all sets of one side first.", False
)
SETUP: Final[Key[tuple[Text, ...]]] = Key(
    "setup", Several(Spoken()), "How to get into position; spoken once a routine, before the first set.", ()
)
SHORT: Final[Key[tuple[Text, ...]]] = Key(
    "short",
    Several(Spoken()),
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
    "reminders", Several(Spoken()), "Form cues, spoken where there is room.", ()
)
REMINDERS_EVERY: Final = Key(
    "reminders_every", Whole(1, 100), "How many reps apart reminders come, roughly.", 3
)
BREATHE: Final = Key(
    "breathe", Breaths(), "When to breathe in and out: by phase, or in seconds with `hold` or `for`.", ()
)
COUNT: Final = Key(
    "count",
    Choice(("tempo", "reps", "both", "off")),
    "What is counted: the seconds of each phase, the reps, both, or only milestones.",
    "tempo",
)
EASIER: Final = Key("easier", Variant(), "What changes with `--level easier`; with `use`, another exercise.")
HARDER: Final = Key("harder", Variant(), "What changes with `--level harder`; with `use`, another exercise.")
PROGRESS: Final = Key("progress", ProgressText(), "How fast a range of reps or seconds grows.", Progress())
EQUIPMENT: Final = Key("equipment", Several(NAME), "What you need, worded as it is spoken: a mat.", ())
POSITION: Final = Key("position", Line(), "How you lie, sit or stand; shown, not spoken.")
NOTES: Final = Key("notes", Line(2000), "Notes for the reader; never spoken.")
NAMED: Final = Key("exercise", NAME, "The exercise's name, spoken and shown.")
USE: Final = Key("use", NAME, "An exercise from the library, by its id; the keys beside it override it.")

_OVERRIDABLE: Final[tuple[Key[Any], ...]] = (
    REPS, TEMPO, START, HOLD, RELAX, FOR, SIDES, SWITCH, SETS, SET_REST, PROGRESS, ALTERNATE, SETUP, SHORT,
    READY, REMINDERS, REMINDERS_EVERY, BREATHE, COUNT, EQUIPMENT, POSITION, NOTES,
)  # fmt: skip
VARIANT: Final = Record("a level", (NAMED, USE, *_OVERRIDABLE))
EXERCISE: Final = Record("an exercise", (NAMED, USE, *_OVERRIDABLE, EASIER, HARDER))
DEFAULTS: Final = Record("defaults", _OVERRIDABLE)

# The other steps.
SAY: Final = Key("say", Spoken(), "Spoken in full; everything else waits for it.", required=True)
PAUSE: Final = Key("pause", Seconds(Fraction(0), Fraction(3600)), "Quiet time after it.", Fraction(0))
REST: Final = Key(
    "rest",
    Seconds(_SMALLEST, Fraction(3600)),
    "How long, from the end of the work before it to the first beat after it.",
    required=True,
)
BREATHING: Final[Key[tuple[Phase, ...]]] = Key(
    "breathing",
    Phases(("in", "hold", "out", "rest")),
    "Paced breathing: the phases of a round, in seconds.",
    required=True,
)
ROUNDS: Final = Key("rounds", Whole(1, 10_000), "How many rounds.")
BREATHING_COUNT: Final = Key(
    "count", Choice(("off", "tempo")), "The words alone (off), or their seconds too (tempo).", "off"
)
REPEAT: Final = Key("repeat", Whole(1, 100_000), "How many times to do the steps.", required=True)
STEPS: Final = Key("steps", Steps(), "The steps, in their order.", required=True)
ROUND_REST: Final = Key(
    "rest", Seconds(Fraction(0), Fraction(3600)), "The time between two rounds.", Fraction(0)
)
EVERY: Final = Key(
    "every",
    Seconds(Fraction(1), _DAY),
    "The time from one round's first beat to the next one's.",
    required=True,
)
EVERY_ROUNDS: Final = Key("rounds", Whole(1, 10_000), "How many rounds.", required=True)
INCLUDE: Final = Key(
    "include",
    Line(1000, "a path"),
    "The script whose steps to include; a path relative to this file.",
    required=True,
)

STEP_KINDS: Final[dict[str, Record]] = {
    "say": Record("a say step", (SAY, PAUSE)),
    "rest": Record("a rest step", (REST,)),
    "exercise": Record("an exercise", EXERCISE.keys),
    "use": Record("an exercise", EXERCISE.keys),
    "breathing": Record("a breathing step", (BREATHING, ROUNDS, FOR, BREATHING_COUNT)),
    "repeat": Record("a repeat step", (REPEAT, STEPS, ROUND_REST)),
    "every": Record("an every step", (EVERY, EVERY_ROUNDS, STEPS)),
    "include": Record("an include step", (INCLUDE,)),
}

STEP_KEYS: Final = tuple(sorted({key.name for record in STEP_KINDS.values() for key in record.keys}))

# The top level.
TITLE: Final = Key("title", Line(300), "The routine's name, spoken first.", required=True)
ABOUT: Final = Key("about", Line(2000), "A description for the reader; never spoken.")
LANGUAGE: Final = Key("language", Line(20, "a language code"), "The language Coach speaks.", "en")
VOICE_CHOICE: Final = Key("voice", VoiceText(), "Who speaks, and how.", VoiceChoice())
LEAD_IN: Final = Key(
    "lead_in",
    Seconds(Fraction(0), Fraction(60)),
    "Quiet before the first word, because wireless headphones swallow the start.",
    Fraction(2),
)
COUNT_IN: Final = Key("count_in", Whole(0, 10), "One-second beats before each set.", 3)
GUIDANCES: Final = ("full", "short", "quiet", "auto")
GUIDANCE: Final = Key(
    "guidance",
    Choice(GUIDANCES),
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
        GUIDANCE,
        VARS,
        PRONOUNCE,
        DEFAULT_FIELDS,
        EXERCISES,
        STEPS,
    ),
)


def schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a script, for editors."""
    steps = [
        {
            **record.schema(),
            "required": [kind, *(key.name for key in record.keys if key.required and key.name != kind)],
        }
        for kind, record in STEP_KINDS.items()
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Coach routine script",
        **SCRIPT.schema(),
        "$defs": {"exercise": EXERCISE.schema(), "level": VARIANT.schema(), "step": {"anyOf": steps}},
    }
