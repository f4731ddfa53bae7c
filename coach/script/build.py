"""From the fields of a script to a routine: steps, includes, and their limits."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from math import ceil
from pathlib import Path

from coach import phrases, routine
from coach.errors import Location, Problem, ScriptError
from coach.routine import PLACEHOLDERS, Routine
from coach.script import format as keys
from coach.script.document import MOST_BYTES, is_file, parse, read_file
from coach.script.exercises import LEVELS, Change, Exercises, Wanted, bind, plain
from coach.script.values import Reader

LONGEST_ROUTINE = Fraction(12 * 3600)
"""Seconds; what lasts longer is a mistake in the script."""

MOST_CUES = 100_000
"""Beats and sentences that a routine may ask for: 12 hours of one-second beats are 43200."""

MOST_STEPS = 10_000
"""Steps that a script may have with all that it includes, each include counted."""

MOST_INCLUDES = 5
"""Scripts that may include each other in a chain."""


def build(path: Path, shown: str, *, level: str | None, change: Change, language: str | None) -> Routine:
    """Return the routine that a script file describes.

    Args:
        path: the script.
        shown: its path as problems name it.
        level: None, "easier" or "harder".
        change: the user's own dose.
        language: the language to speak, instead of the script's own; None for the script's own.

    Raises:
        ScriptError: with every problem in the file and in those that it includes.
    """
    session = _Session(Wanted(level, change), language)
    reader = session.reader
    try:
        script = _Script(path, shown, session)
        steps = script.steps()
        title = script.title()
        _limits(steps, reader)
    except ScriptError as error:  # a file that cannot be read at all
        raise ScriptError([*reader.problems, *error.problems]) from None
    if reader.problems:
        raise ScriptError(reader.problems)
    fields = script.fields
    return Routine(
        title=title,
        steps=steps,
        location=fields.at(keys.TITLE),
        about=fields.get(keys.ABOUT),
        language=script.language,
        voice=fields[keys.VOICE_CHOICE],
        lead_in=fields[keys.LEAD_IN],
        pronounce=session.pronounce,
        level=level,
        levels=tuple(name for name in LEVELS if name in session.levels),
        guidance=fields.get(keys.GUIDANCE),
    )


class _Session:
    """What a script shares with all the scripts that it includes."""

    def __init__(self, wanted: Wanted, language: str | None) -> None:
        self.wanted = wanted
        self.language = language
        self.reader = Reader()
        self.levels: set[str] = set()
        self.pronounce: dict[str, str] = {}
        self.steps = 0
        self._bytes = 0
        self._files: dict[Path, keys.Fields | None] = {}

    def read(self, path: Path, shown: str) -> keys.Fields:
        """Return the fields of a file, which is read only once.

        Raises:
            ScriptError: it cannot be read; without problems if they were reported before.
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
    """One file: its own words, its library, its steps."""

    def __init__(self, path: Path, shown: str, session: _Session, parent: _Script | None = None) -> None:
        self.path = path
        self.shown = shown
        self.session = session
        self.reader = session.reader
        self.chain: tuple[Path, ...] = (*(parent.chain if parent else ()), _resolved(path))
        self.fields = session.read(self.chain[-1], shown)
        inherits = parent is not None and keys.COUNT_IN not in self.fields
        self.count_in: int = parent.count_in if parent and inherits else self.fields[keys.COUNT_IN]
        self.language = self._language(parent)
        self.exercises = Exercises(
            self.fields, self.language, self.count_in, session.wanted, self.reader, session.levels
        )
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
                place, f"is in '{language}', but {parent.shown}, which includes it, is in '{parent.language}'"
            )
        return language

    def title(self) -> str:
        """Return the title with the script's own words filled in; problems go to the reader."""
        place = self.fields.at(keys.TITLE)
        return plain(self.fields.get(keys.TITLE) or "", place, place, self.fields, self.reader)

    def steps(self) -> tuple[routine.Step, ...]:
        """Return the file's steps; problems go to the reader."""
        entries = self.fields[keys.EXERCISES]
        for fields in (self.fields.get(keys.DEFAULT_FIELDS), *entries.values()):
            if fields is not None:
                self.exercises.fit(fields)
        steps = self._steps(self.fields.get(keys.STEPS) or ())
        for name, entry in entries.items():
            if name not in self.exercises.used and self.exercises.is_whole(entry):
                self.exercises.exercise(entry)
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
            return self.exercises.exercise(fields)
        if fields.unread or not kind:
            if keys.STEPS in fields:
                self._steps(fields[keys.STEPS])  # for their problems
            return None
        if kind == "say" and keys.SAY in fields:
            text = bind(fields[keys.SAY], PLACEHOLDERS, place, self.fields, self.reader)
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
        with suppress(RuntimeError):  # ~ of a user who doesn't exist
            named = named.expanduser()
        path = self.path.parent / named
        shown = str(Path(self.shown).parent / named)
        if not is_file(path):
            self.reader.fail(place, f"must be an existing script (got '{named}'; there is no file {shown})")
        elif _resolved(path) in self.chain:
            self.reader.fail(place, f"'{named}' includes itself, directly or through another script")
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
        round_seconds = sum((phase.seconds for phase in phases), Fraction(0))
        rounds, time = fields.get(keys.ROUNDS), fields.get(keys.FOR)
        if (rounds is None) == (time is None):
            self.reader.fail(fields.location, "a breathing step needs either 'rounds' or 'for'")
            return None
        if rounds is None:
            assert time is not None
            rounds = -(-time // round_seconds)  # whole rounds, rounded up
        return routine.Breathing(
            phases, int(rounds), fields[keys.BREATHING_COUNT], self.count_in, fields.location
        )


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a null byte: reading it tells
        return path


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
