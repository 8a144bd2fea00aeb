"""The format `bedrock_claude`: rows that tuned Claude 3 Haiku on Amazon Bedrock.

The rules are those of Anthropic's cookbook for it: an optional `system` text, two messages at least, the first of the
user, the last of the assistant, by turns, and no other key. 32 to 10,000 rows are hearsay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tuneport import Config, Context, Problem, Sample
from tuneport_formats import _rules as rules
from tuneport_formats._rules import Found
from tuneport_formats.anthropic import MESSAGES, TEXTS, system_and_messages

_ROW = frozenset({"system", "messages"})
_MESSAGES = replace(MESSAGES, first=frozenset({"user"}), last=frozenset({"assistant"}), twice=False)


class ClaudeRows:
    """Writes a conversation, its system messages apart.

    Attributes:
        features: column to type; None where the style did not say what samples are like.
    """

    def __init__(self, _config: Config, ctx: Context) -> None:
        self.features = None if ctx.sample is None else {"system": "string", "messages": TEXTS}

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        return system_and_messages(sample)


def bedrock_claude(config: Config, ctx: Context) -> ClaudeRows:
    """Compile the format."""
    return ClaudeRows(config, ctx)


def check(row: Mapping[str, Any]) -> Found:
    """What is wrong with a row for Claude on Bedrock."""
    found: list[Problem] = []
    rules.keys(row, _ROW, ("messages",), found, of="Claude row")
    if "messages" in row:
        _MESSAGES(row["messages"], "/messages", found)
    if "system" in row:
        rules.text(row["system"], "/system", found)
    return found
