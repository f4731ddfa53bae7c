"""What the user is told while Coach works."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Advance: TypeAlias = Callable[[int, int], None]
    """Takes how many steps of a piece of work are done, and how many there are in total."""


class Reporter(Protocol):
    """Passes on what is worth knowing besides the result; each program that uses Coach has its own."""

    def progress(self, title: str) -> AbstractContextManager[Advance | None]:
        """Return a context for a piece of work; it yields a function to call as the work advances.

        Args:
            title: what is being done, such as "Speaking with neural/heart".

        Returns:
            A context manager; it yields None if nobody would see the progress.
        """
        ...

    def note(self, text: str) -> None:
        """Say something in one line, but the same words only once."""
        ...

    def warn(self, text: str) -> None:
        """Say something in one line, however often it was said before."""
        ...


class Silent:
    """A reporter that says nothing."""

    @contextmanager
    def progress(self, title: str) -> Iterator[Advance | None]:  # noqa: ARG002 - nobody sees it
        """Yield None."""
        yield None

    def note(self, text: str) -> None:
        """Say nothing."""

    def warn(self, text: str) -> None:
        """Say nothing."""


SILENT: Reporter = Silent()
"""The reporter that says nothing."""
