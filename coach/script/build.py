"""From what was read to the routine: library, levels, overriding, includes, and what must fit together."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach import phrases, routine
from coach.errors import Location, Problem, ScriptError
from coach.routine import PLACEHOLDERS, Phase, Routine, Span, Text
from coach.script import format as keys
from coach.script.document import MOST_BYTES, parse, read_file, short
from coach.script.values import BREATHS, LONGEST_TEXT, Breath, Digits, Reader, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LONGEST_ROUTINE = Fraction(12 * 3600)
"""Seconds; what lasts longer is a mistake in the script."""

MOST_CUES = 100_000
"""Beats and sentences that a routine may ask for: 12 hours of one-second beats are 43200."""

MOST_STEPS = 10_000
"""Steps that a script may have with all that it includes, each include counted."""

MOST_INCLUDES = 5
"""Scripts that may include each other in a chain."""

MOST_USES = 10
"""Exercises that may build on each other in a chain."""

_VARIANTS = {"easier": keys.EASIER, "harder": keys.HARDER}
LEVELS = tuple(_VARIANTS)

_DOSES: tuple[keys.Key[Any], ...] = (keys.TEMPO, keys.HOLD, keys.FOR)
_OF_A_DOSE: tuple[keys.Key[Any], ...] = (keys.START, keys.BREATHE, keys.COUNT)
_DOSE_NAMES = {key.name for key in (*_DOSES, keys.REPS, keys.START, keys.RELAX, keys.USE)}


@dataclass(frozen=True, slots=True)
class Change:
    """What a person changes about every exercise, for one session: it overrides all that the script says.

    Attributes:
        reps: for exercises whose dose has reps; None leaves them as they are, and so on.
        sides: for exercises that have sides.
        sets: sets.
        rest: seconds between sets.
    """

    reps: Span | None = None
    sides: tuple[str, ...] | None = None
    sets: int | None = None
    rest: Fraction | None = None


def build(path: Path, shown: str, *, level: str | None, change: Change, language: str | None) -> Routine:
    """Return the routine that a script file describes.

    Args:
        path: the script.
        shown: its path as problems name it.
        level: None, "easier" or "harder".
        change: a person's own dose.
        language: spoken in place of the script's own; None leaves it.

    Raises:
        ScriptError: with every problem of the file and of those it includes.
    """
    session = _Session(level, change, language)
    reader = session.reader
    try:
        script = _Script(path, shown, session)
        steps = script.steps()
        _limits(steps, reader)
    except ScriptError as error:  # a file that cannot be read at all
        raise ScriptError([*reader.problems, *error.problems]) from None
    if reader.problems:
        raise ScriptError(reader.problems)
    fields = script.fields
    return Routine(
        title=fields[keys.TITLE],
        steps=steps,
        location=fields.at(keys.TITLE),
        about=fields.get(keys.ABOUT),
        language=script.language,
        voice=fields[keys.VOICE_CHOICE],
        lead_in=fields[keys.LEAD_IN],
        pronounce=session.pronounce,
        level=level,
        levels=tuple(name for name in LEVELS if name in session.levels),
    )


@lru_cache(maxsize=8)
def library(language: str) -> Mapping[str, keys.Fields]:
    """Return the exercises that ship for a language, by id; empty where there are none."""
    path = Path(__file__).parents[1] / "exercises" / f"{language}.yaml"
    if not path.is_file():
        return {}
    reader = Reader()
    entries = keys.EXERCISES.value.read(parse(read_file(path, path.name), path.name, reader.fail), reader)
    if reader.problems:
        raise ScriptError(reader.problems)
    return entries or {}


class _Session:
    """What holds for a script and all that it includes."""

    def __init__(self, level: str | None, change: Change, language: str | None) -> None:
        self.level = level
        self.change = change
        self.language = language
        self.reader = Reader()
        self.levels: set[str] = set()
        self.pronounce: dict[str, str] = {}
        self.steps = 0
        self._bytes = 0
        self._files: dict[Path, keys.Fields | None] = {}

    def read(self, path: Path, shown: str) -> keys.Fields:
        """Return what stands in a file, which is read only once.

        Raises:
            ScriptError: it cannot be read; without problems where they were told before.
        """
        if path not in self._files:
            self._files[path] = None
            text = read_file(path, shown)
            self._bytes += len(text.encode())
            if self._bytes > MOST_BYTES:
                message = f"is, with the scripts read before it, larger than {MOST_BYTES // 1_000_000} MB"
                raise ScriptError([Problem(Location(shown, 1, 1), message)])
            node = parse(text, shown, self.reader.fail)
            self._files[path] = keys.SCRIPT.read(node, self.reader) or keys.Fields(
                node.location, unread=[key.name for key in keys.SCRIPT.keys]
            )
        fields = self._files[path]
        if fields is None:
            raise ScriptError([])
        return fields


class _Script:
    """One file: its words, its library, its steps."""

    def __init__(self, path: Path, shown: str, session: _Session, parent: _Script | None = None) -> None:
        self.path = path
        self.shown = shown
        self.session = session
        self.reader = session.reader
        self.chain: tuple[Path, ...] = (*(parent.chain if parent else ()), _resolved(path))
        self.fields = session.read(self.chain[-1], shown)
        self.used: set[str] = set()
        inherits = parent is not None and keys.COUNT_IN not in self.fields
        self.count_in: int = parent.count_in if parent and inherits else self.fields[keys.COUNT_IN]
        self.language = self._language(parent)
        pronounce: dict[str, str] = self.fields[keys.PRONOUNCE]
        session.pronounce = {**pronounce, **session.pronounce}

    def _language(self, parent: _Script | None) -> str:
        known = phrases.languages()
        place = self.fields.at(keys.LANGUAGE)
        language = self.session.language or self.fields[keys.LANGUAGE]
        language = language.lower().replace("_", "-")
        if language not in known:
            language = language.partition("-")[0]
        if language not in known:
            wanted = f"a language that Coach speaks: {', '.join(known)}"
            self.reader.fail(place, f"must be {wanted} (got '{language}')")
            return keys.LANGUAGE.default or known[0]
        if parent and language != parent.language:
            self.reader.fail(
                place, f"is in '{language}', but {parent.shown} that includes it in '{parent.language}'"
            )
        return language

    def steps(self) -> tuple[routine.Step, ...]:
        """Return the file's steps; problems go to the reader."""
        entries = self.fields[keys.EXERCISES]
        for fields in (self.fields.get(keys.DEFAULT_FIELDS), *entries.values()):
            if fields is not None:
                self._fit(fields)
        steps = self._steps(self.fields.get(keys.STEPS) or ())
        for name, entry in entries.items():
            if name not in self.used and self._whole(entry):
                self._exercise(entry)
        return steps

    def _steps(self, steps: tuple[keys.StepFields, ...]) -> tuple[routine.Step, ...]:
        built: list[routine.Step] = []
        for step in steps:
            self.session.steps += 1
            if self.session.steps == MOST_STEPS + 1:
                self.reader.fail(step.fields.location, f"more than {MOST_STEPS} steps")
            if self.session.steps > MOST_STEPS:
                break
            if step.kind == "include":
                built += self._include(step.fields)
                continue
            made = self._step(step.kind, step.fields)
            if made is not None:
                built.append(made)
        return tuple(built)

    def _step(self, kind: str, fields: keys.Fields) -> routine.Step | None:
        place = fields.location
        if kind == "exercise":
            return self._exercise(fields)
        if fields.unread or not kind:
            if keys.STEPS in fields:
                self._steps(fields[keys.STEPS])  # for their problems
            return None
        if kind == "say" and keys.SAY in fields:
            text = self._text(fields[keys.SAY], PLACEHOLDERS, place)
            return routine.Say(text, fields[keys.PAUSE], place)
        if kind == "rest" and keys.REST in fields:
            return routine.Rest(fields[keys.REST], fields.at(keys.REST))
        if kind == "breathing" and keys.BREATHING in fields:
            return self._breathing(fields)
        if kind in ("repeat", "every") and keys.STEPS in fields:
            steps = self._steps(fields[keys.STEPS])
            if kind == "repeat":
                return routine.Repeat(fields[keys.REPEAT], steps, fields[keys.ROUND_REST], place)
            if keys.EVERY_ROUNDS in fields:
                return routine.Every(fields[keys.EVERY], fields[keys.EVERY_ROUNDS], steps, place)
        return None

    def _include(self, fields: keys.Fields) -> tuple[routine.Step, ...]:
        if keys.INCLUDE not in fields:
            return ()
        place = fields.at(keys.INCLUDE)
        named = Path(fields[keys.INCLUDE])
        with suppress(RuntimeError):  # ~ of a user who isn't there
            named = named.expanduser()
        path = self.path.parent / named
        shown = str(Path(self.shown).parent / named)
        if not _is_file(path):
            self.reader.fail(place, f"must be an existing script (got '{named}'; there is no file {shown})")
        elif _resolved(path) in self.chain:
            self.reader.fail(place, f"'{named}' includes itself, straight or through another script")
        elif len(self.chain) > MOST_INCLUDES:
            self.reader.fail(place, f"includes nested more than {MOST_INCLUDES} deep")
        else:
            try:
                return _Script(path, shown, self.session, self).steps()
            except ScriptError as error:
                for problem in error.problems:
                    self.reader.fail(*problem)
        return ()

    def _breathing(self, fields: keys.Fields) -> routine.Breathing | None:
        phases = fields[keys.BREATHING]
        length = sum((phase.seconds for phase in phases), Fraction(0))
        rounds, time = fields.get(keys.ROUNDS), fields.get(keys.FOR)
        if (rounds is None) == (time is None):
            self.reader.fail(fields.location, "a breathing step needs either 'rounds' or 'for'")
            return None
        if rounds is None:
            assert time is not None
            rounds = -(-time // length)  # whole rounds, rounded up
        return routine.Breathing(
            phases, int(rounds), fields[keys.BREATHING_COUNT], self.count_in, fields.location
        )

    # Exercises

    def _exercise(self, step: keys.Fields) -> routine.Exercise | None:
        """Return the exercise at the session's level; problems are noted at every level."""
        self._fit(step)
        layers = self._layers(step)
        if layers is None:
            return None
        defaults = self.fields.get(keys.DEFAULT_FIELDS)
        under = [defaults] if defaults else []
        merged = lay([*under, *layers])
        chosen = self._assembled(merged, step.location)
        for level, key in _VARIANTS.items():
            variant = merged.get(key)
            if variant is None:
                continue
            self.session.levels.add(level)
            above = self._layers(variant) if keys.USE in variant else [*layers, variant]
            made = above and self._assembled(lay([*under, *above]), step.location)
            if level == self.session.level:
                chosen = made or None
        return chosen

    def _fit(self, fields: keys.Fields) -> None:
        """Note what within one level does not go together, at this level and at those that it overrides."""
        for each in (fields, *(fields.get(key) for key in _VARIANTS.values())):
            if each is None:
                continue
            self._layers(each)
            given = [key for key in (*_DOSES, keys.REPS) if key in each]
            tempo = each.get(keys.TEMPO)
            if len([key for key in given if key is not keys.REPS]) > 1 or given == [keys.FOR, keys.REPS]:
                words = f"two doses ('{given[0].name}' and '{given[1].name}'); an exercise has one"
                self.reader.fail(each.at(given[1]), words)
            elif keys.START in each and isinstance(tempo, tuple):
                words = "'start' goes with a tempo of four digits; named phases have their order"
                self.reader.fail(each.at(keys.START), words)
            elif keys.RELAX in each and (tempo or keys.FOR in each):
                self.reader.fail(each.at(keys.RELAX), "'relax' goes with a 'hold'")

    def _whole(self, entry: keys.Fields) -> bool:
        """Tell whether an entry of the library is an exercise by itself, not a base for others."""
        layers = self._layers(entry) or [entry]
        fields = lay(layers)
        dose = keys.HOLD in fields or keys.FOR in fields or (keys.TEMPO in fields and keys.REPS in fields)
        return keys.NAMED in fields and dose

    def _layers(self, fields: keys.Fields) -> list[keys.Fields] | None:
        """Return the fields with those of the library entries that they use, the farthest first."""
        layers = [fields]
        own, shipped = self.fields[keys.EXERCISES], library(self.language)
        while keys.USE in layers[0]:
            name, place = layers[0][keys.USE], layers[0].at(keys.USE)
            self.used.add(name)
            entry = own.get(name)
            if entry is None or entry in layers:  # an entry may build on the shipped one of its own name
                entry = shipped.get(name, entry)
            if entry is None:
                if keys.EXERCISES.name not in self.fields.unread:
                    known = [*own, *shipped]
                    hint = nearest(name, known) or f"; known are {short(', '.join(known)) or 'none'}"
                    self.reader.fail(place, f"no exercise '{name}' in the library{hint}")
                return None
            if entry in layers:
                self.reader.fail(place, f"exercise '{name}' uses itself")
                return None
            if len(layers) > MOST_USES:
                self.reader.fail(place, f"exercises that use each other more than {MOST_USES} deep")
                return None
            layers.insert(0, entry)
        return layers

    def _assembled(self, fields: keys.Fields, place: Location) -> routine.Exercise | None:
        dose = self._dose(fields)
        name = fields.get(keys.NAMED)
        if name is None and not fields.unread & {keys.NAMED.name, keys.USE.name}:
            self.reader.fail(place, "an exercise needs a name: 'exercise: NAME', or 'use' one of the library")
        change = self.session.change
        sides = fields[keys.SIDES]
        if sides and change.sides is not None:
            sides = change.sides
        missing = set()
        if not sides and not fields.unread & {keys.SIDES.name, keys.USE.name}:
            missing.add("side")
        if isinstance(dose, routine.Timed):
            missing |= {"rep", "reps"}
        setup = tuple(self._text(text, {*missing, "rep"}, place) for text in fields[keys.SETUP])
        reminders = tuple(self._text(text, missing, place) for text in fields[keys.REMINDERS])
        if dose is None or name is None:
            return None
        breathe, breathing = self._breaths(fields, dose)
        return routine.Exercise(
            name=name,
            dose=dose,
            location=place,
            sides=sides,
            switch=fields[keys.SWITCH],
            sets=fields[keys.SETS] if change.sets is None else change.sets,
            rest=fields[keys.SET_REST] if change.rest is None else change.rest,
            alternate=fields[keys.ALTERNATE],
            setup=setup,
            ready=fields[keys.READY],
            count_in=self.count_in,
            reminders=reminders,
            reminders_every=fields[keys.REMINDERS_EVERY],
            breathe=breathe,
            breathing=breathing,
            count=fields[keys.COUNT],
            equipment=fields[keys.EQUIPMENT],
            position=fields.get(keys.POSITION),
            notes=fields.get(keys.NOTES),
        )

    def _dose(self, fields: keys.Fields) -> routine.Dose | None:
        given = [key for key in _DOSES if key in fields]
        reps = fields.get(keys.REPS)
        if fields.unread & _DOSE_NAMES or len(given) > 1:
            return None  # the problem is noted
        fail = self.reader.fail
        if reps is None and not given:
            known = library(self.language)
            name = (fields.get(keys.NAMED) or "").lower().replace(" ", "_")
            hint = f"; or 'use: {name}' of the library" if name in known else ""
            fail(
                fields.location, f"an exercise needs a dose: 'reps' with a 'tempo', a 'hold', or 'for'{hint}"
            )
            return None
        if not given:
            fail(
                fields.at(keys.REPS), "reps need a 'tempo', such as {up: 1, down: 3}, or a 'hold' in seconds"
            )
            return None
        if keys.FOR in fields:
            if reps is not None:
                fail(fields.at(keys.REPS), "two doses ('for' and 'reps'); an exercise has one")
                return None
            return routine.Timed(fields[keys.FOR])
        if reps is not None and self.session.change.reps is not None:
            reps = self.session.change.reps
        if keys.HOLD in fields:
            return routine.Hold(reps or Span(Fraction(1), Fraction(1)), fields[keys.HOLD], fields[keys.RELAX])
        if reps is None:
            fail(fields.at(keys.TEMPO), "a tempo needs 'reps', such as 12 or 10-15")
            return None
        tempo = fields[keys.TEMPO]
        return routine.Tempo(reps, tempo.phases(fields[keys.START]) if isinstance(tempo, Digits) else tempo)

    def _breaths(
        self, fields: keys.Fields, dose: routine.Dose
    ) -> tuple[tuple[tuple[str, str], ...], tuple[Phase, ...]]:
        breaths: tuple[Breath, ...] = fields[keys.BREATHE]
        with_phases: list[tuple[str, str]] = []
        in_seconds: list[Phase] = []
        for breath in breaths:
            if isinstance(dose, routine.Tempo):
                names = list(dict.fromkeys(phase.name for phase in dose.phases))
                if breath.name not in names:
                    message = f"a breath on '{breath.name}', but the tempo has {' and '.join(names)}"
                    self.reader.fail(breath.location, message + nearest(breath.name, names))
                elif breath.says is None:
                    self.reader.fail(
                        breath.location, "with a tempo, 'breathe' says in, out or hold for a phase"
                    )
                else:
                    with_phases.append((breath.name, breath.says))
            elif breath.seconds is None or breath.name not in BREATHS:
                self.reader.fail(
                    breath.location, "with 'hold' or 'for', 'breathe' has seconds, such as {in: 4, out: 4}"
                )
            else:
                in_seconds.append(Phase(breath.name, breath.seconds))
        return tuple(with_phases), tuple(in_seconds)

    def _text(self, text: Text, missing: Iterable[str], place: Location) -> Text:
        """Return a text with its vars filled in.

        Args:
            text: as it stands in the file.
            missing: the placeholders of the format that mean nothing here.
            place: the step that needs the text; a text that ships with Coach has its problems there.
        """
        variables = self.fields[keys.VARS]
        known = [*(name for name in PLACEHOLDERS if name not in missing), *variables]
        place = text.location if text.location.path == self.fields.location.path else place
        for name in text.placeholders():
            quoted = short(name)
            if name in ("{", "}"):
                words = f"a single '{name}'; write '{name}{name}' for a brace that is spoken of"
                self.reader.fail(place, words)
            elif name in PLACEHOLDERS and name not in known:
                self.reader.fail(place, f"{{{quoted}}} has no meaning here")
            elif name not in known and keys.VARS.name not in self.fields.unread:
                words = f"; known are {short(', '.join(known))}" if known else "; 'vars' can define it"
                hint = nearest(name, known) or words
                self.reader.fail(place, f"unknown placeholder {{{quoted}}}{hint}")
        bound = text.bind(variables)
        if len(bound.words) > LONGEST_TEXT:
            words = f"must be a text of 1 to {LONGEST_TEXT} characters once its vars are in"
            self.reader.fail(place, f"{words} (got {len(bound.words)})")
            return text
        return bound


def lay(layers: list[keys.Fields]) -> keys.Fields:
    """Return the fields of several levels as one, nearer ones over farther ones.

    A dose replaces that of a farther level as a whole, with the start, breathing and count written beside it.

    Args:
        layers: at least one, the farthest first.
    """
    doses = [next((key for key in _DOSES if key in layer), None) for layer in layers]
    last = max((number for number, dose in enumerate(doses) if dose), default=0)
    merged = keys.Fields(layers[0].location)
    for number, (layer, dose) in enumerate(zip(layers, doses, strict=True)):
        if dose is not None:
            replaced = next((key for key in _DOSES if key in merged), None)
            other = dose is keys.FOR or replaced not in (None, dose)
            merged = merged.without((*_DOSES, keys.REPS, keys.RELAX) if other else _DOSES)
        alive = layer if dose is None or number == last else layer.without(_OF_A_DOSE)
        merged = alive.over(merged)
    return merged


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a null byte: reading it tells
        return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, a null byte
        return False


def _limits(steps: tuple[routine.Step, ...], reader: Reader) -> None:
    """Note a routine that would be too long or too large, by arithmetic alone."""
    seconds, cues = Fraction(0), 0
    for step in steps:
        seconds += step.seconds
        cues += routine.total((step,), _cues)
        if seconds > LONGEST_ROUTINE:
            hours = min(ceil(seconds / 36), 10**8) / 100
            reader.fail(
                step.location, f"the routine lasts at least {hours:,.2f} hours up to here; the most is 12"
            )
            return
        if cues > MOST_CUES:
            reader.fail(step.location, f"the routine has more than {MOST_CUES} cues up to here")
            return


def _cues(step: routine.Step) -> int:
    """Return an upper bound of the beats and sentences of one step that is no block."""
    if isinstance(step, routine.Breathing):
        return step.rounds * sum(int(phase.seconds) + 1 for phase in step.phases)
    if not isinstance(step, routine.Exercise):
        return 1
    sets = step.sets * (len(step.sides) or 1)
    if isinstance(step.dose, routine.Tempo):
        return int(sets * step.dose.reps.low * sum(int(phase.seconds) + 1 for phase in step.dose.phases))
    reps = 1 if isinstance(step.dose, routine.Timed) else int(step.dose.reps.low)
    breath = min((phase.seconds for phase in step.breathing), default=Fraction(10))
    return sets * (reps * 10 + int(step.dose.seconds / breath))
