"""An inspection for a person: tables, or fields and a recipe, in lines that fit a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from tuneport.commands.previewed import columns, shorten
from tuneport.inspection import FieldFacts, Inspection
from tuneport.source import Table

_WIDTH = 100
_NAME = 24
"""The widest name that stands beside what it names."""
_MOST = 60
"""How many lines a table of fields or tables has."""


def inspection_lines(found: Inspection, source: str, table: str | None, written: str | None) -> str:
    """What there is, the recipe, and the command that follows."""
    if found.tables:
        return "\n".join(
            [f"{found.title}, {len(found.tables):,} tables", "", *_tables(found.tables), "", _choose(source)]
        )
    lines = [_title(found), "", *_fields(found.fields)]
    if written is not None:
        return "\n".join([*lines, "", f"wrote {written}", f"next  {shlex.join(['tuneport', 'preview', written])}"])
    if not found.recipe:
        return "\n".join([*lines, "", "no column to train on, so no recipe"])
    named = [] if table is None else ["--table", table]
    following = shlex.join(["tuneport", "inspect", source, *named, "--write", "recipe.toml"])
    return "\n".join([*lines, "", found.recipe, f"next  {following}"])


def _title(found: Inspection) -> str:
    counted = found.rows == found.looked_at
    title = found.title
    if found.rows is not None:
        title += f", {'' if counted else 'about '}{found.rows:,} record{'' if found.rows == 1 else 's'}"
    looked = "" if counted else f"; the first {found.looked_at:,} were looked at"
    return title + looked + (f"; {found.unreadable:,} cannot be read" if found.unreadable else "")


def _fields(fields: Sequence[FieldFacts]) -> list[str]:
    if not fields:
        return ["no fields"]
    rows = [("FIELD", "TYPE", "NULL", "MEDIAN", "LONGEST", "DISTINCT", "EXAMPLE"), *map(_field, fields[:_MOST])]
    return [*_aligned(rows), *_left_out(len(fields), "field")]


def _field(field: FieldFacts) -> tuple[str, ...]:
    median, longest = ("" if size is None else f"{size:,}" for size in (field.median_length, field.max_length))
    distinct = "unique" if field.unique else "" if field.distinct is None else f"{field.distinct:,}"
    nulls = "" if field.nulls == 0 else "< 1 %" if field.nulls < 0.01 else f"{field.nulls:.0%}".replace("%", " %")
    return shorten(field.name, _NAME), field.type, nulls, median, longest, distinct, field.example


def _tables(tables: Sequence[Table]) -> list[str]:
    rows = [("TABLE", "ROWS", "KEY", "COLUMNS"), *map(_table, tables[:_MOST])]
    return [*_aligned(rows), *_left_out(len(tables), "table")]


def _table(table: Table) -> tuple[str, ...]:
    rows = "" if table.rows is None else f"about {table.rows:,}"
    return shorten(table.name, _NAME), rows, shorten(", ".join(table.key), _NAME), ", ".join(table.fields)


def _left_out(count: int, noun: str) -> list[str]:
    return [] if count <= _MOST else [f"  and {count - _MOST:,} more {noun}{'' if count - _MOST == 1 else 's'}"]


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns that are as wide as what stands in them; the last takes what is left."""
    widths = [max(map(columns, column)) for column in list(zip(*rows, strict=True))[:-1]]
    lines = []
    for row in rows:
        start = "  " + "".join(
            f"{cell}{' ' * (width - columns(cell))}  " for cell, width in zip(row, widths, strict=False)
        )
        lines.append((start + _cut(row[-1], _WIDTH - columns(start))).rstrip())
    return lines


def _cut(text: str, room: int) -> str:
    """As much of a text as there is room for."""
    if columns(text) <= room:
        return text
    while text and columns(text) > room - 3:
        text = text[:-1]
    return f"{text.rstrip(' ,')}..."


def _choose(source: str) -> str:
    return f"next  {shlex.join(['tuneport', 'inspect', source, '--table'])} NAME"
