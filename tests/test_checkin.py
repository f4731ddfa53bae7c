"""The check-in: two questions at the end, each answered by one key or media button, or by nothing."""

from __future__ import annotations

import json
import os
import re
import select
import sys
import time
from typing import TYPE_CHECKING

import pytest

from coach import phrases
from coach.errors import AudioError, SpeechError
from coach.history import Answer, History, Outcome, Question
from coach.phrases import phrasebook
from coach.session.checkin import CheckIn
from coach.session.controls import Order, SessionCommand
from coach.session.journal import Journal
from coach.timeline import Timeline
from coach.units import RATE
from tests.command import Command, coach
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from pathlib import Path

    from coach.player import Pull
    from coach.speech import Clip

__all__ = ["coach"]

TRACK = Timeline("T", "en", "test/fixed", None, RATE, (), (), ())
EFFORT, PAIN, THANKS = (phrasebook("en").sentence(each) for each in ("ask_effort", "ask_pain", "thanks"))
TINY = "title: Tiny\nlead_in: 0\nsteps:\n  - say: Done.\n"


class Speech(FixedSpeech):
    """A voice whose clips are silent."""

    volume = 0.0

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails

    def clip(self, text: str, rate: float = 1.0) -> Clip:
        if self.fails:
            raise SpeechError("no voice")
        return super().clip(text, rate)


class Person:
    """Somebody who is asked, the player that asks them, and a clock that a test turns."""

    name = "hand"
    volume = 1.0
    position = 0

    def __init__(self, language: str = "en") -> None:
        self.now = 0.0
        self.over_at: float | None = None  # when what plays is over
        self.played: list[str] = []
        self.answers: list[tuple[Question, Answer]] = []
        self.is_lost = False
        self.speech = Speech()
        timeline = Timeline("T", language, "test/fixed", None, RATE, (), (), ())
        self.check = CheckIn(timeline, self.speech, self, self.answered, clock=lambda: self.now)
        self.ready = list(self.speech.asked)
        self.seconds = 0.0

    def answered(self, question: Question, answer: Answer) -> None:
        self.answers.append((question, answer))

    # The player

    def start(self, pull: Pull, length: int, start: int = 0) -> None:
        if self.is_lost:
            raise AudioError("gone")
        assert start == 0
        assert pull(0, length).shape == (length,)
        self.over_at = self.now + length / RATE
        self.played.append(self.check.sentence or THANKS)

    def stop(self) -> None:
        self.over_at = None

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout == 0
        if self.is_lost:
            raise AudioError("gone")
        return self.over_at is not None and self.now >= self.over_at

    def close(self) -> None:
        """Do nothing."""

    # The clock

    def goes_on(self, seconds: float) -> bool:
        """Let time pass; return whether the check-in goes on."""
        for _ in range(round(seconds * 10)):
            if not self.check.tick():
                return False
            self.now += 0.1
        return True

    def asked(self, seconds: float = 10) -> None:
        """Let a question be spoken."""
        while self.over_at is None or self.now < self.over_at:
            assert self.goes_on(0.1)
            seconds -= 0.1
            assert seconds > 0


@pytest.mark.parametrize(
    ("order", "answer"),
    [("next", "more"), ("previous", "less"), ("toggle", "same"), ("resume", "same"), ("pause", "same")],
)
def test_one_order_is_an_answer(order: str, answer: Answer) -> None:
    person = Person()
    person.asked()
    assert (person.check.question, person.check.sentence) == ("effort", EFFORT)
    getattr(person.check, order)()
    person.goes_on(0.2)
    assert person.check.question == "pain"
    person.asked()
    getattr(person.check, order)()
    assert not person.goes_on(5)
    assert person.answers == [("effort", answer), ("pain", answer)]
    assert person.played == [EFFORT, PAIN, THANKS]
    assert person.check.question is None


def test_no_answer_is_an_answer_and_it_ends_in_time() -> None:
    person = Person()
    assert not person.goes_on(60)
    assert person.answers == []
    assert person.played == [EFFORT, PAIN]
    questions = sum(1200 * (1 + sum(map(str.isalnum, each))) / RATE + 0.75 for each in (EFFORT, PAIN))
    assert person.now == pytest.approx(questions + 2 * 8, abs=1)


def test_an_answer_may_come_while_it_is_asked_and_for_eight_seconds_from_then_on() -> None:
    person = Person()
    person.goes_on(0.3)
    person.check.previous()
    person.goes_on(0.2)
    assert person.played == [EFFORT, PAIN]
    person.asked()
    person.goes_on(7.8)
    assert person.check.question == "pain"
    person.check.next()
    assert not person.goes_on(5)
    assert person.answers == [("effort", "less"), ("pain", "more")]


