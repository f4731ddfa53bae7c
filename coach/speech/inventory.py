"""What lies in the folder of a clip cache, and which of it is Coach's own.

    <root>/CACHEDIR.TAG           says that it is a cache, and Coach's
    <root>/3f/3f0c...e1.wav       a clip
    <root>/exports/5a17...c2      what an export wrote, as `coach.encode` remembers it
    <root>/covers/07d1...4b.jpg   a cover that was drawn
    <root>/tracks/hip_morning.mp3 a track from which copies for phones are made, or an album's folder of them
    <root>/made/91ce...07         that Coach made a track: name and content decide the name of this empty file

A cache is one only if it bears the mark (https://bford.info/cachedir/, which backup programs know too).
What Coach did not make stays, wherever it lies: a file counts as Coach's by its name and its place, and a
track only by what was noted when it was made. Links are never followed, at any level.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from coach.atomic import replace_file
from coach.errors import AudioError
from coach.text_enum import TextEnum
from coach.trust import make_inner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MARK = "CACHEDIR.TAG"
"""The file that says that a folder is a cache."""

_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55\n"
_OURS = b"# This is a cache of Coach: all that Coach keeps in it can be made again.\n"
_TAG = _SIGNATURE + _OURS + b"# About such files: https://bford.info/cachedir/\n"
_FURNITURE = {MARK, ".gitignore", ".gitkeep", ".DS_Store", "Thumbs.db", "desktop.ini"}
"""Files that stand in many folders: they neither make one somebody else's nor are worth a word."""

_CLIPS = re.compile(r"[0-9a-f]{2}")
_CLIP = re.compile(r"[0-9a-f]{40}\.wav")
_UNFINISHED = re.compile(r"[0-9a-f]{2,40}\.[0-9]+-[0-9]+-[0-9]+\.tmp")
_BEING_WRITTEN = re.compile(r"\..+\.[0-9]+-[0-9a-f]{8}\.coach-part")  # by coach.atomic, which sweeps them
_CHUNK = 1 << 20


class Kind(TextEnum):
    """What a file of the cache is."""

    CLIP = "clip"
    EXPORT = "export"
    COVER = "cover"
    TRACK = "track"
    UNFINISHED = "unfinished"
    NOTE = "note"


_FOLDERS = {
    "exports": (re.compile(r"[0-9a-f]{40}"), Kind.EXPORT),
    "covers": (re.compile(r"[0-9a-f]{40}\.jpg"), Kind.COVER),
    "made": (re.compile(r"[0-9a-f]{40}"), Kind.NOTE),
}


class Kept(NamedTuple):
    """A file of the cache.

    Attributes:
        used: when it was used last, to the day: seconds since the epoch.
        size: its size in bytes.
        path: where it is.
        kind: what it is.
    """

    used: float
    size: int
    path: Path
    kind: Kind


class Inventory(NamedTuple):
    """What lies in a cache.

    Attributes:
        files: what Coach keeps: clips, memories of exports, covers and tracks.
        litter: what killed writers left or are just writing, and notes of tracks that are gone.
        others: what is not Coach's: files, folders, and links, which are not looked into.
    """

    files: list[Kept]
    litter: list[Kept]
    others: list[Path]


def is_marked(root: Path) -> bool:
    """Tell whether a folder bears the mark of a cache of Coach's."""
    path = root / MARK
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(len(_SIGNATURE + _OURS))
    except OSError:
        return False
    return head.replace(b"\r\n", b"\n").startswith(_SIGNATURE + _OURS)


def mark(root: Path) -> None:
    """Make a folder that is there a cache of Coach's.

    Raises:
        OSError: the mark cannot be written.
    """
    try:
        with replace_file(root / MARK, len(_TAG), private=True) as file:
            file.write(_TAG)
    except AudioError as error:
        raise error.__cause__ if isinstance(error.__cause__, OSError) else OSError(str(error)) from error


def is_free(root: Path) -> bool:
    """Tell whether a folder without the mark may become a cache: nothing of somebody else's is in it.

    It is not there, or holds nothing, or only what an older Coach, which set no mark, kept there.
    """
    if not os.access(root, os.R_OK):
        return not os.path.lexists(root)
    found = take_inventory(root)
    clips = any(file.kind is Kind.CLIP for file in found.files)
    tracks = root / "tracks"
    # An older Coach took no note of its tracks: that there are clips, too, tells that the folder is its own.
    others = [path for path in found.others if not (clips and tracks in path.parents)]
    return not others and (clips or not found.files)


