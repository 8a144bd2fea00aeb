"""What a sample has beside its texts and its weight, and which of it a format has no place for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tuneport.context import SampleShape
from tuneport.sample import Chat, Instruction, Message, Preference, Sample, Text, Unpaired
from tuneport.traits import ASPECTS

Aspects = frozenset[str]

_NONE: Aspects = frozenset()
_METADATA: Aspects = frozenset({"metadata"})
_TURNS: Aspects = frozenset({"turns"})
_BOTH = _METADATA | _TURNS


def aspects_for(shape: SampleShape | None) -> Callable[[Sample], Aspects]:
    """What tells the aspects of a run's samples, as cheaply as what they have in common allows."""
    if shape is None or shape.turns or shape.tools:
        return aspects_of
    if issubclass(shape.kind, Chat):
        return _plain_chat
    if issubclass(shape.kind, Instruction | Text | Preference | Unpaired):
        return _metadata if shape.metadata else lambda _sample: _NONE
    return aspects_of


def aspects_of(sample: Sample) -> Aspects:
    """Those of ASPECTS that a sample has."""
    found = set(_metadata(sample))
    if sample.tools:
        found.add("tools")
    if isinstance(sample, Instruction):
        _add_reasoning(found, sample.reasoning, sample.reasoning_weight)
    elif isinstance(sample, Preference):
        _add_turns(found, (*sample.prompt, *sample.chosen, *sample.rejected))
    elif not isinstance(sample, Text):
        _add_turns(found, sample.messages)
        # What an assistant said before a pair, or before a judged answer, is not learnt anyway.
        if not isinstance(sample, Unpaired) and _several(sample.messages):
            found.add("turns")
    return frozenset(found)


def lost(aspects: Aspects, carries: Aspects | None) -> Aspects:
    """What of it is not written; nothing where a format does not say what it carries."""
    return _NONE if carries is None else aspects - carries


def in_order(aspects: Iterable[str]) -> list[str]:
    """Aspects in the order in which people are told of them."""
    known = list(ASPECTS)
    return sorted(aspects, key=lambda name: (known.index(name) if name in ASPECTS else len(known), name))


def _plain_chat(sample: Sample) -> Aspects:
    turns = _several(sample.messages)
    return (_BOTH if turns else _METADATA) if _metadata(sample) else _TURNS if turns else _NONE


def _metadata(sample: Sample) -> Aspects:
    for value in sample.metadata.values():
        if value is not None and value != "" and value != []:
            return _METADATA
    return _NONE


def _several(messages: Iterable[Message]) -> bool:
    return sum(message.role == "assistant" for message in messages) > 1


def _add_turns(found: set[str], messages: Iterable[Message]) -> None:
    for message in messages:
        if message.tool_calls or message.role == "tool":
            found.add("tools")
        # The name of a tool that answers is that of its call.
        if message.name and message.role != "tool":
            found.add("names")
        if message.weight is not None:
            found.add("turn_masks" if message.weight in {0, 1} else "turn_weights")
        _add_reasoning(found, message.reasoning, message.reasoning_weight)


def _add_reasoning(found: set[str], reasoning: str, weight: float | None) -> None:
    if reasoning:
        found.add("reasoning")
        if weight is not None:
            found.add("reasoning_weights")
