"""Ids of tool calls: one for every call, and the same one for its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec.json
from msgspec.structs import replace

from tuneport import Message, ToolCall

GIVEN = "call_{}"
"""What an id looks like that a record does not give: `call_1`, `call_2`, ..."""

_json = msgspec.json.Encoder().encode


def with_ids(messages: Sequence[Message], pattern: str = GIVEN, *, keep: bool = True) -> Sequence[Message]:
    """The conversation with an id for every call and every answer that has a call to answer.

    An answer that does not say which call it answers is taken for that of the first open call of its name, else of the
    first open one.

    Args:
        messages: the turns.
        pattern: what an id looks like; `{}` is its number, from 1.
        keep: whether ids that are there stay; else all are made anew, as some services want them.
    """
    if not any(turn.tool_calls or turn.role == "tool" for turn in messages):
        return messages
    taken = {call.id for turn in messages for call in turn.tool_calls} if keep else set()
    ids = _Ids(pattern, taken)
    return [ids.of(turn, keep=keep) for turn in messages]


class _Ids:
    """Walks through a conversation: the numbers that are used up, and the calls without an answer."""

    def __init__(self, pattern: str, taken: set[str]) -> None:
        self._pattern = pattern
        self._taken = taken
        self._number = 0
        self._open: list[tuple[str, ToolCall]] = []

    def of(self, turn: Message, *, keep: bool) -> Message:
        if turn.tool_calls:
            calls = [call if keep and call.id else replace(call, id=self._new()) for call in turn.tool_calls]
            self._open += [(was.id, call) for was, call in zip(turn.tool_calls, calls, strict=True)]
            return replace(turn, tool_calls=tuple(calls))
        if turn.role == "tool":
            return replace(turn, tool_call_id=self._answered(turn))
        return turn

    def _answered(self, turn: Message) -> str:
        """The id of the call that a turn answers; where there is none, what the turn says."""
        if turn.tool_call_id:
            fits: list[Callable[[str, ToolCall], bool]] = [lambda was, _: was == turn.tool_call_id]
        else:
            fits = [lambda _, call: call.name == turn.name, lambda *_: True]
        for fit in fits:
            for place, (was, call) in enumerate(self._open):
                if fit(was, call):
                    del self._open[place]
                    return call.id
        return turn.tool_call_id

    def _new(self) -> str:
        while True:
            self._number += 1
            made = self._pattern.format(self._number)
            if made not in self._taken:
                return made


def call_row(call: ToolCall, *, as_text: bool) -> dict[str, Any]:
    """A call as the chat APIs have it, its arguments as JSON text or as an object."""
    arguments = call.text if as_text else call.arguments
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def tools_text(tools: Sequence[dict[str, Any]]) -> str | None:
    """A sample's tools as JSON text; None where it has none: templates take an empty list for tools."""
    return _json(tools).decode() if tools else None
