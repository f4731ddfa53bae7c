"""What a person can ask of a session: the same from keys, headset buttons and a desktop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from coach.text_enum import TextEnum

if TYPE_CHECKING:
    from collections.abc import Iterator


class SessionCommand(TextEnum):
    """What can be asked. `VOLUME` takes a factor, `SEEK` and `GO_TO` take seconds."""

    TOGGLE = "toggle"
    PAUSE = "pause"
    RESUME = "resume"
    NEXT = "next"
    PREVIOUS = "previous"
    REPEAT = "repeat"
    BACK = "back"
    FORWARD = "forward"
    LOUDER = "louder"
    SOFTER = "softer"
    VOLUME = "volume"
    SEEK = "seek"
    GO_TO = "go to"
    STOP = "stop"


class Order(NamedTuple):
    """A command, with its value: a factor or seconds; 0.0 for a command that takes none."""

    command: SessionCommand
    value: float = 0.0


class Controls(ABC):
    """Whatever can be steered: a method for each command."""

    @abstractmethod
    def give(self, order: Order) -> None:
        """Take an order, from any thread."""

    def toggle(self) -> None:
        """Pause, or continue."""
        self.give(Order(SessionCommand.TOGGLE))

    def pause(self) -> None:
        """Pause."""
        self.give(Order(SessionCommand.PAUSE))

    def resume(self) -> None:
        """Continue after a pause."""
        self.give(Order(SessionCommand.RESUME))

    def next(self) -> None:
        """Go to the next exercise."""
        self.give(Order(SessionCommand.NEXT))

    def previous(self) -> None:
        """Go to the start of this exercise, or to the one before if this one has just begun."""
        self.give(Order(SessionCommand.PREVIOUS))

    def repeat(self) -> None:
        """Hear the last instruction once more."""
        self.give(Order(SessionCommand.REPEAT))

    def back(self) -> None:
        """Go 10 seconds back."""
        self.give(Order(SessionCommand.BACK))

    def forward(self) -> None:
        """Go 10 seconds forward."""
        self.give(Order(SessionCommand.FORWARD))

    def louder(self) -> None:
        """Turn the volume up a step."""
        self.give(Order(SessionCommand.LOUDER))

    def softer(self) -> None:
        """Turn the volume down a step."""
        self.give(Order(SessionCommand.SOFTER))

    def set_volume(self, factor: float) -> None:
        """Set the volume to a factor of 0.0 to 1.0; outside that, to the nearer end."""
        self.give(Order(SessionCommand.VOLUME, factor))

    def seek(self, seconds: float) -> None:
        """Go so many seconds forward, or back if they are negative."""
        self.give(Order(SessionCommand.SEEK, seconds))

    def go_to(self, seconds: float) -> None:
        """Go to a moment of the track, in seconds from its start."""
        self.give(Order(SessionCommand.GO_TO, seconds))

    def stop(self) -> None:
        """End it."""
        self.give(Order(SessionCommand.STOP))


class OrderQueue(Controls):
    """Controls whose orders wait until their owner's next tick takes them."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[Order] = SimpleQueue()

    def give(self, order: Order) -> None:
        """Take an order, from any thread; the next tick carries it out."""
        self._waiting.put(order)

    def _orders(self) -> Iterator[Order]:
        """Yield what waits, first come first served."""
        while True:
            try:
                order = self._waiting.get_nowait()
            except Empty:
                return
            yield order
