"""The cron daemon, without which nothing in a crontab starts: does it run, and does it know time zones?"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

_PROCESSES = Path("/proc")
_NAMES = {"cron", "crond", "fcron"}
_ADMINISTRATORS = ("/usr/sbin", "/sbin", "/usr/local/sbin")
_GENERATORS = ("/usr/lib/systemd/system-generators/systemd-crontab-generator",)
_VARIABLE = b"CRON_TZ"


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


def knows_time_zones() -> bool | None:
    """Return whether the cron of this machine heeds a time zone that CRON_TZ names.

    That of cronie does, and systemd-cron; those of Debian and of vixie-cron take no notice. Whichever is
    there, its program holds the name of the variable if it looks for it. None if no program is found.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_ADMINISTRATORS])
    programs = [*_GENERATORS, *(found for name in sorted(_NAMES) if (found := shutil.which(name, path=path)))]
    contents = []
    for program in programs:
        with suppress(OSError):
            contents.append(Path(program).read_bytes())
    return any(_VARIABLE in content for content in contents) if contents else None
