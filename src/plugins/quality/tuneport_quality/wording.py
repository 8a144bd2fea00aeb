"""What is wrong with a row, in a sentence that shows values of the schema and names of the record, never its values."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

_LONGEST = 80
_LONGEST_NAME = 40
_MOST_NAMES = 5
_NO_NAMES = (["additionalProperties"], ["propertyNames"])

_ARTICLES = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "a boolean",
    "object": "an object",
    "array": "an array",
}


def sentence(error: Any, row: Any) -> str:
    """One sentence about a jsonschema_rs.ValidationError of a row: `Field 'instruction' too short (min 10 chars)`."""
    kind, path = error.kind, error.instance_path
    name = type(kind).__name__
    if name == "Required":
        return f"Missing required field: {dotted([*path, kind.property])}"
    if name in ("AdditionalProperties", "UnevaluatedProperties"):
        return _unknown(path, kind.unexpected)
    if name == "FalseSchema" and error.schema_path[-1:] in _NO_NAMES and path[-1:] != error.schema_path[-1:]:
        # Where no name at all is allowed, the library does not say which there are.
        for step in path:
            row = row[step]
        return _unknown(path, list(row))
    if name == "PropertyNames":
        return f"Field name '{dotted([*path, str(kind.error.instance)])}' {predicate(kind.error.kind)}"
    if name == "Contains" and error.schema_path[-1] != "contains":
        few = "too few" if error.schema_path[-1] == "minContains" else "too many"
        return f"{_subject(path)} has {few} items that fit ({error.schema_path[-1]})"
    return f"{_subject(path)} {predicate(kind)}"


def predicate(kind: Any) -> str:
    """What is wrong, without what it is wrong with: `too short (min 10 chars)`."""
    template, attribute, shown = _PREDICATES.get(type(kind).__name__, _UNKNOWN)
    return template.format(shown(getattr(kind, attribute))) if attribute else template


def dotted(path: Sequence[str | int]) -> str:
    """A path as `messages[1].content`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{printable(step)}" if text else printable(step)
    return text


def printable(name: str) -> str:
    """A name out of a record, on one line and cut to 40 characters."""
    text = "".join(one if one.isprintable() else "?" for one in name[: _LONGEST_NAME + 1])
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 3]}..."


def _subject(path: Sequence[str | int]) -> str:
    return f"Field '{dotted(path)}'" if path else "Record"


def _unknown(path: Sequence[str | int], names: Sequence[str]) -> str:
    shown = [dotted([*path, name]) for name in names[:_MOST_NAMES]]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"Unknown field{'s' if len(names) > 1 else ''}: {', '.join(shown)}{more}"


def _value(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _values(values: Sequence[Any]) -> str:
    return _cut(", ".join(json.dumps(value, ensure_ascii=False, default=str) for value in values[:_LONGEST]))


def _types(types: Sequence[str]) -> str:
    """`a string or null`."""
    named = [_ARTICLES[one] for one in types if one in _ARTICLES] + ["null"] * ("null" in types)
    return " or ".join(filter(None, (", ".join(named[:-1]), named[-1])))


def _counted(noun: str) -> Callable[[Any], str]:
    return lambda number: f"{_value(number)} {noun}{'' if number == 1 else 's'}"


def _indexes(indexes: Sequence[Any]) -> str:
    return _cut(", ".join(str(index) for index in indexes[:_LONGEST]))


_Predicate = tuple[str, str, Callable[[Any], str]]

_UNKNOWN: _Predicate = ("could not be judged", "", str)
# The kind of an error to what is said of it, and the attribute of the schema that is shown with it.
_PREDICATES: dict[str, _Predicate] = {
    "AdditionalItems": ("has too many items (max {})", "limit", _value),
    "AnyOf": ("fits none of the schemas allowed (anyOf)", "", str),
    "Constant": ("is not {}", "expected_value", _value),
    "Contains": ("has no item that fits (contains)", "", str),
    "ContentEncoding": ("is not encoded as {}", "content_encoding", _value),
    "ContentMediaType": ("is not of the media type {}", "content_media_type", _value),
    "Enum": ("is not one of {}", "options", _values),
    "ExclusiveMaximum": ("too large (must be less than {})", "limit", _value),
    "ExclusiveMinimum": ("too small (must be more than {})", "limit", _value),
    "FalseSchema": ("is not allowed", "", str),
    "Format": ("is not in the format {}", "format", _value),
    "Maximum": ("too large (max {})", "limit", _value),
    "MaxItems": ("has too many items (max {})", "limit", _value),
    "MaxLength": ("too long (max {})", "limit", _counted("char")),
    "MaxProperties": ("has too many fields (max {})", "limit", _value),
    "Minimum": ("too small (min {})", "limit", _value),
    "MinItems": ("has too few items (min {})", "limit", _value),
    "MinLength": ("too short (min {})", "limit", _counted("char")),
    "MinProperties": ("has too few fields (min {})", "limit", _value),
    "MultipleOf": ("is not a multiple of {}", "multiple_of", _value),
    "Not": ("fits a schema that is not allowed (not)", "", str),
    "OneOfMultipleValid": ("fits more than one of the schemas allowed (oneOf)", "", str),
    "OneOfNotValid": ("fits none of the schemas allowed (oneOf)", "", str),
    "Pattern": ("does not match the pattern {}", "pattern", _cut),
    "Type": ("is not {}", "types", _types),
    "UnevaluatedItems": ("has items that are not allowed (at {})", "unexpected", _indexes),
    "UniqueItems": ("has repeated items", "", str),
}
