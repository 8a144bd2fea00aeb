"""The one place where jsonschema-rs is given a schema, with everything off that could reach outside.

The library fetches `http:` and reads `file:` references unless told otherwise, and some of its functions
cannot be told. So none but `validator_for` is used, and only here.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

import jsonschema_rs

from tuneport_quality.keywords import escaped
from tuneport_quality.schema_text import Schema, SchemaError
from tuneport_quality.wording import predicate

_COMPILED_REGEX = 1 << 20
_REGEX_HINT = (
    "patterns run in linear time: without look-around such as (?=x), without back-references such as \\1, and up to "
    "1 MiB when compiled, which .{0,2000} keeps to and .{0,8192} does not: use maxLength for lengths"
)
_TYPES = 'a type is "string", "number", "integer", "boolean", "object", "array" or "null", or a list of these'


class CompiledSchema(Protocol):
    """What is used of a compiled schema."""

    def is_valid(self, instance: Any) -> bool:
        """Whether a value fits."""

    def iter_errors(self, instance: Any) -> Any:
        """What is wrong with it, each as a jsonschema_rs.ValidationError."""


def compiled(schema: Schema) -> CompiledSchema:
    """Compile a schema.

    Raises:
        RecipeError: it is no valid JSON Schema, or a pattern in it cannot be used.
    """
    limits = jsonschema_rs.RegexOptions(size_limit=_COMPILED_REGEX, dfa_size_limit=_COMPILED_REGEX)
    try:
        return jsonschema_rs.validator_for(schema, offline=True, pattern_options=limits, mask="***")
    except jsonschema_rs.ValidationError as error:
        raise _refused(schema, error) from None
    except (ValueError, RuntimeError, jsonschema_rs.ReferencingError):
        # Its text may show what a reference leads to, so it is not passed on.
        raise SchemaError("the schema cannot be compiled", "look for references and texts that are no JSON") from None


def _refused(schema: Schema, error: jsonschema_rs.ValidationError) -> SchemaError:
    pointer = "#" + "".join(f"/{escaped(step)}" for step in error.instance_path)
    keyword = error.instance_path[-1] if error.instance_path else ""
    value = _value(schema, error.instance_path)
    if type(error.kind).__name__ == "Referencing":
        return SchemaError("a reference in the schema leads to nothing", "refer to what is inside the schema")
    if getattr(error.kind, "format", "") == "regex":
        return SchemaError(f"at {pointer}: {_shown(value)} cannot be used as a pattern", _REGEX_HINT)
    said = f"not a JSON Schema, at {pointer}: {_shown(value)} {predicate(error.kind)}"
    return SchemaError(said, _TYPES if keyword == "type" else "see https://json-schema.org/understanding-json-schema")


def _value(schema: Any, path: list[str | int]) -> Any:
    for step in path:
        # A pattern that stands as a key leads to the schema behind it; the pattern itself is what is wrong.
        schema = schema[step]
    return schema


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
