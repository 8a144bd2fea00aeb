"""What expressions do with values: null, numbers, texts, lists. Nothing here raises."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

Report = Callable[[], None]
"""Called where two values, or a value and an operator, do not go together."""

NUMBER, TEXT, BOOLEAN, LIST, OBJECT, OTHER = "number", "text", "boolean", "list", "object", "other"

_KINDS = {int: NUMBER, float: NUMBER, Decimal: NUMBER, str: TEXT, bool: BOOLEAN, list: LIST, dict: OBJECT}
_SIMPLE = (str, int)
_PLAIN = frozenset({str, int, bool, list, dict, type(None)})
_INTEGERS = range(-(2**63), 2**63)
_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def plain(value: Any) -> Any:
    """A value as expressions see it: what is not a number (NaN) is null, dates are ISO text, tuples are lists."""
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, Decimal):
        return None if value.is_nan() else value
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def kind_of(value: Any) -> str:
    """The kind of a value that `plain` returned and that is not null."""
    found = _KINDS.get(value.__class__)
    if found is None:
        found = next((kind for base, kind in _KINDS.items() if isinstance(value, base)), OTHER)
    return found


def ordered(test: Callable[[Any, Any], bool], left: Any, right: Any, report: Report) -> bool | None:
    """Compare two numbers or two texts by `test`."""
    if left.__class__ is right.__class__ and left.__class__ in _SIMPLE:
        return test(left, right)
    left, right = plain(left), plain(right)
    if left is None or right is None:
        return None
    kind = kind_of(left)
    if kind in (NUMBER, TEXT) and kind == kind_of(right):
        return test(left, right)
    report()
    return None


def equal(left: Any, right: Any, report: Report) -> bool | None:
    """Say whether two values are the same; null is the same as null alone."""
    same = _same(plain(left), plain(right))
    if same is None:
        report()
    return same


def _same(left: Any, right: Any) -> bool | None:
    """None where the two are of different kinds, or of a kind that nothing is known of."""
    if left.__class__ is right.__class__ and left.__class__ in _SIMPLE:
        return bool(left == right)
    if left is None or right is None:
        return left is right
    kind = kind_of(left)
    if kind == OTHER or kind != kind_of(right):
        return None
    try:
        return bool(left == right)
    except Exception:  # noqa: BLE001  -- values are a source's own, and may fail at that
        return None


def contains(holder: Any, item: Any, report: Report) -> bool | None:
    """Say whether a list has an item, or a text has a text in it."""
    holder, item = plain(holder), plain(item)
    if holder is None:
        return None
    kind = kind_of(holder)
    if kind == LIST:
        return _has(holder, item, report)
    if kind == TEXT and item is None:
        return None
    if kind == TEXT and kind_of(item) == TEXT:
        return item in holder
    report()
    return None


def _has(values: list[Any], item: Any, report: Report) -> bool | None:
    """Null and reported only where nothing in the list is of the item's kind."""
    comparable = not values
    for value in values:
        same = _same(plain(value), item)
        if same:
            return True
        comparable = comparable or same is not None
    if not comparable:
        report()
    return False if comparable else None


def number(value: Any, report: Report) -> int | float | None:
    """A value to calculate with; a Decimal becomes a float."""
    if value.__class__ is int:
        return value
    value = plain(value)
    if value is None:
        return None
    if kind_of(value) != NUMBER:
        report()
        return None
    return float(value) if isinstance(value, Decimal) else value


def as_number(text: str) -> int | float | str | None:
    """The number that a text is; null for white space only or without a finite one, and the text where it is none."""
    if not text.strip():
        return None
    for kind in (int, float) if "_" not in text else ():
        try:
            return finite(operator.pos, kind(text))
        except ValueError:
            continue
    return text


def calculate(sign: str, left: float, right: float) -> int | float | None:
    """One step of arithmetic: exact in 64-bit integers, else floating; null where no finite number comes of it."""
    return finite(_OPERATIONS[sign], left, right)


def finite(operation: Callable[..., Any], *operands: Any) -> int | float | None:
    """The result of an operation on numbers; null where it has none that is finite."""
    try:
        result = operation(*operands)
        if isinstance(result, int) and result in _INTEGERS:
            return result
        result = float(result)
    except (ArithmeticError, ValueError):
        return None
    return result if math.isfinite(result) else None


def truth(value: Any, report: Report) -> bool | None:
    """A value where a condition is asked for."""
    if value is True or value is False or value is None:
        return value
    report()
    return None
