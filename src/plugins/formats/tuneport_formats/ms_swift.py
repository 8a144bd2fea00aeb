"""The formats `ms_swift` and `ms_swift_rlhf`: rows for ms-swift 4, in its own form.

A message has a role, `system`, `user`, `assistant`, `tool_call` or `tool_response`, and a text. Each of the assistant's
has `loss_scale`, by which its loss is multiplied, and `loss`, false for a turn that is not learnt; both are read since
4.2. Reasoning stands in the text as <think>...</think>, and in a turn of its own where it has a weight of its own.
Preference data has no place for weights, so it is a format of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec.json

from tuneport import Config, Context, Message, Preference, Sample, Unpaired
from tuneport_formats._features import Beside
from tuneport_formats._tags import said, thinks, thought

_CARRIED = frozenset({"tools", "reasoning", "turns"})
_ROLES = {"developer": "system", "tool": "tool_response"}
_json = msgspec.json.Encoder().encode
_Turn = dict[str, Any]


class Swift:
    """Writes `{"messages"}`, and `tools` where the run has any."""

    __slots__ = ("_beside", "_masks", "_weighted", "_weights", "features")

    def __init__(self, _config: Config, ctx: Context) -> None:
        turns = frozenset[str]() if ctx.sample is None else ctx.sample.turns
        self._weighted = ctx.weighted
        self._weights = ctx.weighted or bool(turns & {"weight", "reasoning_weight"})
        self._masks = ctx.sample is None or "weight" in turns
        self._beside = Beside(ctx, tools="null")
        self.features = self._beside.features({"messages": message_type(masks=self._masks, weights=self._weights)})

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        weight = float(sample.weight) if self._weighted else 1.0
        messages = [self._row(*one, weight) for turn in sample.messages for one in _parts(turn)]
        return self._beside.add({"messages": messages}, sample)

    def _row(self, role: str, text: str, own: float | None, weight: float) -> _Turn:
        row: _Turn = {"role": role, "content": text}
        learnt = role in ("assistant", "tool_call")
        if self._masks:
            row["loss"] = own > 0 if learnt and own is not None else None
        if self._weights:
            row["loss_scale"] = weight * (1.0 if own is None else own) if learnt else None
        return row


def _parts(turn: Message) -> Iterator[tuple[str, str, float | None]]:
    """A turn as one message or several: role, text, and its own weight."""
    if turn.reasoning_weight is not None and turn.reasoning:
        yield turn.role, thought(turn.reasoning), turn.reasoning_weight
        text = turn.content
    else:
        text = said(turn)
    if text or not turn.tool_calls:
        yield _ROLES.get(turn.role, turn.role), text, turn.weight
    for call in turn.tool_calls:
        yield "tool_call", _json({"name": call.name, "arguments": call.arguments}).decode(), turn.weight


class SwiftPairs:
    """Writes `messages` and `rejected_messages`, each with the prompt, or `messages` and `label`."""

    __slots__ = ("_beside", "_tools", "features")

    def __init__(self, _config: Config, ctx: Context) -> None:
        self._beside = Beside(ctx, tools="null")
        kind = None if ctx.sample is None else ctx.sample.kind
        messages = message_type(masks=False, weights=False)
        texts: dict[str, Any] = {"messages": messages}
        if kind is not None and issubclass(kind, Unpaired):
            texts["label"] = "bool"
        else:
            texts["rejected_messages"] = messages
        self._tools = "tools" in self._beside.types
        self.features = self._beside.features(texts)
        if self._tools and self.features is not None and "label" not in texts:
            self.features["rejected_tools"] = "string"

    @thinks
    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        if isinstance(sample, Preference):
            row = {"messages": _plain(sample.messages)}
            row["rejected_messages"] = _plain((*sample.prompt, *sample.rejected))
            self._beside.add(row, sample)
            # ms-swift takes none of these for the rejected answer by itself.
            return {**row, "rejected_tools": row["tools"]} if "tools" in row else row
        row = {"messages": _plain(sample.messages)}
        label = {"label": sample.label} if isinstance(sample, Unpaired) else {}
        return self._beside.add({**row, **label}, sample)


def _plain(messages: Sequence[Message]) -> list[_Turn]:
    return [{"role": role, "content": text} for turn in messages for role, text, _ in _parts(turn)]


def message_type(*, masks: bool, weights: bool) -> dict[str, Any]:
    """The type of a column of messages."""
    types = {"role": "string", "content": "string"}
    types |= {"loss": "bool"} if masks else {}
    types |= {"loss_scale": "float64"} if weights else {}
    return {"list": {"struct": types}}
