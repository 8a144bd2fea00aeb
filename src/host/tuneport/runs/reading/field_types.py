"""Types of fields, by the values seen: what columns are called in schemas, and the type that holds two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tuneport.model import Entity
from tuneport.nesting import held_by


def types_in(entities: Iterable[Entity], types: dict[str, str]) -> dict[str, str]:
    """Field name to the type that holds every value seen."""
    settled: set[tuple[object, type]] = set()
    for entity in entities:
        # Whoever passes something else than a dict is told by the run itself, record by record.
        for name, value in dict.items(entity) if issubclass(type(entity), dict) else ():
            kind = type(value)
            if (name, kind) in settled or not issubclass(type(name), str) or not _encodable(name):
                continue
            types[name] = merged(types.get(name, ""), _type(value))
            if kind in _SCALARS:
                settled.add((name, kind))
    return types


def _encodable(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _type(value: Any, depth: int = 0) -> str:
    if value is None:
        return ""
    kind = type(value)
    if issubclass(kind, list | tuple):
        inner = ""
        for item in held_by(value) if depth < 3 else ():
            inner = merged(inner, _type(item, depth + 1))
        return list_of(inner)
    return _SCALARS.get(kind, "json" if issubclass(kind, Mapping) else "string")


_SCALARS = {str: "string", bool: "bool", int: "integer", float: "number"}


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
