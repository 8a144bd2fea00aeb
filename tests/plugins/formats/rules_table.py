"""For tables of wrong rows: a right row with one thing changed, and what a check says of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from tuneport import Problem

Check = Callable[[Any], Iterable[Problem]]
GONE = object()
"""Stands for a key that is left out."""


def changed(row: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a row with another value at a path, or without it."""
    new = copy.deepcopy(row)
    *way, last = path.strip("/").split("/")
    inner: Any = new
    for step in way:
        inner = inner[int(step) if isinstance(inner, list) else step]
    if value is GONE:
        del inner[int(last) if isinstance(inner, list) else last]
    else:
        inner[int(last) if isinstance(inner, list) else last] = value
    return new


def wrong(check: Check, row: Any) -> list[tuple[str, str]]:
    """Code and path of each problem that refuses a row."""
    return [(one.code, one.path) for one in check(row) if one.severity == "error"]
