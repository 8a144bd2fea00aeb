"""Stable splits: each unit is drawn by itself, so that it stands where it stood in every export of the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from xxhash import xxh3_64_intdigest

from tuneport.runs.messages import TEST, TRAIN, VALIDATION
from tuneport.runs.splitting.units import UNIT_BYTES, number_of
from tuneport.split import SplitSection

_SALT = b"split:"
"""Keeps these draws apart from others over the same keys and seed."""
_ALL = 1 << 64

Before = Mapping[int, int]
"""Number of a unit (`number_of`) to the side on which it stood in an earlier dataset."""


class Assigner(Protocol):
    """Says which samples are trained on: a key of SPLITS for each.

    Attributes:
        waits: whether it has to know all samples first. If so `all` is called, else `one`.
    """

    waits: bool

    def one(self, unit: bytes) -> int:
        """The side of one unit."""

    def all(self, units: bytes, strata: bytes) -> bytes:
        """The side of each sample kept, given UNIT_BYTES of its unit and STRATUM_BYTES of its stratum, or b""."""


def draw(unit: bytes, seed: int) -> int:
    """A number below 2**64, as good as random, and always the same for a unit and a seed."""
    return xxh3_64_intdigest(_SALT + unit, seed % _ALL)


class Stable:
    """Validation is what is drawn below its share, test what is drawn above one less its share.

    So a change of one share moves no unit of the other, and only as many as it has to.
    """

    waits = False

    def __init__(self, section: SplitSection, seed: int, before: Before) -> None:
        self._seed = seed % _ALL
        self._below = int((section.validation or 0.0) * _ALL)
        self._above = _ALL - int((section.test or 0.0) * _ALL)
        self._before = before

    def one(self, unit: bytes) -> int:
        """The side of one unit: where it stood before, else where it is drawn."""
        stood = self._before.get(number_of(unit)) if self._before else None
        if stood is not None:
            return stood
        drawn = xxh3_64_intdigest(_SALT + unit, self._seed)
        if drawn < self._below:
            return VALIDATION
        return TEST if drawn >= self._above else TRAIN

    def all(self, units: bytes, strata: bytes) -> bytes:  # noqa: ARG002  -- its shares hold in each stratum anyway
        """The side of each sample."""
        return bytes(self.one(units[start : start + UNIT_BYTES]) for start in range(0, len(units), UNIT_BYTES))
