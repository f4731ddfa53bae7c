"""Schedules as timers of the user's own systemd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from coach.errors import CoachError, RefusedError
from coach.schedule.model import Schedule, parse_command
from coach.schedule.when import SEPARATOR, When, describe, parse_expression, split_expressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_START = ':/bin/sh -c "exec \\"$@\\"" sh'
"""Comes before the words of a command, because systemd can't start a program with a quote in its path and a
shell can. The colon keeps systemd from expanding variables.
"""

_PATIENCE = 60.0  # seconds for systemctl to answer

_SERVICE = """\
# Written by 'coach schedule'; 'coach schedule remove {name}' removes it.
[Unit]
Description=Coach: {name}

[Service]
Type=oneshot
{environment}ExecStart={command}
"""

_TIMER = """\
# Written by 'coach schedule'; 'coach schedule remove {name}' removes it.
[Unit]
Description=Coach: {name}, {words}

[Timer]
{calendar}AccuracySec=1s
Persistent=false

[Install]
WantedBy=timers.target

[X-Coach]
When={when}
"""


# The text.


def format_service(schedule: Schedule) -> str:
    """Return the unit that plays a schedule.

    Raises:
        CoachError: one of its paths is not Unicode, which systemd requires.
    """
    text = _SERVICE.format(
        name=schedule.name,
        environment="".join(
            f"Environment={_quote(f'{name}={value}')}\n" for name, value in schedule.environment
        ),
        command=" ".join([_START, *map(_quote, schedule.words)]),
    )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise CoachError("systemd accepts only paths in UTF-8; rename the file, or use cron") from error
    return text


def format_timer(schedule: Schedule) -> str:
    """Return the unit that says when to play a schedule."""
    calendar = "".join(f"OnCalendar={each}\n" for each in format_calendar(schedule.when))
    words = describe(schedule.when)
    return _TIMER.format(name=schedule.name, words=words, calendar=calendar, when=schedule.when)


def format_calendar(fields: str) -> list[str]:
    """Return what is set for a schedule as calendar events: two of them if either kind of day is enough."""
    return [event for each in split_expressions(fields) for event in _format_events(parse_expression(each))]


def _format_events(when: When) -> list[str]:
    time_of_day = f"{_format_numbers(when.hours, 24)}:{_format_numbers(when.minutes, 60)}:00"
    weekdays = [day for number, day in enumerate(_DAYS) if number in when.weekdays]
    on_weekdays = "" if len(weekdays) == len(_DAYS) else f"{','.join(weekdays)} "
    months, days = _format_numbers(when.months, 12), _format_numbers(when.days, 31)
    if when.either:
        return [f"*-{months}-{days} {time_of_day}", f"{on_weekdays}*-{months}-* {time_of_day}"]
    return [f"{on_weekdays}*-{months}-{days} {time_of_day}"]


def read_units(service: str, timer: str, *, paused: bool) -> Schedule | None:
    """Return the schedule in two units; None if Coach did not write them."""
    commands, environment, when = [], [], None
    for line in service.split("\n"):
        key, _, value = line.partition("=")
        if key == "ExecStart" and value.startswith(f"{_START} "):
            commands.append([_unquote(word) for word in _WORD.findall(value.removeprefix(_START))])
        elif key == "Environment" and (word := _WORD.fullmatch(value)):
            name, _, value = _unquote(word[1]).partition("=")
            environment.append((name, value))
    for line in timer.partition("[X-Coach]")[2].split("\n"):
        if line.startswith("When="):
            when = line.removeprefix("When=")
    if len(commands) != 1 or when is None:
        return None
    try:
        fields = SEPARATOR.join(parse_expression(each).fields for each in split_expressions(when))
    except RefusedError:
        return None
    return parse_command(commands[0], fields, environment, paused=paused)


def _format_numbers(numbers: frozenset[int], count: int) -> str:
    return "*" if len(numbers) == count else ",".join(f"{number:02}" for number in sorted(numbers))


def _quote(word: str) -> str:
    text = word.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%")
    return f'"{text}"'


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).replace("%%", "%")


# The files and the command.


class Systemd:
    """The timers of the user who runs Coach."""

    name = "systemd"

    def check_usable(self) -> None:
        """Check that timers can be used.

        Raises:
            CoachError: this machine has no systemd, or this login can't reach it.
        """
        if shutil.which("systemctl") is None:
            raise CoachError("this machine has no systemctl command; use --with cron")
        _systemctl("list-timers", "--no-pager")

    def is_there(self) -> bool:
        """Return whether there may be schedules."""
        return _folder().is_dir()

    def preview(self, schedule: Schedule) -> str:
        """Return what would be written."""
        service, timer = _files(schedule.name)
        return f"# {service}\n{format_service(schedule)}\n# {timer}\n{format_timer(schedule)}".rstrip("\n")

    def schedules(self) -> list[Schedule]:
        """Return the schedules that have a timer."""
        found = []
        for timer in sorted(_folder().glob("coach-*.timer")):
            wanted = timer.parent / "timers.target.wants" / timer.name
            with suppress(OSError, UnicodeDecodeError):
                texts = [path.read_text("utf-8") for path in (timer.with_suffix(".service"), timer)]
                schedule = read_units(*texts, paused=not os.path.lexists(wanted))
                if schedule and f"coach-{schedule.name}.timer" == timer.name:
                    found.append(schedule)
        return found

    def find_foreign_lines(self) -> list[str]:
        """Return nothing: files that Coach did not write are not its business."""
        return []

    def add(self, schedule: Schedule) -> None:
        """Write and start one more timer; if that fails, remove its files again."""
        texts = (format_service(schedule), format_timer(schedule))
        files = _files(schedule.name)
        there = [file for file in files if os.path.lexists(file)]
        if there:
            raise RefusedError(
                "name", f"there is a file {there[0]} that Coach did not write; choose another name"
            )
        try:
            for file, text in zip(files, texts, strict=True):
                _write(file, text)
            _systemctl("daemon-reload")
            _systemctl("enable", "--now", files[1].name)
        except BaseException:
            with suppress(CoachError):
                _systemctl("disable", "--now", files[1].name)
            _remove_files(schedule.name)
            raise

    def remove(self, names: Iterable[str]) -> None:
        """Stop timers and remove their files."""
        for name in names:
            _systemctl("disable", "--now", f"coach-{name}.timer")
            _remove_files(name)

    def pause(self, names: Iterable[str], *, paused: bool) -> None:
        """Keep schedules without playing them, or play them again."""
        for name in names:
            _systemctl("disable" if paused else "enable", "--now", f"coach-{name}.timer")

    def run(self, name: str, show: Callable[[bytes], None]) -> int:
        """Run a schedule now, as its timer would.

        Args:
            name: the name of the schedule.
            show: called with all its output, once it has ended.

        Returns:
            Its exit code.
        """
        service = f"coach-{name}.service"
        started = time.time()
        start = ["systemctl", "--user", "start", service]
        process = subprocess.Popen(start, stderr=subprocess.PIPE)  # noqa: S603 - no shell reads it
        try:
            _, said = process.communicate()
        except BaseException:
            process.terminate()
            with suppress(CoachError):
                _systemctl("stop", service)
            raise
        with suppress(OSError):
            since = f"--since=@{started:.0f}"
            log = ["journalctl", "--user", "--unit", service, "--output=cat", "--no-pager", "--quiet", since]
            show(subprocess.run(log, capture_output=True, check=False).stdout)  # noqa: S603 - as above
        if process.returncode == 0:
            return 0
        code = _systemctl("show", "--property=ExecMainStatus", "--value", service).strip()
        if not code.isdigit() or code == "0":
            raise CoachError(f"systemctl: {said.decode(errors='replace').strip()}")
        return int(code)


def _folder() -> Path:
    given = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".config") / "systemd" / "user"


def _files(name: str) -> tuple[Path, Path]:
    """Return the paths of the service and of the timer."""
    return _folder() / f"coach-{name}.service", _folder() / f"coach-{name}.timer"


def _remove_files(name: str) -> None:
    for file in _files(name):
        file.unlink(missing_ok=True)
    with suppress(CoachError):
        _systemctl("daemon-reload")


def _write(file: Path, text: str) -> None:
    """Write a file that appears whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _systemctl(*arguments: str) -> str:
    """Run systemctl for the user's own units; return what it prints.

    Raises:
        CoachError: it fails.
    """
    try:
        done = subprocess.run(  # noqa: S603 - as above
            ["systemctl", "--user", *arguments],  # noqa: S607 - the system's own
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CoachError(f"systemctl failed: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0][:200]
        raise CoachError(
            f"'systemctl --user {arguments[0]}' says: {said}; it needs a login session of your own"
        )
    return done.stdout.decode(errors="replace")
