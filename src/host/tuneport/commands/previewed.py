"""A preview for a person: each record beside its rows, in lines that fit a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unicodedata import east_asian_width

import msgspec.json

from tuneport.commands.planned import plan_rows, title_line
from tuneport.model import Entity
from tuneport.runs.plain import plain_value
from tuneport.runs.preview import Preview, PreviewItem, Refusal

_WIDTH = 100
_NAME = 24
"""The widest name that stands beside what it names."""
_FIELDS = 24
"""How many fields of a record are shown; those that the run reads come first."""
_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})


def preview_lines(preview: Preview, following: str) -> str:
    """The records and their rows, the plan, and the command that exports them."""
    facts = preview.plan
    names = [_name(item) for item in preview.items]
    indent = 3 + max((len(name) for name in names if len(name) <= _NAME), default=3)
    lines = [title_line(facts), ""]
    for name, item in zip(names, preview.items, strict=True):
        lines += [*_record(name, item, facts.reads, indent), *_outcome(item, indent)]
    lines += ["" if preview.items else "no records\n", *plan_rows(facts)]
    return "\n".join(
        [*lines, *(f"\nnote  {note}" for note in preview.notes), "\nnothing written", f"\nnext  {following}"]
    )


def _name(item: PreviewItem) -> str:
    return shorten(item.key or item.locator, _WIDTH)


def _record(name: str, item: PreviewItem, reads: list[str] | None, indent: int) -> list[str]:
    """The record's name, and its fields on its right."""
    fields = _fields(item.entity or {}, reads)
    width = 2 + max((len(field) for field in fields if len(field) <= _NAME), default=0)
    lines = []
    for field, value in fields.items():
        start = f"{' ' * indent}{shorten(field, _NAME):<{width}}"
        lines.append(start + shorten(value, _WIDTH - columns(start)))
    left_out = len(item.entity or {}) - len(fields)
    lines += [f"{' ' * indent}and {left_out:,} more fields"] if left_out else []
    if lines and columns(name) + 3 <= indent:
        return [name + lines[0][columns(name) :], *lines[1:]]
    return [name, *lines]


def _fields(entity: Entity, reads: list[str] | None) -> dict[str, str]:
    """Field to text, in the record's order."""
    shown = set(sorted(entity, key=lambda field: reads is not None and field not in reads)[:_FIELDS])
    return {str(plain_value(field)): _value(entity[field]) for field in entity if field in shown}


def _value(value: Any) -> str:
    plain = plain_value(value)
    return plain if isinstance(plain, str) and plain else _json(plain)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _outcome(item: PreviewItem, indent: int) -> list[str]:
    """What becomes of the record, behind arrows."""
    start = f"{'-> ':>{indent}}"
    if item.reject is not None:
        return [start + _reason(item.reject, _WIDTH - indent)]
    width = 2 + max(len(name) for name in [*item.rows, *item.refusals])
    lines = []
    for name, rows in item.rows.items():
        for row in rows:
            first, *others = _row(row, _WIDTH - indent - width)
            lines += [f"{start}{name:<{width}}{first}", *(" " * (indent + width) + line for line in others)]
    for name, refusal in item.refusals.items():
        lines.append(f"{start}{name:<{width}}refused: {_reason(refusal, _WIDTH - indent - width - 9)}")
    return lines


def _reason(refusal: Refusal, room: int) -> str:
    around = f"{refusal.code}     ({refusal.stage})"
    return f"{refusal.code}  {shorten(refusal.reason, room - len(around))}   ({refusal.stage})"


def _row(row: dict[str, Any], room: int) -> list[str]:
    """A row as JSON: on one line where it fits, else a line for each column."""
    whole = _json(row)
    if columns(whole) <= room:
        return [whole]
    lines: list[str] = []
    for column, value in row.items():
        start = f"{' ' if lines else '{'}{_json(column)}:"
        lines.append(f"{start}{_cut(value, room - columns(start) - 1)},")
    return [*lines[:-1], f"{lines[-1][:-1]}}}"]


def _cut(value: Any, room: int) -> str:
    """A value as JSON; of a text, its own characters are counted."""
    if isinstance(value, str):
        return f'"{shorten(value, room - 2, lambda text: _json(text)[1:-1])}"'
    return shorten(_json(value), room)


def _one_line(text: str) -> str:
    return text.translate(_BREAKS)


def shorten(text: str, room: int, shown: Callable[[str], str] = _one_line) -> str:
    """A text in `room` columns: the beginning, and how much more there is, where it is longer.

    Args:
        text: what is shortened, and whose characters are counted.
        room: how many columns there are.
        shown: what becomes of it on the terminal.
    """
    if len(text) <= room and columns(line := shown(text)) <= room:
        return line
    for kept in range(min(room, len(text) - 1), 0, -1):
        line = f"{shown(text[:kept])}..., {len(text) - kept:,} more characters"
        if columns(line) <= room:
            return line
    return f"{len(text):,} characters"


def columns(text: str) -> int:
    """How wide a text is on a terminal."""
    return len(text) if text.isascii() else sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
