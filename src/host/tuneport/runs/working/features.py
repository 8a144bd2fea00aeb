"""The types of a format's columns, where the format does not declare them: seen in the rows themselves."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from math import isfinite
from typing import Any

from tuneport.model import Reject
from tuneport.nesting import DEEPEST

Feature = Any
"""`"string"`, `"int64"`, `"float64"`, `"bool"`, `{"list": F}`, `{"struct": {name: F}}`; None for only nulls seen,
`"json"` for values that no one type holds."""


def feature_of(value: Any) -> Feature:
    """The type of one value."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {"struct": {str(key): feature_of(inner) for key, inner in value.items()}}
    if isinstance(value, list | tuple):
        item: Feature = None
        for inner in value:
            item = merged(item, feature_of(inner))
        return {"list": item}
    return _SCALARS.get(type(value), "string")


_SCALARS = {bool: "bool", int: "int64", float: "float64"}


def merged(one: Feature, other: Feature) -> Feature:
    """The type that holds values of both."""
    if one == other or other is None:
        return one
    if one is None:
        return other
    if {one, other} == {"int64", "float64"} if isinstance(one, str) and isinstance(other, str) else False:
        return "float64"
    if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        if "list" in one:
            return {"list": merged(one["list"], other["list"])}
        names = [*one["struct"], *(name for name in other["struct"] if name not in one["struct"])]
        return {"struct": {name: merged(one["struct"].get(name), other["struct"].get(name)) for name in names}}
    return "json"


def unwritable(value: Any, level: int = 1) -> Reject | None:
    """Why a value cannot be written so that every loader reads it back; None where it can.

    Args:
        value: a row, or what stands in one.
        level: where it stands: a row itself at the first one.

    Raises:
        TypeError, ValueError: it holds something that JSON has no word for: the format's fault.
    """
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError("a key of a row is no text")
    elif not isinstance(value, str | int | float | list | tuple | None):
        raise TypeError(f"a row holds {type(value).__name__}")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is no JSON number")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return Reject("int_range", "A number in the row does not fit 64 bits")
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    if level > DEEPEST and isinstance(value, Mapping | list | tuple):
        return Reject("row_too_deep", f"The row is nested deeper than {DEEPEST} levels")
    return next((reject for reject in map(unwritable, inner, repeat(level + 1)) if reject is not None), None)


def declared_feature(feature: Feature) -> Feature:
    """A feature as a card can declare it: a column of nulls is a string; None where no one type holds it."""
    if feature is None or isinstance(feature, str):
        return None if feature == "json" else feature or "string"
    if "list" in feature:
        item = declared_feature(feature["list"])
        return None if item is None else {"list": item}
    inner = {name: declared_feature(one) for name, one in feature["struct"].items()}
    # A loader has no type for an object without keys.
    return None if not inner or None in inner.values() else {"struct": inner}


class Observer:
    """Merges the types of every row of one format."""

    def __init__(self) -> None:
        self.columns: dict[str, Feature] = {}
        self._seen: set[tuple[Any, ...]] = set()

    def add(self, row: Mapping[str, Any]) -> None:
        """Look at a row. Rows of scalars that look like one seen before cost next to nothing."""
        shape = tuple((name, type(value)) for name, value in row.items())
        nested = any(issubclass(kind, Mapping | list | tuple) for _, kind in shape)
        if not nested:
            if shape in self._seen:
                return
            self._seen.add(shape)
        for name, value in row.items():
            self.columns[name] = merged(self.columns.get(name), feature_of(value))
