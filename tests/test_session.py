"""A session: what every command does in every place, and what is logged of it."""

from __future__ import annotations

import threading
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.errors import AudioError, SpeechError
from coach.history import History, Outcome, SessionLog
from coach.mix import render
from coach.phrases import phrasebook
from coach.routine import Alternate, Breathing, Count, Exercise, Hold, Rest, Say, Step, Tempo, Timed
from coach.session import places
from coach.session.controls import Order, SessionCommand
from coach.session.journal import Journal
from coach.session.now import Now
from coach.session.places import Landing
from coach.session.session import Session
from coach.session.splice import Splice, say_first
from coach.speech import Clip
from coach.timeline import Timeline, compile_routine
from coach.units import RATE, to_seconds
from tests.examples import examples
from tests.strategies import PacedSpeech, phases, place, routine, routines, span, text
from tests.test_session_places import compiled
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from coach.player import Pull

BOOK = phrasebook("en")
some = settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))

SHELL = Exercise(
    "Clamshell",
    Tempo(span(6), phases(up=1, down=3)),
    place(10),
    sides=("left", "right"),
    setup=(text("Lie on your {side}."), text("Knees bent.")),
    reminders=(text("Core tight."),),
)
PLANK = Exercise("Plank", Hold(span(1), span(30), Fraction(3)), place(20))
SQUAT = Exercise("Squat", Tempo(span(5), phases(down=2, up=2)), place(30), sets=2, rest=Fraction(30))
RUN = Exercise("Run", Timed(Fraction(40)), place(35), count_in=0)
CALM = Breathing(phases(**{"in": 4, "out": 4}), 3, Count.PHASES, 0, place(40))
TALK = Say(text("Welcome to this."), Fraction(2), place(1))
MINUTE = Rest(Fraction(60), place(15))


class Voice(FixedSpeech):
    """A `FixedSpeech` as a session has it; it can fall silent."""

    volume = 0.0
    broken = False

    def clip(self, text: str, rate: float = 1.0) -> Clip:
        if self.broken:
            raise SpeechError("the voice failed")
        return super().clip(text, rate)


class HandPlayer:
    """A `Player` whose time passes when a test says so. It is lost, or refuses to start, where told.

    Attributes:
        now: its time in seconds.
        starts: the sources it was given.
        heard: the stretches of them that were heard, source by source.
    """

    name = "hand"

    def __init__(self) -> None:
        self.volume = 1.0
        self.now = 1000.0
        self.is_lost = False
        self.starts: list[Pull] = []
        self.heard: list[tuple[Pull, int]] = []
        self._began: float | None = None
        self._length = self._stopped_at = 0

    @property
    def position(self) -> int:
        if self._began is None:
            return self._stopped_at
        return min(round((self.now - self._began) * RATE), self._length)

    def start(self, pull: Pull, length: int, start: int = 0) -> None:
        assert start == 0
        assert length >= 0
        self.stop()
        self._stopped_at = 0
        if self.is_lost:
            raise AudioError("no sound device")
        pull(0, min(length, 100))
        self.starts.append(pull)
        self._began, self._length = self.now, length

    def stop(self) -> None:
        if self._began is not None:
            self._stopped_at = self.position
            self.heard.append((self.starts[-1], self._stopped_at))
        self._began = None

    def wait(self, timeout: float | None = None) -> bool:
        if self.is_lost:
            raise AudioError("the sound device has gone")
        return self._began is not None and self.position >= self._length

    def close(self) -> None:
        self.stop()

    @property
    def is_playing(self) -> bool:
        return self._began is not None

    @property
    def splice(self) -> Splice:
        """What is playing, or played last."""
        return splice_of(self.starts[-1])


def splice_of(pull: object) -> Splice:
    """Return what a player pulls from, without the fade with which sound comes back."""
    source = pull.args[0] if isinstance(pull, partial) else pull
    assert isinstance(source, Splice)
    return source


