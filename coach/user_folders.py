"""The user's own folders, in the places that their system provides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def data_folder() -> Path:
    """Return the folder of the user's scripts and history, which are worth a backup. It may not exist."""
    import platformdirs  # noqa: PLC0415 - slow to import and rarely needed

    return platformdirs.user_data_path("coach", appauthor=False)


def state_folder() -> Path:
    """Return the folder of logs and locks, which nobody would miss on a new machine. It may not exist."""
    import platformdirs  # noqa: PLC0415 - as above

    return platformdirs.user_state_path("coach", appauthor=False)


def cache_folder() -> Path:
    """Return the folder of files that can be made again. It may not exist."""
    import platformdirs  # noqa: PLC0415 - as above

    return platformdirs.user_cache_path("coach", appauthor=False)
