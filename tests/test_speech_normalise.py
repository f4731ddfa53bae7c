"""Text as a voice should read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.speech.normalise import normalise

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


@given(
    st.text() | st.text(alphabet="0123456789:/.,-x\u00d7%° smhkg'()[]\n"),
    st.sampled_from(["en", "de", "fr", "xx"]),
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


@given(st.lists(st.from_regex(r"[a-zA-Z]{2,9}", fullmatch=True), min_size=1).map(" ".join))
def test_plain_words_stay_as_they_are(text: str) -> None:
    once = normalise(text, "en", {})
    assert normalise(once, "en", {}) == once
    assert once.lower() == text.lower().replace("vs", "versus") or "vs" in text.lower()
