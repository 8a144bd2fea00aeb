"""The schema out of a configuration: its text read strictly, its size and depth bounded, nothing resolved yet."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from tuneport import Context, Problem
from tuneport.errors import RecipeError
from tuneport.schemas import without_keyword
from tuneport_quality.config import JsonSchemaConfig

Schema = dict[str, Any] | bool

KEY = "json_schema"
MAX_BYTES = 1 << 20
MAX_DEPTH = 200
"""Levels of objects and lists; jsonschema-rs reads no more than 255."""

_JSON = 'give a JSON object, such as {"required": ["output"]}, or the file that holds it: { file = "row.schema.json" }'
_SMALLER = "judge with a smaller schema: one that says what rows of training data look like has a few kilobytes"


class SchemaError(RecipeError):
    """The schema in a configuration cannot be used; each problem stands below the key `json_schema`."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__([Problem(KEY, message, hint)], "json_schema")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems[0].message, self.problems[0].hint)


def read_schema(config: JsonSchemaConfig, ctx: Context) -> Schema:
    """The schema that a configuration gives: plain JSON data of its own, shared with nobody.

    Raises:
        RecipeError: there is none, its file cannot be read, it is no JSON object or boolean, or has no keyword of
            JSON Schema; or it is larger than 1 MiB or nested deeper than 200 levels.
    """
    given = config.json_schema
    if isinstance(given, dict) and list(given) == ["file"] and isinstance(given["file"], str):
        return _parsed(_file(given["file"], ctx), f"{given['file']}: ")
    if isinstance(given, dict):
        return _plain(given)
    if not given.strip():
        raise SchemaError("no schema is given", _JSON)
    return _parsed(given, "")


def _file(path: str, ctx: Context) -> str:
    try:
        data = ctx.resource(path)
    except OSError as error:
        raise SchemaError(
            f"{path}: {error.strerror or 'cannot be read'}", "the path is relative to the recipe"
        ) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path}: not UTF-8 at byte {error.start}", "save the file as UTF-8") from None


def _parsed(text: str, where: str) -> Schema:
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        raise SchemaError(f"{where}the schema is larger than 1 MiB", _SMALLER)
    try:
        schema = json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_number, parse_int=_integer
        )
    except json.JSONDecodeError as error:
        raise SchemaError(f"{where}not JSON: {error.msg} at line {error.lineno}, column {error.colno}", _JSON) from None
    except _NotPlainError as error:
        raise SchemaError(f"{where}{error}", error.hint) from None
    except RecursionError:
        raise _too_deep() from None
    return _checked(schema)


def _plain(table: dict[str, Any]) -> Schema:
    """A table as JSON data: a recipe in TOML or Python may hold what JSON does not have."""
    _bounded(table)
    try:
        text = json.dumps(table, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise SchemaError(f"the schema holds what JSON cannot: {error}", "write it in JSON's own types") from None
    if len(text) > MAX_BYTES:
        raise SchemaError("the schema is larger than 1 MiB", _SMALLER)
    return _checked(json.loads(text))


def _checked(schema: Any) -> Schema:
    if not isinstance(schema, (dict, bool)):
        kind = "a list" if isinstance(schema, list) else "text" if isinstance(schema, str) else json.dumps(schema)[:40]
        raise SchemaError(f"the schema is {kind}, not an object", _JSON)
    _bounded(schema)
    wrong = without_keyword(schema) if isinstance(schema, dict) else None
    if wrong is not None:
        raise SchemaError(*wrong)
    return schema


def _bounded(schema: Any) -> None:
    """Refuse a schema that is nested too deeply, holds a key that is no text, or is too large to be written out."""
    level, depth, count = [schema], 0, 0
    while level:
        if depth > MAX_DEPTH:
            raise _too_deep()
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                for key in value:
                    if not isinstance(key, str):
                        raise SchemaError(f"the key {key!r} in the schema is no text", "JSON's keys are texts")
                inner.extend(value.values())
            elif isinstance(value, (list, tuple)):
                inner.extend(value)
        count += len(level)
        # Each value takes a byte at least, and a table made in Python may contain itself.
        if count > MAX_BYTES:
            raise SchemaError("the schema is larger than 1 MiB", _SMALLER)
        level, depth = inner, depth + 1


def _too_deep() -> SchemaError:
    return SchemaError(
        f"the schema is nested deeper than {MAX_DEPTH} levels", 'name its parts under "$defs" and refer to them'
    )


class _NotPlainError(Exception):
    """The text is JSON to a lenient reader, and not to all."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotPlainError(f'the key "{twice[:80]}" stands twice in one object of the schema', "keep one of them")
    return found


def _no_constant(name: str) -> NoReturn:
    raise _NotPlainError(f"the schema holds {name}, which JSON does not have", "write a number")


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NotPlainError(f"the schema holds a number that is too large: {text[:80]}", "write a smaller one")
    return number


def _integer(text: str) -> int:
    # Python's own limit on digits would raise an error that speaks of sys.set_int_max_str_digits.
    if len(text) > 400:
        raise _NotPlainError(f"the schema holds a number of {len(text)} digits", "write a smaller one")
    return int(text)
