"""The grammar of every sentence that Coach composes: a table of cases for each language."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from coach.phrases import phrasebook
from coach.routine import Exercise, Hold, Tempo, Timed
from coach.timeline import compile_routine
from tests.strategies import phases, place, routine, span
from tests.voices import FixedSpeech

LANGUAGES = ("en", "de", "es", "fr")

DURATIONS = [
    ("0.5", "half a second", "eine halbe Sekunde", "medio segundo", "une demi-seconde"),
    ("1", "one second", "eine Sekunde", "un segundo", "une seconde"),
    ("1.5", "one and a half seconds", "anderthalb Sekunden", "un segundo y medio", "une seconde et demie"),
    ("2.5", "two and a half seconds", "zweieinhalb Sekunden", "dos segundos y medio",
     "deux secondes et demie"),
    ("21", "twenty-one seconds", "einundzwanzig Sekunden", "veintiún segundos", "vingt et une secondes"),
    ("30", "thirty seconds", "dreißig Sekunden", "treinta segundos", "trente secondes"),
    ("30.5", "thirty and a half seconds", "dreißigeinhalb Sekunden", "treinta segundos y medio",
     "trente secondes et demie"),
    ("60", "one minute", "eine Minute", "un minuto", "une minute"),
    ("90", "one minute thirty seconds", "eine Minute dreißig Sekunden", "un minuto treinta segundos",
     "une minute trente secondes"),
    ("1860", "thirty-one minutes", "einunddreißig Minuten", "treinta y un minutos", "trente et une minutes"),
]  # fmt: skip

LEFT = [
    ("10", "Ten seconds left", "Noch zehn Sekunden", "Quedan diez segundos", "Encore dix secondes"),
    (
        "30",
        "Thirty seconds left",
        "Noch dreißig Sekunden",
        "Quedan treinta segundos",
        "Encore trente secondes",
    ),
    ("60", "One minute left", "Noch eine Minute", "Queda un minuto", "Encore une minute"),
    ("120", "Two minutes left", "Noch zwei Minuten", "Quedan dos minutos", "Encore deux minutes"),
]

PLANK = Exercise("X", Hold(span(1), span(30), Fraction(3)), place(9))
SQUAT = Exercise("X", Tempo(span(12), phases(up=1, down=3)), place(9))
RUN = Exercise("X", Timed(Fraction(40)), place(9))
HANG = replace(PLANK, dose=Hold(span(6), span(7), Fraction(3)))
DOSES = [
    (PLANK, "Hold for thirty seconds.", "Dreißig Sekunden halten.", "Mantén treinta segundos.",
     "Tiens trente secondes."),
    (replace(PLANK, sets=3), "Three sets. Hold for thirty seconds each.",
     "Drei Sätze. Je dreißig Sekunden halten.",
     "Tres series. Mantén treinta segundos en cada una.",
     "Trois séries. Tiens trente secondes à chaque série."),
    (HANG, "Six holds of seven seconds.", "Sechs mal sieben Sekunden halten.", "Seis veces siete segundos.",
     "Six fois sept secondes."),
    (replace(HANG, sets=2), "Two sets of six holds of seven seconds.",
     "Zwei Sätze. Je sechs mal sieben Sekunden halten.", "Dos series de seis veces siete segundos.",
     "Deux séries de six fois sept secondes."),
    (SQUAT, "Twelve reps.", "Zwölf Wiederholungen.", "Doce repeticiones.", "Douze répétitions."),
    (replace(SQUAT, dose=Tempo(span(21), phases(up=1))), "Twenty-one reps.", "Einundzwanzig Wiederholungen.",
     "Veintiuna repeticiones.", "Vingt et une répétitions."),
    (replace(SQUAT, dose=Tempo(span(1), phases(up=1, down=3))), "One rep.", "Eine Wiederholung.",
     "Una repetición.", "Une répétition."),
    (replace(SQUAT, sets=3), "Three sets of twelve reps.", "Drei Sätze mit je zwölf Wiederholungen.",
     "Tres series de doce repeticiones.", "Trois séries de douze répétitions."),
    (RUN, "Forty seconds.", "Vierzig Sekunden.", "Cuarenta segundos.", "Quarante secondes."),
    (replace(RUN, sets=3), "Three sets of forty seconds.", "Drei Sätze mit je vierzig Sekunden.",
     "Tres series de cuarenta segundos.", "Trois séries de quarante secondes."),
]  # fmt: skip


@pytest.mark.parametrize("row", DURATIONS, ids=lambda row: row[0])
def test_durations(row: tuple[str, ...]) -> None:
    seconds, *said = row
    assert [phrasebook(language).duration(Fraction(seconds)) for language in LANGUAGES] == said


@pytest.mark.parametrize("row", LEFT, ids=lambda row: row[0])
def test_the_time_left(row: tuple[str, ...]) -> None:
    seconds, *said = row
    assert [phrasebook(language).time_left(Fraction(seconds)) for language in LANGUAGES] == said


@pytest.mark.parametrize("row", DOSES, ids=lambda row: row[1])
def test_doses(row: tuple[Exercise, str, str, str, str]) -> None:
    exercise, *said = row
    for language, dose in zip(LANGUAGES, said, strict=True):
        made = replace(routine(exercise), language=language)
        cues = compile_routine(made, FixedSpeech(language)).cues
        assert next(cue.text for cue in cues if cue.kind == "announce") == f"X. {dose}"


@pytest.mark.parametrize(
    ("language", "said"), [("en", "About one minute."), ("de", "Etwa eine Minute."),
                           ("es", "Alrededor de un minuto."), ("fr", "Environ une minute.")],
)  # fmt: skip
def test_how_long_it_takes(language: str, said: str) -> None:
    made = replace(routine(replace(RUN, dose=Timed(Fraction(50)))), language=language)
    cues = compile_routine(made, FixedSpeech(language)).cues
    assert [cue.text for cue in cues if cue.kind == "title"][1] == said
