"""Reasoning within texts: a reader finds its end where it ends."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.formats.samples import context
from tuneport import Chat, Instruction, Message, PluginManager, Reject, ToolCall

TALK = Chat(messages=[Message("user", "Q"), Message("assistant", "A", reasoning="what is </think> for")])
CALL = Chat(
    messages=[Message("user", "Q"), Message("assistant", "", (ToolCall("f", {}),), reasoning="a</think>b")],
)
INLINE: list[tuple[str, dict[str, Any]]] = [
    ("trl", {"reasoning": "inline"}),
    ("trl", {"rows": "strings"}),
    ("axolotl", {"reasoning": "inline"}),
    ("openai", {"reasoning": "inline"}),
    ("fireworks", {"reasoning": "inline"}),
    ("together", {"reasoning": "inline"}),
    ("mistral", {"reasoning": "inline"}),
    *((name, {}) for name in ("alpaca", "chatml", "huggingface", "llama_factory", "ms_swift", "sharegpt")),
]


def written(name: str, config: dict[str, Any], sample: Chat | Instruction) -> Any:
    """What a format makes of a sample."""
    offered = PluginManager().resolve("formats", name)
    turns = ["tool_calls", "reasoning"]
    write = offered.factory(offered.config(**config), context(type(sample), turns, weighted=False))
    return write(sample)


@pytest.mark.parametrize(("name", "config"), INLINE)
def test_reasoning_with_its_own_end_is_refused(name: str, config: dict[str, Any]) -> None:
    """Wherever it would stand within a text: the rest of it would be taken for the answer."""
    row = written(name, config, TALK)
    assert isinstance(row, Reject)
    assert row.code == "think_in_reasoning"


@pytest.mark.parametrize("name", ["sharegpt", "ms_swift", "llama_factory"])
def test_so_it_is_before_a_call(name: str) -> None:
    """A call stands after it in the same text, or in a turn of its own."""
    row = written(name, {}, CALL)
    assert isinstance(row, Reject)
    assert row.code == "think_in_reasoning"


@pytest.mark.parametrize(
    ("name", "config"), [("trl", {}), ("axolotl", {}), ("fireworks", {}), ("openai", {"reasoning": "drop"})]
)
def test_a_key_of_its_own_takes_it(name: str, config: dict[str, Any]) -> None:
    """Nothing has to find its end there, and where it is dropped nobody minds."""
    assert isinstance(written(name, config, TALK), dict)
