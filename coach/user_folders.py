"""The user's own folders, in the places that their system provides."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """Return the folder of the user's scripts and history, which are worth a backup. It may not exist."""
    import platformdirs  # noqa: PLC0415 - slow to import and rarely needed

    return platformdirs.user_data_path("coach", appauthor=False)


def state_folder() -> Path:
    """Return the folder of logs, locks and keys: nobody misses them on a new machine. It may not exist."""
    if sys.platform == "linux":
        return _xdg_folder("XDG_STATE_HOME", ".local/state")
    import platformdirs  # noqa: PLC0415 - as above

    return platformdirs.user_state_path("coach", appauthor=False)


def cache_folder() -> Path:
    """Return the folder of files that can be made again. It may not exist."""
    if sys.platform == "linux":
        return _xdg_folder("XDG_CACHE_HOME", ".cache")
    import platformdirs  # noqa: PLC0415 - as above

    return platformdirs.user_cache_path("coach", appauthor=False)


def _xdg_folder(variable: str, usual: str) -> Path:
    """Return what platformdirs would, without importing it, which takes longer than reading a hundred clips.

    Args:
        variable: of the XDG Base Directory Specification; what is no absolute path counts as unset.
        usual: the folder where it is unset, in the home.
    """
    named = os.environ.get(variable, "")
    return Path(named if os.path.isabs(named) else os.path.expanduser(f"~/{usual}")) / "coach"  # noqa: PTH111, PTH117
