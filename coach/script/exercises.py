"""Exercises: the script, the library, levels and the user's own dose, merged."""

from __future__ import annotations

import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from coach import phrases, routine
from coach.errors import Location, ScriptError
from coach.routine import PACED, ROUND_PLACEHOLDERS, Alternate, Breath, Count, Level, Phase, Range
from coach.script import format as keys
from coach.script.document import parse, read_file, short
from coach.script.pace import IN_SECONDS, TEMPOS, fill_time, find_phases, find_tick
from coach.script.sets import SetFields, differing, gives_sets, split_sets
from coach.script.values import BREATHS, BreathEntry, Reader, nearest
from coach.text_enum import assert_never

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from coach.script.ladder import Names
    from coach.script.texts import Texts

T = TypeVar("T")

MOST_USES = 10
"""How many exercises may build on each other in a chain."""

_VARIANTS = {Level.EASIER: keys.EASIER, Level.HARDER: keys.HARDER}

_DOSES: tuple[keys.Key[Any], ...] = (*TEMPOS, keys.HOLD, keys.FOR)
_OF_A_DOSE: tuple[keys.Key[Any], ...] = (keys.START, keys.BREATHE, keys.COUNT)
_DOSE_NAMES = {key.name for key in (*_DOSES, keys.REPS, keys.START, keys.BPM, keys.RELAX, keys.USE)}
_OF_SETS = {key.name for key in (keys.SETS, keys.SET_REST, keys.LOAD, keys.CLUSTER, keys.ALTERNATE)}


@dataclass(frozen=True, slots=True)
class Change:
    """What the user changes in every exercise for one session. It overrides whatever the script says.

    Attributes:
        reps: the reps of exercises that have reps; None, here as below, leaves them as they are.
        sides: which of its sides to do; an exercise that has none of these keeps its own.
        sets: how many sets.
        rest: seconds between sets.
    """

    reps: Range | None = None
    sides: tuple[str, ...] | None = None
    sets: int | None = None
    rest: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asks for: the level (None for the routine as written) and their own changes."""

    level: Level | None
    change: Change


@dataclass
class Around:
    """The rounds that a step is in.

    Attributes:
        names: what the names of all repeats around it stand for.
        has_rounds: whether it is in any.
    """

    names: Names = ()
    has_rounds: bool = False

    @contextmanager
    def file(self) -> Iterator[None]:
        """Read another file: no names are filled in there."""
        before, self.names = self.names, ()
        try:
            yield
        finally:
            self.names = before

    @contextmanager
    def rounds(self, names: Names = ()) -> Iterator[None]:
        """Read what is in rounds in which these names stand for something."""
        before = self.names, self.has_rounds
        self.names, self.has_rounds = (*self.names, *names), True
        try:
            yield
        finally:
            self.names, self.has_rounds = before


@lru_cache(maxsize=8)
def library(language: str) -> Mapping[str, keys.Fields]:
    """Return the exercises that ship with Coach for a language, by id; empty if there are none."""
    path = Path(__file__).parents[1] / "exercises" / f"{language}.yaml"
    if not path.is_file():
        return {}
    reader = Reader()
    entries = keys.EXERCISES.value.read(parse(read_file(path, path.name), path.name, reader.fail), reader)
    if reader.problems:
        raise ScriptError(reader.problems)
    return entries or {}


def _by_names(entries: Mapping[str, keys.Fields]) -> dict[str, str | None]:
    """Return the ids of exercises by the letters of their ids and names; None for what two may mean."""
    found: dict[str, str | None] = {}
    for key, fields in entries.items():
        for letters in {_letters(key), _letters(fields.get(keys.NAMED) or "")} - {""}:
            found[letters] = key if found.get(letters, key) == key else None
    return found


@lru_cache(maxsize=8)
def _shipped_by_names(language: str) -> Mapping[str, str | None]:
    return _by_names(library(language))


def _letters(name: str) -> str:
    """Return the letters and digits of a name alone, without accents, in small letters."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", name).casefold()))


