"""The track as a pydub segment, for people who want to work on it there."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from coach.ffmpeg import segment_class
from coach.mix import blocks, to_sink
from coach.units import RATE

if TYPE_CHECKING:
    from pydub import AudioSegment

    from coach.mix import Clips
    from coach.timeline import Timeline


def to_audio_segment(timeline: Timeline, clips: Clips) -> AudioSegment:
    """Return the whole track as a `pydub.AudioSegment`: mono, 16 bits, at RATE, the WAV's samples.

    It is held in memory, 2.9 MB a minute. Its own `export` uses the same ffmpeg as Coach.

    Args:
        timeline: the track.
        clips: its sound.

    Raises:
        AudioError: pydub cannot be loaded.
    """
    segment = segment_class()
    sound = io.BytesIO()
    for block in blocks(timeline, clips):
        sound.write(to_sink(block).data)
    return segment(data=sound.getvalue(), sample_width=2, frame_rate=RATE, channels=1)
