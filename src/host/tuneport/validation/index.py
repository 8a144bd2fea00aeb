"""The index: whether its lines are as many as the rows, and whether anything stands on both sides of a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import msgspec.json

from tuneport.dataset import Dataset
from tuneport.lines import DamagedError, Lines
from tuneport.validation.report import Findings

_AT_ONCE = 1 << 20
"""Samples that are held in memory at once; of a larger dataset the index is read several times."""


class _Line(msgspec.Struct):
    """What is looked at of a record's line."""

    outcome: str = ""
    id: str | None = None
    unit: str | None = None
    split: str | None = None
    rows: list[str] = []


_decode = msgspec.json.Decoder(_Line).decode


def check_index(dataset: Dataset, paths: Sequence[str], findings: Findings) -> None:
    """Check the index of a dataset; its files are there, and as long as the manifest says.

    Args:
        dataset: the dataset.
        paths: the files of its index.
        findings: what is wrong is added here.
    """
    try:
        lines, exported = _counts(dataset, paths, findings)
    except (DamagedError, msgspec.DecodeError, UnicodeDecodeError) as error:
        findings.add("index", f"cannot be read: {error}", "export the dataset again", file=paths[0])
        return
    splits = {split for info in dataset.formats.values() for split in info.splits}
    if len(splits | exported.keys()) < 2:
        return
    buckets = lines // _AT_ONCE + 1
    for bucket in range(buckets):
        _leaks(dataset, paths, bucket, buckets, findings)


def _counts(dataset: Dataset, paths: Sequence[str], findings: Findings) -> tuple[int, Counter[str]]:
    """How many lines there are, and samples of each split; that they are as many as elsewhere is checked."""
    placed: Counter[tuple[str, str]] = Counter()
    outcomes: Counter[str] = Counter()
    exported: Counter[str] = Counter()
    for _, _, line in _lines(dataset, paths):
        outcomes[line.outcome] += 1
        if line.split is not None:
            exported[line.split] += 1
            placed.update((row.partition(":")[0], line.split) for row in line.rows)
    _compare_outcomes(dataset, outcomes, paths[0], findings)
    for name, info in dataset.formats.items():
        for split, files in info.splits.items():
            rows = sum(file.rows for file in files)
            if placed[name, split] != rows:
                message = f"places {placed[name, split]:,} rows of {name} in {split}, and its files hold {rows:,}"
                findings.add("index_rows", message, path=name, file=paths[0])
    return outcomes.total(), exported


def _compare_outcomes(dataset: Dataset, outcomes: Counter[str], file: str, findings: Findings) -> None:
    for outcome in ("exported", "filtered", "duplicate", "errored"):
        counted = dataset.manifest.counts.get(outcome, 0)
        if outcomes[outcome] != counted:
            message = f"has {outcomes[outcome]:,} {outcome} records, and {counted:,} in the manifest"
            findings.add("index_counts", message, path=outcome, file=file)


def _leaks(dataset: Dataset, paths: Sequence[str], bucket: int, buckets: int, findings: Findings) -> None:
    """Tell samples and groups that stand in several splits, of one bucket of them."""
    seen: dict[tuple[str, int], str] = {}
    for path, number, line in _lines(dataset, paths):
        if line.split is None:
            continue
        for what, name in (("sample", line.id), ("group", line.unit)):
            if name is None or hash(name) % buckets != bucket:
                continue
            before = seen.setdefault((what, hash(name)), line.split)
            if before != line.split:
                message = f"{what} {name} stands in {line.split}, and in {before}"
                hint = "train on neither until the dataset is exported again"
                findings.add("leak", message, hint, path=what, line=number, file=path)


def _lines(dataset: Dataset, paths: Sequence[str]) -> Iterator[tuple[str, int, _Line]]:
    for path in paths:
        for number, text in enumerate(Lines(dataset.path / path), 1):
            yield path, number, _decode(text)
