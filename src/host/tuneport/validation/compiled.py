"""A row's type, compiled, with which most lines are proved right at the cost of reading and writing them once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
import msgspec.json

from tuneport.validation.kinds import Fields, Items, Kind

_INTEGER = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_SCALARS: dict[Kind, Any] = {"text": str | None, "integer": _INTEGER | None, "float": float | None, "bool": bool | None}

Matches = Callable[[bytes], bool]


class _NoTypeError(Exception):
    """There is no type for this."""


def matcher(columns: Mapping[str, Kind], messages: str = "") -> Matches | None:
    """A function that is true of lines which are right beyond doubt; None where these columns have no type.

    The line is read as that type and written again. Where the bytes are the same, it is strict JSON with these
    keys in this order, each once, with values of these types. A line that is spelled otherwise (spaces, escapes)
    is read as plain JSON too, and its keys are counted. Of any other line it says nothing.

    Args:
        columns: what the columns are.
        messages: the column that holds conversations, whose last turn has to be the assistant's.
    """
    try:
        row_type = _struct(columns)
    except (_NoTypeError, RecursionError, TypeError, ValueError):
        # Too deep, or a key that msgspec does not take.
        return None
    decode = msgspec.json.Decoder(row_type).decode
    turns = f"f{list(columns).index(messages)}" if messages else ""
    role = _role(columns[messages]) if messages else ""
    if role is None:
        return None

    def matches(line: bytes) -> bool:
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        if turns and not _answered(getattr(row, turns), role):
            return False
        written = _encode(row) + b"\n"
        return written == line or _spelled_otherwise(line, written)

    return matches


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def _spelled_otherwise(line: bytes, written: bytes) -> bool:
    """Whether a line that was read as a row and written again as `written` is such a row, to the last digit.

    Written from its plain values it shows their own order of keys, and integers as integers.
    """
    return spelled_as_plain(line, written) and _encode(_decode(line)) + b"\n" == written


def spelled_as_plain(line: bytes, written: bytes) -> bool:
    """Whether no key stands twice in a line that was read as JSON and written again as `written`.

    Each key ends in `":` as long as no space stands between, and so does the same text within strings in either
    spelling, as long as neither character is an escape.
    """
    if not line.endswith(b"\n") or line.count(b'":') != written.count(b'":'):
        return False
    # Each of these is much cheaper to look for than what they all may hide.
    hiding = b"\\" in line or b'" ' in line or b"\t" in line or b"\r" in line
    return not (hiding and _odd(line))


_odd = re.compile(rb'"[ \t\r]+:|\\u00(?:22|3[aA])').search


def _answered(turns: Any, role: str) -> bool:
    """Whether every turn has a role, and the last one is the assistant's."""
    last = None
    for turn in turns or ():
        last = getattr(turn, role, None)
        if not last:
            return False
    return last == "assistant"


def _role(kind: Kind) -> str | None:
    """What the field of a turn's role is called; None where turns are not what they should be."""
    fields = kind.item.fields if isinstance(kind, Items) and isinstance(kind.item, Fields) else {}
    return f"f{list(fields).index('role')}" if {"role", "content"} <= fields.keys() else None


def _struct(columns: Mapping[str, Kind]) -> type[msgspec.Struct]:
    names = {f"f{index}": column for index, column in enumerate(columns)}
    fields = [(name, _type_of(columns[column])) for name, column in names.items()]
    return msgspec.defstruct("Row", fields, rename=names, forbid_unknown_fields=True)


def _type_of(kind: Kind) -> Any:
    if kind is None:
        return None
    if isinstance(kind, Items):
        return list[_type_of(kind.item)] | None  # type: ignore[misc]
    if isinstance(kind, Fields):
        return _struct(kind.fields) | None
    if kind not in _SCALARS:
        raise _NoTypeError
    return _SCALARS[kind]