class Person:
    """Somebody who does a routine, and a session that plays it."""

    def __init__(
        self, folder: Path, timeline: Timeline, *, gently: bool = False, limit: float | None = None
    ) -> None:
        self.timeline, self.voice, self.player = timeline, Voice(), HandPlayer()
        self.history = History(folder / "history.db")
        self.told: list[str] = []
        record = self.history.begin(
            title="T",
            script="/t.yaml",
            language="en",
            voice="v",
            length=to_seconds(timeline.length),
            tell=self.told.append,
        )
        self.session = Session(
            timeline,
            self.voice,
            self.player,
            journal=Journal(timeline, record),
            gently=gently,
            limit=limit,
            tell=self.told.append,
            clock=lambda: self.player.now,
        )

    def pass_(self, seconds: float, step: float = 0.1) -> Person:
        """Let time pass, looked at ten times a second."""
        until = self.player.now + seconds
        while self.player.now < until - 1e-9 and self.session.outcome is None:
            self.player.now = min(self.player.now + step, until)
            self.session.tick()
        return self

    def do(self, *commands: str) -> Person:
        """Call methods of the session that take nothing."""
        for command in commands:
            getattr(self.session, command)()
        self.session.tick()
        return self

    def give(self, command: SessionCommand, value: float = 0.0) -> Person:
        self.session.give(Order(command, value))
        self.session.tick()
        return self

    def to(self, sample: int) -> Person:
        """Play until a sample is heard."""
        while (left := sample - self.now.sample + self.now.ahead) > 0:
            self.pass_(min(left / RATE + 1e-6, 0.5))
            assert self.session.outcome is None
        return self

    @property
    def now(self) -> Now:
        return self.session.now()

    @property
    def landing(self) -> Landing:
        return self.player.splice.landing

    @property
    def said(self) -> list[str]:
        """What is said before the track goes on."""
        return [cue.text for cue in self.player.splice.said.cues]

    @property
    def log(self) -> SessionLog:
        return self.history.sessions(playing=True)[-1]

    @property
    def rows(self) -> list[tuple[str, str | None, int | None, str]]:
        return [(row.exercise, row.side, row.reps_done, row.outcome) for row in self.log.sets]


@pytest.fixture
def plays(tmp_path: Path) -> Iterator[Starts]:
    people: list[Person] = []

    def start(*steps: Step, **options: bool | float) -> Person:
        timeline = compile_routine(routine(*steps), FixedSpeech())
        people.append(Person(tmp_path, timeline, **options))  # type: ignore[arg-type]
        people[-1].session.start()
        return people[-1]

    yield start
    for person in people:
        person.history.close()


if TYPE_CHECKING:
    from collections.abc import Callable

    Starts = Callable[..., Person]


def rep(person: Person, index: int, number: int, seconds: float = 0.0) -> int:
    """Return a sample so many seconds behind the beat of a rep."""
    parts = person.timeline.sets[index].spans
    return next(part.start for part in parts if part.rep == number) + round(seconds * RATE)


# What is said first, and then the track.


def landings(timeline: Timeline) -> Iterator[Landing]:
    for part in range(1, 16):
        sample = part * timeline.length // 16
        yield places.continue_at(timeline, sample)
        yield places.come_back(timeline, BOOK, sample, long=part % 2 == 0)
        yield places.repeat_instruction(timeline, sample)
    for index in range(len(timeline.sets)):
        yield places.begin_set(timeline, BOOK, index, anew=index % 2 == 0)


@some
@given(
    routines,
    st.builds(PacedSpeech, st.sampled_from((0.4, 1.0, 1.6, 3.0)), st.sampled_from((0.0, 1.0, 5.0))),
)
def test_what_is_said_first_never_overlaps_and_leads_up_to_the_beat(
    routine: object, voice: PacedSpeech
) -> None:
    timeline = compiled(routine, voice)  # type: ignore[arg-type]
    for landing in landings(timeline):
        said = say_first(timeline, voice, BOOK, landing)
        ends = [0, *(cue.end for cue in said.cues)]
        assert all(cue.start >= end for cue, end in zip(said.cues, ends, strict=False))
        assert ends[-1] <= said.length
        sentences = [cue for cue in said.cues if cue.kind != "countdown" or cue.beat is None]
        assert len(sentences) == len(landing.said)
        if landing.beat is None:
            continue
        beat = said.length + landing.beat - landing.sample
        counts = [cue for cue in said.cues if cue.beat is not None]
        assert {beat - (cue.beat or 0) for cue in counts} <= {RATE, 2 * RATE, 3 * RATE}
        assert all(cue.beat == cue.start + cue.clip.attack for cue in counts)
        if voice.factor <= 1.0 and voice.late <= 1.0:
            assert [cue.text for cue in counts] == ["Three", "Two", "One"]


@pytest.mark.parametrize("block", [1, 7, 480, 24_001])
def test_any_block_size_gives_the_same_samples(block: int) -> None:
    voice = Voice()
    timeline = compile_routine(routine(SHELL), voice)
    landing = places.come_back(timeline, BOOK, timeline.sets[0].start + 9 * RATE, long=True)
    said = say_first(timeline, voice, BOOK, landing)
    splice = Splice(timeline, voice, landing, said)
    first = said.length - 3000
    whole = splice(first, 6000)
    blocks = [splice(at, min(block, first + 6000 - at)) for at in range(first, first + 6000, block)]
    assert np.array_equal(np.concatenate(blocks), whole)
    assert np.array_equal(whole[3000:], render(timeline, voice, landing.sample, 3000))
    assert np.array_equal(whole[:3000], render(said, voice, first, 3000))
    assert not splice(splice.length, 50).any()
    assert splice(0, 0).size == 0


