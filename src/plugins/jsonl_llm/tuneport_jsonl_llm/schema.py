"""The JSON Schema that rows carry, so that whoever generates with the model can hold it to the same one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

from tuneport import Artifact, Context, Dataset, Problem
from tuneport.errors import RecipeError
from tuneport.schemas import without_keyword
from tuneport_jsonl_llm.config import SchemaConfig

MAX_BYTES = 1 << 20


def read_schema(given: str | dict[str, Any], ctx: Context) -> dict[str, Any]:
    """A schema given as JSON text, as a table, or as a file, which every row can carry.

    Raises:
        RecipeError: it cannot be read, is no JSON object, has no keyword of JSON Schema, or holds what a row cannot.
    """
    if isinstance(given, dict) and not (given.keys() == {"file"} and isinstance(given["file"], str)):
        return _writable(given)
    try:
        text = given if isinstance(given, str) else ctx.resource(given["file"]).decode("utf-8-sig")
        if not text.strip():
            raise _problem("missing", "give the schema, or leave include_schema_in_output out")
        schema = json.loads(text, object_pairs_hook=_unique)
    except OSError as error:
        raise _problem(f"cannot be read: {error.strerror}", "the path starts from the recipe's folder") from None
    except (ValueError, RecursionError) as error:
        raise _problem(f"not JSON: {error}") from None
    return _writable(schema)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _writable(schema: Any) -> dict[str, Any]:
    """The schema, where a row can carry it: finite numbers of 64 bits, texts in UTF-8, and not too much of it."""
    if not isinstance(schema, dict):
        raise _problem("not a JSON object")
    wrong = without_keyword(schema)
    if wrong is not None:
        raise _problem(*wrong)
    try:
        size = len(canonical(schema).encode())
        if not _numbers_fit(schema):
            raise ValueError("a number does not fit 64 bits")
    except (ValueError, TypeError, RecursionError) as error:
        raise _problem(f"cannot be written into a row: {error}") from None
    if size > MAX_BYTES:
        raise _problem(f"larger than {MAX_BYTES:,} bytes")
    return schema


def _numbers_fit(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_numbers_fit, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def _problem(message: str, hint: str = "") -> RecipeError:
    return RecipeError([Problem("json_schema", message, hint)])


def canonical(schema: dict[str, Any]) -> str:
    """A schema as compact JSON text, keys in their own order."""
    return json.dumps(schema, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def schema_id(schema: dict[str, Any]) -> str:
    """The first 16 hex digits of the SHA-256 of its text."""
    return sha256(canonical(schema).encode()).hexdigest()[:16]


def column(given: str | dict[str, Any], encoding: str, ctx: Context) -> tuple[str, Any]:
    """The column that carries the schema, and its value in every row."""
    schema = read_schema(given, ctx)
    if encoding == "id":
        return "schema_id", schema_id(schema)
    return "__schema__", canonical(schema) if encoding == "string" else schema


def row_schema(config: SchemaConfig, ctx: Context) -> Callable[[Dataset], Iterable[Artifact]]:
    """Write the schema whose id rows carry as `schemas/<id>.json`."""
    schema = read_schema(config.json_schema, ctx)
    data = json.dumps(schema, ensure_ascii=False, allow_nan=False, indent=2).encode() + b"\n"
    artifact = Artifact(f"schemas/{schema_id(schema)}.json", data)
    return lambda _dataset: [artifact]
