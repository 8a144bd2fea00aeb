"""What every racer is called with, and what it answers."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Task(NamedTuple):
    """One run of a racer: `python -m benchmarks.racers.NAME WORKLOAD SOURCE OUTPUT THREADS`."""

    workload: str
    source: Path
    output: Path
    threads: int


def answer(convert: Callable[[Task], tuple[int, str]]) -> None:
    """Convert once; print the rows written, their SHA-256, and the seconds it took without start-up and imports."""
    workload, source, output, threads = sys.argv[1:]
    started = time.perf_counter()
    rows, digest = convert(Task(workload, Path(source), Path(output), int(threads)))
    inside = time.perf_counter() - started
    sys.stdout.write(json.dumps({"rows": rows, "sha256": digest, "inside": inside}) + "\n")


def written(path: Path) -> tuple[int, str]:
    """The rows and the SHA-256 of a file, for those that cannot count while they write."""
    digest, rows = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            rows += chunk.count(b"\n")
    return rows, digest.hexdigest()


def tell(task: Task, metrics: object) -> None:
    """Write the metrics of W2 beside the rows."""
    task.output.with_suffix(".metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
