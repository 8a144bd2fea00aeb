"""Turns as rows have them: the same keys in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tuneport import Message, ToolCall
from tuneport_jsonl_llm.config import TURN_FIELDS

_CALL = {
    "struct": {"id": "string", "type": "string", "function": {"struct": {"name": "string", "arguments": "string"}}}
}
_TYPES: dict[str, Any] = {
    "tool_calls": {"list": _CALL},
    "tool_call_id": "string",
    "name": "string",
    "reasoning": "string",
    "weight": "float64",
    "reasoning_weight": "float64",
}
WriteTurns = Callable[[Sequence[Message]], list[dict[str, Any]]]


def turn_writer(fields: Iterable[str] | None) -> WriteTurns:
    """How turns are written that have these fields; None where that is not known, and each sample decides."""
    if fields is None:
        return lambda turns: _written(turns, fields_of(turns))
    names = [name for name in TURN_FIELDS if name in set(fields)]
    return (lambda turns: _written(turns, names)) if names else _plain


def turn_type(fields: Iterable[str]) -> dict[str, Any]:
    """The type of a column of such turns."""
    kept = set(fields)
    more = {name: kind for name, kind in _TYPES.items() if name in kept}
    return {"list": {"struct": {"role": "string", "content": "string", **more}}}


def _plain(turns: Sequence[Message]) -> list[dict[str, Any]]:
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _written(turns: Sequence[Message], names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"role": turn.role, "content": turn.content, **{name: _value(turn, name) for name in names}} for turn in turns
    ]


def _value(turn: Message, name: str) -> Any:
    value = getattr(turn, name)
    if name == "tool_calls":
        return [_call(call) for call in turn.tool_calls]
    return float(value) if isinstance(value, int) else value


def _call(call: ToolCall) -> dict[str, Any]:
    """A call; its arguments are text, for a column of objects would have the keys of all of them."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.text}}


def fields_of(turns: Sequence[Message]) -> list[str]:
    """What some of the turns have beside role and content."""
    return [name for name in TURN_FIELDS if any(_has(turn, name) for turn in turns)]


def _has(turn: Message, name: str) -> bool:
    value = getattr(turn, name)
    return value is not None if name.endswith("weight") else bool(value)
