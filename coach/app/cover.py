"""The cover of a track: drawn once, then kept."""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from coach import seal
from coach.atomic import replace_file
from coach.errors import AudioError
from coach.trust import make_inner

if TYPE_CHECKING:
    from coach.timeline import Timeline

_LARGEST_COVER = 4 << 20  # bytes


def make_cover(timeline: Timeline, folder: Path) -> bytes:
    """Return a track's cover as a JPEG: the one kept in a folder, or a new one, because drawing is slow."""
    digest = blake2b(repr((timeline.title, timeline.length, timeline.sets)).encode(), digest_size=20)
    for source in _sources():
        digest.update(source.read_bytes())
    key = digest.hexdigest()
    kept = folder / f"{key}.jpg"
    with suppress(OSError):
        if not kept.is_symlink() and kept.stat().st_size <= _LARGEST_COVER:
            data = kept.read_bytes()
            data, sealed = data[: -seal.SIZE], data[-seal.SIZE :]
            if seal.own_seal().holds(sealed, "cover", key.encode(), data):
                return data
    from coach.pictures import cover

    data = cover(timeline)
    with suppress(OSError, AudioError):
        make_inner(folder)
        with replace_file(kept, len(data), private=True) as file:
            # Programs that show a JPEG ignore what follows it.
            file.write(data + seal.own_seal().of("cover", key.encode(), data))
    return data


def _sources() -> list[Path]:
    """Return the files that change whenever the same routine would get a different cover."""
    pillow = find_spec("PIL")
    version = Path(pillow.origin).with_name("_version.py") if pillow and pillow.origin else None
    pictures = Path(__file__).parents[1] / "pictures"
    return sorted(pictures.glob("*.py")) + ([version] if version and version.is_file() else [])
