"""How long each stage takes, for the log."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from logging import Logger


@contextmanager
def log_stage(logger: Logger, title: str) -> Iterator[None]:
    """Log that a stage starts, and when it ends or fails, how many seconds it took."""
    logger.info("%s", title)
    started = time.perf_counter()
    try:
        yield
    except BaseException as error:
        took = time.perf_counter() - started
        logger.info("%s: failed after %.3f s (%s)", title, took, type(error).__name__)
        raise
    logger.info("%s: done in %.3f s", title, time.perf_counter() - started)
