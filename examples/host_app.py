"""What a host application writes: load an exporter by name, and give it entities.

python host_app.py faq.jsonl
"""
# ruff: noqa: T201  -- an application may print; the library does not

from __future__ import annotations

import sys

from tuneport import ExportOptions, ExportStats, PluginManager

FAQ = [
    {
        "pk": "qa_1",
        "question": "How do I move a licence?",
        "answer": "Sign out on the old machine first.",
        "upvotes": 3,
    },
    {"pk": "qa_2", "question": "Where are the logs?", "answer": "Under Help, in Show logs.", "upvotes": 1.5},
    {"pk": "qa_3", "question": "Is there a trial?", "answer": "Yes."},
]


def progress(stats: ExportStats) -> None:
    print(f"{stats.exported_entities} of {stats.total_entities} so far", file=sys.stderr)


def main() -> None:
    plugins = PluginManager()
    exporter = plugins.load("jsonl_llm", {"style": "instruction_tuning", "weighting": {"weight_field": "upvotes"}})
    options = ExportOptions(output_path=sys.argv[1], progress_callback=progress)
    stats = exporter.exportEntities((entity for entity in FAQ), options)
    print(stats.to_json())
    print(exporter.getQualityMetricsReport())
    print(exporter.getAdapterMetadataJson())


if __name__ == "__main__":
    main()
