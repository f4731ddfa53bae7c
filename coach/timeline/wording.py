"""How work is announced: its name, with side, set and dose where they are news."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from coach.routine import Alternate, Breathing, Count, Exercise, Guidance, Hold, Tempo, Timed, find_side
from coach.speech.normalise import read
from coach.text_enum import assert_never

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coach.phrases import Phrasebook
    from coach.routine import Dose, News, Routine, Setback, Text, Turn
    from coach.timeline.model import Round

LEAST_BETWEEN = 2
"""Reps from one reminder to the next: never in two in a row."""

_MOST_NAMED = 3
"""Exercises that are named when the routine opens; of more only the number is said."""

_SENTENCE_END = re.compile(r"(?<=\w\w)([.!?…]+[\"'”»)]*)\s+[¿¡\"'“«(]*(\w|{)")


class Naming(NamedTuple):
    """What is said of work before its first beat; "" for nothing.

    Attributes:
        name: whole sentences that name it.
        short: the least that names it.
        dose: how much there is to do, where that is news.
    """

    name: str = ""
    short: str = ""
    dose: str = ""


class Announcer:
    """Puts into words what is said of work; it remembers what a listener knows already."""

    def __init__(self, book: Phrasebook, title: str) -> None:
        self._book = book
        self._title = title
        self._met: dict[str, str] = {}  # what was introduced, with the dose that was named
        self._set_up: set[tuple[str, ...]] = set()

    def announce_switch(self, side: str) -> str:
        """Return what is said at a change of sides."""
        return self._book.sentence("switch", side=_capital(self._book.side(side)))

    def announce_side(self, side: str) -> str:
        """Return the least that is said at a change of sides."""
        return self._book.side_word(side)

    def announce_round(self, number: int, rounds: int) -> str:
        """Return what is said as a round of a repeat begins."""
        return self._book.sentence("round", round=self._book.number(number), rounds=self._book.number(rounds))

    def find_values(
        self, exercise: Exercise, side: str | None, number: int, around: Round | None
    ) -> dict[str, str]:
        """Return what the placeholders of an exercise's texts stand for in one set."""
        values = {"exercise": exercise.name, "set": str(number), "sets": str(exercise.sets)}
        values |= around.values() if around else {}
        side = side or find_side(exercise.rep_sides, 1)
        if side is not None:
            values["side"] = self._book.side(side)
        dose = exercise.whole_dose
        if isinstance(dose, (Tempo, Hold)):
            values["reps"] = str(dose.reps.low)
        return values

    def announce_setup(self, exercise: Exercise) -> tuple[Text, ...] | None:
        """Return what is said of an exercise's setup; None if the listener is already in position."""
        fresh = (exercise.name, *(text.words for text in exercise.setup))
        if fresh in self._set_up or not exercise.setup:
            return None
        self._set_up.add(fresh)
        return _setup(exercise)

    def announce_exercise(
        self, exercise: Exercise, side: str | None, *, opens: bool, after_gap: bool
    ) -> Naming:
        """Return what is said before the first set of an exercise.

        Args:
            exercise: the exercise.
            side: its first side; None where it has none.
            opens: whether it is the first work of the routine.
            after_gap: whether it is named before the work before it, or a rest, is over.
        """
        book = self._book
        if opens and exercise.name.casefold() == self._title.casefold():  # the title has just said it
            name = short = self._side(side)
        else:
            values = (
                {"name": exercise.name} if side is None else {"name": exercise.name, "side": book.side(side)}
            )
            on_side = "" if side is None else "_side"
            short = book.sentence(f"introduces{on_side}", **values)
            name = book.sentence(f"introduces_next{on_side}", **values) if after_gap and not opens else short
        return Naming(name, short, self._news(exercise.name, self._dose(exercise)))

    def announce_set(self, exercise: Exercise, turn: Turn) -> Naming:
        """Return what is said before any further set, or part of a cluster."""
        book, side, number = self._book, turn.side, turn.number
        if exercise.plans:
            return self._announce_own(exercise, turn)
        dose = self._news(exercise.name, self._dose(exercise.on(side)))
        which = book.sentence("set", set=book.number(number), sets=book.number(exercise.sets))
        short = book.sentence("set_short", set=book.number(number))
        if exercise.alternate is not Alternate.SETS:
            return Naming(which, short, dose) if exercise.sets > 1 else Naming(dose=dose)
        if not exercise.sides or side == exercise.sides[0]:
            of_side = self._side(side)
            return Naming(f"{which} {of_side}".strip(), f"{short} {of_side}".strip(), dose)
        return Naming(dose=dose)

    def _announce_own(self, exercise: Exercise, turn: Turn) -> Naming:
        """Return what is said before one of the sets that differ: its news don't give way to its number."""
        book, side, number = self._book, turn.side, turn.number
        of_side = self._side(side) if exercise.alternate is Alternate.SETS else ""
        if of_side and side != exercise.sides[0]:
            return Naming()  # the other side has had it
        which = short = ""
        if exercise.sets > 1 and not turn.part:
            which = book.sentence("set", set=book.number(number), sets=book.number(exercise.sets))
            short = book.sentence("set_short", set=book.number(number))
        own, news = self._own_dose(exercise, turn), self._own_news(exercise, turn)
        if news:
            return Naming(_join(which, of_side, own), _join(of_side, news))
        return Naming(_join(which, of_side), _join(short, of_side), own)

    def _own_news(self, exercise: Exercise, turn: Turn) -> str:
        """Return what is new in one of the sets that differ, after the one before it."""
        index = turn.number - 1 if exercise.cluster is None else turn.part
        plan, before = exercise.plans[index], exercise.plans[index - 1]
        if plan.dose != before.dose:
            return self._own_dose(exercise, turn)
        if plan.load is not None and plan.load != before.load:
            return self._book.sentence("dose", dose=self._load(plan.load))
        return ""

    def announce_breathing(self, block: Breathing, *, opens: bool, after_gap: bool) -> Naming:
        """Return what is said before a breathing block, with its pattern where that is news."""
        book = self._book
        name = book.word("breathing")
        parts = [
            book.sentence(
                "breath", phase=book.breath_phase(phase.name)[0], duration=book.duration(phase.seconds)
            )
            for phase in block.phases
        ]
        pattern = ", ".join([parts[0], *(part[:1].lower() + part[1:] for part in parts[1:])])
        rounds = book.plural("rounds", block.rounds)
        dose = book.sentence("pattern", pattern=pattern, rounds=_capital(rounds))
        said = book.sentence("introduces_next" if after_gap and not opens else "introduces", name=name)
        return Naming(said, book.sentence("introduces", name=name), self._news(name, dose))

    def _news(self, name: str, dose: str) -> str:
        """Return a dose if it differs from the one last named for this, and remember it; else ""."""
        known = self._met.get(name)
        self._met[name] = dose
        return dose if known != dose else ""

    def _side(self, side: str | None) -> str:
        return self._book.sentence("side", side=_capital(self._book.side(side))) if side else ""

    def _dose(self, exercise: Exercise) -> str:
        """Return what there is to do in all sets, as a sentence."""
        book = self._book
        if len({plan.dose for plan in exercise.plans}) > 1:
            return self._doses(exercise)
        loads = {plan.load for plan in exercise.plans} or {exercise.load}
        load = exercise.load if len(loads) == 1 else None
        dose, sets = exercise.dose, book.plural("sets", exercise.sets)
        text = _of_each_side(_name_dose(dose, book), exercise, book)
        if isinstance(dose, Hold) and exercise.sets > 1 and exercise.alternate is Alternate.REPS:
            said = book.sentence("with_each", sets=sets, doses=self._with_load(text, load))
        elif isinstance(dose, Hold) and exercise.sets > 1:
            text = book.plural(
                "hold_in_sets", int(dose.reps.low), sets=sets, duration=book.duration(dose.hold.low)
            )
            said = book.sentence("dose", dose=self._with_load(text, load))
        elif exercise.sets > 1:
            said = book.sentence("with_sets", sets=sets, dose=self._with_load(text, load))
        else:
            said = book.sentence("dose", dose=self._with_load(text, load))
        return self._with_first_load(said, exercise) if load is None else said

    def _doses(self, exercise: Exercise) -> str:
        """Return what there is to do in sets that differ, or in the parts of a cluster, as a sentence."""
        book, loads = self._book, {plan.load for plan in exercise.plans}
        doses = _list_doses([plan.dose for plan in exercise.plans], book)
        doses = _of_each_side(doses, exercise, book)
        if exercise.cluster:
            doses = book.tables["sentences"]["cluster"].format(
                doses=doses, rest=book.duration(exercise.cluster)
            )
        doses = self._with_load(doses, exercise.load if len(loads) == 1 else None)
        sets = book.plural("sets", exercise.sets)
        if exercise.cluster is None:
            said = book.sentence("with_each", sets=sets, doses=doses)
        elif exercise.sets > 1:
            said = book.sentence("with_sets", sets=sets, dose=doses)
        else:
            said = book.sentence("dose", dose=doses)
        return self._with_first_load(said, exercise) if len(loads) > 1 else said

    def _own_dose(self, exercise: Exercise, turn: Turn) -> str:
        """Return what there is to do in one of the sets that differ, as a sentence."""
        own, book = exercise.at(turn), self._book
        text = _of_each_side(_name_dose(own.dose, book), own, book)
        return book.sentence("dose", dose=self._with_load(text, own.load))

    def _with_load(self, dose: str, load: str | None) -> str:
        return f"{dose}, {self._load(load)}" if load else dose

    def _with_first_load(self, said: str, exercise: Exercise) -> str:
        """Return a sentence with the load of the first set behind it, if the sets have different ones."""
        if not exercise.plans or exercise.load is None:
            return said
        return f"{said} {self._book.sentence('first_load', load=self._load(exercise.load))}"

    def _load(self, written: str) -> str:
        """Return a load in words; as it is written where it has something that can't be read."""
        reading = read(written, self._book.language, {})
        return written if reading.unread or not reading.words else self._book.load(reading.words)


