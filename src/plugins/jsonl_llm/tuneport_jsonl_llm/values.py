"""Values of a record as text, and how to speak of them. Nothing here raises."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tuneport import Reject

_WORDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (str, "text"),
    (int, "an integer"),
    ((float, Decimal), "a number"),
    ((list, tuple), "a list"),
    (dict, "an object"),
    ((bytes, bytearray, memoryview), "bytes"),
    (datetime, "a date and time"),
    (date, "a date"),
    (type(None), "null"),
)


def describe(value: object) -> str:
    """What kind of value it is, in a word or two, without the value itself."""
    for kinds, word in _WORDS:
        if isinstance(value, kinds):
            return word
    return f"of type {type(value).__name__}"


def to_text(value: Any, name: str) -> str | Reject:
    """A field's value as text to train on.

    Text stays as it is; booleans and numbers are written as in JSON, dates as ISO 8601, objects and lists as
    JSON text.

    Args:
        value: anything but None.
        name: the field, for the reject.
    """
    text = plain_text(value)
    return bad_type(f"Field '{name}'", value, "text") if text is None else text


def bad_type(label: str, value: object, wanted: str) -> Reject:
    """The reject of a value that is not what is wanted. It never shows the value."""
    if isinstance(value, (int, float, Decimal)) and finite(value) is None:
        return Reject("bad_type", f"{label} is not a finite number")
    if isinstance(value, (dict, list, tuple)) and wanted == "text":
        return Reject("bad_type", f"{label} holds something that cannot be written as JSON")
    return Reject("bad_type", f"{label} is {describe(value)}, not {wanted}")


def plain_text(value: Any) -> str | None:
    """The text for `to_text`, or None where there is none."""
    # The base class's own method, so that an enum's member gives its value and not its name.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return _exact(value)
    if value is None or isinstance(value, (bool, int, float, dict, list, tuple)):
        return json_text(value)
    return None


def json_text(value: Any) -> str | None:
    """Compact JSON text, keys in their own order, no escapes beyond JSON's own; None where it cannot be.

    The standard library's encoder and not a faster one: it refuses NaN and bytes where others write null and
    base64, which nobody would notice.
    """
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError):
        return None


def finite(number: float | Decimal) -> float | None:
    """The number as a float, or None where that is not finite."""
    try:
        result = float(number)
    except (OverflowError, ValueError):
        return None
    return result if math.isfinite(result) else None


def has_lone_surrogate(text: str) -> bool:
    """Whether the text cannot be written as UTF-8."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _exact(value: object) -> str | None:
    if isinstance(value, Decimal):
        return str(value) if value.is_finite() else None
    return str(value)


def _inner(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    text = _exact(value) if isinstance(value, (Decimal, UUID)) else None
    if text is None:
        raise TypeError(f"{type(value).__name__} is not JSON")
    return text


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_inner).encode
