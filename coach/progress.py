"""Progress: what the log of sessions says about today's doses, and about how much guidance is needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from coach.errors import Problem
from coach.routine import (
    Alternate,
    Every,
    Exercise,
    Guidance,
    Hold,
    Level,
    News,
    Range,
    Setback,
    Tempo,
    Timed,
    map_exercises,
    map_rounds,
    sum_seconds,
)
from coach.text_enum import assert_never

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from coach.errors import Location
    from coach.history import SessionLog, SetLog
    from coach.routine import Dose, Routine

AWAY = timedelta(weeks=3)
"""After this long without an exercise, it starts at the low end again, with full guidance."""

_KNOWN_AFTER = 3
"""After this many completed sessions, an exercise no longer needs full guidance."""

_SECONDS = 2
"""What one step adds to a hold, if the script doesn't say: nobody would feel one second."""


class Visit(NamedTuple):
    """What one session did of an exercise, on one side or on several.

    Attributes:
        moment: when the session started.
        reps: the planned reps; None for timed work.
        hold: the planned seconds of each hold; None if nothing is held.
        whole: whether all its sets were done.
        broken: whether a set was broken off, and not done after all.
        effort: how hard the user found it, as in `SessionLog`; None without an answer.
        pain: how much it hurt, likewise.
    """

    moment: datetime
    reps: int | None
    hold: float | None
    whole: bool
    broken: bool
    effort: str | None
    pain: str | None

    @property
    def objection(self) -> Setback | None:
        """Why the dose should not grow after this: HURT, HARD, or None."""
        return Setback.HURT if self.pain == "more" else Setback.HARD if self.effort == "more" else None


class Standing(NamedTuple):
    """Where the user stands with an exercise on one side.

    Attributes:
        exercise: the exercise, as in the routine.
        side: the side; None without sides.
        steps: the doses from the low end to the top; just one if the dose has no range.
        step: the index of today's dose.
        why: the reason for that dose, in words.
        cause: what keeps the dose from growing; None if nothing does.
        visits: the sessions that had it, oldest first.
        outgrown: whether completing today's session will have done the top often enough.
    """

    exercise: Exercise
    side: str | None
    steps: tuple[Dose, ...]
    step: int
    why: str
    cause: Setback | None
    visits: tuple[Visit, ...]
    outgrown: bool

    @property
    def dose(self) -> Dose:
        """Today's dose."""
        return self.steps[self.step]

    @property
    def grows(self) -> bool:
        """Whether its dose has a range."""
        return len(self.steps) > 1

    def step_of(self, visit: Visit) -> int | None:
        """Return the highest step that a visit's dose reached; None below the low end."""
        return _step_of(self.steps, visit)


class _Plan(NamedTuple):
    """What a routine plans, read in one walk through its steps.

    Attributes:
        level: as in the routine.
        exercises: each once, in their order.
        sets: how many of each exercise (by its name) on each side, in all rounds.
    """

    level: Level | None
    exercises: tuple[Exercise, ...]
    sets: Counter[tuple[str, str | None]]


def today(
    routine: Routine,
    sessions: Iterable[SessionLog],
    now: datetime,
    *,
    grows: bool = True,
    guidance: Guidance = Guidance.FULL,
) -> Routine:
    """Return a routine with today's doses, and with as much guidance as the user needs.

    Args:
        routine: the routine, as in its script.
        sessions: the log, oldest first.
        now: a moment with a time zone.
        grows: whether doses follow the log; otherwise they are at the low end of their ranges.
        guidance: how much is said of every exercise; AUTO depends on how well each exercise is known.
    """
    plan = _plan(routine)
    log = _Log(plan, sessions)
    stands = _standings(plan, log, now) if grows else []
    doses: dict[Exercise, list[tuple[str | None, Dose]]] = {}
    for stand in stands:
        if stand.grows:
            doses.setdefault(stand.exercise, []).append((stand.side, stand.dose))

    def changed(exercise: Exercise) -> Exercise:
        needs = _needs(exercise, log, now) if guidance == Guidance.AUTO else guidance
        return replace(exercise, doses=tuple(doses.get(exercise, ())), guidance=needs)

    fitted = replace(
        routine.map_exercises(changed), news=tuple(_news(stands)), outgrown=outgrown(routine, stands)
    )
    return hold_in_rounds(fitted, _find_overfull(fitted)) or fitted


