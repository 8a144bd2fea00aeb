"""Cutting a source into parts, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tuneport.model import Batch, Entity, Malformed
from tuneport.runs.messages import Part
from tuneport.runs.planning.plan import Plan
from tuneport.runs.reading.sources import partitions_of, readable, size_of


def parts_of(plan: Plan, skip: int) -> tuple[Iterator[Part], int | None]:
    """The parts from number `skip` on, and how many there are in all where that is known.

    The parts of one plan are always the same, which is what lets a run be taken up again.
    """
    partitions = partitions_of(plan.source, plan.pinned.part_bytes) if plan.pinned.seek else []
    if partitions:
        ranges = (Part(index, partition) for index, partition in enumerate(partitions) if index >= skip)
        return ranges, len(partitions)
    # Whole records: where a part ends may depend on their size, and must not on which fields are read.
    batches = readable(plan.source, None, None)
    cut = rebatch(batches, plan.pinned.part_entities, plan.pinned.part_bytes)
    return (Part(index, None, [batch]) for index, batch in enumerate(cut) if index >= skip), None


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
    good = [(ordinal, record) for ordinal, record in records if not isinstance(record, Malformed)]
    return Batch(
        entities=[record for _, record in good],
        ordinals=[ordinal - base for ordinal, _ in good],
        end=end - base,
        malformed=[
            Malformed(ordinal - base, record.code, record.reason)
            for ordinal, record in records
            if isinstance(record, Malformed)
        ],
    )
