"""How fast reps are: a tempo in seconds or in beats, or a pace alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from coach.routine import PACED, Phase, Range, Tempo
from coach.script import format as keys
from coach.script.values import Digits, plain

if TYPE_CHECKING:
    from coach.script.values import Reader

TEMPOS: tuple[keys.Key[Any], ...] = (keys.TEMPO, keys.PACE, keys.BEATS)
"""What says how fast reps are."""

IN_SECONDS: tuple[keys.Key[Any], ...] = (keys.TEMPO, keys.PACE, keys.HOLD)
"""What has no beats."""


def find_phases(fields: keys.Fields, reader: Reader) -> tuple[Phase, ...] | None:
    """Return the phases of a rep; None where there is a problem, which is reported.

    Reps that have nothing that says how fast they are take the pace that is the default, which is noted.
    """
    beat = find_tick(fields)
    if beat and any(key in fields for key in IN_SECONDS):
        reader.fail(fields.at(keys.BPM), keys.IN_BEATS)
        return None
    if keys.BEATS in fields:
        if beat is None:
            reader.fail(fields.at(keys.BEATS), "beats need a 'bpm', such as 100")
            return None
        return tuple(
            Phase(phase.name, phase.seconds * beat, int(phase.seconds)) for phase in fields[keys.BEATS]
        )
    if keys.TEMPO in fields:
        tempo = fields[keys.TEMPO]
        phases = tempo.phases(fields[keys.START]) if isinstance(tempo, Digits) else tempo
        return spread_counts(phases, fields[keys.COUNT].of)
    if beat is None and keys.PACE not in fields:
        seconds = plain(fields[keys.PACE])
        told = f"reps without a tempo take {seconds} s each ('pace: {seconds}')"
        reader.note(fields.at(keys.REPS), f"{told}; give them a tempo or a pace of their own")
    return (Phase(PACED, beat or fields[keys.PACE], 1),)


def spread_counts(phases: tuple[Phase, ...], counts: int | None) -> tuple[Phase, ...]:
    """Return phases with so many counts over each; None for their seconds."""
    return phases if counts is None else tuple(replace(phase, counts=counts) for phase in phases)


def find_tick(fields: keys.Fields) -> Fraction | None:
    """Return the seconds from one beat of the metronome to the next; None without one."""
    bpm = fields.get(keys.BPM)
    return None if bpm is None else Fraction(60, bpm)


def fill_time(fields: keys.Fields, phases: tuple[Phase, ...], reader: Reader) -> Tempo | None:
    """Return as many whole reps as fit into an exercise's time; None, with the problem, where none does."""
    (time, *_), place = fields[keys.FOR], fields.at(keys.FOR)
    rep = sum((phase.seconds for phase in phases), Fraction(0))
    reps = time // rep
    if not reps:
        reader.fail(place, f"a rep takes {plain(rep)} s, so none fits into {plain(time)} s")
        return None
    if reps * rep != time:
        word = "rep" if reps == 1 else "reps"
        took = f"{reps} {word} of {plain(rep)} s fit into {plain(time)} s"
        reader.note(place, f"{took}; the work lasts {plain(reps * rep)} s")
    return Tempo(Range(Fraction(reps), Fraction(reps)), phases)
