"""What every engine offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Voice(Protocol):
    """One voice of one engine. It turns text into raw sound; everything around that is not its business.

    Attributes:
        engine: the engine's name, such as "neural".
        name: the voice's name within the engine, such as "heart".
        language: the language it speaks, such as "en".
        version: all that can change its bytes besides text and rate (versions of the engine and its runtime).
        sample_rate: samples a second of what `speak` returns.
    """

    engine: str
    name: str
    language: str
    version: str
    sample_rate: int

    def speak(self, text: str, rate: float) -> NDArray[np.float32]:
        """Return the spoken text.

        Args:
            text: a normalised sentence or word.
            rate: a multiplier of the voice's own speed, 0.5 to 2.0.

        Returns:
            Shape (samples,), float32, -1.0 to 1.0, at `sample_rate`; empty where the voice is silent on it.
            The caller owns the array.

        Raises:
            SpeechError: the voice failed.
        """
        ...
