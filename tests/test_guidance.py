"""What is said with less guidance, and of doses that have grown: nothing false, nothing late."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach import phrases, script
from coach.phrases import phrasebook
from coach.progress import today
from coach.routine import (
    Alternate,
    Breath,
    Count,
    Exercise,
    Guidance,
    Hold,
    News,
    Repeat,
    Routine,
    Setback,
    Tempo,
    Text,
    Timed,
)
from coach.timeline import Timeline, compile_routine, texts
from coach.timeline.booth import BREATH
from coach.timeline.wording import word_news
from coach.units import RATE
from tests.examples import examples
from tests.strategies import PacedSpeech, phases, place, routine, routines, span, text, voices

if TYPE_CHECKING:
    pass

ROOT = Path(__file__).parents[1]
TEMPO = Tempo(span(12), phases(up=2, down=2))
LIFT = Exercise(
    "Lift",
    TEMPO,
    place(10),
    sides=("left", "right"),
    setup=(text("Lie on your {side}, approx. 45 degrees. Knees together.", 40), text("Lift the foot.", 41)),
    reminders=(text("Core tight.", 42), text("Slow.", 43)),
    breathe=(("up", Breath.OUT),),
)
Guided = Guidance.FULL, Guidance.SHORT, Guidance.QUIET


def spoken(timeline: Timeline, kind: str) -> list[str]:
    return [cue.text for cue in timeline.cues if cue.kind == kind]


def made(guidance: Guidance, *steps: Any) -> Timeline:
    return compile_routine(fitted(guidance, routine(*steps)), PacedSpeech(0.5))


def fitted(guidance: Guidance, plain: Routine) -> Routine:
    from datetime import datetime, timezone

    return today(plain, [], datetime(2026, 11, 2, tzinfo=timezone.utc), guidance=guidance)


def test_full_says_all_short_half_and_quiet_nothing_of_how_it_is_done() -> None:
    full, short, quiet = (made(guidance, LIFT) for guidance in Guided)
    assert spoken(full, "setup") == [
        "Lie on your left side, approx. 45 degrees. Knees together.",
        "Lift the foot.",
    ]
    assert spoken(short, "setup") == ["Lie on your left side, approx. 45 degrees."]
    assert spoken(quiet, "setup") == []
    assert [len(spoken(each, "reminder")) for each in (full, short, quiet)] == [6, 4, 0]
    assert [bool(spoken(each, "breath")) for each in (full, short, quiet)] == [True, True, False]
    for each in (full, short, quiet):
        assert spoken(each, "switch") == ["Switch sides. Right side."]
        assert spoken(each, "milestone") == ["Halfway", "Three more", "Last one"] * 2
        assert [work.end - work.start for work in each.sets] == [48 * RATE] * 2
        assert each.sets[1].start - each.sets[0].end == 15 * RATE
        assert each.warnings == ()


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("Sit down. Knees up.", "Sit down."),
        ("Sit down", "Sit down"),
        ("Wirklich? Ja.", "Wirklich?"),
        ("Use a band, e.g. Red. Then sit.", "Use a band, e.g. Red."),
        ("Leg dich z. B. Auf den Bauch.", "Leg dich z. B. Auf den Bauch."),
        ("Lie down, approx. half a turn. Go.", "Lie down, approx. half a turn."),
        ("Vale. ¿Listo?", "Vale."),
        ("Say \u201cyes.\u201d Then go.", "Say \u201cyes.\u201d"),
        ("Wait ... Then go.", "Wait ... Then go."),
        ("Lie on 4.5 cm. {side} first.", "Lie on 4.5 cm."),
    ],
)
def test_a_setup_is_cut_behind_its_first_sentence(words: str, first: str) -> None:
    timeline = made(Guidance.SHORT, replace(LIFT, sides=(), setup=(text(words.replace("{side}", "Left")),)))
    assert spoken(timeline, "setup") == [first]


def test_a_short_setup_of_its_own_is_taken_and_a_recording_is_played_whole() -> None:
    own = replace(LIFT, short=(text("On your {side}."),))
    assert spoken(made(Guidance.SHORT, own), "setup") == ["On your left side."]
    assert len(spoken(made(Guidance.FULL, own), "setup")) == 2
    assert spoken(made(Guidance.QUIET, own), "setup") == []
    recorded = replace(LIFT, setup=(Text("One. Two.", place(40), Path("one.wav")),))
    assert spoken(made(Guidance.SHORT, recorded), "setup") == ["One. Two."]


@pytest.mark.parametrize("guidance", Guided)
def test_there_is_time_to_get_into_position_whatever_is_said(guidance: Guidance) -> None:
    timeline = made(guidance, LIFT)
    before = max(cue.end for cue in timeline.cues if cue.kind in ("announce", "setup"))
    count_in = next(cue for cue in timeline.cues if cue.kind == "countdown")
    assert count_in.start - before >= 5 * RATE - BREATH


def test_a_nearer_setup_does_not_keep_a_farther_short_form(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "title: A\nexercises:\n  lift:\n    exercise: Lift\n    reps: 3\n    tempo: {up: 1}\n"
        "    setup: Lie down. Now.\n    short: Down.\nsteps:\n  - use: lift\n  - use: lift\n"
        "    exercise: Other\n    setup: Stand up. Now.\n",
        "utf-8",
    )
    first, second = script.load(path).exercises()
    assert [each.words for each in first.short] == ["Down."]
    assert second.short == ()


@pytest.mark.parametrize("guidance", ["short", "quiet"])
@pytest.mark.parametrize(
    "exercise",
    [
        replace(LIFT, dose=Tempo(span(3), phases(up=2, down=2)), reminders_every=1),
        replace(LIFT, dose=Hold(span(3), span(15), Fraction(3)), breathe=()),
        replace(LIFT, dose=Timed(Fraction(40)), breathe=(), breathing=phases(**{"in": 4, "out": 4})),
        replace(LIFT, count=Count.OFF),
        replace(LIFT, count=Count.REPS),
    ],
    ids=["tempo", "hold", "timed", "off", "reps"],
)
def test_nothing_is_missed_that_was_not_to_be_said(guidance: Guidance, exercise: Exercise) -> None:
    assert not [each for each in made(guidance, exercise).warnings if "never said" in each.message]


def test_full_guidance_still_warns_of_what_is_never_said() -> None:
    lift = replace(LIFT, sides=(), setup=(), dose=Tempo(span(4), phases(up=2, down=2)))
    assert [each.message for each in made(Guidance.FULL, lift).warnings] == [
        "'Slow.' is never said: no turn with room for it came"
    ]


def test_the_breath_stays_where_it_alone_tells_when_to_turn() -> None:
    assert spoken(made(Guidance.QUIET, replace(LIFT, count=Count.OFF)), "breath")


def test_holds_and_timed_work_have_half_the_reminders() -> None:
    plank = replace(LIFT, dose=Timed(Fraction(120)), breathe=(), sides=(), setup=())
    full, short = (len(spoken(made(guidance, plank), "reminder")) for guidance in Guided[:2])
    assert full / 2 <= short <= full / 2 + 1


@settings(max_examples=examples(20), deadline=None)
@given(routines, voices, st.sampled_from(["short", "quiet"]))
def test_work_is_the_same_with_less_said(plain: Routine, voice: PacedSpeech, guidance: Guidance) -> None:
    from coach.errors import ScriptError

    def compiled(each: Routine) -> Timeline | None:
        try:
            return compile_routine(each, PacedSpeech(voice.factor, voice.late))
        except ScriptError:
            return None

    full, less = compiled(plain), compiled(fitted(guidance, plain))
    if full is None or less is None:
        return
    assert [(work.name, work.side, work.number) for work in less.sets] == [
        (work.name, work.side, work.number) for work in full.sets
    ]
    for one, other in zip(full.sets, less.sets, strict=True):
        assert abs((one.end - one.start) - (other.end - other.start)) <= 1
    for before, after in pairwise(less.cues):
        assert before.end <= after.start
    assert not [cue for cue in less.cues if guidance == "quiet" and cue.kind in ("setup", "reminder")]
    assert not [each for each in less.warnings if "never said" in each.message]


# What changed.


def opening(*changes: News, language: str = "en", names: int = 5) -> list[str]:
    steps = [replace(LIFT, name=f"Lift {number}") for number in range(names)]
    return word_news(replace(routine(*steps), news=changes), phrasebook(language))


def test_one_exercise_needs_no_name() -> None:
    assert opening(News("Lift 0", reps=1), names=1) == ["One more rep today."]
    assert opening(News("Lift 0", seconds=2), names=1) == ["Two more seconds today."]
    assert opening(News("Lift 0", reps=-2), names=1) == ["Two reps less today."]
    assert opening(News("Lift 0", because=Setback.HURT), names=1) == [
        "No more than last time, because it hurt."
    ]
    assert opening(News("Lift 0", "left", reps=-1), News("Lift 0", "right", reps=1), names=1) == [
        "One rep less today: left side.",
        "One more rep today: right side.",
    ]


def test_what_changed_alike_is_one_sentence() -> None:
    assert opening(News("Lift 0", reps=1), News("Lift 1", reps=1), News("Lift 2", seconds=2)) == [
        "One more rep today: Lift 0 and Lift 1.",
        "Two more seconds today: Lift 2.",
    ]
    assert opening(*(News(f"Lift {number}", because=Setback.AWAY) for number in range(3))) == [
        "After the break, less again today: Lift 0, Lift 1 and Lift 2."
    ]


def test_many_exercises_are_a_number() -> None:
    many = [News(f"Lift {number}", reps=1) for number in range(4)]
    assert opening(*many, News("Lift 4", "left", reps=1)) == ["One more rep today: five exercises."]


@pytest.mark.parametrize("language", phrases.languages())
def test_every_language_has_all_of_it(language: str) -> None:
    everything = [
        change
        for because in Setback
        for change in (News("Lift 0", because=because), News("Lift 1", because=because))
    ]
    everything += [News("Lift 0", reps=reps) for reps in (1, 2, -1, -2)]
    everything += [News("Lift 0", "left", seconds=seconds) for seconds in (1, 2, -1, -2)]
    said = opening(*everything, language=language)
    assert len(set(said)) == 12
    assert not [each for each in said if "{" in each or not each[0].isupper()]


def test_the_opening_tells_the_news_and_the_end_the_variant() -> None:
    grown = replace(routine(LIFT), news=(News("Lift", reps=1),), outgrown=("Lift",))
    timeline = compile_routine(grown, PacedSpeech(0.5))
    assert spoken(timeline, "title")[-1] == "One more rep today."
    assert spoken(timeline, "end") == [
        "Next time you could try the harder variant: Lift.",
        "Session complete. Well done.",
    ]
    assert {*spoken(timeline, "title")[2:], *spoken(timeline, "end")} <= {*texts(grown)}


def test_a_dose_that_differs_from_side_to_side_is_told_at_the_change() -> None:
    def on(reps: int) -> Tempo:
        return replace(TEMPO, reps=span(reps))

    differing = replace(LIFT, dose=on(10), doses=(("left", on(11)), ("right", on(12))))
    timeline = compile_routine(routine(differing), PacedSpeech(0.5))
    assert spoken(timeline, "announce") == ["Lift, left side. Eleven reps.", "Twelve reps."]
    assert [work.reps for work in timeline.sets] == [11, 12]
    assert timeline.sets[1].start - timeline.sets[0].end == 15 * RATE
    round_again = compile_routine(routine(Repeat(2, (differing,), Fraction(30), place(5))), PacedSpeech(0.5))
    assert [each for each in spoken(round_again, "announce") if "reps" in each] == [
        "Lift, left side. Eleven reps.",
        "Twelve reps.",
        "Next, Lift, left side. Eleven reps.",
        "Twelve reps.",
    ]
    bobbing = compile_routine(
        routine(replace(differing, sets=2, alternate=Alternate.SETS, rest=Fraction(30))), PacedSpeech(0.5)
    )
    assert len([each for each in spoken(bobbing, "announce") if "reps" in each]) == 4
