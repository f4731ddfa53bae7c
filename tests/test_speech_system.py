"""The system engine: pyttsx3 in a worker process, its faults, and what becomes of its files.

pyttsx3 and espeak-ng are the real ones, but for two kinds of tests: a made-up pyttsx3 stands in where a
driver must misbehave on demand, and where a platform is not here (the names of these tests say so).
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import pytest

from coach.errors import SpeechError
from coach.speech import ClipCache, Speech, choose_voice, voices
from coach.speech.clip import CEILING, LOUDNESS
from coach.speech.sound import measure
from coach.speech.system import SystemVoice, Worker, language_tag, read_sound, words_a_minute

real = pytest.mark.skipif(
    sys.platform != "linux" or not (find_spec("pyttsx3") and find_spec("espeakng_loader")),
    reason="needs Linux, pyttsx3 and espeakng-loader",
)
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX processes")

GERMAN = ["Auf", "Ab", "Drei", "Halten", "Linke Seite, noch eine Wiederholung.", "Ausatmen", "Auf"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, which must be left empty."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


@pytest.fixture
def workers(folder: Path) -> Iterator[Callable[..., Worker]]:
    """Makes workers, and checks that they leave nothing behind."""
    made: list[Worker] = []

    def make(platform: str = sys.platform, timeout: float = 20.0) -> Worker:
        made.append(Worker(platform, timeout))
        return made[-1]

    yield make
    processes = [process_id(worker) for worker in made if worker._process]
    for worker in made:
        worker.close()
    assert [number for number in processes if Path(f"/proc/{number}").exists()] == []  # no zombie
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def shared() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


def process_id(worker: Worker) -> int:
    assert worker._process is not None
    return worker._process._process.pid


def say(worker: Worker, text: str, voice: str = "German", rate: float = 1.0) -> bytes:
    return SystemVoice(voice, worker).speak(text, rate).tobytes()


def python(code: str, *arguments: str) -> str:
    """Run code in a fresh process that must not write to standard error; return what it printed."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def session(number: int) -> list[str]:
    """Return the processes of a session, which a worker and its forks have to themselves."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and fields[3] == str(number):
            found.append(stat.parent.name)
    return found


def soon(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@real
class TestVoices:
    @pytest.mark.parametrize(
        ("language", "name", "tag"),
        [
            ("de", "German", "de"),
            ("es", "Spanish (Spain)", "es"),
            ("es-419", "Spanish (Latin America)", "es-419"),
            ("fr", "French (France)", "fr-FR"),
            ("en", "English (Great Britain)", "en-GB"),
            ("en-us", "English (America)", "en-US"),
            ("pt-BR", "Portuguese (Brazil)", "pt-BR"),
            ("zh", "Chinese (Mandarin, latin as English)", "zh"),
        ],
    )
    def test_each_language_has_its_plain_voice(self, language: str, name: str, tag: str) -> None:
        voice = choose_voice(language, engine="system")
        assert (voice.engine, voice.name, voice.language, voice.threads) == ("system", name, tag, 1)
        sound = voice.speak("1, 2, 3", 1.0)
        assert sound.dtype == np.float32
        assert 0.3 < sound.size / voice.sample_rate < 4
        assert 0.05 < np.abs(sound).max() <= 1

    def test_voices_are_listed_once_each_in_a_fixed_order(self, shared: Worker) -> None:
        listed = shared.voices()
        assert len(listed) > 100
        assert len({info.name for info in listed}) == len(listed)
        assert listed == voices("system")
        assert [str(info) for info in listed if info.language == "de"] == ["system/German (de)"]
        assert all(info.language != "und" for info in listed)

    def test_auto_prefers_the_neural_voice_and_starts_no_process_for_it(self) -> None:
        code = """if True:
            import sys
            from coach.speech import choose_voice
            started = lambda: [name for name in sys.modules if "system" in name or name == "pyttsx3"]
            print(choose_voice("en").name, choose_voice("en-GB").name, started())
            print(choose_voice("de").name, choose_voice("fr", name="auto").name)
            print(choose_voice("en", name="system").name, choose_voice("en", name="english (america)").name)
            print("numpy" in sys.modules)
        """
        assert python(code).splitlines() == [
            "heart heart []",
            "German French (France)",
            "English (Great Britain) English (America)",
            "False",
        ]

    def test_the_version_names_all_that_shapes_the_bytes(self, shared: Worker) -> None:
        from importlib.metadata import version

        named = [
            f"pyttsx3 {version('pyttsx3')}",
            "espeak-ng 1.",
            f"espeakng-loader {version('espeakng-loader')}",
        ]
        for part, start in zip(SystemVoice("German", shared).version.split(", "), named, strict=True):
            assert part.startswith(start)

    def test_an_unknown_voice_is_said_in_one_line(self, shared: Worker) -> None:
        with pytest.raises(SpeechError, match="no voice 'Gandalf'"):
            choose_voice("de", engine="system", name="Gandalf")
        with pytest.raises(SpeechError, match="no voice system/Gandalf"):
            SystemVoice("Gandalf", shared)

    def test_a_voice_that_has_gone_does_not_speak_as_another(self, shared: Worker) -> None:
        voice = SystemVoice("German", shared)
        voice._id = "gmw/gone"
        with pytest.raises(SpeechError, match=r"^The voice system/German failed: [^\n]*gmw/gone"):
            voice.speak("Auf", 1.0)


@real
class TestSpeaking:
    def test_texts_in_a_row_are_each_their_own(self, shared: Worker) -> None:
        """Each is whole, so the end of the utterance was waited for: runAndWait returns before it."""
        sounds = [say(shared, text) for text in GERMAN]
        assert len(set(sounds)) == len(GERMAN) - 1
        assert sounds[0] == sounds[-1]
        lengths = [len(say(shared, "Halten Sie den Rumpf angespannt. " * n)) for n in (1, 2, 10, 60)]
        assert lengths[3] > 55 * lengths[0]
        assert lengths == sorted(lengths)

    def test_bytes_depend_on_text_voice_and_rate_alone(self, workers: Callable[..., Worker]) -> None:
        first, second = workers(), workers()
        forwards = [say(first, text) for text in GERMAN]
        say(second, "Etwas anderes, in einer anderen Stimme", "French (France)", 1.4)
        assert [say(second, text) for text in reversed(GERMAN)] == forwards[::-1]
        assert len({say(first, "Drei", voice) for voice in ("German", "Dutch", "French (France)")}) == 3

    def test_every_utterance_has_its_rate(self, shared: Worker) -> None:
        """The end of pyttsx3's runAndWait cancelled the rate in one of 30 to 200 utterances."""
        assert len({say(shared, "Auf") for _ in range(120)}) == 1

    def test_the_rate_is_that_of_the_voice_multiplied(self, shared: Worker) -> None:
        text = "Halten Sie den Rumpf angespannt, und atmen Sie aus"
        lengths = {rate: len(say(shared, text, rate=rate)) for rate in (0.5, 0.7, 1.0, 1.4, 2.0)}
        for rate, length in lengths.items():
            assert lengths[1.0] / length == pytest.approx(rate, rel=0.15)

    @pytest.mark.parametrize("text", ["", " ", "...", "<>", "\x00\x01", "\ud800", "- - -"])
    def test_what_cannot_be_read_is_silent(self, shared: Worker, text: str) -> None:
        sound = SystemVoice("German", shared).speak(text, 1.0)
        assert sound.shape == (0,)
        assert sound.dtype == np.float32

    def test_no_text_is_a_command(self, shared: Worker) -> None:
        assert say(shared, "\x0150S Auf\x00 ab") == say(shared, "50S Auf  ab")
        assert say(shared, "<b>Auf [[slnc]] ab") == say(shared, "b Auf  slnc  ab")

    def test_processes_may_speak_at_once(self, shared: Worker) -> None:
        code = """if True:
            import hashlib, sys
            from coach.speech import choose_voice
            voice = choose_voice("de")
            print(*(hashlib.sha256(voice.speak(text, 1.0)).hexdigest() for text in sys.argv[1:] * 3))
        """
        runs = [
            subprocess.Popen(
                [sys.executable, "-W", "error", "-c", code, *GERMAN],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for _ in range(3)
        ]
        outputs = [run.communicate()[0] for run in runs]
        assert len(set(outputs)) == 1
        assert len(outputs[0].split()) == 3 * len(GERMAN)

    def test_threads_may_share_a_worker(self, workers: Callable[..., Worker]) -> None:
        worker = workers()
        expected = {text: say(worker, text) for text in GERMAN}
        wrong: list[str] = []

        def speak(texts: list[str]) -> None:
            wrong.extend(text for text in texts if say(worker, text) != expected[text])

        threads = [threading.Thread(target=speak, args=(GERMAN[n:] + GERMAN[:n],)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_a_fork_has_a_worker_of_its_own(self) -> None:
        code = """if True:
            import hashlib, os
            from coach.speech import choose_voice
            voice = choose_voice("de")
            tell = lambda: print(hashlib.sha256(voice.speak("Auf", 1.0)).hexdigest(), flush=True)
            tell()
            child = os.fork()
            tell()
            if child:
                os.waitpid(child, 0)
                tell()
        """
        printed = python(code).split()
        assert len(printed) == 4
        assert len(set(printed)) == 1

    def test_a_deep_installation_and_an_odd_current_folder_do_no_harm(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Espeak ends the process where its data has a long path; a `wave.py` lying about is not imported."""
        loader = find_spec("espeakng_loader")
        assert loader is not None
        assert loader.origin is not None
        deep = tmp_path / ("x" * 120) / ("y" * 120)
        deep.mkdir(parents=True)
        (deep / "espeakng_loader").symlink_to(Path(loader.origin).parent)
        (tmp_path / "wave.py").write_text("raise SystemExit('not this one')")
        monkeypatch.chdir(tmp_path)
        code = """if True:
            import sys
            sys.path[:] = [sys.argv[1], *sys.path[1:]]
            from coach.speech import choose_voice
            print(choose_voice("de").speak("Auf", 1.0).size > 5000)
        """
        assert python(code, str(deep)) == "True\n"

    def test_clips_have_level_and_attack(self, shared: Worker, tmp_path: Path) -> None:
        speech = Speech(SystemVoice("German", shared), ClipCache(tmp_path))
        for text in [*GERMAN, "Noch 3 Wiederholungen, 30 Sekunden"]:
            clip = speech.clip(text)
            loudness, peak = measure(speech.samples(clip) / 32768)
            assert loudness == pytest.approx(LOUDNESS, abs=0.5)
            assert peak <= CEILING
            assert 0 < clip.attack < 6000
        assert speech.language == "de"


@real
class TestProcess:
    def test_a_killed_worker_is_replaced(self, workers: Callable[..., Worker]) -> None:
        worker = workers()
        expected = say(worker, "Auf")
        os.kill(process_id(worker), signal.SIGKILL)
        assert say(worker, "Auf") == expected

    def test_one_killed_in_the_middle_of_an_utterance_too(self, workers: Callable[..., Worker]) -> None:
        worker = workers()
        expected = say(worker, "Auf")
        first = process_id(worker)
        os.kill(first, signal.SIGSTOP)  # as if it took long
        killer = threading.Timer(0.1, os.kill, (first, signal.SIGKILL))
        killer.start()
        assert say(worker, "Auf") == expected
        killer.join()
        assert process_id(worker) != first

    def test_one_that_hangs_is_killed_and_replaced(self, workers: Callable[..., Worker]) -> None:
        worker = workers(timeout=1.0)
        expected = say(worker, "Auf")
        first = process_id(worker)
        os.kill(first, signal.SIGSTOP)
        assert say(worker, "Auf") == expected
        assert not Path(f"/proc/{first}").exists()

    def test_a_folder_that_was_swept_away_is_made_again(self, workers: Callable[..., Worker]) -> None:
        """The file cannot be written then, which is told at once: no time-out is waited for."""
        worker = workers(timeout=3600)
        expected = say(worker, "Auf")
        assert worker._process is not None
        rmtree(worker._process.folder)
        assert say(worker, "Auf") == expected

    def test_it_does_not_hear_ctrl_c(self, workers: Callable[..., Worker]) -> None:
        worker = workers()
        expected = say(worker, "Auf")
        first = process_id(worker)
        os.kill(first, signal.SIGINT)
        assert say(worker, "Auf") == expected
        assert process_id(worker) == first

    def test_an_interrupted_answer_is_not_taken_for_the_next(
        self, workers: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        worker = workers()
        expected = say(worker, "Auf")
        assert worker._process is not None

        def interrupted(task: dict[str, Any], timeout: float) -> None:
            ask(task, timeout)
            raise KeyboardInterrupt

        ask = worker._process.ask
        monkeypatch.setattr(worker._process, "ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            say(worker, "Noch eine Wiederholung")
        assert say(worker, "Auf") == expected

    def test_nothing_is_left_of_a_process_that_ends(self, folder: Path) -> None:
        code = """if True:
            import sys, tempfile
            tempfile.tempdir = sys.argv[1]
            from coach.speech import choose_voice
            from coach.speech.system import _worker
            choose_voice("de").speak("Auf", 1.0)
            print(_worker._process._process.pid)
        """
        number = int(python(code, str(folder)))
        assert list(folder.iterdir()) == []
        assert session(number) == []

    @pytest.mark.parametrize("text", ["", "hang"])
    def test_a_killed_parent_takes_the_worker_along(
        self, folder: Path, tmp_path: Path, text: str, pretended: Path
    ) -> None:
        """With a made-up pyttsx3, whose fork hangs in the second case."""
        code = """if True:
            import sys, tempfile, threading, time
            tempfile.tempdir = sys.argv[1]
            sys.path.insert(0, sys.argv[2])
            from coach.speech.system import SystemVoice, Worker
            worker = Worker()
            voice = SystemVoice("Pretended", worker)
            threading.Thread(target=voice.speak, args=(sys.argv[3], 1.0), daemon=True).start()
            time.sleep(0.2)
            print(worker._process._process.pid, flush=True)
            time.sleep(60)
        """
        parent = subprocess.Popen(
            [sys.executable, "-c", code, str(folder), str(pretended), text],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert parent.stdout is not None
        number = int(parent.stdout.readline())
        assert len(session(number)) == (2 if text else 1)
        parent.kill()
        assert parent.communicate() == ("", "")
        assert soon(lambda: session(number) == [])
        assert soon(lambda: list(folder.iterdir()) == [])


PRETENDED = '''
"""A pyttsx3 that does what its text tells it, the first time or (with an exclamation mark) each time."""
import io, os, struct, sys, threading, time, wave
from pathlib import Path

once = Path(__file__).parent / "once"


class Voice:
    def __init__(self, id, name, languages):
        self.id, self.name, self.languages = id, name, languages


class Engine:
    def __init__(self, driver):
        self.driver, self.calls, self.file, self.said = driver, {}, None, []

    def connect(self, topic, call):
        self.calls.setdefault(topic, []).append(call)
        return topic, call

    def disconnect(self, token):
        self.calls[token[0]].remove(token[1])

    def getProperty(self, name):
        if name == "voice":
            return "one"
        return [Voice("two", "Another", ["de"]), Voice("one", "Pretended", [b"\\x05de"])]

    def setProperty(self, name, value):
        self.said.append((name, value))

    def save_to_file(self, text, file):
        self.text, self.file = text, file

    def tell(self, topic, **details):
        for call in self.calls.get(topic, []):
            call(name=None, **details)

    def startLoop(self):
        self.runAndWait()

    def runAndWait(self):
        print("noise on standard output")
        print("noise on standard error", file=sys.stderr)
        os.write(2, b"more of it")
        text, file = self.text, Path(self.file)
        fault = text
        if fault and not fault.endswith("!"):
            if once.exists():
                fault = ""
            else:
                once.write_text("")
        fault = fault.rstrip("!")
        if fault == "hang":
            time.sleep(60)
        if fault == "crash":
            os.abort()
        if fault == "raise":
            raise RuntimeError("the driver\\nfailed")
        if fault == "error":
            self.tell("error", exception=ValueError("no such voice"))
        sound = io.BytesIO()
        with wave.open(sound, "wb") as out:
            out.setparams((1, 2, 22050, 0, "NONE", ""))
            out.writeframes(b"" if fault == "zero" else b"\\0\\x20" * 5000)
        data = sound.getvalue()
        if self.driver == "nsss":
            frames = 0 if fault == "zero" else 5000
            common = struct.pack(">hIh", 1, frames, 16) + bytes.fromhex("400dac44000000000000")
            chunks = b"COMM" + struct.pack(">I", 18) + common
            chunks += b"SSND" + struct.pack(">III", 8 + 2 * frames, 0, 0) + b"\\x20\\0" * frames
            data = b"FORM" + struct.pack(">I", 4 + len(chunks)) + b"AIFF" + chunks
        if fault == "cut":
            data = data[:3000]
        if fault == "empty":
            data = b""
        if fault != "nothing":
            file.write_bytes(data)
        if self.driver == "espeak":
            threading.Timer(0.03, self.tell, ("finished-utterance",), {"completed": True}).start()


engine = None


def init(driver):
    global engine
    engine = engine or Engine(driver)
    return engine
'''


@pytest.fixture
def pretended(tmp_path: Path) -> Path:
    """The folder to import the made-up pyttsx3 from."""
    package = tmp_path / "pretended" / "pyttsx3"
    (package / "drivers").mkdir(parents=True)
    (package / "__init__.py").write_text(PRETENDED)
    (package / "drivers" / "__init__.py").write_text("")
    (package / "drivers" / "espeak.py").write_text("")
    (package / "drivers" / "_espeak.py").write_text(
        "def Info(what): return b'0'\ndef IsPlaying(): return 0\n"
    )
    return package.parent


either = pytest.mark.parametrize("platform", ["linux", "darwin"])


@posix
class TestFaultsPretended:
    """With a made-up pyttsx3, by the worker's way for each platform; that for Windows is that for macOS."""

    @pytest.fixture
    def worker(
        self, pretended: Path, workers: Callable[..., Worker], platform: str, monkeypatch: pytest.MonkeyPatch
    ) -> Worker:
        monkeypatch.syspath_prepend(pretended)
        return workers(platform)

    def speak(self, worker: Worker, text: str) -> int:
        voice = SystemVoice("Pretended", worker)
        sound = voice.speak(text, 1.0)
        assert voice.sample_rate == 22050
        assert set(sound.tolist()) <= {0.25}
        return sound.size

    @pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
    def test_no_fault_is_no_fault(self, worker: Worker) -> None:
        """On Linux the end is told later, from another thread; on Windows never."""
        assert [str(info) for info in worker.voices()] == ["system/Pretended (de)", "system/Another (de)"]
        assert [self.speak(worker, "fine") for _ in range(3)] == [5000] * 3

    @either
    @pytest.mark.parametrize("fault", ["crash", "nothing", "empty", "cut", "zero"])
    def test_a_fault_that_passes_is_not_seen(self, worker: Worker, fault: str, pretended: Path) -> None:
        assert self.speak(worker, fault) == 5000
        assert (pretended / "pyttsx3" / "once").exists()

    @either
    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            ("hang!", "it took longer than 0.55 s"),
            ("crash!", "ended"),
            ("nothing!", "cannot be read: .*No such file"),
            ("empty!", "cannot be read: it is empty"),
            ("cut!", "cannot be read: it is cut off"),
            ("raise!", "RuntimeError: the driver failed"),
            ("error!", "ValueError: no such voice"),
        ],
    )
    def test_one_that_stays_is_said_in_one_line(self, worker: Worker, fault: str, message: str) -> None:
        worker.catalogue()
        worker._timeout = 0.3 if fault == "hang!" else 20.0
        with pytest.raises(SpeechError, match=rf"^The voice system/Pretended failed: [^\n]*{message}[^\n]*$"):
            self.speak(worker, fault)
        worker._timeout = 20.0
        assert self.speak(worker, "fine") == 5000

    @either
    def test_a_voice_that_is_silent_twice_is_silent(self, worker: Worker) -> None:
        assert self.speak(worker, "zero!") == 0


class TestMissing:
    def test_without_pyttsx3_there_are_no_voices(
        self, workers: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("coach.speech.system.find_spec", lambda name: None)
        assert workers().voices() == []

    def test_without_a_library_there_are_none_either(
        self, workers: Callable[..., Worker], pretended: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With a made-up pyttsx3 that cannot be loaded."""
        (pretended / "pyttsx3" / "drivers" / "espeak.py").write_text("raise RuntimeError('no espeak')")
        monkeypatch.syspath_prepend(pretended)
        worker = workers("linux")
        assert worker.voices() == []
        with pytest.raises(SpeechError, match="RuntimeError: no espeak"):
            SystemVoice("German", worker)

    def test_a_process_that_cannot_start_is_one_line(
        self, workers: Callable[..., Worker], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        worker = workers()
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(SpeechError, match="cannot be started"):
            worker.catalogue()
        monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
        with pytest.raises(SpeechError, match="no room for temporary files"):
            worker.catalogue()


def wav(frames: np.ndarray, channels: int = 1, form: int = 1, rate: int = 22050) -> bytes:
    bits = frames.dtype.itemsize * 8
    head = struct.pack(
        "<HHIIHH", form, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits
    )
    if form == 0xFFFE:
        head += struct.pack("<HHIH14s", 22, bits, 0, 1, b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71")
    data = frames.tobytes()
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"LIST\x03\0\0\0abc\0"
    chunks += b"data" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def aiff(frames: np.ndarray, kind: bytes = b"", channels: int = 1, offset: int = 0) -> bytes:
    count, bits = frames.size // channels, frames.dtype.itemsize * 8
    common = struct.pack(">hIh", channels, count, bits) + bytes.fromhex("400dac44000000000000")  # 22050
    if kind:
        common += kind + b"\x03abc"
    sound = struct.pack(">II", offset, 0) + b"\xff" * offset + frames.tobytes()
    chunks = b"FVER\0\0\0\x04\xa2\x80\x51\x40" if kind else b""
    for name, body in ((b"COMM", common), (b"FLLR", b"\0" * 5), (b"SSND", sound)):
        chunks += name + struct.pack(">I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"FORM" + struct.pack(">I", 4 + len(chunks)) + (b"AIFC" if kind else b"AIFF") + chunks


class TestFiles:
    WANTED = np.array([0.0, 0.25, -0.5, 0.75, -1.0])
    SHORT = (WANTED * 32768).astype(np.int64)

    @pytest.mark.parametrize(
        "data",
        [
            wav(SHORT.astype("<i2")),
            wav(SHORT.astype("<i2"), form=0xFFFE),
            wav((SHORT * 65536).astype("<i4")),
            wav((SHORT // 256 + 128).astype("u1")),
            wav(WANTED.astype("<f4"), form=3),
            wav(np.repeat(SHORT, 2).astype("<i2"), channels=2),
            aiff(SHORT.astype(">i2")),
            aiff(SHORT.astype(">i2"), b"NONE"),
            aiff(SHORT.astype(">i2"), b"twos", offset=6),
            aiff(SHORT.astype("<i2"), b"sowt"),
            aiff((SHORT // 256).astype("i1")),
            aiff(WANTED.astype(">f4"), b"fl32"),
            aiff(np.repeat(SHORT, 2).astype("<i2"), b"sowt", channels=2),
        ],
    )
    def test_every_kind_that_systems_write_is_read(self, data: bytes) -> None:
        sound, rate = read_sound(data)
        assert sound.dtype == np.float32
        assert (sound.tolist(), rate) == (self.WANTED.tolist(), 22050)
        for size in range(len(data) - 1):  # without its last byte of padding a file is whole
            with pytest.raises(ValueError, match=r"cut off|empty|neither"):
                read_sound(data[:size])

    def test_a_file_of_the_standard_library_is_read(self) -> None:
        file = BytesIO()
        with wave.open(file, "wb") as out:
            out.setparams((1, 2, 16000, 0, "NONE", ""))
            out.writeframes(self.SHORT.astype("<i2").tobytes())
        assert read_sound(file.getvalue())[1] == 16000

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "empty"),
            (b"ID3\x03 not a wave file", "neither"),
            (wav(SHORT.astype("<i2"), form=85), "kind of samples"),
            (wav(SHORT.astype("<i2"), rate=0), "0 samples a second"),
            (wav(SHORT.astype("<i2"), channels=0), "kind of samples"),
            (aiff(SHORT.astype(">i2"), b"ima4"), "kind of samples"),
            (b"RIFF\x04\0\0\0WAVE", "no samples"),
            (b"FORM\0\0\0\x04AIFF", "no samples"),
        ],
    )
    def test_what_cannot_be_read_is_said(self, data: bytes, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            read_sound(data)

    def test_no_frames_are_an_empty_sound(self) -> None:
        for data in (wav(np.zeros(0, "<i2")), aiff(np.zeros(0, ">i2"))):
            assert read_sound(data)[0].shape == (0,)


class TestNames:
    @pytest.mark.parametrize(
        ("given", "tag"),
        [
            ("de", "de"),
            ("\x05de", "de"),
            ("en-gb", "en-GB"),
            ("en_US", "en-US"),
            ("es-419", "es-419"),
            ("fr-fr", "fr-FR"),
            ("cmn", "zh"),
            ("cmn-latn-pinyin", "zh-Latn-pinyin"),
            ("chr-US-Qaaa-x-west", "chr-US-Qaaa-x-west"),
            ("en-gb-x-gbclan", "en-GB-x-gbclan"),
            ("en_GB_U_SD@sd=gbsct", "en-GB"),
            ("zh_CN", "zh-CN"),
            ("Unknown Locale: 1170", "und"),
            ("", "und"),
        ],
    )
    def test_languages_have_one_form(self, given: str, tag: str) -> None:
        assert language_tag(given) == tag

    def test_rates_are_those_of_the_platform(self) -> None:
        import math

        assert [words_a_minute(rate, "linux") for rate in (0.5, 1.0, 1.4, 2.0)] == [88, 175, 245, 350]
        for rate in np.arange(0.5, 2.0, 0.01):  # what pyttsx3's driver for SAPI makes of it
            step = int(math.log(words_a_minute(float(rate), "win32") / 156.63, 1.11))
            assert 1.11**step == pytest.approx(rate, rel=0.06)

    def test_pretended_macos_lists_its_best_voices_first(self) -> None:
        from coach.speech.system import _arrange_voices

        listed = [
            ("com.apple.speech.synthesis.voice.Albert", "Albert", ["en_US"]),
            ("com.apple.eloquence.de-DE.Eddy", "Eddy", ["de-DE"]),
            ("com.apple.eloquence.en-US.Eddy", "Eddy", ["en-US"]),
            ("com.apple.voice.compact.de-DE.Anna", "Anna", ["de-DE"]),
            ("com.apple.voice.compact.en-AU.Karen", "Karen", ["en-AU"]),
            ("com.apple.voice.compact.en-US.Samantha", "Samantha", ["en-US"]),
            ("com.apple.voice.enhanced.de-AT.Max", "Max", ["de-AT"]),
            ("com.apple.voice.compact.zh-CN.Tingting", "Tingting", ["zh_CN"]),
            ("com.apple.voice.compact.zh-TW.Meijia", "Meijia", ["zh_TW"]),
        ]
        arranged = _arrange_voices([*listed], "com.apple.voice.compact.en-AU.Karen")
        assert [f"{name} {known.language}" for name, known in arranged.items()] == [
            "Max de-AT",
            "Anna de-DE",
            "Eddy de-DE",
            "Karen en-AU",
            "Samantha en-US",
            "Eddy (en-US) en-US",
            "Albert en-US",
            "Tingting zh-CN",
            "Meijia zh-TW",
        ]
        assert _arrange_voices([*listed][::-1], "com.apple.voice.compact.en-AU.Karen") == arranged

    def test_voices_of_mbrola_are_left_out(self) -> None:
        from coach.speech.system import _arrange_voices

        assert _arrange_voices([("mb/mb-de1", "german-mbrola-1", ["de"])], "") == {}
