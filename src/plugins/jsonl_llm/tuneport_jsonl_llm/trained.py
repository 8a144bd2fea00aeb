"""The text of a sample that is trained: what lengths are measured on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuneport import Chat, Context, Entity, Instruction, Message, Preference, Reject, Sample, Text
from tuneport_jsonl_llm.values import json_text


def trained_text(ctx: Context) -> Callable[[Any], str]:
    """How to read the trained text of a run's samples, without building messages where the kind is known.

    Of a pair it is the chosen answer; calls of tools are trained as JSON.
    """
    return _READERS.get(_kind(ctx), _last_message)


def judged(ctx: Context, judge: Callable[[str], Reject | None]) -> Callable[[Entity, Any], Reject | None]:
    """A filter on all that is trained: of a pair both answers, of other samples their one text."""
    kind, read = _kind(ctx), trained_text(ctx)

    def pair(_entity: Entity, sample: Preference) -> Reject | None:
        return judge(_said(sample.chosen[-1])) or judge(_said(sample.rejected[-1]))

    def any_kind(entity: Entity, sample: Sample) -> Reject | None:
        return pair(entity, sample) if isinstance(sample, Preference) else judge(read(sample))

    if kind is Preference:
        return pair
    return any_kind if kind is Sample else lambda _entity, sample: judge(read(sample))


def _kind(ctx: Context) -> type[Sample]:
    """The kind of all samples; `Sample` where that is not known."""
    return ctx.sample.kind if ctx.sample is not None else Sample


def _said(turn: Message) -> str:
    """What a turn says, and the tools it calls."""
    if not turn.tool_calls:
        return turn.content
    calls = [json_text({"name": call.name, "arguments": call.arguments}) or "" for call in turn.tool_calls]
    return "\n".join([turn.content, *calls] if turn.content else calls)


def _last_message(sample: Sample) -> str:
    return _said(sample.completion)


def _output(sample: Instruction) -> str:
    return sample.output


def _last_turn(sample: Chat) -> str:
    return _said(sample.messages[-1])


def _text(sample: Text) -> str:
    return sample.text


_READERS: dict[type[Sample], Callable[[Any], str]] = {Instruction: _output, Chat: _last_turn, Text: _text}