def at_top(routine: Routine) -> Routine:
    """Return a routine with every dose at the top of its range."""

    def changed(exercise: Exercise) -> Exercise:
        if exercise.plans:
            return exercise
        top = _steps(exercise)[-1]
        return replace(exercise, doses=tuple((side, top) for side in exercise.work_sides))

    return routine.map_exercises(changed)


def hold_in_rounds(routine: Routine, places: Collection[Location]) -> Routine | None:
    """Return a routine with less of what has grown in rounds of `every` that have no time for it.

    A dose gives way step by step, down to the low end of its range; what it is held at is in the notes.

    Args:
        routine: the routine with today's doses.
        places: where the rounds are.

    Returns:
        None where nothing that has grown can give way.
    """
    held: dict[Location, str] = {}

    def lowered(exercise: Exercise) -> Exercise:
        steps = _steps(exercise)
        doses = tuple((side, steps[max(0, steps.index(dose) - 1)]) for side, dose in exercise.doses)
        if doses == exercise.doses:
            return exercise
        held[exercise.location] = exercise.name
        return replace(exercise, doses=doses)

    def lower(block: Every) -> Every:
        if block.location not in places:
            return block
        while (lower := replace(block, steps=map_exercises(block.steps, lowered))) != block:
            block = lower
            if sum_seconds(block.steps) <= block.interval:
                break
        return block

    steps = map_rounds(routine.steps, lower)
    if not held:
        return None
    names = {*held.values()}
    news = [each for each in routine.news if each.exercise not in names]
    news += [News(name, because=Setback.ROUND) for name in sorted(names)]
    kept = replace(routine, steps=steps, news=tuple(news))
    told = {each.location: _tell_held(each) for each in kept.exercises() if each.location in held}
    others = [note for note in routine.notes if note.location not in told or _NO_TIME not in note.message]
    notes = tuple(Problem(place, message) for place, message in told.items())
    return replace(kept, notes=(*others, *notes))


def _find_overfull(routine: Routine) -> set[Location]:
    """Return where the rounds of `every` are whose work alone is longer than they are."""
    return {
        step.location
        for step, _ in routine.walk()
        if isinstance(step, Every) and sum_seconds(step.steps) > step.interval
    }


_NO_TIME = "its round has no time for more"


def _tell_held(exercise: Exercise) -> str:
    """Return what an exercise is held at, in words."""
    doses = dict.fromkeys(
        part for _, dose in exercise.doses for part in describe_dose(exercise.dose, dose, of=True)
    )
    return f"{exercise.name} stays at {' and '.join(doses)}: {_NO_TIME}"


def standings(routine: Routine, sessions: Iterable[SessionLog], now: datetime) -> list[Standing]:
    """Return where the user stands with each exercise of a routine on each side, in the routine's order.

    Args:
        routine: the routine, as in its script.
        sessions: the log, oldest first.
        now: a moment with a time zone.
    """
    plan = _plan(routine)
    return _standings(plan, _Log(plan, sessions), now)


def outgrown(routine: Routine, stands: Sequence[Standing]) -> tuple[str, ...]:
    """Return the names of exercises that are outgrown on all sides and have a harder variant."""
    harder = {None: Level.HARDER, Level.EASIER: Level.EASIER}.get(routine.level)
    behind = {stand.exercise.name for stand in stands if not stand.outgrown}
    names = (stand.exercise.name for stand in stands if harder in stand.exercise.levels)
    return tuple(name for name in dict.fromkeys(names) if name not in behind)


def grows(exercise: Exercise) -> bool:
    """Return whether an exercise has a dose that can grow."""
    return len(_steps(exercise)) > 1


def grown_doses(before: Routine, after: Routine) -> list[str]:
    """Return the doses that have grown beyond the low end, in words and each once: "12 reps", "24 s".

    Args:
        before: the routine, as in its script.
        after: the same routine with today's doses.
    """
    found: dict[str, None] = {}
    for plain, exercise in zip(before.exercises(), after.exercises(), strict=True):
        for _, dose in exercise.doses:
            if _numbers(dose) != _numbers(plain.dose):
                found |= dict.fromkeys(describe_dose(plain.dose, dose))
    return list(found)


