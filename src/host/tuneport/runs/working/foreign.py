"""Third parties' stages: what they make of a sample is looked at while it is still known who did it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from math import inf
from typing import Any

from tuneport.model import Entity, Reject
from tuneport.sample import Chat, Instruction, Message, Preference, Sample, Text, Unpaired

_OURS = frozenset(
    {
        "tuneport",
        "tuneport_formats",
        "tuneport_jsonl_llm",
        "tuneport_lora_metadata",
        "tuneport_quality",
        "tuneport_sources",
        "tuneport_training",
    }
)
"""The packages whose stages keep to the types of a sample: looking at each sample would only cost time."""


def is_foreign(stage: object) -> bool:
    """Whether a stage's function is none of the bundled ones."""
    # What wraps a function looks like it.
    return str(getattr(stage, "__module__", "")).partition(".")[0] not in _OURS or hasattr(stage, "__wrapped__")


def watched_style(style: Callable[[Entity], Any]) -> Callable[[Entity], Any]:
    """A style that raises where its sample is not what the sample's class says."""
    if not is_foreign(style):
        return style

    def watched(entity: Entity) -> Any:
        made = style(entity)
        if isinstance(made, Sample):
            check(made)
        return made

    return watched


def watched(stage: Callable[[Entity, Sample], Any]) -> Callable[[Entity, Sample], Any]:
    """A filter or a weighting that raises where the sample it was shown is not what its class says any more."""
    if not is_foreign(stage):
        return stage

    def watched(entity: Entity, sample: Sample) -> Any:
        before, turns = sample.weight, sample.messages if type(sample) is Chat else None
        answer = stage(entity, sample)
        if not isinstance(answer, Reject):
            if not _as_it_was(sample, turns):
                check(sample)
            if sample.weight is not before and not 0.0 <= sample.weight < inf:
                raise ValueError("weight of a sample is a number of at least 0")
        return answer

    return watched


def secluded(write: Callable[[Sample], Any]) -> Callable[[Sample], Any]:
    """A format that is shown a sample of its own, which it may not spoil: no other format writes what it changes."""
    if not is_foreign(write):
        return write

    def secluded(sample: Sample) -> Any:
        own = copy(sample)
        own.metadata = {**sample.metadata}
        row = write(own)
        check(own)
        return row

    return secluded


def _as_it_was(sample: Sample, turns: Sequence[Message] | None) -> bool:
    """Whether it is plain, at little cost, that a sample is what its class says.

    Args:
        sample: the sample, which was so before.
        turns: what its turns were, where it is a conversation; neither they nor a tuple of them can change.
    """
    if type(sample.weight) is not float or type(sample.metadata) is not dict or type(sample.structured) is not dict:
        return False
    if type(sample) is Instruction:
        texts = type(sample.instruction) is type(sample.output) is type(sample.reasoning) is str
        return texts and type(sample.input) in _TEXT_OR_NONE and sample.reasoning_weight is None
    return type(turns) is tuple and sample.messages is turns


_TEXT_OR_NONE = (str, type(None))


def check(sample: Sample) -> None:
    """Look at the fields of a sample.

    Raises:
        TypeError: one of them holds what its class does not allow.
    """
    _number("weight", sample.weight)
    if type(sample.metadata) is not dict or type(sample.structured) is not dict:
        raise TypeError("metadata and structured of a sample are dicts")
    if isinstance(sample, Instruction):
        _texts(sample, ("instruction", "output", "reasoning"))
        if sample.input is not None:
            _text("input", sample.input)
        _optional("reasoning_weight", sample.reasoning_weight)
    elif isinstance(sample, Text):
        _text("text", sample.text)
    elif isinstance(sample, Chat):
        _turns("messages", sample.messages)
    elif isinstance(sample, Preference):
        for name in ("prompt", "chosen", "rejected"):
            _turns(name, getattr(sample, name))
    elif isinstance(sample, Unpaired):
        _turns("prompt", sample.prompt)
        _turns("completion", (sample.completion,))
        if type(sample.label) is not bool:
            raise _wrong("label", sample.label, "true or false")


def _turns(name: str, turns: Sequence[Message]) -> None:
    if not isinstance(turns, list | tuple):
        raise _wrong(name, turns, "a list of messages")
    for turn in turns:
        if not isinstance(turn, Message):
            raise _wrong(name, turn, "made of messages")
        _texts(turn, ("role", "content", "tool_call_id", "name", "reasoning"))
        _optional("weight", turn.weight)
        _optional("reasoning_weight", turn.reasoning_weight)


def _texts(holder: object, names: Sequence[str]) -> None:
    for name in names:
        _text(name, getattr(holder, name))


def _text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise _wrong(name, value, "a text")


def _optional(name: str, value: object) -> None:
    if value is not None:
        _number(name, value)


def _number(name: str, value: object) -> None:
    if not isinstance(value, float | int):
        raise _wrong(name, value, "a number")


def _wrong(name: str, value: object, wanted: str) -> TypeError:
    return TypeError(f"{name} of a sample is {wanted}, not {type(value).__name__}")
