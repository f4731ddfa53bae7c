"""Speech: from a sentence to a clip whose length and attack are known."""

from coach.speech.cache import ClipCache, find_cache
from coach.speech.clip import Clip
from coach.speech.speech import Speech, open_speech
from coach.speech.voice import Voice, VoiceInfo, choose_voice, voices

__all__ = [
    "Clip",
    "ClipCache",
    "Speech",
    "Voice",
    "VoiceInfo",
    "choose_voice",
    "find_cache",
    "open_speech",
    "voices",
]
