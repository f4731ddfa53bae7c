"""The words in pictures, language by language, and doses in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from coach.pictures.lettering import clock
from coach.routine import PACED, Alternate, Breathing, Exercise, Hold, Level, Tempo, Timed
from coach.text_enum import assert_never
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from coach.phrases import Phrasebook
    from coach.routine import Dose, Phase


class Words(NamedTuple):
    """The words besides a routine's own texts; the first four label lanes, and are short."""

    exercise: str
    side: str
    reps: str
    speech: str
    rest: str
    switch: str
    minutes: str
    voice: str
    easier: str
    harder: str
    page: str
    setup: str
    reminders: str
    time: str
    heard: str
    course: str
    picture: str

    def level(self, level: Level | None) -> str:
        """Return what a variant is called; nothing for the plain one."""
        match level:
            case None:
                return ""
            case Level.EASIER:
                return self.easier
            case Level.HARDER:
                return self.harder
            case _:
                assert_never(level)


_WORDS = {
    "en": Words(
        exercise="Exercise", side="Side", reps="Reps", speech="Speech", rest="rest", switch="switch sides",
        minutes="minutes", voice="voice", easier="easier variant", harder="harder variant",
        page="page {page} of {pages}", setup="Getting ready", reminders="Keep in mind", time="Time",
        heard="What is said", course="How it goes", picture="The routine as a picture",
    ),
    "de": Words(
        exercise="Übung", side="Seite", reps="Wdh.", speech="Ansage", rest="Pause", switch="Seite wechseln",
        minutes="Minuten", voice="Stimme", easier="leichtere Variante", harder="schwerere Variante",
        page="Seite {page} von {pages}", setup="Ausgangslage", reminders="Darauf achten", time="Zeit",
        heard="Was angesagt wird", course="Ablauf", picture="Die Übungsfolge als Bild",
    ),
    "es": Words(
        exercise="Ejercicio", side="Lado", reps="Rep.", speech="Voz", rest="descanso",
        switch="cambio de lado", minutes="minutos", voice="voz", easier="variante más fácil",
        harder="variante más difícil",
        page="página {page} de {pages}", setup="Preparación", reminders="A tener en cuenta", time="Tiempo",
        heard="Lo que se dice", course="Desarrollo", picture="La rutina en imagen",
    ),
    "fr": Words(
        exercise="Exercice", side="Côté", reps="Rép.", speech="Voix", rest="repos",
        switch="changement de côté", minutes="minutes", voice="voix", easier="variante plus facile",
        harder="variante plus difficile",
        page="page {page} sur {pages}", setup="Mise en place", reminders="À ne pas oublier", time="Temps",
        heard="Ce qui est dit", course="Déroulement", picture="La routine en image",
    ),
}  # fmt: skip


def words(language: str) -> Words:
    """Return the words in a language, or in English if that language has none."""
    return _WORDS.get(language.partition("-")[0], _WORDS["en"])


def format_total(samples: int, told: Words) -> str:
    """Return how long a track is: "13:04 minutes", or only the figures from an hour on."""
    return clock(samples) if samples >= 3600 * RATE else f"{clock(samples)} {told.minutes}"


def format_seconds(seconds: Fraction) -> str:
    """Return a time as text: "3 s", "1.5 s"; no line breaks between number and unit."""
    return f"{float(round(seconds, 1)):g}\u00a0s"


def describe_set(step: Exercise | Breathing, book: Phrasebook) -> str:
    """Return what one set of a step is, in words: "10 reps: up 1 s, down 3 s; 20 kg"."""
    if isinstance(step, Breathing):
        return f"{_plural(book, 'rounds', step.rounds)}: {_phases(step.phases, book, paced=True)}"
    return _with_load(_describe_dose(step.whole_dose, book), step.load)


def describe_step(step: Exercise | Breathing, book: Phrasebook) -> str:
    """Return a whole step in words: "2 sets, 10 reps: up 1 s, down 3 s; left, right"."""
    if isinstance(step, Breathing):
        return describe_set(step, book)
    sides = [book.side_name(side) for side in step.sides]
    if step.alternate is Alternate.REPS and sides:
        sides = [" / ".join(sides)]  # in turn, with every rep
    if step.plans:
        told = "; ".join([_describe_plans(step, book), *([", ".join(sides)] if sides else [])])
        return f"{_plural(book, 'sets', step.sets)}: {told}" if step.sets > 1 else told
    doses = [describe_set(step.on(side), book) for side in step.work_sides]
    if len(set(doses)) > 1:
        told = "; ".join(f"{side}: {each}" for side, each in zip(sides, doses, strict=True))
    else:
        told = "; ".join([doses[0], *([", ".join(sides)] if sides else [])])
    return f"{_plural(book, 'sets', step.sets)}, {told}" if step.sets > 1 else told


def _describe_dose(dose: Dose, book: Phrasebook) -> str:
    match dose:
        case Tempo():
            return f"{_plural(book, 'rep', dose.reps.low)}: {_phases(dose.phases, book)}"
        case Hold():
            return _plural(book, "hold", dose.reps.low, duration=format_seconds(dose.hold.low))
        case Timed():
            return format_seconds(dose.seconds)
        case _:
            assert_never(dose)


def _describe_plans(step: Exercise, book: Phrasebook) -> str:
    """Return what sets that differ are, or the parts of a cluster: "12, 10, 8 reps: up 1 s, down 1 s"."""
    doses = [replace(step, dose=plan.dose).whole_dose for plan in step.plans]
    tempos = [dose for dose in doses if isinstance(dose, Tempo)]
    loads = {plan.load for plan in step.plans}
    if len(tempos) == len(doses) and len({dose.phases for dose in tempos} | loads) == 2:
        told = book.plurals["rep"]["many"].format(n=", ".join(str(dose.reps.low) for dose in tempos))
        told = _with_load(f"{told}: {_phases(tempos[0].phases, book)}", step.load)
    else:
        told = "; ".join(
            _with_load(_describe_dose(dose, book), plan.load)
            for dose, plan in zip(doses, step.plans, strict=True)
        )
    if step.cluster is None:
        return told
    return f"{told}; {words(book.language).rest} {format_seconds(step.cluster)}"


def _with_load(told: str, load: str | None) -> str:
    return f"{told}; {load}" if load else told


def work_name(step: Exercise | Breathing, book: Phrasebook) -> str:
    """Return the name of a step."""
    return step.name if isinstance(step, Exercise) else book.word("breathing")


def _phases(phases: Sequence[Phase], book: Phrasebook, *, paced: bool = False) -> str:
    """Return phases with their lengths: "up 1 s, down 3 s"."""
    names = [book.breath_phase(phase.name)[0] if paced else book.phase(phase.name) for phase in phases]
    if phases[0].name == PACED:
        return format_seconds(phases[0].seconds)
    return ", ".join(
        f"{name.lower()} {format_seconds(phase.seconds)}" for name, phase in zip(names, phases, strict=True)
    )


def _plural(book: Phrasebook, noun: str, number: Fraction | int, **values: str) -> str:
    """Return a number, in digits, with its noun."""
    return book.plurals[noun]["one" if number == 1 else "many"].format(n=int(number), **values)
