"""tuneport inside a service: one manager, a tenant's exporter each, exports at once, one of them stopped."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tools import rows

from tuneport import Exporter, ExportOptions, ExportStats, PluginManager
from tuneport.errors import StoppedError, TuneportError
from tuneport_jsonl_llm import JSONLLLMConfig


class Tenant:
    """Whose records these are, and how far its export is."""

    def __init__(self, plugins: PluginManager, config: Any) -> None:
        self.exporter: Exporter = plugins.load("jsonl_llm", config=config)
        self.stop = threading.Event()
        self.told: list[int] = []

    async def export(self, entities: Iterable[dict[str, Any]], path: Path) -> ExportStats:
        """What a request handler does: the event loop goes on meanwhile."""
        options = ExportOptions(
            output_path=path,
            cancel=self.stop,
            progress_interval=100,
            progress_callback=lambda stats: self.told.append(stats.exported_entities),
        )
        return await asyncio.to_thread(self.exporter.export_entities, entities, options)


def records(
    tenant: str, count: int, turns: list[str], gate: threading.Barrier | None = None
) -> Iterator[dict[str, Any]]:
    """Records of one tenant; every hundredth waits for the other tenant's."""
    for number in range(count):
        if gate is not None and number % 100 == 0:
            gate.wait(timeout=60)
            turns.append(tenant)
        yield {
            "pk": f"{tenant}-{number}",
            "question": f"What does {tenant} ask as number {number}?",
            "answer": f"This is what {tenant} hears. " * (1 + number % 3),
            "votes": number % 9,
        }


BY_VOTES = {"weighting": {"weight_field": "votes"}, "quality_metrics": {"enable_metrics": True}}
AS_TEXT = JSONLLLMConfig(style="text_completion")
AS_TEXT.field_mapping.text_field = "answer"
AS_TEXT.quality.skip_duplicates = False


def test_two_tenants_at_once(tmp_path: Path) -> None:
    """Both run at the same time, each with its configuration; each is answered for its own export."""
    plugins, turns, gate = PluginManager(), list[str](), threading.Barrier(2)
    one, two = Tenant(plugins, BY_VOTES), Tenant(plugins, AS_TEXT)

    async def serve() -> tuple[ExportStats, ExportStats]:
        return await asyncio.gather(
            one.export(records("one", 1000, turns, gate), tmp_path / "one"),
            two.export(records("two", 1000, turns, gate), tmp_path / "two.jsonl"),
        )

    first, second = asyncio.run(serve())

    assert sorted(turns) == ["one"] * 10 + ["two"] * 10
    assert (first.exported_entities, second.exported_entities) == (1000, 1000)
    assert one.told == [*range(100, 1001, 100), 1000]
    made = rows(tmp_path / "one")
    assert [row["weight"] for row in made] == [float(number % 9) for number in range(1000)]
    assert all("one" in row["instruction"] and "two" not in row["instruction"] for row in made)
    texts = rows(tmp_path / "two.jsonl")
    assert {row["text"].split(" hears")[0] for row in texts} == {"This is what two"}
    lengths = json.loads(one.exporter.getQualityMetricsReport())["length_distribution"]
    assert sum(lengths.values()) == 1000
    assert two.exporter.getQualityMetricsReport() == "{}"


def test_one_tenant_leaves(tmp_path: Path) -> None:
    """A client that goes away stops its own export; the other's dataset is whole and right, and a third can start."""
    plugins, turns, gate = PluginManager(), list[str](), threading.Barrier(2)
    one, two = Tenant(plugins, BY_VOTES), Tenant(plugins, AS_TEXT)

    def leaving() -> Iterator[dict[str, Any]]:
        for number, record in enumerate(records("one", 1000, turns, gate)):
            if number == 450:
                one.stop.set()
                gate.abort()
            yield record

    def staying() -> Iterator[dict[str, Any]]:
        for number in range(1000):
            if number % 100 == 0 and not one.stop.is_set():
                try:
                    gate.wait(timeout=60)
                except threading.BrokenBarrierError:
                    assert one.stop.is_set()
            yield next(iter(records("two", 1, turns))) | {"pk": number, "answer": f"This is answer {number}."}

    async def serve() -> tuple[ExportStats | BaseException, ExportStats | BaseException]:
        return await asyncio.gather(
            one.export(leaving(), tmp_path / "one"),
            two.export(staying(), tmp_path / "two.jsonl"),
            return_exceptions=True,
        )

    left, stayed = asyncio.run(serve())

    assert isinstance(left, StoppedError)
    assert isinstance(stayed, ExportStats)
    assert [path.name for path in tmp_path.glob("[!.]*")] == ["two.jsonl"]
    texts = [row["text"] for row in rows(tmp_path / "two.jsonl")]
    assert texts == [f"This is answer {number}." for number in range(1000)]
    one.stop.clear()
    again = asyncio.run(one.export(records("one", 200, turns), tmp_path / "one"))
    assert again.exported_entities == 200


def test_one_exporter_runs_one_export_at_a_time(tmp_path: Path) -> None:
    """A second request to the same exporter is told so, and the first goes on."""
    tenant, turns, gate = Tenant(PluginManager(), {}), list[str](), threading.Barrier(2)

    async def serve() -> ExportStats:
        first = asyncio.create_task(tenant.export(records("one", 100, turns, gate), tmp_path / "one.jsonl"))
        while gate.n_waiting == 0:
            await asyncio.sleep(0.01)
        with pytest.raises(TuneportError, match="is exporting already"):
            await tenant.export(records("one", 1, turns), tmp_path / "two.jsonl")
        await asyncio.to_thread(gate.wait, 60)
        return await first

    assert asyncio.run(serve()).exported_entities == 100
