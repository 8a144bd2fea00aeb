"""What plugins say of formats, held against what FormatTraits may say: it is data, and nobody else looks at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args

import msgspec

from tuneport.config import suggest
from tuneport.traits import ASPECTS, Compression, FormatTraits, Limit

FIELDS = tuple(field.name for field in dataclasses.fields(FormatTraits))

_LISTS: Mapping[str, tuple[Collection[str] | None, str]] = {
    "carries": (ASPECTS, "aspect of a sample"),
    "unverified": (get_args(Limit), "limit"),
    "compressions": (get_args(Compression), "compression"),
    "kinds": (None, "kind of sample"),
    "weighs": (None, "kind of sample"),
    "constant": (None, "column"),
}
"""Field to what its texts may be, and what each is; None where other plugins have some of their own."""
_LEAST = {"min_rows": 0, "max_rows": 0, "max_bytes": 0, "shard_size": 1, "shard_rows": 1}


def checked(target: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Traits of a format, each of the type that its field has, and none that means nothing.

    Args:
        target: the format, as `plugin:format`.
        values: field to value, of FormatTraits.

    Raises:
        ValueError: one names no field, is of another type, or says what nobody knows.
    """
    for field in values:
        if field not in FIELDS:
            raise ValueError(f"it sets {field!r} of {target}, and traits have no such field; {suggest(field, FIELDS)}")
    try:
        made = msgspec.convert(values, FormatTraits)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at ")
        field = place.strip("`").removeprefix("$.").partition("[")[0]
        raise ValueError(f"it sets {field} of {target} to {values.get(field)!r}: {what}") from None
    for field, fault in _faults(made):
        if field in values:
            raise ValueError(f"it sets {field} of {target} to {values[field]!r}: {fault}")
    return {field: getattr(made, field) for field in values}


def _faults(made: FormatTraits) -> Iterator[tuple[str, str]]:
    """Each field that is of the right type and cannot be so, and why."""
    for field, (known, what) in _LISTS.items():
        for text in sorted(getattr(made, field) or ()):
            if not text:
                yield field, f"a {what} without a name"
            elif known is not None and text not in known:
                yield field, f"nobody knows the {what} {text!r}; {suggest(text, known)}"
    if not made.compressions:
        yield "compressions", 'it names none; "none" stands for files as they are'
    for field, least in _LEAST.items():
        number = getattr(made, field)
        if number is not None and number < least:
            yield field, f"at least {least}, or None"
    if made.min_rows is not None and made.max_rows is not None and made.min_rows > made.max_rows:
        yield "min_rows", f"more than max_rows, which is {made.max_rows}"
