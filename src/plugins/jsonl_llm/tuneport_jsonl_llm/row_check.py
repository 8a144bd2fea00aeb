"""The rules of the format `tuneport` for a row, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from tuneport import Problem
from tuneport_jsonl_llm.turns.plain import decoded
from tuneport_jsonl_llm.values import describe

_LAYOUTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "messages": ((), ("messages",)),
    "instruction": (("instruction", "output"), ()),
    "chosen": ((), ("prompt", "chosen", "rejected")),
    "label": ((), ("prompt", "completion")),
    "text": (("text",), ()),
}
"""The column that tells the layout, to its columns of text, and its columns of turns."""
_TEXTS_OR_NONE = ("input", "reasoning")
_LEARNT = ("messages", "chosen", "rejected", "completion")
"""Columns of turns that end with the assistant."""


def check(row: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a row; nothing with every row that the format writes."""
    found: list[Problem] = []
    name = next(filter(row.__contains__, _LAYOUTS), None)
    if name is None:
        hint = (
            "write instruction and output, messages, text, or prompt with chosen and rejected or completion and label"
        )
        return [Problem("", "the row has no column to train on", hint, "no_content")]
    texts, turns = _LAYOUTS[name]
    for column in texts:
        _text(column, row.get(column), found)
    for column in turns:
        _turns(column, row.get(column), found)
    for column in _TEXTS_OR_NONE:
        if column in row:
            _text(column, row[column], found)
    if name == "label" and not isinstance(row["label"], bool):
        found.append(_bad_column("label", row["label"], "true or false"))
    _beside(row, found)
    return found


def _beside(row: Mapping[str, Any], found: list[Problem]) -> None:
    """Look at what stands beside the content."""
    if "weight" in row:
        _weight(row["weight"], "/weight", found)
    if not isinstance(row.get("metadata", ""), (dict, str)):
        found.append(_bad_column("metadata", row["metadata"], "an object, or JSON text of one"))
    if "tools" in row and not (isinstance(row["tools"], str) and isinstance(decoded(row["tools"]), list)):
        found.append(_bad_column("tools", row["tools"], "JSON text of a list"))


def _text(name: str, value: object, found: list[Problem]) -> None:
    if not isinstance(value, str):
        found.append(_bad_column(name, value, "a text"))


def _bad_column(name: str, value: object, wanted: str) -> Problem:
    return Problem(f"/{name}", f"{name} is {describe(value)}, {wanted} is wanted", "leave the row out", "bad_column")


def _weight(value: object, path: str, found: list[Problem]) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < inf
    if not number:
        hint = "write 1.0 where nothing is known"
        found.append(Problem(path, "a weight is a number of at least 0", hint, "bad_weight"))


def _turns(name: str, value: object, found: list[Problem]) -> None:
    """Look at a column of turns; a prompt may be empty, and ends with anybody."""
    if not isinstance(value, list) or (not value and name != "prompt"):
        text = f"{name} holds no turns, a list of objects with role and content is wanted"
        found.append(Problem(f"/{name}", text, "leave the row out", "no_turns"))
        return
    before = len(found)
    for number, turn in enumerate(value):
        _turn(f"/{name}/{number}", turn, found)
    if len(found) == before and name in _LEARNT and value[-1]["role"] != "assistant":
        text = f"the last turn of {name} is not the assistant's: there is nothing to train"
        hint = "end each conversation with an answer"
        found.append(Problem(f"/{name}/{len(value) - 1}/role", text, hint, "last_turn", "warning"))


def _turn(path: str, turn: object, found: list[Problem]) -> None:
    if not isinstance(turn, dict) or not turn.get("role") or not isinstance(turn["role"], str):
        found.append(Problem(path, "a turn lacks its role or content", "write both in every turn", "bad_turn"))
    elif not isinstance(turn.get("content"), str):
        text = f"the content of a turn is {describe(turn.get('content'))}, a text is wanted"
        found.append(Problem(f"{path}/content", text, "write both role and content in every turn", "bad_turn"))
    elif len(turn) > 2:
        _fields(path, turn, found)


def _fields(path: str, turn: dict[str, Any], found: list[Problem]) -> None:
    for name in ("weight", "reasoning_weight"):
        if turn.get(name) is not None:
            _weight(turn[name], f"{path}/{name}", found)
    for name in ("tool_call_id", "name", "reasoning"):
        if not isinstance(turn.get(name, ""), str | None):
            text = f"{name} is {describe(turn[name])}, a text is wanted"
            found.append(Problem(f"{path}/{name}", text, 'write "" where there is none', "bad_turn"))
    calls = turn.get("tool_calls") or []
    if not isinstance(calls, list) or not all(map(_is_call, calls)):
        hint = 'write {"id", "type": "function", "function": {"name", "arguments"}}, arguments as JSON text'
        found.append(Problem(f"{path}/tool_calls", "tool_calls holds something else than calls", hint, "bad_call"))


def _is_call(call: object) -> bool:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        return False
    arguments = function.get("arguments")
    return isinstance(arguments, str) and isinstance(decoded(arguments), dict)
