"""From a sentence to a clip: sound, cache, and all of it together."""

from __future__ import annotations

import errno
import importlib.metadata
import math
import os
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import SpeechError
from coach.speech import Clip, ClipCache, Speech, choose_voice, find_cache, voices
from coach.speech.clip import CEILING, LOUDNESS, Recording
from coach.speech.inventory import mark
from coach.speech.sound import at_volume, attack, ease_peaks, measure, record, resample, trim
from coach.units import RATE
from tests.voices import ClickVoice, FixedSpeech

WORDS = ["Up", "Down", "Three", "Four", "Eleven", "Hold", "Feet", "Side", "Exhale", "Relax", "Last one"]
SENTENCES = [
    "Keep your core engaged",
    "Lie on your side, knees bent at 45 degrees, feet together.",
    "Exhale as you lift, exhale as you relax.",
]


@pytest.fixture(scope="module")
def neural(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    return Speech(choose_voice("en"), ClipCache(tmp_path_factory.mktemp("neural")))


def click_speech(root: Path, rate: float = 1.0, volume: float = 0.0) -> tuple[Speech, ClickVoice]:
    voice = ClickVoice()
    return Speech(voice, ClipCache(root), rate=rate, volume=volume), voice


def tone(hertz: float, seconds: float, rate: int = RATE, amplitude: float = 0.1) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def python(code: str, *arguments: str) -> str:
    """Run code in a fresh process that must not write to standard error; return what it printed."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


class TestSound:
    def test_a_stray_peak_does_not_hold_the_sentence_back(self) -> None:
        sound = tone(440, 3.0)
        sound[RATE : RATE + 24] += 0.8 * np.hanning(24)  # 18 dB over all the rest
        recording = record(sound.astype(np.float32), RATE)
        assert recording.loudness == pytest.approx(LOUDNESS, abs=0.3)
        assert recording.peak <= CEILING

    def test_peaks_are_eased_to_the_ceiling_and_nothing_else_is_touched(self) -> None:
        sound = tone(440, 1.0, amplitude=0.2)
        sound[12_000:12_024] += 0.7 * np.hanning(24)
        eased = ease_peaks(sound, 0.3)
        far = np.abs(np.arange(sound.size) - 12_012) > 8 * RATE // 1000
        assert np.allclose(eased[far], sound[far], rtol=1e-12)
        assert 0.27 < np.abs(eased).max() <= 0.3 + 1e-9

    @pytest.mark.parametrize(
        "text", ["Up", "one", "three", "lifted", "a long sentence of ten words, for this test"]
    )
    @pytest.mark.parametrize("rate", [0.7, 1.0, 1.4])
    def test_a_click_of_known_place_is_found_there(self, text: str, rate: float) -> None:
        voice = ClickVoice()
        recording = record(voice.speak(text, rate), voice.sample_rate)
        assert recording.clip("k").length == voice.length(text, rate)
        assert recording.attack == pytest.approx(voice.attack(text, rate), abs=5)

    @pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
    def test_other_rates_are_resampled(self, rate: int) -> None:
        there, here = tone(1000, 0.5, rate), tone(1000, 0.5)
        resampled = resample(there, rate)
        assert resampled.size == here.size
        assert np.abs(resampled - here)[1000:-1000].max() < 2e-3

    def test_resampling_lets_nothing_fold_back(self) -> None:
        assert np.abs(resample(tone(15_000, 0.5, 48_000), 48_000))[1000:-1000].max() < 2e-3

    @pytest.mark.parametrize("silence", [[], [0.0] * 5000, [1e-4] * 5000, [math.nan] * 300, [0.0], [0.5]])
    def test_nothing_audible_is_an_empty_clip(self, silence: list[float]) -> None:
        assert record(np.array(silence, np.float32), RATE) == Recording(b"")

    @pytest.mark.parametrize("size", [2, 23, 24, 25, 100, 9599, 9600, 9601])
    def test_sound_of_any_length_will_do(self, size: int) -> None:
        recording = record(np.full(size, 0.5, np.float32), RATE)
        assert 0 <= recording.attack < size == len(recording.pcm) // 2

    def test_the_given_sound_is_left_as_it_is(self) -> None:
        sound = ClickVoice().speak("up", 1.0)
        before = sound.copy()
        record(sound, RATE)
        assert np.array_equal(sound, before)

    def test_edges_are_faded(self) -> None:
        trimmed = trim(np.full(RATE, 0.5))
        assert trimmed[[0, -1]] == pytest.approx(0)
        assert np.abs(np.diff(trimmed)).max() < 0.02

    @pytest.mark.parametrize(("hertz", "expected"), [(997, -3.01), (100, -4.8), (5000, 0.4)])
    def test_loudness_is_that_of_the_standard(self, hertz: float, expected: float) -> None:
        """997 Hz at 0 dBFS reads -3.01 LKFS (BS.1770-4, annex 1); the others are what ffmpeg's meter says."""
        assert measure(tone(hertz, 3, amplitude=1.0))[0] == pytest.approx(expected, abs=0.1)

    def test_pauses_do_not_count(self) -> None:
        spoken = tone(1000, 1)
        with_pause = np.concatenate([spoken, np.zeros(2 * RATE), spoken])
        assert measure(with_pause)[0] == pytest.approx(measure(spoken)[0], abs=1.0)

    def test_a_peak_between_samples_is_seen(self) -> None:
        samples = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4)  # never sampled at its top
        assert np.abs(samples).max() < 0.71
        assert measure(samples)[1] == pytest.approx(0, abs=0.2)

    def test_the_peak_wins_over_the_loudness(self) -> None:
        crest = tone(1000, 1, amplitude=0.01)
        crest[RATE // 2 : RATE // 2 + 24] = tone(1000, 0.001, amplitude=0.9)
        recording = record(crest.astype(np.float32), RATE)
        assert recording.loudness < LOUDNESS - 3
        assert CEILING - 0.1 < measure(np.frombuffer(recording.pcm, "<i2") / 32768)[1] <= CEILING

    def test_volume_moves_the_level_below_the_ceiling(self) -> None:
        recording = record(tone(1000, 1).astype(np.float32), RATE)
        for volume in (-30, -6, 0, 6, 12, 30):
            loudness, peak = measure(at_volume(recording, volume) / 32768)
            assert peak <= CEILING
            assert loudness == pytest.approx(LOUDNESS + volume, abs=0.1) or peak > CEILING - 0.1
        assert at_volume(recording, 0).tobytes() == recording.pcm


class TestNeural:
    def test_words_and_sentences_are_equally_loud(self, neural: Speech) -> None:
        for text in WORDS + SENTENCES:
            loudness, peak = measure(neural.samples(neural.clip(text)) / 32768)
            assert loudness == pytest.approx(LOUDNESS, abs=0.5)
            assert peak <= CEILING

    def test_who_talks_on_and_on_takes_a_breath(self) -> None:
        """The model's memory grows with the square of what it says in one breath."""
        voice, words = choose_voice("en"), "up and down and " * 15
        assert len(words) == 240
        on_and_on, with_a_breath = (words + words).strip(), f"{words.strip()}, {words.strip()}"
        assert np.array_equal(voice.speak(on_and_on, 1.0), voice.speak(with_a_breath, 1.0))

    def test_no_silence_leads_and_no_onset_is_lost(self, neural: Speech) -> None:
        voice = choose_voice("en")
        for text in WORDS:
            raw, kept = voice.speak(text, 1.0).astype(float), trim(voice.speak(text, 1.0).astype(float))
            assert (raw**2).sum() == pytest.approx((kept**2).sum(), rel=1e-3)
            assert kept.size < raw.size - 0.2 * RATE
            levels = (kept[: kept.size // 240 * 240].reshape(-1, 240) ** 2).mean(1)
            assert levels[:3].max() > levels.max() * 10**-4.6  # by 30 ms it can be heard
            start = int(np.flatnonzero(raw == kept[kept.size // 2])[0]) - kept.size // 2
            before = raw[max(0, start - 480) : start]
            assert (before**2).mean() < levels.max() * 10**-4.4  # and before it could not

    def test_the_attack_is_that_of_its_definition(self, neural: Speech) -> None:
        from scipy.signal import butter, sosfiltfilt

        band = butter(2, [300, 3000], "bandpass", fs=RATE, output="sos")
        for text in WORDS + SENTENCES:
            clip = neural.clip(text)
            pad = 4800
            filtered = sosfiltfilt(band, np.pad(neural.samples(clip).astype(float), pad))
            power = np.convolve(filtered**2, np.ones(240) / 240, "same")[pad:][: min(6000, clip.length)]
            expected = int(np.flatnonzero(power >= power.max() / 4)[0])
            assert clip.attack == pytest.approx(expected, abs=2), text
            assert clip.attack == attack(neural.samples(clip))

    def test_fresh_processes_give_the_same_bytes_without_a_word(self, neural: Speech, tmp_path: Path) -> None:
        code = """if True:
            import hashlib, sys
            from pathlib import Path
            from coach.speech import *
            speech = Speech(choose_voice("en"), ClipCache(Path(sys.argv[1])))
            texts = ["Up", "Keep your core engaged", "Xylbrq three"]
            if sys.argv[2] == "threads":
                speech.prepare(texts * 2)
            for text in texts:
                clip = speech.clip(text)
                print(clip, hashlib.sha256(speech.samples(clip)).hexdigest())
        """
        serial = python(code, str(tmp_path / "a"), "serial")
        assert serial == python(code, str(tmp_path / "b"), "threads")
        assert str(neural.clip("Up")) in serial

    def test_other_rates_are_other_clips(self, neural: Speech) -> None:
        slow, fast = neural.clip("Keep your core engaged", 0.8), neural.clip("Keep your core engaged", 1.4)
        assert slow.length > neural.clip("Keep your core engaged").length > fast.length

    def test_what_cannot_be_read_is_silent(self, neural: Speech) -> None:
        for text in ("", "...", "🙂"):
            clip = neural.clip(text)
            assert clip.length == 0
            assert neural.samples(clip).shape == (0,)

    def test_a_warm_cache_needs_no_engine(self, neural: Speech) -> None:
        for text in WORDS:
            neural.clip(text)
        code = """if True:
            import sys
            from pathlib import Path
            from coach.speech import *
            speech = Speech(choose_voice("en"), ClipCache(Path(sys.argv[1])))
            for text in sys.argv[2:]:
                speech.clip(text)
            print({"numpy", "onnxruntime", "hibari", "num2words", "platformdirs"} & set(sys.modules))
        """
        assert python(code, str(neural.cache.root), *WORDS) == "set()\n"


class TestSpeech:
    def test_a_clip_is_spoken_once(self, tmp_path: Path) -> None:
        speech, voice = click_speech(tmp_path)
        clip = speech.clip("Up")
        assert speech.clip("Up") is clip
        assert clip.length == ClickVoice.length("Up")
        again, silent_voice = click_speech(tmp_path)
        assert again.clip("Up") == clip
        assert np.array_equal(again.samples(clip), speech.samples(clip))
        assert (voice.spoken, silent_voice.spoken) == ([("Up", 1.0)], [])

    def test_texts_are_normalised_and_pronounced(self, tmp_path: Path) -> None:
        voice = ClickVoice()
        speech = Speech(voice, ClipCache(tmp_path), pronounce={"glutes": "gloots"})
        speech.clip("Squeeze your Glutes 3x12")
        assert voice.spoken == [("Squeeze your gloots three times twelve", 1.0)]

    def test_rates_multiply_within_bounds(self, tmp_path: Path) -> None:
        speech, voice = click_speech(tmp_path, rate=1.25)
        for rate in (1.0, 1.4, 9.0, 0.01):
            speech.clip("Up", rate)
        assert voice.spoken == [("Up", 1.25), ("Up", 1.75), ("Up", 2.0), ("Up", 0.5)]

    def test_silence_has_no_length(self, tmp_path: Path) -> None:
        speech, voice = click_speech(tmp_path)
        assert speech.clip("(silent)").length == speech.clip("🙂").length == 0
        assert voice.spoken == [("silent", 1.0)]

    def test_samples_are_read_only_and_follow_the_volume(self, tmp_path: Path) -> None:
        plain, _ = click_speech(tmp_path)
        soft, soft_voice = click_speech(tmp_path, volume=-6.0)
        clip = plain.clip("Lift")
        assert soft.clip("Lift") == clip
        assert not soft_voice.spoken
        for speech in (plain, soft):
            sound = speech.samples(clip)
            assert sound.shape == (clip.length,)
            assert sound.dtype == np.int16
            assert not sound.flags.writeable
        ratio = plain.samples(clip).astype(float).std() / soft.samples(clip).astype(float).std()
        assert 20 * math.log10(ratio) == pytest.approx(6, abs=0.1)

    def test_prepare_speaks_what_is_missing_and_tells(self, tmp_path: Path) -> None:
        speech, voice = click_speech(tmp_path)
        speech.clip("Up")
        told: list[tuple[int, int]] = []
        speech.prepare(["Up", "Down", "Down", "Hold"], lambda done, total: told.append((done, total)))
        assert told == [(0, 2), (1, 2), (2, 2)]
        assert len(voice.spoken) == 3
        speech.prepare(["Up", "Down"], lambda done, total: told.append((done, total)))
        assert len(told) == 3

    def test_memory_is_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("coach.speech.speech._AT_HAND", 100_000)
        speech, voice = click_speech(tmp_path)
        clips = [speech.clip(f"word {'a' * n}") for n in range(20)]
        first = [speech.samples(clip).copy() for clip in clips]
        assert len(speech._at_hand) < 5
        assert all(
            np.array_equal(speech.samples(clip), sound) for clip, sound in zip(clips, first, strict=True)
        )
        speech.cache.clear()
        assert all(
            np.array_equal(speech.samples(clip), sound) for clip, sound in zip(clips, first, strict=True)
        )
        assert len(voice.spoken) > 35

    def test_a_voice_that_fails_says_so(self, tmp_path: Path) -> None:
        class Broken(ClickVoice):
            def speak(self, text: str, rate: float) -> np.ndarray:
                raise SpeechError("no breath")

        speech = Speech(Broken(), ClipCache(tmp_path))
        with pytest.raises(SpeechError, match="no breath"):
            speech.clip("Up")
        with pytest.raises(SpeechError, match="no breath"):
            speech.prepare(["Up", "Down"])

    def test_the_fixed_voice_of_the_tests_is_plain_arithmetic(self) -> None:
        speech = FixedSpeech()
        assert speech.clip("Up, up!") == Clip("Up, up!@1", 6000, 960)
        assert speech.clip("Up, up!", 1.25).length == 4800
        assert speech.clip("(silent)").length == speech.clip("…").length == 0
        assert np.flatnonzero(speech.samples(speech.clip("Up"))).tolist() == [720]


class TestCache:
    RECORDING = Recording(np.arange(-500, 500, dtype="<i2").tobytes(), 123, -19.25, -3.5)
    KEY = "ab" + "0" * 38

    @given(st.binary(min_size=2, max_size=400), st.integers(0, 200), st.floats(-70, -13), st.floats(-70, -1))
    def test_what_is_saved_is_loaded(
        self, tmp_path_factory: pytest.TempPathFactory, pcm: bytes, place: int, level: float, peak: float
    ) -> None:
        cache = ClipCache(tmp_path_factory.getbasetemp() / "round trip")
        samples = len(pcm) // 2
        recording = Recording(pcm[: 2 * samples], min(place, samples), level, peak)
        cache.save(self.KEY, recording)
        assert repr(cache.load(self.KEY)) == repr(recording)
        assert cache.failure is None

    def test_a_clip_is_a_playable_file(self, tmp_path: Path) -> None:
        cache = ClipCache(tmp_path)
        cache.save(self.KEY, self.RECORDING)
        assert cache.path(self.KEY) == tmp_path / "ab" / f"{self.KEY}.wav"
        with wave.open(str(cache.path(self.KEY))) as file:
            assert file.getparams()[:4] == (1, 2, RATE, 1000)
            assert file.readframes(2000) == self.RECORDING.pcm

    def test_damage_is_found_wherever_it_is(self, tmp_path: Path) -> None:
        cache = ClipCache(tmp_path)
        cache.save(self.KEY, self.RECORDING)
        whole = cache.path(self.KEY).read_bytes()
        damaged = [whole[:size] for size in (0, 1, 43, 75, 76, len(whole) - 2)] + [
            whole + b"\0\0",
            b"garbage" * 99,
        ]
        damaged += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(0, len(whole), 7)]
        for content in damaged:
            cache.path(self.KEY).write_bytes(content)
            assert cache.load(self.KEY) is None
        other = "ab" + "1" * 38
        cache.path(other).write_bytes(whole)
        assert cache.load(other) is None

    def test_damaged_clips_are_made_again(self, tmp_path: Path) -> None:
        clip = click_speech(tmp_path)[0].clip("Up")
        path = ClipCache(tmp_path).path(clip.key)
        whole = path.read_bytes()
        for content in (b"", whole[:-10], b"x" * len(whole)):
            path.write_bytes(content)
            assert click_speech(tmp_path)[0].clip("Up") == clip
            assert path.read_bytes() == whole
        path.unlink()
        path.mkdir()
        assert click_speech(tmp_path)[0].clip("Up") == clip

    def test_processes_may_write_the_same_clip_at_once(self, tmp_path: Path) -> None:
        code = """if True:
            import sys
            from pathlib import Path
            from coach.speech.cache import ClipCache
            from coach.speech.clip import Recording
            cache, recording = ClipCache(Path(sys.argv[1])), Recording(b"ab" * 50_000, 7, -19.0, -2.0)
            for n in range(150):
                key = f"{n % 3:040x}"
                cache.save(key, recording)
                assert cache.load(key) == recording
            assert cache.failure is None
        """
        writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
        assert [writer.wait() for writer in writers] == [0, 0, 0]
        assert sorted(path.suffix for path in tmp_path.rglob("*.*")) == [".TAG", *[".wav"] * 3]

    def test_a_cache_that_cannot_be_written_is_no_error(self, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("in the way")
        speech, _ = click_speech(blocked)
        clip = speech.clip("Up")
        assert speech.samples(clip).size == clip.length > 0
        assert isinstance(speech.cache.failure, OSError)

    @pytest.mark.parametrize("where", ["os.replace", "coach.speech.cache.open"])
    def test_a_full_disk_is_no_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(where, full, raising=False)
        speech, voice = click_speech(tmp_path)
        clip = speech.clip("Up")
        assert speech.samples(clip).size == clip.length > 0
        assert len(voice.spoken) == 1
        assert speech.cache.failure is not None
        assert speech.cache.failure.errno == errno.ENOSPC
        assert {path.name for path in tmp_path.rglob("*.*")} <= {"CACHEDIR.TAG"}

    def test_leftovers_of_killed_writers_are_swept(self, tmp_path: Path) -> None:
        old, new, foreign = (
            tmp_path / "ab" / name for name in ("ab1.1-1-0.tmp", "ab2.1-1-0.tmp", "mine.tmp")
        )
        mark(tmp_path)
        (tmp_path / "ab").mkdir()
        for path in (old, new, foreign):
            path.write_bytes(b"half")
        for path in (old, foreign):
            os.utime(path, (time.time() - 7200, time.time() - 7200))
        ClipCache(tmp_path).save(self.KEY, self.RECORDING)
        assert [path.exists() for path in (old, new, foreign)] == [False, True, True]

    def test_usage_and_clear(self, tmp_path: Path) -> None:
        cache = ClipCache(tmp_path / "cache")
        assert cache.usage() == cache.clear() == (0, 0)
        cache.save(self.KEY, self.RECORDING)
        (tmp_path / "cache" / "notes.wav").write_text("mine")
        size = cache.path(self.KEY).stat().st_size
        assert cache.usage() == cache.clear() == (1, size)
        assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["CACHEDIR.TAG", "notes.wav"]

    def test_the_root_is_the_nearest_folder_above_the_script(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("COACH_CACHE", raising=False)
        script = tmp_path / "scripts" / "deep" / "a.yaml"
        assert "coach" in str(find_cache(None).root)
        (tmp_path / "audio_cache").mkdir()
        assert find_cache(script).root == tmp_path / "audio_cache"
        (tmp_path / "scripts" / "audio_cache").mkdir(parents=True)
        monkeypatch.chdir(tmp_path)
        assert find_cache(Path("scripts/deep/a.yaml")).root == tmp_path / "scripts" / "audio_cache"
        monkeypatch.setenv("COACH_CACHE", str(tmp_path / "elsewhere"))
        assert find_cache(script).root == tmp_path / "elsewhere"


class TestChoosing:
    @pytest.mark.parametrize("name", [None, "neural", "heart", "neural/heart", "Heart", "auto"])
    @pytest.mark.parametrize("language", ["en", "en-GB", "EN_us"])
    def test_a_voice_has_several_names(self, name: str | None, language: str) -> None:
        voice = choose_voice(language, name=name)
        assert (voice.engine, voice.name, voice.language) == ("neural", "heart", "en")

    def test_only_what_needs_no_download_is_offered(self) -> None:
        assert [str(info) for info in voices("neural")] == ["neural/heart (en)"]

    @pytest.mark.parametrize(
        ("language", "engine", "name", "message"),
        [
            ("tlh", "auto", None, "No voice for the language 'tlh'.*neural/heart"),
            ("tlh", "auto", "heart", "No voice for the language 'tlh'.*neural/heart"),
            ("en", "auto", "emma", "no voice 'emma'.*neural/heart"),
            ("en", "neural", "emma", "no voice 'emma'.*neural/heart"),
            ("en", "steam", None, "must be one of auto, neural.*'steam'"),
            ("en", "auto", "steam/heart", "must be one of auto, neural.*'steam'"),
            ("en", "steam", "neural/heart", "does not belong to the engine 'steam'"),
        ],
    )
    def test_what_is_not_there_is_said_in_one_line(
        self, language: str, engine: str, name: str | None, message: str
    ) -> None:
        with pytest.raises(SpeechError, match=message) as caught:
            choose_voice(language, engine=engine, name=name)
        assert "\n" not in str(caught.value)

    def test_the_version_names_all_that_shapes_the_bytes(self) -> None:
        parts = {"hibari": "hibari-tts", "onnxruntime": "onnxruntime", "numpy": "numpy", "scipy": "scipy"}
        named = [f"{module} {importlib.metadata.version(name)}" for module, name in parts.items()]
        assert choose_voice("en").version == ", ".join([*named, "threads 1"])
