"""The index: what became of each record, and where its rows stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import msgspec.json

from tuneport.dataset import DataFile


class IndexLine(msgspec.Struct, omit_defaults=False):
    """One record.

    Attributes:
        id: of the sample: xxh3-128 over its content, in hex; None where no sample was made of the record.
        key: what names the record; where it has no key, its place in the source.
        subject: whose data it is.
        outcome: exported, filtered, duplicate or errored.
        split: where it stands; None where it was not exported.
        weight: as it was trained; None where it was not exported.
        rows: the formats that wrote it; once published, `format:shard:line`, counted from 0.
        metrics: what metrics that measure each sample say of it; left out where there are none.
        problems: what validators said of it and let pass; left out where there is nothing.
        source: the name of the source it comes from; left out where the run has only one.
        cluster: the id of the first of its near-duplicates, its own among them; left out where it has none.
        unit: what it may not be parted from by a split, in hex; left out where that is its content alone.
    """

    id: str | None
    key: str
    subject: str | None
    outcome: str
    split: str | None = None
    weight: float | None = None
    rows: list[str] = msgspec.field(default_factory=list)
    metrics: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    problems: list[str] | msgspec.UnsetType = msgspec.UNSET
    source: str | msgspec.UnsetType = msgspec.UNSET
    unit: str | msgspec.UnsetType = msgspec.UNSET
    cluster: str | msgspec.UnsetType = msgspec.UNSET


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(IndexLine).decode


class Places:
    """Where each format's next row stands.

    Args:
        files: (format, split) to its files, in order.
    """

    def __init__(self, files: Mapping[tuple[str, str], Sequence[DataFile]]) -> None:
        self._ends = {place: _ends(shards) for place, shards in files.items()}
        self._shard: Counter[tuple[str, str]] = Counter()
        self._row: Counter[tuple[str, str]] = Counter()

    def next(self, name: str, split: str) -> str:
        """`format:shard:line` of the next row that this format wrote for this split."""
        place = (name, split)
        row, ends = self._row[place], self._ends[place]
        while row >= ends[self._shard[place]]:
            self._shard[place] += 1
        shard = self._shard[place]
        self._row[place] += 1
        return f"{name}:{shard}:{row - (ends[shard - 1] if shard else 0)}"


def _ends(shards: Sequence[DataFile]) -> list[int]:
    ends, total = [], 0
    for shard in shards:
        total += shard.rows
        ends.append(total)
    return ends


def placed(blocks: Iterable[bytes], places: Places) -> Iterator[bytes]:
    """Lines of the parts, in order, as the published index holds them."""
    for block in blocks:
        lines = []
        for text in block.splitlines():
            line = _decode(text)
            if line.split is not None:
                line.rows = [places.next(name, line.split) for name in line.rows]
            lines.append(encode(line))
        yield b"\n".join([*lines, b""])
