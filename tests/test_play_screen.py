"""The large screen: the right numbers, as large as fits, never wider or higher than the terminal."""

from __future__ import annotations

import errno
import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from coach.borders import printable
from coach.cli import play_screen
from coach.cli.keys import BINDINGS, _named, command_of, name_of
from coach.cli.play import command
from coach.cli.play_screen import frame
from coach.history import Question
from coach.routine import Breathing, Count, Exercise, Hold, Rest, Routine, Say, Step, Tempo, Timed
from coach.session.controls import SessionCommand
from coach.session.now import Now, SessionState
from coach.timeline import Timeline, compile_routine
from coach.units import RATE
from tests.examples import examples
from tests.strategies import TITLE_PLACE, phases, place, routine, span, text
from tests.test_session import Person, rep
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Plays = Callable[..., Person]

SHELL = Exercise("Clamshell", Tempo(span(12), phases(up=1, down=3)), place(10), sides=("left", "right"))
HANG = Exercise("Hang", Hold(span(2), span(30), Fraction(3)), place(20), sets=2, rest=Fraction(20))
RUN = Exercise("Run", Timed(Fraction(95)), place(30))
CALM = Breathing(phases(**{"in": 4, "out": 6}), 3, Count.PHASES, 0, place(40))

WIDE = (100, 40)
NORMAL = (80, 24)


@pytest.fixture
def plays(tmp_path: Path) -> Iterator[Plays]:
    people: list[Person] = []

    def start(*steps: Step, language: str = "en", title: str = "Made up") -> Person:
        made = Routine(title, steps, TITLE_PLACE, language=language)
        people.append(Person(tmp_path, compile_routine(made, FixedSpeech(language))))
        people[-1].session.start()
        return people[-1]

    yield start
    for person in people:
        person.history.close()


def shown(person: Person, size: tuple[int, int] = (20, 30), message: str = "") -> list[str]:
    """Return the lines with something on them; so narrow a screen has no large letters."""
    lines = frame(person.timeline, person.now, *size, message)
    return [line.plain.strip() for line in lines if line.plain.strip()]


def large(text: str, size: int = 1) -> list[str]:
    return [line.strip() for line in play_screen._letters(text, size)]


def holds(lines: list[str], text: str) -> bool:
    """Tell whether a text stands there in large letters."""
    wanted = large(text)
    return any(lines[at : at + len(wanted)] == wanted for at in range(len(lines)))


def test_keys_are_commands() -> None:
    assert command_of("N") is command_of("n") is SessionCommand.NEXT
    assert command_of("x") is None
    assert name_of(SessionCommand.TOGGLE) == "space"
    assert _named("aN \x1b[A\x1bOB\x1b[1;5C\x1b[5~\x1b[D+") == [
        "a",
        "N",
        " ",
        "up",
        "down",
        "right",
        "left",
        "+",
    ]
    assert _named("\x1b[200~q q\nq\x1b[201~p\x1b[200~q") == ["p"]
    assert _named("\x1b\x1bOP\x1b[15~") == []
    assert _named("\x1b") == []
    assert _named("\x1b[?6n\x1b[<0;1;1Mr\x1b]11;rgb:ffff/qqqq\x07\x1b]0;q\x1b\\p") == ["r", "p"]


def test_the_keys_are_told_as_they_are() -> None:
    rows = [f"| {binding.name} | {binding.does} |" for binding in BINDINGS]
    page = (Path(__file__).parents[1] / "docs" / "session.md").read_text("utf-8")
    assert [line for line in page.splitlines() if line in rows] == rows
    told = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    assert all(binding.brief in told for binding in BINDINGS)


def test_a_rep_shows_phase_second_and_number_in_large_letters(plays: Plays) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 7, 2.2))
    lines = shown(person, NORMAL)
    assert lines[0] == "Clamshell, left"
    assert holds(lines, "DOWN 2")
    assert holds(lines, "7/12")
    assert "rep 7 of 12" in lines
    assert "next: Clamshell, right" in lines
    assert any(line.startswith("exercise") and line.endswith(" 0:22 left") for line in lines)
    assert lines[-1].startswith("space pause")


@pytest.mark.parametrize(
    ("seconds", "phase"), [(0.0, "UP 1"), (0.9, "UP 1"), (1.01, "DOWN 1"), (2.0, "DOWN 2"), (3.9, "DOWN 3")]
)
def test_the_second_of_a_phase_is_the_one_that_is_counted(plays: Plays, seconds: float, phase: str) -> None:
    person = plays(SHELL)
    assert shown(person.to(rep(person, 0, 2, seconds) + 1))[1] == phase


@pytest.mark.parametrize(
    ("seconds", "left"), [(0.5, "HOLD 0:30"), (10.2, "HOLD 0:20"), (27.01, "HOLD 3"), (29.5, "HOLD 1")]
)
def test_a_hold_tells_what_is_left_as_the_voice_does(plays: Plays, seconds: float, left: str) -> None:
    person = plays(HANG)
    lines = shown(person.to(rep(person, 0, 2, seconds)))
    assert lines[1] == left
    assert "rep 2 of 2, set…" in lines


