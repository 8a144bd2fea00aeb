"""Plugins as a table: a line each, and below it what does not fit beside the name."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from tuneport.plugin_manager.trust.files import absolute

WIDTH = 100
"""Columns that a line may take, where names allow it."""

_FEW = 3
"""Names that are listed; of more, only how many there are of each kind."""

_NARROWEST = 40
"""Columns that the last one is given however wide the others are."""

_HEAD = ("NAME", "VERSION", "STATE", "FROM", "PROVIDES")


def table(rows: Sequence[Mapping[str, Any]], kind: str | None = None, dirs: Sequence[str] = ()) -> str:
    """A line per plugin; more where one is broken, or where all names of a kind are asked for.

    Args:
        rows: as `plugins list --json` has them.
        kind: list the names of this kind alone, all of them.
        dirs: plugin directories; what comes from one is said to come from it.
    """
    cells = [_HEAD[:4], *((row["name"], row["version"], row["state"], _from(row["origin"], dirs)) for row in rows)]
    widths = [max(len(cell[column]) for cell in cells) for column in range(4)]
    room = max(_NARROWEST, WIDTH - sum(widths) - 2 * len(widths))
    last = [[_HEAD[4]], *(_last(row, kind, room) for row in rows)]
    lines: list[str] = []
    for cell, (first, *more) in zip(cells, last, strict=True):
        columns = [text.ljust(width) for text, width in zip(cell, widths, strict=True)]
        lines.append("  ".join([*columns, first]).rstrip())
        # Below its column; further to the left where it would not fit.
        lines += [" " * max(4, WIDTH - max(room, len(text))) + text for text in more]
    return "\n".join(lines)


def _from(origin: str, dirs: Sequence[str]) -> str:
    if origin == "installed (tuneport)":
        return "installed"
    holding = [one for one in dirs if PurePath(origin).is_relative_to(absolute(one))]
    return max(holding, key=len) if holding else origin


def _last(row: Mapping[str, Any], kind: str | None, room: int) -> list[str]:
    """What stands in the last column, in as many lines as it needs."""
    if row["reason"]:
        together = f"{row['reason']}   {row['hint']}".rstrip()
        if len(together) <= room:
            return [together]
        # The fix may be a command: it is not broken, so that it can be copied.
        return [*_wrapped(row["reason"], room), *([row["hint"]] if row["hint"] else [])]
    provides = row["provides"]
    if provides is None:
        return ["unknown until loaded"]
    if kind is not None:
        return _wrapped(", ".join(provides.get(kind, ())), room)
    return [_provided(provides, room)]


def _wrapped(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]


def _provided(provides: Mapping[str, Sequence[str]], room: int) -> str:
    names = [f"{kind.removesuffix('s')} {name}" for kind, of_kind in provides.items() for name in of_kind]
    text = ", ".join(names)
    if len(names) <= _FEW and len(text) <= room:
        return text
    lengths = {kind: len(of_kind) for kind, of_kind in provides.items() if of_kind}
    counts = [f"{length} {kind if length > 1 else kind.removesuffix('s')}" for kind, length in lengths.items()]
    for shown in range(len(counts), 0, -1):
        text = ", ".join([*counts[:shown], *(["..."] if shown < len(counts) else [])])
        if len(text) <= room:
            break
    return text
