"""What works on this machine, and how to fix the rest."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coach import phrases
from coach.app.amounts import count_text, size_text
from coach.app.voices import find_best_voice
from coach.encode.formats import FORMATS
from coach.errors import CoachError
from coach.stderr import silence_stderr
from coach.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from coach.schedule import Schedule

_PATIENCE = 5.0  # seconds for ffmpeg to print its version
_ROOM = 200_000_000  # bytes: an hour of MP3 has 29 MB, of WAV 173 MB
_PARTS = (
    "hibari-tts", "onnxruntime", "pyttsx3", "espeakng-loader", "miniaudio", "simpleaudio",
    "simpleaudio-patched", "lameenc", "mutagen", "pydub", "imageio-ffmpeg", "num2words", "numpy",
)  # fmt: skip
"""The distributions whose versions belong in a bug report."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        ok: whether it works.
        text: what was found.
        remedy: how to fix it; None if it works.
    """

    ok: bool
    text: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One of the things to check.

    Attributes:
        name: its name in the table.
        look: the function that checks it; an exception from it is a finding too.
        remedy: what to do if it raises an exception.
        needed: whether nothing can be spoken and written without it; of several with one name, one is enough.
    """

    name: str
    look: Callable[[], Iterable[Finding]]
    remedy: str
    needed: bool = False


def examine() -> Iterator[tuple[Check, Finding]]:
    """Yield what each check of this machine finds, as soon as it is found."""
    for check in CHECKS:
        for finding in _look(check):
            yield check, finding


def is_fit(found: Collection[tuple[Check, Finding]]) -> bool:
    """Return whether routines can be spoken and written to a file on a machine with these findings."""
    return all(
        any(finding.ok for other, finding in found if other.name == check.name)
        for check in CHECKS
        if check.needed
    )


def _look(check: Check) -> list[Finding]:
    """Return what a check finds; a failure is a finding too."""
    try:
        with silence_stderr():
            return list(check.look())
    except CoachError as error:
        return [Finding(False, str(error), check.remedy)]
    except Exception as error:  # noqa: BLE001 - a library that fails to load may raise anything
        return [Finding(False, f"{type(error).__name__}: {error}", check.remedy)]


def _neural() -> Iterator[Finding]:
    yield _speaks("neural")


def _system() -> Iterator[Finding]:
    from coach.speech import voices

    there = voices("system")
    spoken = _speaks("system")
    languages = {info.language.partition("-")[0] for info in there}
    yield Finding(spoken.ok, f"{spoken.text}; {len(there)} voices, {len(languages)} languages", spoken.remedy)


def _speaks(engine: str) -> Finding:
    """Let the best voice of an engine say a word.

    Raises:
        SpeechError: it has no voice, or the voice fails.
    """
    from coach.errors import SpeechError
    from coach.speech import choose_voice, voices

    there = voices(engine)
    if not there:
        raise SpeechError(f"the engine {engine} has no voice")
    languages = [info.language for info in there]
    language = next((each for each in languages if each.partition("-")[0] == "en"), languages[0])
    voice = choose_voice(language, engine=engine)
    name = f"{voice.engine}/{voice.name}"
    sound = voice.speak("One.", 1.0)
    if not sound.any():
        raise SpeechError(f"{name} makes no sound")
    return Finding(ok=True, text=f"{name} speaks")


def _languages() -> Iterator[Finding]:
    taken = {language: find_best_voice(language) for language in phrases.languages()}
    if there := [f"{language} {voice}" for language, voice in taken.items() if voice]:
        yield Finding(True, ", ".join(there))
    if silent := [language for language, voice in taken.items() if not voice]:
        yield Finding(False, f"no voice for {', '.join(silent)}", _voice_remedy())


def _voice_remedy() -> str:
    """Return how to get a voice for another language."""
    if sys.platform == "win32":
        return "add a voice under Settings, Time & language, Speech"
    if sys.platform == "darwin":
        return "add a voice under System Settings, Accessibility, Spoken Content"
    return "pip install --force-reinstall pyttsx3 espeakng-loader, or apt install espeak-ng"


def _player() -> Iterator[Finding]:
    from coach.player import open_player

    with closing(open_player()) as device:
        yield Finding(True, f"{device.name} opens the sound device")


def _export() -> Iterator[Finding]:
    from coach.encode import mp3  # noqa: F401 - whether its library is there

    own = [suffix for suffix, kind in FORMATS.items() if kind.codec is None]
    yield Finding(True, ", ".join(own))


