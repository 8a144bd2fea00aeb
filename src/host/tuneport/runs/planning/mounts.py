"""Where file systems meet: nothing can be renamed over a mount point, nor from one mounted file system to another."""

from __future__ import annotations

import os
import re
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def is_mount(path: Path) -> bool:
    """Whether a file or folder is a mount point itself. Links are followed as far as the folder it stands in."""
    place = Path(os.path.realpath(path.parent)) / path.name
    return place in _mounted() or (not place.is_symlink() and os.path.ismount(place))


def mount_of(path: Path) -> tuple[Path, int]:
    """What tells a mounted file system from another: where it is mounted, and its device number.

    Two folders of one device may be mounted apart, and one mount may hold several devices (subvolumes).

    Raises:
        OSError: there is nothing at the path.
    """
    place = Path(os.path.realpath(path))
    mounted = _mounted()
    return next((folder for folder in (place, *place.parents) if folder in mounted), Path("/")), place.stat().st_dev


def _mounted() -> set[Path]:
    """All mount points, those of single files and of folders bound to another place of the same device among them.

    Empty where the system does not list them.
    """
    try:
        lines = _TABLE.read_bytes().splitlines()
    except OSError:
        return set()
    return {Path(os.fsdecode(_ESCAPED.sub(_character, line.split(b" ")[4]))) for line in lines}


def _character(escaped: re.Match[bytes]) -> bytes:
    return bytes([int(escaped[1], 8)])
