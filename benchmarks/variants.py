"""W1 with one thing more or less, to see what it costs: `python -m benchmarks.variants VARIANT SOURCE OUTPUT 1`."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

from benchmarks.racers.answer import Task, answer
from benchmarks.workloads import METADATA, METRICS, NOW, W1, schema

from benchmarks import points
from tuneport import PluginManager
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.disk import Disk
from tuneport.runs.storage import Storage

PERCENTILE = W1["weighting"] | {"normalize": "percentile"}
VARIANTS: dict[str, dict[str, Any]] = {
    "W1": W1,
    "not safe": W1,
    "third-party weighting": W1 | {"weightings": [{"use": "bench:points"}]},
    "metadata": W1 | METADATA,
    "metadata, schema": W1 | METADATA | schema(),
    "metadata, metrics": W1 | METADATA | METRICS,
    "no dedup": W1 | {"quality": W1["quality"] | {"skip_duplicates": False}},
    "waiting": W1 | {"weighting": PERCENTILE},
}
"""What is asked for. `not safe` makes no savepoint and syncs nothing; `waiting` weighs when all samples are there."""


class Careless(Disk):
    """A disk that never waits for what it wrote."""

    def sync_file(self, path: Path, descriptor: int) -> None:
        """Do nothing."""

    def sync(self, path: Path) -> None:
        """Do nothing."""


def convert(task: Task) -> tuple[int, str]:
    """Export once, into a folder."""
    manager = PluginManager()
    if "third-party" in task.workload:
        manager.register(points, "bench")
    recipe = {
        "source": task.source,
        "export": VARIANTS[task.workload],
        "output": task.output,
        "run": {"now": NOW.isoformat(), "workers": 1},
    }
    if task.workload == "not safe":
        plan = plan_export(recipe, manager=manager, sizes=Sizes(savepoint_bytes=1 << 60, savepoint_seconds=inf))
        result = execute(plan, storage=Storage(Careless()))
    else:
        result = execute(plan_export(recipe, manager=manager))
    return result.stats.exported_entities, result.digest


if __name__ == "__main__":
    answer(convert)
