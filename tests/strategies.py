"""Routines, exercises and voices for property tests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from coach.errors import Location
from coach.routine import (
    Alternate,
    Breath,
    Breathing,
    Calls,
    ClockLadder,
    Count,
    Every,
    Exercise,
    Hold,
    Ladder,
    Phase,
    Range,
    Repeat,
    Rest,
    Routine,
    Say,
    SetPlan,
    Sound,
    SoundName,
    Step,
    Tempo,
    Text,
    Timed,
    Told,
)
from coach.script.values import BREATHS
from coach.speech import Clip
from tests.voices import FixedSpeech

if TYPE_CHECKING:
    from collections.abc import Sequence

TITLE_PLACE = Location("made.yaml", 1, 8)
WORDS = ("up", "down", "hold", "lift", "lower", "out", "sway", "press and turn")


class PacedSpeech(FixedSpeech):
    """A `FixedSpeech` whose clips are `factor` times as long, their attacks `late` times as late."""

    def __init__(self, factor: float = 1.0, late: float = 1.0) -> None:
        super().__init__()
        self.factor = factor
        self.late = late

    def clip(self, text: str, rate: float = 1.0) -> Clip:
        clip = super().clip(text, rate)
        length = int(clip.length * self.factor)
        return Clip(clip.key, length, min(int(clip.attack * self.late), length))

    def __repr__(self) -> str:
        return f"PacedSpeech({self.factor}, {self.late})"


def place(line: int) -> Location:
    return Location("made.yaml", line, 5)


def text(words: str, line: int = 50) -> Text:
    return Text(words, place(line))


def span(number: int | str | Fraction) -> Range:
    return Range(Fraction(number), Fraction(number))


def phases(**seconds: str | float) -> tuple[Phase, ...]:
    return tuple(Phase(name, Fraction(str(length))) for name, length in seconds.items())


def routine(*steps: Step, title: str = "Made up") -> Routine:
    return Routine(title, steps, TITLE_PLACE)


def seconds(low: str, high: str) -> st.SearchStrategy[Fraction]:
    """Lengths as people write them, whole more often than not, some with an awkward fraction."""
    least, most = Fraction(low), Fraction(high)
    awkward = st.decimals(str(low), str(high), places=4).map(Fraction)
    if int(most) > -int(-least):
        return st.one_of(st.integers(max(1, -int(-least)), int(most)).map(Fraction), awkward)
    return awkward


voices = st.builds(
    PacedSpeech, st.sampled_from((0.4, 1.0, 1.0, 1.6, 3.0)), st.sampled_from((0.0, 1.0, 1.0, 5.0))
)

_phases = st.lists(st.builds(Phase, st.sampled_from(WORDS), seconds("0.2", "5")), min_size=1, max_size=4)
_texts = st.lists(
    st.sampled_from(
        (
            "Breathe.",
            "Core tight.",
            "Do not roll forward.",
            "Rep {rep} of {reps}, slow.",
            "Keep the whole upper body straight and the abdominals engaged, from the first rep to the last.",
        )
    ),
    max_size=4,
)


@st.composite
def tempos(draw: st.DrawFn, most_reps: int = 20) -> Tempo:
    return Tempo(span(draw(st.integers(1, most_reps))), tuple(draw(_phases)))


@st.composite
def exercises(draw: st.DrawFn, number: int = 1, doses: Sequence[str] = ("tempo", "hold", "for")) -> Exercise:
    """An exercise with any field; `number` makes its name and its lines."""
    kind = draw(st.sampled_from(doses))
    dose: Tempo | Hold | Timed
    breathe: tuple[tuple[str, Breath], ...] = ()
    breathing: tuple[Phase, ...] = ()
    calls = None
    if kind == "tempo":
        dose = draw(tempos())
        counts = draw(st.sampled_from((None, None, None, 2, 5)))
        dose = replace(dose, phases=tuple(replace(phase, counts=counts) for phase in dose.phases))
        names = sorted({phase.name for phase in dose.phases})
        chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
        breathe = tuple((name, draw(st.sampled_from(BREATHS))) for name in chosen)
    else:
        if kind == "hold":
            dose = Hold(
                span(draw(st.integers(1, 8))), span(draw(seconds("1", "40"))), draw(seconds("0.1", "5"))
            )
        else:
            dose = Timed(draw(seconds("1", "90")))
        breathing = draw(
            st.sampled_from(((), phases(**{"in": 4, "out": 4}), phases(**{"in": 0.5, "out": 0.5})))
        )
        calls = draw(st.sampled_from((None, None, Calls(Fraction(10)), Calls(Fraction(7), Told.GONE))))
    lines = 10 * number
    reminders = [
        words for words in draw(_texts) if kind != "for" or "{" not in words
    ]  # a time has no reps to speak of
    setup = draw(st.lists(st.sampled_from(("Lie down.", "Knees bent, {exercise}.")), max_size=2))
    return Exercise(
        name=f"{draw(st.sampled_from(('Squat', 'A very long exercise name that goes on')))} {number}",
        dose=dose,
        location=place(lines),
        sides=draw(st.sampled_from(((), ("left", "right"), ("left",), ("left leg", "other", "both")))),
        switch=draw(seconds("0.1", "30")),
        sets=draw(st.integers(1, 3)),
        rest=draw(st.one_of(st.just(Fraction(0)), seconds("1", "60"))),
        alternate=draw(st.sampled_from(Alternate)),
        setup=tuple(text(words, lines + 1) for words in setup),
        ready=draw(seconds("0.1", "6")),
        count_in=draw(st.sampled_from((0, 0, 1, 3, 10))),
        reminders=tuple(text(words, lines + 2 + at) for at, words in enumerate(reminders)),
        reminders_every=draw(st.integers(1, 5)),
        breathe=breathe,
        breathing=breathing,
        calls=calls,
        tick=draw(st.sampled_from((None, None, None, Fraction(3, 5)))),
        reminders_seconds=draw(st.sampled_from((None, None, Fraction(15)))),
        count=draw(st.sampled_from([each for each in Count if each != Count.ROUNDS])),
    )


@st.composite
def varied(draw: st.DrawFn, number: int = 1) -> Exercise:
    """An exercise whose sets differ, or the parts of whose sets do."""
    made = draw(exercises(number))
    kinds = [("tempo", "hold", "for"), ("tempo",)][made.alternate is Alternate.REPS]
    others = draw(st.lists(exercises(number, kinds), min_size=1, max_size=3))
    if made.alternate is Alternate.REPS and isinstance(made.dose, Timed):
        return made
    loads = st.sampled_from((None, "20 kg", "22.5 kg", "the red band"))
    plans = tuple(
        SetPlan(each.dose, each.rest, draw(loads), each.breathe, each.breathing, each.count)
        for each in (made, *others)
    )
    cluster = draw(st.one_of(st.none(), seconds("0", "20"))) if made.alternate is Alternate.NO else None
    if cluster is None and draw(st.booleans()):
        plans = (*plans[:-1], replace(plans[-1], rest=None))
    sets = made.sets if cluster is not None else len(plans)
    reminders = tuple(each for each in made.reminders if "{" not in each.words)
    return replace(made, plans=plans, cluster=cluster, sets=sets, load=plans[0].load, reminders=reminders)


@st.composite
def breathings(draw: st.DrawFn, number: int = 1) -> Breathing:
    names = draw(st.lists(st.sampled_from(Breath), min_size=1, max_size=4, unique=True))
    return Breathing(
        tuple(Phase(str(name), draw(seconds("0.3", "8"))) for name in names),
        draw(st.integers(1, 6)),
        draw(st.sampled_from((Count.OFF, Count.TEMPO, Count.PHASES, Count.ROUNDS))),
        draw(st.sampled_from((0, 3))),
        place(10 * number),
    )


@st.composite
def steps(draw: st.DrawFn, depth: int = 2, most: int = 4) -> tuple[Step, ...]:
    made: list[Step] = []
    for _ in range(draw(st.integers(1, most))):
        number = draw(st.integers(1, 6))
        kinds = ["say", "rest", "sound", "exercise", "exercise", "varied", "breathing"]
        kinds += ["repeat", "ladder", "every", "clock ladder"] if depth else []
        kind = draw(st.sampled_from(kinds))
        if kind == "say":
            words = draw(st.sampled_from(("Well done.", "Now the {{hard}} part, once more, with feeling.")))
            pause = draw(st.one_of(st.just(Fraction(0)), seconds("0.1", "5")))
            made.append(Say(text(words, 10 * number), pause, place(10 * number)))
        elif kind == "rest":
            calls = draw(st.sampled_from((None, None, Calls(Fraction(20)), Calls(Fraction(7), Told.GONE))))
            silent = draw(st.sampled_from((False, False, True)))
            made.append(Rest(draw(seconds("0.1", "60")), place(10 * number), silent, calls))
        elif kind == "sound":
            name = draw(st.sampled_from(SoundName))
            made.append(Sound(text(name, 10 * number), draw(st.booleans()), place(10 * number)))
        elif kind == "exercise":
            made.append(draw(exercises(number)))
        elif kind == "varied":
            made.append(draw(varied(number)))
        elif kind == "breathing":
            made.append(draw(breathings(number)))
        elif kind == "repeat":
            inner = draw(steps(depth=depth - 1, most=3))
            rest = draw(st.one_of(st.just(Fraction(0)), seconds("0.1", "30")))
            made.append(Repeat(draw(st.integers(1, 3)), inner, rest, place(10 * number)))
        elif kind == "ladder":
            bodies = draw(st.lists(steps(depth=depth - 1, most=2), min_size=1, max_size=3))
            between = draw(st.one_of(st.none(), seconds("0", "30")))
            made.append(Ladder(tuple(bodies), between, place(10 * number)))
        elif kind == "clock ladder":
            bodies = draw(st.lists(steps(depth=depth - 1, most=2), min_size=1, max_size=3))
            made.append(ClockLadder(draw(seconds("5", "900")), tuple(bodies), place(10 * number)))
        else:
            inner = draw(steps(depth=depth - 1, most=2))
            made.append(Every(draw(seconds("5", "900")), draw(st.integers(1, 3)), inner, place(10 * number)))
    return tuple(made)


routines = st.builds(
    Routine,
    title=st.sampled_from(("Made up", "Squat 1")),
    steps=steps(),
    location=st.just(TITLE_PLACE),
    lead_in=seconds("0.1", "3"),
)