def test_who_leaves_one_out_is_asked_the_other() -> None:
    person = Person()
    person.asked()
    person.goes_on(9)
    assert person.check.question == "pain"
    person.check.next()
    assert not person.goes_on(5)
    assert person.answers == [("pain", "more")]
    assert person.played[-1] == THANKS


def test_stop_ends_it_and_other_orders_mean_nothing() -> None:
    person = Person()
    person.asked()
    for order in SessionCommand:
        if order not in ("next", "previous", "toggle", "resume", "pause", "stop"):
            person.check.give(Order(order))
    assert person.goes_on(1)
    assert person.check.question == "effort"
    person.check.stop()
    person.check.next()
    assert not person.goes_on(1)
    assert person.answers == []
    assert person.over_at is None


def test_a_device_that_goes_away_ends_it_without_a_word() -> None:
    person = Person()
    person.is_lost = True
    assert not person.goes_on(1)
    person = Person()
    person.asked()
    person.check.next()
    person.is_lost = True
    assert not person.goes_on(1)
    assert person.answers == [("effort", "more")]


def test_the_questions_are_spoken_ahead_and_a_voice_that_fails_is_told() -> None:
    person = Person()
    assert [text for text, _ in person.ready] == [EFFORT, PAIN, THANKS]
    with pytest.raises(SpeechError):
        CheckIn(TRACK, Speech(fails=True), person, person.answered)
    person.speech.fails = True
    assert not person.goes_on(1)


@pytest.mark.parametrize("language", phrases.languages())
def test_it_asks_in_every_language(language: str) -> None:
    person = Person(language)
    person.asked()
    assert person.played == [phrasebook(language).sentence("ask_effort")]


def test_answers_are_in_the_log_of_a_session_that_is_over(tmp_path: Path) -> None:
    with History(tmp_path / "history.db") as history:
        record = history.begin(title="T", script="/s", language="en", voice="v", length=1)
        journal = Journal(TRACK, record)
        journal.end(Outcome.COMPLETED, RATE)
        journal.answer(Question.PAIN, Answer.LESS)
        (session,) = history.sessions()
    assert (session.outcome, session.effort, session.pain) == ("completed", None, "less")


# As a person has it.


class Terminal:
    """`coach play` on a terminal."""

    def __init__(self, command: Command, size: tuple[int, int], *arguments: str) -> None:
        import fcntl
        import pty
        import struct
        import termios

        def take_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.text = ""
        self.terminal, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), other)
        command.environment["TERM"] = "xterm-256color"
        self.process = command.start(*arguments, **streams, start_new_session=True, preexec_fn=take_terminal)
        os.close(other)

    def until(self, pattern: str, seconds: float = 30) -> None:
        """Read until a pattern appears."""
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < deadline, self.text
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.text += os.read(self.terminal, 65_536).decode(errors="replace")

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())


@pytest.mark.realtime
@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
@pytest.mark.parametrize("size", [(24, 80), (5, 40)])
def test_keys_answer_at_the_end_of_a_session(coach: Command, size: tuple[int, int]) -> None:
    coach.write(TINY)
    coach("show", "short.yaml")
    terminal = Terminal(coach, size, "play", "short.yaml", "--player", "null", "--check-in")
    try:
        terminal.until(r"How\s+hard")
        terminal.until("space\\s+just\\s+right")
        terminal.type("n")
        terminal.until(r"And\s+the\s+pain")
        terminal.until(r"n\s+more")
        terminal.type(" ")
        assert terminal.process.wait(20) == 0
    finally:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.terminal)
    (session,) = json.loads(coach("history", "--json").stdout)
    assert (session["outcome"], session["effort"], session["pain"]) == ("completed", "more", "same")


@pytest.mark.realtime
def test_without_a_person_a_scheduled_session_ends(coach: Command) -> None:
    coach.write(TINY)
    coach("show", "short.yaml")
    done = coach("play", "short.yaml", "--player", "null", "--check-in", "--scheduled")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (session,) = json.loads(coach("history", "--json").stdout)
    assert (session["outcome"], session["effort"], session["pain"]) == ("completed", None, None)


def test_a_schedule_hands_it_on(coach: Command) -> None:
    coach.write(TINY)
    done = coach("schedule", "add", "short.yaml", "--at", "6:30", "--check-in", "--print")
    assert " --check-in" in done.stdout, done
