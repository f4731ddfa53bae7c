"""From what was read to the routine: library, levels, overriding, includes, and what must fit together."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach import phrases, routine
from coach.errors import Problem, ScriptError
from coach.routine import PLACEHOLDERS, Phase, Routine, Span, Text
from coach.script import format as keys
from coach.script.document import parse, read_file
from coach.script.values import BREATHS, LONGEST_TEXT, Breath, Digits, Reader, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coach.errors import Location

LONGEST_ROUTINE = Fraction(12 * 3600)
"""Seconds; what lasts longer is a mistake in the script."""

MOST_CUES = 100_000
"""Beats and sentences that a routine may ask for: 12 hours of one-second beats are 43200."""

LEVELS = ("easier", "harder")

_DOSES = (keys.TEMPO, keys.HOLD, keys.FOR)


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
    reader = Reader()
    try:
        script = _Script(path, shown, reader, _Session(level, change, language))
        steps = script.steps()
    except ScriptError as error:  # a file that cannot be read at all
        raise ScriptError([*reader.problems, *error.problems]) from None
    _limits(steps, reader)
    if reader.problems:
        raise ScriptError(reader.problems)
    fields = script.fields
    pronounce: dict[str, str] = fields[keys.PRONOUNCE]
    return Routine(
        title=fields[keys.TITLE],
        steps=steps,
        location=fields.at(keys.TITLE),
        about=fields.get(keys.ABOUT),
        language=script.language,
        voice=fields[keys.VOICE_CHOICE],
        lead_in=fields[keys.LEAD_IN],
        pronounce=pronounce,
        level=level,
        levels=tuple(name for name in LEVELS if name in script.session.levels),
    )


def library(language: str) -> dict[str, keys.Fields]:
    """Return the exercises that ship for a language, by id; empty where there are none."""
    if language not in _libraries:
        path = Path(__file__).parents[1] / "exercises" / f"{language}.yaml"
        reader = Reader()
        entries = {}
        if path.is_file():
            node = parse(read_file(path, path.name), path.name)
            entries = keys.EXERCISES.value.read(node, reader) or {}
        if reader.problems:
            raise ScriptError(reader.problems)
        _libraries[language] = entries
    return _libraries[language]


_libraries: dict[str, dict[str, keys.Fields]] = {}


class _Session:
    """What holds for a script and all that it includes."""

    def __init__(self, level: str | None, change: Change, language: str | None) -> None:
        self.level = level
        self.change = change
        self.language = language
        self.levels: set[str] = set()
        self.open_files: list[Path] = []
        self.steps = 0


class _Script:
    """One file: its words, its library, its steps."""

    def __init__(
        self, path: Path, shown: str, reader: Reader, session: _Session, parent: _Script | None = None
    ) -> None:
        self.path = path
        self.shown = shown
        self.reader = reader
        self.session = session
        node = parse(read_file(path, shown), shown)
        self.fields = keys.SCRIPT.read(node, reader) or keys.Fields(node.location)
        self.vars = self.fields[keys.VARS]
        inherits = parent is not None and keys.COUNT_IN not in self.fields
        self.count_in: int = parent.count_in if parent and inherits else self.fields[keys.COUNT_IN]
        own = self.fields[keys.LANGUAGE].lower()
        self.language = session.language or own
        known = phrases.languages()
        base = self.language.partition("-")[0]
        if self.language not in known and base in known:
            self.language = base
        if self.language not in known:
            place = self.fields.at(keys.LANGUAGE)
            reader.fail(
                place, f"must be a language that Coach speaks: {', '.join(known)} (got '{self.language}')"
            )
        elif parent and self.language != parent.language:
            place = self.fields.at(keys.LANGUAGE)
            reader.fail(
                place, f"is in '{self.language}', but {parent.shown} that includes it in '{parent.language}'"
            )
        if not parent:
            self._names()

    def _names(self) -> None:
        for name in self.vars:
            if name in PLACEHOLDERS:
                self.reader.fail(
                    self.fields.at(keys.VARS), f"'{name}' is a word of the format; name it otherwise"
                )

    def steps(self) -> tuple[routine.Step, ...]:
        """Return the file's steps; problems go to the reader."""
        self.session.open_files.append(self.path.resolve())
        for entry in self.fields[keys.EXERCISES].values():
            self._checked_entry(entry)
        steps = self._steps(self.fields.get(keys.STEPS) or ())
        self.session.open_files.pop()
        return steps

    def _checked_entry(self, entry: keys.Fields) -> None:
        if keys.USE in entry:
            self._layers(entry)

    def _steps(self, steps: tuple[keys.StepFields, ...]) -> tuple[routine.Step, ...]:
        built: list[routine.Step] = []
        for step in steps:
            self.session.steps += 1
            if self.session.steps > MOST_CUES:
                raise ScriptError([Problem(step.fields.location, f"more than {MOST_CUES} steps")])
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
        if fields.unread:
            if keys.STEPS in fields:
                self._steps(fields[keys.STEPS])  # for their problems
            return None
        if kind == "say" and keys.SAY in fields:
            return routine.Say(self._text(fields[keys.SAY], ()), fields[keys.PAUSE], place)
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
        named = Path(fields[keys.INCLUDE]).expanduser()
        path = self.path.parent / named
        shown = str(Path(self.shown).parent / named)
        try:
            missing, again = not path.exists(), path.resolve() in self.session.open_files
        except (OSError, ValueError, RuntimeError):
            missing, again = True, False
        if missing:
            self.reader.fail(place, f"must be an existing script (got '{named}'; there is no {shown})")
            return ()
        if again:
            self.reader.fail(place, f"'{named}' includes itself, straight or through another script")
            return ()
        try:
            return _Script(path, shown, self.reader, self.session, self).steps()
        except ScriptError as error:
            self.reader.problems += error.problems
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
        layers = self._layers(step)
        if layers is None:
            return None
        self.session.levels.update(level for level in LEVELS for layer in layers if level in layer.names())
        defaults = self.fields.get(keys.DEFAULT_FIELDS)
        under = [defaults] if defaults else []
        merged = lay([*under, *layers])
        wanted = {"easier": keys.EASIER, "harder": keys.HARDER}.get(self.session.level or "")
        variant = merged.get(wanted) if wanted else None
        if variant is not None:
            afresh = keys.USE in variant
            layers = self._layers(variant) if afresh else [*layers, variant]
            if layers is None:
                return None
            merged = lay([*under, *layers])
        return self._assembled(merged, step.location)

    def _layers(self, fields: keys.Fields) -> list[keys.Fields] | None:
        """Return the fields with those of the library entries that they use, the farthest first."""
        layers = [fields]
        seen: set[tuple[str, bool]] = set()
        own, shipped = self.fields[keys.EXERCISES], library(self.language)
        while keys.USE in layers[0]:
            name, place = layers[0][keys.USE], layers[0].at(keys.USE)
            inside = own.get(name)
            if inside is not None and (name, True) not in seen and inside is not layers[0]:
                entry, mark = inside, (name, True)
            elif name in shipped:  # an entry of the script may build on the shipped one of its own name
                entry, mark = shipped[name], (name, False)
            elif inside is not None:
                self.reader.fail(place, f"exercise '{name}' uses itself")
                return None
            else:
                known = sorted({*own, *shipped})
                hint = nearest(name, known) or f"; known are {', '.join(known) or 'none'}"
                self.reader.fail(place, f"no exercise '{name}' in the library{hint}")
                return None
            if mark in seen:
                self.reader.fail(place, f"exercise '{name}' uses itself")
                return None
            seen.add(mark)
            layers.insert(0, entry)
        return layers

    def _assembled(self, fields: keys.Fields, place: Location) -> routine.Exercise | None:
        dose = self._dose(fields)
        name = fields.get(keys.NAMED)
        if name is None and not fields.unread:
            self.reader.fail(place, "an exercise needs a name: 'exercise: NAME', or 'use' one of the library")
        if dose is None or name is None:
            return None
        change = self.session.change
        sides = fields[keys.SIDES]
        if sides and change.sides is not None:
            sides = change.sides
        breathe, breathing = self._breaths(fields, dose)
        known = ["exercise", "set", "sets"]
        known += ["side"] if sides else []
        known += [] if isinstance(dose, routine.Timed) else ["reps"]
        each = [] if isinstance(dose, routine.Timed) else ["rep"]
        return routine.Exercise(
            name=name,
            dose=dose,
            location=place,
            sides=sides,
            switch=fields[keys.SWITCH],
            sets=fields[keys.SETS] if change.sets is None else change.sets,
            rest=fields[keys.SET_REST] if change.rest is None else change.rest,
            alternate=fields[keys.ALTERNATE],
            setup=tuple(self._text(text, known) for text in fields[keys.SETUP]),
            ready=fields[keys.READY],
            count_in=self.count_in,
            reminders=tuple(self._text(text, known + each) for text in fields[keys.REMINDERS]),
            reminders_every=fields[keys.REMINDERS_EVERY],
            breathe=breathe,
            breathing=breathing,
            count=fields[keys.COUNT],
            equipment=fields[keys.EQUIPMENT],
            position=fields.get(keys.POSITION),
            notes=fields.get(keys.NOTES),
        )

    def _dose(self, fields: keys.Fields) -> routine.Dose | None:
        if fields.unread & {key.name for key in (*_DOSES, keys.REPS, keys.START, keys.RELAX)}:
            return None
        fail = self.reader.fail
        given = [key for key in _DOSES if key in fields]
        reps = fields.get(keys.REPS)
        if len(given) > 1:
            fail(
                fields.at(given[1]),
                f"two doses ('{given[0].name}' and '{given[1].name}'); an exercise has one",
            )
            return None
        if not given:
            if reps is None:
                fail(fields.location, "an exercise needs a dose: 'reps' with a 'tempo', a 'hold', or 'for'")
            else:
                fail(
                    fields.at(keys.REPS),
                    "reps need a 'tempo', such as {up: 1, down: 3}, or a 'hold' in seconds",
                )
            return None
        if keys.FOR in fields:
            if reps is not None:
                fail(fields.at(keys.REPS), "two doses ('for' and 'reps'); a time takes the place of reps")
                return None
            return routine.Timed(fields[keys.FOR])
        if reps is not None and self.session.change.reps is not None:
            reps = self.session.change.reps
        if keys.HOLD in fields:
            return routine.Hold(reps or Span(Fraction(1), Fraction(1)), fields[keys.HOLD], fields[keys.RELAX])
        tempo = fields[keys.TEMPO]
        if reps is None:
            fail(fields.at(keys.TEMPO), "a tempo needs 'reps', such as 12 or 10-15")
            return None
        if isinstance(tempo, Digits):
            return routine.Tempo(reps, tempo.phases(fields[keys.START]))
        if keys.START in fields:
            fail(
                fields.at(keys.START),
                "'start' goes with a tempo of four digits; named phases have their order",
            )
            return None
        return routine.Tempo(reps, tempo)

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

    def _text(self, text: Text, known: Iterable[str]) -> Text:
        known = [*known, *self.vars]
        for name in text.placeholders():
            if name in ("{", "}"):
                self.reader.fail(
                    text.location, f"a single '{name}'; write '{name}{name}' for a brace that is spoken of"
                )
            elif name not in known:
                hint = nearest(name, known)
                if name in PLACEHOLDERS:
                    hint = "; it has no meaning here"
                elif not hint:
                    hint = f"; known are {', '.join(known)}" if known else "; 'vars' can define it"
                self.reader.fail(text.location, f"unknown placeholder {{{name}}}{hint}")
        bound = text.bind(self.vars)
        if len(bound.words) > LONGEST_TEXT:
            self.reader.fail(
                text.location, f"must be a text of 1 to {LONGEST_TEXT} characters once its vars are in"
            )
        return bound


