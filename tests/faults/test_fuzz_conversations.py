"""Rubbish in conversations, tool calls and preferences: each line has one outcome, and each row is sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faults.fuzz_room import INPUTS, fuzzed

EXPORTS: dict[str, tuple[dict[str, Any], str]] = {
    "conversations": (
        {
            "style": "chat_completion",
            "field_mapping": {"messages_field": "messages", "tools_field": "tools"},
            "trailing_turns": "drop",
            "weighting": {"weight_field": "importance", "normalize": "log"},
            "formats": [
                "tuneport",
                "trl",
                *({"use": name, "weights": "ignore"} for name in ("openai", "anthropic")),
            ],
        },
        "messages",
    ),
    "preferences": (
        {
            "style": "preference",
            "weighting": {"enable_weights": False},
            "quality": {"min_text_length": 0},
            "formats": ["tuneport", "trl", "llama_factory", "openai"],
        },
        "chosen",
    ),
    "copies": (
        {
            "style": "chat_completion",
            "field_mapping": {"messages_field": "messages", "tools_field": "tools"},
            "weighting": {"weight_field": "importance", "min_weight": 0.3, "max_weight": 3.0},
            "formats": [{"use": "ms_swift", "weights": "replicate", "max_copies": 3}, "chatml", "gemini", "axolotl"],
        },
        "messages",
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_rubbish_is_accounted_for(name: str, tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """Whatever bytes stand on a line, it is exported, or left out with a reason at its place, and only once."""
    export, field = EXPORTS[name]
    seed, count = 200 + list(EXPORTS).index(name), INPUTS // 9
    outcomes = fuzzed(tmp_path, export, field, count=count, seed=seed, split=name == "copies")

    assert min(outcomes[kind] for kind in ("exported", "filtered", "errored")) > count / 100
    figure("lines of rubbish", outcomes.total())
