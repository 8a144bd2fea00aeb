"""Records that are nested too deeply, or hold too much, to be handled at all."""

from __future__ import annotations

from tuneport.model import Batch, Malformed
from tuneport.nesting import excess, fit


def bounded(batch: Batch) -> Batch:
    """The batch without such records; they are listed as malformed."""
    # What is no dict is told by whoever prepares it.
    records = {place: entity for place, entity in enumerate(batch.entities) if issubclass(type(entity), dict)}
    if fit(records.values()):
        return batch
    found = {place: reason for place, entity in records.items() if (reason := excess(entity))}
    kept = [place for place in range(len(batch.entities)) if place not in found]
    bad = [Malformed(batch.ordinals[place], "bad_json", reason) for place, reason in found.items()]
    return Batch(
        entities=[batch.entities[place] for place in kept],
        ordinals=[batch.ordinals[place] for place in kept],
        end=batch.end,
        malformed=sorted([*batch.malformed, *bad], key=lambda one: one.ordinal),
    )
