"""One export: the whole way from a script to a track, or to an album of its chapters."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from coach import seal
from coach.atomic import check_target
from coach.cli.app import one_line
from coach.cli.compiling import compiled, fitted, load, note, progress
from coach.cli.screen import clock
from coach.encode.names import file_name
from coach.encode.write import write_file
from coach.errors import AudioError
from coach.progress import grown_doses
from coach.trust import make_plain

if TYPE_CHECKING:
    from coach.cli.compiling import Shows, Wanted
    from coach.timeline import Timeline

_LARGEST_COVER = 4 << 20  # bytes


class Place(NamedTuple):
    """Where tracks go, and as what.

    Attributes:
        folder: the folder; the album's own for an album without one of its name.
        name: the file's name; None for one from the script's name, the level and the doses that have grown.
        suffix: the format.
        album: None for one track, else whether its album gets a folder of its name in `folder`.
        captions: whether what is said stands beside it, as .lrc and .vtt.
        rate: samples a second.
    """

    folder: Path
    name: str | None
    suffix: str
    album: bool | None
    captions: bool
    rate: int


class Job(NamedTuple):
    """A track, or an album, that somebody wants.

    Attributes:
        wish: the script, and what is wanted of it.
        stem: what its name begins with.
        place: where it goes, and as what.
    """

    wish: Wanted
    stem: str
    place: Place

    @property
    def label(self) -> str:
        """What it is called before its doses are known."""
        return "-".join(filter(None, (self.stem, self.wish.level)))


class Made(NamedTuple):
    """What became of a job.

    Attributes:
        path: the track, or the folder of the album.
        files: all that belongs to it.
        written: how many tracks were written.
        tracks: how many there are.
        size: bytes of the tracks.
        told: one line for a person.
        warnings: how many things did not fit.
    """

    path: Path
    files: tuple[Path, ...]
    written: int
    tracks: int
    size: int
    told: str
    warnings: int


def make(job: Job, shows: Shows = progress) -> Made:
    """Write a track or an album, as far as it is not there already.

    Args:
        job: what is wanted.
        shows: how progress is shown.

    Raises:
        CoachError: it cannot be.
    """
    place = job.place
    plain = load(job.wish)
    routine = fitted(job.wish, plain, "full")
    grown = grown_doses(plain, routine)
    stem = "-".join([job.label, *(each.replace(" ", "") for each in grown)])
    target = place.folder / (place.name or file_name(stem, place.suffix))
    if place.album is None:
        check_target(target)  # what cannot be written is told before the voice is asked
    timeline, speech = compiled(job.wish, routine, shows=shows)
    if grown:
        timeline = replace(timeline, title=f"{timeline.title} ({', '.join(grown)})")
    memo = speech.cache.exports
    cover = _cover(timeline, speech.cache.covers)
    if place.album is not None:
        from coach.encode.album import export_album

        target = place.folder / file_name(stem, "") if place.album else place.folder
        with shows(f"Writing {target}") as advance:
            album = export_album(
                timeline, speech, target, place.suffix,
                cover=cover, rate=place.rate, captions=place.captions, progress=advance, memo=memo,
            )  # fmt: skip
        tracks = album.tracks
        files = [album.playlist, *(track.path for track in tracks)]
        files += [each for each in [target / "cover.jpg"] if each.is_file()]
    else:
        with shows(f"Writing {target}") as advance:
            tracks = (
                write_file(
                    timeline, speech, target, cover=cover, rate=place.rate, progress=advance, memo=memo
                ),
            )
        files = [target]
        if place.captions:
            _write_captions(timeline, target)
    if place.captions:
        files += [track.path.with_suffix(suffix) for track in tracks for suffix in (".lrc", ".vtt")]
    written, size = sum(track.written for track in tracks), sum(track.size for track in tracks)
    done = "unchanged" if not written else "written"
    if place.album is not None:
        done = f"{len(tracks)} track{'s'[: len(tracks) > 1]} {done}"
        if 0 < written < len(tracks):
            done = f"{written} of {len(tracks)} tracks written"
    told = f"{target}: {done}, {clock(timeline.length)} minutes, {size / 1e6:.1f} MB, {timeline.voice}"
    return Made(target, tuple(files), written, len(tracks), size, one_line(told), len(timeline.warnings))


def tell_warnings(job: Job, made: Made) -> None:
    """Say how much did not fit, and where one reads more."""
    if made.warnings:
        number = f"{made.warnings} warning{'s' if made.warnings > 1 else ''}"
        note(f"{number}; 'coach check {job.wish.script}' tells what did not fit")


def _write_captions(timeline: Timeline, track: Path) -> None:
    from coach.atomic import replace_file
    from coach.encode.captions import lrc, vtt

    for suffix, text in ((".lrc", lrc(timeline)), (".vtt", vtt(timeline))):
        target, data = track.with_suffix(suffix), text.encode()
        with suppress(OSError):
            if target.read_bytes() == data:
                continue
        with replace_file(target, len(data)) as file:
            file.write(data)


def _cover(timeline: Timeline, folder: Path) -> bytes:
    """Return the cover of a track: from the cache, else a new one, which takes long to draw."""
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
    from coach.atomic import replace_file
    from coach.pictures import cover

    data = cover(timeline)
    with suppress(OSError, AudioError):
        make_plain(folder)
        with replace_file(kept, len(data)) as file:  # programs that show a JPEG pass over what follows it
            file.write(data + seal.own_seal().of("cover", key.encode(), data))
    return data


def _sources() -> list[Path]:
    """Return files that change when the same routine would get another cover."""
    pillow = find_spec("PIL")
    version = Path(pillow.origin).with_name("_version.py") if pillow and pillow.origin else None
    pictures = Path(__file__).parents[1] / "pictures"
    return sorted(pictures.glob("*.py")) + ([version] if version and version.is_file() else [])
