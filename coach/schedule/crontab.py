"""Schedules in the user's crontab: one marked block of our own, and every other byte as it was.

The block is at the top. So the lines after it keep every byte, even without a newline at the end, and none of
their settings (SHELL, PATH, HOME, CRON_TZ) changes what our lines mean.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING

from coach.errors import CoachError, RefusedError
from coach.schedule.crontab_command import HEADER, Replaced, read_crontab, replace_crontab
from coach.schedule.model import Schedule, parse_command
from coach.schedule.when import SEPARATOR, parse_expression, split_expressions
from coach.trust import shut_out_others
from coach.user_folders import state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BEGIN = "# >>> coach schedule >>>"
_BEGIN_NEW = "# >>> coach schedule >>> (no crontab before)"
_END = "# <<< coach schedule <<<"
_PAUSED = "#paused: "
_MOST_BYTES = 990  # of a command; Debian's crontab takes 998, others more
_LINE = re.compile(r"((?:[^ \t]+[ \t]+){4}[^ \t]+)[ \t]+([^ \t\n][^\n]*)")
_INPUT = re.compile(r"(?<!\\)%")  # starts a line of the command's standard input
_SETTING = re.compile(r"[ \t]*(?:\"([^\"]+)\"|'([^']+)'|([^\s=\"'#][^\s=]*))[ \t]*=[ \t]*(.*?)[ \t]*")
_BACKUPS = 10
_ATTEMPTS = 6
_GRACE = 3.0  # seconds for an interrupted command to end


# The text.


def format_lines(schedule: Schedule) -> list[str]:
    """Return the lines that play a schedule: one for each of its cron expressions.

    Raises:
        CoachError: a line is longer than cron allows.
    """
    return [format_line(replace(schedule, when=each)) for each in split_expressions(schedule.when)]


def format_line(schedule: Schedule) -> str:
    """Return the line that plays a schedule with one cron expression.

    Raises:
        CoachError: the line is longer than cron allows.
    """
    environment = [f"{name}={shlex.quote(value)}" for name, value in schedule.environment]
    command = " ".join([*environment, *map(shlex.quote, schedule.words)])
    # cron reads \% as a plain %, and some crons read \\ as one backslash, so no backslash may come before
    # either. Backslashes are inside quotes, which are closed and opened again after each.
    command = command.replace("\\", "\\''").replace("%", r"\%")
    size_bytes = len(command.encode(errors="surrogateescape"))
    if size_bytes > _MOST_BYTES:
        raise CoachError(
            f"the line for '{schedule.name}' is {size_bytes} bytes, over cron's limit of {_MOST_BYTES}; "
            "move the script to a shorter path, or use --with systemd"
        )
    return f"{_PAUSED if schedule.paused else ''}{schedule.when} {command}"


def read_line(line: str) -> Schedule | None:
    """Return the schedule that a line of the block plays; None if Coach did not write the line."""
    found = _LINE.fullmatch(line.removeprefix(_PAUSED))
    if not found or _INPUT.search(found[2]):
        return None
    try:
        when = parse_expression(found[1]).fields
        words = shlex.split(found[2].replace(r"\%", "%"))
    except (RefusedError, ValueError):
        return None
    environment = []
    while words and (setting := re.fullmatch(r"([A-Z_]+)=(.*)", words[0], re.DOTALL)):
        environment.append((setting[1], setting[2]))
        del words[0]
    return parse_command(words, when, environment, paused=line.startswith(_PAUSED))


@dataclass(frozen=True, slots=True)
class CrontabParts:
    """A crontab, split into the block and what is around it.

    Attributes:
        before: the text before the block.
        lines: the lines of the block, without its marks.
        after: the text after the block.
        new: whether the user had no crontab before Coach added the block.
    """

    before: str
    lines: tuple[str, ...]
    after: str
    new: bool

    @property
    def text(self) -> str | None:
        """The whole crontab; None if it is empty and there was none before."""
        if self.lines:
            begin = _BEGIN_NEW if self.new else _BEGIN
            return self.before + "\n".join((begin, *self.lines, _END, "")) + self.after
        rest = self.before + self.after
        return rest if rest or not self.new else None


def split_crontab(text: str | None) -> CrontabParts:
    """Return the parts of a crontab.

    Args:
        text: the crontab; None if there is none.

    Raises:
        CoachError: the marks of the block are damaged.
    """
    if text is None:
        return CrontabParts("", (), "", new=True)
    lines = text.split("\n")
    marks = [n for n, line in enumerate(lines) if line.strip() in {_BEGIN, _BEGIN_NEW, _END}]
    if not marks:
        return CrontabParts("", (), text, new=False)
    if len(marks) != 2 or lines[marks[0]] not in {_BEGIN, _BEGIN_NEW} or lines[marks[1]] != _END:
        raise CoachError(
            f"the marks around Coach's lines in your crontab are damaged (line {marks[0] + 1}); with "
            f"'crontab -e' put one '{_BEGIN}' before them and one '{_END}' after them, or remove all marks; "
            "nothing was changed"
        )
    begin, end = marks
    before = "".join(f"{line}\n" for line in lines[:begin])
    return CrontabParts(
        before, tuple(lines[begin + 1 : end]), "\n".join(lines[end + 1 :]), lines[begin] == _BEGIN_NEW
    )


def add_line(text: str | None, line: str) -> str | None:
    """Return a crontab with one more line in the block."""
    taken = split_crontab(text)
    return replace(taken, lines=(*taken.lines, line)).text


def change_lines(text: str | None, names: Iterable[str], change: Callable[[str], str | None]) -> str | None:
    """Return a crontab with the lines of some schedules changed.

    Args:
        text: the crontab.
        names: the names of the schedules; unknown ones are ignored.
        change: returns the new line for an old one; None removes it.
    """
    taken, wanted = split_crontab(text), set(names)
    lines: list[str] = []
    for line in taken.lines:
        schedule = read_line(line)
        new = change(line) if schedule and schedule.name in wanted else line
        if new is not None:
            lines.append(new)
    return replace(taken, lines=tuple(lines)).text


def read_schedules(text: str | None) -> list[Schedule]:
    """Return the schedules of a crontab, each with the variables that are set above it.

    Lines in a row that differ only in their times are one schedule.
    """
    parts = split_crontab(text)
    settings = _read_settings(parts.before.split("\n"))
    found: list[Schedule] = []
    for line in parts.lines:
        settings |= _read_settings([line])
        if schedule := read_line(line):
            schedule = replace(schedule, settings=tuple(settings.items()))
            if found and replace(found[-1], when=schedule.when) == schedule:
                schedule = replace(schedule, when=f"{found.pop().when}{SEPARATOR}{schedule.when}")
            found.append(schedule)
    return found


def _read_settings(lines: Iterable[str]) -> dict[str, str]:
    """Return the variables that lines of a crontab set, as cron reads them."""
    settings: dict[str, str] = {}
    for line in lines:
        if found := _SETTING.fullmatch(line):
            name, value = found[1] or found[2] or found[3], found[4]
            quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
            settings[name] = value[1:-1] if quoted else value
    return settings


def parse_as_cron(text: str, line: str) -> tuple[dict[str, str], str, bytes]:
    """Return what cron runs for a line of a crontab.

    Returns:
        The variables that the crontab sets before the line, its shell command, and its standard input.
    """
    settings = _read_settings(takewhile(lambda each: each != line, text.split("\n")))
    entry = _LINE.fullmatch(line.removeprefix(_PAUSED))
    assert entry, "only lines that were read are run"
    command, *given = _INPUT.split(entry[2])
    stdin = "\n".join(given).replace(r"\%", "%")
    return settings, command.replace(r"\%", "%"), stdin.encode(errors="surrogateescape")


# The command.


class Crontab:
    """The crontab of the user who runs Coach.

    Args:
        settle_seconds: how long another program has to write what it made of the text before a change.
    """

    name = "cron"

    def __init__(self, settle_seconds: float = 0.1) -> None:
        self._settle_seconds = settle_seconds

    def check_usable(self) -> None:
        """Check that this machine has cron.

        Raises:
            CoachError: it has none.
        """
        if sys.platform == "win32":
            raise CoachError(
                "Windows has no cron; let its Task Scheduler run: coach play --scheduled ROUTINE"
            )
        if shutil.which("crontab") is None:
            raise CoachError(
                "this machine has no crontab command; install cron (apt install cron), or use --with systemd"
            )

    def is_there(self) -> bool:
        """Return whether there may be schedules."""
        return sys.platform != "win32" and shutil.which("crontab") is not None

    def preview(self, schedule: Schedule) -> str:
        """Return what would be written."""
        return "\n".join(format_lines(schedule))

    def schedules(self) -> list[Schedule]:
        """Return the schedules in the crontab, with the variables that are set above them."""
        return read_schedules(read_crontab().text)

    def find_foreign_lines(self) -> list[str]:
        """Return the active lines between our marks that Coach did not write."""
        return [
            line for line in self._lines()
            if line.strip() and (not line.startswith("#") or line.startswith(_PAUSED))
            and not _SETTING.fullmatch(line) and not read_line(line)
        ]  # fmt: skip

    def add(self, schedule: Schedule) -> None:
        """Write one more schedule."""
        lines = format_lines(schedule)

        def edit(text: str | None) -> str | None:
            for line in lines:
                if line not in split_crontab(text).lines:
                    text = add_line(text, line)
            return text

        self._change(edit)

    def remove(self, names: Iterable[str]) -> None:
        """Remove schedules."""
        self._change(lambda text: change_lines(text, names, lambda _: None))

    def pause(self, names: Iterable[str], *, paused: bool) -> None:
        """Keep schedules without playing them, or play them again."""
        start = _PAUSED if paused else ""
        self._change(lambda text: change_lines(text, names, lambda line: start + line.removeprefix(_PAUSED)))

    def run(self, name: str, show: Callable[[bytes], None]) -> int:
        """Run a schedule now, as cron would.

        Args:
            name: the name of the schedule.
            show: called with its output, piece by piece.

        Returns:
            Its exit code; as in a shell, 128 plus the number of the signal that ended it.
        """
        import pwd  # noqa: PLC0415 - not on Windows

        text = read_crontab().text or ""
        line = next(each for each in split_crontab(text).lines if (it := read_line(each)) and it.name == name)
        settings, command, stdin = parse_as_cron(text, line)
        person = pwd.getpwuid(os.getuid())
        usual = {"HOME": person.pw_dir, "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
        environment = {**usual, **settings, "LOGNAME": person.pw_name}
        return _run_as_cron([environment["SHELL"], "-c", command], environment, stdin, show)

    def _lines(self) -> tuple[str, ...]:
        return split_crontab(read_crontab().text).lines

    def _change(self, edit: Callable[[str | None], str | None]) -> None:
        """Read, back up, edit, write, read back and compare; again if somebody else wrote meanwhile.

        Args:
            edit: returns the new text for an old one: the same text if nothing is left to do.

        Raises:
            CoachError: something unexpected happened; the message says what the crontab contains now.
        """
        self.check_usable()
        told = "nothing was changed"
        for _ in range(_ATTEMPTS):
            old = read_crontab()
            new = edit(old.text)
            if new == old.text:
                return
            saved = _back_up(old.text)
            replaced = replace_crontab(old, new)
            if replaced is Replaced.CHANGED:
                continue
            found = read_crontab()
            if not _is_stored(old.text, new, found.text):
                _back_up(found.text)
                if replace_crontab(found, old.text) is not Replaced.CHANGED:
                    raise CoachError(
                        "crontab did not store what Coach wrote, so your old crontab was put back "
                        f"({f'a copy is {saved}' if saved else 'there was none'})"
                    )
            # Whoever read the old text before Coach wrote may write it back now, with a change of their own.
            time.sleep(self._settle_seconds)
            if replaced is Replaced.CONTESTED and read_crontab().text == new:
                raise CoachError(
                    "another program wrote to your crontab in the same moment, and its change may be lost: "
                    "look at 'crontab -l'; Coach's own change is there"
                )
            told = "what Coach wrote was overwritten"
        raise CoachError(f"your crontab is being edited elsewhere; {told}, try again")


def _is_stored(old: str | None, new: str | None, found: str | None) -> bool:
    """Return whether a crontab keeps what was written, other than that somebody may have changed it since.

    Args:
        old: the crontab before.
        new: what was written.
        found: what was found directly afterwards.
    """
    if found == new or (found and new and HEADER.fullmatch(found.removesuffix(new))):
        return True
    try:
        before, ours, there = split_crontab(old), split_crontab(new), split_crontab(found)
    except CoachError:
        return False
    rest = iter((there.before + there.after).split("\n"))
    whole = all(line in rest for line in (before.before + before.after).split("\n") if line)
    # Somebody who wrote the old block back had read it before Coach wrote. Whoever has the new one can only
    # have added something: nobody reads, edits and writes as fast as this looks again.
    return there.lines == before.lines or (there.lines == ours.lines and whole)


def _back_up(text: str | None) -> str | None:
    """Save a copy of a crontab in the state folder, keeping the newest ten; return its path."""
    if text is None:
        return None
    folder = state_folder() / "crontab-backups"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shut_out_others(folder)
    path = folder / f"{datetime.now():%Y%m%d-%H%M%S-%f}"
    path.touch(mode=0o600)
    path.write_bytes(text.encode(errors="surrogateescape"))
    for old in sorted(folder.iterdir())[:-_BACKUPS]:
        with suppress(OSError):
            old.unlink()
    return str(path)


def _run_as_cron(
    command: list[str], environment: dict[str, str], stdin: bytes, show: Callable[[bytes], None]
) -> int:
    """Run a command as cron does: in its own session, at home, with pipes. It ends when we do."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own shell
            command,
            env=environment,
            cwd=environment["HOME"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise CoachError(f"{command[0]} does not start in {environment['HOME']}: {error.strerror}") from error
    assert process.stdin
    assert process.stdout
    try:
        with suppress(BrokenPipeError):
            process.stdin.write(stdin)
            process.stdin.close()
        while piece := os.read(process.stdout.fileno(), 1 << 16):
            show(piece)
        code = process.wait()
    finally:
        _end(process)
    return code if code >= 0 else 128 - code


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything it started, if it is still running."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            with suppress(OSError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(OSError):
                pipe.close()
