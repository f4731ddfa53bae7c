"""Text as a voice should read it."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from coach import phrases
from coach.speech.normalise import normalise, unreadable
from coach.speech.reading_table import reading_table

ROOT = Path(__file__).parents[1]
ROWS = [
    [re.sub(r"\\u(\w{4})", lambda match: chr(int(match[1], 16)), part.strip()) for part in line.split("|")]
    for line in (ROOT / "tests" / "readings.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]

READ = """
knees bent at 45 degrees    | knees bent at forty-five degrees
45°                         | forty-five degrees
-5°C                        | minus five degrees Celsius
30s                         | thirty seconds
1 s                         | one second
5 min                       | five minutes
1m30s                       | one minute thirty
1:30                        | one minute thirty
0:30                        | thirty seconds
2:00                        | two minutes
1:00:05                     | one hour five seconds
7:30 pm                     | seven thirty pm
3x12                        | three times twelve
3 x 12                      | three times twelve
3\u00d712                   | three times twelve
3 x 30s                     | three times thirty seconds
10-15                       | ten to fifteen
10\u201315 reps             | ten to fifteen reps
20 - 30s                    | twenty to thirty seconds
tempo 3-0-1-0               | tempo three zero one zero
1/2                         | half
1 1/2 min                   | one and a half minutes
½ min                       | half a minute
rep 3/10                    | rep three of ten
90/90 stretch               | ninety ninety stretch
50%                         | fifty percent
5 kg, 12cm and 20 lbs       | five kilograms, twelve centimeters and twenty pounds
1 ft                        | one foot
400m                        | four hundred meters
1,250                       | one thousand two hundred and fifty
2.5                         | two point five
007                         | zero zero seven
the 2nd                     | the second
you & me + a band           | you and me plus a band
5-minute plank              | five minute plank
side - lying                | side, lying
Down \u2014 then up         | Down, then up
wait… and go                | wait, and go
Wait... Now lift            | Wait. Now lift
Lift (slowly).              | Lift, slowly.
\u201cUp\u201d, don\u2019t  | Up, don't
well-being                  | well-being
Really?!                    | Really?
💪 Lift 🏋️\u200d♀️ now!        | Lift now!
3️⃣ sets                     | three sets
e.g. this vs that           | for example this versus that
"""


@pytest.mark.parametrize(
    ("written", "read"), [[part.strip() for part in line.split("|")] for line in READ.strip().split("\n")]
)
def test_english_is_read_as_a_coach_would_say_it(written: str, read: str) -> None:
    assert normalise(written, "en", {}) == read


@pytest.mark.parametrize("text", ["", " \n", "...", "🙂", "?!", "²", "\u200b", "()", "-"])
def test_what_cannot_be_spoken_is_nothing(text: str) -> None:
    assert normalise(text, "en", {}) == ""


def test_numbers_follow_the_language() -> None:
    assert normalise("30 Sekunden", "de-AT", {}) == "dreißig Sekunden"
    assert normalise("30 s", "xx", {}) == "30 s"


def test_pronounced_words_are_whole_in_either_case_and_longest_first() -> None:
    pronounce = {"glutes": "gloots", "glutes max": "gloots maximus", "TFL": "T F L"}
    assert normalise("Glutes, glutes  max; tfl", "en", pronounce) == "gloots, gloots maximus, T F L"
    assert normalise("Glutes, glutes max, TFLs", "en", pronounce) == "gloots, gloots maximus, TFLs"


def test_a_spelling_is_spoken_as_it_is() -> None:
    pronounce = {"3x12": "3x sets & 12", "a": "b", "b": "a"}
    assert normalise("3x12 a b", "en", pronounce) == "3x sets & 12 b a"


@pytest.mark.parametrize(("language", "written", "said"), ROWS)
def test_what_is_written_is_what_is_said(language: str, written: str, said: str) -> None:
    assert normalise(written, language, {}) == said
    assert normalise(said, language, {}) == said
    assert unreadable(written, language) == ()


def test_the_table_of_readings_is_long_enough() -> None:
    rows = Counter(language for language, *_ in ROWS)
    assert sorted(rows) == list(phrases.languages())
    assert rows["en"] >= 80 and rows["de"] >= 40 and rows["es"] >= 25 and rows["fr"] >= 25  # noqa: PT018


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        (
            "Lift \U0001f4aa and \u043f\u0440\u0438\u0432\u0435\u0442!",
            ("\U0001f4aa", "\u043f\u0440\u0438\u0432\u0435\u0442"),
        ),
        ("\U0001f3cb\ufe0f\u200d\u2640\ufe0f Go \U0001f3cb\u2640", ("\U0001f3cb\u2640",)),
        ("<b>Up</b>", ("<", ">")),
        ("#fit", ("#",)),
        ("BOSU\u2122 \u221a2 \u2030", ("\u2122", "\u221a", "\u2030")),
        ("\u00b2", ("\u00b2",)),
        ("rest\u00b9", ("\u00b9",)),
        ("\u03b1 angle, \u4f38\u5c55", ("\u03b1", "\u4f38\u5c55")),
        ("\ue000", ("\ufffd",)),
        ("\u201cUp\u201d \u2014 *now* (slowly)\u2026 don\u2019t | stop; d\u00e9j\u00e0-vu!", ()),
        ("3\ufe0f\u20e3 sets \u2795", ("\u2795",)),
    ],
)
@pytest.mark.parametrize("language", phrases.languages())
def test_what_cannot_be_read_is_told(text: str, signs: tuple[str, ...], language: str) -> None:
    assert unreadable(text, language) == signs


def test_a_sign_with_a_pronunciation_is_read() -> None:
    assert unreadable("\U0001f4aa", "en", {"\U0001f4aa": "strong"}) == ()
    assert normalise("\U0001f4aa", "en", {"\U0001f4aa": "strong"}) == "strong"


def test_a_language_without_a_table_may_have_any_letters() -> None:
    assert unreadable("\u043f\u0440\u0438\u0432\u0435\u0442 \u2192", "ru") == ("\u2192",)


def shipped_texts() -> list[tuple[str, str]]:
    def texts(node: object) -> list[str]:
        if isinstance(node, dict):
            return [text for value in node.values() for text in texts(value)]
        if isinstance(node, list):
            return [text for value in node for text in texts(value)]
        return [node] if isinstance(node, str) else []

    found = []
    for path in [*(ROOT / "scripts").glob("*.yaml"), *(ROOT / "coach" / "exercises").glob("*.yaml")]:
        tree = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        found += [(tree.get("language", path.stem), text) for text in texts(tree)]
    return [(language if language in phrases.languages() else "en", text) for language, text in found]


def test_everything_that_ships_can_be_read_and_reads_the_same_twice() -> None:
    assert len(shipped_texts()) > 400
    for language, text in shipped_texts():
        once = normalise(text, language, {})
        assert normalise(once, language, {}) == once
        assert unreadable(text, language) == ()


HOSTILE = [
    "1", "1 ", "1,", "1.", "1-", "1/", "1:", "1'", '1"', "'", '"', " ", "1 000 ", "a1", "1x", "1 s", "3L ",
    "½", "10/10 ", "1 1/2 ", "1. und ", "tempo 3", "call 1", "7:30 ", "at 7:30 to ", "warrior I ", "6 in. ",
    "1 kg/s/", "+1 ", "der 1. ", "I ",
]  # fmt: skip


@pytest.mark.parametrize("language", phrases.languages())
@pytest.mark.parametrize("part", HOSTILE)
def test_a_hostile_text_takes_no_longer_than_its_length_asks_for(part: str, language: str) -> None:
    """A quadratic pattern takes over 1 s of 8,000 characters; the longest text of a script has 2,000."""
    normalise("1", language, {})
    before = time.process_time()
    normalise((part * 8000)[:8000] + "!", language, {})
    assert time.process_time() - before < 2


@given(
    st.text()
    | st.text(alphabet="0123456789:/.,-x\u00d7%° smhkg'()[]\n")
    | st.lists(st.sampled_from([part for row in ROWS for part in row[1].split()])).map(" ".join),
    st.sampled_from(["en", "de", "es", "fr", "xx"]),
)
def test_any_text_gives_one_line_of_words(text: str, language: str) -> None:
    read = normalise(text, language, {})
    assert read == " ".join(read.split())
    assert not set(read) & set(
        '0123456789"()[]{}<>/\\*_#&%+=°\n' if language == "en" else '"()[]{}<>/\\*_#\n'
    )
    read.encode("utf-8")


@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=4))
def test_any_pronunciation_will_do(text: str, pronounce: dict[str, str]) -> None:
    read = normalise(text, "en", pronounce)
    assert read == " ".join(read.split())


@given(st.lists(st.from_regex(r"[A-Z]?[a-z]{2,9}", fullmatch=True), min_size=1))
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    assume(
        not {word.lower() for word in words} & {word.lower() for word in reading_table("en").abbreviations}
    )
    assert normalise(" ".join(words), "en", {}) == " ".join(words)
