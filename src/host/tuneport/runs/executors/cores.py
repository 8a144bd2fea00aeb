"""How many cores this process may use: what the system lets it run on, less where a container is given less."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path, PurePosixPath

_GROUPS = Path("/sys/fs/cgroup")
_OURS = Path("/proc/self/cgroup")


def usable() -> int:
    """How many cores are usable; at least 1."""
    return max(1, min(_allowed(), ceil(quota(_OURS, _GROUPS) or _allowed())))


def _allowed() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota(ours: Path, groups: Path) -> float | None:
    """The least share of processor time that a control group above this process has, in cores; None where none has.

    Args:
        ours: the file that says in which groups this process is.
        groups: where they are mounted.
    """
    found: list[float] = []
    for line in _text(ours).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        root = groups if not controllers else groups / controllers
        if not controllers or "cpu" in controllers.split(","):
            place = PurePosixPath(path.lstrip("/"))
            found += [share for part in (place, *place.parents) if (share := _share(root / part)) is not None]
    return min(found, default=None)


def _share(group: Path) -> float | None:
    """What one group has, as version 2 says it, or version 1."""
    both = _text(group / "cpu.max").split() or [
        *_text(group / "cpu.cfs_quota_us").split(),
        *_text(group / "cpu.cfs_period_us").split(),
    ]
    try:
        most, period = (int(one) for one in both)
    except ValueError:
        return None  # "max", or nothing at all
    return most / period if most > 0 and period > 0 else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
