"""From the cells of a row to an entity: names, types and nulls."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal

from tuneport import Entity

CellType = Literal["string", "integer", "number", "bool"]

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BOOLS = {
    **dict.fromkeys(("true", "t", "yes", "1"), True),
    **dict.fromkeys(("false", "f", "no", "0"), False),
}
_A = {"integer": "an integer", "number": "a number", "bool": "true or false"}


class BadCellError(Exception):
    """A cell does not hold what its column should; the text shows nothing of it."""


def entity_maker(
    columns: Sequence[str], types: Mapping[str, CellType], nulls: Collection[str], fields: frozenset[str] | None
) -> Callable[[list[str]], Entity]:
    """Make what turns a row's cells into an entity; it raises BadCellError.

    Args:
        columns: their names, in order.
        types: of columns that are no texts. An empty cell of such a column is null.
        nulls: texts that are null in any column.
        fields: the only ones anyone looks at, or None for all.
    """
    make = _projected(columns, fields)
    null = frozenset(nulls)
    typed = [
        (name, kind, _CONVERTERS[kind])
        for name, kind in types.items()
        if kind != "string" and (fields is None or name in fields)
    ]
    if not null and not typed:
        return make

    def converted(cells: list[str]) -> Entity:
        entity = make(cells)
        if null:
            entity = {name: None if text in null else text for name, text in entity.items()}
        for name, kind, convert in typed:
            text = entity[name]
            if text is not None:
                entity[name] = _converted(text.strip(), name, kind, convert)
        return entity

    return converted


def _projected(columns: Sequence[str], fields: frozenset[str] | None) -> Callable[[list[str]], Entity]:
    if fields is None or fields.issuperset(columns):
        return lambda cells: dict(zip(columns, cells, strict=True))
    wanted = [(name, position) for position, name in enumerate(columns) if name in fields]
    return lambda cells: {name: cells[position] for name, position in wanted}


def _converted(
    text: str, name: str, kind: str, convert: Callable[[str], int | float | bool | None]
) -> int | float | bool | None:
    if not text:
        return None
    value = convert(text)
    if value is None:
        raise BadCellError(f"Field '{name}' is not {_A[kind]}")
    return value


def _integer(text: str) -> int | None:
    try:
        return int(text) if _INTEGER.fullmatch(text) else None
    except ValueError:  # Python reads 4,300 digits
        return None


def _number(text: str) -> float | None:
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None


def _bool(text: str) -> bool | None:
    return _BOOLS.get(text.lower())


_CONVERTERS: dict[str, Callable[[str], int | float | bool | None]] = {
    "integer": _integer,
    "number": _number,
    "bool": _bool,
}
