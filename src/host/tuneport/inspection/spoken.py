"""Conversations, tools and labels among the values of a field."""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from typing import Any

import msgspec

from tuneport.nesting import read_json

ASSISTANT = {"assistant", "gpt", "model", "bot", "chatbot", "ai", "function_call", "tool_call"}
OTHERS = {"system", "developer", "user", "human", "tool", "observation", "function", "tool_response"}
_VERDICTS = {
    *("up", "down", "good", "bad", "like", "dislike", "thumbs_up", "thumbs_down", "👍", "👎"),
    *("1", "-1"),
}
LABELS = {"true", "false", "yes", "no", "0", *_VERDICTS}
"""Words that say whether an answer is a good one."""
_LONGEST = 40
"""Characters of which no label has more."""

_BETWEEN = re.compile(r"(?<=\w)[\s-]+(?=\w)")


class Spoken:
    """What one field holds beside texts. Positions count the records that were looked at.

    Attributes:
        conversations: how many values are lists of turns, or JSON text of one, with well-known roles.
        trailing: how many of them do not end with the assistant.
        lists: how many values are lists of objects, JSON text of one, or empty.
        labels: how many values may say whether something is good.
        verdicts: how many of them are 1, -1, or a word for little else.
        positions: of the conversations in which the assistant says something.
        lengths: characters of its last answer, beside `positions`.
    """

    def __init__(self) -> None:
        self.conversations = self.trailing = self.lists = self.labels = self.verdicts = 0
        self.positions, self.lengths = array("I"), array("I")

    def add(self, position: int, value: Any) -> None:
        """Look at the value of one record; not called for null."""
        if isinstance(value, int | float):
            self.labels += value in (0, 1, -1)
            self.verdicts += value in (1, -1)
            return
        held = _decoded(value) if isinstance(value, str) else value
        if isinstance(value, str):
            word = _BETWEEN.sub("_", value[:_LONGEST].strip().lower())
            self.labels += word in LABELS
            self.verdicts += word in _VERDICTS
        if not isinstance(held, list | tuple) or not all(isinstance(one, Mapping) for one in held):
            return
        self.lists += 1
        roles = [_role(one) for one in held]
        if not roles or not all(role in ASSISTANT or role in OTHERS for role in roles):
            return
        self.conversations += 1
        self.trailing += roles[-1] not in ASSISTANT
        size = next((_size(one) for one, role in zip(held[::-1], roles[::-1], strict=True) if role in ASSISTANT), 0)
        if size:
            self.positions.append(position)
            self.lengths.append(size)


def _decoded(text: str) -> Any:
    """The list in a JSON text; an empty one for blank text; None for anything else."""
    stripped = text.strip()
    if not stripped:
        return []
    if not stripped.startswith("["):
        return None
    try:
        return read_json(stripped)
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        return None


def _role(turn: Mapping[str, Any]) -> str:
    role = turn.get("role", turn.get("from"))
    return role.strip().lower() if isinstance(role, str) else ""


def _size(turn: Mapping[str, Any]) -> int:
    """Characters that a turn says, about as many as its blocks hold."""
    said = turn.get("content", turn.get("value"))
    if isinstance(said, list | tuple):
        blocks = [block.get("text", block.get("input")) if isinstance(block, Mapping) else block for block in said]
        return sum(len(str(block)) for block in blocks if block)
    text = said if isinstance(said, str) and said.strip() else ""
    calls = turn.get("tool_calls")
    return len(text) + (len(str(calls)) if calls else 0)
