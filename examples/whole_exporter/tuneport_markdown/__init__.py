"""An exporter that does everything itself: questions and answers as one Markdown file.

It has no styles, filters, formats or splits of the host's, and a recipe cannot name it: a host application
loads it by name. Most plugins want the host's run, and return `tuneport.Stages` instead.
"""

from __future__ import annotations

import json
import time

from tuneport import Config, ExportStats, hookimpl
from tuneport.errors import TargetExistsError
from tuneport.storage import Storage


class Settings(Config):
    title: str = "Questions and answers"
    adapter_id: str = ""


@hookimpl
def register_exporters(register):
    register("markdown", Markdown, config=Settings, doc="Questions and answers as one Markdown file")


class Markdown:
    """One for each `plugins.load("markdown")`."""

    def __init__(self, config):
        self.config = config
        self.lengths = []

    @hookimpl
    def export_entities(self, entities, options):
        if options.path.exists():
            raise TargetExistsError(f"{options.path} exists")
        started = time.monotonic()
        stats = ExportStats()
        self.lengths = []
        sections = [f"# {self.config.title}\n"]
        for entity in entities:
            stats.total_entities += 1
            question, answer = entity.get("question"), entity.get("answer")
            if question and answer:
                sections.append(f"\n## {question}\n\n{answer}\n")
                self.lengths.append(len(answer))
            else:
                stats.errors.append(f"Entity {stats.total_entities}: Missing required field")
        data = "".join(sections).encode()
        Storage().put(options.path, data)  # there whole or not at all, and durable
        stats.exported_entities = len(self.lengths)
        stats.failed_entities = stats.filtered_entities = len(stats.errors)
        stats.rejects = {"missing_field": len(stats.errors)} if stats.errors else {}
        stats.errors = stats.errors[: options.max_errors]
        stats.bytes_written = len(data)
        stats.duration_ms = round((time.monotonic() - started) * 1000)
        if options.progress_callback is not None:
            options.progress_callback(stats)
        return stats

    @hookimpl
    def get_adapter_metadata_json(self):
        return json.dumps({"adapter_id": self.config.adapter_id}) if self.config.adapter_id else "{}"

    @hookimpl
    def get_quality_metrics_report(self):
        return json.dumps({"answers": len(self.lengths), "characters": sum(self.lengths)}) if self.lengths else "{}"
