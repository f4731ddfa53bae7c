"""The folders of a person's own, as their system has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def data_folder() -> Path:
    """Return where a person's scripts and history are: worth a backup. It need not exist."""
    import platformdirs  # noqa: PLC0415 - slow to import, and seldom needed

    return platformdirs.user_data_path("coach", appauthor=False)


def state_folder() -> Path:
    """Return where logs and locks are: nobody misses them on a new machine. It need not exist."""
    import platformdirs  # noqa: PLC0415 - as above

    return platformdirs.user_state_path("coach", appauthor=False)


def cache_folder() -> Path:
    """Return where what can be made again is kept. It need not exist."""
    import platformdirs  # noqa: PLC0415 - as above

    return platformdirs.user_cache_path("coach", appauthor=False)
