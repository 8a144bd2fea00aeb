"""What all racers are asked to do, once each.

W1  question, context and answer become instruction, input and output; weight is the importance
    x (1 + min(0.5, characters / 2000)) x freshness, with a half-life of 365 days and a floor of 0.1; records without
    a question or an answer, and answers that are blank or outside 50 to 8,192 characters, are left out, and so is
    what repeats the texts of a record that was kept.
W2  W1 with metadata, a JSON Schema that rejects, and metrics of what is written.
W3  The same texts as chat messages without weights, led by the record's own system_prompt where that is not empty.

Rows are JSON lines in the order of the records. Characters are code points, bounds are inclusive, and the time is NOW.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

WORKLOADS = ("W1", "W2", "W3")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SHORTEST, LONGEST = 50, 8192
HALF_LIFE, FLOOR = 365, 0.1
SCHEMA = Path(__file__).with_name("rows.schema.json")
CATEGORIES = ("billing", "delivery", "account", "search", "returns", "privacy", "other")
"""Those that the schema lets pass; racers without a JSON Schema write its rules as conditions, and need them."""
WORDS = 50_000
"""Among how many words pairs are counted: tuneport picks them from the whole run, the others take the first."""

W1: dict[str, Any] = {
    "style": "instruction_tuning",
    "field_mapping": {"instruction_field": "question", "input_field": "context", "output_field": "answer"},
    "include_metadata": False,
    "weighting": {
        "weight_field": "importance",
        "auto_weight_by_length": True,
        "auto_weight_by_freshness": True,
        "freshness_half_life_days": HALF_LIFE,
        "freshness_floor": FLOOR,
    },
    "quality": {"min_text_length": SHORTEST, "max_text_length": LONGEST, "skip_duplicates": True},
}
"""W1 as tuneport is asked for it: the section `export` of a recipe."""

METADATA: dict[str, Any] = {
    "include_metadata": True,
    "metadata_fields": {"source": "string", "category": "string", "tags": "list[string]"},
}
METRICS: dict[str, Any] = {"quality_metrics": {"enable_metrics": True}}


def schema() -> dict[str, Any]:
    """Ask for the JSON Schema of W2."""
    text = SCHEMA.read_text(encoding="utf-8")
    return {"structured_gen": {"enable_schema_validation": True, "json_schema": text}}


def asked(workload: str) -> dict[str, Any]:
    """The section `export` of a workload."""
    if workload == "W1":
        return W1
    if workload == "W2":
        return W1 | METADATA | METRICS | schema()
    return {
        "style": "chat_completion",
        "field_mapping": {"system_field": "system_prompt", "user_field": "question", "assistant_field": "answer"},
        "include_metadata": False,
        "weighting": {"enable_weights": False},
        "quality": W1["quality"],
    }