def take_inventory(root: Path) -> Inventory:
    """Return what lies in a folder; whether it is a cache is not asked."""
    found = Inventory([], [], [])
    notes: list[Kept] = []
    for entry in _entries(root):
        if entry.name in _FURNITURE:
            continue
        known = _CLIPS.fullmatch(entry.name) or entry.name in (*_FOLDERS, "tracks")
        if not known or not _is_folder(entry):
            if not _BEING_WRITTEN.fullmatch(entry.name):
                found.others.append(Path(entry.path))
            continue
        for each in _entries(Path(entry.path)) if entry.name != "tracks" else ():
            kept = _kept(each, _kind(entry.name, each.name))
            if kept is None:
                found.others.append(Path(each.path))
            elif kept.kind is Kind.NOTE:
                notes.append(kept)
            else:
                (found.litter if kept.kind is Kind.UNFINISHED else found.files).append(kept)
    _look_at_tracks(root, found, notes)
    there = sorted(path for path in found.others if os.path.lexists(path))  # others come and go meanwhile
    return found._replace(others=there)


def note_made(root: Path, tracks: Iterable[Path]) -> None:
    """Note of tracks, below `root / "tracks"`, that Coach made them, and that they are used today.

    Raises:
        OSError: a note cannot be written.
    """
    folder = root / "made"
    make_inner(folder)
    for path in tracks:
        (folder / _note_of(root, path)).touch(mode=0o600)
        os.utime(path)


def _look_at_tracks(root: Path, found: Inventory, notes: list[Kept]) -> None:
    known = {note.path.name for note in notes}
    needed: set[str] = set()
    for path in _files_below(root / "tracks", found):
        with suppress(OSError):
            name = _note_of(root, path) if known else ""
            if name in known:
                needed.add(name)
                there = path.lstat()
                found.files.append(Kept(there.st_mtime, there.st_size, path, Kind.TRACK))
            else:
                found.others.append(path)
    found.litter.extend(note for note in notes if note.path.name not in needed)


def _files_below(tracks: Path, found: Inventory) -> Iterator[Path]:
    """Yield the files in a folder, and in its folders; what else is there is others' or litter."""
    if tracks.is_symlink() or not tracks.is_dir():
        return
    folders = [tracks]
    while folders:
        for entry in _entries(folder := folders.pop()):
            if entry.is_file(follow_symlinks=False):
                if _BEING_WRITTEN.fullmatch(entry.name):
                    if kept := _kept(entry, Kind.UNFINISHED):
                        found.litter.append(kept)
                elif entry.name not in _FURNITURE:
                    yield Path(entry.path)
            elif folder == tracks and _is_folder(entry):
                folders.append(Path(entry.path))
            else:
                found.others.append(Path(entry.path))


def _note_of(root: Path, track: Path) -> str:
    """Return the name of the note of a track."""
    name = track.relative_to(root / "tracks").as_posix().encode("utf-8", "surrogateescape")
    digest = blake2b(len(name).to_bytes(4, "little") + name, digest_size=20)
    with track.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _kind(folder: str, name: str) -> Kind | None:
    """Return what a file is by its name and that of its folder; None if it is not Coach's."""
    if _BEING_WRITTEN.fullmatch(name):
        return Kind.UNFINISHED
    if folder in _FOLDERS:
        pattern, kind = _FOLDERS[folder]
        return kind if pattern.fullmatch(name) else None
    if name[:2] != folder:
        return None
    if _CLIP.fullmatch(name):
        return Kind.CLIP
    return Kind.UNFINISHED if _UNFINISHED.fullmatch(name) else None


def _kept(entry: os.DirEntry[str], kind: Kind | None) -> Kept | None:
    """Return an entry as a file of the cache; None if it is none, or just gone."""
    if kind is None or not entry.is_file(follow_symlinks=False):
        return None
    try:
        there = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return Kept(there.st_mtime, there.st_size, Path(entry.path), kind)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, and no link to one, nor what Windows calls a junction."""
    is_junction = getattr(entry, "is_junction", None)  # since Python 3.12
    return entry.is_dir(follow_symlinks=False) and not (is_junction and is_junction())


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what is in a folder; nothing if it cannot be read or is just gone."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []
