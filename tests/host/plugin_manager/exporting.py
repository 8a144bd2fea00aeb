"""Exporters by name, what they write, and one that a plugin implements itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tuneport import Entity, Exporter, ExportOptions, ExportStats, PluginManager, hookimpl

ENTITIES: list[Entity] = [
    {"question": f"What is {number}?", "answer": f"It is the number {number}.", "upvotes": number}
    for number in range(5)
]


def exporter(manager: PluginManager, name: str = "jsonl_llm", config: Any = None) -> Exporter:
    """A loaded exporter."""
    loaded = manager.load(name, config)
    assert isinstance(loaded, Exporter)
    return loaded


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def export(one: Exporter, path: Path) -> list[dict[str, Any]]:
    """The rows an exporter writes for ENTITIES."""
    stats = one.exportEntities(iter(ENTITIES), ExportOptions(output_path=path))
    assert stats.exported_entities == len(ENTITIES)
    return rows(path)


class Whole:
    """A plugin that implements the exporter itself."""

    def __init__(self, report: str = '{"rows": 0}') -> None:
        self.report = report
        self.seen: list[Entity] = []

    @hookimpl
    def exportEntities(self, entities: Iterable[Entity], options: ExportOptions) -> ExportStats:
        self.seen = list(entities)
        assert options.path is not None
        return ExportStats(total_entities=len(self.seen), exported_entities=len(self.seen))

    @hookimpl
    def getQualityMetricsReport(self) -> str:
        return self.report
