"""Rubbish in records of one text or two: each line has one outcome, each row is sound, and nothing breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faults.fuzz_room import INPUTS, fuzzed

MAPPING = {"instruction_field": "question", "input_field": "context", "output_field": "answer"}
TYPES = {"votes": "integer", "category": "string", "tags": "list[string]", "importance": "number"}
AUTOMATIC = {"auto_weight_by_length": True, "auto_weight_by_freshness": True}
SCHEMA = {"required": ["instruction"], "properties": {"output": {"type": "string", "minLength": 25}}}

EXPORTS: dict[str, tuple[dict[str, Any], str]] = {
    "all that is inferred": (
        {
            "style": "instruction_tuning",
            "weighting": {
                "weight_field": "importance",
                "auto_weight_by_length": True,
                "auto_weight_by_freshness": True,
            },
            "formats": ["tuneport", {"use": "trl"}, {"use": "alpaca", "weights": "ignore"}],
            "quality_metrics": {"enable_metrics": True},
        },
        "answer",
    ),
    "all that is said": (
        {
            "style": "instruction_tuning",
            "where": "len(answer) > 3 and question != 'Why?' and not (votes < 0)",
            "field_mapping": MAPPING,
            "metadata_fields": TYPES,
            "weighting": {"weight_expression": "log1p(max(votes, 0)) * 0.5", "min_weight": 0.1, "max_weight": 3.0},
            "quality": {"min_text_length": 4, "max_text_length": 4000},
            "structured_gen": {"enable_schema_validation": True, "reject_invalid_samples": True, "json_schema": SCHEMA},
        },
        "question",
    ),
    "texts that wait for each other": (
        {
            "style": "text_completion",
            "field_mapping": {"text_field": "text"},
            "weighting": {"weight_field": "importance", "normalize": "percentile", "mean_one": True},
            "quality": {"skip_duplicates": False, "skip_empty_outputs": False, "min_text_length": 0},
            "formats": ["tuneport", "axolotl"],
        },
        "text",
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_rubbish_is_accounted_for(name: str, tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    """Whatever bytes stand on a line, it is exported, or left out with a reason at its place, and only once."""
    export, field = EXPORTS[name]
    seed, count = 100 + list(EXPORTS).index(name), INPUTS * 2 // 9
    outcomes = fuzzed(tmp_path, export, field, count=count, seed=seed, split=name.startswith("texts"))

    assert min(outcomes[kind] for kind in ("exported", "filtered", "errored")) > count / 100
    figure("lines of rubbish", outcomes.total())