def test_the_count_in_and_the_track_click_a_second_apart() -> None:
    voice = Voice()
    timeline = compile_routine(routine(SHELL), voice)
    landing = places.come_back(timeline, BOOK, timeline.sets[0].start + 9 * RATE, long=False)
    splice = Splice(timeline, voice, landing, say_first(timeline, voice, BOOK, landing))
    clicks = np.flatnonzero(splice(0, splice.length))
    beat = splice.said.length + timeline.sets[0].start + 8 * RATE - landing.sample
    for second in range(4):
        assert beat - second * RATE in clicks
    assert splice.place(beat) == timeline.sets[0].start + 8 * RATE
    assert splice.place(0) == landing.sample


def test_a_bare_landing_is_the_track_itself() -> None:
    voice = Voice()
    timeline = compile_routine(routine(SHELL), voice)
    splice = Splice(timeline, voice, Landing(500), say_first(timeline, voice, BOOK, Landing(500)))
    assert splice.length == timeline.length - 500
    assert np.array_equal(splice(0, splice.length), render(timeline, voice, 500, splice.length))


# From start to end.


def test_played_through_it_is_completed_and_all_is_done(plays: Starts) -> None:
    person = plays(TALK, SHELL, MINUTE, SQUAT, RUN, CALM)
    person.pass_(person.timeline.length / RATE - 0.05)
    assert person.session.outcome is None
    person.pass_(0.2)
    assert person.session.outcome is Outcome.COMPLETED
    assert person.log.outcome == "completed"
    assert {row.outcome for row in person.log.sets} == {"done"}
    assert len(person.log.sets) == len(person.timeline.sets)
    assert not person.session.tick()
    assert not person.player.is_playing


def test_it_knows_where_it_is(plays: Starts) -> None:
    person = plays(SHELL)
    left, right = person.timeline.sets
    assert person.now.cue is None
    assert (person.now.work, person.now.stretch, person.now.coming) == (None, None, left)
    person.to(rep(person, 0, 2, 1.5))
    now = person.now
    assert (now.state, now.work, now.coming, now.chapter) == ("playing", left, right, 0)
    assert now.stretch is not None
    assert (now.stretch.rep, now.stretch.phase) == (2, "down")
    assert now.cue is not None
    assert now.cue.text == "Down"
    person.to(left.end + RATE)
    assert (person.now.work, person.now.coming) == (None, right)
    person.to(right.end + RATE)
    assert person.now.coming is None


def test_a_word_that_has_begun_counts_as_its_beat(plays: Starts) -> None:
    person = plays(SHELL)
    word = next(cue for cue in person.timeline.cues if cue.beat == rep(person, 0, 3))
    person.to(word.start + 10)
    assert person.now.sample < rep(person, 0, 3)
    stretch = person.now.stretch
    assert stretch is not None
    assert stretch.rep == 3


# Pauses.


def test_a_short_pause_goes_on_at_the_start_of_the_rep(plays: Starts) -> None:
    person = plays(SHELL).to(rep(plays(SHELL), 0, 3, 2.5))
    person.do("pause")
    assert person.now.state == "paused"
    assert not person.player.is_playing
    person.pass_(3.5).do("resume")
    word = next(cue for cue in person.timeline.cues if cue.beat == rep(person, 0, 3))
    assert person.landing == Landing(word.start)
    assert person.now.state == "playing"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (3.9, []),
        (4.1, ["Left side, rep three of six.", "Three", "Two", "One"]),
        (29.5, ["Left side, rep three of six.", "Three", "Two", "One"]),
        (
            30.5,
            [
                "Clamshell, left side.",
                "Lie on your left side.",
                "Knees bent.",
                "Rep three of six.",
                "Three",
                "Two",
                "One",
            ],
        ),
        (3600, None),
    ],
)
def test_what_is_said_after_a_pause_depends_on_its_length(
    plays: Starts, seconds: float, said: list[str] | None
) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 3, 2.5)).do("toggle").pass_(seconds, step=1.0).do("toggle")
    assert said is None or person.said == said
    assert person.now.state == "playing"
    person.pass_(1)
    assert person.now.ahead > 0 or not said
    assert person.now.sample >= person.landing.sample
    person.pass_(60)
    assert person.rows[0] == ("Clamshell", "left", 6, "done")


