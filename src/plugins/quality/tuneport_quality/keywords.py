"""Which keywords of JSON Schema hold schemas, and what each of these is applied to. All drafts together."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any


class Applies(enum.Enum):
    """What a schema inside a schema judges. MEMBER and ELEMENT exclude one another for any one value below."""

    HERE = enum.auto()
    """The same value."""
    MEMBER = enum.auto()
    """Some members of an object."""
    EACH_MEMBER = enum.auto()
    """Members of an object, whatever else judges them."""
    ELEMENT = enum.auto()
    """Some elements of a list."""
    EACH_ELEMENT = enum.auto()
    """Elements of a list, whatever else judges them."""
    NOWHERE = enum.auto()
    """Nothing until it is referred to."""


_KEYWORDS = {
    "allOf": Applies.HERE,
    "anyOf": Applies.HERE,
    "oneOf": Applies.HERE,
    "not": Applies.HERE,
    "if": Applies.HERE,
    "then": Applies.HERE,
    "else": Applies.HERE,
    "additionalProperties": Applies.MEMBER,
    "unevaluatedProperties": Applies.MEMBER,
    "propertyNames": Applies.EACH_MEMBER,
    "items": Applies.ELEMENT,
    "prefixItems": Applies.ELEMENT,
    "additionalItems": Applies.ELEMENT,
    "unevaluatedItems": Applies.ELEMENT,
    "contains": Applies.EACH_ELEMENT,
}
_MAPS = {
    "dependentSchemas": Applies.HERE,
    "dependencies": Applies.HERE,
    "properties": Applies.MEMBER,
    "patternProperties": Applies.EACH_MEMBER,
    "$defs": Applies.NOWHERE,
    "definitions": Applies.NOWHERE,
}

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
REGEXES = frozenset({"pattern", "patternProperties", "format"})
"""Keywords that run a regular expression over a text of the row."""
UNEVALUATED = frozenset({"unevaluatedProperties", "unevaluatedItems"})


def subschemas(schema: dict[str, Any]) -> Iterator[tuple[Applies, str, Any]]:
    """The schemas directly inside a schema: what each applies to, the JSON pointer to it from here, and itself."""
    for keyword, value in schema.items():
        if keyword in _KEYWORDS:
            if isinstance(value, list):
                for index, one in enumerate(value):
                    yield _KEYWORDS[keyword], f"/{keyword}/{index}", one
            else:
                yield _KEYWORDS[keyword], f"/{keyword}", value
        elif keyword in _MAPS and isinstance(value, dict):
            for name, one in value.items():
                yield _MAPS[keyword], f"/{keyword}/{escaped(name)}", one


def escaped(name: str | int) -> str:
    """A key or index as one step of a JSON pointer (RFC 6901)."""
    return str(name).replace("~", "~0").replace("/", "~1")
