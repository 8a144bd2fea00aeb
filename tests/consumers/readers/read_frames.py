"""Count the rows of compressed files, with whatever version of datasets is first on the path, and with pandas.

In: {"files": [file, ...]}. Out: {"version": ..., "rows": {reader: [rows of each file]}}.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import datasets
import pandas as pd


def loaded(file: str, *, streaming: bool) -> int:
    """Rows that datasets finds."""
    return sum(1 for _ in datasets.load_dataset("json", data_files=file, split="train", streaming=streaming))


datasets.disable_progress_bars()
files = json.load(sys.stdin)["files"]
readers: dict[str, Callable[[str], int]] = {
    "datasets": lambda file: loaded(file, streaming=False),
    "datasets, streaming": lambda file: loaded(file, streaming=True),
    "pandas": lambda file: len(pd.read_json(file, lines=True)),
}
print(json.dumps({
    "version": datasets.__version__,
    "rows": {name: [read(file) for file in files] for name, read in readers.items()},
}))  # fmt: skip
