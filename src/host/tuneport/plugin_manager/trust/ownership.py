"""Who could change a file: only root and whoever runs this may."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tuneport.plugin_manager.refusals import RefusedError

MAX_LINKS = 40


def guard_place(path: Path, *, private: bool = False) -> str:
    """Check a path and every folder and link on the way to it.

    A folder on the way that anybody may write to is fine where it is sticky, as /tmp is: nobody can then replace
    what others put there.

    Args:
        path: what is checked.
        private: a group that has its owner's number is the owner's alone.

    Returns:
        The first of them that its group may write to; "" where there is none.

    Raises:
        RefusedError: somebody else could change what stands there.
        OSError: there is no such path.
    """
    *parents, last = components(path)
    loose = [guard(parent, parent.lstat(), sticky=True, private=private) for parent in parents]
    loose.append(guard(last, last.lstat(), private=private))
    return next((one for one in loose if one), "")


def guard(path: Path, status: os.stat_result, *, sticky: bool = False, private: bool = False) -> str:
    """Check one file or folder. Where the file system is read-only, nobody may write, whatever its mode says.

    Returns:
        Its path where its group may write to it, else "".

    Raises:
        RefusedError: it belongs to somebody else, or anybody may write to it.
    """
    if status.st_uid not in {0, os.geteuid()}:
        raise RefusedError("unsafe", f"{path} belongs to another user ({status.st_uid})", f"chown it: {path}")
    if stat.S_ISLNK(status.st_mode) or (sticky and status.st_mode & stat.S_ISVTX):
        return ""
    if not status.st_mode & (stat.S_IWOTH | stat.S_IWGRP) or _read_only(path):
        return ""
    if status.st_mode & stat.S_IWOTH:
        raise RefusedError("unsafe", f"anybody may write to {path}", f"chmod o-w {path}")
    return "" if private and status.st_gid == status.st_uid else str(path)


def _read_only(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def leads_through(path: Path, folder: Path) -> bool:
    """Whether a path stands in a folder, or leads through it by a link."""
    real = folder.resolve()
    return any(real in step.parents for step in components(path))


def components(path: Path) -> Iterator[Path]:
    """The root, every folder and link that a path leads through, and what it leads to at last."""
    here = Path("/")
    yield here
    waiting = [part for part in reversed((Path.cwd() / path).parts) if part != "/"]
    links = 0
    while waiting:
        part = waiting.pop()
        if part == "..":
            here = here.parent
            continue
        step = here / part
        yield step
        if not step.is_symlink():
            here = step
            continue
        links += 1
        if links > MAX_LINKS:
            raise RefusedError("unsafe", f"{path} leads through more than {MAX_LINKS} links")
        target = step.readlink()
        here = Path("/") if target.is_absolute() else here
        waiting.extend(part for part in reversed(target.parts) if part != "/")
