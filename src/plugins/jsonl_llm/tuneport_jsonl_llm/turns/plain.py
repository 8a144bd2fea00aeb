"""Lists and objects that records hold as they are, or as JSON text."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tuneport.nesting import read_json
from tuneport_jsonl_llm.values import json_text


def decoded(text: str) -> Any:
    """The list or object that a text holds as JSON; None where it holds none."""
    stripped = text.strip()
    if not stripped.startswith(("[", "{")):
        return None
    try:
        return read_json(stripped)
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        return None


def read_back(value: object) -> Any:
    """A list or an object as a reader of its JSON text has it; None where there is no such text.

    Python's own may have keys that are no texts, which others write in other ways than our rows are compared by, and
    values that JSON has as text, such as dates.
    """
    text = json_text(value)
    try:
        # The standard library's: it takes every text that json_text makes, lone surrogates and large integers too.
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


def turns_in(value: object) -> list[Any] | None:
    """The turns where a value, or its JSON text, is a conversation or one turn; None where it is anything else."""
    if isinstance(value, str):
        value = decoded(value)
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list | tuple) and value and all(map(_is_turn, value)):
        return list(value)
    return None


def _is_turn(value: object) -> bool:
    return isinstance(value, dict) and ("role" in value or "from" in value)
