"""The records that everything here is measured on, made once for a folder, a count and a seed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

from benchmarks.measuring import ROOT

SIZE = 1200
"""Bytes a record, at most."""
TIMES = 6
"""How often the records have to fit on the disk: source, two outputs to compare, and the caches of some racers."""


class FullError(Exception):
    """There is not enough space."""


def must_fit(folder: Path, count: int) -> None:
    """Check free space before an hour is spent.

    Raises:
        FullError: there is too little.
    """
    needed, free = count * SIZE * TIMES, shutil.disk_usage(folder).free
    if free < needed:
        raise FullError(
            f"{folder} has {free / 1e9:.1f} GB free; {count:,} records need {needed / 1e9:.1f} GB there: "
            "choose another place with --folder, or fewer --records"
        )


def records(folder: Path, count: int, seed: int) -> Path:
    """A file of so many records. It is made if it is not there, and read once, so that it lies in memory."""
    path = folder / f"records-{count}-{seed}.jsonl"
    if not path.exists():
        part = path.with_suffix(".part")
        command = [sys.executable, "-m", "benchmarks.records", str(part), "--records", str(count), "--seed", str(seed)]
        subprocess.run(command, check=True, cwd=ROOT)
        part.rename(path)
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
    return path


def first(source: Path, count: int) -> Path:
    """A file of the first records of another: what the same seed makes for a smaller count."""
    path = source.with_name(f"first-{count}.jsonl")
    with source.open("rb") as lines, path.open("wb") as file:
        file.writelines(islice(lines, count))
    return path


def cleared(path: Path) -> Path:
    """A place for an output, with nothing there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return path
