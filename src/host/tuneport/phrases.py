"""What pydantic finds wrong, in plain words: where in the data it is, and what may be said of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import PurePath
from typing import Any

Location = tuple[str | int, ...]
"""Keys and indexes that lead to a value in plain data."""

MOST_SHOWN = 100

OF_SECRETS = "what it stands for cannot be used here"

_WANTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "byte_size": 'a size, as 1048576 or "256MiB",',
    "byte_size_unit": 'a size, as 1048576 or "256MiB",',
    "dict_type": "a table",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "list_type": "a list",
    "literal_error": "{expected}",
    "model_type": "a table",
    "path_type": "a path",
    "string_type": "a text",
}
"""What pydantic's own errors ask for, in our words."""

_SAYS_NOTHING_OF_THE_INPUT = _WANTED.keys() | {
    "date_type",
    "datetime_type",
    "enum",
    "int_parsing_size",
    "multiple_of",
    "none_required",
    "set_type",
    "string_pattern_mismatch",
    "string_too_long",
    "string_too_short",
    "time_type",
    "timezone_aware",
    "tuple_type",
}
"""Errors of pydantic's own whose text is made of the model alone."""

_IS_WANTED = " is wanted"


def shown(value: object) -> str:
    """A value as a recipe would have it, in one line; long texts are cut."""
    if isinstance(value, str | PurePath):
        text = str(value)
        cut = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."
        return json.dumps(cut, ensure_ascii=False)
    if isinstance(value, date | time):
        return value.isoformat()
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return repr(value)


def place_in(data: Any, details: Mapping[str, Any]) -> Location:
    """Where in `data` a detail of a ValidationError is: its location without the members of unions it went through."""
    place: list[str | int] = []
    last = len(details["loc"]) - 1
    for number, step in enumerate(details["loc"]):
        known = isinstance(data, Mapping) and step in data
        listed = isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)
        if known or listed:
            data = data[step]
            place.append(step)
        elif number == last and details["type"] == "missing":
            place.append(step)
    return tuple(place)


def message_of(details: Mapping[str, Any], *, secret: bool) -> str:
    """What is wrong; of a secret only what does not depend on it."""
    if secret and details["type"] not in _SAYS_NOTHING_OF_THE_INPUT:
        return OF_SECRETS
    wanted = _WANTED.get(details["type"])
    if wanted is not None:
        return wanted.format(**_limits(details.get("ctx", {}))) + _IS_WANTED
    text: str = details["msg"].removeprefix("Value error, ")
    return text[:1].lower() + text[1:]


def _limits(context: Mapping[str, Any]) -> dict[str, str]:
    """What a model allows, as a recipe would write it."""
    return {
        name: f"{value:g}" if isinstance(value, float) else str(value).replace("'", '"')
        for name, value in context.items()
    }


def together(messages: Sequence[str]) -> str:
    """What the members of a union say of one value, as one sentence."""
    distinct = list(dict.fromkeys(messages))
    wanted = all(one.endswith(_IS_WANTED) for one in distinct)
    return (
        " or ".join(one.removesuffix(_IS_WANTED) for one in distinct) + _IS_WANTED if wanted else " or ".join(distinct)
    )
