"""One export: from a request to a track, or to an album of its chapters."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, NamedTuple

from coach.app.amounts import explain_added
from coach.app.cover import make_cover
from coach.app.prepare import compile_track, fit, load
from coach.app.reporter import SILENT
from coach.app.sessions import SessionReader
from coach.app.stages import log_stage
from coach.atomic import check_target
from coach.encode.names import file_name
from coach.encode.write import write_file
from coach.progress import grown_doses
from coach.routine import Guidance
from coach.scratch import temporary_folder
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from coach.app.reporter import Reporter
    from coach.app.request import Request
    from coach.encode.delivery import Delivered
    from coach.encode.write import Exported
    from coach.speech import Speech
    from coach.timeline import Timeline

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a track goes, and in what form.

    Attributes:
        folder: the folder; it must exist.
        name: the file's name; None for one made of `stem`, the level, and the doses asked for or grown.
        stem: what such a name starts with; None for the script's name.
        suffix: the format.
        album: whether it is a folder with a track for each chapter.
        own_folder: whether an album gets its own folder inside `folder`; if not, `folder` is the album.
        captions: whether what is said is written beside each track, as .lrc and .vtt.
        sample_rate: samples a second.
        private: whether nobody else may read what is written: it lies in a folder of Coach's own.
    """

    folder: Path = Path()
    name: str | None = None
    stem: str | None = None
    suffix: str = ".mp3"
    album: bool = False
    own_folder: bool = False
    captions: bool = False
    sample_rate: int = RATE
    private: bool = False

    @classmethod
    def of_file(cls, path: Path) -> Place:
        """Return the place of one track; the file's name tells the format."""
        return cls(path.parent, path.name, suffix=path.suffix)


class Job(NamedTuple):
    """An export to do.

    Attributes:
        request: what to export.
        place: where it goes, and in what form.
    """

    request: Request
    place: Place

    @property
    def label(self) -> str:
        """Its name, with all that was asked for and without the doses that have grown."""
        stem = self.place.stem or self.request.script.stem
        asked = [str(self.request.level)] if self.request.level else []
        return "-".join([stem, *asked, *map(_in_one, self.request.change.describe())])


class ExportResult(NamedTuple):
    """The result of an export.

    Attributes:
        path: the track, or the folder of the album.
        files: all the files that belong to it.
        is_album: whether it is an album.
        tracks: how many tracks there are.
        written: how many of them were written; the others were already up to date.
        size_bytes: the size of the tracks.
        length: how long it plays, in samples at RATE.
        voice: who speaks.
        warnings: how many warnings there were.
        longer: by how much it is longer than what was written; "" if it is not.
    """

    path: Path
    files: tuple[Path, ...]
    is_album: bool
    tracks: int
    written: int
    size_bytes: int
    length: int
    voice: str
    warnings: int
    longer: str = ""


def export(request: Request, place: Place | Path, reporter: Reporter = SILENT) -> ExportResult:
    """Write a track or an album, unless it is already up to date, and return the result.

    Args:
        request: the request.
        place: where it goes and in what form; or just the file.
        reporter: receives progress, notes and warnings.

    Raises:
        CoachError: it cannot be done; nothing half-written stays.
    """
    place = Place.of_file(place) if isinstance(place, Path) else place
    plain = load(request)
    routine = fit(request, plain, SessionReader(reporter), guidance=Guidance.FULL)
    grown = grown_doses(plain, routine)
    target = _find_target(Job(request, place), grown)
    if not place.album:
        check_target(target)  # better to fail before the voice has worked
    timeline, speech = compile_track(request, routine, reporter)
    if doses := [*request.change.describe(), *grown]:
        timeline = replace(timeline, title=f"{timeline.title} ({', '.join(doses)})")
    write = _write_album if place.album else _write_track
    with log_stage(_log, f"write {target}"):
        tracks, files = write(timeline, speech, target, place, reporter)
    if place.captions:
        files += [track.path.with_suffix(suffix) for track in tracks for suffix in (".lrc", ".vtt")]
    return ExportResult(
        target,
        tuple(files),
        place.album,
        len(tracks),
        sum(track.written for track in tracks),
        sum(track.size for track in tracks),
        timeline.length,
        timeline.voice,
        len(timeline.warnings),
        explain_added(timeline.added),
    )


