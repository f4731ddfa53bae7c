"""Speech: from a sentence to a clip whose length and attack are known."""

from coach.speech.cache import ClipCache, cache_root
from coach.speech.clip import Clip
from coach.speech.speech import Speech, open_speech
from coach.speech.voice import Voice, VoiceInfo, choose_voice, voices

__all__ = [
    "Clip",
    "ClipCache",
    "Speech",
    "Voice",
    "VoiceInfo",
    "cache_root",
    "choose_voice",
    "open_speech",
    "voices",
]