def test_timed_work_tells_what_is_left(plays: Plays) -> None:
    person = plays(RUN)
    person.to(person.timeline.sets[0].start + 30 * RATE + 10)
    assert shown(person)[:2] == ["Run", "1:05"]
    assert "next: the end" in shown(person)


def test_breathing_tells_its_rounds(plays: Plays) -> None:
    person = plays(CALM)
    lines = shown(person.to(rep(person, 0, 2, 5.2)))
    assert lines[:3] == ["Breathing", "OUT 2", "round 2 of 3"]


def test_between_two_sets_it_shows_what_comes_and_when(plays: Plays) -> None:
    person = plays(RUN, Rest(Fraction(60), place(5)), HANG)
    person.to(person.timeline.sets[1].start - 20 * RATE + 10)
    lines = shown(person, NORMAL)
    assert lines[0] == "Next: Hang"
    assert holds(shown(person, (60, 24)), "0:20")
    assert "2 reps, set 1 of 2" in lines
    assert any(line.startswith("before") and line.endswith("0:20 left") for line in lines)
    before = next(line for line in lines if line.startswith("before"))
    assert before.count("█") == pytest.approx(2 * before.count("░"), abs=2)
    person.to(person.timeline.sets[1].start - 3 * RATE + 10)
    assert shown(person)[1] == "3"
    person.to(person.timeline.sets[1].start - RATE + 10)
    assert shown(person)[1] == "1"


def test_behind_the_last_set_and_without_work_it_shows_the_title_and_what_is_left(plays: Plays) -> None:
    person = plays(RUN, Say(text("Well done, all of you."), Fraction(20), place(4)))
    person.to(person.timeline.length - 15 * RATE + 10)
    lines = shown(person)
    assert lines[:2] == ["Made up", "0:15"]
    assert any(line.startswith("after") and line.endswith("0:15 left") for line in shown(person, NORMAL))


def test_a_recap_shows_what_is_said_and_counts_down_to_the_rep(plays: Plays) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 7, 2.2)).do("pause").pass_(10).do("resume").pass_(1)
    lines = shown(person, (60, 30))
    assert "Left side, rep seven of twelve." in lines
    assert "rep 7 of 12" in lines
    until = person.player.splice.said.length + rep(person, 0, 7) - person.landing.sample
    for second in (3, 2, 1):
        person.pass_((until - person.player.position) / RATE - second + 0.01)
        assert shown(person)[1] == str(second)
        assert person.now.cue is not None
        assert person.now.cue.text == ("", "One", "Two", "Three")[second]


def test_time_left_includes_what_is_said_first(plays: Plays) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 7, 2.2)).do("pause").pass_(40).do("resume")
    left = person.timeline.length - person.landing.sample + person.player.splice.said.length
    whole = -(-left // RATE)
    assert f"{whole // 60}:{whole % 60:02} left" in shown(person, NORMAL)[-2]


def test_a_pause_and_lost_sound_cannot_be_missed(plays: Plays) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 7, 2.2)).do("pause")
    assert holds(shown(person, NORMAL), "PAUSED")
    assert holds(shown(person, NORMAL), "7/12")
    assert shown(person)[1] == "PAUSED"
    person.do("resume")
    person.player.is_lost = True
    person.pass_(1)
    assert holds(shown(person, NORMAL), "NO SOUND")


def test_volume_and_messages_are_shown(plays: Plays) -> None:
    person = plays(SHELL).do("softer")
    assert shown(person, NORMAL)[0].endswith("volume 90%")
    lines = shown(person, NORMAL, "the sound has gone; the session waits for it")
    assert lines[-1] == "the sound has gone; the session waits for it"


def test_letters_are_as_large_as_fits_and_keep_their_size_within_a_set(plays: Plays) -> None:
    person = plays(SHELL)
    heights = set()
    for seconds in (0.5, 1.5, 3.5):
        lines = frame(person.timeline, person.to(rep(person, 0, 3, seconds)).now, 120, 40)
        heights.add(sum("█" in line.plain for line in lines if "left" not in line.plain))
    assert heights == {20}  # twice five rows for the phase, and for the rep
    small = frame(person.timeline, person.now, 80, 24)
    assert sum("█" in line.plain for line in small if "left" not in line.plain) == 10


def test_german_is_spelled_out_in_large_letters_and_other_scripts_are_plain() -> None:
    assert play_screen._letters("Öffnen 1", 1) == play_screen._letters("OEFFNEN 1", 1)
    assert play_screen._letters("Schließen", 1) == play_screen._letters("SCHLIESSEN", 1)
    assert play_screen._letters("levée", 1) == play_screen._letters("LEVEE", 1)
    assert play_screen._letters("上 1", 1) == ("上 1",)
    assert play_screen._letters("רגל 1", 2) == ("רגל 1",)
    assert play_screen._letters("", 1) == ()
    assert len(play_screen._letters("UP", 3)) == 15