def _name_dose(dose: Dose, book: Phrasebook) -> str:
    """Return what one set is, within a sentence."""
    match dose:
        case Tempo():
            return book.plural("rep", int(dose.reps.low))
        case Hold():
            return book.plural("hold", int(dose.reps.low), duration=book.duration(dose.hold.low))
        case Timed():
            return book.duration(dose.seconds)
        case _:
            assert_never(dose)


def _of_each_side(dose: str, exercise: Exercise, book: Phrasebook) -> str:
    """Return a dose within a sentence, as one of each side where they change with every rep."""
    if not exercise.rep_sides:
        return dose
    return book.tables["sentences"]["alternating"].format(dose=dose)


def _list_doses(doses: Sequence[Dose], book: Phrasebook) -> str:
    """Return what several sets are, within a sentence: what they have in common is said once."""
    reps = [int(dose.reps.low) for dose in doses if isinstance(dose, Tempo)]
    holds = [dose.hold.low for dose in doses if isinstance(dose, Hold) and dose.reps.low == 1]
    times = [dose.seconds for dose in doses if isinstance(dose, Timed)]
    if len(reps) == len(doses):
        return book.plurals_of("rep", reps)
    if len(holds) == len(doses):
        return book.plural("hold", 1, duration=book.durations(holds))
    if len(times) == len(doses):
        return book.durations(times)
    return book.together([_name_dose(dose, book) for dose in doses])