def describe_dose(plain: Dose, dose: Dose, *, of: bool = False) -> list[str]:
    """Return those parts of a dose that have a range, in words: "12 reps", "24 s".

    Args:
        plain: the dose with its ranges, as in the script.
        dose: one of its steps.
        of: whether to include the range: "12 of 10-15 reps".
    """
    if not isinstance(dose, (Tempo, Hold)) or not isinstance(plain, (Tempo, Hold)):
        return []
    pairs = [(dose.reps, plain.reps, "reps")]
    if isinstance(dose, Hold) and isinstance(plain, Hold):
        pairs.append((dose.hold, plain.hold, "s"))
    return [
        f"{float(mine.low):g} {f'of {float(grows_in.low):g}-{float(grows_in.high):g} ' if of else ''}{unit}"
        for mine, grows_in, unit in pairs
        if grows_in.low < grows_in.high
    ]


def _plan(routine: Routine) -> _Plan:
    """Return what a routine plans, in one walk through its steps."""
    exercises: dict[Exercise, None] = {}
    sets: Counter[tuple[str, str | None]] = Counter()
    for step, times in routine.walk():
        if isinstance(step, Exercise):
            exercises[step] = None
            for side in dict.fromkeys(step.work_sides):
                sets[step.name, side] += times * step.sets
    return _Plan(routine.level, tuple(exercises), sets)


def _standings(plan: _Plan, log: _Log, now: datetime) -> list[Standing]:
    return [
        _find_standing(exercise, side, log, now)
        for exercise in plan.exercises
        for side in exercise.work_sides
    ]


def _find_standing(exercise: Exercise, side: str | None, log: _Log, now: datetime) -> Standing:
    """Return where the user stands with one exercise on one side."""
    steps, after = _steps(exercise), exercise.progress.after
    visits = log.visits(exercise, (side,))
    growth = _grow(visits, steps, after, now)
    objected = bool(visits) and visits[-1].objection is not None
    at_the_top = 1 < len(steps) == growth.step + 1
    outgrown = at_the_top and growth.completed + 1 >= after and not objected
    return Standing(exercise, side, steps, growth.step, growth.why, growth.cause, visits, outgrown)


class _Growth(NamedTuple):
    """What the visits so far have led to.

    Attributes:
        step: the index of the next dose.
        completed: how many sessions in a row have completed that dose.
        why: why it is that dose, in words.
        cause: as in `Standing`.
    """

    step: int = 0
    completed: int = 0
    why: str = "the low end"
    cause: Setback | None = None


_BACK_AFTER_A_BREAK = _Growth(why="the low end again after three weeks away")


def _grow(visits: Iterable[Visit], steps: Sequence[Dose], after: int, now: datetime) -> _Growth:
    """Return what visits lead to, one after the other.

    Args:
        visits: oldest first.
        steps: the doses from the low end to the top.
        after: how many sessions must complete a dose before the next one comes.
        now: a moment with a time zone.
    """
    growth = _Growth()
    before: datetime | None = None
    for visit in visits:
        if before and visit.moment - before >= AWAY:
            growth = _BACK_AFTER_A_BREAK
        before = visit.moment
        reached = _step_of(steps, visit)
        if visit.broken:
            growth = _step_back(growth, visit, reached)
        elif visit.whole and reached is not None and reached >= growth.step:
            growth = _complete(growth, visit, reached, top=len(steps) - 1, after=after)
        else:
            growth = growth._replace(cause=None)
    if before and now - before >= AWAY:
        return _BACK_AFTER_A_BREAK._replace(cause=Setback.AWAY)
    return growth


def _step_back(growth: _Growth, visit: Visit, reached: int | None) -> _Growth:
    """Return what a session that was broken off leads to: one step below what was done, or was due."""
    step = (growth.step if reached is None else min(growth.step, reached)) - 1
    return _Growth(
        max(0, step), 0, f"{'the low end' if step < 0 else 'a step back'}: broken off on {_day(visit)}"
    )


def _complete(growth: _Growth, visit: Visit, reached: int, *, top: int, after: int) -> _Growth:
    """Return what a completed session leads to: a step more, unless something speaks against it.

    Args:
        growth: what the visits before led to.
        visit: the session.
        reached: the index of the dose that was done.
        top: the index of the last dose.
        after: as for `_grow`.
    """
    day = _day(visit)
    completed = growth.completed + 1 if reached == growth.step else 1
    if visit.objection:
        because = "it hurt" if visit.objection == Setback.HURT else "it was too hard"
        cause = visit.objection if reached < top else None
        return _Growth(reached, 0, f"no more than on {day}, because {because}", cause)
    if reached == top:
        return _Growth(top, completed, f"the top: completed on {day}" if top else f"completed on {day}")
    if completed >= after or visit.effort == "less":
        return _Growth(reached + 1, 0, f"a step more: completed on {day}")
    return _Growth(reached, completed, f"completed {completed} of {after} times, last on {day}")