def test_in_a_recap_it_is_where_it_leads_and_says_what_is_said(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 3, 2.5)).do("pause").pass_(10).do("resume").pass_(0.5)
    now = person.now
    assert now.stretch is not None
    assert (now.stretch.rep, now.stretch.phase) == (3, "up")
    assert now.cue is not None
    assert now.cue.text == "Left side, rep three of six."
    assert now.ahead == person.player.splice.said.length - RATE // 2
    assert now.sample == person.landing.sample


@pytest.mark.parametrize("away", [1, 10, 100])
def test_a_pause_in_a_recap_tells_it_again(plays: Starts, away: float) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 3, 2.5)).do("pause").pass_(10).do("resume").pass_(1)
    before = person.landing
    person.do("pause")
    assert person.now.sample == before.sample
    assert person.now.stretch is not None
    assert person.now.stretch.rep == 3
    person.pass_(away, step=1).do("resume")
    assert person.landing.beat == before.beat
    assert before.said[0] in person.landing.said or "Rep three of six." in person.landing.said
    assert ("Knees bent." in person.said) == (away == 100)


def test_a_pause_in_what_is_said_after_next_says_it_again_whole(plays: Starts) -> None:
    person = plays(PLANK, SHELL)
    person.to(person.timeline.sets[0].start + RATE).do("next").pass_(2)
    landing = person.landing
    assert "Knees bent." in person.said
    for away in (1, 10, 100):
        person.do("pause").pass_(away, step=1).do("resume")
        assert person.landing == landing
        person.pass_(1)


def test_a_rest_goes_on_where_it_was_left(plays: Starts) -> None:
    person = plays(PLANK, MINUTE, SHELL)
    sample = person.timeline.sets[1].start - 20 * RATE
    person.to(sample).do("pause")
    there = person.now.sample
    person.pass_(10).do("resume")
    assert person.landing == Landing(there)
    person.do("pause").pass_(40, step=1).do("resume")
    assert person.landing.sample == there
    assert "Knees bent." in person.said


def test_a_pause_does_not_count_as_work(plays: Starts) -> None:
    person = plays(RUN)
    person.to(person.timeline.sets[0].start + 10 * RATE).do("pause").pass_(600, step=1).do("stop")
    assert person.log.sets[0].seconds_done <= 10.6
    assert person.rows == [("Run", None, None, "broken off")]
    assert person.log.outcome == "stopped"


def test_pause_and_resume_again_and_again_stay_in_the_rep(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 4, 1)).do("pause")
    for away in (1, 5, 1, 40, 1, 5):
        person.pass_(away, step=1).do("resume").pass_(0.3).do("pause")
        assert person.now.stretch is not None
        assert person.now.stretch.rep == 4
    assert person.rows[-1][2:] == (3, "doing")


def test_pausing_twice_and_resuming_twice_change_nothing(plays: Starts) -> None:
    person = plays(SHELL)
    person.pass_(5).do("resume", "resume")
    assert len(person.player.starts) == 1
    person.do("pause", "pause").do("toggle", "toggle")
    assert person.now.state == "paused"


# Going elsewhere.


def test_next_goes_to_the_next_exercise_and_leaves_time_to_get_there(plays: Starts) -> None:
    person = plays(PLANK, SHELL)
    person.to(person.timeline.sets[0].start + 5 * RATE).do("next")
    assert person.said == ["Clamshell, left side. Six reps.", "Lie on your left side.", "Knees bent."]
    assert person.landing.quiet == 5 * RATE
    assert person.now.coming is person.timeline.sets[1]
    assert person.rows == [("Plank", None, 0, "broken off")]
    person.pass_(15)
    assert person.now.ahead == 0 or person.now.cue is not None


def test_next_on_one_side_is_the_other_with_time_to_roll_over(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 2)).do("next")
    assert person.said == ["Switch sides. Right side."]
    assert person.landing.quiet > 8 * RATE


def test_next_in_a_rest_begins_what_comes_and_next_again_skips_it(plays: Starts) -> None:
    person = plays(PLANK, MINUTE, SHELL, SQUAT)
    person.to(person.timeline.sets[1].start - 20 * RATE).do("next")
    assert person.said == ["Next, Clamshell, left side. Six reps."]
    assert person.landing.sample < person.timeline.sets[1].start
    assert person.landing.quiet == 0
    assert person.rows == [("Plank", None, 1, "done")]
    person.do("next")
    assert person.said == ["Clamshell, right side.", "Lie on your right side.", "Knees bent."]
    assert person.rows[-1] == ("Clamshell", "left", 0, "skipped")
    person.pass_(0.1).do("next")
    assert person.said[0].startswith("Squat.")
    assert person.rows[-1] == ("Clamshell", "right", 0, "skipped")


