"""Conversations as lists of `{"role", "content", ...}`, as most targets want them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from tuneport import Context, Message
from tuneport_formats._calls import GIVEN, call_row, with_ids
from tuneport_formats._tags import said

Arguments = Literal["text", "object"]
Reasoning = Literal["inline", "reasoning_content", "thinking", "drop"]
Weights = Literal["none", "binary", "float"]

_ANY = frozenset({"tool_calls", "tool_call_id", "name", "reasoning", "weight"})
_Value = Callable[[Message, float | None], Any]


class Turns:
    """Writes a conversation's turns: `turns(messages)`, or `turns(messages, weight)` with the sample's weight.

    Attributes:
        feature: the type of a column of such turns, with every key that one of them may have; None where the style did
            not say what turns have. Arguments as objects are `json`, which stands for any value: no card declares it.
    """

    __slots__ = (
        "_calls",
        "_content",
        "_extras",
        "_ids",
        "_keep_ids",
        "_null",
        "_plain",
        "_roles",
        "_uniform",
        "feature",
    )

    def __init__(
        self,
        ctx: Context,
        *,
        arguments: Arguments,
        reasoning: Reasoning,
        uniform: bool,
        weights: Weights = "none",
        weight_key: str = "weight",
        roles: Mapping[str, str] | None = None,
        names: bool = True,
        ids: str = GIVEN,
        keep_ids: bool = True,
        null_content: bool = False,
    ) -> None:
        """Compile for what the run's turns may have.

        Args:
            ctx: of the run. Where its style did not say what turns have, each turn has what applies to it.
            arguments: those of tool calls as JSON `text` or as an `object`.
            reasoning: where it goes: `inline` before the content as `<think>` has it, under a key, or nowhere.
            uniform: whether every turn has the same keys, null where one does not apply; else only those that apply.
            weights: weights of assistant turns: `binary` as 0 or 1 where a turn has one, `float` as a number, times
                the sample's weight and in every assistant turn where that is given.
            weight_key: the key they stand under.
            roles: roles that the target calls otherwise.
            names: whether names of participants and of answering tools are written.
            ids: what an id of a call looks like that is made here; `{}` is its number.
            keep_ids: whether ids that a record gives stay.
            null_content: whether the content is null where an assistant only calls tools; else "".
        """
        has = _ANY if ctx.sample is None else ctx.sample.turns
        self._uniform = uniform and ctx.sample is not None
        self._roles = dict(roles or {})
        self._ids, self._keep_ids, self._null = ids, keep_ids, null_content
        self._calls = bool(has & {"tool_calls", "tool_call_id"})
        self._content = said if reasoning == "inline" and "reasoning" in has else _without_reasoning
        self._extras: list[tuple[str, _Value]] = []
        types: dict[str, Any] = {"role": "string", "content": "string"}

        def add(key: str, value: _Value, kind: Any) -> None:
            self._extras.append((key, value))
            types[key] = kind

        if self._calls:
            as_text = arguments == "text"
            add("tool_calls", _written_calls(as_text=as_text), _calls_type("string" if as_text else "json"))
            add("tool_call_id", lambda turn, _: turn.tool_call_id or None, "string")
        if names and "name" in has:
            add("name", lambda turn, _: turn.name or None, "string")
        if reasoning in ("reasoning_content", "thinking") and "reasoning" in has:
            add(reasoning, lambda turn, _: turn.reasoning or None, "string")
        if weights == "binary" and "weight" in has:
            add(weight_key, _binary, "int64")
        if weights == "float" and ("weight" in has or ctx.weighted):
            add(weight_key, _float, "float64")
        self._plain = not self._extras and self._content is _without_reasoning and not self._roles
        self.feature: Any = None if ctx.sample is None else {"list": {"struct": types}}

    def __call__(self, messages: Sequence[Message], weight: float | None = None) -> list[dict[str, Any]]:
        """The turns as rows have them.

        Args:
            messages: the conversation, or a part of one.
            weight: the sample's weight, where each assistant turn carries it.
        """
        if self._plain:
            return [{"role": turn.role, "content": turn.content} for turn in messages]
        if self._calls:
            messages = with_ids(messages, self._ids, keep=self._keep_ids)
        return [self._turn(turn, weight) for turn in messages]

    def _turn(self, turn: Message, weight: float | None) -> dict[str, Any]:
        content: str | None = self._content(turn)
        if not content and self._null and turn.tool_calls:
            content = None
        row: dict[str, Any] = {"role": self._roles.get(turn.role, turn.role), "content": content}
        for key, value in self._extras:
            one = value(turn, weight)
            if one is not None or self._uniform:
                row[key] = one
        return row


def _without_reasoning(turn: Message) -> str:
    return turn.content


def _written_calls(*, as_text: bool) -> _Value:
    return lambda turn, _: [call_row(call, as_text=as_text) for call in turn.tool_calls] or None


def _binary(turn: Message, _weight: float | None) -> int | None:
    if turn.role != "assistant" or turn.weight is None:
        return None
    return int(turn.weight > 0)


def _float(turn: Message, weight: float | None) -> float | None:
    if turn.role != "assistant" or (turn.weight is None and weight is None):
        return None
    return (1.0 if turn.weight is None else float(turn.weight)) * (1.0 if weight is None else float(weight))


def _calls_type(arguments: str) -> Any:
    function = {"struct": {"name": "string", "arguments": arguments}}
    return {"list": {"struct": {"id": "string", "type": "string", "function": function}}}
