"""From the bytes of records to batches of entities: what JSON and JSONL have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from tuneport import Batch, Malformed
from tuneport_sources._decoding import Decode
from tuneport_sources._lines import MAX_LINE, Line

_BATCH_RECORDS = 512
_BATCH_BYTES = 4 * 1024 * 1024

Explain = Callable[[bytes, Exception], tuple[str, str] | None]
"""Code and reason for what could not be decoded; None where it is no record at all."""


def batches(records: Iterable[Line], decode: Decode, explain: Explain, unit: str, first: int = 0) -> Iterator[Batch]:
    """Decode records into batches of bounded size.

    Args:
        records: their bytes; None for one that is longer than the limit, Blank for lines that are none.
        decode: bytes to entity.
        explain: why that failed, for the list of malformed records.
        unit: what the reason calls a record that is too long.
        first: the ordinal of the first one.
    """
    batch, size, end = _empty(first), 0, first
    for record in records:
        ordinal, end = end, end + 1
        if isinstance(record, bytes):
            size += len(record)
            try:
                entity = decode(record)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                found = explain(record, error)
                if found is not None:
                    batch.malformed.append(Malformed(ordinal, *found))
            else:
                batch.entities.append(entity)
                batch.ordinals.append(ordinal)  # type: ignore[attr-defined]
        elif record is None:
            reason = f"The {unit} is longer than {MAX_LINE // 1024**2} MiB"
            batch.malformed.append(Malformed(ordinal, "bad_json", reason))
        else:
            end, size = ordinal + record.lines, size + record.size
        if len(batch.entities) + len(batch.malformed) >= _BATCH_RECORDS or size >= _BATCH_BYTES:
            batch.end = end
            yield batch
            batch, size = _empty(end), 0
    if end > batch.end:
        batch.end = end
        yield batch


def _empty(end: int) -> Batch:
    return Batch([], [], end)