@pytest.mark.parametrize("behind", [-100, 100])
def test_next_while_an_exercise_is_introduced_skips_it(plays: Starts, behind: int) -> None:
    person = plays(PLANK, MINUTE, SHELL, SQUAT)
    setup = places.introduction(person.timeline, 1)[-1]
    person.to(setup.start + behind).do("next")
    assert person.said[0] == "Clamshell, right side."


def test_next_in_a_count_in_skips_what_is_counted_in(plays: Starts) -> None:
    person = plays(PLANK, MINUTE, SHELL)
    person.to(person.timeline.sets[1].start - RATE).do("next")
    assert person.said[0] == "Clamshell, right side."


def test_next_between_two_sets_begins_the_second(plays: Starts) -> None:
    person = plays(SQUAT, Rest(Fraction(30), place(5)), PLANK)
    person.to(person.timeline.sets[0].end + 10 * RATE).do("next")
    assert person.said == ["Set two of two."]
    assert person.now.coming is person.timeline.sets[1]
    person.do("next")
    assert person.now.coming is person.timeline.sets[2]
    assert [row[3] for row in person.rows] == ["done", "skipped"]


def test_next_in_talk_begins_the_first_exercise_and_says_none_of_it(plays: Starts) -> None:
    person = plays(TALK, SHELL)
    person.pass_(2.5).do("next")
    assert person.said == ["Clamshell, left side. Six reps.", "Lie on your left side.", "Knees bent."]
    assert person.rows == []


def test_two_quick_nexts_are_two_exercises(plays: Starts) -> None:
    person = plays(PLANK, SHELL, SQUAT)
    person.to(person.timeline.sets[0].start + RATE).do("next", "next")
    assert person.said[0] == "Clamshell, right side."


def test_a_name_that_begins_before_its_beat_is_no_work_on_the_set_before(plays: Starts) -> None:
    steps = [Exercise(name, Timed(Fraction(20)), place(5), count_in=0) for name in ("Run", "Jump", "Walk")]
    person = plays(*steps)
    run, jump, walk = person.timeline.sets
    assert jump.end == walk.start
    person.to(run.start + 5 * RATE).do("next", "next")
    assert person.landing.sample < walk.start == person.landing.beat
    person.pass_(10)
    assert person.rows == [
        ("Run", None, None, "broken off"),
        ("Jump", None, None, "skipped"),
        ("Walk", None, None, "doing"),
    ]


def test_next_behind_the_last_exercise_goes_by_sentences_and_never_cuts_the_last(plays: Starts) -> None:
    person = plays(PLANK, TALK)
    person.to(person.timeline.sets[0].start + RATE).do("next")
    assert person.now.sample >= person.timeline.sets[0].end
    person.do("next")
    assert person.timeline.cues[-2].start == person.landing.sample
    person.do("next")
    assert person.timeline.cues[-1].start == person.landing.sample
    starts = len(person.player.starts)
    person.do("next")
    assert len(person.player.starts) == starts
    person.pass_(20)
    assert person.session.outcome is Outcome.COMPLETED
    assert person.rows == [("Plank", None, 0, "broken off")]


def test_previous_restarts_and_then_goes_one_back(plays: Starts) -> None:
    person = plays(PLANK, MINUTE, SHELL)
    person.to(rep(person, 2, 3)).do("previous")
    assert person.said == ["Clamshell, right side.", "Lie on your right side.", "Knees bent."]
    person.pass_(1).do("previous")
    assert person.said[0] == "Next, Clamshell, left side. Six reps."
    person.do("previous")
    assert person.said[0].startswith("Plank.")
    person.do("previous")
    assert person.landing == Landing(0)
    assert person.said == []


def test_previous_in_the_first_seconds_is_the_one_before(plays: Starts) -> None:
    person = plays(PLANK, SHELL)
    person.to(person.timeline.sets[1].start + 2 * RATE).do("previous")
    assert person.said[0].startswith("Plank.")
    assert person.rows[1][2:] == (0, "broken off")


def test_previous_in_a_rest_does_the_last_exercise_again(plays: Starts) -> None:
    person = plays(PLANK, MINUTE, SHELL)
    person.to(person.timeline.sets[0].end + 10 * RATE).do("previous")
    assert person.said[0].startswith("Plank.")
    person.pass_(60)
    assert person.rows == [("Plank", None, 1, "done"), ("Plank", None, 1, "done")]


def test_previous_behind_the_last_exercise_does_it_again(plays: Starts) -> None:
    person = plays(SQUAT, TALK)
    person.to(person.timeline.sets[-1].end + RATE).do("previous")
    assert person.now.coming is person.timeline.sets[0]


