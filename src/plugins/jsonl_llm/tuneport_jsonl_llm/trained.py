"""The text of a sample that is trained: what lengths are measured on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuneport import Chat, Context, Instruction, Sample, Text


def trained_text(ctx: Context) -> Callable[[Any], str]:
    """How to read the trained text of a run's samples, without building messages where the kind is known."""
    kind = ctx.sample.kind if ctx.sample is not None else Sample
    return _READERS.get(kind, _last_message)


def _last_message(sample: Sample) -> str:
    return sample.completion.content


def _output(sample: Instruction) -> str:
    return sample.output


def _last_turn(sample: Chat) -> str:
    return sample.messages[-1].content


def _text(sample: Text) -> str:
    return sample.text


_READERS: dict[type[Sample], Callable[[Any], str]] = {Instruction: _output, Chat: _last_turn, Text: _text}
