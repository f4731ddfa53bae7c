"""A voice with all that stands around it: what the timeline and the mixer ask."""

from __future__ import annotations

import logging
from collections import OrderedDict
from functools import partial
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

from coach.errors import SpeechError
from coach.speech.cache import clip_key, find_cache
from coach.speech.clip import LONGEST, Recording
from coach.speech.normalise import read
from coach.speech.voice import choose_voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from coach.routine import SoundName, VoiceChoice
    from coach.speech.cache import ClipCache
    from coach.speech.clip import Clip
    from coach.speech.voice import Voice

_log = logging.getLogger(__name__)

_SLOWEST, _FASTEST = 0.5, 2.0
_AT_HAND = 6 << 20  # bytes of samples kept in memory: two minutes; reading a clip again takes 0.1 ms
_AT_HAND_ALONE = 64 << 20  # where the cache cannot be written, so that a clip would have to be spoken again
_MOST_THREADS = 4  # more than this many voices at once mostly wait for each other


class Speech:
    """A voice with its language, rate, volume, pronunciation and cache: everything that the timeline asks.

    It may be used from several threads.

    Args:
        voice: who speaks.
        cache: where clips are kept; without a writable one all still works, from memory.
        rate: a multiplier of the voice's own speed for all it says.
        volume: dB relative to -19 LUFS.
        pronounce: written word -> the spelling to speak.
        fallback: why another voice speaks than the one asked for; None where it is that one.

    Attributes:
        fallback: see there.
        voice_name: engine and name, such as "neural/heart".
        language: the language that is spoken, such as "en".
        volume: see there.
        cache: the cache; its `notes` tell what a person should know of it.
    """

    def __init__(
        self,
        voice: Voice,
        cache: ClipCache,
        *,
        rate: float = 1.0,
        volume: float = 0.0,
        pronounce: Mapping[str, str] = {},
        fallback: str | None = None,
    ) -> None:
        self.fallback = fallback
        self.voice_name = f"{voice.engine}/{voice.name}"
        self.language = voice.language
        self.cache = cache
        self._voice = voice
        self._rate = rate
        self.volume = volume
        self._pronounce = dict(pronounce)
        self._unread: dict[str, tuple[str, ...]] = {}
        self._clips: dict[tuple[str, float], Clip] = {}
        self._recorded: dict[Path, Clip] = {}
        self._sources: dict[str, Callable[[], Recording]] = {}  # key -> what makes the clip
        self._at_hand: OrderedDict[str, Recording] = OrderedDict()
        self._at_hand_bytes = 0
        self._lock = Lock()
        self._turns = BoundedSemaphore(voice.threads)

    def clip(self, text: str, rate: float = 1.0) -> Clip:
        """Return the clip of a text, from the cache or newly spoken; the same one for the same arguments.

        Args:
            text: as a person wrote it.
            rate: multiplies the rate of this object; the product is held within 0.5 to 2.0.

        Raises:
            SpeechError: the voice failed.
        """
        if (clip := self._clips.get((text, rate))) is None:
            key = self._address(text, rate)
            clip = self._recording(key).clip(key)
            self._clips[text, rate] = clip
        return clip

    def unread(self, text: str) -> tuple[str, ...]:
        """Return the letters and signs of a text that the voice can't read and leaves out."""
        if text not in self._unread:
            self._unread[text] = read(text, self.language, self._pronounce).unread
        return self._unread[text]

    def find_clip(self, text: str, rate: float = 1.0) -> Clip | None:
        """Return what `clip` would, if nothing has to be spoken for it."""
        if (clip := self._clips.get((text, rate))) is None:
            key = self._address(text, rate)
            if (recording := self._kept(key)) is not None:
                clip = self._clips[text, rate] = recording.clip(key)
        return clip

    def recording(self, path: Path) -> Clip:
        """Return the clip of a person's own recording, found in the cache by what is in the file.

        Raises:
            AudioError: it cannot be read, or there is nothing to hear in it.
        """
        from coach.speech.recorded import record_file, recording_key  # noqa: PLC0415 - few routines need it

        if path not in self._recorded:
            key = recording_key(path)
            self._sources[key] = partial(record_file, path)
            self._recorded[path] = self._recording(key).clip(key)
        return self._recorded[path]

    def sound(self, name: SoundName) -> Clip:
        """Return the clip of a sound that Coach makes by itself."""
        from coach.speech.sounds import record_sound, sound_key  # noqa: PLC0415 - few routines need it

        key = sound_key(name)
        self._sources[key] = partial(record_sound, name)
        return self._recording(key).clip(key)

    def prepare(self, texts: Iterable[str], progress: Callable[[int, int], None] | None = None) -> None:
        """Speak what is missing in the cache, several texts at once where the voice allows.

        Args:
            texts: as a person wrote them.
            progress: called in this thread with how many of the missing ones are done, and how many there
                are: at first with none done, then after each. Never called where nothing is missing.

        Raises:
            SpeechError: the voice failed.
        """
        addresses = dict.fromkeys(self._address(text, 1.0) for text in texts)
        missing = [key for key in addresses if self._kept(key) is None]
        _log.info("%d of %d sentences are in the cache", len(addresses) - len(missing), len(addresses))
        if not missing:
            return
        from concurrent.futures import ThreadPoolExecutor, as_completed  # noqa: PLC0415 - only for new clips

        tell = progress or (lambda _done, _total: None)
        tell(0, len(missing))
        workers = ThreadPoolExecutor(min(self._voice.threads, _MOST_THREADS, len(missing)))
        try:
            tasks = [workers.submit(self._make, key) for key in missing]
            for done, task in enumerate(as_completed(tasks), 1):
                task.result()
                tell(done, len(missing))
        finally:  # an interrupted person doesn't wait for the rest
            workers.shutdown(cancel_futures=True)

    def samples(self, clip: Clip) -> NDArray[np.int16]:
        """Return the sound of a clip that this object gave, at its volume.

        Returns:
            Shape (clip.length,), int16, read-only; later calls may return it again. At volume 0 it is
            what the cache holds, bit for bit. What is not at hand is read again, and spoken again where it
            has vanished.

        Raises:
            SpeechError: the voice failed.
            KeyError: the clip is none of this object's.
        """
        import numpy as np  # noqa: PLC0415 - the lengths and attacks of a timeline need none

        from coach.speech.sound import at_volume  # noqa: PLC0415 - as above

        sound = at_volume(self._recording(clip.key), self.volume)
        if sound.size != clip.length:  # a voice that is not exact spoke again: the timeline stands
            sound = np.pad(sound[: clip.length], (0, max(0, clip.length - sound.size)))
            sound.flags.writeable = False
        return sound

    def _address(self, text: str, rate: float) -> str:
        voice, pace = self._voice, round(min(max(self._rate * rate, _SLOWEST), _FASTEST), 3)
        spoken, unread = read(text, self.language, self._pronounce)
        self._unread[text] = unread
        key = clip_key(
            spoken,
            language=voice.language,
            engine=voice.engine,
            version=voice.version,
            voice=voice.name,
            rate=pace,
        )
        self._sources[key] = partial(self._speak, spoken, pace)
        return key

    def _recording(self, key: str) -> Recording:
        recording = self._kept(key)
        if recording is None:
            recording = self._sources[key]()
            if fault := recording.fault():
                raise SpeechError(f"a clip came out as nobody should hear it: {fault}")
            self.cache.save(key, recording)
            self._hold(key, recording)
        return recording

    def _make(self, key: str) -> None:
        """Speak what is missing; it returns nothing, as a finished task would keep that in memory."""
        self._recording(key)

    def _speak(self, text: str, rate: float) -> Recording:
        from coach.speech.sound import record  # noqa: PLC0415 - a warm cache needs no numpy

        if not text:
            return Recording(b"")
        _log.debug("%s speaks %r at rate %g", self.voice_name, text, rate)
        with self._turns:
            sound = self._voice.speak(text, rate)
        if sound.size > LONGEST * self._voice.sample_rate:
            seconds = f"{sound.size / self._voice.sample_rate:.0f} seconds"
            raise SpeechError(
                f"{self.voice_name} takes {seconds} for '{text[:40]}'; a text must take at most {LONGEST}"
            )
        return record(sound, self._voice.sample_rate)

    def _kept(self, key: str) -> Recording | None:
        """Return a recording from memory or from the cache; None where it must be spoken."""
        with self._lock:
            if (recording := self._at_hand.get(key)) is not None:
                self._at_hand.move_to_end(key)
                return recording
        if (recording := self.cache.load(key)) is not None:
            self._hold(key, recording)
        return recording

    def _hold(self, key: str, recording: Recording) -> None:
        """Keep a recording in memory, and let go of what was not asked for longest."""
        with self._lock:
            if key in self._at_hand:
                return
            self._at_hand[key] = recording
            self._at_hand_bytes += len(recording.pcm)
            most = _AT_HAND if self.cache.failure is None else _AT_HAND_ALONE
            while self._at_hand_bytes > most and len(self._at_hand) > 1:
                self._at_hand_bytes -= len(self._at_hand.popitem(last=False)[1].pcm)


def open_speech(
    language: str, choice: VoiceChoice, *, pronounce: Mapping[str, str] = {}, script: Path | None = None
) -> Speech:
    """Return the voice that a routine asks for, else the best one of its language.

    Args:
        language: what is spoken.
        choice: the voice, its rate and volume.
        pronounce: written word -> the spelling to speak.
        script: the script's file, near which the clip cache may lie; None for the user's own cache.

    Raises:
        SpeechError: no voice on this machine speaks the language.
    """
    fallback = None
    try:
        voice = choose_voice(language, engine=choice.engine, name=choice.name)
    except SpeechError:
        if choice.engine == "auto" and choice.name is None:
            raise
        voice = choose_voice(language)
        wanted = choice.name or choice.engine
        fallback = f"no voice '{wanted}' speaks '{language}' here; {voice.engine}/{voice.name} speaks instead"
    return Speech(
        voice,
        find_cache(script),
        rate=choice.rate,
        volume=choice.volume,
        pronounce=pronounce,
        fallback=fallback,
    )
