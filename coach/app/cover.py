"""The cover of a track, drawn once and then kept."""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from coach.atomic import replace_file
from coach.errors import AudioError

if TYPE_CHECKING:
    from coach.timeline import Timeline


def make_cover(timeline: Timeline, folder: Path) -> bytes:
    """Return the cover of a track as a JPEG: the one kept in a folder, else a new one (drawing is slow)."""
    digest = blake2b(repr((timeline.title, timeline.length, timeline.sets)).encode(), digest_size=20)
    for source in _sources():
        digest.update(source.read_bytes())
    kept = folder / f"{digest.hexdigest()}.jpg"
    with suppress(OSError):
        data = kept.read_bytes()
        if data[:3] == b"\xff\xd8\xff" and data[-2:] == b"\xff\xd9":
            return data
    from coach.pictures import cover

    data = cover(timeline)
    with suppress(OSError, AudioError):
        folder.mkdir(parents=True, exist_ok=True)
        with replace_file(kept, len(data)) as file:
            file.write(data)
    return data


def _sources() -> list[Path]:
    """Return files that change when the same routine would get another cover."""
    pillow = find_spec("PIL")
    version = Path(pillow.origin).with_name("_version.py") if pillow and pillow.origin else None
    pictures = Path(__file__).parents[1] / "pictures"
    return sorted(pictures.glob("*.py")) + ([version] if version and version.is_file() else [])
