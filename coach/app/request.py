"""A request: a script, and what should differ from what it says."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coach import phrases
from coach.errors import Location, RefusedError, SpeechError
from coach.routine import Guidance, Level
from coach.script import Change, Sources
from coach.script.document import Scalar
from coach.script.format import DECIBELS, OF_ALL_SETS, RATE, VOICE_NAME, VOLUME
from coach.script.values import Choice, Reader, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION = 1
"""The version of the data that a request becomes."""

_PARTS = ("change", "sources")
"""Fields that hold more than one value, or none that a person asks for."""

_FIELDS: Mapping[str, Value[Any]] = {
    "level": Choice(tuple(Level)),
    "voice": VOICE_NAME.value,
    "rate": RATE.value,
    "volume": VOLUME.value,
    "guidance": Choice(tuple(Guidance)),
    **OF_ALL_SETS,
}
"""Fields that are written as in a script."""


@dataclass(frozen=True, slots=True)
class Request:
    """A script, and what should differ from what it says.

    Attributes:
        script: the file.
        level: the variant; None for the plain one.
        voice: a voice's name; None for the script's own, as for the fields below.
        rate: multiplier of the voice's speed.
        volume: dB above the usual level.
        language: the code of a language that Coach speaks.
        guidance: how much is said.
        grows: whether doses follow the log of sessions; if not, they are at the low end of their ranges.
        change: a dose that overrides the script's.
        sources: the texts read for it so far; requests made from this one share them.
    """

    script: Path
    level: Level | None = None
    voice: str | None = None
    rate: float | None = None
    volume: float | None = None
    language: str | None = None
    guidance: Guidance | None = None
    grows: bool = True
    change: Change = field(default_factory=Change)
    sources: Sources = field(default_factory=Sources, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.volume is not None and not DECIBELS.low <= self.volume <= DECIBELS.high:  # as NaN is not
            raise RefusedError("volume", f"must be {DECIBELS.words} (got {self.volume:g})")

    def as_data(self) -> dict[str, object]:
        """Return the request as plain data, which JSON can hold; what is not set is left out."""
        values: dict[str, object] = {
            **{each.name: getattr(self, each.name) for each in fields(self) if each.name not in _PARTS},
            **{each.name: getattr(self.change, each.name) for each in fields(self.change)},
        }
        data: dict[str, object] = {"version": _VERSION}
        for name, value in values.items():
            if value is None or (name == "grows" and value):
                continue
            if name == "reps" and self.change.reps is not None:
                low, high = self.change.reps.low, self.change.reps.high
                data[name] = str(low) if low == high else f"{low}-{high}"
            elif isinstance(value, (int, float)):
                data[name] = value
            elif isinstance(value, Fraction):
                data[name] = int(value) if value.denominator == 1 else float(value)
            else:
                data[name] = list(value) if isinstance(value, tuple) else str(value)
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Request:
        """Return the request for data that `as_data` returned, or that a program wrote in the same form.

        Raises:
            RefusedError: a field is unknown or wrong, or the data is of another version.
            SpeechError: Coach does not speak the language.
        """
        if data.get("version") != _VERSION:
            raise RefusedError(
                "version", f"must be a request of version {_VERSION} (got {data.get('version')!r})"
            )
        if not isinstance(script := data.get("script"), str) or not script:
            raise RefusedError("script", f"must be the path of a script (got {script!r})")
        values: dict[str, Any] = {}
        for name, value in data.items():
            if name in _FIELDS and isinstance(value, (str, int, float)) and not isinstance(value, bool):
                values[name] = read_field(name, str(value))
            elif name == "language" and isinstance(value, str):
                values[name] = read_language(value)
            elif name == "sides" and isinstance(value, list):
                values[name] = read_sides(",".join(map(str, value)))
            elif name == "grows" and isinstance(value, bool):
                values[name] = value
            elif name not in ("version", "script"):
                raise RefusedError(name, f"no request has a field '{name}' with the value {value!r}")
        change = Change(**{each.name: values.pop(each.name, None) for each in fields(Change)})
        return cls(Path(script), change=change, **values)


def read_field(name: str, text: str) -> Any:
    """Return the value of a field that is written as in a script, such as rest: "1m30s".

    Raises:
        RefusedError: the text is not allowed; the message says what is.
    """
    return read_value(name, _FIELDS[name], text)


def read_value(name: str, value: Value[Any], text: str) -> Any:
    """Return what a text means as a value of a script; raises the same as `read_field`."""
    reader = Reader()
    found = value.read(Scalar(text, Location("", 1, 1)), reader)
    if found is None or reader.problems:
        raise RefusedError(name, reader.problems[0].message)
    return found


def read_sides(text: str) -> tuple[str, ...]:
    """Return the sides that a text names, separated by commas.

    Raises:
        RefusedError: one has no name, or is named twice.
    """
    sides = tuple(side.strip() for side in text.split(","))
    if not all(sides) or len(set(sides)) < len(sides):
        raise RefusedError("sides", f"must name each side once, such as left or left,right (got '{text}')")
    return sides


def read_language(text: str) -> str:
    """Return the code of a language that Coach speaks.

    Raises:
        SpeechError: it has none.
    """
    code = text.strip().lower().replace("_", "-")
    known = phrases.languages()
    if code not in known and code.partition("-")[0] not in known:
        raise SpeechError(f"Coach does not speak the language '{text}'; it speaks {', '.join(known)}")
    return code
