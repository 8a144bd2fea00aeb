"""Conversations as one text with tags between the turns."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tuneport import Message, Reject, Sample

_END = "</think>"
_Self = TypeVar("_Self")


class _EndsEarlyError(ValueError):
    """Reasoning holds the tag that ends it."""


def thought(reasoning: str) -> str:
    """Reasoning as it stands before what an assistant says; called below `thinks` only."""
    if _END in reasoning:
        raise _EndsEarlyError
    return f"<think>\n{reasoning}\n{_END}\n\n"


def said(turn: Message) -> str:
    """What a turn says, its reasoning before it; called below `thinks` only."""
    return thought(turn.reasoning) + turn.content if turn.reasoning else turn.content


def thinks(write: Callable[[_Self, Sample], Any]) -> Callable[[_Self, Sample], Any]:
    """For what writes rows with reasoning in their texts: refuse what a reader would not find the end of."""

    @functools.wraps(write)
    def guarded(self: _Self, sample: Sample) -> Any:
        try:
            return write(self, sample)
        except _EndsEarlyError:
            return Reject("think_in_reasoning", f"what the assistant thinks holds {_END}, which would end it early")

    return guarded


class Tags:
    """Writes a conversation as one text, for formats that have no place for anything but text."""

    __slots__ = ("_after", "_before", "_marks")

    def __init__(self, before: str, after: dict[str, str], marks: tuple[str, ...]) -> None:
        """Take the tags.

        Args:
            before: what stands before a turn; `{}` is the role.
            after: what stands after the turn of a role.
            marks: texts that no turn may hold, for they would end it.
        """
        self._before = {role: before.format(role) for role in ("system", "user", "assistant")}
        self._before["developer"] = self._before["system"]
        self._after = after
        self._marks = marks

    def __call__(self, messages: Sequence[Message]) -> str | Reject:
        """The text, or why there is none."""
        parts: list[str] = []
        for turn in messages:
            if turn.tool_calls or turn.role not in self._before:
                return Reject("calls_in_text", "a conversation with tools cannot be written as one text")
            content = said(turn)
            # Nearly no text has the beginning that all tags share.
            if "<|" in content and any(mark in content for mark in self._marks):
                return Reject(
                    "tag_in_text", f"what the {turn.role} says holds a tag that this format puts between turns"
                )
            parts += (self._before[turn.role], content, self._after.get(turn.role, ""))
        return "".join(parts)