def test_elsewhere_while_paused_it_stays_paused_and_lands_with_the_introduction(plays: Starts) -> None:
    person = plays(PLANK, SHELL)
    person.to(person.timeline.sets[0].start + 5 * RATE).do("pause", "next")
    assert person.now.state == "paused"
    assert person.now.coming is person.timeline.sets[1]
    person.pass_(1).do("resume")
    assert person.said[-1] == "Knees bent."
    person.do("pause", "previous", "previous").pass_(100, step=1).do("resume")
    assert person.landing == Landing(0)


def test_ten_seconds_back_while_paused_for_long_are_told_where_they_lead(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 5, 1)).do("pause", "back").pass_(60, step=1).do("resume")
    assert "Rep two of six." in person.said
    assert "Knees bent." in person.said


def test_back_and_forward_stay_in_the_track(plays: Starts) -> None:
    person = plays(SHELL)
    person.pass_(3).do("back", "back")
    assert person.landing == Landing(0)
    for _ in range(30):
        if person.do("forward").session.outcome:
            break
    person.pass_(1)
    assert person.session.outcome is Outcome.COMPLETED
    assert [row[3] for row in person.rows] == ["skipped", "skipped"]


def test_back_goes_to_a_rep_ten_seconds_ago(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 5, 1)).do("back")
    assert places.beat_at(person.timeline, person.landing.sample) == rep(person, 0, 2)
    person.pass_(80)
    assert person.rows[0] == ("Clamshell", "left", 6, "done")


def test_forward_in_a_recap_cuts_the_talk_but_not_the_count_in(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 5, 1)).do("pause").pass_(60, step=1).do("resume").pass_(2)
    assert len(person.said) > 3
    person.do("forward")
    assert person.said == ["Three", "Two", "One"]
    assert person.landing.beat == rep(person, 0, 5)


def test_repeat_says_the_last_instruction_and_counts_into_the_rep(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 2, 1)).do("repeat")
    assert person.said == ["Knees bent.", "Three", "Two", "One"]
    assert person.landing.beat == rep(person, 0, 2)


def test_repeat_in_a_recap_says_the_recap_again(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 5, 1)).do("pause").pass_(60, step=1).do("resume")
    before = person.landing
    person.pass_(3).do("repeat")
    assert person.landing == before
    assert person.player.position == 0


def test_repeat_in_a_pause_is_heard_when_it_goes_on(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 2, 1)).do("pause", "repeat")
    assert person.now.state == "paused"
    person.do("resume")
    assert person.said[0] == "Knees bent."


def test_seek_and_go_to_take_seconds_and_any_number(plays: Starts) -> None:
    person = plays(SHELL)
    middle = to_seconds(rep(person, 0, 3, 2))
    person.session.go_to(middle)
    person.session.tick()
    assert places.beat_at(person.timeline, person.landing.sample) == rep(person, 0, 3)
    person.session.seek(-4)
    person.session.tick()
    assert places.beat_at(person.timeline, person.landing.sample) == rep(person, 0, 2)
    person.session.go_to(-1e300)
    person.session.tick()
    assert person.landing == Landing(0)
    person.session.seek(float("inf"))
    person.session.tick()
    assert person.landing.sample == person.timeline.length


def test_without_work_next_goes_by_sentences_and_previous_to_the_start(plays: Starts) -> None:
    person = plays(TALK, Say(text("And on."), Fraction(9), place(2)))
    person.pass_(1)
    for cue in person.timeline.cues:
        if cue.start > person.now.sample:
            person.do("next")
            assert person.landing.sample == cue.start
    person.do("previous")
    assert person.landing == Landing(0)
    person.do("repeat", "back", "forward", "pause").pass_(100, step=1).do("resume")
    assert person.now.state == "playing"


# Volume, limits, sleep.


def test_volume_goes_in_steps_and_stays_in_its_bounds(plays: Starts) -> None:
    person = plays(SHELL)
    person.do(*["softer"] * 3)
    assert person.now.volume == 0.7
    person.do(*["softer"] * 12)
    assert person.now.volume == 0.0
    person.do("louder").do("pause").do("louder")
    assert person.now.volume == 0.2
    person.session.set_volume(7.5)
    person.session.tick()
    assert person.now.volume == 1.0
    person.do("louder")
    assert person.now.volume == 1.0


def test_a_limit_counts_pauses(plays: Starts) -> None:
    person = plays(SHELL, limit=60.0)
    person.pass_(20).do("pause").pass_(39, step=1)
    assert person.session.outcome is None
    person.pass_(2)
    assert person.session.outcome is Outcome.STOPPED
    assert person.log.reason == person.session.reason == "its time was up"


