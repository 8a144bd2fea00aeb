"""Cutting a source into parts, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import cast

import msgspec.msgpack

from tuneport.model import Batch, Entity, Malformed, Partition
from tuneport.runs.messages import Part
from tuneport.runs.planning.plan import Plan
from tuneport.runs.reading.sources import partitions_of, readable, size_of


class Parts:
    """Cuts the streams of a plan into parts. The parts of one plan are always the same: so a run can be taken up.

    Args:
        plan: the run's plan.
        done: the stream and the number of records of each part that was done before.

    Attributes:
        total: how many parts there are in all; None where that is not known.
        read: records read so far, by inlet.
    """

    def __init__(self, plan: Plan, done: Iterable[tuple[int, int]]) -> None:
        self._plan = plan
        self._done = Counter[int]()
        self.read = Counter[int]()
        for stream, count in done:
            self._done[stream] += 1
            self.read[plan.streams[stream].inlet] += count
        self._index = self._done.total()
        seek, size = plan.pinned.seek, plan.pinned.part_bytes
        self._partitions = [partitions_of(stream.source, size) if seek else [] for stream in plan.streams]
        limited = any(inlet.limit is not None for inlet in plan.inlets)
        self.total = sum(map(len, self._partitions)) if all(self._partitions) and not limited else None

    def whole(self) -> str | None:
        """A stream that can only be read from its beginning to its end; None where there is no such."""
        titles = (stream.info.title for stream in self._plan.streams)
        return next((title for title, ones in zip(titles, self._partitions, strict=True) if not ones), None)

    def can_be_told(self) -> bool:
        """Whether another process understands what a third party's source calls its ranges."""
        try:
            data = msgspec.msgpack.encode(self._partitions)
            return msgspec.msgpack.decode(data, type=list[list[Partition]]) == self._partitions
        except (TypeError, ValueError, OverflowError, NotImplementedError):
            return False

    def __iter__(self) -> Iterator[Part]:
        """The parts that are left. `count` is told of each before the next is asked for, for `source.limit`."""
        begun = max(self._done, default=0)
        for number in range(begun, len(self._plan.streams)):
            limit = self._plan.inlets[self._plan.streams[number].inlet].limit
            for part in self._of(number):
                if limit is not None:
                    part.most = limit - self.read[self._plan.streams[number].inlet]
                    if part.most <= 0:
                        break
                self._index += 1
                yield part

    def count(self, stream: int, read: int) -> None:
        """Count the records of a part."""
        self.read[self._plan.streams[stream].inlet] += read

    def _of(self, number: int) -> Iterator[Part]:
        """The parts of one stream that are left."""
        partitions, done = self._partitions[number], self._done[number]
        if partitions:
            return (Part(self._index, number, partition) for partition in partitions[done:])
        # Whole records: where a part ends may depend on their size, and must not on which fields are read.
        batches = readable(self._plan.streams[number].source, None, None)
        cut = rebatch(batches, self._plan.pinned.part_entities, self._plan.pinned.part_bytes)
        return (Part(self._index, number, None, [batch]) for batch in islice(cut, done, None))


def rebatch(batches: Iterable[Batch], size: int | None, most_bytes: int) -> Iterator[Batch]:
    """The same records in batches of `size`, or fewer where they are large; one batch where `size` is None.

    Ordinals count from each batch's own first line or row.
    """
    base = held_bytes = 0
    held: list[tuple[int, Entity | Malformed]] = []
    end = 0
    for batch in batches:
        records: list[tuple[int, Entity | Malformed]] = [
            *zip(batch.ordinals, batch.entities, strict=True),
            *((bad.ordinal, bad) for bad in batch.malformed),
        ]
        records.sort(key=lambda record: record[0])
        for record in records:
            if size is not None and (len(held) == size or held_bytes > most_bytes):
                # The batch reaches to where the next record begins: blank lines before it are its own.
                yield _batch(held, base, record[0])
                base, held, held_bytes = record[0], [], 0
            held.append(record)
            held_bytes += size_of(record[1])
        end = batch.end
    if held or end > base:
        yield _batch(held, base, end)


def _batch(records: list[tuple[int, Entity | Malformed]], base: int, end: int) -> Batch:
    # Not isinstance: it would ask a record itself for its class.
    good = [(ordinal, cast("Entity", record)) for ordinal, record in records if type(record) is not Malformed]
    return Batch(
        entities=[record for _, record in good],
        ordinals=[ordinal - base for ordinal, _ in good],
        end=end - base,
        malformed=[
            Malformed(ordinal - base, record.code, record.reason)
            for ordinal, record in records
            if type(record) is Malformed
        ],
    )
