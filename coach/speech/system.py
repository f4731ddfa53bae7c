"""The system engine: pyttsx3, for every language and for the platform's own voices.

Windows has SAPI5, macOS has NSSpeechSynthesizer, and all others use espeak-ng, whose library and data come
with the package espeakng-loader. pyttsx3 keeps state in its process, and may hang or crash it; so it runs in
its own worker process (`coach.speech.system_worker`).
"""

from __future__ import annotations

import atexit
import json
import math
import os
import re
import signal
import struct
import subprocess
import sys
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from coach.errors import SpeechError
from coach.scratch import temporary_folder
from coach.speech.voice import VoiceInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

_Result = TypeVar("_Result")

_ENGINE = "system"
_PROGRAM = Path(__file__).with_name("system_worker.py")
_TIMEOUT = 20.0  # seconds for any task: many times what the slowest machine needs
_TIMEOUT_CHARACTER = 0.05  # more seconds for each character of a text

_WORDS_A_MINUTE = 175  # the default of espeak and of the voices of macOS
_SAPI_WORDS_A_MINUTE, _SAPI_STEP = 156.63, 1.11  # SAPI has only whole steps; these are pyttsx3's figures

# What espeak or SAPI would read as commands or markup, or not at all.
_UNSPOKEN = re.compile(r"[\x00-\x1f\x7f<>\[\]\ud800-\udfff]+")
_HOME = {
    "en": "us",
    "ja": "jp",
    "ko": "kr",
    "sv": "se",
    "zh": "cn",
}  # where the region is not spelt like the language
_MACROLANGUAGES = {"cmn": "zh"}  # the codes that people write

_WAVE_TYPES = {(1, 8): "u1", (1, 16): "<i2", (1, 32): "<i4", (3, 32): "<f4"}
_WAVE_EXTENSIBLE = 0xFFFE  # the true format comes later
_AIFF_TYPES = {
    (b"NONE", 8): "i1",
    (b"NONE", 16): ">i2",
    (b"NONE", 32): ">i4",
    (b"twos", 16): ">i2",
    (b"sowt", 16): "<i2",
    (b"fl32", 32): ">f4",
    (b"FL32", 32): ">f4",
}


def voices() -> list[VoiceInfo]:
    """Return the voices of the platform, the plain voice of each language first; none without pyttsx3.

    The worker is asked only once in a process. MBROLA voices are left out, because most machines that list
    them lack the program or the data they need.
    """
    return _worker.voices()


def open_voice(name: str) -> SystemVoice:
    """Return the voice with this name.

    Raises:
        SpeechError: there is no such voice here.
    """
    return SystemVoice(name, _worker)


class SystemVoice:
    """A voice of the platform. With espeak, the same text, rate and version give the same bytes.

    Args:
        name: as `voices` lists it.
        worker: the process that speaks; voices can share one.
    """

    engine = _ENGINE
    threads = 1

    def __init__(self, name: str, worker: Worker) -> None:
        known = worker.catalogue().voices.get(name)
        if known is None:
            raise SpeechError(f"There is no voice {_ENGINE}/{name} on this machine")
        self.name = name
        self.language = known.language
        self.version = worker.catalogue().version
        self.sample_rate = 22_050
        self._worker = worker
        self._id = known.id

    def speak(self, text: str, rate: float) -> NDArray[np.float32]:
        """Return the spoken text; see `coach.speech.Voice`."""
        text = _UNSPOKEN.sub(" ", text).strip()
        try:
            sound, self.sample_rate = self._worker.speak(text, self._id, rate)
        except SpeechError as error:
            raise SpeechError(f"The voice {_ENGINE}/{self.name} failed: {error}") from error
        return sound


class Known(NamedTuple):
    """A voice as its driver knows it."""

    id: str
    language: str


class Catalogue(NamedTuple):
    """The voices of a worker by name, the plain one of each language first, and the engine's version."""

    voices: dict[str, Known]
    version: str


