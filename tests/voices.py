"""Voices for tests: exact and instant, the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coach.routine import SoundName
from coach.speech import Clip
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

MILLISECOND = RATE // 1000


def letters(text: str) -> int:
    """Return how many letters and digits a text has: what all lengths here grow with."""
    return sum(character.isalnum() for character in text)


class FixedSpeech:
    """Stands in for `Speech` without making a sound: every length and attack is plain arithmetic.

    With n letters and digits, at a rate r:

        length = (1200 + 1200 n) / r samples, rounded down: 50 ms, and 50 ms a letter
        attack = 480 + 120 (n mod 5) samples: 20, 25, 30, 35 or 40 ms

    A text without a letter or digit, and "(silent)", has length 0. The samples are zeros but for one of
    16384 at the attack.

    Attributes:
        asked: every (text, rate) that a clip was asked for, in that order.
    """

    def __init__(self, language: str = "en") -> None:
        self.voice_name = "test/fixed"
        self.language = language
        self.volume = 0.0
        self.asked: list[tuple[str, float]] = []

    def clip(self, text: str, rate: float = 1.0) -> Clip:
        self.asked.append((text, rate))
        n = 0 if text == "(silent)" else letters(text)
        key = f"{text}@{rate:g}"
        return Clip(key, int((1200 + 1200 * n) / rate), 480 + 120 * (n % 5)) if n else Clip(key, 0, 0)

    def unread(self, text: str) -> tuple[str, ...]:
        return ()

    def recording(self, path: Path) -> Clip:
        return self.clip(path.stem)

    def sound(self, name: SoundName) -> Clip:
        lengths = {SoundName.BELL: 4 * RATE, SoundName.GONG: 6 * RATE, SoundName.TICK: RATE // 20}
        return Clip(f"sound {name}", lengths[name], 48)

    def prepare(self, texts: Iterable[str], progress: Callable[[int, int], None] | None = None) -> None:
        for text in texts:
            self.clip(text)

    def samples(self, clip: Clip) -> NDArray[np.int16]:
        sound = np.zeros(clip.length, np.int16)
        sound[clip.attack : clip.attack + 1] = 16384
        sound.flags.writeable = False
        return sound


class ClickVoice:
    """A `Voice` that clicks: what trimming and the attack make of it is known beforehand.

    With n letters and digits, at a rate r, it returns 200 ms of silence, a hiss of 10 (n mod 5) ms that
    lies above the band of the attack (a 9 kHz tone), a click of (100 + 60 n) / r ms, rounded to whole
    milliseconds (a 1 kHz tone, all at once), and 300 ms of silence. The text "silent" is silent.

    Attributes:
        spoken: every (text, rate) that it was asked to speak, in that order.
    """

    engine = "test"
    name = "click"
    language = "en"
    version = "1"
    threads = 1

    def __init__(self, sample_rate: int = RATE) -> None:
        self.sample_rate = sample_rate
        self.spoken: list[tuple[str, float]] = []

    @staticmethod
    def parts(text: str, rate: float) -> tuple[int, int]:
        """Return the milliseconds of hiss and of click."""
        n = letters(text)
        return 10 * (n % 5), round((100 + 60 * n) / rate)

    @classmethod
    def length(cls, text: str, rate: float = 1.0) -> int:
        """Return the samples of the trimmed clip: 7 ms are kept before the hiss, 12 ms behind the click."""
        return (7 + sum(cls.parts(text, rate)) + 12) * MILLISECOND

    @classmethod
    def attack(cls, text: str, rate: float = 1.0) -> int:
        """Return the attack in the trimmed clip, to within 5 samples.

        A centred 10 ms window reaches half of the RMS when a quarter of it lies in the click: 2.5 ms early.
        """
        return (7 + cls.parts(text, rate)[0]) * MILLISECOND - 60

    def speak(self, text: str, rate: float) -> NDArray[np.float32]:
        self.spoken.append((text, rate))
        if text == "silent":
            return np.zeros(self.sample_rate // 2, np.float32)
        hiss, click = (part * self.sample_rate // 1000 for part in self.parts(text, rate))
        time = np.arange(max(hiss, click)) / self.sample_rate
        sound = [
            np.zeros(self.sample_rate // 5),
            0.02 * np.sin(2 * np.pi * 9000 * time[:hiss] + 1),
            0.4 * np.sin(2 * np.pi * 1000 * time[:click]),
            np.zeros(self.sample_rate * 3 // 10),
        ]
        return np.concatenate(sound).astype(np.float32)
