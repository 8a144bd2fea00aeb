"""Load dataset folders, and files without a card, with whatever version of datasets is first on the path.

In: {"folders": {name: folder}, "loose": ["name/config" whose rows may lack keys], "files": {name: [file, ...]}}.
Out: {"version": ..., "loaded": ["name/config/split", ...], "differ": {"name/config/split": what},
"files": {name: "same", "changed" (rows come back otherwise) or "refused"}}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

# The same parser, in C: a card is parsed anew for each of its configs.
yaml.SafeLoader = yaml.CSafeLoader

import datasets  # noqa: E402


def written(files: list[Path]) -> list[Any]:
    """The rows of files as they stand there."""
    return [json.loads(line) for file in files for line in file.read_text("utf-8").split("\n") if line]


def without_nulls(value: Any) -> Any:
    """A row in which a null and a key that is not there are the same; of JSON, datasets keeps ten decimals."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [without_nulls(one) for one in value]
    return value


def difference(loaded: list[Any], rows: list[Any]) -> str:
    """The first row that is not what was written; "" where all are."""
    if len(loaded) != len(rows):
        return f"{len(loaded)} rows of {len(rows)}"
    for number, (one, row) in enumerate(zip(loaded, rows, strict=True)):
        # Equal as JSON text: 1 and 1.0 differ, and so do a time and its text.
        if json.dumps(one, sort_keys=True, default=repr) != json.dumps(row, sort_keys=True):
            return f"row {number}: {one} instead of {row}"
    return ""


def configs(place: str) -> list[str]:
    """The configs of a folder's card; none where this version cannot read it at all."""
    try:
        return list(datasets.get_dataset_config_names(place))
    except Exception:
        return []


def config(place: str, name: str, *, loose: bool) -> dict[str, str]:
    """Each split of a config, and how it differs from what was written: "" where it does not."""
    folder = Path(place) / "data" / name
    splits = sorted(path.name for path in folder.iterdir() if path.is_dir())
    found = datasets.load_dataset(place, name)
    assert sorted(found) == splits, f"splits {sorted(found)} instead of {splits}"
    differ = {}
    for split in splits:
        read, rows = list(found[split]), written(sorted((folder / split).iterdir()))
        differ[split] = difference(without_nulls(read), without_nulls(rows)) if loose else difference(read, rows)
    return differ


def outcome(files: list[str]) -> str:
    """What becomes of the rows of some files."""
    try:
        found = list(datasets.load_dataset("json", data_files=files, split="train"))
    except Exception:
        return "refused"
    return "changed" if difference(found, written([Path(file) for file in files])) else "same"


def main() -> None:
    """Answer the question on stdin."""
    asked = json.load(sys.stdin)
    seen: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name, place in asked["folders"].items():
        for one in configs(place):
            try:
                splits = config(place, one, loose=f"{name}/{one}" in asked["loose"])
                seen |= {f"{name}/{one}/{split}": what for split, what in splits.items()}
            except Exception as error:
                failed[f"{name}/{one}"] = f"{type(error).__name__}: {str(error)[:1500]}"
    answer = {
        "version": datasets.__version__,
        "loaded": list(seen),
        "differ": failed | {name: what for name, what in seen.items() if what},
        "files": {name: outcome(files) for name, files in asked["files"].items()},
    }
    print(json.dumps(answer))


datasets.disable_progress_bars()
main()