def test_phases_are_told_in_the_scripts_language(plays: Plays) -> None:
    person = plays(SHELL, language="de")
    assert shown(person.to(rep(person, 0, 2, 1.5)))[:2] == ["Clamshell, links", "AB 1"]


NAMES = (
    "Squat",
    "An exercise whose name goes on and on until nobody can remember how it began",
    "名前がとても長い運動です" * 4,
    "Beinheben für Übermütige 💪🦵",
    "הרמת רגל",
    "Bad\x1b[2J\nname\t",
    "\u202eturned \u2067\u05e9 \u2069\u200b \u2066",
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(NAMES),
    st.integers(1, 130),
    st.integers(1, 50),
    st.floats(0, 1),
    st.sampled_from(("playing", "paused", "waiting")),
    st.booleans(),
)
def test_no_frame_is_wider_or_higher_than_the_terminal(
    name: str, width: int, height: int, moment: float, state: str, recap: bool
) -> None:
    timeline = timeline_of(name)
    sample = round(moment * timeline.length)
    work = next((work for work in timeline.sets if work.start <= sample < work.end), None)
    cue = max((cue for cue in timeline.cues if cue.start <= sample), key=lambda cue: cue.start, default=None)
    now = Now(
        SessionState(state),
        sample,
        cue,
        0,
        work,
        next(part for part in work.spans if part.end > sample) if work else None,
        next((work for work in timeline.sets if work.start > sample), None),
        0.5,
        5000 if recap else 0,
    )
    lines = frame(timeline, now, width, height)
    assert len(lines) <= height
    assert all(cell_len(line.plain) <= max(width, 3) for line in lines)
    assert not any(printable(line.plain) != line.plain for line in lines)
    if width >= 24 and height >= 6:
        assert any(line.plain.endswith(" left") for line in lines) or height < 8


def test_a_phase_of_any_name_controls_no_terminal() -> None:
    tempo = Tempo(span(12), phases(**{"\x1b[2J\u4e0a\u202e": 2, "down": 2}))
    timeline = compile_routine(routine(Exercise("Squat", tempo, place(10))), FixedSpeech())
    (work,) = timeline.sets
    now = Now(SessionState.PLAYING, work.start, None, 0, work, work.spans[0], None, 1.0, 0)
    for width in (40, 200):
        lines = [line.plain for line in frame(timeline, now, width, 20)]
        assert list(map(printable, lines)) == lines
        assert any(r"\x1b[" in line for line in lines)


def timeline_of(name: str, known: dict[str, Timeline] = {}) -> Timeline:  # noqa: B006 - a cache
    if name not in known:
        steps = (
            Exercise(name, Tempo(span(12), phases(up=1, down=3)), place(10), sides=("left", "right")),
            Exercise(name, Hold(span(2), span(9), Fraction(3)), place(20), sets=2),
        )
        known[name] = compile_routine(routine(*steps), FixedSpeech())
    return known[name]


def test_a_frame_that_is_the_same_is_not_drawn_again(plays: Plays) -> None:
    person = plays(SHELL)
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, height=24)
    screen = play_screen._Large(person.timeline, console)
    person.to(rep(person, 0, 3, 1.2))
    screen.draw(person.now)
    length = len(out.getvalue())
    screen.draw(person.now)
    assert len(out.getvalue()) == length
    person.pass_(1)
    screen.draw(person.now)
    assert len(out.getvalue()) > length
    screen.leave()
    assert out.getvalue().endswith("\x1b[?25h\x1b[?1049l") or out.getvalue().endswith("\x1b[?1049l\x1b[?25h")


class Terminal(io.StringIO):
    """A terminal that is gone at some moment."""

    is_gone = False

    def write(self, text: str) -> int:
        if self.is_gone:
            raise OSError(errno.EIO, "Input/output error")
        return super().write(text)


@pytest.mark.parametrize("gone_from", [0, 1, 2])
def test_a_session_goes_on_when_its_terminal_is_gone(
    plays: Plays, monkeypatch: pytest.MonkeyPatch, gone_from: int
) -> None:
    person, terminal = plays(SHELL), Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    console = Console(file=terminal, force_terminal=True, width=80, height=24)
    terminal.is_gone = gone_from == 0
    screen = play_screen._Expendable(lambda: play_screen._Large(person.timeline, console))
    for moment in (1, 2):
        screen.draw(person.pass_(1).now)
        terminal.is_gone |= gone_from == moment
    screen.tell("the sound has gone")
    screen.draw(person.pass_(1).now)
    screen.ask(Question.PAIN, "How much did it hurt?")
    screen.leave()
    assert person.session.outcome is None


def test_what_was_told_stays_when_the_screen_is_given_back(
    plays: Plays, capsys: pytest.CaptureFixture[str]
) -> None:
    person = plays(SHELL)
    screen = play_screen._Large(
        person.timeline, Console(file=io.StringIO(), force_terminal=True, width=80, height=24)
    )
    screen.tell("the log is full")
    screen.draw(person.now)
    screen.tell("the sound is back")
    screen.leave()
    assert capsys.readouterr().err == "coach: the log is full\ncoach: the sound is back\n"
