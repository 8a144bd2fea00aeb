"""The texts of evaluation sets, read from the files that a recipe names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec.json

from tuneport import Context, Problem
from tuneport.errors import RecipeError
from tuneport_quality.config import DecontaminationConfig

_decode = msgspec.json.Decoder().decode
_NAMED = "name a .jsonl file of rows, or a text file with one text on each line"


def evaluation_texts(config: DecontaminationConfig, ctx: Context) -> Iterator[str]:
    """The texts of all files, in order.

    Raises:
        RecipeError: a file cannot be read, has a line that is no JSON, or has none of the fields.
    """
    for number, path in enumerate(config.against):
        place = f"against[{number}]"
        try:
            data = ctx.resource(path)
        except OSError as error:
            raise RecipeError([Problem(place, f"{path}: {error.strerror}", _NAMED)]) from None
        found = False
        for text in _rows(path, data, config.fields, place) if path.endswith(".jsonl") else _lines(path, data, place):
            found = True
            yield text
        if not found:
            fields = f" in {', '.join(config.fields)}" if config.fields else ""
            raise RecipeError([Problem(place, f"{path} has no text{fields}", _NAMED)])


def _lines(path: str, data: bytes, place: str) -> Iterator[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise RecipeError([Problem(place, f"{path} is not UTF-8", _NAMED)]) from None
    yield from (line for line in text.splitlines() if line.strip())


def _rows(path: str, data: bytes, fields: list[str], place: str) -> Iterator[str]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row: Any = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise RecipeError([Problem(place, f"{path}, line {number}: no JSON", _NAMED)]) from None
        if fields:
            row = [row.get(name) for name in fields] if isinstance(row, dict) else None
        yield from _all_texts(row)


def _all_texts(value: Any) -> Iterator[str]:
    """Every text in a value, at any depth."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str) and one.strip():
            yield one
        elif isinstance(one, list):
            left.extend(reversed(one))
        elif isinstance(one, dict):
            left.extend(reversed(one.values()))
