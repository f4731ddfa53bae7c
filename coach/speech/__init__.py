"""Speech: from a sentence to a clip whose length and attack are known."""

from coach.speech.clip import Clip
from coach.speech.voice import Voice

__all__ = ["Clip", "Voice"]
