"""From the fields of a script to a routine: steps, includes, and their limits."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from coach import phrases, routine
from coach.errors import Location, Problem, ScriptError
from coach.routine import PLACEHOLDERS, ROUND_PLACEHOLDERS, Level, Routine
from coach.script import format as keys
from coach.script.budget import Budget
from coach.script.document import MOST_BYTES, Mapping, Node, is_file, parse
from coach.script.exercises import Around, Change, Exercises, Wanted
from coach.script.format import StepKind
from coach.script.ladder import Names, count_nodes, fill_in
from coach.script.pace import spread_counts
from coach.script.sources import Sources, folder_of
from coach.script.texts import Texts
from coach.script.values import Language, Reader
from coach.text_enum import assert_never

MOST_INCLUDES = 5
"""Scripts that may include each other in a chain."""


def build(
    path: Path,
    shown: str,
    *,
    level: Level | None,
    change: Change,
    language: str | None,
    sources: Sources,
) -> Routine:
    """Return the routine that a script file describes.

    Args:
        path: the script.
        shown: its path as problems name it.
        level: the variant wanted; None for the plain one.
        change: the user's own dose.
        language: the language to speak, instead of the script's own; None for the script's own.
        sources: gives the texts of the script and of those it includes.

    Raises:
        ScriptError: with every problem in the file and in those that it includes.
    """
    session = _Session(Wanted(level, change), language, sources, _resolved(folder_of(path)))
    reader = session.reader
    try:
        script = _Script(path, shown, session)
        steps = script.steps()
        title = script.title()
        opening, closing = script.own_texts(keys.OPENING), script.own_texts(keys.CLOSING)
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
        levels=tuple(name for name in Level if name in session.levels),
        guidance=fields.get(keys.GUIDANCE),
        opening=opening,
        closing=closing,
        notes=reader.notes,
    )


class _Session:
    """What a script shares with all the scripts that it includes."""

    def __init__(self, wanted: Wanted, language: str | None, sources: Sources, home: Path) -> None:
        self.home = home
        self.wanted = wanted
        self.language = language
        self.sources = sources
        self.reader = Reader()
        self.budget = Budget(self.reader)
        self.levels: set[Level] = set()
        self.around = Around()
        self.pronounce: dict[str, str] = {}
        self._bytes = 0
        self._files: dict[Path, keys.Fields | None] = {}

    def read(self, path: Path, resolved: Path, shown: str) -> keys.Fields:
        """Return the fields of a file, which is read only once, whatever it is called.

        Raises:
            ScriptError: it cannot be read; without problems if they were reported before.
        """
        if resolved not in self._files:
            self._files[resolved] = None
            text = self.sources.read(path, shown)
            self._bytes += len(text.encode())
            if self._bytes > MOST_BYTES:
                message = f"is, with the scripts read before it, larger than {MOST_BYTES // 1_000_000} MB"
                raise ScriptError([Problem(Location(shown, 1, 1), message)])
            node = self._parse(text, resolved, shown)
            self._files[resolved] = keys.SCRIPT.read(node, self.reader) or keys.Fields(
                node.location, unread=[key.name for key in keys.SCRIPT.keys]
            )
        fields = self._files[resolved]
        if fields is None:
            raise ScriptError([])
        return fields

    def _parse(self, text: str, path: Path, shown: str) -> Node:
        """Return the tree of a text.

        A stranger's script may include any file of this machine, and problems quote what they find. So of one
        outside the script's own folder that isn't a script, nothing is told.

        Raises:
            ScriptError: it isn't YAML, or isn't a script.
        """
        is_named = (
            len(self._files) == 1
        )  # the first file is the one that a person asked for, a link or a pipe
        if is_named or path.is_relative_to(self.home):
            return parse(text, shown, self.reader.fail)
        problems: list[tuple[Location, str]] = []
        try:
            node = parse(text, shown, lambda *problem: problems.append(problem))
            is_script = isinstance(node, Mapping) and keys.STEPS.name in {key.text for key in node.entries}
        except ScriptError:
            is_script = False
        if not is_script:
            why = f"is not a script; it is outside {self.home}, so 'coach check {shown}' alone tells more"
            raise ScriptError([Problem(Location(shown, 1, 1), why)])
        for problem in problems:
            self.reader.fail(*problem)
        return node


class _Script:
    """One file: its own words, its library, its steps."""

    def __init__(self, path: Path, shown: str, session: _Session, parent: _Script | None = None) -> None:
        self.path = path
        self.shown = shown
        self.session = session
        self.reader = session.reader
        self.chain: tuple[Path, ...] = (*(parent.chain if parent else ()), _resolved(path))
        self.fields = session.read(path, self.chain[-1], shown)
        inherits = parent is not None and keys.COUNT_IN not in self.fields
        self.count_in: int = parent.count_in if parent and inherits else self.fields[keys.COUNT_IN]
        inherits = parent is not None and keys.BETWEEN not in self.fields
        self.between: Fraction | None = (
            parent.between if parent and inherits else self.fields.get(keys.BETWEEN)
        )
        self.language = self._language(parent)
        self.texts = Texts(self.fields, self.reader)
        self.exercises = Exercises(
            self.fields,
            self.language,
            self.count_in,
            self.between,
            session.wanted,
            self.texts,
            self.reader,
            session.levels,
            session.around,
        )
        pronounce: dict[str, str] = self.fields[keys.PRONOUNCE]
        session.pronounce = {**pronounce, **session.pronounce}

    def _language(self, parent: _Script | None) -> str:
        known = phrases.languages()
        place = self.fields.at(keys.LANGUAGE)
        language = self.session.language or self.fields[keys.LANGUAGE]
        language = Language.spoken(language)
        if language not in known:
            self.reader.fail(place, f"must be {Language.required()} (got '{language}')")
            return keys.LANGUAGE.default or known[0]
        if parent and language != parent.language:
            self.reader.fail(
                place, f"is in '{language}', but {parent.shown}, which includes it, is in '{parent.language}'"
            )
        return language

    def title(self) -> str:
        """Return the title with the script's own words filled in; problems go to the reader."""
        place = self.fields.at(keys.TITLE)
        return self.texts.plain(self.fields.get(keys.TITLE) or "", place, place)

    def own_texts(self, key: keys.Key[tuple[routine.Text, ...]]) -> tuple[routine.Text, ...] | None:
        """Return texts instead of Coach's own; None where the script has none. Problems go to the reader."""
        texts, place = self.fields.get(key), self.fields.at(key)
        return None if texts is None else tuple(self.texts.bind(text, PLACEHOLDERS, place) for text in texts)

    def steps(self) -> tuple[routine.Step, ...]:
        """Return the file's steps; problems go to the reader."""
        entries = self.fields[keys.EXERCISES]
        for fields in (self.fields.get(keys.DEFAULT_FIELDS), *entries.values()):
            if fields is not None:
                self.exercises.look_up(fields)
        steps = self._steps(self.fields.get(keys.STEPS) or ())
        for name, entry in () if self.session.budget.exhausted else entries.items():
            if name not in self.exercises.used and self.exercises.is_whole(entry):
                self.exercises.exercise(entry)
        return steps

    def _steps(self, steps: tuple[keys.StepFields, ...]) -> tuple[routine.Step, ...]:
        budget, built = self.session.budget, list[routine.Step]()
        for step in steps:
            if not budget.step(step.fields.location):
                break
            if step.kind is StepKind.INCLUDE:
                built += self._include(step.fields) if step.is_whole else ()
                continue
            made = self._step(step)
            if made is not None:
                built.append(made)
                budget.note(made.location)
        return tuple(built)

    def _step(self, step: keys.StepFields) -> routine.Step | None:
        """Return a step; None where it has a problem, which is noted, or where nothing more is worth it."""
        if keys.STEPS in step.fields:
            return self._block(step)
        if self.session.budget.exhausted:
            return None
        made = self._leaf(step)
        if made is not None:
            self.session.budget.spend(made)
        return made

    def _block(self, step: keys.StepFields) -> routine.Step | None:
        fields, place = step.fields, step.fields.location
        if step.kind is StepKind.REPEAT and step.is_whole:
            times, rest = fields[keys.REPEAT], fields.get(keys.ROUND_REST)
            if not isinstance(times, int):
                return self._ladder(fields, times)
            with self.session.budget.block(times, rest=rest or Fraction(0)), self.session.around.rounds():
                return routine.Repeat(times, self._steps(fields[keys.STEPS]), rest, place)
        if step.kind is StepKind.EVERY and step.is_whole:
            interval, rounds = fields[keys.EVERY], fields[keys.EVERY_ROUNDS]
            if not isinstance(rounds, int):
                return self._clock_ladder(fields, rounds)
            with self.session.budget.block(rounds, lasts=rounds * interval), self.session.around.rounds():
                return routine.Every(interval, rounds, self._steps(fields[keys.STEPS]), place)
        if not isinstance(fields[keys.STEPS], tuple):
            return None  # steps with names that nobody knows what they stand for
        with self.session.around.rounds():
            self._steps(fields[keys.STEPS])  # for their problems
        return None

    def _ladder(self, fields: keys.Fields, rounds: tuple[Names, ...]) -> routine.Step | None:
        """Return a repeat whose rounds differ."""
        rest, budget, place = fields.get(keys.ROUND_REST), self.session.budget, fields.location
        bodies = self._bodies(fields, rounds, fields.at(keys.REPEAT))
        budget.spend(routine.Rest((len(rounds) - 1) * (rest or Fraction(0)), place))
        return routine.Ladder(bodies, rest, place) if bodies else None

    def _clock_ladder(self, fields: keys.Fields, rounds: tuple[Names, ...]) -> routine.Step | None:
        """Return rounds on the clock that differ."""
        interval = fields[keys.EVERY]
        with self.session.budget.block(1, lasts=len(rounds) * interval):
            bodies = self._bodies(fields, rounds, fields.at(keys.EVERY_ROUNDS))
        return routine.ClockLadder(interval, bodies, fields.location) if bodies else None

    def _bodies(
        self, fields: keys.Fields, rounds: tuple[Names, ...], named: Location
    ) -> tuple[tuple[routine.Step, ...], ...]:
        """Return the steps of each round, read anew for each; none where there is a problem.

        Args:
            fields: of the block.
            rounds: what its names stand for in each round.
            named: where the names are.
        """
        steps, budget, around = fields[keys.STEPS_OF_ROUNDS], self.session.budget, self.session.around
        for name in (name for name, _ in rounds[0] if name in dict(around.names)):
            self.reader.fail(named, f"'{name}' is a name of a repeat around this; choose another")
            return ()
        if not budget.values(len(rounds) * count_nodes(steps), fields.location):
            return ()
        bodies = []
        for names in rounds:
            if budget.exhausted:
                break
            read = keys.STEPS.value.read(fill_in(steps, names), self.reader)
            with budget.block(1), around.rounds(names):
                bodies.append(self._steps(read or ()))
        return tuple(bodies)

    def _leaf(self, step: keys.StepFields) -> routine.Step | None:
        """Return a step that is no block; None, with the problem noted, where it cannot be built."""
        kind, fields, place = step.kind, step.fields, step.fields.location
        if kind is StepKind.EXERCISE or kind is StepKind.USE:  # tells its problems by itself
            return self.exercises.exercise(fields)
        if kind is None or not step.is_whole:
            return None
        match kind:
            case StepKind.SAY:
                missing = set(PLACEHOLDERS)
                if self.session.around.has_rounds:
                    missing -= {*ROUND_PLACEHOLDERS}
                text = self.texts.bind(fields[keys.SAY], missing, place)
                return routine.Say(text, fields[keys.PAUSE], place)
            case StepKind.REST:
                rest = fields[keys.REST]
                return routine.Rest(
                    rest.seconds,
                    fields.at(keys.REST),
                    silent=rest.silent or fields[keys.SILENT],
                    calls=rest.calls or fields.get(keys.CALLS),
                )
            case StepKind.SOUND:
                sound = self.texts.bind(fields[keys.SOUND], PLACEHOLDERS, place)
                return routine.Sound(sound, fields[keys.WAIT], place)
            case StepKind.BREATHING:
                return self._breathing(fields)
            case StepKind.REPEAT | StepKind.EVERY | StepKind.INCLUDE:
                return None  # one without its steps, whose problem is noted; includes are no steps themselves
            case _:
                assert_never(kind)

    def _include(self, fields: keys.Fields) -> tuple[routine.Step, ...]:
        place = fields.at(keys.INCLUDE)
        named = Path(fields[keys.INCLUDE])
        with suppress(RuntimeError):  # ~ of a user who doesn't exist
            named = named.expanduser()
        path = folder_of(self.path) / named
        shown = str(folder_of(Path(self.shown)) / named)
        if not is_file(path):
            self.reader.fail(place, f"must be an existing script (got '{named}'; there is no file {shown})")
        elif _resolved(path) in self.chain:
            self.reader.fail(place, f"'{named}' includes itself, directly or through another script")
        elif len(self.chain) > MOST_INCLUDES:
            self.reader.fail(place, f"includes nested more than {MOST_INCLUDES} deep")
        else:
            try:
                with self.session.around.file():
                    return _Script(path, shown, self.session, self).steps()
            except ScriptError as error:
                for problem in error.problems:
                    self.reader.fail(*problem)
        return ()

    def _breathing(self, fields: keys.Fields) -> routine.Breathing | None:
        phases, counting = fields[keys.BREATHING], fields[keys.BREATHING_COUNT]
        round_seconds = sum((phase.seconds for phase in phases), Fraction(0))
        rounds, time = fields.get(keys.ROUNDS), fields.get(keys.BREATHING_FOR)
        if (rounds is None) == (time is None):
            return None  # the problem has been reported
        if rounds is None:
            assert time is not None
            rounds = -(-time // round_seconds)  # whole rounds, rounded up
        return routine.Breathing(
            spread_counts(phases, counting.of),
            int(rounds),
            counting.what,
            self.count_in,
            fields.location,
            self.between,
        )


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a null byte: reading it tells
        return path
