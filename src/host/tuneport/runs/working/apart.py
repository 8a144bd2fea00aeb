"""What a split has to know of a sample: with what it belongs together, of which kind it is, and what it asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tuneport.model import Entity, Reject
from tuneport.runs.planning.split import Split
from tuneport.runs.splitting.units import prompt_key, stratum_of, unit_of
from tuneport.sample import Sample


class Place(NamedTuple):
    """A sample's entries in the columns of a split; none where it has no such column."""

    units: tuple[bytes, ...]
    strata: tuple[bytes, ...]
    prompts: tuple[bytes, ...]


NOWHERE = Place((), (), ())
"""Of a sample of a run that splits nothing."""

Apart = Callable[[Entity, Sample, bytes], Place | Reject]


def apartness(split: Split) -> Apart:
    """What tells the place of a sample, of which the record and the identity are known; or why it has none."""
    groups, strata = tuple(split.section.group_by), tuple(split.section.stratify_by)
    held_out = split.held_out

    def place(entity: Entity, sample: Sample, identity: bytes) -> Place | Reject:
        reject = held_out(sample) if held_out is not None else None
        if reject is not None:
            return reject
        unit = (unit_of(tuple(entity.get(name) for name in groups), identity),) if groups else ()
        kind = (stratum_of(tuple(entity.get(name) for name in strata)),) if strata else ()
        return Place(unit, kind, (prompt_key(sample),))

    return place