def lay(layers: list[keys.Fields]) -> keys.Fields:
    """Return the fields of several levels as one, nearer ones over farther ones.

    A dose replaces that of a farther level as a whole, with the start, breathing and count that belong to it.

    Args:
        layers: at least one, the farthest first.
    """
    merged = keys.Fields(layers[0].location)
    count_belongs = False
    for layer in layers:
        dose = next((key for key in _DOSES if key in layer), None)
        if dose is not None:
            gone: list[keys.Key[Any]] = [*_DOSES, keys.START, keys.BREATHE]
            replaced = next((key for key in _DOSES if key in merged), None)
            if dose is keys.FOR or (replaced is not None and replaced is not dose):
                gone += [keys.REPS, keys.RELAX]
            if count_belongs:
                gone.append(keys.COUNT)
            merged = merged.without(gone)
        if keys.COUNT in layer:
            count_belongs = dose is not None
        merged = layer.over(merged)
    return merged


def _limits(steps: tuple[routine.Step, ...], reader: Reader) -> None:
    """Note a routine that would be too long or too large, by arithmetic alone."""
    seconds, cues = Fraction(0), 0
    for step in steps:
        seconds += step.seconds
        cues += routine.total((step,), _cues)
        if seconds > LONGEST_ROUTINE:
            hours = plain_hours(seconds)
            reader.fail(step.location, f"the routine lasts at least {hours} hours up to here; the most is 12")
            return
        if cues > MOST_CUES:
            reader.fail(step.location, f"the routine has {cues} cues up to here; the most is {MOST_CUES}")
            return


def plain_hours(seconds: Fraction) -> str:
    """Return a number of hours for a message: 27.8."""
    return f"{float(seconds) / 3600:,.1f}"


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
    return sets * reps * 10
