"""One turn, as an object of a record has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tuneport import Message
from tuneport_jsonl_llm.turns.calls import calls_in
from tuneport_jsonl_llm.turns.content import Content, blocks_of, text_of
from tuneport_jsonl_llm.turns.fault import FaultError
from tuneport_jsonl_llm.turns.roles import CALLING
from tuneport_jsonl_llm.values import describe, finite

_THOUGHT = re.compile(r"\s*<think>(.*?)</think>(.*)", re.DOTALL)
_REASONING = ("reasoning_content", "thinking", "reasoning")


def messages_in(turn: object, roles: Mapping[str, str]) -> list[Message]:
    """The messages that one turn holds: one, and before it the answers of tools that stand in a turn of the user.

    Args:
        turn: an object with `role` and `content`, or `from` and `value`.
        roles: name to role.

    Raises:
        FaultError: it cannot be read.
    """
    if not isinstance(turn, dict):
        raise FaultError("bad_type", f"is {describe(turn)}, not an object with role and content")
    role = _role(turn.get("role", turn.get("from")), roles)
    said = turn["content"] if "content" in turn else turn.get("value")
    if len(turn) == 2 and type(said) is str and role != CALLING:
        return [Message(role, said)]
    if role == CALLING:
        thought, called = _apart(said)
        calls = calls_in(called)
        if not calls:
            raise FaultError("bad_call", "has no call of a tool")
        return [Message("assistant", "", calls, reasoning=_reasoning(turn) or thought, **_weights(turn))]
    if role == "assistant":
        return [_assistant(turn, _content(said), silent=said is None)]
    return _others(turn, role, _content(said))


def _apart(said: object) -> tuple[str, object]:
    """The reasoning that stands before a call in one text, as LLaMA-Factory reads it, and the call."""
    found = _THOUGHT.match(said) if isinstance(said, str) else None
    return ("", said) if found is None else (found[1].strip("\n"), found[2])


def _content(said: object) -> Content:
    if isinstance(said, (list, tuple)):
        return blocks_of(said)
    return Content("" if said is None else text_of(said))


def _role(name: object, roles: Mapping[str, str]) -> str:
    if name is None:
        raise FaultError("unknown_role", "has no role")
    role = (roles.get(name) or roles.get(name.strip().lower())) if isinstance(name, str) else None
    if role is None:
        known = "system, developer, user, human, assistant, gpt, tool, observation, function_call"
        fix = 'say in roles what it means, as roles = { customer = "user" }'
        raise FaultError("unknown_role", f"has a role that is not known; known are {known}; {fix}")
    return role


def _assistant(turn: dict[str, Any], content: Content, *, silent: bool) -> Message:
    calls = (*content.calls, *calls_in(turn.get("tool_calls")), *calls_in(turn.get("function_call")))
    if content.answers:
        raise FaultError("tool_without_call", "has an answer of a tool, and is the assistant's")
    if silent and not calls:
        raise FaultError("missing_field", "is the assistant's, and its content is missing or null")
    reasoning = content.reasoning or _reasoning(turn)
    return Message("assistant", content.text, calls, name=_name(turn), reasoning=reasoning, **_weights(turn))


def _others(turn: dict[str, Any], role: str, content: Content) -> list[Message]:
    if content.calls or calls_in(turn.get("tool_calls")):
        raise FaultError("bad_call", "calls a tool, and is not the assistant's")
    if content.answers and role != "user":
        raise FaultError("tool_without_call", "has an answer of a tool within another turn than the user's")
    if content.answers and not content.text.strip():
        return content.answers
    identity = turn.get("tool_call_id") if role == "tool" else None
    identity = "" if identity is None else str(identity)
    return [*content.answers, Message(role, content.text, (), identity, _name(turn), **_weights(turn))]


def _name(turn: dict[str, Any]) -> str:
    name = turn.get("name")
    if name is not None and not isinstance(name, str):
        raise FaultError("bad_type", f"has a name that is {describe(name)}, not text")
    return name or ""


def _reasoning(turn: dict[str, Any]) -> str:
    found = next((turn[key] for key in _REASONING if turn.get(key)), "")
    if not isinstance(found, str):
        raise FaultError("bad_type", f"has a reasoning that is {describe(found)}, not text")
    return found


def _weights(turn: dict[str, Any]) -> dict[str, Any]:
    """What the turn and its reasoning count, where it says so."""
    return {key: _number(turn[key], key) for key in ("weight", "reasoning_weight") if turn.get(key) is not None}


def _number(value: object, key: str) -> float:
    number = finite(value) if isinstance(value, int | float) else None
    if number is None or number < 0:
        what = "below zero" if number is not None else describe(value)
        raise FaultError("bad_type", f"has a {key} that is {what}, not a number of at least 0")
    return number or 0.0