def _day(visit: Visit) -> str:
    return f"{visit.moment:%a} {visit.moment.day} {visit.moment:%b}"


def _whole_sessions(sessions: Iterable[SessionLog]) -> list[SessionLog]:
    """Return the sessions that are over; one that was continued later is merged with its continuation."""
    found: dict[int, SessionLog] = {}
    heads: dict[int, int] = {}
    for session in sessions:
        if session.outcome == "playing":
            continue
        earlier = session.options.get("resumes")
        head = heads.get(earlier, earlier) if isinstance(earlier, int) else session.id
        heads[session.id] = head
        began = found.pop(head, None)
        sets = () if began is None else _taken_up(began.sets, session.sets)
        found[head] = replace(session, sets=(*sets, *session.sets))
    return list(found.values())


def _taken_up(before: tuple[SetLog, ...], after: tuple[SetLog, ...]) -> tuple[SetLog, ...]:
    """Return the sets before a session was interrupted, without the last one if it was started again."""

    def which(row: SetLog) -> tuple[str, str | None, int | None]:
        return row.exercise, row.side, row.set

    again = before and after and which(before[-1]) == which(after[0])
    return before[:-1] if again and before[-1].outcome == "broken off" else before


def _needs(exercise: Exercise, log: _Log, now: datetime) -> Guidance:
    """Return how much guidance an exercise needs after these sessions."""
    done = 0
    before: datetime | None = None
    for visit in log.visits(exercise, exercise.work_sides):
        if visit.broken or (before and visit.moment - before >= AWAY):
            done = 0
        done += visit.whole
        before = visit.moment
    is_known = before and now - before < AWAY and done >= _KNOWN_AFTER
    return Guidance.SHORT if is_known else Guidance.FULL


class _Log:
    """The sessions that are over, by what was done in them: each set is looked at once, not by each exercise.

    Args:
        plan: what the routine plans.
        sessions: the log, oldest first.
    """

    def __init__(self, plan: _Plan, sessions: Iterable[SessionLog]) -> None:
        self._plan = plan
        self._by_exercise: dict[str, list[SessionLog]] = {}
        self._visits: dict[object, tuple[Visit, ...]] = {}
        for session in _whole_sessions(sessions):
            sets: dict[str, list[SetLog]] = {}
            for row in session.sets:
                sets.setdefault(row.exercise, []).append(row)
            for name, rows in sets.items():
                self._by_exercise.setdefault(name, []).append(replace(session, sets=tuple(rows)))

    def visits(self, exercise: Exercise, sides: tuple[str | None, ...]) -> tuple[Visit, ...]:
        """Return what the sessions did of an exercise on some of its sides, oldest first."""
        # A routine may have it a thousand times: what makes no difference to its visits is left out.
        key = exercise.name, _steps(exercise)[0], exercise.levels, sides
        if key not in self._visits:
            sessions = self._by_exercise.get(exercise.name, ())
            self._visits[key] = tuple(_visits(exercise, set(sides), self._plan, sessions))
        return self._visits[key]


def _visits(
    exercise: Exercise, sides: set[str | None], plan: _Plan, sessions: Iterable[SessionLog]
) -> Iterator[Visit]:
    """Yield what the sessions did of an exercise on some of its sides, in this routine or in another.

    At another level, it is the same exercise only if it has no variant there.
    """
    low = _numbers(_steps(exercise)[0])
    planned = sum(plan.sets[exercise.name, side] for side in sides)
    for session in sessions:
        if {session.level, plan.level} & set(exercise.levels) and session.level != plan.level:
            continue
        rows = [
            _on_one_side(exercise, row) for row in session.sets if row.side in sides and _is_of(exercise, row)
        ]
        last = list(
            {(row.side, row.start): row for row in rows}.values()
        )  # if a set was repeated, the last time counts
        begun = [row for row in last if row.outcome != "skipped"]
        if not begun:
            continue
        fitting = [
            row for row in begun if _reaches(low, row)
        ]  # a lighter set with the same name is a different one
        dose = min(fitting or begun, key=lambda row: (row.reps or 0, row.hold or 0.0))
        yield Visit(
            session.started,
            dose.reps,
            dose.hold,
            whole=_is_whole(last, sides) and (session.outcome == "completed" or len(last) >= planned),
            broken=any(row.outcome == "broken off" for row in begun),
            effort=session.effort,
            pain=session.pain,
        )


