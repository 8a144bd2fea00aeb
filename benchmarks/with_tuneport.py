"""One workload with tuneport, as an application calls it: `python benchmarks/with_tuneport.py W1 SOURCE OUTPUT`.

Prints the rows written and the SHA-256 of the file. Savepoints, fsync, rejects and the publishing rename are part of
every run; there is no way to leave them out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tuneport import export

SCHEMA = Path(__file__).with_name("rows.schema.json")
BOUNDS = {"min_text_length": 50, "max_text_length": 8192, "skip_duplicates": True}

W1: dict[str, Any] = {
    "style": "instruction_tuning",
    "field_mapping": {"instruction_field": "question", "input_field": "context", "output_field": "answer"},
    "include_metadata": False,
    "weighting": {
        "weight_field": "importance",
        "auto_weight_by_length": True,
        "auto_weight_by_freshness": True,
        "freshness_half_life_days": 365,
        "freshness_floor": 0.1,
    },
    "quality": BOUNDS,
}


def recipe(workload: str) -> dict[str, Any]:
    """What is asked of tuneport: the section `export`."""
    if workload == "W1":
        return W1
    if workload == "W2":
        return W1 | {
            "include_metadata": True,
            "metadata_fields": {"source": "string", "category": "string", "tags": "list[string]"},
            "structured_gen": {"enable_schema_validation": True, "json_schema": SCHEMA.read_text(encoding="utf-8")},
            "quality_metrics": {"enable_metrics": True},
        }
    return {
        "style": "chat_completion",
        "field_mapping": {
            "system_field": "system_prompt",
            "user_field": "question",
            "assistant_field": "answer",
        },
        "include_metadata": False,
        "weighting": {"enable_weights": False},
        "quality": BOUNDS,
    }


def main() -> None:
    """Export once."""
    workload, source, output = sys.argv[1:]
    run = {"now": "2026-11-22T00:00:00Z"}
    result = export({"source": source, "export": recipe(workload), "output": output, "run": run})
    print(result.stats.exported_entities, result.digest)


if __name__ == "__main__":
    main()