@dataclass
class Exercises:
    """Makes the exercises of one file.

    Attributes:
        script: the fields of the file: its library, defaults and vars.
        language: decides which shipped library is used.
        count_in: beats before each set.
        between: seconds of rest before an exercise where none is written, unless the defaults say; None for
            none.
        wanted: what the user asks for.
        texts: fills in the file's own words.
        reader: collects the problems.
        levels: the levels that exercises offer; added to as exercises are made.
        around: the rounds that the next exercise is in.
        used: the ids of library entries in use; added to as exercises are made.
    """

    script: keys.Fields
    language: str
    count_in: int
    between: Fraction | None
    wanted: Wanted
    texts: Texts
    reader: Reader
    levels: set[Level]
    around: Around
    used: set[str] = field(default_factory=set)
    _own_by_names: dict[str, str | None] | None = None
    _built: dict[tuple[Location, Names, bool], routine.Exercise | None] = field(default_factory=dict)
    _shared: dict[tuple[str, bool], routine.Exercise] = field(default_factory=dict)

    def exercise(self, step: keys.Fields) -> routine.Exercise | None:
        """Return the exercise at the session's level; problems are reported for every level."""
        key = step.location, self.around.names, self.around.has_rounds
        if key not in self._built:  # an alias of a step has the same location: built once
            self._built[key] = self._shared_exercise(step)
        return self._built[key]

    def _shared_exercise(self, step: keys.Fields) -> routine.Exercise | None:
        """Return the exercise of a step; if it only names an entry of the library, it is built once."""
        name = step.get(keys.USE)
        if name is None or step.unread or set(step.names()) != {keys.USE.name}:
            return self._exercise(step)
        key = name, self.around.has_rounds
        if key in self._shared:
            return replace(self._shared[key], location=step.location)
        before = len(self.reader.problems)
        made = self._exercise(step)
        if made is not None and len(self.reader.problems) == before:  # else each step has the problem
            self._shared[key] = made
        return made

    def _exercise(self, step: keys.Fields) -> routine.Exercise | None:
        self.look_up(step)
        layers = self._layers(step)
        if layers is None:
            return None
        defaults = self.script.get(keys.DEFAULT_FIELDS)
        under = [defaults] if defaults else []
        merged = lay([*under, *layers])
        chosen = self._assembled(merged, step.location)
        for level, key in _VARIANTS.items():
            variant = merged.get(key)
            if variant is None:
                continue
            self.levels.add(level)
            above = self._layers(variant) if keys.USE in variant else [*layers, variant]
            made = above and self._assembled(lay([*under, *above]), step.location)
            if level == self.wanted.level:
                chosen = made or None
        offered = tuple(level for level, key in _VARIANTS.items() if key in merged)
        return replace(chosen, levels=offered) if chosen else chosen

    def look_up(self, fields: keys.Fields) -> None:
        """Report what these fields use, at any level, but the library does not have."""
        for each in (fields, *(fields.get(key) for key in _VARIANTS.values())):
            if each is not None:
                self._layers(each)

    def is_whole(self, entry: keys.Fields) -> bool:
        """Return whether a library entry is a complete exercise, not just a base for others."""
        layers = self._layers(entry) or [entry]
        fields = lay(layers)
        sets = fields[keys.SETS]
        of_sets = sets if isinstance(sets, tuple) else ()
        dose = any(key in each for key in (keys.REPS, keys.HOLD, keys.FOR) for each in (fields, *of_sets))
        return keys.NAMED in fields and dose

    def _layers(self, fields: keys.Fields) -> list[keys.Fields] | None:
        """Return the fields, preceded by those of the library entries that they use, the farthest first."""
        layers = [fields]
        own, shipped = self.script[keys.EXERCISES], library(self.language)
        while keys.USE in layers[0]:
            name, place = layers[0][keys.USE], layers[0].at(keys.USE)
            if name not in own and name not in shipped:
                name = self._find_id(name) or name
            self.used.add(name)
            entry = own.get(name)
            if entry is None or entry in layers:  # an entry may build on the shipped one with the same name
                entry = shipped.get(name, entry)
            if entry is None:
                if keys.EXERCISES.name not in self.script.unread:
                    self.reader.fail(place, f"no exercise '{name}' in the library{self._hint(name)}")
                return None
            if entry in layers:
                self.reader.fail(place, f"exercise '{name}' uses itself")
                return None
            if len(layers) > MOST_USES:
                self.reader.fail(place, f"exercises that use each other more than {MOST_USES} deep")
                return None
            layers.insert(0, entry)
        return layers

    def _find_id(self, name: str) -> str | None:
        """Return the id of the exercise that a name can only mean: in the script, in any language that ships.

        So an exercise is found by its name, and by that of the routine that is called after it.
        """
        if self._own_by_names is None:
            own: dict[str, keys.Fields] = self.script[keys.EXERCISES]
            self._own_by_names = _by_names(own)
        letters = _letters(name)
        shelves = map(_shipped_by_names, (self.language, *phrases.languages()))
        return next((shelf[letters] for shelf in (self._own_by_names, *shelves) if letters in shelf), None)

    def _hint(self, name: str) -> str:
        """Return what a name that the library doesn't have may mean, as the end of a message."""
        elsewhere = [code for code in phrases.languages() if name in library(code)]
        if elsewhere:
            return f" in '{self.language}'; it is there in {' and '.join(map(repr, elsewhere))}"
        known = [*self.script[keys.EXERCISES], *library(self.language)]
        return nearest(name, known) or f"; known are {short(', '.join(known)) or 'none'}"

    def _assembled(self, fields: keys.Fields, place: Location) -> routine.Exercise | None:
        plans = self._plans(fields, place)
        name = fields.get(keys.NAMED)
        if name is None and not fields.unread & {keys.NAMED.name, keys.USE.name}:
            self.reader.fail(
                place, "an exercise needs a name: 'exercise: NAME', or 'use: ID' from the library"
            )
        change = self.wanted.change
        sides = self._plain(fields, keys.SIDES, place, fields[keys.SIDES])
        if sides and change.sides is not None:
            sides = tuple(side for side in change.sides if side in sides) or sides
        missing = set() if self.around.has_rounds else {*ROUND_PLACEHOLDERS}
        if not sides and not fields.unread & {keys.SIDES.name, keys.USE.name}:
            missing.add("side")
        if plans and all(isinstance(plan.dose, routine.Timed) for plan in plans):
            missing |= {"rep", "reps"}
        setup = tuple(self.texts.bind(text, {*missing, "rep"}, place) for text in fields[keys.SETUP])
        short_setup = tuple(self.texts.bind(text, {*missing, "rep"}, place) for text in fields[keys.SHORT])
        reminders = tuple(self.texts.bind(text, missing, place) for text in fields[keys.REMINDERS])
        equipment = self._plain(fields, keys.EQUIPMENT, place, fields[keys.EQUIPMENT])
        named = self._plain(fields, keys.NAMED, place, (name,) if name else ())
        if not plans or not named:
            return None
        alternate = self._alternate(fields, sides, plans)
        first, cluster = plans[0], fields.get(keys.CLUSTER)
        self._check_times(fields, first.dose)
        reminders_every, reminders_seconds = _space_reminders(fields, first.dose)
        written = fields[keys.SETS]
        if cluster is None and len(plans) > 1:
            sets = len(plans)
        else:
            sets = written if isinstance(written, int) else 1
            sets = sets if change.sets is None else change.sets
        rest = fields[keys.SET_REST][0] if change.rest is None else change.rest
        return routine.Exercise(
            name=named[0],
            dose=first.dose,
            location=place,
            sides=sides,
            switch=fields[keys.SWITCH],
            sets=sets,
            rest=rest,
            alternate=alternate,
            plans=plans if cluster is not None else _only_differing(plans, rest),
            cluster=cluster,
            load=first.load,
            progress=fields[keys.PROGRESS],
            setup=setup,
            short=short_setup,
            ready=fields[keys.READY],
            count_in=self.count_in,
            between=self.between if (own := fields.get(keys.BETWEEN)) is None else own,
            reminders=reminders,
            reminders_every=reminders_every,
            reminders_seconds=reminders_seconds,
            calls=fields.get(keys.CALLS),
            breathe=first.breathe,
            breathing=first.breathing,
            count=first.count,
            tick=first.tick,
            equipment=equipment,
            position=fields.get(keys.POSITION),
            notes=fields.get(keys.NOTES),
        )

    def _alternate(
        self, fields: keys.Fields, sides: tuple[str, ...], plans: tuple[routine.SetPlan, ...]
    ) -> Alternate:
        """Return when the sides change; what can't be is noted."""
        alternate, place = fields[keys.ALTERNATE], fields.at(keys.ALTERNATE)
        if alternate is not Alternate.REPS:
            return alternate
        defaults = self.script.get(keys.DEFAULT_FIELDS)
        is_own = defaults is None or defaults.at(keys.ALTERNATE) != place
        if not sides and is_own and not fields.unread & {keys.SIDES.name, keys.USE.name}:
            self.reader.fail(place, "'alternate: reps' needs 'sides', such as [left, right]")
        elif sides and any(isinstance(plan.dose, routine.Timed) for plan in plans):
            self.reader.fail(place, "'alternate: reps' needs reps or holds; 'for' has none")
        return alternate if len(sides) > 1 else Alternate.NO

    def _plans(self, fields: keys.Fields, place: Location) -> tuple[routine.SetPlan, ...]:
        """Return what each set is, or each part of a cluster; one if all are alike, none if one is wrong."""
        if fields.unread & (_DOSE_NAMES | _OF_SETS):
            return ()
        plans = [self._plan(each, place) for each in split_sets(fields, self.reader) or ()]
        whole = [plan for plan in plans if plan is not None]
        if len(whole) < len(plans) or not whole:
            return ()
        return _changed(whole, fields, self.wanted.change)

    def _plan(self, each: SetFields, place: Location) -> routine.SetPlan | None:
        fields = lay([each.fields, each.own]) if each.own else each.fields
        dose = self._dose(fields)
        if dose is None:
            return None
        breathe, breathing = self._breaths(fields, dose)
        load = self._plain(fields, keys.LOAD, place, fields.get(keys.LOAD) or ())
        return routine.SetPlan(
            dose,
            each.rest,
            load[0] if load else None,
            breathe,
            breathing,
            _find_count(fields, dose),
            find_tick(fields),
        )

    def _plain(
        self, fields: keys.Fields, key: keys.Key[Any], place: Location, names: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return names with the script's own words filled in; nothing else is allowed in braces there."""
        return tuple(self.texts.plain(name, fields.at(key), place) for name in names)

    def _dose(self, fields: keys.Fields) -> routine.Dose | None:
        given = [key for key in _DOSES if key in fields]
        reps = _single(fields, keys.REPS)
        several = len(given) > 1 and not (given[0] in TEMPOS and given[1:] == [keys.FOR])
        if fields.unread & _DOSE_NAMES or several:
            return None  # the problem has been reported
        fail = self.reader.fail
        if reps is None and not given:
            known = library(self.language)
            name = (fields.get(keys.NAMED) or "").lower().replace(" ", "_")
            hint = f"; or 'use: {name}' of the library" if name in known else ""
            fail(
                fields.location, f"an exercise needs a dose: 'reps' with a 'tempo', a 'hold', or 'for'{hint}"
            )
            return None
        if keys.FOR in fields:
            if reps is not None:
                fail(fields.at(keys.REPS), "two doses ('for' and 'reps'); an exercise has one")
                return None
            phases = find_phases(fields, self.reader) if given[0] in TEMPOS else None
            if given[0] in TEMPOS:
                return fill_time(fields, phases, self.reader) if phases else None
            return routine.Timed(fields[keys.FOR][0])
        if reps is not None and self.wanted.change.reps is not None:
            reps = self.wanted.change.reps
        if keys.HOLD in fields:
            if keys.BPM in fields:
                fail(fields.at(keys.BPM), keys.IN_BEATS)
                return None
            return routine.Hold(
                reps or Range(Fraction(1), Fraction(1)), fields[keys.HOLD][0], fields[keys.RELAX]
            )
        if reps is None:
            fail(fields.at(given[0]), f"a {given[0].name} needs 'reps', such as 12 or 10-15, or 'for'")
            return None
        phases = find_phases(fields, self.reader)
        return routine.Tempo(reps, phases) if phases else None

    def _check_times(self, fields: keys.Fields, dose: routine.Dose) -> None:
        """Report what has no meaning with a dose, unless it is there for others, among the defaults."""
        defaults = self.script.get(keys.DEFAULT_FIELDS) or keys.Fields(fields.location)

        def is_own(key: keys.Key[Any]) -> bool:
            return key in fields and (key not in defaults or fields.at(key) != defaults.at(key))

        is_tempo = isinstance(dose, routine.Tempo)
        is_paced = isinstance(dose, routine.Tempo) and dose.phases[0].name == PACED
        for key, is_idle, message in (
            (keys.CALLS, is_tempo, keys.CALLED_IN_TIME),
            (keys.RELAX, is_tempo, keys.RELAXED_AFTER_HOLD),
            (keys.START, is_paced, keys.STARTS_WITH_DIGITS),
            (keys.COUNT, fields[keys.COUNT].of and (is_paced or not is_tempo), keys.COUNTED_OVER_PHASES),
        ):
            if is_idle and is_own(key):
                self.reader.fail(fields.at(key), message)
        counted = isinstance(fields[keys.REMINDERS_EVERY], int)
        if isinstance(dose, routine.Timed) and counted and is_own(keys.REMINDERS_EVERY):
            self.reader.fail(fields.at(keys.REMINDERS_EVERY), keys.REMINDED_IN_REPS)

    def _breaths(
        self, fields: keys.Fields, dose: routine.Dose
    ) -> tuple[tuple[tuple[str, Breath], ...], tuple[Phase, ...]]:
        breaths: tuple[BreathEntry, ...] = fields[keys.BREATHE]
        with_phases: list[tuple[str, Breath]] = []
        in_seconds: list[Phase] = []
        for breath in breaths:
            if isinstance(dose, routine.Tempo):
                names = list(dict.fromkeys(phase.name for phase in dose.phases))
                if names == [PACED]:
                    self.reader.fail(breath.location, "'breathe' needs a 'tempo', whose phases it names")
                elif breath.name not in names:
                    message = f"a breath on '{breath.name}', but the tempo has {' and '.join(names)}"
                    self.reader.fail(breath.location, message + nearest(breath.name, names))
                elif breath.says is None:
                    self.reader.fail(breath.location, keys.SAID_WITH_TEMPO)
                else:
                    with_phases.append((breath.name, breath.says))
            elif breath.seconds is None or breath.name not in BREATHS:
                self.reader.fail(breath.location, keys.BREATHED_IN_SECONDS)
            else:
                in_seconds.append(Phase(breath.name, breath.seconds))
        return tuple(with_phases), tuple(in_seconds)


def _space_reminders(fields: keys.Fields, dose: routine.Dose) -> tuple[int, Fraction | None]:
    """Return how far apart reminders come: in reps at a tempo, and in seconds of a hold or a time."""
    every = fields[keys.REMINDERS_EVERY]
    match dose:
        case routine.Tempo():
            rep = sum((phase.seconds for phase in dose.phases), Fraction(0))
            return (every, None) if isinstance(every, int) else (max(1, ceil(every / rep)), None)
        case routine.Hold():
            if isinstance(every, int) and keys.REMINDERS_EVERY in fields:
                return every, every * (dose.hold.low + dose.relax)
        case routine.Timed():
            pass
        case _:
            assert_never(dose)
    return (every, None) if isinstance(every, int) else (1, every)


def _single(fields: keys.Fields, key: keys.Key[tuple[T, ...]]) -> T | None:
    """Return the value of one set."""
    values = fields.get(key)
    return values[0] if values else None


def _changed(
    plans: list[routine.SetPlan], fields: keys.Fields, change: Change
) -> tuple[routine.SetPlan, ...]:
    """Return the sets with the user's own changes.

    Of more sets than there are, the last is done again.
    """
    rest = fields[keys.SET_REST][0] if change.rest is None else change.rest
    is_cluster = keys.CLUSTER in fields
    if change.sets is not None and len(plans) > 1 and not is_cluster:
        plans = [*plans, *plans[-1:] * (change.sets - len(plans))][: change.sets]
        plans = [
            *(replace(plan, rest=plan.rest or rest) for plan in plans[:-1]),
            replace(plans[-1], rest=None),
        ]
    if change.rest is not None and not is_cluster:
        plans = [*(replace(plan, rest=rest) for plan in plans[:-1]), replace(plans[-1], rest=None)]
    return tuple(plans)


def _only_differing(plans: tuple[routine.SetPlan, ...], rest: Fraction) -> tuple[routine.SetPlan, ...]:
    """Return sets that differ as they are, and nothing if they are alike, with this rest between them."""
    *most, last = plans
    alike = last.rest is None and all(plan == replace(last, rest=rest) for plan in most)
    return () if alike else plans


def _find_count(fields: keys.Fields, dose: routine.Dose) -> Count:
    """Return what is counted; a rep without phases has its number alone."""
    count = fields[keys.COUNT].what
    paced = isinstance(dose, routine.Tempo) and dose.phases[0].name == PACED
    return Count.REPS if paced and count != Count.OFF else count


def lay(layers: list[keys.Fields]) -> keys.Fields:
    """Return several layers of fields merged into one, in which nearer layers override farther ones.

    A dose replaces the dose of a farther layer as a whole, together with the start, breathing and count
    written beside it; in the same way, a setup replaces a setup and its short form.

    Args:
        layers: at least one, the farthest first.
    """
    doses = [next((key for key in _DOSES if key in layer), None) for layer in layers]
    last = max((number for number, dose in enumerate(doses) if dose), default=0)
    merged = keys.Fields(layers[0].location)
    for number, (layer, dose) in enumerate(zip(layers, doses, strict=True)):
        if dose is not None:
            replaced = next((key for key in _DOSES if key in merged), None)
            alike = replaced is None or replaced is dose or {replaced, dose} <= {*TEMPOS}
            other = keys.FOR in layer or keys.FOR in merged or not alike
            merged = merged.without((*_DOSES, keys.REPS, keys.RELAX) if other else _DOSES)
            merged = merged.without((keys.BPM,) if dose in IN_SECONDS else ())
        elif keys.REPS in layer and any(key in merged for key in TEMPOS):
            merged = merged.without((keys.FOR,))
        if gives_sets(layer):
            merged = merged.without(() if keys.CLUSTER in layer else (keys.SETS,))
        elif any(key in layer for key in (keys.REPS, keys.HOLD, keys.FOR)):
            merged = merged.without(differing(merged))
        if keys.SETUP in layer:
            merged = merged.without((keys.SHORT,))
        alive = layer if dose is None or number == last else layer.without(_OF_A_DOSE)
        merged = alive.over(merged)
    return merged
