"""The format `mistral`: rows of `messages` or of `text` for Mistral's models.

The rules are those of mistral-common 1.13 for tuning (the validator of version 11), and of mistral-finetune. A tuned
model's tokenizer may be older: what only that refuses is a warning. Ids of calls have nine letters or digits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tuneport import Context, Problem, Sample, Text
from tuneport_formats import _rules as rules
from tuneport_formats._chat_rows import ChatRows
from tuneport_formats._hosted_targets import MISTRAL as TRAITS
from tuneport_formats._hosted_targets import MistralConfig
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._mistral_tools import check_answers, check_calls, check_tools
from tuneport_formats._rules import Found
from tuneport_formats._tags import thinks
from tuneport_formats._tool_rules import check_name
from tuneport_formats._turns import Turns

_ROW = frozenset({"messages", "tools"})
_ID = re.compile(r"[a-zA-Z0-9]{9}\Z")
_KEYS = {
    "system": frozenset({"role", "content"}),
    "user": frozenset({"role", "content"}),
    "assistant": frozenset({"role", "content", "tool_calls", "weight", "prefix"}),
    "tool": frozenset({"role", "content", "tool_call_id", "name"}),
}
_AFTER = {
    "system": frozenset({"user", "assistant", "system"}),
    "user": frozenset({"assistant", "system", "user"}),
    "assistant": frozenset({"assistant", "user", "tool"}),
    "tool": frozenset({"assistant", "tool", "user"}),
}
_MESSAGES = MessageRules(
    roles=frozenset(_KEYS),
    known=frozenset().union(*_KEYS.values()),
    parts=frozenset({"text"}),
    empty=frozenset({"system", "user", "tool"}),
    ids="any",
    last=frozenset({"assistant"}),
    needed="",
)


class MistralRows:
    """Writes conversations, and plain texts.

    Attributes:
        features: column to type; None where that is not known, or no one type holds a column.
        carries: what of a sample the rows hold.
    """

    def __init__(self, config: MistralConfig, ctx: Context) -> None:
        turns = Turns(
            ctx,
            arguments="text",
            reasoning=config.reasoning,
            uniform=False,
            weights="binary",
            roles={"developer": "system"},
            names=False,
            ids="{:09d}",
            keep_ids=False,
        )
        self._chats = ChatRows(ctx, turns, written=_declared)
        self._mixed = ctx.sample is not None and ctx.sample.kind is Sample
        texts = ctx.sample is not None and issubclass(ctx.sample.kind, Text)
        self.features = {"text": "string"} if texts else self._chats.features
        self.carries = (TRAITS.carries or frozenset()) | (
            {"reasoning"} if config.reasoning == "inline" else frozenset()
        )

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        return {"text": sample.text} if isinstance(sample, Text) and not self._mixed else self._chats(sample)


def _declared(tools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tools with a description and parameters: mistral-finetune refuses others."""
    return [_with_all(tool) for tool in tools]


def _with_all(tool: dict[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    if not isinstance(function, dict):
        return tool
    name, rest = function.get("name"), {"description": "", "parameters": {"type": "object", "properties": {}}}
    return {"type": "function", "function": {"name": name, **rest, **function}}


def mistral(config: MistralConfig, ctx: Context) -> MistralRows:
    """Compile the format."""
    return MistralRows(config, ctx)


def check(row: Mapping[str, Any]) -> Found:
    """What is wrong with a row for Mistral."""
    found: list[Problem] = []
    if "text" in row and "messages" not in row:
        rules.keys(row, frozenset({"text"}), (), found, of="Mistral row of text")
        rules.text(row["text"], "/text", found)
        return found
    rules.keys(row, _ROW, ("messages",), found, of="Mistral row")
    if "messages" in row:
        _MESSAGES(row["messages"], "/messages", found)
        if not rules.refused(found):
            _check_turns(row["messages"], found)
    if row.get("tools") is not None:
        check_tools(row["tools"], found)
    return found


def _check_turns(messages: Sequence[Mapping[str, Any]], found: Found) -> None:
    """What MessageRules does not know of, where it found nothing."""
    tools = False
    before = ""
    for index, message in enumerate(messages):
        role = message["role"]
        here = f"/messages/{index}"
        if not _KEYS[role].issuperset(message):
            rules.keys(message, _KEYS[role], (), found, here, f"message of the {role}")
        if before and role not in _AFTER[before]:
            hint = f"after the {before} speaks {' or '.join(sorted(_AFTER[before]))}"
            found.append(Problem(f"{here}/role", f"the {role} cannot follow the {before}", hint, "bad_order"))
        if role == "tool" or message.get("tool_calls"):
            tools = True
            _check_ids(message, here, found, last=index == len(messages) - 1)
        if message.get("prefix"):
            problem = "an answer that is continued cannot be learnt"
            found.append(Problem(f"{here}/prefix", problem, "leave it out", "unknown_key"))
        before = role
    if len(messages) == 1:
        hint = "begin with what the user asks"
        found.append(Problem("/messages", "an answer without a question", hint, "bad_first_turn"))
    if tools and not rules.refused(found):
        check_answers(messages, found)


def _check_ids(message: Mapping[str, Any], path: str, found: Found, *, last: bool) -> None:
    if message["role"] == "tool":
        _check_id(message.get("tool_call_id"), f"{path}/tool_call_id", found)
        if message.get("name") is not None:
            check_name(message["name"], f"{path}/name", found)
        return
    check_calls(message["tool_calls"], f"{path}/tool_calls", found)
    if message.get("content"):
        problem = "a text beside calls of tools: tokenizers of version 3 refuse it"
        found.append(Problem(f"{path}/content", problem, "write an empty text", "text_beside_calls", "warning"))
    for place, call in enumerate(message["tool_calls"]):
        # What ends a conversation is answered by nobody: it needs no id.
        if not (last and call.get("id", "null") == "null"):
            _check_id(call.get("id"), f"{path}/tool_calls/{place}/id", found)


def _check_id(value: object, path: str, found: Found) -> None:
    if not isinstance(value, str) or _ID.match(value) is None:
        said = f'"{value}" is no id of a call' if isinstance(value, str) else "the call has no id"
        found.append(Problem(path, said, "write nine letters or digits", "bad_tool_call_id"))
