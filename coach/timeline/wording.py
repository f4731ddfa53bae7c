"""How work is announced: its name, with side, set and dose where they are news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coach.routine import Breathing, Exercise, Hold, Tempo

if TYPE_CHECKING:
    from coach.phrases import Phrasebook
    from coach.routine import Text


class Announcer:
    """Words what is said of work; it remembers what a listener knows already."""

    def __init__(self, book: Phrasebook, title: str) -> None:
        self._book = book
        self._title = title
        self._met: dict[str, str] = {}  # what was introduced, with the dose that was named
        self._set_up: set[tuple[str, ...]] = set()

    def switch(self, side: str) -> str:
        """Return what is said at a change of side."""
        return self._book.sentence("switch", side=_capital(self._book.side(side)))

    def round(self, number: int, rounds: int) -> str:
        """Return what a round of a repeat begins with."""
        return self._book.sentence("round", round=self._book.number(number), rounds=self._book.number(rounds))

    def values(self, exercise: Exercise, side: str | None, number: int) -> dict[str, str]:
        """Return what the placeholders of an exercise's texts stand for in one set."""
        values = {"exercise": exercise.name, "set": str(number), "sets": str(exercise.sets)}
        if side is not None:
            values["side"] = self._book.side(side)
        if isinstance(exercise.dose, (Tempo, Hold)):
            values["reps"] = str(exercise.dose.reps.low)
        return values

    def setup(self, exercise: Exercise) -> tuple[Text, ...]:
        """Return the setup of an exercise, once a routine; empty from then on."""
        fresh = (exercise.name, *(text.words for text in exercise.setup))
        known = fresh in self._set_up
        self._set_up.add(fresh)
        return () if known else exercise.setup

    def exercise(self, exercise: Exercise, side: str | None, *, opens: bool, after_gap: bool) -> list[str]:
        """Return what is said before the first set of an exercise: whole sentences, the name first.

        Args:
            exercise: the exercise.
            side: its first side; None where it has none.
            opens: whether it is the first work of the routine.
            after_gap: whether a rest lies before it.
        """
        book = self._book
        if opens and exercise.name.casefold() == self._title.casefold():  # the title has just said it
            said = self._side(side)
        else:
            introduces = _introduces(opens=opens, after_gap=after_gap)
            if side is None:
                said = [book.sentence(introduces, name=exercise.name)]
            else:
                said = [book.sentence(f"{introduces}_side", name=exercise.name, side=book.side(side))]
        dose = self._dose(exercise)
        return said + ([dose] if self._is_news(exercise.name, dose) else [])

    def next_set(self, exercise: Exercise, side: str | None, number: int) -> list[str]:
        """Return what is said before any further set: whole sentences."""
        book = self._book
        which_set = book.sentence("set", set=book.number(number), sets=book.number(exercise.sets))
        if not exercise.alternate:
            return [which_set] if exercise.sets > 1 else []
        if not exercise.sides or side == exercise.sides[0]:
            return [which_set, *self._side(side)]
        return []

    def breathing(self, block: Breathing, *, opens: bool, after_gap: bool) -> tuple[list[str], bool]:
        """Return what is said before a breathing block, and whether its pattern is news."""
        book = self._book
        name = book.word("breathing")
        parts = [
            book.sentence(
                "breath", phase=book.breath(phase.name, paced=True), duration=book.duration(phase.seconds)
            )
            for phase in block.phases
        ]
        pattern = ", ".join([parts[0], *(part[:1].lower() + part[1:] for part in parts[1:])])
        rounds = book.plural("rounds", block.rounds)
        dose = book.sentence("pattern", pattern=pattern, rounds=_capital(rounds))
        said = book.sentence(_introduces(opens=opens, after_gap=after_gap), name=name)
        is_news = self._is_news(name, dose)
        return [said, dose] if is_news else [said], is_news

    def _is_news(self, name: str, dose: str) -> bool:
        """Tell whether a dose differs from the one last named for this; it is known from now on."""
        known = self._met.get(name)
        self._met[name] = dose
        return known != dose

    def _side(self, side: str | None) -> list[str]:
        return [self._book.sentence("side", side=_capital(self._book.side(side)))] if side else []

    def _dose(self, exercise: Exercise) -> str:
        book, dose = self._book, exercise.dose
        if isinstance(dose, Tempo):
            text = book.plural("rep", int(dose.reps.low))
        elif isinstance(dose, Hold):
            text = book.plural("hold", int(dose.reps.low), duration=book.duration(dose.hold.low))
        else:
            text = book.duration(dose.seconds)
        if exercise.sets > 1:
            return book.sentence("with_sets", sets=book.plural("sets", exercise.sets), dose=text)
        return book.sentence("dose", dose=text)


def _introduces(*, opens: bool, after_gap: bool) -> str:
    """Return the phrasebook's key for a name: after a rest it is the next one."""
    return "introduces_next" if after_gap and not opens else "introduces"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
