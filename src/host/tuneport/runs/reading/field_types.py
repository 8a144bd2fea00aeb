"""Types of fields, by the values seen: what columns are called in schemas, and the type that holds two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from tuneport.model import Entity
from tuneport.nesting import held_by

_MOST_SHAPES, _MOST_FIELDS = 1000, 250
"""How many shapes of records are remembered, and of how many fields: those of hostile ones have no end."""


def types_in(entities: Iterable[Entity], types: dict[str, str]) -> dict[str, str]:
    """Field name to the type that holds every value seen."""
    # Most records have the same fields with values of the same types: only lists have to be looked into then.
    shapes: dict[object, list[str]] = {}
    for entity in entities:
        # Whoever passes something else than a dict is told by the run itself, record by record.
        if not issubclass(type(entity), dict):
            continue
        shape = (tuple(dict.keys(entity)), tuple(map(type, dict.values(entity))))
        lists = shapes.get(shape)
        if lists is not None:
            for name in lists:
                if types[name] != "json":  # which holds everything
                    types[name] = merged(types[name], _type(dict.get(entity, name)))
            continue
        lists = _looked_into(entity, types)
        if len(shapes) < _MOST_SHAPES and len(shape[0]) <= _MOST_FIELDS:
            shapes[shape] = lists
    return types


def _looked_into(entity: Entity, types: dict[str, str]) -> list[str]:
    """Add what one record says of its fields; the names of those that hold lists."""
    lists = []
    for name, value in dict.items(entity):
        if issubclass(type(name), str) and _encodable(name):
            types[name] = merged(types.get(name, ""), _type(value))
            if issubclass(type(value), list | tuple):
                lists.append(name)
    return lists


def _encodable(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _type(value: Any, depth: int = 0) -> str:
    if value is None:
        return ""
    kind = type(value)
    if kind is list and (kinds := frozenset(map(type, value))) <= _PLAIN:
        return _list_of(kinds)
    if issubclass(kind, list | tuple):
        inner = ""
        for item in held_by(value) if depth < 3 else ():
            inner = merged(inner, _type(item, depth + 1))
        return list_of(inner)
    return _SCALARS.get(kind, "json" if issubclass(kind, Mapping) else "string")


_SCALARS = {str: "string", bool: "bool", int: "integer", float: "number"}
_PLAIN = frozenset({*_SCALARS, type(None), dict})


@cache
def _list_of(kinds: frozenset[type]) -> str:
    """The type of a list that holds values of these types, all of them plain."""
    inner = ""
    for kind in kinds - {type(None)}:
        inner = merged(inner, _SCALARS.get(kind, "json"))
    return list_of(inner)


def list_of(inner: str) -> str:
    """The type of lists of such values; `list[]` where nothing is known of them."""
    return f"list[{inner}]" if inner in {"", "string", "integer", "number"} else "json"


def seen_type(kind: str) -> str:
    """A type as it is told: lists of which nothing is known are lists of texts."""
    return "list[string]" if kind == "list[]" else kind


def merged(one: str, other: str) -> str:
    """The type that holds values of both."""
    if one == other or not other:
        return one
    if not one:
        return other
    if {one, other} == {"integer", "number"}:
        return "number"
    if one.startswith("list[") and other.startswith("list["):
        return list_of(merged(one[5:-1], other[5:-1]))
    return "json" if "json" in {one, other} or "[" in one + other else "string"
