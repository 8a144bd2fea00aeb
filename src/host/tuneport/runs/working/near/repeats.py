"""Which bands several samples have, found in memory that does not grow with their number."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from operator import ne
from typing import NamedTuple

from tuneport.runs.messages import Bands

_ALL = 1 << 64
_HELD = 1 << 22
"""Bands taken from the spool at a time, twelve bytes each: it is read once for each time so many of them."""
_AT_ONCE = 1 << 18
"""Of those, bands that are looked up at a time, which takes some hundred bytes each."""

Parts = Callable[[], Iterable[tuple[int, int, Bands]]]
"""The bands of all parts, in part order, as often as they are asked for: before them the number of the part's first
sample, and how many samples it has."""


class _Run(NamedTuple):
    """Bands in ascending order, and the samples that have them, from a number on."""

    base: int
    values: Sequence[int]
    owners: Sequence[int]

    def between(self, low: int, high: int) -> _Run:
        """Those of a range, which no longer need what they were taken from."""
        start, end = bisect_left(self.values, low), bisect_left(self.values, high)
        return _Run(self.base, array("Q", self.values[start:end]), array("I", self.owners[start:end]))


def repeated(parts: Parts, total: int, held: int = _HELD, at_once: int = _AT_ONCE) -> Iterator[list[int]]:
    """The samples of each band that several have, by number and in ascending order.

    Args:
        parts: the bands.
        total: how many there are.
        held: how many are held in memory.
        at_once: how many of these are looked up at once.
    """
    for low, high in _ranges(0, _ALL, total // held + 1):
        runs = [_run(base, bands).between(low, high) for base, _, bands in parts()]
        found = sum(len(run.values) for run in runs)
        for least, most in _ranges(low, high, found // at_once + 1):
            yield from _shared([run.between(least, most) for run in runs])


def _run(base: int, bands: Bands) -> _Run:
    return _Run(base, memoryview(bands.values).cast("Q"), memoryview(bands.owners).cast("I"))


def _ranges(low: int, high: int, count: int) -> Iterator[tuple[int, int]]:
    """So many ranges of the same width; bands are as good as random, so that each has about as many."""
    width = (high - low) // count + 1
    for start in range(low, high, width):
        yield start, min(start + width, high)


def _shared(runs: Iterable[_Run]) -> Iterator[list[int]]:
    values, owners = array("Q"), array("Q")
    for run in runs:
        values.extend(run.values)
        owners.extend(map(run.base.__add__, run.owners))
    firsts = dict(zip(reversed(values), reversed(owners), strict=True))
    if len(firsts) == len(values):
        return
    found: dict[int, list[int]] = {}
    again = map(ne, map(firsts.__getitem__, values), owners)
    for value, owner in compress(zip(values, owners, strict=True), again):
        samples = found.setdefault(value, [firsts[value]])
        if samples[-1] != owner:
            samples.append(owner)
    yield from found.values()
