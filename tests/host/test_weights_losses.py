"""What a sample has beside texts and weight, and what of it a format does not write."""

from __future__ import annotations

import pytest

from tuneport.context import SampleShape
from tuneport.runs.weights.losses import aspects_for, aspects_of, in_order, lost
from tuneport.sample import Chat, Instruction, Message, Preference, Sample, Text, ToolCall, Unpaired
from tuneport.traits import ASPECTS

ASKED, SAID = Message("user", "q"), Message("assistant", "a")
CALL = Message("assistant", "", tool_calls=(ToolCall("look", {}),))
TURNS = (ASKED, SAID, ASKED, SAID)


@pytest.mark.parametrize(
    ("sample", "aspects"),
    [
        (Text(text="t"), set()),
        (Text(text="t", metadata={"stars": 0}), {"metadata"}),
        (Text(text="t", metadata={"flag": False}), {"metadata"}),
        (Text(text="t", metadata={"a": None, "b": "", "c": []}), set()),
        (Instruction(instruction="i", output="o", input=""), set()),
        (Instruction(instruction="i", output="o", reasoning="r"), {"reasoning"}),
        (
            Instruction(instruction="i", output="o", reasoning="r", reasoning_weight=0.5),
            {"reasoning", "reasoning_weights"},
        ),
        (Chat(messages=(ASKED, SAID)), set()),
        (Chat(messages=TURNS), {"turns"}),
        (Chat(messages=(ASKED, SAID), tools=({"type": "function"},)), {"tools"}),
        (Chat(messages=(ASKED, CALL)), {"tools"}),
        (Chat(messages=(ASKED, Message("assistant", "", CALL.tool_calls, name="Bo"))), {"tools", "names"}),
        (Chat(messages=(ASKED, Message("tool", "42", name="look"), SAID)), {"tools"}),
        (Chat(messages=(Message("user", "q", name="Ann"), SAID)), {"names"}),
        (Chat(messages=(ASKED, Message("assistant", "a", weight=0.0))), {"turn_masks"}),
        (Chat(messages=(ASKED, Message("assistant", "a", weight=1.0))), {"turn_masks"}),
        (Chat(messages=(ASKED, Message("assistant", "a", weight=0.3))), {"turn_weights"}),
        (Chat(messages=(ASKED, Message("assistant", "a", reasoning="hm"))), {"reasoning"}),
        (Preference(prompt=TURNS[:3], chosen=[SAID], rejected=[CALL]), {"tools"}),
        (Unpaired(prompt=TURNS[:3], completion=SAID, label=True), set()),
        (Unpaired(prompt=[ASKED], completion=Message("assistant", "a", reasoning="r"), label=True), {"reasoning"}),
    ],
)
def test_what_a_sample_has(sample: Sample, aspects: set[str]) -> None:
    """Values that stand for nothing are none; every aspect has a name people are told."""
    assert aspects_of(sample) == aspects
    assert aspects <= set(ASPECTS)


@pytest.mark.parametrize(
    "sample",
    [
        Chat(messages=TURNS, metadata={"product": "Drift"}),
        Chat(messages=TURNS[:2]),
        Chat(messages=TURNS, metadata={"product": ""}),
        Text(text="t", metadata={"product": "Drift"}),
        Instruction(instruction="i", output="o"),
        Preference(prompt=TURNS[:1], chosen=[SAID], rejected=[SAID], metadata={"product": "Drift"}),
    ],
)
def test_knowing_the_shape_changes_nothing(sample: Sample) -> None:
    """What is left out for a plain shape is what its samples cannot have."""
    plain = SampleShape(type(sample), metadata=dict.fromkeys(sample.metadata, "string"))

    assert aspects_for(plain)(sample) == aspects_for(None)(sample) == aspects_of(sample)


def test_a_shape_with_turns_is_looked_at_whole() -> None:
    """Where turns may have more, or tools may come, every turn is looked at."""
    sample = Chat(messages=(ASKED, CALL))
    for shape in (SampleShape(Chat, turns=frozenset({"tool_calls"})), SampleShape(Chat, tools=True)):
        assert aspects_for(shape)(sample) == {"tools"}


def test_what_is_lost() -> None:
    """All that is not carried; nothing where a format does not say."""
    aspects = frozenset({"tools", "metadata", "turns"})

    assert lost(aspects, frozenset({"turns"})) == {"tools", "metadata"}
    assert lost(aspects, frozenset(ASPECTS)) == lost(aspects, None) == frozenset()
    assert in_order(["acme", "tools", "metadata"]) == ["metadata", "tools", "acme"]
