"""Programmes as people are given them: what is heard is what was written, to the sample."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coach import script
from coach.encode.track import Track
from coach.errors import ScriptError
from coach.mix import UNDER, render
from coach.phrases import phrasebook
from coach.routine import SoundName
from coach.speech.cache import ClipCache
from coach.speech.sounds import record_sound
from coach.speech.speech import Speech
from coach.timeline import Timeline, compile_routine, contract
from coach.units import RATE, to_samples
from tests.voices import ClickVoice, FixedSpeech

if TYPE_CHECKING:
    from coach.timeline import Cue

PROGRAMMES = Path(__file__).with_name("programmes")


def programme(name: str) -> Timeline:
    return compile_routine(script.load(PROGRAMMES / f"{name}.yaml"), FixedSpeech())


def written(folder: Path, steps: str) -> Timeline:
    path = folder / "made.yaml"
    path.write_text(f"title: Made up\n{steps}", encoding="utf-8")
    return compile_routine(script.load(path), FixedSpeech())


def on_beats(timeline: Timeline, *, of: str | None = None) -> list[tuple[float, str]]:
    """Return the words on the beats of the work, in seconds from the first one."""
    first = timeline.sets[0].start
    cues: list[Cue] = [cue for cue in timeline.cues if cue.beat is not None and cue.rep is not None]
    return [
        ((cue.beat - first) / RATE, cue.text)
        for cue in cues
        if cue.beat is not None and of in (None, cue.kind)
    ]


def messages(timeline: Timeline) -> list[str]:
    return [warning.message for warning in timeline.warnings]


# What is counted


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "nadi_shodhana",
            ["Breathe in left", "Hold", "Breathe out right", "Breathe in right", "Hold", "Breathe out left"],
        ),
        (
            "nadi_shodhana_de",
            ["Links einatmen", "Halten", "Rechts ausatmen", "Rechts einatmen", "Halten", "Links ausatmen"],
        ),
    ],
)
def test_breathing_takes_any_phases_in_order(name: str, said: list[str]) -> None:
    timeline = programme(name)
    assert on_beats(timeline) == [(4.0 * at, said[at % 6]) for at in range(54)]
    assert timeline.sets[0].end - timeline.sets[0].start == 216 * RATE
    assert not timeline.warnings


def test_phases_alone_are_called_on_their_beats_without_seconds() -> None:
    timeline = programme("sun_salutation")
    said = ["Prayer", "Arms up", "Fold forward", "Leg back", "Plank", "Cobra"]
    wanted = [(4.0 * at, said[at % 6]) for at in range(18)]
    wanted[12] = (48.0, "Last one")
    assert on_beats(timeline) == wanted
    assert not timeline.warnings


def test_names_that_nothing_is_said_of_are_told() -> None:
    timeline = programme("sun_salutation_off")
    assert on_beats(timeline) == [(48.0, "Last one")]
    told = "'count: off' leaves out the names of the phases, such as 'prayer'; 'count: phases' says them"
    assert messages(timeline) == [told]


def test_breaths_are_numbered_and_the_hold_begins_where_the_last_one_ends() -> None:
    timeline = programme("wim_hof")
    breaths, empty, recovery = timeline.sets
    assert empty.start == breaths.end == breaths.start + 90 * RATE
    assert recovery.start == empty.end == empty.start + 60 * RATE
    words = on_beats(timeline)
    assert words[:4] == [(0.0, "Breathe in"), (1.5, "Breathe out"), (3.0, "Two"), (4.5, "Breathe out")]
    assert (87.0, "Thirty") in words


def test_breathing_that_is_off_has_milestones_at_most(tmp_path: Path) -> None:
    steps = "steps: [{breathing: {in: 4, out: 4}, rounds: 8, count: off}]"
    assert on_beats(written(tmp_path, steps)) == [(32.0, "Halfway"), (40.0, "Three more"), (56.0, "Last one")]


def test_a_breath_too_short_for_its_word_has_a_shorter_one(tmp_path: Path) -> None:
    timeline = written(tmp_path, "steps: [{breathing: [in: 1, hold: 0.3, in: 0.3, out: 3], rounds: 2}]")
    assert [text for _, text in on_beats(timeline)] == 2 * ["Breathe in", "Hold", "In", "Breathe out"]


def test_holds_whose_phases_alone_are_called_are_not_counted_down(tmp_path: Path) -> None:
    timeline = written(tmp_path, "steps: [{exercise: Plank, hold: 40, reps: 2, relax: 5, count: phases}]")
    assert on_beats(timeline) == [(0.0, "Hold"), (40.0, "Relax"), (45.0, "Hold"), (85.0, "Relax")]


# How fast


def test_counts_are_spread_over_a_phase_of_any_length() -> None:
    timeline = programme("hundred")
    said = [text for _, text in on_beats(timeline)]
    assert said[:10] == ["In", "Two", "Three", "Four", "Five", "Out", "Two", "Three", "Four", "Five"]
    assert [at for at, _ in on_beats(timeline)] == [number * 6 / 10 for number in range(100)]
    assert timeline.sets[0].end - timeline.sets[0].start == 60 * RATE


def test_beats_and_fractions_of_a_second_are_exact() -> None:
    timeline = programme("ramp")
    one, two, three = timeline.sets
    assert one.end - one.start == 60 * RATE
    assert two.start == one.end
    assert three.start == two.end == one.end + to_samples(Fraction(16 * 4 * 60, 65))
    whole = Fraction(60) + Fraction(16 * 4 * 60, 65) + Fraction(17 * 4 * 60, 70)
    assert three.end == one.start + to_samples(whole)


def test_a_pace_has_the_number_alone_on_its_beat(tmp_path: Path) -> None:
    timeline = written(tmp_path, "steps: [{exercise: Squat, reps: 5, pace: 3}]")
    said = ["Go", "Two", "Three", "Four", "Last one"]
    assert on_beats(timeline) == [(3.0 * number, word) for number, word in enumerate(said)]
    assert not timeline.warnings


def test_reps_that_nothing_is_said_of_take_four_seconds_which_is_told(tmp_path: Path) -> None:
    steps = "steps:\n- {exercise: Squat, reps: 5}\n- {exercise: Lunge, reps: 3, sets: 2}\n"
    timeline = written(tmp_path, steps)
    assert [cue.text for cue in timeline.cues if cue.set == 2 and cue.rep] == ["Go", "Two", "Last one"]
    told = "reps without a tempo take 4 s each ('pace: 4'); give them a tempo or a pace of their own"
    assert messages(timeline) == [f"{told}, on lines 3, 4"]
    assert not written(tmp_path, "defaults: {pace: 4}\n" + steps).warnings


@pytest.mark.parametrize(
    ("dose", "reps", "told"),
    [
        ("for: 60, tempo: {up: 1, down: 2}", 20, []),
        ("for: 60, pace: 3", 20, []),
        ("for: 60, tempo: {up: 3, down: 4}", 8, ["8 reps of 7 s fit into 60 s; the work lasts 56 s"]),
        ("for: 2 min, bpm: 100, beats: {left: 1, right: 1}", 100, []),
    ],
)
def test_a_time_has_as_many_whole_reps_as_fit(tmp_path: Path, dose: str, reps: int, told: list[str]) -> None:
    timeline = written(tmp_path, f"steps: [{{exercise: Turn, {dose}}}]")
    assert timeline.sets[0].reps == reps
    assert messages(timeline)[: len(told)] == told
    name = next(cue.text for cue in timeline.cues if cue.kind == "announce")
    assert name == f"Turn. {phrasebook('en').number(reps).capitalize()} reps."


@pytest.mark.parametrize(
    ("dose", "problem"),
    [
        ("for: 5, tempo: {up: 3, down: 4}", "a rep takes 7 s, so none fits into 5 s"),
        ("reps: 5, beats: {up: 1}", "beats need a 'bpm', such as 100"),
        ("reps: 5, bpm: 100, tempo: {up: 1}", "'bpm' goes with 'beats' for each phase"),
        ("hold: 5, count: {of: 5}", "'count: {of: ...}' needs phases, a 'tempo'"),
        ("reps: 5, pace: 3, tempo: {up: 1}", "two doses ('tempo' and 'pace'); an exercise has one"),
        ("reps: 5, tempo: {up: 1}, count: {of: 5, per: 3}", "'count' as a mapping has 'of' alone"),
        ("reps: 5, tempo: {up: 60/0}", "must be a duration of 0.2 to 600 seconds"),
    ],
)
def test_a_pace_that_cannot_be_is_told(tmp_path: Path, dose: str, problem: str) -> None:
    with pytest.raises(ScriptError, match=re.escape(problem)):
        written(tmp_path, f"steps: [{{exercise: Turn, {dose}}}]")


def test_a_nearer_pace_or_tempo_replaces_a_farther_one(tmp_path: Path) -> None:
    timeline = written(
        tmp_path,
        "exercises: {turn: {exercise: Turn, bpm: 120, beats: {left: 2, right: 2}, reps: 6}}\n"
        "steps: [{use: turn}, {use: turn, tempo: {left: 3}}, {use: turn, pace: 5}, {use: turn, reps: 2}]",
    )
    assert [(work.end - work.start) / RATE for work in timeline.sets] == [12, 18, 30, 4]


# Sounds


def rings(timeline: Timeline) -> list[tuple[float, str]]:
    """Return the sounds, in seconds from the first one."""
    beats = [sound.beat or 0 for sound in timeline.sounds]
    return [
        ((beat - beats[0]) / RATE, sound.text) for beat, sound in zip(beats, timeline.sounds, strict=True)
    ]


def test_bells_ring_on_the_second_and_nothing_else_is_heard() -> None:
    timeline = programme("zazen")
    bells = [(0.0, "bell"), (1500.0, "bell"), (1800.0, "bell"), (3300.0, "bell"), (3600.0, "bell")]
    assert rings(timeline) == [*bells, (5100.0, "gong")]
    assert not timeline.cues
    assert timeline.length == timeline.sounds[-1].end
    assert contract(timeline)["cues"]


def test_a_sound_takes_no_time_unless_it_waits(tmp_path: Path) -> None:
    run = "{exercise: Run, for: 10}"
    plain = written(tmp_path, f"steps: [{run}, {run}]")
    rung = written(tmp_path, f"steps: [{run}, sound: bell, {run}, sound: gong]")
    assert [cue.beat for cue in rung.cues if cue.kind == "count"] == [
        cue.beat for cue in plain.cues if cue.kind == "count"
    ]
    assert [sound.beat for sound in rung.sounds] == [work.end for work in rung.sets]
    waited = written(tmp_path, "steps: [{sound: bell, wait: yes}, say: Now., {sound: tick}]")
    assert waited.sounds[0].end == next(cue.start for cue in waited.cues if cue.text == "Now.")


def test_a_sound_at_the_end_of_a_rest_rings_on_the_first_beat(tmp_path: Path) -> None:
    run = "{exercise: Run, for: 10}"
    timeline = written(tmp_path, f"steps: [{run}, rest: 30, sound: bell, {run}]")
    one, two = timeline.sets
    assert two.start - one.end == 30 * RATE
    assert [sound.beat for sound in timeline.sounds] == [two.start]


def test_every_round_has_its_sound_on_the_clock(tmp_path: Path) -> None:
    steps = "steps: [{every: 17, rounds: 5, steps: [sound: tick, say: 'Mark {round}.']}]"
    timeline = written(tmp_path, steps)
    assert rings(timeline) == [(17.0 * number, "tick") for number in range(5)]
    said = [cue.start for cue in timeline.cues if cue.kind == "say"]
    assert said == [sound.beat for sound in timeline.sounds]


def test_a_silent_rest_says_only_what_comes_next_and_late(tmp_path: Path) -> None:
    run = "{exercise: Run, for: 10}"
    timeline = written(tmp_path, f"steps: [{run}, rest: {{for: 60, silent: yes}}, {run}]")
    one, two = timeline.sets
    between = [cue for cue in timeline.cues if one.end < (cue.beat or cue.start) < two.start]
    assert [cue.text for cue in between] == ["Next, Run.", "Three", "Two", "One"]
    assert between[0].start > two.start - 5 * RATE


def test_a_long_rest_calls_the_time(tmp_path: Path) -> None:
    run = "{exercise: Run, for: 10}"
    timeline = written(tmp_path, f"steps: [{run}, rest: {{for: 2 min, calls: 30}}, {run}]")
    end = timeline.sets[1].start
    called = [
        ((end - (cue.beat or 0)) / RATE, cue.text) for cue in timeline.cues if cue.kind == "rest" and cue.beat
    ]
    assert called == [
        (90.0, "One minute thirty seconds left"),
        (60.0, "One minute left"),
        (30.0, "Thirty seconds left"),
        (10.0, "Ten seconds left"),
    ]


def test_sounds_lie_under_the_voice_and_ring_at_their_beat() -> None:
    for name in SoundName:
        recording = record_sound(name)
        assert recording.fault() is None
        assert recording.attack < RATE // 50
        assert recording == record_sound(name)


def test_a_sound_that_nobody_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"must be bell, gong or tick, or a file such as bowl.wav.*'bel'"):
        written(tmp_path, "steps: [sound: bel]")
    with pytest.raises(ScriptError, match="there is no file"):
        written(tmp_path, "steps: [sound: bowl.wav]")


def test_opening_and_closing_are_what_a_script_says_or_nothing(tmp_path: Path) -> None:
    run = "steps: [{exercise: Run, for: 10}]"
    own = written(tmp_path, f"opening: [Hello., Sit down.]\nclosing: Bye.\n{run}")
    assert [cue.text for cue in own.cues if cue.kind in ("title", "end")] == ["Hello.", "Sit down.", "Bye."]
    none = written(tmp_path, f"opening: none\nclosing: []\n{run}")
    assert {cue.kind for cue in none.cues} == {"announce", "countdown", "count", "milestone"}


# The time


def test_a_time_cap_is_called_and_its_content_said_now_and_then() -> None:
    timeline = programme("amrap")
    start = timeline.sets[0].start
    assert timeline.sets[0].end - start == 600 * RATE
    called = [((cue.beat or 0) - start, cue.text) for cue in timeline.cues if "left" in cue.text]
    said = ["Eight minutes left", "Six minutes left", "Four minutes left", "Two minutes left"]
    assert called == [(120 * number * RATE, text) for number, text in enumerate(said, 1)]
    reminded = [cue.start for cue in timeline.cues if cue.kind == "reminder"]
    assert 8 <= len(reminded) <= 10
    assert all(60 <= (other - one) / RATE < 75 for one, other in pairwise(reminded))


def test_a_hold_is_called_by_the_time_that_has_gone() -> None:
    timeline = programme("dead_hang")
    start = timeline.sets[0].start
    timed = [((cue.beat or 0) - start, cue.text) for cue in timeline.cues if "gone" in cue.text]
    assert timed == [(30 * RATE, "Thirty seconds gone"), (60 * RATE, "One minute gone")]
    setup = next(cue for cue in timeline.cues if cue.kind == "setup")
    assert (start - setup.end) / RATE >= 10


@pytest.mark.parametrize("count", ["tempo", "off"])
def test_a_metronome_ticks_on_each_beat_without_a_word(tmp_path: Path, count: str) -> None:
    timeline = programme("gaze")
    start = timeline.sets[0].start
    beats = {(sound.beat or 0) - start for sound in timeline.sounds}
    words = {(cue.beat or 0) - start for cue in timeline.cues if cue.beat}
    assert beats | (words & {14400 * number for number in range(200)}) == {
        14400 * number for number in range(200)
    }
    assert not beats & words
    turns = written(
        tmp_path,
        f"steps: [{{exercise: Turn, reps: 3, bpm: 100, beats: [left: 2, right: 1], count: {count}}}]",
    )
    ticks = [((sound.beat or 0) - turns.sets[0].start) // 14400 for sound in turns.sounds]
    assert ticks == ([] if count == "tempo" else [0, 1, 2, 3, 4, 5, 7, 8])


@pytest.mark.parametrize(
    ("dose", "problem"),
    [
        ("for: 60, reminders_every: 4", "'reminders_every' counts reps here, and 'for' has none"),
        ("reps: 4, tempo: {up: 1}, calls: 30s", "'calls' tell the time of a 'hold' or of 'for' alone"),
        ("for: 60, calls: {each: 3}", "unknown key 'each'"),
        ("reps: 4, relax: 5", "'relax' needs a 'hold'"),
        ("reps: 4, start: lifting", "'start' needs a tempo of four digits"),
        ("reps: 4, count: {of: 5}", "'count: {of: ...}' needs phases, a 'tempo'"),
        ("reps: 4, breathe: {up: in}", "'breathe' needs a 'tempo', whose phases it names"),
    ],
)
def test_times_that_nobody_could_hear_are_told(tmp_path: Path, dose: str, problem: str) -> None:
    with pytest.raises(ScriptError, match=re.escape(problem)):
        written(tmp_path, f"steps: [{{exercise: Turn, {dose}}}]")


def test_reminders_in_seconds_hold_for_reps_too(tmp_path: Path) -> None:
    steps = "steps: [{exercise: Squat, reps: 20, tempo: {up: 2, down: 2}, reminders: [Up., Low.], %s}]"
    reps = written(tmp_path, steps % "reminders_every: 5")
    seconds = written(tmp_path, steps % "reminders_every: 20s")
    assert reps.cues == seconds.cues


def test_an_album_has_the_sounds_of_the_whole(tmp_path: Path) -> None:
    speech = FixedSpeech()
    whole = written(tmp_path, "steps: [{exercise: Run, for: 10}, {sound: bell}, {exercise: Walk, for: 10}]")
    parts = [Track(whole, number).timeline for number in range(1, len(whole.chapters) + 1)]
    assert len(parts) == 2
    joined = np.concatenate([render(part, speech, 0, part.length) for part in parts])
    assert np.array_equal(joined, render(whole, speech, 0, whole.length))
    beat = whole.sounds[0].beat or 0
    assert joined[beat] == pytest.approx(0.5 + 0.5 * UNDER)  # the next name is on that beat, too


def test_a_sound_is_kept_as_a_clip_is(tmp_path: Path) -> None:
    cache = ClipCache(tmp_path / "clips")
    one, other = Speech(ClickVoice(), cache), Speech(ClickVoice(), cache)
    clip = one.sound(SoundName.BELL)
    assert clip == other.sound(SoundName.BELL)
    assert np.array_equal(one.samples(clip), other.samples(clip))
    assert cache.load(clip.key) is not None
