"""Values that mean the same, as one text: what makes a group is the same in a database, a CSV file and JSON."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec

_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))\.0|-0").fullmatch
"""A whole number that is not written as an integer is: others write 7.0 where a column of integers has gaps."""
_TRUTH = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}
_MOST_DIGITS = 400
"""A decimal of more digits than any float has stays as it is written, for it may stand for millions of zeros."""


def canonical(value: Any) -> str:
    """A field's value as text; "" where it is missing: null, blank, or not a number.

    A text that is exactly a whole number is that number: 7, 7.0, "7" and "7.0" are one value, and "007", "+7" and
    "7.00" are others. True, "true", "True" and "TRUE" are one. Lists and objects are JSON with sorted keys, in which
    numbers are treated alike, and texts are left as they are.
    """
    if isinstance(value, str):
        return _of_text(value)
    if type(value) is int:
        return str(value)
    if value is None:
        return ""
    plain = _plain(msgspec.to_builtins(value, builtin_types=(Decimal,), str_keys=True, enc_hook=str))
    if isinstance(plain, str):
        return _of_text(plain)
    if plain is None:
        return ""
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _of_text(text: str) -> str:
    if text.isspace():
        return ""
    whole = _WHOLE(text)
    if whole is not None:
        return "0" if whole[1] in {None, "-0"} else whole[1]
    return _TRUTH.get(text, text)


def _plain(value: Any) -> Any:
    """A value in which equal numbers look the same; None for what is not a number."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return _of_decimal(value)
    if isinstance(value, float):
        return _of_float(value)
    return value


def _of_float(value: float) -> float | int | str | None:
    if isfinite(value):
        return int(value) if value.is_integer() else value
    return None if value != value else str(value)


def _of_decimal(value: Decimal) -> float | int | str | None:
    if value.is_nan():
        return None
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        return str(value)
    if value == int(value):
        return int(value)
    near = float(value)
    # Where a float does not hold it, it is none of the values that are read as floats elsewhere.
    return near if Decimal(repr(near)) == value else format(value, "f").rstrip("0")
