"""Which folders and files are this user's alone: nobody else can have written what is in them.

Windows has no owners and modes in this sense: there the rights of the profile's folder, which only its user
may enter, are what is relied on, and nothing here objects.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_ROOT = 0
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PRIVATE = 0o700
_LISTED_GROUP = "system.posix_acl_access"


def distrust(folder: Path) -> str | None:
    """Return why others could change what is in a folder, as one line; None if only this user and root can.

    What is above it counts too, as for ssh's StrictModes: up to the home if it lies there, else up to the
    top. A folder that does not exist yet is judged by those that do.

    Args:
        folder: the folder; links on the way to it are followed.
    """
    if not hasattr(os, "getuid"):
        return None
    real = Path(os.path.realpath(folder))
    home = Path(os.path.realpath(os.path.expanduser("~")))  # noqa: PTH111 - Path.home() fails without one
    for level in (real, *real.parents):
        try:
            there = level.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return f"{level}: {error.strerror or error}"
        if not stat.S_ISDIR(there.st_mode):  # whoever wants a folder there will be told so
            continue
        if there.st_uid not in ({os.getuid()} if level == real else {os.getuid(), _ROOT}):
            return f"{level} belongs to another user"
        # In a sticky folder, such as /tmp, nobody can rename what is somebody else's.
        sticky = there.st_mode & stat.S_ISVTX and level != real
        if not sticky and _others_may_write(level, there):
            return f"others can write to {level}"
        if level == home:
            break
    return None


def is_private(there: os.stat_result) -> bool:
    """Tell whether a file is this user's, and nobody else may even read it."""
    if not hasattr(os, "getuid"):
        return True
    return there.st_uid == os.getuid() and not there.st_mode & _OTHERS


def make_private(folder: Path) -> None:
    """Make a folder that only this user can enter, with all above it; shut others out of one that is there.

    Raises:
        OSError: it cannot be made, or it is somebody else's.
    """
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    if not is_private(folder.stat()):
        folder.chmod(_PRIVATE)


def make_inner(folder: Path) -> None:
    """Make a folder that only this user can enter, in one that is there; shut others out of an old one.

    Raises:
        OSError: it cannot be made; also if a link or a file is in its place.
    """
    with suppress(FileExistsError):
        folder.mkdir(mode=_PRIVATE)
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "a link or a file is in its place", str(folder))
    shut_out_others(folder)


def open_private(name: str, flags: int) -> int:
    """Open a file for `open(..., opener=open_private)`: what that makes, nobody else can read."""
    return os.open(name, flags, 0o600)


def shut_out_others(path: Path) -> None:
    """Take all rights to a file or a folder of this user's from everybody else, where that can be done.

    Links are left alone, and so is what belongs to somebody else, or lies where there are no modes.
    """
    with suppress(OSError):
        there = path.lstat()
        kinds = (stat.S_ISREG, stat.S_ISDIR)
        if any(is_kind(there.st_mode) for is_kind in kinds) and not is_private(there):
            path.chmod(stat.S_IMODE(there.st_mode) & ~_OTHERS)


def _others_may_write(level: Path, there: os.stat_result) -> bool:
    if there.st_mode & stat.S_IWOTH:
        return True
    return bool(there.st_mode & stat.S_IWGRP) and not _is_of_one(level, there.st_gid)


def _is_of_one(level: Path, group: int) -> bool:
    """Tell whether a group has this user as its only member, as many Linux systems give each user one.

    There folders are made writable for it; OpenSSH on Debian makes the same exception.
    """
    import grp  # noqa: PLC0415 - seldom needed, and not on Windows
    import pwd  # noqa: PLC0415 - as above

    with suppress(OSError, AttributeError):  # not there, or on a system without such lists
        os.getxattr(level, _LISTED_GROUP)  # type: ignore[attr-defined,unused-ignore]
        return False  # the mode's group bits stand for a list of users and groups
    try:
        user, there = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return (
        user.pw_gid == group
        and there.gr_name == user.pw_name
        and set(there.gr_mem) <= {user.pw_name}
        and all(each.pw_uid == user.pw_uid for each in pwd.getpwall() if each.pw_gid == group)
    )
