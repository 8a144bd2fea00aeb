"""What a target takes at least and at most, beside what was written for it."""

from __future__ import annotations

from collections.abc import Iterator

from tuneport.dataset import FormatInfo
from tuneport.traits import FormatTraits


def beyond(name: str, info: FormatInfo, traits: FormatTraits) -> Iterator[str]:
    """What the target of a format is said not to take of what was written for it.

    These are warnings: a dataset is more than one file that is uploaded, and a service may change its mind.
    """
    for split, files in info.splits.items():
        rows, largest = sum(file.rows for file in files), max(file.size for file in files)
        where = f"{name}, {split}"
        if traits.min_rows is not None and split == "train" and rows < traits.min_rows:
            least = f"at least {traits.min_rows:,}: export more records"
            yield f"{where}: {_count(rows)}, and its target {_takes('min_rows', traits)} {least}"
        if traits.max_rows is not None and rows > traits.max_rows:
            most = f"at most {traits.max_rows:,}: leave some out, or train on part of them"
            yield f"{where}: {_count(rows)}, and its target {_takes('max_rows', traits)} {most}"
        if traits.max_bytes is not None and largest > traits.max_bytes:
            most = f"{traits.max_bytes:,} bytes a file: a smaller output.shard_size makes smaller files"
            yield f"{where}: a file of {largest:,} bytes, and its target {_takes('max_bytes', traits)} at most {most}"


def _count(rows: int) -> str:
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def _takes(limit: str, traits: FormatTraits) -> str:
    return "is said to take" if limit in traits.unverified else "takes"
