"""The person's desktop from outside of it: where sound and bus are, and how to tell something."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_RUNTIME = Path("/run/user")
_PATIENCE = 5.0  # seconds for a notification to be taken


def person_environment() -> dict[str, str]:
    """Return what a process that cron started lacks to reach the person's sound server and desktop.

    On Linux both are found through two variables that a log-in sets and cron does not. What is set already,
    and what is not there (nobody is logged in), is left out; elsewhere nothing is needed.
    """
    if sys.platform != "linux":
        return {}
    found = {}
    named = os.environ.get("XDG_RUNTIME_DIR")
    runtime = Path(named) if named else _RUNTIME / str(os.getuid())
    with suppress(OSError):
        if not named and runtime.stat().st_uid == os.getuid():
            found["XDG_RUNTIME_DIR"] = str(runtime)
        if "DBUS_SESSION_BUS_ADDRESS" not in os.environ and (runtime / "bus").is_socket():
            found["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={runtime / 'bus'}"
    return found


def notify(title: str, text: str) -> bool:
    """Show a notification on the desktop; returns whether a desktop took it.

    Args:
        title: its first line.
        text: a sentence or two.
    """
    for command in _notifiers(title, text):
        if path := shutil.which(command[0]):
            with suppress(OSError, subprocess.SubprocessError):
                subprocess.run(  # noqa: S603 - a program of the desktop, and words that it only shows
                    [path, *command[1:]],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=_PATIENCE,
                    check=True,
                )
                return True
    return False


def _notifiers(title: str, text: str) -> list[list[str]]:
    """Return the commands that could show it, the best first."""
    if sys.platform == "darwin":
        script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
        return [["osascript", "-e", script, title, text]]
    if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
        return []
    service = "org.freedesktop.Notifications"
    call = ["gdbus", "call", "--session", f"--dest={service}", "--object-path=/org/freedesktop/Notifications"]
    return [
        ["notify-send", "--app-name=Coach", "--", title, text],
        [*call, f"--method={service}.Notify", "--", "Coach", "0", "", title, text, "[]", "{}", "-1"],
    ]
