"""Stable splits: each unit is drawn by itself, so that it stands where it stood in every export of the same seed."""

from __future__ import annotations

from typing import Protocol

from xxhash import xxh3_64_intdigest

from tuneport.runs.messages import TEST, TRAIN, VALIDATION
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.units import UNIT_BYTES, number_of
from tuneport.split import SplitSection

_SALT = b"split:"
"""Keeps these draws apart from others over the same keys and seed."""
_ALL = 1 << 64


class Assigner(Protocol):
    """Says which samples are trained on: a key of SPLITS for each.

    Attributes:
        waits: whether it has to know all samples first. If so `all` is called, else `one`.
    """

    waits: bool

    def one(self, unit: bytes) -> int:
        """The side of one unit."""

    def all(self, units: bytes, strata: bytes, keys: bytes = b"") -> bytes:
        """The side of each sample kept.

        Args:
            units: UNIT_BYTES of the unit of each.
            strata: STRATUM_BYTES of its stratum; b"" where there are none.
            keys: as long as `units`, its identity; b"" where that is its unit, or does not matter.
        """


def draw(unit: bytes, seed: int) -> int:
    """A number below 2**64, as good as random, and always the same for a unit and a seed."""
    return xxh3_64_intdigest(_SALT + unit, seed % _ALL)


class Stable:
    """Validation is what is drawn below its share, test what is drawn above one less its share.

    So a change of one share moves no unit of the other, and only as many as it has to. Where a new group stays depends
    on where its samples stood: all of them have to be known then.
    """

    def __init__(self, section: SplitSection, seed: int, before: Before) -> None:
        self._seed = seed % _ALL
        self._below = int((section.validation or 0.0) * _ALL)
        self._above = _ALL - int((section.test or 0.0) * _ALL)
        self._before = before
        self.waits = bool(before.samples)

    def one(self, unit: bytes) -> int:
        """The side of one unit: where it stood before, else where it is drawn."""
        stood = self._before.units.get(number_of(unit)) if self._before.units else None
        return self._drawn(unit) if stood is None else stood

    def all(self, units: bytes, strata: bytes, keys: bytes = b"") -> bytes:  # noqa: ARG002  -- shares hold in each
        """The side of each sample."""
        pieces = [units[start : start + UNIT_BYTES] for start in range(0, len(units), UNIT_BYTES)]
        stood = self._before.sides(units, keys)
        return bytes(stood[number] if (number := number_of(unit)) in stood else self._drawn(unit) for unit in pieces)

    def _drawn(self, unit: bytes) -> int:
        drawn = xxh3_64_intdigest(_SALT + unit, self._seed)
        if drawn < self._below:
            return VALIDATION
        return TEST if drawn >= self._above else TRAIN
