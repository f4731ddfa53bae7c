"""Whether a cron daemon is running, without which nothing in a crontab starts."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")
_NAMES = {"cron", "crond", "fcron"}


def cron_runs() -> bool | None:
    """Return whether a cron daemon is running; None if that cannot be seen."""
    if sys.platform == "darwin":
        return True  # launchd starts it as soon as there is a crontab
    if not (_PROCESSES / "1" / "comm").is_file():
        return None  # not Linux, or other users' processes are hidden
    return any(_is_cron(process) for process in _PROCESSES.glob("[0-9]*"))


def _is_cron(process: Path) -> bool:
    with suppress(OSError):  # it has just ended
        name = (process / "comm").read_text("utf-8", errors="replace").strip()
        if name == "busybox":
            return (process / "cmdline").read_bytes().split(b"\0")[1:2] == [b"crond"]
        return name in _NAMES
    return False
