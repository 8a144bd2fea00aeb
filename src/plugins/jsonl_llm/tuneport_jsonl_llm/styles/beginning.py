"""What conversations begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuneport import Message
from tuneport_jsonl_llm.turns.reader import Turns


def common(one: Turns, other: Turns) -> int:
    """How many turns both begin with; each keeps one at least."""
    most = min(len(one), len(other)) - 1
    return next((n for n in range(most) if _said(one[n]) != _said(other[n])), most)


def begun(beginning: Turns, prompt: Turns | None) -> Turns | None:
    """The prompt of a conversation that begins so; None where it has none, or the record's own prompt is another."""
    if not beginning or not prompt:
        return beginning or None
    size = min(len(beginning), len(prompt))
    if not same(beginning[-size:], prompt[-size:]):
        return None
    return prompt if len(prompt) > len(beginning) else beginning


def same(one: Sequence[Message], other: Sequence[Message]) -> bool:
    """Whether the same is said, whatever ids calls have."""
    return [*map(_said, one)] == [*map(_said, other)]


def _said(turn: Message) -> tuple[Any, ...]:
    return turn.role, turn.content, turn.reasoning, [(call.name, call.arguments) for call in turn.tool_calls]
