"""Amounts of bytes: what a folder takes, and how a person reads it."""

from __future__ import annotations

import os
from pathlib import Path


def size(count: int) -> str:
    """Bytes: `24.0 GB`."""
    if count < 1000:
        return f"{count} bytes"
    power = min(4, (len(str(count)) - 1) // 3)
    return f"{count / 1000**power:.1f} {('kB', 'MB', 'GB', 'TB')[power - 1]}"


def bytes_in(folder: Path) -> int:
    """Bytes of all files below a folder; what cannot be looked at counts for nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  -- a hundred thousand names
            except OSError:
                continue
    return total
