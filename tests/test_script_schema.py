"""The JSON Schema for editors: valid, and of one mind with the reader about what people write."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache, singledispatch
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator  # type: ignore[import-untyped]

from coach import script
from coach.errors import ScriptError
from coach.script import patterns
from coach.script.document import parse
from coach.script.format import (
    AFTER,
    CALLING,
    CLUSTERED,
    EXERCISE,
    FILE,
    GROWTH,
    INCLUDE,
    OF_A_SET,
    RECORDING,
    RESTING,
    SCRIPT,
    STEP_KINDS,
    USE,
    VARIANT,
    VOICE,
    CallsText,
    ClusterText,
    Key,
    Library,
    ProgressText,
    Record,
    RestText,
    SetsText,
    SoundText,
    SpokenText,
    StepKind,
    Steps,
    Variant,
    VoiceText,
    schema,
)
from coach.script.ladder import RepeatText
from coach.script.values import (
    BREATHS,
    NAME,
    AlternateText,
    Breaths,
    Choice,
    CountText,
    Distinct,
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
    Seconds,
    Several,
    Table,
    TempoText,
    Value,
    Vars,
    Whole,
    Words,
    seconds_of,
)
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TESTS = Path(__file__).parent
GOOD = [*TESTS.glob("scripts/good/**/*.y*ml"), *TESTS.parent.glob("scripts/*.yaml")]


class Core(yaml.SafeLoader):
    """Reads a script as editors do, by YAML 1.2: 3010 is a number, `off` and 1:30 are texts, as keys are."""


Core.yaml_implicit_resolvers = {}

for tag, pattern, first in [
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
]:
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
Core.add_constructor(
    "tag:yaml.org,2002:int", lambda _, node: int(node.value, 0 if node.value[:2] in ("0o", "0x") else 10)
)
Core.add_constructor(
    "tag:yaml.org,2002:map",
    lambda loader, node: {key.value: loader.construct_object(value, deep=True) for key, value in node.value},
)

VALIDATOR = Draft7Validator(schema())


def loaded(text: str) -> Any:
    return yaml.load(text, Core)


def accepts(text: str) -> bool:
    return not list(VALIDATOR.iter_errors(loaded(text)))


def test_the_schema_is_valid() -> None:
    Draft7Validator.check_schema(schema())
    Draft202012Validator.check_schema(schema())


# What the schema can't see: how a number or nothing is written. (The word to quote, quoted.)
UNSEEN = {
    "tempo.yaml": ("tempo: 0310", 'tempo: "0310"'),
    "yaml_forms.yaml": ("say: null", 'say: "null"'),
}


@pytest.mark.parametrize("validator", [Draft7Validator, Draft202012Validator])
@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_schema_accepts_every_good_script(path: Path, validator: Any) -> None:
    text = path.read_text(encoding="utf-8-sig")
    before, after = UNSEEN.get(path.name, ("", ""))
    text = text.replace(before, after) if before else text
    assert [error.message for error in validator(schema()).iter_errors(loaded(text))] == []


@pytest.mark.parametrize(
    "step",
    [
        "{}",
        "Hello",
        "{reps: 12, tempo: {up: 1}}",
        "{say: Hello, rest: 10}",
        "{say: ''}",
        "{say: Hello, puase: 3}",
        "{rest: soon}",
        "{rest: -1}",
        "{rest: 1 day}",
        "{rest: '1:60:00:00'}",
        "{repeat: 3}",
        "{repeat: 0, steps: [say: Hello]}",
        "{repeat: 2, steps: []}",
        "{every: 60, steps: [say: Hello]}",
        "{exercise: A, reps: 0, hold: 3}",
        "{exercise: A, reps: some, hold: 3}",
        "{exercise: A, reps: 12, tempo: 3-0-1}",
        "{exercise: A, reps: 12, tempo: {up: soon}}",
        "{exercise: A, hold: 3, count: beat}",
        "{exercise: A, hold: 3, alternate: perhaps}",
        "{exercise: A, hold: 3, easier: {easier: {hold: 3}}}",
        "{exercise: A, hold: 3, breathe: {in: deep}}",
        "{breathing: {in: 4}, rounds: 2, count: reps}",
        "{include: [a]}",
    ],
)
def test_the_schema_rejects_a_mistake_in_a_step(step: str) -> None:
    assert list(VALIDATOR.iter_errors({"title": "A", "steps": [loaded(step)]})) != []


@pytest.mark.parametrize(
    "script",
    [
        "steps: [say: Hello]",
        "title: A",
        "{title: A, steps: []}",
        "{title: A, steps: [say: Hello], setps: 1}",
        "{title: A, steps: [say: Hello], lead_in: 100}",
        "{title: A, steps: [say: Hello], voice: {speed: 2}}",
        "{title: A, steps: [say: Hello], exercises: {a: {colour: blue}}}",
        "[say: Hello]",
    ],
)
def test_the_schema_rejects_a_mistake_at_the_top(script: str) -> None:
    assert list(VALIDATOR.iter_errors(loaded(script))) != []


# The reader and the schema agree. Scripts are drawn from the declaration: most values are right ones, now and
# then one lies beside the limits, is spelt in another way, or is of another type.

ODD = 0.04
DASH = "\u2013"


class Source(str):
    """A scalar as it stands in a script."""


Tree: TypeAlias = "Source | list[Tree] | dict[str, Tree]"


def source(text: str, *, quoted: bool) -> Source:
    """Return a text as YAML; quoted where it must be, too."""
    plain_text = re.fullmatch(rf"[+.\w-]([\w .:+{DASH}-]*[\w.])?", text)
    if plain_text and not quoted and text != "-" and not re.search(r":( |$)|^- ", text):
        return Source(text)
    return Source('"' + "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in text) + '"')


def flow(tree: Tree) -> str:
    if isinstance(tree, dict):
        pairs = (f"{source(key, quoted=True)}: {flow(value)}" for key, value in tree.items())
        return "{" + ", ".join(pairs) + "}"
    return f"[{', '.join(map(flow, tree))}]" if isinstance(tree, list) else tree


def one_of(chance: Random, *texts: str) -> Source:
    return source(chance.choice(texts), quoted=chance.random() < 0.5)


def some(chance: Random, names: Iterable[str], most: int, least: int = 0) -> list[str]:
    """Return some of these, each once."""
    names = sorted(names)
    return chance.sample(names, min(len(names), chance.randint(least, most)))


OTHER_TYPES: list[Tree] = [[], {}, [Source("1")], {"a": Source("1")}, [[Source("a")]]]
PLAIN = [
    "true",
    "False",
    "off",
    "12",
    "-3",
    "0",
    "1.5",
    ".5",
    "5.",
    "0x1F",
    "0o17",
    "1_000",
    ".inf",
    "1:30",
    "a",
]
NOTHING = [Source(""), Source("null"), Source("~")]
SPELLINGS = [
    "1e1",
    "1E+0",
    "0x10",
    "0o7",
    "010",
    "+5",
    "5.0",
    "5.00",
    "5.01",
    "-0",
    "-0.0",
    "1_0",
    "1e999",
    "1e-1",
]


@singledispatch
def right(value: Value[Any], chance: Random) -> Tree:
    """Return what is right for a kind of value, or likely to be."""
    raise NotImplementedError(f"{type(value).__name__}: say here what a script of this test has for it")


@singledispatch
def odd(value: Value[Any], chance: Random) -> Tree:
    """Return what is beside that: wrong, or just still right."""
    raise NotImplementedError(f"{type(value).__name__}: say here what is wrong for it, or nearly")


def drawn(value: Value[Any], chance: Random) -> Tree:
    """Return something for a kind of value."""
    if chance.random() > ODD:
        return right(value, chance)
    if chance.random() < 0.7:
        return odd(value, chance)
    others = [*OTHER_TYPES, one_of(chance, *PLAIN), one_of(chance, "", " ")]
    if not isinstance(value, (Line, Words, SpokenText, VoiceText, Several)):  # for a text see UNSEEN
        others += NOTHING
    return chance.choice(others)


def several(value: Value[Any], chance: Random, most: int = 3, least: int = 0) -> list[Tree]:
    return [drawn(value, chance) for _ in range(chance.randint(least, most))]


@right.register
def _(value: Line, chance: Random) -> Tree:
    return one_of(chance, "Lie down", "Füße hoch", "3010", "off", "yes", "true", "12", "1.5", "up", "a  \t b")


@odd.register
def _(value: Line, chance: Random) -> Tree:
    length = value.longest + chance.choice([-1, 0, 1])
    long = [form * length for form in ("x", "x ", "\U0001f600")]
    return one_of(chance, "", " ", "\t\n", "\u3000", *long, f" {'x' * value.longest}  ", "a\u0007b", "a\nb")


@right.register
def _(value: Language, chance: Random) -> Tree:
    return one_of(chance, "en", "de", "EN", "fr-CA", "es_MX", "en-")


@odd.register
def _(value: Language, chance: Random) -> Tree:
    long = (f"en-{'x' * length}" for length in (16, 17, 18))
    return one_of(chance, "it", "english", " en ", "en -x", *long, "-en", "e\u0274", "12", "en-\n-a")


def beside(low: Fraction, high: Fraction, chance: Random) -> Fraction:
    """Return a number near one of the limits, on either side."""
    step = chance.choice([Fraction(1, 100), Fraction(1, 10), Fraction(1), Fraction(60)])
    return chance.choice([low, high]) + chance.choice([-1, 0, 0, 1]) * step


def within(low: Fraction, high: Fraction, step: Fraction, chance: Random) -> Fraction:
    numbers = [low, low + step, high, high - step, Fraction(5), Fraction(12), Fraction(40)]
    return chance.choice([number for number in numbers if low <= number <= high])


def decimal(number: Fraction) -> str:
    return f"{float(number):.4f}".rstrip("0").rstrip(".")


@right.register
def _(value: Whole, chance: Random) -> Tree:
    number = within(Fraction(value.low), Fraction(value.high), Fraction(1), chance)
    return one_of(chance, f"{number}", f"{number}", f"{number}.0", f"+{number}", f"0{number}")


@odd.register
def _(value: Whole, chance: Random) -> Tree:
    number = decimal(beside(Fraction(value.low), Fraction(value.high), chance))
    forms = number, number, f" {number} ", f"{number}e0", f"{number}s", f"{number}.0"
    return one_of(chance, *forms, *SPELLINGS)


@right.register
def _(value: Number, chance: Random) -> Tree:
    return one_of(chance, decimal(within(*limits(value), Fraction(1, 10), chance)))


@odd.register
def _(value: Number, chance: Random) -> Tree:
    number = decimal(beside(*limits(value), chance))
    return one_of(chance, number, number, f" {number}", f"{number}dB", *SPELLINGS, "2,5", "-.5", "1.2.3")


def limits(value: Number) -> tuple[Fraction, Fraction]:
    return Fraction(str(value.low)), Fraction(str(value.high))


def spelt(seconds: Fraction, chance: Random) -> Source:
    """Return a duration as people may write it, or in a way that nobody should."""
    if seconds < 0:
        return one_of(chance, decimal(seconds), f"{decimal(seconds)}s")
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    two = f"{int(left):02}{decimal(left % 1).removeprefix('0')}"
    return one_of(
        chance,
        decimal(seconds),
        f"{decimal(seconds)}s",
        f"{decimal(seconds)} Seconds",
        f"{decimal(seconds / 60)} min",
        f"{decimal(seconds / 3600)}h",
        f"{hours}h{minutes}m{decimal(left)}s",
        f"{hours} hours {decimal(60 * minutes + left)} s",
        f"{60 * hours + minutes}m {decimal(left)} sec",
        f"{hours}:{minutes:02}:{two}",
        f"{60 * hours + minutes}:{two}",
    )


@right.register
def _(value: Seconds, chance: Random) -> Tree:
    return spelt(within(value.low, value.high, Fraction(1, 2), chance), chance)


@odd.register
def _(value: Seconds, chance: Random) -> Tree:
    wrong = (
        "1m90s",
        "90s 1m",
        "1.5h 30m",
        "1:75",
        "1:5",
        "1:60:00",
        ":30",
        "5 days",
        "5 ms",
        "s",
        "+5s",
        "1,5",
    )
    just = (
        "5.",
        ".5",
        "+5",
        "-0",
        "-0.0",
        "010",
        "1_0",
        "5.s",
        ".5 min",
        "59:59.99",
        "12:00:00.",
        "-0s",
        "0:00",
    )
    forms = (
        one_of(chance, *wrong),
        one_of(chance, *just),
        spelt(beside(value.low, value.high, chance), chance),
    )
    return chance.choice(forms)


@right.register
def _(value: RangeText, chance: Random) -> Tree:
    one = value.one
    low, high = Fraction(one.low), Fraction(one.high)
    if chance.random() < 0.5:
        return right(one, chance)
    first, second = sorted(within(low, high, Fraction(1), chance) for _ in range(2))
    forms = [f"{first}{dash}{second}" for dash in ("-", " - ", DASH, f" {DASH}")]
    if isinstance(one, Seconds):
        forms.append(f"{first} s - {second}s")
    return one_of(chance, *forms)


@odd.register
def _(value: RangeText, chance: Random) -> Tree:
    one = value.one
    first, second = (decimal(beside(Fraction(one.low), Fraction(one.high), chance)) for _ in range(2))
    near = [f"{first}{dash}{second}" for dash in ("-", DASH, "--", " to ")]
    wrong = "15-10", "9-10", "10-9", "10-", "-", "-10", "1-2-3", "10-15.5", "15.5-15.25", "15.2-15", "10 15"
    just = (
        "010-9",
        "8-010",
        "10.0-10",
        "10-10",
        "100-99.9",
        "+10-+15",
        "1e1-20",
        "9-10.0",
        "1000-999",
        "10-1e1",
    )
    return chance.choice([odd(one, chance), one_of(chance, *near), one_of(chance, *wrong, *just)])


@right.register(Choice)
def _(value: Choice[Any], chance: Random) -> Tree:
    word = str(chance.choice(value.choices))
    return one_of(chance, word, word, word.title(), word.upper())


@odd.register(Choice)
def _(value: Choice[Any], chance: Random) -> Tree:
    word = str(chance.choice(value.choices))
    return one_of(chance, f" {word} ", word[1:], f"{word}s", "no", "FALSE", "tempo")


@right.register
def _(value: Flag, chance: Random) -> Tree:
    return one_of(chance, "yes", "no", "on", "off", "true", "false", "Yes", "OFF", "True")


@odd.register
def _(value: Flag, chance: Random) -> Tree:
    return one_of(chance, "y", "tRUE", " oN ", "1", "0", "perhaps")


@right.register
def _(value: AlternateText, chance: Random) -> Tree:
    return one_of(chance, "sets", "reps", "yes", "no", "on", "off")


@odd.register
def _(value: AlternateText, chance: Random) -> Tree:
    return one_of(chance, "Reps", " sets", "TRUE", "False", "always", "1")


@right.register
def _(value: Words, chance: Random) -> Tree:
    return right(Line(), chance)


@odd.register
def _(value: Words, chance: Random) -> Tree:
    return odd(Line(2000), chance)


@right.register
def _(value: SpokenText, chance: Random) -> Tree:
    return right(RECORDING if chance.random() < 0.2 else Words(), chance)


@odd.register
def _(value: SpokenText, chance: Random) -> Tree:
    return odd(RECORDING if chance.random() < 0.2 else Words(), chance)


@right.register(Several)
def _(value: Several[Any], chance: Random) -> Tree:
    return drawn(value.one, chance) if chance.random() < 0.5 else several(value.one, chance)


@odd.register(Several)
def _(value: Several[Any], chance: Random) -> Tree:
    return [Source(f"word{number}") for number in range(value.most + chance.choice([0, 1]))]


@right.register
def _(value: Distinct, chance: Random) -> Tree:
    if chance.random() < 0.3:
        return Source(chance.choice(["left and right", "L/R", "both sides", "je Seite", "front and back"]))
    return [one_of(chance, name) for name in some(chance, ["left", "right", "both", "Left"], 3, 1)]


@odd.register
def _(value: Distinct, chance: Random) -> Tree:
    twice: Tree = [one_of(chance, "left", "right") for _ in range(2)]
    many: Tree = [Source(f"side{number}") for number in range(value.most + chance.choice([0, 1]))]
    words = Source(chance.choice(["alternating", "left and left", "Abwechselnd ", "and", "left/", "a, b"]))
    return chance.choice([twice, many, drawn(value.one, chance), words])


@right.register
def _(value: Table, chance: Random) -> Tree:
    return {name: drawn(Line(), chance) for name in some(chance, ["glutes", "a b", "1"], 2)}


@odd.register
def _(value: Table, chance: Random) -> Tree:
    return {name: drawn(Line(), chance) for name in some(chance, ["", "side", "{", " a", "rep"], 2)}


@right.register
def _(value: Vars, chance: Random) -> Tree:
    return {name: drawn(Line(), chance) for name in some(chance, ["band", "my mat", "é"], 2)}


@odd.register
def _(value: Vars, chance: Random) -> Tree:
    names = some(chance, ["", "side", "reps", "{", "a}b", " a", "a ", "b", "Side"], 1)
    return {name: one_of(chance, "a {band}", "}", "b", "12") for name in names}


PHASE = Seconds(Fraction(1, 5), Fraction(600))


@right.register
def _(value: Phases, chance: Random) -> Tree:
    names = ("up", "down", "hold", "in", "out")
    pairs: list[Tree] = [
        {name: drawn(value.one, chance) for name in some(chance, names, 3, 1)}
        for _ in range(chance.randint(1, 2))
    ]
    return pairs[0] if chance.random() < 0.6 else pairs


@odd.register
def _(value: Phases, chance: Random) -> Tree:
    names = ["In", " out ", "inn", "", "x" * 60, "x" * 61, "up", "null"]
    pairs: list[Tree] = [
        {name: right(value.one, chance) for name in some(chance, names, 2)}
        for _ in range(chance.randint(0, 2))
    ]
    ways: list[Tree] = [pairs, *pairs, [one_of(chance, "up", "3")]]
    return chance.choice(ways)


@right.register
def _(value: TempoText, chance: Random) -> Tree:
    if chance.random() < 0.5:
        return right(Phases(), chance)
    return one_of(
        chance, "3010", "31x0", "X-0-1-0", "3-0-1-0", "12-0-4-0", "9999", "1000", "2/0/2/0", "2-2", "3/3"
    )


@odd.register
def _(value: TempoText, chance: Random) -> Tree:
    dashed = "0-0-0-0", "3-0-1", "3-0-Y-0", "3-0-601-0", "3-0-600-0", "0000-0-0-1", "3-0-00001-0", "0-3-1-0"
    apart = "2-0/2-0", "2-3", "0-0", "601-601", "02-2", "2 - 2"
    forms = "301", "30100", "xXxX", "3010.0", "3.01e3", "+3010", "0xBC2", "3 0 1 0", " 3010 ", "3010.5", "999"
    zeros = [Source('"0310"'), Source('"0000"')]  # without quotes 0310 is the number 310: see UNSEEN
    return chance.choice(
        [odd(Phases(), chance), one_of(chance, *dashed), one_of(chance, *forms, *apart), *zeros]
    )


@right.register
def _(value: CountText, chance: Random) -> Tree:
    return (
        {"of": drawn(Whole(2, 100), chance)}
        if chance.random() < 0.3
        else right(Choice(value.choices), chance)
    )


@odd.register
def _(value: CountText, chance: Random) -> Tree:
    ways: list[Tree] = [
        {},
        {"of": Source("1")},
        {"of": Source("5"), "per": Source("2")},
        odd(Choice(value.choices), chance),
    ]
    return chance.choice(ways)


@right.register
def _(value: RepsOrTime, chance: Random) -> Tree:
    return (
        right(value.reps, chance) if chance.random() < 0.5 else one_of(chance, "30s", "1 min", "0:45", "1m5s")
    )


@odd.register
def _(value: RepsOrTime, chance: Random) -> Tree:
    return one_of(chance, "0s", "2 hours", "3.5", "often", "101", "'30'", "-3", "1:00:01")


@right.register
def _(value: CallsText, chance: Random) -> Tree:
    return drawn(Seconds(Fraction(1), Fraction(43200)) if chance.random() < 0.5 else CALLING, chance)


@odd.register
def _(value: CallsText, chance: Random) -> Tree:
    return {"tell": one_of(chance, "gone", "left", "past")}


@right.register
def _(value: RestText, chance: Random) -> Tree:
    return drawn(Seconds(Fraction(0), Fraction(3600)) if chance.random() < 0.5 else RESTING, chance)


@odd.register
def _(value: RestText, chance: Random) -> Tree:
    return {"silent": one_of(chance, "yes", "perhaps")}


@right.register
def _(value: SoundText, chance: Random) -> Tree:
    return (
        drawn(RECORDING, chance)
        if chance.random() < 0.2
        else one_of(chance, "bell", "gong", "Tick", "part.yaml")
    )


@odd.register
def _(value: SoundText, chance: Random) -> Tree:
    return one_of(chance, "bel", "", "null", "3", "bells", " gong ", "ding dong")


@right.register
def _(value: Breaths, chance: Random) -> Tree:
    if chance.random() < 0.5:
        return {name: drawn(Choice(BREATHS), chance) for name in some(chance, ["up", "down"], 2)}
    return {name: drawn(PHASE, chance) for name in some(chance, BREATHS, 2)}


@odd.register
def _(value: Breaths, chance: Random) -> Tree:
    names = some(chance, ["up", "In", " in", "in", "hold", ""], 3)
    ways = right, odd
    return {name: chance.choice(ways)(chance.choice([Choice(BREATHS), PHASE]), chance) for name in names}


@right.register
def _(value: Record, chance: Random) -> Tree:
    return record(value, chance)


@odd.register
def _(value: Record, chance: Random) -> Tree:
    return {}


def record(value: Record, chance: Random, *needed: str) -> dict[str, Tree]:
    """Return a mapping with what is required and needed, mostly, and some of the other keys."""
    keys = {key.name: key for key in value.keys}
    names = {key.name for key in value.keys if key.required} | {*needed} | {*some(chance, keys, 4)}
    if "use" in needed or "exercise" in needed:
        names -= {"use", "exercise"} - {*needed}
    if chance.random() < ODD:
        names ^= {chance.choice([*keys, "puase"])}
    return {name: entry(keys.get(name), chance) for name in some(chance, names, len(names), len(names))}


def entry(key: Key[Any] | None, chance: Random) -> Tree:
    """Return a value for a key; what it names is mostly there."""
    if key is None:
        return Source("1")
    if key is USE:
        return one_of(chance, "clamshell", "mine", "base")
    if key in (INCLUDE, FILE) and chance.random() < 0.8:
        return one_of(chance, "part.yaml")
    return drawn(key.value, chance)


def exercise(chance: Random) -> Tree:
    """Return an exercise with a dose; now and then with another one beside it."""
    if chance.random() < 0.3:
        return record(EXERCISE, chance, "use")
    doses = (
        ("reps", "tempo"),
        ("hold",),
        ("reps", "hold"),
        ("for",),
        ("reps",),
        ("reps", "pace"),
        ("for", "tempo"),
        ("reps", "bpm", "beats"),
        ("for", "bpm"),
    )
    return record(EXERCISE, chance, "exercise", *chance.choice(doses))


@right.register
def _(value: Library, chance: Random) -> Tree:
    return {name: exercise(chance) for name in some(chance, ["mine", "base", "1"], 2)}


@odd.register
def _(value: Library, chance: Random) -> Tree:
    return {name: chance.choice(OTHER_TYPES) for name in some(chance, ["mine", ""], 2)}


@right.register
def _(value: Variant, chance: Random) -> Tree:
    return record(VARIANT, chance)


@odd.register
def _(value: Variant, chance: Random) -> Tree:
    return exercise(chance)


@right.register
def _(value: ProgressText, chance: Random) -> Tree:
    return record(GROWTH, chance)


@odd.register
def _(value: ProgressText, chance: Random) -> Tree:
    return {"after": odd(AFTER.value, chance)}


@right.register
def _(value: VoiceText, chance: Random) -> Tree:
    return right(NAME, chance) if chance.random() < 0.5 else record(VOICE, chance)


@odd.register
def _(value: VoiceText, chance: Random) -> Tree:
    return odd(NAME, chance)


@right.register
def _(value: Steps, chance: Random) -> Tree:
    return [step(chance.choice([*STEP_KINDS]), chance) for _ in range(chance.randint(1, 2))]


@odd.register
def _(value: Steps, chance: Random) -> Tree:
    mixed: dict[str, Tree] = {
        name: Source("12") for name in some(chance, [*map(str, STEP_KINDS), "puase"], 2)
    }
    return [mixed] if chance.random() < 0.8 else []


def step(kind: StepKind, chance: Random) -> Tree:
    if kind in (StepKind.EXERCISE, StepKind.USE):
        return exercise(chance)
    needed = ["rounds"] if kind is StepKind.BREATHING else []
    made = record(STEP_KINDS[kind], chance, str(kind), *needed)
    names = {StepKind.REPEAT: "repeat", StepKind.EVERY: "rounds"}.get(kind, "")
    if isinstance(made.get(names), dict) and "steps" in made:
        made["steps"] = [{"say": one_of(chance, "Hello {n}")}]  # what braces stand for, only the reader knows
    return made


@right.register
def _(value: RepeatText, chance: Random) -> Tree:
    if chance.random() < 0.7:
        return right(value.rounds, chance)
    if chance.random() < 0.3:
        return {"n": one_of(chance, "1-5", "5 - 1", f"0{DASH}12")}
    rounds = chance.randint(1, 3)
    return {name: [drawn(Line(60), chance) for _ in range(rounds)] for name in ("n", "leg")}


@odd.register
def _(value: RepeatText, chance: Random) -> Tree:
    values: tuple[Tree, ...] = one_of(chance, "5", "1-", "1-2-3", "-1-5", "all"), [], [one_of(chance, "{n}")]
    return {chance.choice(["n", "side", "{n}", " n"]): chance.choice(values)}


@right.register(PerSet)
def _(value: PerSet[Any], chance: Random) -> Tree:
    if chance.random() < 0.1:
        return Source(chance.choice(["12, 10, 8", "30, 20", "5,5,5 , 5"]))
    return right(value.one, chance) if chance.random() < 0.7 else several(value.each, chance, least=1)


@odd.register(PerSet)
def _(value: PerSet[Any], chance: Random) -> Tree:
    longer: list[Tree] = [Source("5")] * (value.most + chance.choice([0, 1]))
    listed = Source(
        chance.choice(["1,5", "12,", ", 3", "10, 0", "3x10", "2 x 30s", "3 \u00d7 8", "3x10-12", "0x5"])
    )
    return chance.choice([odd(value.one, chance), [odd(value.each, chance)], [], longer, listed])


@right.register(InSet)
def _(value: InSet[Any], chance: Random) -> Tree:
    return right(value.one, chance)


@odd.register(InSet)
def _(value: InSet[Any], chance: Random) -> Tree:
    return odd(value.one, chance)


@right.register
def _(value: Fixed, chance: Random) -> Tree:
    return right(value.one, chance)


@odd.register
def _(value: Fixed, chance: Random) -> Tree:
    return chance.choice([odd(value.one, chance), one_of(chance, "10-12", "5-5")])


@right.register
def _(value: SetsText, chance: Random) -> Tree:
    if chance.random() < 0.6:
        return right(value.number, chance)
    return [record(OF_A_SET, chance) for _ in range(chance.randint(1, 3))]


@odd.register
def _(value: SetsText, chance: Random) -> Tree:
    wrong: list[Tree] = [odd(value.number, chance), [], [{"sides": Source("left")}]]
    return chance.choice(wrong)


@right.register
def _(value: ClusterText, chance: Random) -> Tree:
    return record(CLUSTERED, chance)


@odd.register
def _(value: ClusterText, chance: Random) -> Tree:
    return one_of(chance, "10", "yes")


# What takes more to know than one mapping: other mappings, the braces in texts, other files, sums.
CONTEXT = re.compile(
    "no exercise '.*' in the library|exercise '.*' uses itself"
    "|an exercise needs a (name|dose)|a (tempo|pace|beats) needs 'reps'|beats need a 'bpm'"
    "|a rep takes .* s, so none"
    "|'calls' tell the time|'reminders_every' counts reps here|'bpm' goes with"
    "|'relax' needs a 'hold'|'start' needs|'count: {of: ...}' needs|'breathe' needs"
    r"|two doses \('for' and 'reps'\)"
    "|a breath on '|with a tempo, 'breathe'|with 'hold' or 'for', 'breathe'"
    r"|\{side\} can't be used here"
    "|must be an existing (script|recording)"
    "|unknown placeholder {n}"
    r"|'.*' has \d+ values, but there (are|is) \d+ sets?|a cluster |the parts of a cluster "
    "|'alternate: reps' needs"
    "|is in '.*', but .* that includes it in"
    "|the routine (lasts at least|has more than)"
)


def problems(text: str, folder: Path) -> list[str]:
    """Return what the reader finds wrong with a script, but for what takes more than one mapping to know."""
    reader = Reader()
    SCRIPT.read(parse(text, "a.yaml", reader.fail), reader)
    alone = {message for _, message in reader.problems}
    path = folder / "a.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        script.load(path)
    except ScriptError as error:
        whole = {message for location, message in error.problems if location.path == str(path)}
    else:
        whole = set()
    assert alone <= whole
    return sorted(alone | {message for message in whole if not CONTEXT.match(message)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scripts")
    (made / "part.yaml").write_text("title: Part\nsteps: [say: Hello]\n")
    return made


@settings(max_examples=examples(150), deadline=None)
@given(chance=st.randoms(use_true_random=True))
def test_the_reader_and_the_schema_agree(chance: Random, folder: Path) -> None:
    text = f"{flow(record(SCRIPT, chance))}\n"
    found = problems(text, folder)
    frowns = [f"{error.json_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(loaded(text))]
    assert bool(found) == bool(frowns), f"{text}\nthe reader: {found}\nthe schema: {frowns}"


# What the reader and the schema say of single values: those that used to be told apart, and more.
VALUES = [
    # (a step, whether it is right)
    ('{exercise: A, reps: "5", tempo: {up: 1, down: "1"}, rest: "30"}', True),
    ("{exercise: A, reps: 10\u201315, tempo: 3010}", True),
    ("{exercise: A, reps: 15-10, tempo: 3010}", False),
    ("{exercise: A, reps: 10-9, tempo: 3010}", False),
    ("{exercise: A, reps: 5.0, tempo: 3010}", True),
    ("{exercise: A, reps: 1e1, tempo: 3010}", True),
    ("{exercise: A, reps: '1e1', tempo: 3010}", False),
    ("{exercise: A, reps: 5, tempo: 301}", False),
    ("{exercise: A, reps: 5, tempo: '0310'}", True),
    ("{exercise: A, reps: 5, tempo: 3-0-601-0}", False),
    ("{exercise: A, hold: 20.5-20, reps: 2}", False),
    ("{exercise: A, hold: 20s-1m}", True),
    ("{exercise: A, hold: 5, count: Off}", True),
    ("{exercise: A, hold: 5, sides: [left, left]}", False),
    ("{exercise: A, hold: 5, breathe: {up: 1}}", False),
    ("{exercise: A, hold: 5, breathe: {in: 4, out: 4}}", True),
    ("{exercise: A, hold: 5, breathe: {in: out}}", False),
    ("{exercise: A, reps: 5, tempo: {up: 1}, breathe: {up: 1}}", False),
    ("{exercise: A, reps: 5, tempo: {up: 1}, breathe: {up: In}}", True),
    ("{exercise: A, hold: 5, for: 30}", False),
    ("{exercise: A, for: 30, relax: 5}", False),
    ("{exercise: A, reps: 5, tempo: {up: 1}, start: lifting}", False),
    ("{breathing: {in: 4, out: 4}}", False),
    ("{breathing: {in: 4, out: 4}, rounds: 3, for: 60}", False),
    ("{breathing: {IN: 4, Out: 4}, rounds: '3'}", True),
    ("{breathing: {in left: 4, hold: 60/65}, rounds: 3, count: {of: 4}}", True),
    ("{breathing: {in: 60/0}, rounds: 3}", False),
    ("{exercise: A, reps: 3, pace: 1/2}", True),
    ("{exercise: A, for: 60, tempo: {up: 1}, breathe: {up: out}}", True),
    ("{exercise: A, for: 60, bpm: 100, beats: [left: 1, right: 1]}", True),
    ("{exercise: A, reps: 3, bpm: 100, tempo: {left: 1}}", False),
    ("{exercise: A, for: 60, count: {of: 5}}", False),
    ("{say: true}", True),
    ("{say: Hello, pause: ''}", False),
    ("{say: Hello, pause: 60m}", True),
    ("{say: Hello, pause: 60m1s}", False),
    ("{say: Hello, pause: '1:00:01'}", False),
    ("{say: Hello, pause: 1m90s}", False),
    ("{say: Hello, pause: 1.5h 10m}", False),
    ("{rest: 0.05 s}", True),
    ("{rest: 0.1 s}", True),
]


@pytest.mark.parametrize(("step", "is_right"), VALUES)
def test_the_reader_and_the_schema_agree_on_a_step(step: str, is_right: bool, folder: Path) -> None:
    text = f"{{title: A, steps: [{step}]}}\n"
    assert problems(text, folder) == [] if is_right else problems(text, folder)
    assert accepts(text) == is_right


@pytest.mark.parametrize(
    ("code", "is_right"),
    [("de-AT", True), ("EN_us", True), ('"en-\\n-a"', True), ("it", False), ("english", False)],
)
def test_the_reader_and_the_schema_agree_on_the_language(code: str, is_right: bool, folder: Path) -> None:
    text = f"{{title: A, language: {code}, steps: [say: Hello]}}\n"
    assert bool(problems(text, folder)) != is_right
    assert accepts(text) == is_right


# The patterns by themselves, against arithmetic.

LIMITS = [(0, 60), (0, 600), ("0.1", 3600), ("0.2", 600), (1, 3600), (1, 43200), (90, 5400)]
PIECES = [
    "0",
    "1",
    "5",
    "9",
    "30",
    "59",
    "60",
    "90",
    "599",
    "600",
    "43200",
    "0.1",
    ".09",
    "1.",
    "0.0166",
    "0.01667",
]
PIECES += ["h", "m", "s", " min ", "Hours", ":", ":00", ":30", ":60", " ", ".", "+", "-"]


@cache
def matching(within: Callable[[Fraction, Fraction], str], low: str, high: str) -> re.Pattern[str]:
    return re.compile(patterns.alone(within(Fraction(low), Fraction(high))))


@pytest.mark.parametrize(("low", "high"), LIMITS)
@settings(deadline=None)
@given(text=st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_the_pattern_of_a_duration_has_its_limits(low: str, high: str, text: str) -> None:
    seconds = seconds_of(text)
    is_within = seconds is not None and Fraction(low) <= seconds <= Fraction(high)
    assert bool(matching(patterns.duration, low, high).search(text)) == is_within


@pytest.mark.parametrize(("low", "high"), [("0.5", "2"), ("-40", "20"), ("0", "3.75"), ("-1.25", "-0.5")])
@settings(deadline=None)
@given(thousandths=st.integers(-45_000, 45_000), zeros=st.sampled_from(["", "0", "00"]))
def test_the_pattern_of_a_number_has_its_limits(low: str, high: str, thousandths: int, zeros: str) -> None:
    number = Fraction(thousandths, 1000)
    text = (
        f"{'-' if number < 0 else ''}{zeros}{abs(thousandths) / 1000:g}{zeros if thousandths % 1000 else ''}"
    )
    found = matching(patterns.number, low, high).search(text)
    assert bool(found) == (Fraction(low) <= Fraction(text) <= Fraction(high))


bare = st.builds(
    lambda sign, zeros, number: f"{sign}{zeros}{number:g}",
    st.sampled_from(["", "+"]),
    st.sampled_from(["", "0"]),
    st.integers(0, 10_000)
    | st.integers(0, 300).map(lambda tenths: tenths / 10)
    | st.sampled_from([1.25, 1.2]),
)


@settings(deadline=None)
@given(bare, st.sampled_from(["-", " - ", DASH]), bare)
def test_the_pattern_of_a_falling_range_knows_the_larger_number(first: str, dash: str, second: str) -> None:
    found = re.search(patterns.falling(Fraction(10_000)), first + dash + second)
    assert bool(found) == (Fraction(first) > Fraction(second))


# What the docstring of `schema` says that it cannot see: how a script is written.
@pytest.mark.parametrize(
    ("step", "is_right"),
    [
        ("{say: null}", True),
        ("{exercise: A, reps: 5, tempo: 0310}", True),
        ("{rest: 1e3}", False),
        ("{exercise: A, hold: 5, switch: .nan}", False),
        ("{exercise: A, hold: 2m-30s}", False),
        ("{exercise: A, hold: 5, sides: [1, '1']}", False),
    ],
)
def test_how_a_script_is_written_is_the_readers_alone_to_know(
    step: str, is_right: bool, folder: Path
) -> None:
    text = f"{{title: A, steps: [{step}]}}\n"
    assert bool(problems(text, folder)) != is_right
    assert accepts(text) != is_right
