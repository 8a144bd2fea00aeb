"""What a deferred stage learns when all samples are there."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property
from math import fsum, inf, isnan

import msgspec


class Summary(msgspec.Struct, frozen=True, dict=True):
    """The numbers of all samples kept after deduplication.

    Attributes:
        count: how many there are.
        low: the smallest; 0.0 where there are none.
        high: the largest.
        total: their sum, rounded once; infinite where it is more than a float holds.
        ordered: all of them in ascending order, as float64.
    """

    count: int
    low: float
    high: float
    total: float
    ordered: bytes

    @classmethod
    def of(cls, values: Iterable[float]) -> Summary:
        """The summary of some numbers; NaN stands for a sample that has none."""
        ordered = array("d", sorted(value for value in values if not isnan(value)))
        low, high = (ordered[0], ordered[-1]) if ordered else (0.0, 0.0)
        return cls(len(ordered), low, high, _sum(ordered), ordered.tobytes())

    @cached_property
    def _values(self) -> memoryview[float]:
        return memoryview(self.ordered).cast("d")

    def rank(self, value: float) -> float | None:
        """(below + (equal - 1) / 2) / (count - 1), from 0.0 for the smallest to 1.0 for the largest.

        None where all numbers are the same, or there is only one: nothing tells samples apart then.
        """
        if self.count < 2 or self.low == self.high:
            return None
        below = bisect_left(self._values, value)
        equal = bisect_right(self._values, value) - below
        return (below + (equal - 1) / 2) / (self.count - 1)


def _sum(values: Iterable[float]) -> float:
    try:
        return fsum(values)
    except OverflowError:
        return inf
