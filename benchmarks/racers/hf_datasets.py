"""HF datasets: load_dataset, a batched map by as many processes as asked, a filter for what repeats, to_json.

What repeats is left out by one process: no process of a map knows what another has seen. Everything goes through a
cache of its own, as always with this library; it lies beside the output, is empty at first, and is removed.
"""

from __future__ import annotations

import os
import shutil
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}

from benchmarks.racers.answer import Task, answer, tell, written
from benchmarks.racers.by_hand import FIELDS, MAKE, Admission, wanted
from datasets import load_dataset
from xxhash import xxh3_128_digest

Columns = dict[str, list[Any]]


def made(columns: Columns, workload: str) -> Columns:
    """The rows of a batch, and the key of each."""
    make = MAKE[workload]
    records = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    results = [make(record) for record in records if wanted(record)]
    rows = [row for _, row in results]
    found = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    return found | {"key": [key for key, _ in results]}


def convert(task: Task) -> tuple[int, str]:
    """Load, map, filter and write."""
    cache = task.output.with_suffix(".cache")
    shutil.rmtree(cache, ignore_errors=True)
    records = load_dataset("json", data_files=str(task.source), split="train", cache_dir=str(cache))
    records = records.select_columns(list(FIELDS[task.workload]))
    processes = task.threads if task.threads > 1 else None
    rows = records.map(
        made,
        batched=True,
        remove_columns=records.column_names,
        fn_kwargs={"workload": task.workload},
        num_proc=processes,
    )
    admission = Admission(task.workload)
    names = [name for name in rows.column_names if name != "key"]

    def admits(columns: Columns) -> list[bool]:
        values = zip(*(columns[name] for name in names), strict=True)
        return [
            admission.admits(key, dict(zip(names, row, strict=True)))
            for key, row in zip(columns["key"], values, strict=True)
        ]

    rows = rows.filter(admits, batched=True, new_fingerprint=xxh3_128_digest(task.workload.encode()).hex())
    rows.remove_columns("key").to_json(task.output, num_proc=processes, force_ascii=False, double_precision=15)
    if admission.quality is not None:
        tell(task, admission.quality.report())
    shutil.rmtree(cache)
    return written(task.output)


if __name__ == "__main__":
    answer(convert)
