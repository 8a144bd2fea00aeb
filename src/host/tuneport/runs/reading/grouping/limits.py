"""How large groups may get, and how much of them is held."""

from __future__ import annotations

from collections.abc import Sequence

from tuneport.errors import DataError

HELD = 64 << 20
"""Bytes of rows that are held in memory while they are grouped; beyond that they wait on disk."""


def too_large(group: str, by: Sequence[str], most: int) -> DataError:
    """The error of a group with too many rows."""
    what = f"{group} has more than {most:,} rows, which is no conversation"
    return DataError(what, f"check that {', '.join(by)} names conversations (group.by), or raise group.max_rows")