def apply_guidance(exercise: Exercise) -> Exercise:
    """Return an exercise with only what its guidance lets be said during its sets."""
    match exercise.guidance:
        case Guidance.QUIET if exercise.count == Count.OFF:  # the breathing words tell when to turn
            return replace(exercise, reminders=())
        case Guidance.QUIET:
            return replace(exercise, reminders=(), breathe=(), breathing=())
        case Guidance.SHORT:
            return replace(exercise, reminders_every=2 * max(exercise.reminders_every, LEAST_BETWEEN))
        case Guidance.FULL | Guidance.AUTO:
            return exercise
        case _:
            assert_never(exercise.guidance)


def word_news(routine: Routine, book: Phrasebook) -> list[str]:
    """Return what is said of doses that differ from the last, one sentence for all that changed alike."""
    alike: dict[tuple[int, int, Setback | None], list[News]] = {}
    for each in routine.news:
        alike.setdefault((each.reps, each.seconds, each.because), []).append(each)
    plain = len({step.name for step in routine.exercises()}) == 1
    said = []
    for (reps, seconds, because), changes in alike.items():
        which, values = str(because or "today"), {"names": _who(changes, book, plain=plain)}
        if not because:
            noun, number = ("reps", reps) if reps else ("seconds", seconds)
            values["amount"] = book.plural(f"{'more' if number > 0 else 'fewer'}_{noun}", abs(number))
        said.append(book.sentence(f"{which}_named" if values["names"] else which, **values))
    return said


def _who(changes: Sequence[News], book: Phrasebook, *, plain: bool) -> str:
    """Return what changed alike: names with sides, or only how many; "" where there is but one exercise."""
    names = [
        ", ".join(filter(None, ("" if plain else each.exercise, each.side and book.side(each.side))))
        for each in changes
    ]
    if not all(names):
        return ""
    if len(names) > _MOST_NAMED:
        return book.plural("exercises", len({each.exercise for each in changes}))
    return book.together(names)


def word_end(routine: Routine, book: Phrasebook) -> list[str]:
    """Return what is said at the end."""
    names = list(dict.fromkeys(routine.outgrown))
    suggests = [book.sentence("outgrown", names=book.together(names))] if names else []
    return [*suggests, book.sentence("end")]


def _setup(exercise: Exercise) -> tuple[Text, ...]:
    """Return what is said of an exercise's setup at its level of guidance."""
    match exercise.guidance:
        case Guidance.QUIET:
            return ()
        case Guidance.SHORT:
            return exercise.short or tuple(map(_first_sentence, exercise.setup[:1]))
        case Guidance.FULL | Guidance.AUTO:
            return exercise.setup
        case _:
            assert_never(exercise.guidance)


def _first_sentence(text: Text) -> Text:
    """Return the first sentence of a text, not fooled by abbreviations; a recording is returned whole."""
    if text.recording is not None:
        return text
    for end in _SENTENCE_END.finditer(text.words):
        if end.group(2) == "{" or end.group(2).isupper():
            return replace(text, words=text.words[: end.end(1)])
    return text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
