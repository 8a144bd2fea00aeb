"""The format `bedrock`: Amazon Nova's conversations on Bedrock, or rows of prompt and completion.

The rules are those of Amazon's documentation: `schemaVersion`, an optional `system`, messages of user and assistant
whose content is a list of blocks, the first of the user and the last of the assistant. Nova 2 may learn reasoning;
jobs fail on tools. No weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuneport import Context, Message, Problem, Reject, Sample
from tuneport.config import suggest
from tuneport_formats import _rules as rules
from tuneport_formats._chat_rows import asked_and_answered, head_and_turns
from tuneport_formats._hosted_targets import BEDROCK as TRAITS
from tuneport_formats._hosted_targets import BedrockConfig
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._rules import Found

VERSION = "bedrock-conversation-2024"
_ROW = frozenset({"schemaVersion", "system", "messages"})
_PLAIN = ("prompt", "completion")
_PLAIN_ROW = frozenset(_PLAIN)
_MESSAGE = frozenset({"role", "content"})
_SYSTEM = frozenset({"text"})
_BLOCKS = frozenset({"text", "image", "video", "reasoningContent"})
_ROLES = frozenset({"user", "assistant"})
_ORDER = MessageRules(roles=_ROLES, known=_ROLES, first=frozenset({"user"}), last=frozenset({"assistant"}))
_RESERVED = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")


class BedrockRows:
    """Writes one of the two layouts.

    Attributes:
        features: column to type; None where the style did not say what samples are like.
        carries: what of a sample the rows hold.
    """

    def __init__(self, config: BedrockConfig, ctx: Context) -> None:
        self._plain = config.rows == "prompt_completion"
        self._reasoning = config.reasoning == "blocks"
        self.features = None if ctx.sample is None else self._features()
        reasons = {"reasoning"} if self._reasoning else frozenset()
        self.carries = frozenset() if self._plain else (TRAITS.carries or frozenset()) | reasons

    def _features(self) -> dict[str, Any]:
        if self._plain:
            return {"prompt": "string", "completion": "string"}
        block: dict[str, Any] = {"text": "string"}
        if self._reasoning:
            block["reasoningContent"] = {"struct": {"reasoningText": {"struct": {"text": "string"}}}}
        return {
            "schemaVersion": "string",
            "system": {"list": {"struct": {"text": "string"}}},
            "messages": {"list": {"struct": {"role": "string", "content": {"list": {"struct": block}}}}},
        }

    def __call__(self, sample: Sample) -> dict[str, Any] | Reject:
        """One sample's row."""
        if self._plain:
            return asked_and_answered(sample)
        system, turns = head_and_turns(sample.messages)
        row: dict[str, Any] = {"schemaVersion": VERSION}
        if system:
            row["system"] = [{"text": system}]
        row["messages"] = [{"role": turn.role, "content": self._blocks(turn)} for turn in turns]
        return row

    def _blocks(self, turn: Message) -> list[dict[str, Any]]:
        said = [{"text": turn.content}]
        if not (self._reasoning and turn.reasoning):
            return said
        return [{"reasoningContent": {"reasoningText": {"text": turn.reasoning}}}, *said]


def bedrock(config: BedrockConfig, ctx: Context) -> BedrockRows:
    """Compile the format."""
    return BedrockRows(config, ctx)


def check(row: Mapping[str, Any]) -> Found:
    """What is wrong with a row for Bedrock."""
    found: list[Problem] = []
    if "messages" not in row and any(key in row for key in _PLAIN):
        rules.keys(row, _PLAIN_ROW, _PLAIN, found, of="Bedrock row of prompt and completion")
        for key in _PLAIN:
            if key in row:
                rules.text(row[key], f"/{key}", found)
        return found
    rules.keys(row, _ROW, ("schemaVersion", "messages"), found, of="Nova row")
    if row.get("schemaVersion", VERSION) != VERSION:
        problem = "some jobs take no other version"
        found.append(Problem("/schemaVersion", problem, f'write "{VERSION}"', "unknown_version", "warning"))
    if "system" in row and rules.is_list(row["system"], "/system", found, "system texts"):
        _check_blocks(row["system"], "/system", found, _SYSTEM, asked=True)
    if "messages" in row and rules.is_list(row["messages"], "/messages", found, "messages"):
        _check_messages(row["messages"], found)
    return found


def _check_messages(messages: list[Any], found: Found) -> None:
    spoken = []
    for index, message in enumerate(messages):
        here = f"/messages/{index}"
        if not rules.is_object(message, here, found, "message"):
            continue
        rules.keys(message, _MESSAGE, ("content",), found, here, "Nova message")
        role = message.get("role")
        if role not in ("user", "assistant"):
            problem = f'"{role}" is nobody who may speak'
            found.append(Problem(f"{here}/role", problem, suggest(str(role), _ROLES), "unknown_role"))
            continue
        spoken.append(role)
        if "content" in message and rules.is_list(message["content"], f"{here}/content", found, "blocks"):
            _check_blocks(message["content"], f"{here}/content", found, _BLOCKS, asked=role == "user")
    if len(spoken) == len(messages):
        _ORDER.order(spoken, "/messages", found)


def _check_blocks(blocks: list[Any], path: str, found: Found, known: frozenset[str], *, asked: bool) -> None:
    for index, block in enumerate(blocks):
        here = f"{path}/{index}"
        if not rules.is_object(block, here, found, "block"):
            continue
        rules.keys(block, known, (), found, here, "block")
        if len(block) != 1:
            found.append(Problem(here, "a block holds one thing", 'write {"text": ...}', "not_one_part"))
        elif "text" in block:
            rules.text(block["text"], f"{here}/text", found)
            if asked and str(block["text"]).startswith(_RESERVED):
                problem = f"jobs take a prompt amiss that starts with any of {' '.join(_RESERVED)}"
                found.append(Problem(f"{here}/text", problem, "begin otherwise", "reserved_word", "warning"))