def test_only_the_first_words_come_gently(plays: Starts) -> None:
    person = plays(SHELL, gently=True)
    first = person.timeline.cues[0]
    soft, loud = person.player.starts[0], render(person.timeline, person.voice, 0, 20 * RATE)
    heard = soft(0, 20 * RATE)
    clicks = np.flatnonzero(loud)
    assert heard[clicks[0]] < 0.1 * loud[clicks[0]]
    behind = first.start + 6 * RATE
    assert np.array_equal(heard[behind:], loud[behind:])
    person.pass_(4).do("pause", "resume")
    assert isinstance(person.player.starts[-1], Splice)


def test_gently_begun_in_the_middle_grows_from_its_first_word(plays: Starts) -> None:
    person = plays(SHELL, gently=True)
    session = Session(
        person.timeline, person.voice, person.player, gently=True, clock=lambda: person.player.now
    )
    landing = Landing(person.timeline.sets[0].end + RATE // 2)
    session.start(landing)
    heard = person.player.starts[-1](0, 30 * RATE)
    loud = render(person.timeline, person.voice, landing.sample, 30 * RATE)
    clicks = np.flatnonzero(loud)
    assert 0 < heard[clicks[0]] < 0.1 * loud[clicks[0]] or heard[clicks[0]] == 0
    assert np.array_equal(heard[clicks[0] + 6 * RATE :], loud[clicks[0] + 6 * RATE :])
    assert not np.array_equal(heard, loud)


def test_after_a_sleep_it_says_where_it_is(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 3, 1))
    before = person.now.sample
    person.player.now += 0.05
    person.player.now += 20.0
    person.player._began = person.player.now - (before - person.landing.sample) / RATE - 0.05
    person.session.tick()
    assert person.said[0] == "Left side, rep three of six."
    assert person.now.state == "playing"


def test_a_slow_voice_is_no_sleep(plays: Starts) -> None:
    person = plays(SHELL)
    usual = person.voice.samples

    def slow(clip: Clip) -> object:
        person.player.now += 3
        return usual(clip)

    person.to(rep(person, 0, 3, 1)).do("pause").pass_(10)
    person.voice.samples = slow  # type: ignore[method-assign, assignment]
    person.do("resume")
    person.voice.samples = usual  # type: ignore[method-assign]
    starts = len(person.player.starts)
    person.pass_(2)
    assert len(person.player.starts) == starts


def test_where_the_voice_fails_it_goes_on_with_what_there_is(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 3, 1)).do("pause").pass_(60, step=1)
    person.voice.broken = True
    person.do("resume")
    assert person.said == ["Lie on your left side.", "Knees bent."]
    assert person.now.state == "playing"


# Sound that goes.


def test_sound_that_goes_is_waited_for(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 3, 1))
    person.player.is_lost = True
    person.pass_(10)
    assert person.now.state == "waiting"
    person.do("next", "back", "repeat", "louder")
    assert person.now.state == "waiting"
    person.player.is_lost = False
    person.pass_(1)
    assert person.now.state == "playing"
    assert len(person.told) == 2


def test_a_place_asked_for_while_sound_goes_is_where_it_comes_back(plays: Starts) -> None:
    person = plays(PLANK, SHELL)
    person.to(person.timeline.sets[0].start + 5 * RATE)
    person.session.tick()
    start = person.player.start

    def refuse(pull: Pull, length: int, start: int = 0) -> None:
        person.player.stop()
        raise AudioError("gone")

    person.player.start = refuse  # type: ignore[method-assign]
    person.do("next")
    assert person.now.state == "waiting"
    person.player.start = start  # type: ignore[method-assign]
    person.pass_(2)
    assert person.said[-1] == "Knees bent."
    assert person.rows == [("Plank", None, 0, "broken off")]


def test_a_pause_without_sound_stays_a_pause(plays: Starts) -> None:
    person = plays(SHELL)
    person.to(rep(person, 0, 3, 1))
    person.player.is_lost = True
    person.pass_(2).do("toggle").pass_(2)
    assert person.now.state == "paused"
    person.do("toggle")
    assert person.now.state == "waiting"
    person.player.is_lost = False
    person.pass_(1)
    assert person.now.state == "playing"


def test_sound_that_does_not_come_back_is_an_error(plays: Starts) -> None:
    person = plays(SHELL)
    person.pass_(5)
    person.player.is_lost = True
    with pytest.raises(AudioError, match="did not come back for 10 minutes"):
        person.pass_(700, step=1)
    person.session.end(Outcome.BROKEN_OFF, "the sound device has gone")
    assert person.log.outcome == "broken off"


