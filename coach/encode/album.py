"""A routine as an album: a folder with a track for each chapter, so that "next" on any headset skips one.

The playlist is also the album's record of its own files. In lines that players ignore, it says which routine
the album belongs to, and which bytes each of its files had when it was written:

    #COACH-ALBUM:reverse_clamshell.yaml
    #COACH-FILE:3f2a...e1 01 - Reverse clamshell, left.mp3

So a later run knows which files Coach made, and whether somebody has changed them since. The list is written
before the first track, with all names, and again after each one: a killed run leaves complete files, a
playlist of them, and a list from which the next run continues.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from coach.atomic import check_target, replace_file
from coach.borders import clean_for_tag
from coach.digest import digest_file
from coach.encode.captions import lrc, vtt
from coach.encode.formats import FORMATS, format_of
from coach.encode.names import file_name
from coach.encode.track import Track, album_title
from coach.encode.write import Exported, write_file
from coach.errors import AudioError
from coach.trust import make_inner
from coach.units import RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from coach.mix import Clips
    from coach.timeline import Timeline

_ALBUM, _FILE = "#COACH-ALBUM:", "#COACH-FILE:"
_UNWRITTEN = "-"
"""Instead of a digest: a file that a run was about to write."""
_COVER = "cover.jpg"
_LIST = ".m3u8"
_LARGEST_LIST = 1 << 20  # bytes
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Album:
    """The result of an export to a folder.

    Attributes:
        folder: the album's folder.
        playlist: the list of tracks, a file in the folder.
        tracks: one for each chapter, in order.
        written: the names of the files that were written; the others were already up to date.
        removed: the names of files that an earlier run had made and that no longer belong to the album.
    """

    folder: Path
    playlist: Path
    tracks: tuple[Exported, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]


def export_album(
    timeline: Timeline,
    clips: Clips,
    folder: Path,
    suffix: str = ".mp3",
    *,
    cover: bytes | None = None,
    rate: int = RATE,
    captions: bool = False,
    progress: Callable[[int, int], None] | None = None,
    memo: Path | None = None,
    private: bool = False,
    made: Callable[[Path], None] | None = None,
) -> Album:
    """Write each chapter as a track into a folder, with a playlist and the cover.

    The tracks, one after the other, are exactly as long as the whole track, at any rate; in a lossless format
    they are the same samples. Every file is either the old one or complete. Coach replaces only files that an
    earlier run for the same routine made, and removes those that no longer belong, unless somebody changed
    them.

    Args:
        timeline: the routine.
        clips: its sound.
        folder: created if it doesn't exist; its parent must exist.
        suffix: the format of the tracks, one of FORMATS.
        cover: a picture, as the bytes of a JPEG, for the tracks, and for the folder unless it has another
            one.
        rate: samples a second of the tracks, one of RATES.
        captions: whether to write an .lrc and a .vtt file beside each track.
        progress: called with the samples written and the total samples, at that rate.
        memo: as for `write_file`; tracks that are up to date are left as they are.
        private: whether nobody else may read the files; if not, the umask decides.
        made: called with each file as soon as it is whole, so that whoever minds them knows those of a
            killed run, too.

    Raises:
        AudioError: it cannot be written, or the folder holds something else; the message says what to do.
        OSError: a clip could not be read.
    """
    suffix = suffix.lower()
    format_of(Path(f"a{suffix}"), rate)
    check_folder(folder)
    tracks = _tracks(timeline, suffix, cover, rate)
    beside: dict[str, bytes] = {}
    for name, track in tracks.items() if captions else ():
        beside[f"{name.removesuffix(suffix)}.lrc"] = lrc(track.timeline).encode()
        beside[f"{name.removesuffix(suffix)}.vtt"] = vtt(track.timeline).encode()

    _make_folder(folder, private=private)
    old = _read_lists(folder, _routine_name(timeline))
    if cover and (_COVER in old or not (folder / _COVER).exists()):
        beside[_COVER] = cover
    planned = (*tracks, *beside)
    files = {name: digest for name, digest in old.items() if not name.endswith(_LIST)}
    playlist = _Playlist(
        folder, timeline, tracks, dict.fromkeys(planned, _UNWRITTEN) | files, private=private, made=made
    )
    _check_free(folder, (*planned, playlist.path.name), old)

    playlist.save()
    done: list[Exported] = []
    for name, track in tracks.items():
        each = write_file(
            timeline,
            clips,
            folder / name,
            chapter=track.chapter,
            cover=cover,
            rate=rate,
            progress=_shift_progress(progress, track.start, Track(timeline, rate=rate).length),
            memo=memo,
            private=private,
        )
        done.append(each)
        playlist.note(name, changed=each.written)
    for name, data in beside.items():
        playlist.note(name, changed=_write(folder / name, data, private=private))

    kept = [playlist.path, *(folder / name for name in planned)]
    removed = tuple(name for name, digest in old.items() if _remove(folder / name, digest, kept))
    playlist.files = {name: playlist.files[name] for name in planned}
    playlist.save()
    return Album(folder, playlist.path, tuple(done), tuple(sorted(playlist.written)), removed)


def check_folder(folder: Path) -> None:
    """Check whether an album can be written to a folder, as far as one can know in advance.

    Raises:
        AudioError: it cannot be written; the message says why and what to do.
    """
    if folder.is_dir():
        check_target(folder / "a")
    elif folder.exists():
        raise AudioError(f"{folder} is not a folder: name another one")
    else:
        check_target(folder)


def _make_folder(folder: Path, *, private: bool) -> None:
    try:
        if private:
            make_inner(folder)
        else:
            folder.mkdir(exist_ok=True)
    except OSError as error:
        raise AudioError(f"cannot make the folder {folder}: {error.strerror or error}") from error


class _Playlist:
    """The playlist of an album that is being written: extended M3U, in UTF-8.

    Its lengths are whole seconds, because some players read nothing else.

    Attributes:
        path: the file.
        files: the album's files: the name of each, with the digest of its bytes.
        written: the names of the files that changed.
    """

    def __init__(
        self,
        folder: Path,
        timeline: Timeline,
        tracks: Mapping[str, Track],
        files: dict[str, str],
        *,
        private: bool,
        made: Callable[[Path], None] | None,
    ) -> None:
        self._head = ["#EXTM3U", f"#PLAYLIST:{album_title(timeline)}", f"{_ALBUM}{_routine_name(timeline)}"]
        self._entries = {
            name: f"#EXTINF:{_to_seconds(track.timeline.length)},Coach - {track.timeline.title}"
            for name, track in tracks.items()
        }
        self.path = folder / file_name(album_title(timeline), _LIST)
        self.files = files
        self._private, self._made = private, made or (lambda _: None)
        self.written: set[str] = set()

    def note(self, name: str, *, changed: bool) -> None:
        """Record that a file is up to date, and whether it was just written."""
        self.files[name] = _digest(self.path.with_name(name))
        self._made(self.path.with_name(name))
        if changed:
            self.written.add(name)
        self.save()

    def save(self) -> None:
        """Write the playlist if it would change: the tracks that exist, and the list of all files."""
        lines = self._head.copy()
        for name, entry in self._entries.items():
            if self.files[name] != _UNWRITTEN:
                lines += [entry, name]
        lines += [f"{_FILE}{digest} {name}" for name, digest in self.files.items()]
        if _write(self.path, "".join(f"{line}\n" for line in lines).encode(), private=self._private):
            self.written.add(self.path.name)
        self._made(self.path)


def _tracks(timeline: Timeline, suffix: str, cover: bytes | None, rate: int) -> dict[str, Track]:
    """Return the tracks of an album, by file name."""
    tracks = [Track(timeline, number, cover, rate) for number in range(1, len(timeline.chapters) + 1)]
    digits = max(2, len(str(len(tracks))))
    return {
        file_name(f"{number:0{digits}} - {track.timeline.title}", suffix): track
        for number, track in enumerate(tracks, 1)
    }


def _check_free(folder: Path, names: Iterable[str], old: Iterable[str]) -> None:
    """Raise AudioError if a file that is not the album's has one of these names."""
    ours = {name.casefold() for name in old}  # many file systems ignore case
    for name in names:
        if name.casefold() not in ours and (folder / name).exists():
            raise AudioError(
                f"{folder / name} does not belong to this album: move it away, or choose another folder"
            )


