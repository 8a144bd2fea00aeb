"""A JSON Schema in a plugin's configuration: in which forms it is given, and what is certainly none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from tuneport.config import closest
from tuneport.references import reference_in

_KEYWORDS = (
    ("$schema", "$id", "id", "$ref", "$anchor", "$defs", "definitions", "$comment", "$vocabulary"),
    ("$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"),
    ("type", "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    ("properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames", "required"),
    ("minProperties", "maxProperties", "dependentSchemas", "dependentRequired", "dependencies"),
    ("items", "prefixItems", "additionalItems", "unevaluatedItems", "contains", "minContains", "maxContains"),
    ("minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern", "format"),
    ("contentEncoding", "contentMediaType", "contentSchema"),
    ("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    ("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
)
KEYWORDS = frozenset(keyword for group in _KEYWORDS for keyword in group)
"""Of the drafts 4, 6, 7, 2019-09 and 2020-12."""

_SHOWN = 5


def _in_place(given: Any) -> Any:
    """Leave `{ env = "NAME" }` to the host, which reads its text and keeps it out of what is shown."""
    reference = reference_in(given)
    if reference is not None and reference.kind == "env":
        raise ValueError("a schema, or the file that holds it: variables are read for recipes and by plugins.load")
    return given


GivenSchema = Annotated[str | dict[str, Any], BeforeValidator(_in_place)]
"""A schema in a configuration: its JSON text, a table, or `{ file = "row.schema.json" }`, which the stage reads by
`ctx.resource`. From `{ env = "NAME" }` the stage gets the text of that variable."""


def without_keyword(schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with a schema that judges nothing because it has other keys only, and how to mend it; else None."""
    if not schema or not schema.keys().isdisjoint(KEYWORDS):
        return None
    names = ", ".join(_named(name) for name in list(schema)[:_SHOWN])
    more = f" and {len(schema) - _SHOWN:,} more" if len(schema) > _SHOWN else ""
    return f"none of its keys is a keyword of JSON Schema: {names}{more}", _near(schema)


def _named(name: object) -> str:
    text = str(name)
    return json.dumps(text if len(text) <= 60 else f"{text[:60]}...", ensure_ascii=False)


def _near(names: Iterable[object]) -> str:
    found = (closest(str(name)[:60], KEYWORDS, cutoff=0.75) for name in list(names)[:_SHOWN])
    return next(filter(None, found), 'such as { required = ["output"] }, or { file = "row.schema.json" }')
