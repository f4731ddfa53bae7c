"""Whatever a file holds, reading it ends with a routine or with problems that have a place."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from coach import script
from coach.borders import printable
from coach.errors import Location, ScriptError
from coach.routine import Routine, Text
from coach.script.format import STEP_KEYS, STEP_KINDS, VOICE
from coach.script.values import plain, seconds_of
from tests.examples import examples

KEYS = [*STEP_KEYS, *(key.name for key in VOICE.keys), "title", "vars", "defaults", "exercises", "lead_in"]
VALUES = [
    "1",
    "0",
    "-1",
    "10-15",
    "25s",
    "1m30s",
    "3010",
    "X-0-1-0",
    "left",
    "in",
    "out",
    "off",
    "both",
    "yes",
]
VALUES += ["clamshell", "mine", "lifting", "{side}", "{mine}", "{", "up", ".nan", "1e999", "", "3600", "12h"]

scalars = st.sampled_from(VALUES) | st.text(max_size=8)
words = st.sampled_from([*KEYS, "up", "down", "in", "out", "mine"]) | st.text(max_size=4)


def quoted(text: str) -> str:
    inside = "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in text if not 0xD800 <= ord(c) < 0xE000)
    return f'"{inside}"'


def flow(tree: object) -> str:
    """Write a tree of texts, lists and mappings as YAML."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{quoted(key)}: {flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(flow, tree)) + "]"
    return quoted(str(tree))


trees = st.recursive(
    scalars,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(words, inside, max_size=5),
    max_leaves=15,
)
steps = st.lists(
    st.builds(
        lambda kind, value, more: {kind: value, **more},
        st.sampled_from(list(STEP_KINDS)),
        trees,
        st.dictionaries(st.sampled_from(STEP_KEYS), trees, max_size=4),
    ),
    max_size=4,
)
likely = st.builds(
    lambda steps, more, own: {"title": "A", "exercises": {"mine": own}, **more, "steps": steps},
    steps,
    st.dictionaries(st.sampled_from(KEYS), trees, max_size=3),
    trees,
)


def loaded(path: Path, level: str | None) -> Routine | ScriptError:
    try:
        return script.load(path, level=level)
    except ScriptError as error:
        return error


def outcome(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.yaml"
        path.write_bytes(data)
        found = loaded(path, None)
        if isinstance(found, ScriptError):
            assert found.problems
            for location, message in found.problems:
                assert location.path.endswith("a.yaml")
                assert location.line >= 1
                assert location.column >= 1
                assert message == printable(message)
        assert str(loaded(path, "easier")) == str(found) or isinstance(found, Routine)


@settings(deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="a:-[]{}&*!?|>'\"#%@`, \t\n\r\0\ufeff", max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    outcome(text.encode("utf-8", "surrogatepass"))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_place(data: bytes) -> None:
    outcome(data)


@settings(max_examples=examples(60), deadline=None)
@given(likely | trees)
def test_any_tree_is_read_or_refused_with_a_place(tree: object) -> None:
    outcome(flow(tree).encode())


@given(st.integers(0, 12 * 3600 * 10))
def test_a_duration_means_the_same_in_every_form(tenths: int) -> None:
    seconds = Fraction(tenths, 10)
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    short = f"{float(left):g}"
    padded = f"{int(left):02}" + (f".{int(left * 10 % 10)}" if left.denominator > 1 else "")
    forms = [
        str(float(seconds)),
        f"{float(seconds)}s",
        f"{float(seconds)} seconds",
        f"{hours}h{minutes}m{short}s",
        f"{hours} Hours {minutes} MIN {short} sec",
        f"{hours}:{minutes:02}:{padded}",
        f" {60 * hours + minutes}:{padded} ",
    ]
    assert {seconds_of(form) for form in forms} == {seconds}


@given(st.integers(0, 99_999))
def test_a_number_is_read_as_it_is_written(tenths: int) -> None:
    number = Fraction(tenths, 10)
    assert seconds_of(plain(number)) == number


@given(st.text(max_size=30))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    seconds = seconds_of(text)
    assert seconds is None or seconds >= 0


@given(st.text(alphabet="{} ab", max_size=12))
def test_braces_are_placeholders_or_stand_for_themselves(words: str) -> None:
    text = Text(words, Location("a.yaml", 1, 1))
    names = text.placeholders()
    if "{" in names or "}" in names:
        return
    values = dict.fromkeys(names, "x")
    filled = text.fill(values)
    assert text.bind(values).fill({}) == filled
    assert filled.count("x") == len(names)
