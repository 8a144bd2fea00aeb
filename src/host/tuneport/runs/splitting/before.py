"""Where samples and groups stood in an earlier dataset, and where they have to stay for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tuneport.runs.splitting.units import UNIT_BYTES, number_of


@dataclass(frozen=True)
class Before:
    """Sides in an earlier dataset, by `number_of`.

    Attributes:
        units: of each unit.
        samples: of each sample by its identity, where units are others than that; of those that stood on several
            sides the one that is trained on most.
    """

    units: Mapping[int, int] = field(default_factory=dict)
    samples: Mapping[int, int] = field(default_factory=dict)

    def sides(self, units: bytes, keys: bytes) -> dict[int, int]:
        """Number of a unit to the side on which it has to stay; without those that may stand anywhere.

        A unit that stood somewhere stays there. One that is new stays where its samples stood, so that nothing that was
        trained on is kept apart now: in train if any of them did, else in validation, else in test. What belongs
        together is never parted for it: samples whose group stays elsewhere move.

        Args:
            units: UNIT_BYTES for each sample.
            keys: as many of its identity; b"" where that is its unit.
        """
        found: dict[int, int] = {}
        for unit, key in zip(_pieces(units), _pieces(keys or units), strict=True):
            number = number_of(unit)
            stood = self.units.get(number)
            if stood is None:
                stood = self.samples.get(number_of(key))
            if stood is not None:
                found[number] = min(stood, found.get(number, stood))
        return found

    def moved(self, key: bytes, side: int) -> bool:
        """Whether a sample stood on another side than this."""
        return self.samples.get(number_of(key), side) != side


def _pieces(column: bytes) -> Iterator[bytes]:
    return (column[start : start + UNIT_BYTES] for start in range(0, len(column), UNIT_BYTES))
