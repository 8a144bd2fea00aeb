"""The texts of a sample, read without building messages where the run's kind of sample is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuneport import Chat, Context, Instruction, Sample, Text

Reader = Callable[[Any], str]


def trained_text(ctx: Context) -> Reader:
    """How to read what is trained: the last message, or the whole of a text."""
    return _TRAINED.get(_kind(ctx), _last_message)


def _kind(ctx: Context) -> type[Sample]:
    return ctx.sample.kind if ctx.sample is not None else Sample


def _last_message(sample: Sample) -> str:
    return sample.completion.content


def _output(sample: Instruction) -> str:
    return sample.output


def _last_turn(sample: Chat) -> str:
    return sample.messages[-1].content


def _text(sample: Text) -> str:
    return sample.text


_TRAINED: dict[type[Sample], Reader] = {Instruction: _output, Chat: _last_turn, Text: _text}
