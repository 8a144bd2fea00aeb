"""Any value as JSON can hold it: what a source gives is not always that."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from tuneport.runs.codes import sound

_DEEPEST = 32
_WIDEST = 64
"""Bits of an integer, beyond which readers of JSON do not agree."""


def plain_value(value: Any, inside: tuple[int, ...] = ()) -> Any:
    """The value where JSON has it, else a text in its place; `inside` are the ids of what holds it."""
    if isinstance(value, str):
        return sound(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _WIDEST else _text(value)
    if isinstance(value, float):
        return value if isfinite(value) else _text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value):,} bytes"
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        endless = id(value) in inside or len(inside) == _DEEPEST
        return "..." if endless else _inner(value, (*inside, id(value)))
    return _text(value)


def _inner(value: Any, inside: tuple[int, ...]) -> Any:
    if isinstance(value, Mapping):
        return {_text(name): plain_value(one, inside) for name, one in value.items()}
    return [plain_value(one, inside) for one in value]


def _text(value: Any) -> str:
    try:
        return sound(str(value))
    except Exception:  # noqa: BLE001  -- a third party's value may not even have a text
        return type(value).__name__
