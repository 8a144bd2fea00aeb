"""How others read a line: what we read is held against that, and what we write."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec.json
import orjson

_ODD = re.compile(rb'\\u[dD][89a-fA-F]|[eE][-+]?\d{2}|\d{16}|[\[{]{9}|(?:\{"a":){9}|^\s*\xef\xbb\xbf')
"""What readers do not agree on: half characters, numbers out of range, what is deeply nested, a byte order mark."""

_INT64 = range(-(1 << 63), 1 << 63)


def agrees(line: bytes, *, read: bool) -> bool:
    """Whether another library reads a line as a record, or not, as well; or it is one on which libraries differ."""
    try:
        found = isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        found = False
    return found is read or _ODD.search(line) is not None


def strict(line: bytes) -> Any:
    """What stands on a line that we wrote, as strictly as can be."""
    return _strict(line.decode())


def whole(line: bytes) -> dict[str, Any]:
    """A row: two libraries read the same, and all is there that loaders want of it."""
    row: dict[str, Any] = strict(line)
    assert msgspec.json.decode(line) == row
    weight = row.get("weight", 1.0)
    assert type(weight) is float
    assert 0.0 <= weight < float("inf")
    if b"\\ud" in line.lower():
        json.dumps(row, ensure_ascii=False).encode()
    return row


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    assert len(found) == len(pairs), f"a key stands twice: {[name for name, _ in pairs]}"
    return found


def _constant(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")


def _integer(digits: str) -> int:
    number = int(digits)
    assert number in _INT64, f"{digits} does not fit 64 bits"
    return number


_strict = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer).decode