class Worker:
    """The process in which pyttsx3 speaks, from the first task until this process ends.

    If a task fails or takes too long, a new process tries it once more. Several threads can use a worker; it
    does one task at a time.

    Args:
        platform: the platform whose voices to use, as in `sys.platform`.
        timeout: seconds that a task may take; long texts get a little more.
    """

    def __init__(self, platform: str = sys.platform, timeout: float = _TIMEOUT) -> None:
        self._platform = platform
        self._timeout = timeout
        self._lock = Lock()
        self._catalogue: Catalogue | None = None
        self._process: _Process | None = None

    def voices(self) -> list[VoiceInfo]:
        """Return its voices; none if pyttsx3 is missing or doesn't work."""
        if find_spec("pyttsx3") is None:
            return []
        with suppress(SpeechError):
            return [VoiceInfo(_ENGINE, name, k.language) for name, k in self.catalogue().voices.items()]
        return []

    def catalogue(self) -> Catalogue:
        """Return its voices and its version; the process is asked only once.

        Raises:
            SpeechError: pyttsx3 doesn't work here.
        """
        with self._lock:
            if self._catalogue is None:
                self._catalogue = self._attempt(self._list)
            return self._catalogue

    def speak(self, text: str, voice: str, rate: float) -> tuple[NDArray[np.float32], int]:
        """Return the sound of a text, and its samples a second.

        Args:
            text: what to speak.
            voice: its id.
            rate: a multiplier of the voice's own speed.

        Raises:
            SpeechError: it failed.
        """
        attempts = count(1)

        def task() -> tuple[NDArray[np.float32], int]:
            sound, sample_rate = self._speak(text, voice, words_a_minute(rate, self._platform))
            if sound.any():
                return sound, sample_rate
            # A file without sound is a known bug; but a voice may really have no sound for a text.
            if next(attempts) == 1 and any(map(str.isalnum, text)):
                raise SpeechError("it made no sound")
            return sound[:0], sample_rate

        with self._lock:
            return self._attempt(task) if text else (_samples(b"", "<i2"), 22_050)

    def close(self) -> None:
        """End the process; the next task starts another."""
        with self._lock:
            self._stop()

    def _attempt(self, task: Callable[[], _Result]) -> _Result:
        with suppress(SpeechError):
            return self._run_or_stop(task)
        return self._run_or_stop(task)

    def _run_or_stop(self, task: Callable[[], _Result]) -> _Result:
        try:
            return task()
        except BaseException:  # even Ctrl-C, because nobody will read the answer that is on its way
            self._stop()
            raise

    def _list(self) -> Catalogue:
        answer = self._ensure_process().ask({"task": "list"}, self._timeout)
        return Catalogue(_arrange_voices(answer["voices"], answer["default"]), answer["version"])

    def _speak(self, text: str, voice: str, rate: int) -> tuple[NDArray[np.float32], int]:
        process = self._ensure_process()
        # macOS writes AIFF, whatever the file name says.
        file = process.folder / ("speech.aiff" if self._platform == "darwin" else "speech.wav")
        task = {"task": "speak", "text": text, "voice": voice, "rate": rate, "file": str(file)}
        process.ask(task, self._timeout + _TIMEOUT_CHARACTER * len(text))
        try:
            data = file.read_bytes()
            file.unlink()
            return read_sound(data)
        except (OSError, ValueError) as error:
            raise SpeechError(f"the file it wrote cannot be read: {error}") from error

    def _ensure_process(self) -> _Process:
        if self._process is not None and self._process.owner != os.getpid():
            self._process = None  # this is a fork, and the process belongs to its parent
        if self._process is None:
            self._process = _Process(self._platform)
            atexit.register(self._process.stop)
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            atexit.unregister(self._process.stop)
            self._process.stop()
            self._process = None


