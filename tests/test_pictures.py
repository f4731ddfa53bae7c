"""Pictures: well-formed whatever a title holds, nothing over anything else, the same every time."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from coach import script
from coach.borders import clean_for_picture
from coach.errors import ScriptError
from coach.phrases import languages
from coach.pictures import cover, html, svg
from coach.pictures.lettering import width, wrap
from coach.pictures.letters import make_writable
from coach.pictures.sheets import HEIGHT, POINT, WIDTH, Letters, Sheet, sheets, staves
from coach.pictures.words import words
from coach.routine import Exercise, Routine, Say, Timed
from coach.timeline import Timeline, compile_routine
from tests.command import SCRIPTS, SHORT, Command, coach, one_error
from tests.examples import examples
from tests.strategies import phases, place, routine, routines, span, text
from tests.voices import FixedSpeech

__all__ = ["coach"]

HOSTILE = (
    "",
    "../a/b\\c",
    '"Don\'t" <b>bold</b> & ]]> <!-- --> &amp;',
    "<script>alert(1)</script><svg onload=alert(1)>",
    "\u202eright to left\u202c \u2066 العربية עברית\u200f",
    "💪🏽👩‍👩‍👧 深蹲训练",
    "w" + "\u0337\u0316" * 60 + "eird",
    "x" * 300,
    "many words " * 27,
    "\x00\x07\x1b[31m\x7f\x9b\ufffe\ud800 ends",
    "CON",
    "two\nlines\tand\u2028more",
    "{exercise} {{}} %s {0}",
)


def timeline_of(made: Routine) -> Timeline:
    return compile_routine(made, FixedSpeech(made.language))


def shipped(name: str, level: str | None = None) -> tuple[Timeline, Routine]:
    made = script.load(SCRIPTS / f"{name}.yaml", level=level)
    return timeline_of(made), made


def texts(sheet: Sheet) -> list[Letters]:
    return [shape for shape in sheet.shapes if isinstance(shape, Letters)]


def box(letters: Letters) -> tuple[float, float, float, float]:
    """Left, upper, right and lower edge; capitals reach three quarters of the size over the line."""
    return (
        letters.left,
        letters.y - 0.75 * letters.size,
        letters.left + letters.wide,
        letters.y + 0.2 * letters.size,
    )


def check_layout(sheet: Sheet) -> None:
    boxes = sorted((box(letters), letters.text) for letters in texts(sheet))
    for (left, upper, right, lower), said in boxes:
        assert left >= 10, said
        assert right <= WIDTH - 10 + 0.01, said
        assert upper >= 10, said
        assert lower <= HEIGHT - 10, said
    for (one, its), (other, others) in combinations(boxes, 2):
        apart = one[2] <= other[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (its, others)
    assert min((letters.size for letters in texts(sheet)), default=7 * POINT) >= 7 * POINT


# The sheets.


@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=routines)
def test_any_routine_makes_whole_sheets_and_a_whole_page(made: Routine) -> None:
    try:
        timeline = timeline_of(made)
    except ScriptError:  # a round of it is too short
        return
    drawn = svg(timeline, made)
    told = " ".join(ElementTree.fromstring(drawn).itertext())
    assert all(word in told for work in timeline.sets for word in work.name.split())
    for sheet in [*sheets(timeline, made), *staves(timeline)]:
        check_layout(sheet)
    assert drawn == svg(timeline_of(made), made)
    check_page(html(timeline, made), timeline)


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("*.yaml")))
def test_shipped_routines_make_good_sheets(name: str) -> None:
    timeline, made = shipped(name)
    for sheet in [*sheets(timeline, made), *staves(timeline)]:
        check_layout(sheet)
    told = " ".join(" ".join(ElementTree.fromstring(svg(timeline, made)).itertext()).split())
    assert made.title in told
    spoken = {"setup", "reminder", "announce", "switch", "say"}
    assert all(word in told for cue in timeline.cues if cue.kind in spoken for word in cue.text.split())


def test_a_sheet_shows_each_rep_side_and_rest() -> None:
    timeline, made = shipped("reverse_clamshell")
    (sheet,) = sheets(timeline, made)
    shown = [letters.text for letters in texts(sheet)]
    assert all(shown.count(str(rep)) == 2 for rep in range(2, 11))
    assert {"left", "right", "switch sides 15\u00a0s", "0:00", "page 1 of 1"} <= set(shown)
    assert "10 reps: up 1\u00a0s, down 3\u00a0s; left, right" in shown
    counts = {cue.text for cue in timeline.cues if cue.kind in ("count", "countdown")}
    assert not counts & set(shown)


def test_a_long_routine_takes_more_sheets_one_below_the_other() -> None:
    timeline, made = shipped("hip_morning")
    pages = len(sheets(timeline, made))
    assert pages > 1
    root = ElementTree.fromstring(svg(timeline, made))
    assert root.get("viewBox") == f"0 0 210 {297 * pages}"
    assert root.get("height") == f"{297 * pages}mm"


def test_a_level_is_named() -> None:
    timeline, made = shipped("reverse_clamshell", "harder")
    assert "harder variant" in svg(timeline, made)
    assert "You will need" in svg(timeline)
    assert "harder variant" in html(timeline, made)


@pytest.mark.parametrize("language", languages())
def test_every_language_has_its_words(language: str) -> None:
    told = words(language)
    assert language == "en" or told != words("en")
    assert all(told)
    assert {"{page}", "{pages}"} == set(re.findall(r"\{\w+\}", told.page))
    assert words("xx") == words("en")


# The page.


class Page(HTMLParser):
    """Checks that every element is closed, and collects what is in the page."""

    void = frozenset({"meta", "br", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.rows: list[int] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.void:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


KNOWN_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "div", "p", "h1", "h2", "h3"),
    *("ol", "ul", "li", "details", "summary", "span", "bdi", "table", "thead", "tbody", "tr", "th", "td"),
    *("svg", "rect", "line", "text"),
}


def check_page(page: str, timeline: Timeline) -> None:
    parsed = Page(page)
    assert set(parsed.tags) <= KNOWN_TAGS
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name in ("src", "href")]
    assert not [
        value for _, value in parsed.attributes if "//" in value and "aria" not in value and ":/" in value
    ]
    assert "url(" not in page
    assert "@import" not in page
    assert parsed.rows == [3] * (len(timeline.cues) + len(timeline.chapters))
    headings = [int(tag[1]) for tag in parsed.tags if re.fullmatch("h[1-6]", tag)]
    assert headings.count(1) == (1 if timeline.title else 0)
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_a_page_tells_what_to_do() -> None:
    timeline, made = shipped("reverse_clamshell")
    page = html(timeline, made)
    check_page(page, timeline)
    said = " ".join(Page(page).said)
    for exercise in made.exercises():
        told = [
            exercise.position,
            exercise.notes,
            *(each.words for each in (*exercise.setup, *exercise.reminders)),
        ]
        assert all(each in said for each in told if each and "{" not in each)
        assert "10 reps: up 1\u00a0s, down 3\u00a0s; left, right" in said
    assert "Lie on your left side" in said
    assert '<html lang="en">' in page
    assert "default-src 'none'" in page


def test_an_exercise_that_comes_again_is_told_once() -> None:
    timeline, made = shipped("hip_morning")
    assert html(timeline, made).count(">Clamshell</h2>") == 1


def test_sides_with_their_own_doses_are_told_apart() -> None:
    step = Exercise(
        "Lift",
        Timed(Fraction(20)),
        place(3),
        sides=("left", "right"),
        doses=(("right", Timed(Fraction(30))),),
    )
    made = routine(step)
    assert "left: 20\u00a0s; right: 30\u00a0s" in html(timeline_of(made), made)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_text_and_nothing_else(title: str) -> None:
    timeline, made = shipped("reverse_clamshell")
    work = tuple(replace(each, name=title or "x") for each in timeline.sets)
    cues = tuple(
        replace(cue, sentence=cue.sentence._replace(text=title)) if cue.kind != "count" else cue
        for cue in timeline.cues
    )
    chapters = tuple(replace(each, title=title) for each in timeline.chapters)
    timeline = replace(timeline, title=title, sets=work, cues=cues, chapters=chapters)
    made = replace(made, title=title, about=title)
    drawn, page = svg(timeline, made), html(timeline, made)
    root = ElementTree.fromstring(drawn)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg", "title", "namedview", "page", "style", "rect", "g", "line", "text",
    }  # fmt: skip
    name = root.find("{http://www.w3.org/2000/svg}title")
    assert name is not None
    assert (name.text or "") == clean_for_picture(title)
    check_page(page, timeline)
    assert clean_for_picture(title) in " ".join(Page(page).said)
    for written in (drawn, page):
        written.encode()
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]", written)
    for sheet in sheets(timeline, made):
        check_layout(sheet)
    assert Image.open(io.BytesIO(cover(timeline, 200))).size == (200, 200)


# Letters.


@pytest.mark.parametrize("words", [*HOSTILE, "a b c", "深" * 50])
def test_lines_are_no_wider_than_their_room_and_lose_nothing(words: str) -> None:
    lines = wrap(words, 12.0)
    assert all(width(line) <= 12.0 for line in lines)
    assert "".join(lines).replace(" ", "") == clean_for_picture(words).replace(" ", "")


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("Übung für Füße \u2013 täglich", "Übung für Füsse - täglich"),
        ("Étirement à la française", "Étirement à la française"),
        ("Ćwiczenie łatwe", "Ćwiczenie latwe"),
        ("Việt 1", "Viêt 1"),
        ("深蹲 Squat 💪🏽", "Squat"),
        ("العربية", ""),
        ("30\u00a0s", "30 s"),
        ("a\u0308", "ä"),
    ],
)
def test_a_cover_leaves_out_what_its_font_lacks(title: str, written: str) -> None:
    assert make_writable(title) == written


# The cover.


@pytest.mark.parametrize("name", ["reverse_clamshell", "hip_morning", "seven_minutes", "breathing"])
def test_a_cover_is_a_picture_of_its_routine(name: str) -> None:
    timeline, _ = shipped(name)
    made = cover(timeline)
    assert len(made) <= 150_000
    assert made == cover(shipped(name)[0])
    picture = Image.open(io.BytesIO(made))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1400, 1400))
    assert "icc_profile" not in picture.info  # which is sRGB, and no date of a profile is in the bytes
    luma = picture.convert("L").getextrema()
    assert isinstance(luma[0], int)
    assert isinstance(luma[1], int)
    assert luma[1] - luma[0] > 150


def test_covers_differ_by_title_and_by_course() -> None:
    timeline, _ = shipped("reverse_clamshell")
    other, _ = shipped("hip_morning")
    assert len({cover(each, 128) for each in (timeline, other, replace(other, title=timeline.title))}) == 3
    ground = [Image.open(io.BytesIO(cover(each, 64))).getpixel((1, 1)) for each in (timeline, other)]
    assert ground[0] != ground[1]


def test_a_cover_needs_no_work() -> None:
    timeline = timeline_of(routine(Say(text("Lie down."), Fraction(3), place(3))))
    assert timeline.sets == ()
    assert len(cover(timeline)) <= 150_000
    for sheet in sheets(timeline):
        check_layout(sheet)
    ElementTree.fromstring(svg(timeline))


def test_twelve_hours_are_drawn_soon() -> None:
    from coach.routine import Tempo

    steps = [
        Exercise(
            f"Lift {number}",
            Tempo(span(400), phases(up=1, down=2)),
            place(number),
            sides=("left", "right"),
            switch=Fraction(15),
            reminders=(text("Core tight."), text("Breathe.")),
        )
        for number in range(1, 18)
    ]
    timeline = timeline_of(routine(*steps))
    started = time.process_time()
    assert len(cover(timeline)) <= 150_000
    assert time.process_time() - started < 1.5
    started = time.process_time()
    drawn = sheets(timeline)
    assert time.process_time() - started < 3
    assert len(drawn) < 20
    for sheet in drawn[:3]:
        check_layout(sheet)


def test_pillow_waits_until_a_cover_is_made() -> None:
    program = "import sys, coach.pictures; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"PIL", "numpy"} & {name.partition(".")[0] for name in done.stdout.split()}


# The command.


def test_show_writes_pictures_in_place_of_the_table(coach: Command) -> None:
    path = coach.write(SHORT)
    for name in ("short.svg", "short.html"):
        (coach.folder / name).write_text("old")
    done = coach("show", path, "--svg", "short.svg", "--html", "short.html")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["short.svg: written", "short.html: written"]
    assert ElementTree.parse(coach.folder / "short.svg").getroot().tag.endswith("svg")
    assert Page((coach.folder / "short.html").read_text("utf-8")).tags[0] == "html"
    assert sorted(each.name for each in coach.folder.glob(".*coach-part")) == []


def test_show_prints_a_picture_for_another_program(coach: Command) -> None:
    path = coach.write(SHORT.replace("Lift", "Übung"))
    done = coach("show", path, "--svg", "-")
    assert "Übung" in " ".join(ElementTree.fromstring(done.stdout).itertext())
    done = coach("show", path, "--json", "--html", "short.html")
    assert json.loads(done.stdout)["title"] == "Short"
    assert done.stderr.splitlines() == ["short.html: written"]


def test_show_refuses_what_is_no_picture(coach: Command) -> None:
    path = coach.write(SHORT)
    assert "must end in .svg" in one_error(coach("show", path, "--svg", path), 2)
    assert path.read_text("utf-8") == SHORT
    assert "no folder" in one_error(coach("show", path, "--html", "there/x.html"), 3)
    (coach.folder / "taken.svg").mkdir()
    assert "is a folder" in one_error(coach("show", path, "--svg", "taken.svg"), 3)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_show_cannot_write_into_a_locked_folder(coach: Command) -> None:
    path = coach.write(SHORT)
    locked = coach.folder / "locked"
    locked.mkdir(mode=0o500)
    assert "cannot write" in one_error(coach("show", path, "--svg", Path("locked") / "x.svg"), 3)
