"""A record's metadata: declared once, the same keys and types in every sample.

A loader takes a column's type from the first rows it sees and fails, or nulls, what differs later. So a value
is brought to its declared type here, or its record is rejected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from tuneport import Context, Entity, Reject
from tuneport.nesting import read_json
from tuneport_jsonl_llm.config import METADATA_TYPES, StyleConfig
from tuneport_jsonl_llm.shortcut import Inline
from tuneport_jsonl_llm.timestamps import parse_iso, rfc3339
from tuneport_jsonl_llm.values import bad_type, finite, has_lone_surrogate, plain_text

Value = str | int | float | bool | list[str] | list[int] | list[float] | None
Coerce = Callable[[Any], Any]
"""A value of the declared type, or a Reject. Never given None, except as an element of a list."""
ReadMetadata = Callable[[Entity], dict[str, Value] | Reject]

_INTEGER = re.compile(r"[+-]?[0-9]+(\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TOO_LATE = "first appears after the first 10,000 records; give it a type in metadata_fields"
_UNLESS = {"string": " and not (type({0}) is str and {0}.isascii() and (len({0}) < 10 or {0}[4] != '-'))"}
"""Which values need no coercion, as most have the type that was declared."""
_BOOLS = {"true": True, "false": False, "1": True, "0": False}


def declare(config: StyleConfig, ctx: Context) -> tuple[dict[str, str], tuple[str, ...]]:
    """The types of a run's metadata, in order, and the fields that must not turn up any more.

    A table of types stands as it is. From a list, a field has the type the source gives it; one that the
    source does not show is left out of every row, so a record that has it after all comes too late.
    """
    if not config.include_metadata:
        return {}, ()
    if isinstance(config.metadata_fields, dict):
        for name in config.metadata_fields:
            ctx.needs(name, at="metadata_fields")
        return dict(config.metadata_fields), ()
    explicit = "metadata_fields" in config.model_fields_set
    types: dict[str, str] = {}
    late: list[str] = []
    for name in dict.fromkeys(config.metadata_fields):
        if name in ctx.fields:
            ctx.reads(name)
            types[name] = ctx.fields[name] if ctx.fields[name] in METADATA_TYPES else "string"
        elif explicit and (ctx.closed or name in ctx.hidden):
            ctx.needs(name, at="metadata_fields")
        elif not ctx.closed and name not in ctx.hidden:
            ctx.reads(name)
            late.append(name)
    return types, tuple(late)


def reader(types: dict[str, str], late: tuple[str, ...]) -> ReadMetadata:
    """Compile what `declare` returned."""
    columns = [(name, coercer(name, kind)) for name, kind in types.items()]

    def read(entity: Entity) -> dict[str, Value] | Reject:
        values: dict[str, Value] = {}
        for name, coerce in columns:
            value = entity.get(name)
            if value is not None:
                value = coerce(value)
                if type(value) is Reject:
                    return value
            values[name] = value
        for name in late:
            if entity.get(name) is not None:
                return Reject("late_field", f"Field '{name}' {_TOO_LATE}")
        return values

    return read


def inline(types: dict[str, str], late: tuple[str, ...]) -> Inline:
    """The same as lines of Python, which leave the metadata in `values`."""
    lines, names = [], dict[str, object]()
    for number, (name, kind) in enumerate(types.items()):
        value, field, coerce = f"value_{number}", f"{{field_{number}}}", f"{{coerce_{number}}}"
        names |= {f"field_{number}": name, f"coerce_{number}": coercer(name, kind)}
        lines += [f"{value} = get({field})", f"if {value} is not None{_UNLESS.get(kind, '').format(value)}:"]
        lines += [f"    {value} = {coerce}({value})", f"    if type({value}) is {{Reject}}: return None"]
    for number, name in enumerate(late):
        names[f"late_{number}"] = name
        lines.append(f"if get({{late_{number}}}) is not None: return None")
    made = ", ".join(f"{{field_{number}}}: value_{number}" for number in range(len(types)))
    return Inline("\n".join([*lines, f"values = {{{{{made}}}}}"]), names | {"Reject": Reject})


def coercer(name: str, kind: str) -> Coerce:
    """What brings a value of field `name` to the type `kind`."""
    label = f"Metadata field '{name}'"
    if not kind.startswith("list["):
        return _scalar(label, kind)
    inner = kind.removeprefix("list[").removesuffix("]")
    return _list(label, inner, _scalar(f"An element of metadata field '{name}'", inner))


def _scalar(label: str, kind: str) -> Coerce:
    if kind == "string":
        return _text(label)
    convert: Coerce = {"integer": _integer, "number": _number, "bool": _bool}[kind]
    wanted = {"integer": "an integer", "number": "a number", "bool": "true or false"}[kind]

    def coerce(value: Any) -> Any:
        result = convert(value)
        if result is None:
            return bad_type(label, value, wanted)
        if type(result) is int and not -(2**63) <= result < 2**63:
            return Reject("int_range", f"{label} is an integer beyond 64 bits")
        return result

    return coerce


def _text(label: str) -> Coerce:
    def coerce(value: Any) -> Any:
        # Most text is plain ASCII and no date, which is quick to tell.
        if type(value) is str and value.isascii() and (len(value) < 10 or value[4] != "-"):
            return value
        result = _string(value)
        if result is None:
            return bad_type(label, value, "text")
        if has_lone_surrogate(result):
            return Reject("bad_utf8", f"{label} holds a lone surrogate, which is no character")
        return result

    return coerce


def _list(label: str, inner: str, element: Coerce) -> Coerce:
    wanted = {"string": "text", "integer": "integers", "number": "numbers"}[inner]

    def coerce(value: Any) -> Any:
        if isinstance(value, str):
            value = _decoded(value)
        elif isinstance(value, dict):
            return bad_type(label, value, f"a list of {wanted}")
        elements = []
        for item in value if isinstance(value, (list, tuple)) else [value]:
            result = Reject("bad_type", f"{label} holds null") if item is None else element(item)
            if type(result) is Reject:
                return result
            elements.append(result)
        return elements

    return coerce


def _decoded(text: str) -> Any:
    """The list that a text holds as JSON, as SQLite keeps it; blank text is an empty list; else the text."""
    stripped = text.strip()
    if not stripped:
        return []
    if stripped.startswith("["):
        try:
            value = read_json(stripped)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return text
        if isinstance(value, list):
            return value
    return text


def _string(value: Any) -> str | None:
    """Text as it is, but ISO 8601 as RFC 3339 with milliseconds.

    A column of bare dates is taken for timestamps by loaders, and loses its offsets; with milliseconds it
    stays text.
    """
    if isinstance(value, date):
        return rfc3339(value)
    text = plain_text(value)
    if text is not None and isinstance(value, str) and text.isascii():
        moment = parse_iso(text)
        return text if moment is None else rfc3339(moment) or text
    return text


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (float, Decimal)):
        number = finite(value)
        return int(value) if number is not None and value == int(value) else None
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        try:
            return int(value.strip().partition(".")[0])
        except ValueError:  # more digits than Python turns into an integer
            return 2**64
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        return finite(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return finite(float(value))
    return None


def _bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value) if value in (0, 1) else None
    if isinstance(value, str):
        return _BOOLS.get(value.strip().lower())
    return None
