"""Groups and near-duplicates: what any of both connects stands on one side."""

from __future__ import annotations

from collections.abc import Iterable

from tuneport.runs.joined import Joined
from tuneport.runs.splitting.units import UNIT_BYTES


def linked(units: bytes, clusters: Iterable[int]) -> bytes:
    """For each sample the unit that it is split with: that of the first sample to which clusters and units connect it.

    What comes later in a source changes no unit, unless it connects two. Units with a cluster take memory.

    Args:
        units: UNIT_BYTES of each.
        clusters: of each a number that all of its cluster have; below 0 where it has none.
    """
    pieces = [units[start : start + UNIT_BYTES] for start in range(0, len(units), UNIT_BYTES)]
    numbers, firsts, joined = dict[bytes, int](), dict[int, int](), Joined()
    for unit, cluster in zip(pieces, clusters, strict=True):
        if cluster < 0:
            continue
        number = numbers.get(unit)
        if number is None:
            number = numbers[unit] = len(numbers)
            joined.add()
        joined.join(firsts.setdefault(cluster, number), number)
    names = [*numbers]
    units_of = {unit: names[joined.first(number)] for unit, number in numbers.items()}
    return b"".join(units_of.get(unit, unit) for unit in pieces)