def _ffmpeg() -> Iterator[Finding]:
    from coach.ffmpeg import find

    suffixes = ", ".join(suffix for suffix, kind in FORMATS.items() if kind.codec)
    try:
        path = find()
    except CoachError:
        remedy = "apt install ffmpeg, brew install ffmpeg, or pip install 'coach-audio[formats]'"
        yield Finding(False, f"none, which {suffixes} and recordings of your own need", remedy)
        return
    done = subprocess.run(  # noqa: S603 - the path is that of ffmpeg
        [path, "-version"], capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    words = done.stdout.split()
    version = words[2] if words[:2] == ["ffmpeg", "version"] else "of unknown version"
    where = "on PATH" if path == shutil.which("ffmpeg") else "of imageio-ffmpeg"
    yield Finding(True, f"{version} {where}, {path}: {suffixes}")


def _cache() -> Iterator[Finding]:
    from coach.speech import find_cache

    cache = find_cache(Path("here.yaml"))
    root = cache.root
    if notes := cache.notes():
        yield Finding(False, "; ".join(notes), "let COACH_CACHE name a folder of your own")
        return
    there = next(folder for folder in (root.absolute(), *root.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        text = f"{root} cannot be written ({error.strerror or error}); all still works, only slower"
        yield Finding(False, text, "let COACH_CACHE name a folder of your own")
        return
    count, size = cache.usage()
    free = shutil.disk_usage(there).free
    text = f"{root}, {count} clips, {size_text(size)}; {size_text(free)} free"
    yield Finding(free >= _ROOM, text, None if free >= _ROOM else "free some space on that disk")


def _cron() -> Iterator[Finding]:
    from coach.schedule.daemon import cron_runs

    if sys.platform == "win32":
        return
    count, runs = len(_kept_by("cron")), cron_runs()
    if count and runs is False:
        yield Finding(False, f"it does not run, and {_count(count)} for it", "sudo service cron start")
    elif runs is False:
        yield Finding(True, "it does not run, and nothing is scheduled; 'coach schedule' needs it or systemd")
    else:
        state = "it runs" if runs else "whether it runs cannot be seen here"
        crontab = "can be read" if shutil.which("crontab") else "is none: the command is not there"
        yield Finding(True, f"{state}; your crontab {crontab}")


def _systemd() -> Iterator[Finding]:
    from coach.schedule.schedules import WRITERS

    if sys.platform != "linux":
        return
    count = len(_kept_by("systemd"))
    try:
        WRITERS["systemd"].check_usable()
    except CoachError as error:
        if count:
            yield Finding(False, f"{_count(count)} for it; {error}", _LOG_IN)
        else:
            yield Finding(True, "it has no timers for you here; 'coach schedule' uses cron")
    else:
        yield Finding(True, "its timers can be used, too: coach schedule add --with systemd")


def _login() -> Iterator[Finding]:
    from coach.desktop import is_logged_in, person_environment

    if sys.platform != "linux":
        return
    found = {**os.environ, **person_environment()}
    nobody = f"nobody is logged in (no /run/user/{os.getuid()})"
    if is_logged_in():
        bus = found.get("DBUS_SESSION_BUS_ADDRESS")
        told = "a session bus is there" if bus else "no session bus, which notifications need"
        yield Finding(True, f"sound is looked for in {found['XDG_RUNTIME_DIR']}; {told}")
    elif _all_kept():
        yield Finding(False, f"{nobody}, and what is scheduled can't be heard", _LOG_IN)
    else:
        yield Finding(True, f"{nobody}; schedules play for who is")


def _schedules() -> Iterator[Finding]:
    from coach import script
    from coach.schedule.settings import describe_settings

    if sys.platform == "win32":
        return
    kept = _all_kept()
    for schedule in kept:
        anew = f"coach schedule remove {schedule.name}, and add it again"
        if not os.access(schedule.program[0], os.X_OK):
            gone = f"{schedule.name}: its program {schedule.program[0]} is not there any more"
            yield Finding(False, gone, anew)
        try:
            script.load(schedule.script)
        except CoachError as error:
            why = str(error).partition("\n")[0]
            yield Finding(False, f"{schedule.name}: {why}", f"mend the script, or {anew}")
    for told in describe_settings(kept):
        yield Finding(False, told, "unless that is meant, move it below Coach's lines with 'crontab -e'")
    yield Finding(True, f"{_count(len(kept))}; 'coach schedule list' shows more" if kept else "none")


def _count(schedules: int) -> str:
    return f"{count_text(schedules, 'schedule')} {'is' if schedules == 1 else 'are'} there"


def _kept_by(scheduler: str) -> list[Schedule]:
    """Return the schedules of a scheduler.

    Raises:
        CoachError: they cannot be read.
    """
    from coach.schedule.schedules import WRITERS

    writer = WRITERS[scheduler]
    return writer.schedules() if writer.is_there() else []


def _all_kept() -> list[Schedule]:
    """Return the schedules of all schedulers; one that cannot be read has its own row."""
    found = []
    for scheduler in ("cron", "systemd"):
        with suppress(CoachError):
            found += _kept_by(scheduler)
    return found


def _python() -> Iterator[Finding]:
    there = versions()
    parts = ", ".join(f"{name} {version}" for name, version in there.items() if name != "python")
    yield Finding(True, f"{there['python']} on {platform.system()} {platform.machine()}; {parts}")


_AGAIN = "pip install --force-reinstall"
_LOG_IN = "log in, or for a machine that nobody logs in to: sudo loginctl enable-linger YOUR_NAME"
CHECKS = (
    Check("voices", _neural, f"{_AGAIN} hibari-tts", needed=True),
    Check("voices", _system, f"{_AGAIN} pyttsx3 espeakng-loader", needed=True),
    Check("languages", _languages, f"{_AGAIN} coach-audio"),
    Check(
        "player", _player, "plug a device in or start the sound server; 'coach export' writes files instead"
    ),
    Check("export", _export, f"{_AGAIN} lameenc mutagen", needed=True),
    Check("ffmpeg", _ffmpeg, f"install another one, or {_AGAIN} 'coach-audio[formats]'"),
    Check("cache", _cache, "let COACH_CACHE name a folder of your own"),
    Check("cron", _cron, "mend it with 'crontab -e', or use: coach schedule add --with systemd"),
    Check("systemd", _systemd, "use cron"),
    Check("login", _login, _LOG_IN),
    Check("schedules", _schedules, "'coach schedule list' tells more"),
    Check("python", _python, f"{_AGAIN} coach-audio"),
)
"""What is checked, in this order."""


def versions() -> dict[str, str]:
    """Return the versions of Python, Coach and the installed libraries."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "coach": VERSION}
    for name in _PARTS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