# Any of it, at any time.


def test_orders_come_from_any_thread(plays: Starts) -> None:
    person = plays(SHELL, MINUTE, SQUAT)
    orders = [*(["louder", "softer", "back", "forward", "pause", "resume"] * 20)]
    threads = [
        threading.Thread(target=lambda: [getattr(person.session, each)() for each in orders])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    person.pass_(2)
    assert person.session.outcome is None
    assert 0 <= person.now.sample <= person.timeline.length
    person.do("stop")
    assert person.session.outcome is Outcome.STOPPED


ROUTINES: tuple[tuple[Step, ...], ...] = (
    (TALK, SHELL, MINUTE, SQUAT, TALK),
    (RUN, PLANK, CALM),
    (TALK,),
    (
        Exercise(
            "Step",
            Tempo(span(8), phases(up="0.7")),
            place(5),
            count=Count.OFF,
            count_in=0,
            sets=2,
            rest=Fraction(0),
        ),
        RUN,
        Exercise(
            "Hang",
            Hold(span(3), span(12), Fraction(2)),
            place(6),
            sides=("left", "right"),
            alternate=Alternate.SETS,
            sets=2,
        ),
    ),
)
orders = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(each for each in SessionCommand if each is not SessionCommand.STOP),
                "lose",
                "nothing",
                "nothing",
            ]
        ),
        st.sampled_from((0.0, 0.0, 0.3, 2.0, 5.0, 13.0, 35.0)),
    ),
    max_size=25,
)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(range(len(ROUTINES))), orders, st.booleans())
def test_whatever_is_asked_the_log_is_true(
    tmp_path_factory: pytest.TempPathFactory, which: int, asked: list[tuple[str, float]], to_the_end: bool
) -> None:
    timeline = compile_routine(routine(*ROUTINES[which]), FixedSpeech())
    person = Person(tmp_path_factory.mktemp("any"), timeline)
    person.session.start()
    for command, seconds in asked:
        if person.session.outcome:
            break
        if command == "lose":
            person.player.is_lost = not person.player.is_lost
        elif command != "nothing":
            starts = len(person.player.starts)
            person.give(SessionCommand(command), seconds * 7 - 30)
            assert_clean_start(person, starts, command)
        person.pass_(seconds, step=0.5)
        now = person.now
        assert 0 <= now.sample <= timeline.length
        assert now.state == "playing" or not person.player.is_playing
        assert now.work is None or now.stretch is not None
    person.player.is_lost = False
    if to_the_end:
        person.do("resume")
        person.pass_(timeline.length / RATE + 60, step=1)
        assert person.session.outcome is Outcome.COMPLETED
    else:
        person.do("stop")
    person.history.close()
    assert_true(person)


def assert_clean_start(person: Person, starts: int, command: str) -> None:
    """Assert that what has just begun to play begins amid neither a word nor, after a pause, a rep."""
    if len(person.player.starts) == starts:
        return
    sample, timeline = person.landing.sample, person.timeline
    assert not any(cue.start < sample < cue.end for cue in timeline.cues)
    body = places.beat_at(timeline, sample)
    work = places.work_at(timeline, body)
    if command in ("resume", "toggle", "back", "repeat", "previous", "next", "go to") and work and work.reps:
        assert body in {next(p.start for p in work.spans if p.rep == part.rep) for part in work.spans}


def assert_true(person: Person) -> None:
    """Assert that the log says of every set what was heard of it, and no more."""
    person.player.close()
    heard: list[tuple[int, int]] = []
    for pull, position in person.player.heard:
        splice = splice_of(pull)
        heard.append((places.beat_at(person.timeline, splice.landing.sample), splice.place(position)))
    log = person.log
    assert log.outcome == person.session.outcome
    for work in person.timeline.sets:
        start = to_seconds(work.start)
        rows = [row for row in log.sets if row.start == start]
        spans = [(max(one, work.start), min(other, work.end)) for one, other in heard]
        overlap = sum(max(0, other - one) for one, other in spans)
        seconds = sum(row.seconds_done for row in rows)
        assert seconds <= to_seconds(overlap) + 0.3
        assert all(row.outcome != "doing" for row in rows)
        assert all(row.reps is None or 0 <= (row.reps_done or 0) <= row.reps for row in rows)
        if not overlap:
            assert [row.outcome for row in rows] in ([], ["skipped"])
        if overlap > RATE:
            assert rows
            assert "skipped" not in [row.outcome for row in rows]
        for row in rows:
            if row.outcome == "done":
                assert row.seconds_done == row.seconds
                assert row.reps_done == row.reps
        if (work.start, work.end) in spans:
            assert "done" in [row.outcome for row in rows]
