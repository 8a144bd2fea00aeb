"""What ms-swift takes: rules of its own form, for conversations and for preference data."""

from __future__ import annotations

from typing import Any

import msgspec

from tuneport import Problem
from tuneport.nesting import read_json
from tuneport_formats import _rules as rules
from tuneport_formats import _tool_rules as tool_rules
from tuneport_formats._message_rules import MessageRules

_LEARNT = frozenset({"assistant", "tool_call"})
_MESSAGES = MessageRules(
    roles=_LEARNT | {"system", "user", "tool", "tool_response"},
    known=frozenset({"role", "content", "loss", "loss_scale"}),
    empty=frozenset({"tool", "tool_response"}),
    ids="any",
    weight="number",
    weight_key="loss_scale",
    weighted=_LEARNT,
    heads="once",
    last=_LEARNT,
    needed="",
)
_COMMON = frozenset({"messages", "tools", "channel", "chat_template_kwargs"})
_PAIR = _COMMON | {"rejected_messages", "rejected_response", "rejected_tools", "margin"}


def check(row: Any) -> list[Problem]:
    """What is wrong with a conversation."""
    found: list[Problem] = []
    rules.keys(row, _COMMON, ("messages",), found)
    _parts(row, ("messages",), found)
    return found


def check_rlhf(row: Any) -> list[Problem]:
    """What is wrong with a pair of answers, or an answer with a label."""
    found: list[Problem] = []
    if "label" in row:
        rules.keys(row, _COMMON | {"label"}, ("messages",), found)
        rules.label(row["label"], "/label", found)
        _parts(row, ("messages",), found)
        return found
    rules.keys(row, _PAIR, ("messages",), found)
    _parts(row, ("messages", "rejected_messages"), found)
    if "rejected_messages" not in row and "rejected_response" not in row:
        hint = "write rejected_messages, or label where there is one answer"
        found.append(Problem("", "neither a rejected answer nor a label", hint, "missing_key"))
    if not rules.refused(found):
        _check_rejected(row, found)
    return found


def _check_rejected(row: Any, found: list[Problem]) -> None:
    """Both answers differ: ms-swift drops a row where they do not."""
    name = "rejected_messages" if "rejected_messages" in row else "rejected_response"
    rejected = row[name]
    if name == "rejected_response":
        rules.text(rejected, f"/{name}", found)
        same = row["messages"][-1]["content"] == rejected
    else:
        same = row["messages"] == rejected
    if same:
        found.append(Problem(f"/{name}", "both answers are the same", "leave such pairs out", "same_answers"))
    if name == "rejected_messages" and row.get("tools") and not row.get("rejected_tools"):
        hint = "write the tools under rejected_tools as well"
        found.append(Problem("/rejected_tools", "ms-swift gives the rejected answer no tools", hint, "missing_key"))


def _parts(row: Any, lists: tuple[str, ...], found: list[Problem]) -> None:
    for name in lists:
        if name in row:
            before = len(found)
            _MESSAGES(row[name], f"/{name}", found)
            for index, message in enumerate(() if rules.refused(found[before:]) else row[name]):
                _check_message(message, f"/{name}/{index}", found)
    for name in ("tools", "rejected_tools"):
        if row.get(name) is not None:
            tool_rules.tools(row[name], f"/{name}", found, written="text", strict=False)


def _check_message(message: Any, path: str, found: list[Problem]) -> None:
    if message.get("loss") is not None:
        rules.label(message["loss"], f"{path}/loss", found)
    if (message.get("loss_scale") or 0) < 0:
        hint = "write 0.0 or more: ms-swift learns nothing from a turn below zero"
        found.append(Problem(f"{path}/loss_scale", "the weight is below zero", hint, "bad_weight"))
    if message["role"] == "tool_call":
        try:
            call = read_json(message["content"])
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            call = None
        if not (isinstance(call, dict) and "name" in call and "arguments" in call):
            hint = 'write {"name": ..., "arguments": {...}} as JSON text'
            found.append(Problem(f"{path}/content", "it is no JSON of a call", hint, "bad_call"))