def export_to_stream(
    request: Request, place: Place, stream: IO[bytes], reporter: Reporter = SILENT
) -> ExportResult:
    """Write a track to a stream, such as standard output, and tell what became of it.

    Args:
        request: what was asked for.
        place: as what; its folder and name don't matter.
        stream: takes the bytes.
        reporter: is told what is worth knowing on the way.

    Raises:
        CoachError: it cannot be; not a byte is written then.
        OSError: the stream takes no more.
    """
    with temporary_folder() as folder:
        target = folder / f"track{place.suffix}"
        result = export(request, replace(place, folder=target.parent, name=target.name), reporter)
        with target.open("rb") as track:
            copyfileobj(track, stream)
    stream.flush()
    return result


def _in_one(dose: str) -> str:
    """Return a dose as a part of a file's name."""
    return dose.replace(" ", "")


def _find_target(job: Job, grown: Iterable[str]) -> Path:
    """Return the file of a track, or the folder of an album."""
    place = job.place
    if place.album and not place.own_folder:
        return place.folder
    name = "-".join([job.label, *map(_in_one, grown)])
    return place.folder / (place.name or file_name(name, "" if place.album else place.suffix))


def _write_track(
    timeline: Timeline, speech: Speech, target: Path, place: Place, reporter: Reporter
) -> tuple[tuple[Exported, ...], list[Path]]:
    """Write one track; return it, and the files it has so far."""
    cover, memo = make_cover(timeline, speech.cache.covers), speech.cache.exports
    with reporter.progress(f"Writing {target}") as advance:
        track = write_file(
            timeline,
            speech,
            target,
            cover=cover,
            rate=place.sample_rate,
            progress=advance,
            memo=memo,
            private=place.private,
        )
    if keep := _find_keeper(place):
        keep(target)
    if place.captions:
        _write_captions(timeline, target, place)
    return (track,), [target]


def _write_album(
    timeline: Timeline, speech: Speech, target: Path, place: Place, reporter: Reporter
) -> tuple[tuple[Exported, ...], list[Path]]:
    """Write an album; return its tracks, and the files it has but for captions."""
    from coach.encode.album import export_album

    cover, memo = make_cover(timeline, speech.cache.covers), speech.cache.exports
    with reporter.progress(f"Writing {target}") as advance:
        album = export_album(
            timeline, speech, target, place.suffix,
            cover=cover, rate=place.sample_rate, captions=place.captions, progress=advance, memo=memo,
            private=place.private, made=_find_keeper(place),
        )  # fmt: skip
    picture = target / "cover.jpg"
    files = [
        album.playlist,
        *(track.path for track in album.tracks),
        *([picture] if picture.is_file() else []),
    ]
    return album.tracks, files


def _write_captions(timeline: Timeline, track: Path, place: Place) -> None:
    from coach.atomic import replace_file
    from coach.encode.captions import lrc, vtt

    for suffix, text in ((".lrc", lrc(timeline)), (".vtt", vtt(timeline))):
        target, data = track.with_suffix(suffix), text.encode()
        with suppress(OSError):
            if target.read_bytes() == data:
                continue
        with replace_file(target, len(data), private=place.private) as file:
            file.write(data)
        if keep := _find_keeper(place):
            keep(target)


def _find_keeper(place: Place) -> Callable[[Path], None] | None:
    """Return what notes that a track is Coach's own; None for the user's.

    It is noted at once: what a run that is killed later has made can be removed like any other.
    """
    if not place.private:
        return None
    from coach.speech import find_cache

    cache = find_cache(None)
    return lambda file: cache.note_made([file])


def make_tracks_folder() -> Path:
    """Return the folder for tracks that are only wanted on a phone; it is created if needed."""
    from coach.speech import find_cache

    return find_cache(None).make_tracks()


def deliver_exports(results: Iterable[ExportResult], folder: Path, reporter: Reporter = SILENT) -> Delivered:
    """Copy what is missing or out of date to a phone, a stick or a synced folder.

    Raises:
        AudioError: it cannot be done; files that are complete by then stay.
    """
    from coach.encode.delivery import deliver
    from coach.speech import find_cache

    results = list(results)
    find_cache(None).note_made(file for result in results for file in result.files)
    files: dict[str, Path] = {}
    for result in results:
        for file in result.files:
            name = f"{result.path.resolve().name}/{file.name}" if result.is_album else file.name
            files[name] = file
    with reporter.progress(f"Copying to {folder}") as advance:
        return deliver(files, folder, progress=advance)
