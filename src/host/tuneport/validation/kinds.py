"""The types of values, and what loaders cannot bring together."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

import msgspec

from tuneport.validation.strict import FaultError, int_range


class Items(msgspec.Struct, frozen=True):
    """A list, and what all its items are."""

    item: Kind


class Fields(msgspec.Struct, frozen=True):
    """An object, and what stands under its keys."""

    fields: dict[str, Kind]


Kind = str | None | Items | Fields
"""`"text"`, `"integer"`, `"float"`, `"bool"`; `"mixed"` for a list's items of several kinds; None for null."""

_NUMBERS = (("integer", "float"), ("float", "integer"))
_INT64 = range(-(2**63), 2**63)


def kind_of(value: Any) -> Kind:
    """The kind of a value that was read from JSON.

    Raises:
        FaultError: it holds a number that loaders do not keep.
    """
    kind = type(value)
    if kind is str:
        return "text"
    if kind is bool:
        return "bool"
    if kind is int:
        if value not in _INT64:
            raise int_range()
        return "integer"
    if kind is float:
        if not isfinite(value):
            raise FaultError("not_finite", "a number is too large for a float", "write it as text")
        return "float"
    if kind is dict:
        return Fields({name: kind_of(inner) for name, inner in value.items()})
    if kind is list:
        item: Kind = None
        for inner in value:
            item = _together(item, kind_of(inner))
        return Items(item)
    return None


def _together(one: Kind, other: Kind) -> Kind:
    """What holds values of both, in one list."""
    if one == other or other is None:
        return one
    if one is None:
        return other
    if (one, other) in _NUMBERS:
        return "float"
    if isinstance(one, Items) and isinstance(other, Items):
        return Items(_together(one.item, other.item))
    if isinstance(one, Fields) and isinstance(other, Fields):
        names = one.fields | other.fields
        return Fields({name: _together(one.fields.get(name), other.fields.get(name)) for name in names})
    return "mixed"


def word(kind: Kind) -> str:
    """A kind in plain words, with its article."""
    if isinstance(kind, Items):
        return "a list"
    if isinstance(kind, Fields):
        return "an object"
    words = {"text": "a text", "integer": "an integer", "float": "a float", "bool": "true or false"}
    return words.get(kind, "a mixed value") if kind is not None else "null"


Tell = Callable[[str, str, str, str], None]
"""Tell a problem: its code, path, message and hint."""


def reconciled(known: Kind, seen: Kind, path: str, *, late: bool, tell: Tell) -> Kind:
    """What a column is, after one more value; what loaders would fail on is told.

    Args:
        known: what it was so far.
        seen: what the value is.
        path: the column, for what is told.
        late: the value stands where loaders have made up their minds already.
        tell: is told.
    """
    if seen is None or seen == known:
        return known
    if known is None:
        _after_null(seen, path, late, tell)
        return seen
    if isinstance(known, Fields) and isinstance(seen, Fields):
        return _fields(known, seen, path, late, tell)
    if isinstance(known, Items) and isinstance(seen, Items):
        return Items(reconciled(known.item, seen.item, f"{path}[]", late=late, tell=tell))
    if (known, seen) == ("integer", "float"):
        message = f"{path} is a float after integers: loaders expect integers then"
        tell("float_after_integers", path, message, "write every one as a float: 1.0")
        return seen
    if (known, seen) == ("float", "integer"):
        hint = f"write {'weights' if path == 'weight' else 'them all'} as floats: 1.0"
        tell("integer_among_floats", path, f"{path} is an integer, 1.0 is wanted", hint)
        return known
    message = f"{path} is {word(seen)}, and {word(known)} in the rows before"
    tell("type_changed", path, message, "write one type in each column")
    return known


def _after_null(seen: Kind, path: str, late: bool, tell: Tell) -> None:
    # An empty list says as little about its items as null does about a value.
    empty = "empty" if path.endswith("[]") else "null"
    if isinstance(seen, Fields) and empty == "null":
        tell("object_after_null", path, f"{path} is an object, and null in the rows before", "write all keys, as null")
    elif late:
        message = f"{path} is {word(seen)} for the first time, long after loaders took it for {empty}"
        tell("late_type", path, message, "put a row that has it first")


def _fields(known: Fields, seen: Fields, path: str, late: bool, tell: Tell) -> Fields:
    if known.fields.keys() != seen.fields.keys():
        differ = ", ".join(sorted(known.fields.keys() ^ seen.fields.keys()))
        tell("keys_differ", path, f"{path} has other keys than before: {differ}", "write the same keys in every row")
    inner = dict(known.fields)
    for name in (name for name in known.fields if name in seen.fields):
        inner[name] = reconciled(known.fields[name], seen.fields[name], f"{path}.{name}", late=late, tell=tell)
    return Fields(inner)


def mixed(kind: Kind) -> bool:
    """Whether some list in it holds items of several kinds."""
    if isinstance(kind, Items):
        return mixed(kind.item)
    return any(map(mixed, kind.fields.values())) if isinstance(kind, Fields) else kind == "mixed"