class _Process:
    """One run of the worker's program.

    Attributes:
        folder: its own folder, for the file that it writes; removed with the process.
        owner: the id of the process that started it.
    """

    def __init__(self, platform: str) -> None:
        self.owner = os.getpid()
        self._until_stopped = ExitStack()
        try:
            self.folder = self._until_stopped.enter_context(temporary_folder())
        except OSError as error:
            raise SpeechError(f"there is no room for temporary files: {error}") from error
        path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - resolve() would follow links
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                # Isolated (-I): it imports modules from where this process does, not from the current folder.
                [sys.executable, "-I", str(_PROGRAM), platform, str(self.folder), *path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self.folder.parent,
                # Not reached by the terminal's Ctrl-C, and one group with its forks, to be ended together.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            self._until_stopped.close()
            raise SpeechError(f"its process cannot be started: {error}") from error
        self._answers: SimpleQueue[bytes] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def ask(self, task: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Return the answer to a task.

        Raises:
            SpeechError: the answer is an error, or doesn't come in time.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(task).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise SpeechError("its process has ended") from error
        try:
            line = self._answers.get(timeout=timeout)
        except Empty:
            raise SpeechError(f"it took longer than {timeout:.3g} s") from None
        if not line.endswith(b"\n"):
            raise SpeechError("its process has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SpeechError(answer["error"])
        return answer

    def stop(self) -> None:
        """End it now, with everything it started, and remove its folder."""
        if os.getpid() != self.owner:
            return
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # the last task may never have been sent
                if pipe is not None:
                    pipe.close()
        self._until_stopped.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(b"")


def words_a_minute(rate: float, platform: str = sys.platform) -> int:
    """Return the speed to give to pyttsx3 for a multiplier of the voice's own speed.

    SAPI has ten steps up and ten down, each of about 11 %, and pyttsx3 rounds towards the normal speed. So it
    gets the middle of a step.
    """
    if platform != "win32":
        return round(_WORDS_A_MINUTE * rate)
    step = round(math.log(rate, _SAPI_STEP))
    middle = step + math.copysign(0.5, step) if step else 0.3
    return round(_SAPI_WORDS_A_MINUTE * math.pow(_SAPI_STEP, middle))


def language_tag(tag: str) -> str:
    """Return the language of a voice as a BCP 47 tag, such as "de", "en-GB" or "es-419"; "und" if unknown.

    Args:
        tag: as a driver gives it: "en-gb", "en_GB_U_SD@sd=gbsct"; espeak puts a priority in front (a
            character with the value 5).
    """
    subtags = re.findall(r"[A-Za-z0-9]+", tag.partition("@")[0])
    if not subtags or not 2 <= len(subtags[0]) <= 4:
        return "und"
    primary = subtags[0].lower()
    parts = [_MACROLANGUAGES.get(primary, primary)]
    for at, subtag in enumerate(subtags[1:], 1):
        if subtag.lower() == "x":  # private use follows
            parts += [rest.lower() for rest in subtags[at:]]
            break
        if len(subtag) == 1:  # a calendar, currency ... follows
            break
        form = str.upper if len(subtag) == 2 else str.title if len(subtag) == 4 else str.lower
        parts.append(form(subtag))
    return "-".join(parts)


def read_sound(data: bytes) -> tuple[NDArray[np.float32], int]:
    """Return the samples of a WAV, AIFF or AIFF-C file, and its sample rate.

    Args:
        data: the whole file.

    Returns:
        Shape (samples,), -1.0 to 1.0, channels mixed into one.

    Raises:
        ValueError: it is not such a file, not of a kind that system voices write, or incomplete.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _read_wave(dict(_chunks(data, "<")))
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return _read_aiff(dict(_chunks(data, ">")))
    raise ValueError("it is empty" if not data else "it is neither WAV nor AIFF")


def _chunks(data: bytes, order: str) -> Iterator[tuple[bytes, bytes]]:
    (whole,) = struct.unpack_from(f"{order}I", data, 4)
    if len(data) + 1 < 8 + whole:  # the last chunk's padding may be missing
        raise ValueError("it is cut off")
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from(f"{order}4sI", data, at)
        at += 8
        if at + size > len(data):
            raise ValueError("it is cut off")
        yield name, data[at : at + size]
        at += size + size % 2


def _read_wave(chunks: dict[bytes, bytes]) -> tuple[NDArray[np.float32], int]:
    """Read the chunks of a WAV file (Multimedia Programming Interface and Data Specifications 1.0, 3)."""
    if b"data" not in chunks or len(chunks.get(b"fmt ", b"")) < 16:
        raise ValueError("it has no samples")
    form, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", chunks[b"fmt "])
    if form == _WAVE_EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        (form,) = struct.unpack_from("<H", chunks[b"fmt "], 24)
    return _samples(chunks[b"data"], _WAVE_TYPES.get((form, bits)), channels), _check_sample_rate(sample_rate)


def _read_aiff(chunks: dict[bytes, bytes]) -> tuple[NDArray[np.float32], int]:
    """Read the chunks of an AIFF or AIFF-C file (Apple, Audio Interchange File Format AIFF-C, 1991)."""
    common, sound = chunks.get(b"COMM", b""), chunks.get(b"SSND", b"")
    if len(common) < 18:
        raise ValueError("it has no samples")
    channels, frames, bits, exponent, mantissa = struct.unpack_from(">hIhHQ", common)
    kind = _AIFF_TYPES.get((common[18:22] or b"NONE", bits))
    offset = 8 + int.from_bytes(sound[:4], "big")
    size = frames * channels * bits // 8
    if len(sound) < offset + size:
        raise ValueError("it is cut off")
    # The rate is a number of 80 bits: 15 of exponent, 64 of mantissa with its leading one.
    sample_rate = math.ldexp(mantissa, (exponent & 0x7FFF) - 16383 - 63) if exponent < 0x7FFF else 0
    return _samples(sound[offset : offset + size], kind, channels), _check_sample_rate(round(sample_rate))


def _samples(data: bytes, kind: str | None, channels: int = 1) -> NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415 - listing voices and a warm cache don't need it

    if kind is None or not 1 <= channels <= 64:
        raise ValueError("its kind of samples is unknown")
    dtype = np.dtype(kind)
    if len(data) % (dtype.itemsize * channels):
        raise ValueError("it is cut off")
    frames: NDArray[np.float64] = np.frombuffer(data, dtype).reshape(-1, channels).astype(np.float64).mean(1)
    if dtype.kind == "u":
        frames = (frames - 128) / 128
    elif dtype.kind == "i":
        frames /= 2.0 ** (8 * dtype.itemsize - 1)
    return frames.astype(np.float32)


def _check_sample_rate(sample_rate: int) -> int:
    if not 4000 <= sample_rate <= 384_000:
        raise ValueError(f"it has {sample_rate} samples a second")
    return sample_rate


def _arrange_voices(listed: list[tuple[str, str, list[str]]], default: str) -> dict[str, Known]:
    """Return voices by name, sorted by language, the plain one of each language first.

    Args:
        listed: the ids, names and languages that the driver lists.
        default: the id of the system's default voice.
    """

    def order(entry: tuple[str, str, str, str]) -> tuple[Any, ...]:
        identifier, name, language, code = entry
        primary, _, region = language.lower().partition("-")
        return (
            primary,
            identifier.rpartition("/")[2] != code,  # espeak's "gmw/de" is the plain German
            identifier != default,
            _rank_plainness(identifier),
            region not in ("", _HOME.get(primary, primary)),
            language,
            name,
            identifier,
        )

    entries = []
    for identifier, name, tags in listed:
        if identifier.startswith(("mb/", "mb-", "!v")):
            continue
        tag = tags[0] if tags else ""
        code = re.sub(r"^\W+|[-_].*", "", tag, flags=re.DOTALL).lower()
        entries.append((identifier, " ".join(name.split()), language_tag(tag), code))
    arranged: dict[str, Known] = {}
    for identifier, name, language, _ in sorted(entries, key=order):
        names = (name, f"{name} ({language})", f"{name} ({identifier})")
        unused = next((one for one in names if one not in arranged), None)
        if unused is not None:
            arranged[unused] = Known(identifier, language)
    return arranged


def _rank_plainness(identifier: str) -> int:
    """Return the rank of a macOS voice among those of its language, from its id.

    The oldest kind, at the end, includes the novelty voices (bells, whispers).
    """
    kinds = (r"premium|enhanced", r"apple\.(voice|ttsbundle)", r"eloquence")
    found = (place for place, kind in enumerate(kinds) if re.search(kind, identifier.lower()))
    return next(found, len(kinds))


_worker = Worker()
