"""Filling a side with whole units, as near to a count as they allow."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

_NOTHING = -1
"""No unit's place."""
_OTHERS = bytes([1, *bytes(255)])
"""Turns what is marked by 1 into what is not."""


@dataclass(frozen=True)
class Taken:
    """Units that were taken, by their draws, and their samples altogether."""

    numbers: Sequence[int]
    size: int


class Pool:
    """Units that are not placed yet, in the order of their draws.

    Attributes:
        size: samples of all units in it.
    """

    def __init__(self) -> None:
        self.size = 0
        self._numbers, self._sizes = array("Q"), array("Q")

    def add(self, number: int, size: int) -> None:
        """Add a unit of `size` samples whose draw is higher than all before it."""
        self._numbers.append(number)
        self._sizes.append(size)
        self.size += size

    def take(self, wanted: int, *, from_top: bool) -> Taken:
        """Take units out, the lowest draws first or the highest, until they have `wanted` samples.

        A unit that is too large is passed over. Where whole units leave a gap, one more, or one instead of another,
        is taken as long as that comes nearer.
        """
        order = range(len(self._sizes) - 1, -1, -1) if from_top else range(len(self._sizes))
        taken, gap = self._fitting(wanted, order)
        while gap:
            change = self._nearer(gap, taken, order)
            if change is None:
                break
            out, into = change
            gap += self._size(out) - self._size(into)
            taken.discard(out)
            taken.add(into)
            taken.discard(_NOTHING)
        return self._out(taken)

    def _fitting(self, wanted: int, order: Iterable[int]) -> tuple[set[int], int]:
        """Places of the units that fit, one after the other, and how many samples are missing then."""
        taken: set[int] = set()
        for place in order:
            if wanted <= 0:
                break
            if self._sizes[place] <= wanted:
                taken.add(place)
                wanted -= self._sizes[place]
        return taken, max(wanted, 0)

    def _nearer(self, gap: int, taken: set[int], order: Iterable[int]) -> tuple[int, int] | None:
        """The unit to put back and the one to take instead, either of them _NOTHING, that come nearest to the gap.

        None where nothing comes nearer than what is there.
        """
        inside: dict[int, int] = {0: _NOTHING}
        outside: dict[int, int] = {0: _NOTHING}
        for place in order:
            size = self._sizes[place]
            if place in taken:
                inside[size] = place
            else:
                outside.setdefault(size, place)
        sizes = sorted(outside)
        best, change = abs(gap), None
        for size, out in sorted(inside.items()):
            at = bisect_left(sizes, gap + size)
            for near in sizes[max(at - 1, 0) : at + 1]:
                left = abs(gap + size - near)
                if left < best:
                    best, change = left, (out, outside[near])
        return change

    def _size(self, place: int) -> int:
        return 0 if place == _NOTHING else self._sizes[place]

    def _out(self, taken: set[int]) -> Taken:
        """Take these places out of the pool."""
        if not taken:
            return Taken((), 0)
        out = bytearray(len(self._sizes))
        for place in taken:
            out[place] = 1
        left = out.translate(_OTHERS)
        numbers, size = array("Q", compress(self._numbers, out)), sum(compress(self._sizes, out))
        self._numbers, self._sizes = (array("Q", compress(one, left)) for one in (self._numbers, self._sizes))
        self.size -= size
        return Taken(numbers, size)
