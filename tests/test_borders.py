"""Whatever a title, a text or a name holds: at each border it can neither control nor deceive."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import click
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coach.borders import (
    clean_for_notification,
    clean_for_picture,
    clean_for_tag,
    close_isolates,
    printable,
)
from coach.cli.errors import explain
from coach.cli.scripts import SCRIPT_FILE
from coach.cli.terminal import Column, filled, table, wide
from coach.encode.captions import format_lyrics, list_timed_words, lrc, vtt
from coach.encode.names import file_name
from coach.encode.track import Track, album_title
from coach.errors import CoachError
from coach.timeline import Chapter
from coach.units import RATE
from tests import test_captions as captions
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEBREW, PERSIAN = "\u05e9\u05dc\u05d5\u05dd", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
EMOJI = "\U0001f469\U0001f3fd\u200d\u2695\ufe0f"
ISOLATES = "\u2066\u2067\u2068\u2069"

hostile = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("\x1b]0;x\x07", "\x1b[2J", "\r", "\n", "\t", "\x9b31m", "\x7f", "\0", "\u2028", "\x85"),
                *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", *ISOLATES, "\u200e", "\u200f", "\u061c"),
                *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\xad", "\u3164", "\ufe0f", "\U000e0041"),
                *("\ud800", "\uffff", "\ufdd0", "<b>", "&amp;", "<a href='x'>", "e\u0301" + "\u0301" * 9),
                *(HEBREW, PERSIAN, EMOJI, " ", "abc", "1", "%", "\\n", "[", "\u0915\u094d\u200d\u0937"),
            ]
        ),
        st.text(max_size=4),
    ),
    max_size=12,
).map("".join)  # fmt: skip


def is_balanced(text: str) -> bool:
    """Return whether each isolate is closed, and holds a right-to-left letter."""
    opened: list[int] = []
    for place, character in enumerate(text):
        if character in ISOLATES[:3]:
            opened.append(place)
        elif character == ISOLATES[3]:
            if not opened:
                return False
            inside = text[opened.pop() : place]
            if not any(unicodedata.bidirectional(each) in ("R", "AL") for each in inside):
                return False
    return not opened


def check_harmless(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text), "it controls, or is no text"
    assert not re.search("[\u202a-\u202e]", text), "it overrides the direction"
    assert not re.search("[\u200b\u2060-\u2065\ufeff\xad\u3164\U000e0000-\U000e0fff]", text), (
        "it hides something"
    )
    assert not re.search("[\x20-\x7e]\u200c|\u200d[\x20-\x7e]", text), "a joiner that joins nothing"
    assert is_balanced(text)
    text.encode()


@settings(max_examples=examples(300))
@given(hostile)
@example(f"\u2067{HEBREW}\u2069")
@example(f"\u2067a\u2069 \u2069{HEBREW}\u2066")
def test_no_text_gets_harm_across_a_border(text: str) -> None:
    for clean in (printable, clean_for_tag, clean_for_picture, clean_for_notification):
        made = clean(text)
        check_harmless(made)
        assert clean(made) == made
    assert not set(clean_for_notification(text)) & set("<>&")
    assert not set(clean_for_picture(text) + file_name(text, ".mp3")) & {*ISOLATES, "\u200e", "\u200f"}
    check_harmless(file_name(text, ".mp3"))


@settings(max_examples=examples(50))
@given(hostile)
def test_no_text_gets_harm_into_captions_tags_or_playlists(text: str) -> None:
    said = captions.timeline(
        captions.cue(0, 1, text), captions.cue(2, 1, "Up"), chapters=(Chapter(text, 0, RATE * 9),), title=text
    )
    for made in (lrc(said), vtt(said), format_lyrics(said), *(words for words, _ in list_timed_words(said))):
        for line in made.split("\n"):
            check_harmless(line)
    check_harmless(Track(said, 1).timeline.title)
    check_harmless(album_title(said))


@settings(max_examples=examples(50))
@given(hostile, hostile)
def test_a_table_is_harmless_and_each_row_is_a_line(one: str, other: str) -> None:
    lines = table([Column(), Column(8), Column()], [(one, other, one), ("a", "b", "c")])
    assert len(lines) == 2
    for line in lines:
        check_harmless(line)


@settings(max_examples=examples(50))
@given(hostile, st.integers(1, 30))
def test_a_text_cut_for_a_screen_turns_nothing_around(text: str, width: int) -> None:
    made = filled(printable(text), width)
    assert wide(made) == width
    assert sum(made.count(each) for each in ISOLATES[:3]) == made.count(ISOLATES[3])


@pytest.mark.parametrize("text", ["sh\x1b]0;pwned\x07ort", "sh\u202etro", "sh\nort", "sh\u200bort"])
def test_completion_leaves_out_names_that_a_terminal_must_not_get(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scripts").mkdir()
    for name in (text, "shoulders"):
        (tmp_path / "scripts" / f"{name}.yaml").touch()
    monkeypatch.chdir(tmp_path)
    context = click.Context(click.Command("play"))
    found = [item.value for item in SCRIPT_FILE.shell_complete(context, click.Argument(["script"]), "sho")]
    assert found == ["shoulders"]
    found = [item.value for item in SCRIPT_FILE.shell_complete(context, click.Argument(["script"]), text)]
    assert found == [text]  # what was typed


@pytest.mark.parametrize("error", [click.UsageError, CoachError])
def test_a_message_repeats_no_more_than_a_person_reads(error: Callable[[str], Exception]) -> None:
    told = explain(error(f"must be short (got '{'y' * 5000}'); see the help"))
    assert told
    assert len(told[0]) < 1000
    assert "must be short (got 'yyy" in told[0]
    assert "see the help" in told[0]


@settings(max_examples=examples(100))
@given(hostile, st.integers(0, 40))
def test_the_start_of_a_clean_text_leaves_no_isolate_open(text: str, length: int) -> None:
    part = close_isolates(clean_for_tag(text)[:length])
    assert sum(part.count(each) for each in ISOLATES[:3]) == part.count(ISOLATES[3])


@pytest.mark.parametrize(
    "text",
    [
        "Hip opening, 45\u00b0 \u2013 \u00abeasy\u00bb",
        f"Squat ({HEBREW})",
        f"Next: \u2067{HEBREW} 2\u2069, left",
        f"\u2068{HEBREW} \u2066\u05d0 x\u2069\u2069",
        f"{HEBREW} C++\u200e!",
        PERSIAN,
        EMOJI,
        "\U0001f3c3\u200d\u2642\ufe0f 1\ufe0f\u20e3",
        "\u0915\u094d\u200d\u0937 \u6df1\u8e72",
    ],
)
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert printable(text) == clean_for_tag(text) == clean_for_notification(text) == text


@pytest.mark.parametrize(
    ("text", "shown", "kept"),
    [
        ("a\x1b[31mb\n", r"a\x1b[31mb\n", "a [31mb"),
        ("ha\u202egnp.exe", r"ha\u202egnp.exe", "hagnp.exe"),
        ("pass\u200bword", r"pass\u200bword", "password"),
        ("pass\u200dword", r"pass\u200dword", "password"),
        ("\u2066left\u2069", r"\u2066left\u2069", "left"),
        (f"\u2067{HEBREW}", rf"\u2067{HEBREW}", HEBREW),
        (f"{HEBREW}\u2069", rf"{HEBREW}\u2069", HEBREW),
        ("12\u200f34", r"12\u200f34", "1234"),
        ("\ud83d", r"\ud83d", ""),
    ],
)
def test_what_deceives_is_shown_as_what_it_is_or_left_out(text: str, shown: str, kept: str) -> None:
    assert printable(text) == shown
    assert clean_for_tag(text) == kept
