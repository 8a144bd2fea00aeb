"""The texts of a sample, read without building messages where the run's kind of sample is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuneport import Chat, Context, Instruction, Sample, Text

Reader = Callable[[Any], str]


def trained_text(ctx: Context) -> Reader:
    """How to read what is trained: the last message, or the whole of a text."""
    return _TRAINED.get(_kind(ctx), _last_message)


def whole_text(ctx: Context) -> Reader:
    """How to read all there is of a sample, what is asked and what is answered."""
    return _WHOLE.get(_kind(ctx), _every_message)


def _kind(ctx: Context) -> type[Sample]:
    return ctx.sample.kind if ctx.sample is not None else Sample


def _last_message(sample: Sample) -> str:
    return sample.completion.content


def _every_message(sample: Sample) -> str:
    return "\n".join([message.content for message in sample.messages])


def _output(sample: Instruction) -> str:
    return sample.output


def _instruction(sample: Instruction) -> str:
    return f"{sample.instruction}\n{sample.input}\n{sample.output}"


def _last_turn(sample: Chat) -> str:
    return sample.messages[-1].content


def _text(sample: Text) -> str:
    return sample.text


_TRAINED: dict[type[Sample], Reader] = {Instruction: _output, Chat: _last_turn, Text: _text}
_WHOLE: dict[type[Sample], Reader] = {Instruction: _instruction, Text: _text}
