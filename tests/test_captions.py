"""What is said, to be read: lyrics, LRC and WebVTT, whatever the texts are; and names of files."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename

from coach.encode.captions import fit_into_tags, format_lyrics, list_timed_words, lrc, vtt
from coach.encode.names import file_name
from coach.errors import Location
from coach.speech import Clip
from coach.timeline import Chapter, Cue, CueKind, Sentence, Timeline
from coach.units import RATE
from tests.test_tags_readers import HOSTILE


def cue(start: float, length: float, text: str, kind: str = "say", rep: int | None = None) -> Cue:
    clip = Clip(text, round(length * RATE), 0)
    return Cue(round(start * RATE), clip, Sentence(CueKind(kind), text, Location("a.yaml", 1, 1)), rep=rep)


def timeline(*cues: Cue, chapters: tuple[Chapter, ...] = (), title: str = "Clamshell") -> Timeline:
    length = max((each.end for each in cues), default=0) + RATE
    return Timeline(title, "en", "test/noise", None, length, cues, chapters, ())


SESSION = timeline(
    cue(2.0, 0.7, "Clamshell", "title"),
    cue(3.0, 2.0, "Lie on your side."),
    cue(10.0, 0.4, "Two", "countdown"),
    cue(11.0, 0.4, "One", "countdown"),
    cue(12.0, 0.4, "Up", "count", 1),
    cue(13.0, 0.4, "Down", "count", 1),
    cue(13.5, 0.4, "Exhale", "breath", 1),
    cue(16.0, 0.4, "Up", "count", 2),
    cue(3700.0, 1.5, "Well done.", "end"),
    chapters=(Chapter("Clamshell, left", 0, 3600 * RATE), Chapter("Rest", 3600 * RATE, 3702 * RATE)),
)


def test_plain_lyrics_have_a_line_for_each_rep() -> None:
    assert format_lyrics(SESSION) == (
        "Clamshell, left\nClamshell\nLie on your side.\nTwo · One\nUp · Down · Exhale\nUp\n\nRest\nWell done."
    )


def test_synchronised_lyrics() -> None:
    assert list_timed_words(SESSION)[:3] == [
        ("Clamshell", 2000),
        ("Lie on your side.", 3000),
        ("Two", 10_000),
    ]
    assert list_timed_words(SESSION)[-1] == ("Well done.", 3_700_000)


def test_lrc() -> None:
    assert lrc(SESSION) == (
        "[ti:Clamshell]\n[ar:Coach]\n[length:61:42]\n[00:02.00]Clamshell\n[00:03.00]Lie on your side.\n"
        "[00:10.00]Two\n[00:11.00]One\n[00:12.00]Up\n[00:13.00]Down\n[00:13.50]Exhale\n[00:16.00]Up\n"
        "[61:40.00]Well done.\n"
    )


def test_vtt() -> None:
    blocks = vtt(SESSION).split("\n\n")
    assert blocks[:4] == [
        "WEBVTT",
        "NOTE Clamshell",
        "NOTE Clamshell, left",
        "00:00:02.000 --> 00:00:03.000\nClamshell",
    ]
    assert "00:00:13.000 --> 00:00:13.500\nDown" in blocks  # cut short by the next one
    assert blocks[-2:] == ["NOTE Rest", "01:01:40.000 --> 01:01:41.500\nWell done.\n"]


def test_tags_hold_no_more_than_phones_read() -> None:
    counts = [cue(n, 0.4, "Up", "count", n) for n in range(40_000)]
    long = timeline(*counts[:10_000])
    assert fit_into_tags(long) == long
    longer = timeline(*counts, cue(40_001, 2, "Well done.", "end"))
    assert format_lyrics(fit_into_tags(longer)) == "Well done."
    assert fit_into_tags(timeline(*(cue(n, 0.4, "x" * 2000) for n in range(200)))).cues == ()


def test_a_track_without_a_word() -> None:
    assert (format_lyrics(timeline()), list_timed_words(timeline())) == ("", [])
    assert lrc(timeline()) == "[ti:Clamshell]\n[ar:Coach]\n[length:00:01]\n"
    assert vtt(timeline()) == "WEBVTT\n\nNOTE Clamshell\n"


texts = st.one_of(st.sampled_from([*HOSTILE, "[00:01.00]x", "<00:01.00>x", ""]), st.text(max_size=30))


@st.composite
def sessions(draw: st.DrawFn) -> Timeline:
    """Timelines of any texts, cues next to each other or apart, some of a single sample."""
    cues: list[Cue] = []
    end = 0
    for text in draw(st.lists(texts, max_size=8)):
        start = end + draw(st.sampled_from([0, 1, 23, 24, 9_999, 5 * RATE]))
        cues.append(cue(0, draw(st.sampled_from([1, 24, 9_000])) / RATE, text))
        cues[-1] = replace(cues[-1], start=start)
        end = cues[-1].end
    chapters = (Chapter(draw(texts), 0, end // 2), Chapter(draw(texts), end // 2, end + RATE))
    return replace(timeline(*cues, title=draw(texts)), chapters=chapters)


@given(sessions())
def test_captions_of_any_texts_are_well_formed(session: Timeline) -> None:
    lines = lrc(session).split("\n")
    said = [each for each in session.cues if list_timed_words(replace(session, cues=(each,)))]
    assert all(re.fullmatch(r"\[(ti|ar|length):[^\[\]]*\]", line) for line in lines[:3])
    times = [re.fullmatch(r"\[(\d\d+):([0-5]\d\.\d\d)\][^\[\]<>]+", line) for line in lines[3:-1]]
    moments = [int(found[1]) * 60 + float(found[2]) for found in times if found]
    assert len(moments) == len(times) == len(said)
    assert moments == sorted(moments)

    last = 0.0
    blocks = vtt(session).removesuffix("\n").split("\n\n")
    captions = [block for block in blocks[1:] if not block.startswith("NOTE ")]
    assert blocks[0] == "WEBVTT"
    assert len(captions) == len(said)
    for caption in captions:
        clock = r"(\d\d):([0-5]\d):([0-5]\d\.\d{3})"
        found = re.fullmatch(f"{clock} --> {clock}\n(.+)", caption)
        assert found
        hours, minutes, rest, hours_after, minutes_after, rest_after, text = found.groups()
        start = int(hours) * 3600 + int(minutes) * 60 + float(rest)
        after = int(hours_after) * 3600 + int(minutes_after) * 60 + float(rest_after)
        assert last <= start < after
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text)
        last = after
    for text in (lrc(session), vtt(session)):
        text.encode()  # no halves of pairs
        assert not [each for each in text if unicodedata.category(each) == "Cc" and each != "\n"]
    assert vtt(session).count("-->") == len(captions)


# Names of files

DEVICES = ("con", "prn", "aux", "nul", "com1", "lpt9", "com\u00b9", "conin$")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("01 - Reverse clamshell, left", "01 - Reverse clamshell, left.mp3"),
        ("Legs/arms", "Legs-arms.mp3"),
        ('Say "ah": <b> 1:30 a\\b c|d what?*', "Say 'ah' - (b) 1-30 a-b c-d what.mp3"),
        ("CON", "_CON.mp3"),
        ("nul.tar", "_nul.tar.mp3"),
        ("aux .x", "_aux .x.mp3"),
        ("console", "console.mp3"),
        (".. hidden . ", "hidden.mp3"),
        ("-rf", "rf.mp3"),
        ("\u202eevil\u202c\u200b\ufeff", "evil.mp3"),
        ("a\nb\x00c\u2028d", "a b c d.mp3"),
        ("", "Coach.mp3"),
        ("???", "Coach.mp3"),
        ("Coquillage inverse\u0301", "Coquillage invers\u00e9.mp3"),
        ("\u4f60\u597d \u05e9\u05dc\u05d5\u05dd", "\u4f60\u597d \u05e9\u05dc\u05d5\u05dd.mp3"),
        ("x" * 300, "x" * 116 + ".mp3"),
    ],
)
def test_names_of_files(text: str, name: str) -> None:
    assert file_name(text, ".mp3") == name


@pytest.mark.parametrize(
    "character",
    [
        "\u00e9",
        "e\u0323\u0301\u0302",
        "\N{ADULT}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}",
        "\N{FLEXED BICEPS}\N{EMOJI MODIFIER FITZPATRICK TYPE-5}",
        "\N{WHITE HEAVY CHECK MARK}\N{VARIATION SELECTOR-16}",
    ],
)
def test_names_are_cut_between_characters(character: str) -> None:
    whole = unicodedata.normalize("NFC", character)
    for before in range(12):
        stem = file_name("x" * before + character * 60, ".flac").removesuffix(".flac")
        count, rest = divmod(len(stem) - before, len(whole))
        assert stem == "x" * before + whole * count
        assert rest == 0


@given(st.one_of(texts, st.text(max_size=200)), st.sampled_from([".mp3", ".m3u8"]))
@example("COM1", ".mp3")
@example("..", ".mp3")
@example("\ud83d", ".mp3")
@example("_" + "CON", ".mp3")
@example("\ufdd0\uffff", ".mp3")
@example("\u0301" * 100, ".mp3")
def test_names_of_any_texts(text: str, suffix: str) -> None:
    name = file_name(text, suffix)
    stem = name.removesuffix(suffix)
    assert name.endswith(suffix)
    assert 0 < len(name.encode()) <= 120
    assert unicodedata.normalize("NFC", name) == name
    assert is_valid_filename(name, platform="universal")
    assert not set(name) & set('<>:"/\\|?*')
    assert stem.strip(" .-") == stem != ""
    assert stem.split(".")[0].strip().lower() not in DEVICES
    assert not [each for each in name if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")]
    assert not [each for each in name if unicodedata.bidirectional(each) in
                ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")]  # fmt: skip
    assert file_name(stem, suffix) == name
