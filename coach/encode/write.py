"""Write a timeline to a file: whole or not at all, and only if the file would change."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from coach.atomic import replace_file
from coach.digest import digest_file
from coach.encode.formats import format_of
from coach.encode.track import Track
from coach.errors import AudioError
from coach.seal import own_seal
from coach.trust import make_inner
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from coach.encode.formats import Format, Writer
    from coach.mix import Clips
    from coach.timeline import Timeline

    Progress = Callable[[int, int], None]

_DIGEST_BYTES = 32
_LARGEST_RECORD = 1000  # bytes
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Exported:
    """The result of an export.

    Attributes:
        path: the file.
        size: its size in bytes.
        length: the length of its track in samples at RATE, whatever the rate of the file.
        written: False if the file was already up to date, and was not touched.
    """

    path: Path
    size: int
    length: int
    written: bool


def write_file(
    timeline: Timeline,
    clips: Clips,
    target: Path,
    *,
    chapter: int | None = None,
    cover: bytes | None = None,
    rate: int = RATE,
    progress: Progress | None = None,
    memo: Path | None = None,
    private: bool = False,
) -> Exported:
    """Write a track to a file, in the format that its name asks for, with tags and chapters if it has them.

    Whatever happens, the target is either the old file or the whole new track. Equal timelines give equal
    bytes.

    Args:
        timeline: the track.
        clips: its sound.
        target: the file; its folder must exist.
        chapter: which chapter of the timeline to write, from 1, as a track of an album; None for all of it.
        cover: a picture, as the bytes of a JPEG; a WAV file has none.
        rate: samples a second of the file, one of RATES.
        progress: called with the samples written and the total samples, after every two seconds of sound; an
            exception from it ends the export.
        memo: a folder that remembers what was written; its parent must exist. With it, a target that already
            has exactly these bytes is left as it is, and no encoder is loaded. Without it, the track is
            always encoded.
        private: whether nobody else may read the file; if not, the umask decides.

    Raises:
        AudioError: the track cannot be written; the message says why and what to do.
        OSError: a clip could not be read.
    """
    kind = format_of(target, rate)
    if cover is not None and not cover.startswith(_JPEG):
        raise AudioError("a cover must be a JPEG picture")
    track = Track(timeline, chapter, cover, rate)
    length = track.timeline.length
    key = fingerprint(track, kind, volume=clips.volume) if memo else ""
    if memo and (size := _check_record(target, memo, key)) is not None:
        return Exported(target, size, length, written=False)
    try:
        module = import_module(f"coach.encode.{kind.module}")
    except ImportError as error:
        raise AudioError(f"cannot write {target.suffix} files on this machine: {error}") from error
    writer = cast("Writer", getattr(module, kind.codec) if kind.codec else module)
    most_bytes = kind.size(track.length, rate) + len(cover or b"")
    with replace_file(target, most_bytes, private=private) as file:
        writer.write(file, track, _sound(track, clips, progress))
        size = file.seek(0, 2)
        digest = digest_file(file, _DIGEST_BYTES) if memo else ""
    if memo:
        _remember(memo, key, digest, size)
    return Exported(target, size, length, written=True)


def fingerprint(track: Track, kind: Format, *, volume: float = 0.0) -> str:
    """Return a name for everything that affects the bytes of an exported track: equal names, equal bytes.

    Args:
        track: the track to write.
        kind: the format.
        volume: the volume of the clips, in dB.

    Raises:
        AudioError: the format needs ffmpeg, and there is none.
    """
    timeline = track.timeline
    first, _ = track.bounds
    level = None if timeline.level is None else str(timeline.level)
    parts = (
        (
            kind.module,
            kind.version,
            [_digest_library(name) for name in kind.libraries],
            *_name_converter(kind),
        ),
        (timeline.title, timeline.language, timeline.voice, level, timeline.length, volume),
        (track.part, blake2b(track.cover or b"").digest(), track.rate, track.length),
        [(chapter.title, chapter.start, chapter.end) for chapter in timeline.chapters],
        # At another rate, its samples depend on where it starts between those of the whole.
        first * track.rate % RATE,
        [(cue.start - first, cue.clip.length, cue.clip.key) for cue in track.heard()],
        [
            (cue.start, cue.text, str(cue.kind), cue.rep, cue.set, cue.side, cue.exercise)
            for cue in timeline.cues
        ],
    )
    beds = [bed.key for bed in track.whole.beds]
    return blake2b(repr((*parts, beds) if beds else parts).encode(), digest_size=20).hexdigest()


def _name_converter(kind: Format) -> tuple[str, ...]:
    if kind.codec is None:
        return ()
    from coach.ffmpeg import identity  # noqa: PLC0415 - only some formats need it

    return (kind.codec, identity())


@cache
def _digest_library(name: str) -> str:
    """Return a digest of a library's main file: the extension module, or the `__init__.py` with the version.

    It costs a millisecond; importing the library, or the standard library's package metadata, costs 20 to 50.
    """
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    with Path(spec.origin).open("rb") as file:
        return digest_file(file, _DIGEST_BYTES)


def _check_record(target: Path, memo: Path, key: str) -> int | None:
    """Return the size of a target if it has exactly the bytes that its record says; None if not."""
    record = memo / key
    try:
        if record.is_symlink() or record.stat().st_size > _LARGEST_RECORD:
            return None
        digest, size, sealed = record.read_text("ascii").split()
        if not own_seal().holds(
            bytes.fromhex(sealed), "export", key.encode(), digest.encode(), size.encode()
        ):
            return None  # else a stranger's record could pass another file off as this track
        if target.stat().st_size == int(size):
            with target.open("rb") as file:
                if digest_file(file, _DIGEST_BYTES) == digest:
                    return int(size)
    except (OSError, ValueError):
        pass  # no record, no target, or a damaged one: the track is written again
    return None


def _remember(memo: Path, key: str, digest: str, size: int) -> None:
    sealed = own_seal().of("export", key.encode(), digest.encode(), str(size).encode())
    record = f"{digest} {size} {sealed.hex()}\n"
    with suppress(OSError, AudioError):  # a memo only saves time
        make_inner(memo)
        with replace_file(memo / key, len(record), private=True) as file:
            file.write(record.encode("ascii"))


def _sound(track: Track, clips: Clips, progress: Progress | None) -> Iterator[NDArray[np.int16]]:
    """Yield the samples of a track, in blocks of two seconds."""
    from coach.mix import render, to_sink  # noqa: PLC0415 - an unchanged track needs no numpy

    size = 2 * track.rate
    for done in range(0, track.length, size):
        start, count = track.start + done, min(size, track.length - done)
        if track.rate == RATE:
            yield to_sink(render(track.whole, clips, start, count))
        else:
            from coach.encode.rate import render_at_rate  # noqa: PLC0415 - rarely needed

            yield render_at_rate(track.whole, clips, track.rate, start, count)
        if progress:
            progress(done + count, track.length)
