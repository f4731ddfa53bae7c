"""The user's desktop, reached from outside: where its sound and its bus are, and how to notify the user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from coach.borders import clean_for_notification

_RUNTIME = Path("/run/user")
_PATIENCE = 5.0  # seconds for a notification to be accepted


def is_logged_in() -> bool:
    """Return whether the user seems to be logged in: there is a folder for their sockets."""
    return sys.platform != "linux" or _runtime_folder() is not None


def person_environment() -> dict[str, str]:
    """Return the variables that a process started by cron lacks to reach the user's sound server and desktop.

    On Linux, a login sets two variables for this, and cron doesn't. The result is empty if the user isn't
    logged in, and on other systems, which need nothing.
    """
    runtime = _runtime_folder() if sys.platform == "linux" else None
    if runtime is None:
        return {}
    found = {"XDG_RUNTIME_DIR": str(runtime)}
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS") and (runtime / "bus").is_socket():
        found["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={runtime / 'bus'}"
    return found


def _runtime_folder() -> Path | None:
    """Return the folder that a login creates; the one in the environment may belong to an earlier login."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    for folder in (*([Path(named)] if named else []), _RUNTIME / str(os.getuid())):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid():
                return folder
    return None


def notify(title: str, text: str) -> bool:
    """Show a notification on the desktop, and return whether it was accepted.

    Args:
        title: its first line; any text.
        text: a sentence or two; any text.
    """
    for command in _notifiers(clean_for_notification(title), clean_for_notification(text)):
        if path := shutil.which(command[0]):
            with suppress(OSError, subprocess.SubprocessError):
                subprocess.run(  # noqa: S603 - a desktop program, which only shows the words
                    [path, *command[1:]],
                    env={**os.environ, "LC_ALL": "C.UTF-8"},  # in the locale C they accept only ASCII
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    timeout=_PATIENCE,
                    check=True,
                )
                return True
    return False


def _notifiers(title: str, text: str) -> list[list[str]]:
    """Return the commands that could show a notification, best first."""
    if sys.platform == "darwin":
        script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
        return [["osascript", "-e", script, title, text]]
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return []
    service = "org.freedesktop.Notifications"
    call = ["gdbus", "call", "--session", f"--dest={service}", "--object-path=/org/freedesktop/Notifications"]
    body = text.replace("\\", "\\\\")  # it interprets \n and the like
    literals = [json.dumps(words, ensure_ascii=False) for words in (title, text)]
    return [
        ["notify-send", "--app-name=Coach", "--", title, body],
        [
            *(*call, f"--method={service}.Notify", "--"),
            *("Coach", "uint32 0", "", *literals, "@as []", "@a{sv} {}", "int32 -1"),
        ],
    ]
