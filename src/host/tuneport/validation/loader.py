"""The process that loads a dataset as trainers do, with `datasets`, and compares what it gets with the files.

It is a process of its own: `datasets` is heavy and keeps a cache, and a host application may not want to import it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import msgspec.json

from tuneport.lines import Lines

_SHOWN = 80
_BATCH = 256


class Asked(msgspec.Struct):
    """What to load: the dataset's folder, a folder for the cache, and config to split to files."""

    root: str
    cache: str
    configs: dict[str, dict[str, list[str]]]


class Difference(msgspec.Struct):
    """A value that is another one when it is loaded: where it stands, and both, shortened."""

    file: str
    line: int
    column: str
    written: str
    loaded: str


class Loaded(msgspec.Struct):
    """What came of one config: its splits and their rows, an error, and the first row that differs of each column."""

    name: str
    rows: dict[str, int] = msgspec.field(default_factory=dict)
    error: str = ""
    differences: list[Difference] = msgspec.field(default_factory=list)
    differing: int = 0


def main() -> None:
    """Read what is asked, and answer on what was stdout; a library that prints does not."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    answer = os.dup(1)
    os.dup2(2, 1)
    told = msgspec.json.encode([_loaded(asked, name) for name in asked.configs])
    with os.fdopen(answer, "wb") as out:
        out.write(told)


def _loaded(asked: Asked, name: str) -> Loaded:
    import datasets

    datasets.disable_progress_bars()
    loaded = Loaded(name)
    try:
        splits = datasets.load_dataset(asked.root, name, cache_dir=asked.cache)
        loaded.rows = {split: data.num_rows for split, data in splits.items()}
        for split in splits.keys() & asked.configs[name].keys():
            _compare(loaded, splits[split], asked.root, asked.configs[name][split])
    except Exception as error:  # noqa: BLE001  -- whatever the loader raises is the answer
        loaded.error = _told(error)
    return loaded


def _told(error: BaseException) -> str:
    """The error that was first, for the loader's own says only that there was one."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _compare(loaded: Loaded, data: Any, root: str, files: list[str]) -> None:
    """Compare what was loaded with the rows of the files, one after the other; memory does not grow with them."""
    seen: set[str] = set()
    for row, (file, line, written) in zip(_rows(data), _written(root, files), strict=False):
        if row == written:
            continue
        columns = [name for name in {**written, **row} if not same(written.get(name), row.get(name))]
        loaded.differing += bool(columns)
        for name in (name for name in columns if name not in seen):
            seen.add(name)
            pair = _short(written.get(name)), _short(row.get(name))
            loaded.differences.append(Difference(file, line, name, *pair))


def _rows(data: Any) -> Iterator[dict[str, Any]]:
    for batch in data.iter(_BATCH):
        names = list(batch)
        for values in zip(*batch.values(), strict=True):
            yield dict(zip(names, values, strict=True))


def _written(root: str, files: list[str]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for file in files:
        for number, line in enumerate(Lines(Path(root, file)), 1):
            yield file, number, decode(line)


def same(written: Any, loaded: Any) -> bool:
    """Whether two values are one: a key that is absent inside a value is null when it is loaded, 1 may be 1.0."""
    if isinstance(written, dict) and isinstance(loaded, dict):
        return all(same(written.get(name), loaded.get(name)) for name in written.keys() | loaded.keys())
    if isinstance(written, list) and isinstance(loaded, list):
        return len(written) == len(loaded) and all(map(same, written, loaded))
    if isinstance(written, bool) or isinstance(loaded, bool):
        return written is loaded
    return bool(written == loaded)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


if __name__ == "__main__":
    main()
