"""What a schedule remembers of the place where it is added: the program, and the variables that affect it."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

_FOLDERS = ("COACH_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
_SERVERS = ("PULSE_SERVER", "PULSE_RUNTIME_PATH", "PIPEWIRE_REMOTE")


def find_program() -> tuple[str, ...]:
    """Return the words of a command that start this installation of Coach from any folder."""
    folders = (Path(sys.executable).parent, Path(sysconfig.get_path("scripts")))
    for folder in folders:  # not resolved: a virtual environment's python is a link
        command = (folder / "coach").absolute()
        if os.access(command, os.X_OK) and command.is_file():
            return (str(command),)
    return (str(Path(sys.executable).absolute()), "-m", "coach")


def capture_environment() -> tuple[tuple[str, str], ...]:
    """Return the variables that matter to Coach, are set here, and would not be set by a scheduler."""
    found = {name: os.environ[name] for name in (*_FOLDERS, *_SERVERS) if os.environ.get(name)}
    found |= {name: os.path.abspath(found[name]) for name in _FOLDERS if name in found}  # noqa: PTH100 - no links followed
    if sys.platform != "win32":
        import pwd  # noqa: PLC0415 - not on Windows

        usual = {"HOME": pwd.getpwuid(os.getuid()).pw_dir, "XDG_RUNTIME_DIR": f"/run/user/{os.getuid()}"}
        for name, value in usual.items():
            if os.environ.get(name, value) not in ("", value):
                found[name] = os.environ[name]
    return tuple(found.items())