def _on_one_side(exercise: Exercise, row: SetLog) -> SetLog:
    """Return a set with the reps of one side, where it has those of all in turn."""
    if exercise.alternate is not Alternate.REPS or row.reps is None:
        return row
    return replace(row, reps=row.reps // len(exercise.sides))


def _is_of(exercise: Exercise, row: SetLog) -> bool:
    """Return whether a set belongs to an exercise: same name, same kind of dose."""
    kinds = isinstance(exercise.dose, (Tempo, Hold)), isinstance(exercise.dose, Hold)
    return row.exercise == exercise.name and kinds == (row.reps is not None, row.hold is not None)


def _is_whole(rows: Iterable[SetLog], sides: set[str | None]) -> bool:
    """Return whether all planned sets were done."""
    done = {(row.side, row.set) for row in rows if row.outcome == "done"}
    planned = {(side, number + 1) for row in rows for side in sides for number in range(row.sets or 1)}
    return planned <= done and all(row.outcome == "done" for row in rows)


def _steps(exercise: Exercise) -> tuple[Dose, ...]:
    """Return the doses from the low end to the top: first more reps, then longer holds.

    Sets that differ don't grow: it is the least of theirs.
    """
    if exercise.plans:
        alike = (plan.dose for plan in exercise.plans if type(plan.dose) is type(exercise.dose))
        return (min(alike, key=_numbers),)
    by = exercise.progress.by
    match dose := exercise.dose:
        case Tempo():
            return tuple(replace(dose, reps=each) for each in _values(dose.reps, by or 1))
        case Hold():
            reps, holds = _values(dose.reps, by or 1), _values(dose.hold, by or _SECONDS)
            steps = [replace(dose, reps=each, hold=holds[0]) for each in reps]
            return (*steps, *(replace(dose, reps=reps[-1], hold=each) for each in holds[1:]))
        case Timed():
            return (dose,)
        case _:
            assert_never(dose)


def _values(range_: Range, by: int) -> list[Range]:
    """Return the values of a range, from its low end in steps of `by` to its end."""
    values = [range_.low]
    while values[-1] < range_.high:
        values.append(min(values[-1] + by, range_.high))
    return [Range(value, value) for value in values]


def _numbers(dose: Dose) -> tuple[int, float]:
    """Return the reps of a dose and the seconds of its hold; 0 for what it doesn't have."""
    match dose:
        case Tempo():
            return int(dose.reps.low), 0.0
        case Hold():
            return int(dose.reps.low), float(dose.hold.low)
        case Timed():
            return 0, 0.0
        case _:
            assert_never(dose)


def _reaches(numbers: tuple[int, float], done: SetLog | Visit) -> bool:
    """Return whether what was done reaches a dose, given as its `_numbers`."""
    return numbers[0] <= (done.reps or 0) and numbers[1] <= (done.hold or 0.0)


def _step_of(steps: Sequence[Dose], visit: Visit) -> int | None:
    """Return the highest step that a visit's dose reached; the script may have changed since then."""
    reached = [index for index, dose in enumerate(steps) if _reaches(_numbers(dose), visit)]
    return reached[-1] if reached else None


def _news(stands: Iterable[Standing]) -> Iterator[News]:
    """Yield how today's doses differ from the last ones: only once if all sides change alike."""
    changes: dict[str, dict[str | None, list[News]]] = {}
    for stand in stands:
        changes.setdefault(stand.exercise.name, {})[stand.side] = _changes(stand)
    for of_sides in changes.values():
        alike = all(each == next(iter(of_sides.values())) for each in of_sides.values())
        for side, news in of_sides.items():
            yield from news if alike else (replace(each, side=side) for each in news)
            if alike:
                break


def _changes(stand: Standing) -> list[News]:
    """Return how today's dose differs from the last one."""
    if not stand.grows or not stand.visits:
        return []
    name, last = stand.exercise.name, stand.visits[-1]
    reps, hold = _numbers(stand.dose)
    more, longer = reps - (last.reps or 0), round(hold - (last.hold or 0.0))
    if stand.cause and (stand.cause != Setback.AWAY or more < 0 or longer < 0):
        return [News(name, because=stand.cause)]
    found = [News(name, reps=more)] if more else []
    return found + ([News(name, seconds=longer)] if longer else [])
