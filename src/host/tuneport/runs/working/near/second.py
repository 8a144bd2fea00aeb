"""A second look at samples that share a band: whether their sketches are alike as well."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from xxhash import xxh3_64_intdigest

from tuneport.runs.working.near.repeats import Parts

Alike = Callable[[bytes, bytes], bool]

_SEVERAL = 16
"""Samples of a band that each later one is compared with; as many more are added that were alike none of these."""


class Shared:
    """Samples that share bands: four bytes for each in each such band, and a sketch for each.

    Args:
        buckets: the samples of each band that several have.
    """

    def __init__(self, buckets: Iterable[list[int]]) -> None:
        self._members, self._ends = array("I"), array("Q", [0])
        seen: set[int] = set()
        for bucket in buckets:
            members = array("I", bucket)
            # Samples that are alike share many bands: once is enough.
            key = xxh3_64_intdigest(members.tobytes())
            if key not in seen:
                seen.add(key)
                self._members += members
                self._ends.append(len(self._members))

    def alike(self, parts: Parts, alike: Alike) -> Iterator[tuple[int, int]]:
        """Pairs that are alike; what they connect does not depend on the order of bands.

        Of a band that very many samples have, not each is compared with each.
        """
        numbers, sketches = self._sketches(parts)
        size = len(sketches) // len(numbers) if numbers else 0

        def sketch(number: int) -> bytes:
            place = bisect_left(numbers, number) * size
            return bytes(sketches[place : place + size])

        for start, end in pairwise(self._ends):
            known: list[tuple[int, bytes]] = []
            for number in self._members[start:end]:
                mine = sketch(number)
                found = [other for other, theirs in known if alike(theirs, mine)]
                yield from ((other, number) for other in found)
                if len(known) < _SEVERAL or (not found and len(known) < 2 * _SEVERAL):
                    known.append((number, mine))

    def _sketches(self, parts: Parts) -> tuple[array[int], bytearray]:
        """The samples that share a band in ascending order, and their sketches one after the other.

        Raises:
            ValueError: sketches of some are longer than those of others.
        """
        numbers, sketches, sizes = array("I", sorted(set(self._members))), bytearray(), set[int]()
        place = 0
        for base, count, bands in parts():
            size = len(bands.sketches) // count if count else 0
            until = bisect_left(numbers, base + count, place)
            for number in numbers[place:until]:
                start = (number - base) * size
                sketches += bands.sketches[start : start + size]
            sizes |= {size} if until > place else set()
            place = until
        if len(sizes) > 1:
            raise ValueError(f"sketches of {' and of '.join(map(str, sorted(sizes)))} bytes")
        return numbers, sketches
