"""The format `anthropic`: `{"system", "messages", "metadata"}`, a conversation as Anthropic's Messages API has it.

No service takes files of such rows for training today; the layout is read by other trainers and scripts. For the one
Claude model that could be tuned there is `bedrock_claude`, which is stricter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuneport import Context, Problem, Sample
from tuneport_formats import _rules as rules
from tuneport_formats._chat_rows import head_and_turns
from tuneport_formats._features import Beside
from tuneport_formats._hosted_targets import ANTHROPIC as TRAITS
from tuneport_formats._hosted_targets import AnthropicConfig
from tuneport_formats._message_rules import MessageRules
from tuneport_formats._rules import Found

_ROW = frozenset({"system", "messages", "metadata"})
MESSAGES = MessageRules(
    roles=frozenset({"user", "assistant"}), known=frozenset({"role", "content"}), parts=frozenset({"text"})
)
TEXTS: dict[str, Any] = {"list": {"struct": {"role": "string", "content": "string"}}}


class AnthropicRows:
    """Writes a conversation, its system messages apart.

    Attributes:
        features: column to type; None where the style did not say what samples are like.
        carries: what of a sample the rows hold.
    """

    def __init__(self, config: AnthropicConfig, ctx: Context) -> None:
        self._beside = Beside(ctx, metadata=config.metadata)
        self.features = self._beside.features({"system": "string", "messages": TEXTS})
        carries = TRAITS.carries or frozenset()
        self.carries = carries if config.metadata else carries - {"metadata"}

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        return self._beside.add(system_and_messages(sample), sample)


def system_and_messages(sample: Sample) -> dict[str, Any]:
    """`system`, where there is one, and `messages` of role and text."""
    system, turns = head_and_turns(sample.messages)
    messages = [{"role": turn.role, "content": turn.content} for turn in turns]
    return {"system": system, "messages": messages} if system else {"messages": messages}


def anthropic(config: AnthropicConfig, ctx: Context) -> AnthropicRows:
    """Compile the format."""
    return AnthropicRows(config, ctx)


def check(row: Mapping[str, Any]) -> Found:
    """What is wrong with a row in Anthropic's layout."""
    found: list[Problem] = []
    rules.keys(row, _ROW, ("messages",), found, of="Anthropic row")
    if "messages" in row:
        MESSAGES(row["messages"], "/messages", found)
    if "system" in row:
        rules.text(row["system"], "/system", found)
    if "metadata" in row:
        rules.is_object(row["metadata"], "/metadata", found, "metadata")
    return found
