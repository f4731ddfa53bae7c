"""Sets that differ: from lists with a value for each set, or a list of sets, to the fields of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from coach.routine import Alternate
from coach.script import format as keys

if TYPE_CHECKING:
    from fractions import Fraction

    from coach.script.values import Reader

_PER_SET: Final[tuple[keys.Key[Any], ...]] = (keys.REPS, keys.HOLD, keys.FOR, keys.LOAD)


class SetFields(NamedTuple):
    """What one set has.

    Attributes:
        fields: the exercise's fields, with this set's values of the lists.
        own: what is different in this set; None for nothing.
        rest: seconds after it; None after the last, unless the script has a rest there.
    """

    fields: keys.Fields
    own: keys.Fields | None
    rest: Fraction | None


def split_sets(fields: keys.Fields, reader: Reader) -> list[SetFields] | None:
    """Return what each set has, or each part of a cluster: one where all are alike.

    Args:
        fields: of an exercise, all layers merged.
        reader: is told what doesn't go together.

    Returns:
        None where there is a problem.
    """
    written = fields[keys.SETS]
    own: tuple[keys.Fields, ...] = written if isinstance(written, tuple) else ()
    lists = [key for key in _PER_SET if _is_list(fields, key)]
    differ = bool(lists or own)
    number = len(own) or len(fields[lists[0]] if lists else ()) or 1
    rests: tuple[Fraction | None, ...] = (*fields[keys.SET_REST],)
    if not _fits(fields, lists, own, number, reader):
        return None
    if not differ and len(rests) > 1:
        assert isinstance(written, int)
        number, differ = written, True
    if not differ or keys.CLUSTER in fields:
        rests = (*rests[:1] * (number - 1), None)
    elif len(rests) == 1:
        rests = (*rests * (number - 1), None)
    elif len(rests) == number - 1:
        rests = (*rests, None)
    sets = []
    for index, rest in enumerate(rests):
        each = fields.without((keys.SETS,))
        for key in (*lists, keys.SET_REST):
            values = fields[key]
            each.put(key, values[index : index + 1] or values[:1], fields.at(key))
        mine = own[index] if own else None
        if mine is not None and keys.SET_REST in mine:
            rest = mine[keys.SET_REST][0]  # noqa: PLW2901
        sets.append(SetFields(each, mine, rest))
    return sets


def differing(fields: keys.Fields) -> list[keys.Key[Any]]:
    """Return the keys that make sets differ."""
    lists = [key for key in (*_PER_SET, keys.SET_REST) if _is_list(fields, key)]
    written = [keys.SETS] if isinstance(fields[keys.SETS], tuple) else []
    return [*lists, *written, *([keys.CLUSTER] if keys.CLUSTER in fields else [])]


def gives_sets(fields: keys.Fields) -> bool:
    """Tell whether fields say how many sets there are by having a value for each."""
    return isinstance(fields[keys.SETS], tuple) or any(_is_list(fields, key) for key in _PER_SET)


def _is_list(fields: keys.Fields, key: keys.Key[Any]) -> bool:
    return key in fields and len(fields[key]) > 1


def _fits(
    fields: keys.Fields,
    lists: list[keys.Key[Any]],
    own: tuple[keys.Fields, ...],
    number: int,
    reader: Reader,
) -> bool:
    """Tell whether what is written for each set goes together; note the problem if not."""
    is_cluster = keys.CLUSTER in fields
    written = fields[keys.SETS]
    is_counted = isinstance(written, int) and not is_cluster and (keys.SETS in fields or not lists)
    counted = written if isinstance(written, int) and is_counted else number
    for key in lists:
        if len(fields[key]) != counted:
            reader.fail(
                fields.at(key), f"'{key.name}' has {len(fields[key])} values, but {_there_are(counted)}"
            )
            return False
    rests = len(fields[keys.SET_REST])
    if is_cluster:
        if number == 1:
            message = "a cluster needs a list with a value for each part, such as reps: [12, 7, 7, 5]"
        elif fields[keys.ALTERNATE] is not Alternate.NO:
            message = "a cluster is done on one side after the other; leave out 'alternate', or 'cluster'"
        elif rests > 1 or any(keys.SET_REST in each for each in own):
            message = "the parts of a cluster have one rest between them, that of 'cluster'"
        else:
            return True
        reader.fail(fields.at(keys.CLUSTER), message)
        return False
    if rests > 1 and rests not in (counted, counted - 1):
        message = f"'rest' has {rests} values, but {_there_are(counted)}"
        reader.fail(fields.at(keys.SET_REST), message)
        return False
    return True


def _there_are(sets: int) -> str:
    return "there is 1 set" if sets == 1 else f"there are {sets} sets"
