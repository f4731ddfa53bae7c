"""The check-in: at the end of a session a person is asked how hard it was and how much it hurt."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from coach.errors import AudioError, SpeechError
from coach.history import Answer, Question
from coach.mix import render
from coach.phrases import phrasebook
from coach.session.controls import OrderQueue, SessionCommand
from coach.session.places import Landing
from coach.session.splice import say_first
from coach.text_enum import TextEnum

if TYPE_CHECKING:
    from collections.abc import Callable

    from coach.player import Player
    from coach.session.playhead import SessionVoice
    from coach.timeline import Timeline

_SENTENCES = {Question.EFFORT: "ask_effort", Question.PAIN: "ask_pain"}

_ANSWERS = {
    SessionCommand.NEXT: Answer.MORE,
    SessionCommand.PREVIOUS: Answer.LESS,
    SessionCommand.TOGGLE: Answer.SAME,
    SessionCommand.RESUME: Answer.SAME,
    SessionCommand.PAUSE: Answer.SAME,
}
"""What a command means here. A headset's one button says play or pause, whichever it believes is due."""

_PATIENCE = 8.0
"""Seconds to wait for an answer, from the end of its question."""


class _State(TextEnum):
    NEW = "new"
    ASKING = "asking"
    THANKING = "thanking"
    OVER = "over"


class CheckIn(OrderQueue):
    """Asks one question after the other; each is answered by one command, or by none in time.

    The commands may be called from any thread; all else is called from one thread.

    Args:
        timeline: the track that was played; the questions are in its language.
        speech: its voice. It speaks the questions now, so that they can be asked at once later.
        player: an open one; closing it stays with the caller.
        answered: is given each question that was answered, with its answer.
        clock: seconds that only grow.

    Attributes:
        question: what is being asked; None before the first and after the last.

    Raises:
        SpeechError: the voice failed.
    """

    def __init__(
        self,
        timeline: Timeline,
        speech: SessionVoice,
        player: Player,
        answered: Callable[[Question, Answer], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.question: Question | None = None
        self._timeline, self._speech, self._player = timeline, speech, player
        self._answered, self._clock = answered, clock
        self._book = phrasebook(timeline.language)
        self._sentences = {each: self._book.sentence(key) for each, key in _SENTENCES.items()}
        self._thanks = self._book.sentence("thanks")
        for sentence in (*self._sentences.values(), self._thanks):
            speech.clip(sentence)
        self._left = list(self._sentences)
        self._state = _State.NEW
        self._heard_at: float | None = None  # when the question was over
        self._has_answer = False

    @property
    def sentence(self) -> str:
        """What is asked now, as it is spoken; "" if nothing is."""
        return self._sentences[self.question] if self.question else ""

    def tick(self) -> bool:
        """Do what is due; call it ten times a second, the first time to begin.

        Returns:
            Whether the check-in goes on. Without a person, or without sound, it ends by itself.
        """
        try:
            if self._state is _State.NEW:
                self._ask()
            if not self._is_over:
                for order in self._orders():
                    self._obey(order.command)
                    if self._is_over:
                        break
            if not self._is_over and self._player.wait(0):
                self._wait_for_answer()
        except (AudioError, SpeechError):
            self._end()
        return not self._is_over

    @property
    def _is_over(self) -> bool:
        return self._state is _State.OVER

    def _obey(self, command: SessionCommand) -> None:
        if command is SessionCommand.STOP:
            self._end()
        elif self.question and command in _ANSWERS:
            self._answered(self.question, _ANSWERS[command])
            self._has_answer = True
            self._ask()

    def _wait_for_answer(self) -> None:
        """Go on once enough time has passed since the sentence was over."""
        now = self._clock()
        if self._state is _State.THANKING:
            self._end()
        elif self._heard_at is None:
            self._heard_at = now
        elif now - self._heard_at >= _PATIENCE:
            self._ask()

    def _ask(self) -> None:
        """Ask what is left to ask; after the last question, give thanks for answers."""
        self._heard_at = None
        self.question = self._left.pop(0) if self._left else None
        self._state = _State.ASKING if self.question else _State.THANKING if self._has_answer else _State.OVER
        if self._is_over:
            return
        said = say_first(
            self._timeline, self._speech, self._book, Landing(0, (self.sentence or self._thanks,))
        )
        self._player.start(partial(render, said, self._speech), said.length)

    def _end(self) -> None:
        """Fall silent; what was not answered has no answer."""
        self._player.stop()
        self.question, self._state = None, _State.OVER
