"""The check-in: at the end of a session it is asked, in words, how hard it was and how it hurt."""

from __future__ import annotations

import time
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Literal

from coach.errors import AudioError, SpeechError
from coach.mix import render
from coach.phrases import phrasebook
from coach.session.places import Landing
from coach.session.splice import say_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from coach.history import Answer
    from coach.player import Player
    from coach.session import Spoken
    from coach.timeline import Timeline

Question = Literal["effort", "pain"]

_SENTENCES: dict[Question, str] = {"effort": "ask_effort", "pain": "ask_pain"}

_ANSWERS: dict[str, Answer] = {
    "next": "more",
    "previous": "less",
    "toggle": "same",
    "resume": "same",
    "pause": "same",
}
"""What an order means here. A headset's one button says play or pause, as it believes that sound is heard."""

_PATIENCE = 8.0
"""Seconds that an answer is waited for, from the end of its question."""


class CheckIn:
    """Asks one question after the other; each is answered by one order, or by none in time.

    `do` may be called from any thread; all else is called from one thread.

    Args:
        timeline: the track that was played; it is asked in its language.
        speech: its voice. It speaks the questions now, so that they can be asked at once later.
        player: an open one; closing it stays with the caller.
        answered: is given each question that was answered, with its answer.
        clock: seconds that only grow.

    Attributes:
        question: what is being asked; None before and behind that.

    Raises:
        SpeechError: the voice failed.
    """

    def __init__(
        self,
        timeline: Timeline,
        speech: Spoken,
        player: Player,
        answered: Callable[[Question, Answer], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.question: Question | None = None
        self._timeline, self._speech, self._player = timeline, speech, player
        self._answered, self._clock = answered, clock
        self._book = phrasebook(timeline.language)
        self._sentences = {each: self._book.sentence(key) for each, key in _SENTENCES.items()}
        self._thanks = self._book.sentence("thanks")
        for sentence in (*self._sentences.values(), self._thanks):
            speech.clip(sentence)
        self._left = list(self._sentences)
        self._orders: SimpleQueue[str] = SimpleQueue()
        self._state: Literal["new", "asking", "thanking", "over"] = "new"
        self._heard_at: float | None = None  # when the question was over
        self._has_answer = False

    @property
    def sentence(self) -> str:
        """What is asked now, as it is spoken; "" where nothing is."""
        return self._sentences[self.question] if self.question else ""

    def do(self, command: str, value: float = 0.0) -> None:  # noqa: ARG002 - as `Session.do` has it
        """Give one of the session's orders; the next `tick` takes it as an answer."""
        self._orders.put(command)

    def tick(self) -> bool:
        """Do what is due; call it ten times a second, the first time to begin.

        Returns:
            Whether the check-in goes on. Without a person, or without sound, it ends by itself.
        """
        try:
            if self._state == "new":
                self._ask()
            while self._state != "over" and not self._orders.empty():
                self._obey(self._orders.get())
            if self._state != "over" and self._player.wait(0):
                self._wait_for_answer()
        except (AudioError, SpeechError):
            self._end()
        return self._state != "over"

    def _obey(self, command: str) -> None:
        if command == "stop":
            self._end()
        elif self.question and command in _ANSWERS:
            self._answered(self.question, _ANSWERS[command])
            self._has_answer = True
            self._ask()

    def _wait_for_answer(self) -> None:
        """Go on where enough time has passed since the sentence was over."""
        now = self._clock()
        if self._state == "thanking":
            self._end()
        elif self._heard_at is None:
            self._heard_at = now
        elif now - self._heard_at >= _PATIENCE:
            self._ask()

    def _ask(self) -> None:
        """Ask what is left to ask; behind the last question, thank for answers."""
        self._heard_at = None
        self.question = self._left.pop(0) if self._left else None
        self._state = "asking" if self.question else "thanking" if self._has_answer else "over"
        if self._state == "over":
            return
        said = say_first(
            self._timeline, self._speech, self._book, Landing(0, (self.sentence or self._thanks,))
        )
        self._player.start(partial(render, said, self._speech), said.length)

    def _end(self) -> None:
        """Fall silent; what was not answered has no answer."""
        self._player.stop()
        self.question, self._state = None, "over"
