"""What people write on paper: "left and right", "12, 10, 8", "3x10", "duration".

Where it can mean one thing only, it is read; where it can mean two, a problem says how to write each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coach.script import patterns
from coach.script.document import Mapping, Node, Scalar, Sequence
from coach.script.values import MOST_SETS, Distinct, Reader, Schema

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEFT, _RIGHT = "left", "right"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split(", "))


_SIDES = {
    _LEFT: _words(
        "left, l, lt, left side, links, li, linke seite, izquierda, izq, lado izquierdo, gauche, côté gauche"
    ),
    _RIGHT: _words(
        "right, r, rt, right side, rechts, re, rechte seite, derecha, der, lado derecho, droite, côté droit"
    ),
}
_SIDE_OF = {word: side for side, words in _SIDES.items() for word in words}

_BOTH_IN_TURN = _words(
    "both, both sides, each, each side, each leg, each arm, either side, per side, bilateral, beide, "
    "beide seiten, je seite, jede seite, pro seite, beidseitig, ambos, ambos lados, los dos lados, "
    "cada lado, por lado, les deux, les deux côtés, chaque côté, par côté, de chaque côté"
)
_ALTERNATING = (
    *("alternating", "alternate", "alternately", "abwechselnd", "wechselnd"),
    *("alternando", "alterno", "en alternance"),
)
_HOW_TO_ALTERNATE = (
    "must name the sides; write 'sides: [left, right]', and below it 'alternate: reps' (the side changes with"
    " each rep) or 'alternate: sets'"
)
_APART = re.compile(r"\s*(?:[,/&+]|\s(?:and|und|y|e|et|then|dann|luego|puis)\s)\s*", re.IGNORECASE)
_MOST_SIDES = 10
_LONGEST_DOSE = 60  # characters

_TIMES = "[xX\u00d7*]"
_SETS = patterns.digits(1, MOST_SETS)
_SETS_OF = re.compile(rf"\s*({_SETS})\s*{_TIMES}\s*([^-\u2013,]+?)\s*")
"""Sets and the dose of each: 3x10, 3 x 30s."""

_MEANT = {
    "for": _words("duration, time, seconds, minutes, length, dauer, zeit, duración, tiempo, durée, temps"),
    "reps": _words("repetitions, repetition, times, wiederholungen, wdh, repeticiones, répétitions"),
    "sets": _words("series, rounds, sätze, serien, séries"),
    "load": _words("weight, kg, lb, lbs, resistance, gewicht, last, peso, carga, poids, charge"),
    "rest": _words("break, recovery, pause, pausa, descanso, repos, récupération"),
    "reminders": _words("cues, tips, form, hinweise, consejos, conseils"),
    "setup": _words("instructions, description, start position, anleitung, instrucciones"),
    "sides": _words("side, legs, arms, seiten, lados, côtés"),
    "hold": _words("isometric, halten, sostener, tenir"),
    "tempo": _words("cadence, speed"),
    "equipment": _words("gear, props, material, matériel"),
    "breathe": _words("breath, breathing"),
    "exercise": _words("name, movement, übung, ejercicio, exercice"),
    "say": _words("text, speak, sagen, decir, dire"),
    "repeat": _words("loop, circuit"),
    "every": _words("emom, interval"),
    "title": _words("name, titel, título, titre"),
    "steps": _words("routine, workout, program, programme"),
    "about": _words("description, summary"),
    "language": _words("lang, sprache, idioma, langue"),
    "opening": _words("intro, introduction, welcome"),
    "closing": _words("outro, end, ending"),
}
"""Keys, and what people write for each."""


def find_meant(word: str, known: Iterable[str]) -> str | None:
    """Return the key among those known that people mean by a word; None if it is none."""
    word = word.strip().casefold()
    return next((key for key in known if word in _MEANT.get(key, ())), None)


def split_sides(text: str) -> tuple[str, ...]:
    """Return the sides that a text names: "L/R" is left and right, "front and back" two as well.

    A text that names one side is returned as it is.
    """
    text = " ".join(text.split())
    if text.casefold() in _BOTH_IN_TURN:
        return _LEFT, _RIGHT
    parts = _APART.split(text)
    if not 2 <= len(parts) <= _MOST_SIDES or not all(parts):
        return (text,)
    named = tuple(_SIDE_OF.get(part.casefold(), part) for part in parts)
    return named if len(set(named)) == len(named) else (text,)


@dataclass(frozen=True)
class SidesText(Distinct):
    """Sides in their order, as a list or in words."""

    @property
    def words(self) -> str:
        return f"{self.one.words}, or a list of them; 'left and right', 'L/R' and 'both sides' are two"

    def schema(self) -> Schema:
        alternating = patterns.alone(patterns.any_case(patterns.either(_ALTERNATING)))
        return {**super().schema(), "not": {"type": "string", "pattern": alternating}}

    def read(self, node: Node, reader: Reader) -> tuple[str, ...] | None:
        if isinstance(node, Scalar):
            if node.text.strip().casefold() in _ALTERNATING:
                reader.fail(node.location, _HOW_TO_ALTERNATE)
                return None
            names = split_sides(node.text)
            if len(names) > 1:
                node = Sequence(tuple(Scalar(name, node.location) for name in names), node.location)
        return super().read(node, reader)


def times_of(node: Node) -> tuple[str, str] | None:
    """Return the sets and the dose of each that "3x10" means, each as a text; None for anything else."""
    match = _SETS_OF.fullmatch(node.text[:_LONGEST_DOSE]) if isinstance(node, Scalar) else None
    return (match[1], match[2]) if match else None


def times_schema(dose: str) -> Schema:
    """Return the part of a JSON Schema for sets and a dose, whose own pattern is given."""
    return {
        "type": "string",
        "pattern": patterns.alone(rf"{_SETS}\s*{_TIMES}\s*{dose}"),
    }


def spell_out(step: Mapping, sets: str, doses: Iterable[str]) -> Mapping:
    """Return the keys of an exercise with `reps: 3x10` as its sets and its reps.

    Args:
        step: as it was written.
        sets: the key of the sets; where it is written too, nothing changes.
        doses: the keys that may have a dose with its sets.
    """
    if sets in {key.text for key in step.entries}:
        return step
    entries: dict[Scalar, Node] = {}
    found = False
    for key, value in step.entries.items():
        times = times_of(value) if key.text in doses and not found else None
        if times is None:
            entries[key] = value
            continue
        found = True
        entries[Scalar(sets, key.location)] = Scalar(times[0], value.location)
        entries[key] = Scalar(times[1], value.location)
    return Mapping(entries, step.location)


def name_as_key(step: Mapping, kinds: Iterable[str]) -> str:
    """Return how to write a step such as `- Bridge: 3x10`, as the end of a message; "" for any other step."""
    key, value = next(iter(step.entries.items()), (None, None))
    if key is None or len(step.entries) > 1 or key.text in kinds or not isinstance(value, Scalar):
        return ""
    dose = value.text.strip()
    if not re.match(r"[0-9]", dose):
        return ""
    field = (
        "for" if re.fullmatch(r".*[0-9]\s*(?:s|secs?|min|m|h|:[0-9]{2}).*", dose, re.IGNORECASE) else "reps"
    )
    return f"; an exercise is 'exercise: {key.text}' with '{field}: {dose}' on a line below"
