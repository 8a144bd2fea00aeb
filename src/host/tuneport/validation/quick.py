"""A line read as plain JSON, at the cost of reading and writing it once."""

from __future__ import annotations

from typing import Any

import msgspec
import msgspec.json

from tuneport.validation.compiled import spelled_as_plain

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG = b"0" * 19
"""As many digits as the smallest integer beyond 64 bits has."""


def strict_row(line: bytes) -> dict[str, Any] | None:
    """The object on a line that is right beyond doubt: strict JSON, each key once, no integer beyond 64 bits.

    Of any other line it says nothing: None.
    """
    try:
        row = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if type(row) is not dict or not row or not line.endswith(b"\n"):
        return None
    try:
        written = _encode(row) + b"\n"
    except (OverflowError, RecursionError):
        return None
    if written != line and not spelled_as_plain(line, written):
        return None
    return None if _LONG in line.translate(_DIGITS) else row
