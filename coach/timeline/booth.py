"""Speech for the compiler: fitted into the room there is, with a record of what did not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from coach.errors import AudioError, Problem
from coach.routine import SoundName
from coach.speech import Clip
from coach.timeline.model import CueKind
from coach.units import RATE, Samples, to_seconds

if TYPE_CHECKING:
    from pathlib import Path

    from coach.errors import Location
    from coach.timeline.model import Sentence

BREATH = 15 * RATE // 100
"""Samples of quiet around a sentence: a speaker's short breath, 0.15 s."""

RATES = (1.0, 1.1, 1.2, 1.3, 1.4)
"""How much faster than usual a count is spoken to fit its beat, the slowest that will do."""


class Speaks(Protocol):
    """What the compiler asks of speech: how long a sentence is, and where its attack lies."""

    voice_name: str

    def clip(self, text: str, rate: float = 1.0) -> Clip:
        """Return the clip of a text, spoken `rate` times as fast as usual."""
        ...

    def unread(self, text: str) -> tuple[str, ...]:
        """Return the letters and signs of a text that the voice can't read and leaves out."""
        ...

    def sound(self, name: SoundName) -> Clip:
        """Return the clip of a sound that Coach makes by itself."""
        ...

    def recording(self, path: Path) -> Clip:
        """Return the clip of a person's own recording.

        Raises:
            AudioError: it cannot be read.
        """
        ...


class _Shortage(NamedTuple):
    """A kind of shortage: what did not fit, whether the room before its beat was short, what became of it."""

    path: str
    text: str
    outcome: str
    is_early: bool


class _Extent(NamedTuple):
    """How bad a shortage is: where it occurs, how often, the most samples needed and the fewest there are."""

    places: tuple[Location, ...] = ()
    times: int = 0
    needed: Samples = 0
    room: Samples = 1 << 60


class Booth:
    """Has the compiler's sentences spoken, and remembers which did not fit and which stayed silent."""

    def __init__(self, speech: Speaks) -> None:
        self._speech = speech
        self._clips: dict[tuple[str, float], Clip] = {}
        self._shortages: dict[_Shortage, _Extent] = {}
        self._warnings: list[Problem] = []
        self._silent: dict[Problem, None] = {}
        self._read: set[tuple[str, Location]] = set()

    def rehearsal(self) -> Booth:
        """Return a booth with the same voice for trying something out; nobody reads its notes."""
        booth = Booth(self._speech)
        booth._clips = self._clips  # what has been spoken need not be asked for again
        return booth

    def clip(self, sentence: Sentence, rate: float = 1.0) -> Clip:
        """Return the clip of a sentence; note one that the voice is silent on."""
        text = sentence.text
        if sentence.recording is not None:
            return self._recorded(sentence, sentence.recording)
        if sentence.kind is CueKind.SOUND:
            return self._speech.sound(SoundName(text))
        clip = self._clips.get((text, rate))
        if clip is None:
            clip = self._clips[text, rate] = self._speech.clip(text, rate)
        shown = text if len(text) <= 60 else text[:57] + "..."
        if not clip.length:
            message = f"the voice {self._speech.voice_name} is silent on '{shown}'; write it in words"
            self._silent[Problem(sentence.location, message)] = None
        elif (text, sentence.location) not in self._read:
            self._read.add((text, sentence.location))
            if unread := self._speech.unread(text):
                signs = ", ".join(unread)
                self.warn(sentence.location, f"{signs} can't be read aloud in '{shown}'; write it in words")
        return clip

    def _recorded(self, sentence: Sentence, recording: Path) -> Clip:
        """Return the clip of a recording; if it cannot be read, note that and return an empty one."""
        try:
            return self._speech.recording(recording)
        except AudioError as error:
            self._silent[Problem(sentence.location, str(error))] = None
            return Clip("", 0, 0)

    def fit_on_beat(
        self,
        sentence: Sentence,
        beat: Samples,
        floor: Samples,
        ceiling: Samples,
        otherwise: str = "it is left out",
    ) -> Clip | None:
        """Return a clip whose attack can lie on a beat, spoken faster if need be; None if none fits.

        Args:
            sentence: what to say.
            beat: the sample of the beat.
            floor: the first free sample.
            ceiling: the first sample after it that is taken.
            otherwise: what becomes of a sentence that doesn't fit at any rate, for the warning.
        """
        usual = self.clip(sentence)
        is_early = floor > beat - usual.attack and usual.length <= ceiling - floor
        room = beat - floor if is_early else ceiling - max(floor, beat - usual.attack)
        for rate in RATES:
            clip = self.clip(sentence, rate)
            start = beat - clip.attack
            if floor <= start and start + clip.length <= ceiling:
                if rate > 1:
                    self.note_shortage(
                        sentence, room, f"it is spoken {rate:g} times as fast", is_early=is_early
                    )
                return clip
        self.note_shortage(sentence, room, otherwise, is_early=is_early)
        return None

    def note_shortage(
        self, sentence: Sentence, room: Samples, outcome: str, *, is_early: bool = False
    ) -> None:
        """Note that a sentence did not fit, and what became of it.

        Args:
            sentence: what was to be said.
            room: the samples there were for it.
            outcome: what became of it: "it is left out".
            is_early: whether `room` is that before its beat, which is too little for what sounds there.
        """
        clip = self.clip(sentence)
        mark = _Shortage(sentence.location.path, sentence.text, outcome, is_early)
        known = self._shortages.get(mark, _Extent())
        self._shortages[mark] = _Extent(
            (*known.places, sentence.location) if sentence.location not in known.places else known.places,
            known.times + 1,
            max(known.needed, clip.attack if is_early else clip.length),
            min(known.room, room),
        )

    def warn(self, location: Location, message: str) -> None:
        """Note anything else that a person should know."""
        self._warnings.append(Problem(location, message))

    def silences(self) -> tuple[Problem, ...]:
        """Return a problem for each text that the voice is silent on."""
        return tuple(self._silent)

    def warnings(self) -> tuple[Problem, ...]:
        """Return what did not fit, one for each kind, in the order of the script's lines."""
        messages: dict[tuple[str, str], list[Location]] = {}
        for mark, extent in self._shortages.items():
            often = f" ({extent.times} times)" if extent.times > 1 else ""
            needed, room = to_seconds(extent.needed), max(to_seconds(extent.room), 0)
            needs = f"begins {needed:.2f} s before its beat" if mark.is_early else f"takes {needed:.2f} s"
            message = f"'{mark.text}' {needs}, the room is {room:.2f} s: {mark.outcome}{often}"
            messages.setdefault((mark.path, message), []).extend(extent.places)
        for warning in self._warnings:
            messages.setdefault((warning.location.path, warning.message), []).append(warning.location)
        return tuple(sorted(_gather(message, places) for (_, message), places in messages.items()))


def _gather(message: str, places: list[Location]) -> Problem:
    """Return one problem for all the places of a message, at the first of them."""
    lines = sorted({place.line for place in places})
    if len(lines) == 1:
        return Problem(min(places), message)
    return Problem(min(places), f"{message}, on lines {', '.join(map(str, lines))}")