def _routine_name(timeline: Timeline) -> str:
    """Return what identifies the routine of an album: the file name of its script."""
    return clean_for_tag(Path(timeline.cues[0].location.path).name) if timeline.cues else ""


def _read_lists(folder: Path, routine: str) -> dict[str, str]:
    """Return the files that earlier runs made in a folder, including their lists, each with its digest.

    Raises:
        AudioError: the folder holds the album of another routine.
    """
    files: dict[str, str] = {}
    for path in sorted(folder.glob(f"*{_LIST}")):
        try:
            if path.is_symlink() or path.stat().st_size > _LARGEST_LIST:
                continue
            data = path.read_bytes()
            lines = data.decode().splitlines()
        except (OSError, ValueError):
            continue  # not ours
        owners = [line.removeprefix(_ALBUM) for line in lines if line.startswith(_ALBUM)]
        if not owners:
            continue
        if owners != [routine]:
            raise AudioError(f"{folder} already holds the album of {owners[0]}: choose another folder")
        for line in lines:
            digest, _, name = line.removeprefix(_FILE).partition(" ")
            if line.startswith(_FILE) and _is_ours(name):
                files[name] = digest
        files[path.name] = blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()
    return files


def _is_ours(name: str) -> bool:
    """Return whether a name, wherever it comes from, is one that an album could give to a file."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a Path would hide that the name contains a folder
    return name == _COVER or (suffix in {*FORMATS, ".lrc", ".vtt"} and file_name(stem, suffix) == name)


def _to_seconds(samples: int) -> int:
    return (2 * samples + RATE) // (2 * RATE)


def _write(path: Path, data: bytes, *, private: bool) -> bool:
    """Write a small file, whole or not at all, and return whether it changed."""
    with suppress(OSError):
        if path.read_bytes() == data:
            return False
    with replace_file(path, len(data), private=private) as file:
        file.write(data)
    return True


def _remove(path: Path, digest: str, kept: Iterable[Path]) -> bool:
    """Remove a file if it has exactly these bytes and is not, even under another name, one of those kept."""
    with suppress(OSError):
        if not any(path.samefile(each) for each in kept) and _digest(path) == digest:
            path.unlink()
            return True
    return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return digest_file(file, _DIGEST_BYTES)


def _shift_progress(
    progress: Callable[[int, int], None] | None, before: int, total: int
) -> Callable[[int, int], None] | None:
    """Return a callback that reports a track's progress as the album's."""
    return (lambda done, _: progress(before + done, total)) if progress else None
