"""Exact splits: units in the order of their draws, until each side has the count that is asked of it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from tuneport.runs.messages import STRATUM_BYTES, TEST, TRAIN, VALIDATION
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.filling import Pool
from tuneport.runs.splitting.stable import draw
from tuneport.runs.splitting.units import UNIT_BYTES, number_of
from tuneport.split import SplitSection

_ORDER = (VALIDATION, TEST)


@dataclass
class _Stratum:
    """The samples of one stratum: the units that have to be placed, and how many stand on each side already."""

    pool: Pool = field(default_factory=Pool)
    placed: Counter[int] = field(default_factory=Counter)

    @property
    def size(self) -> int:
        """Samples in it."""
        return self.pool.size + self.placed.total()


class Exact:
    """Validation takes the units that are drawn lowest, test those that are drawn highest; the rest is trained on.

    A unit counts with all its samples. It belongs to the stratum that most of them are of.
    """

    waits = True

    def __init__(self, section: SplitSection, seed: int, before: Before) -> None:
        self._ratios = {
            side: Fraction(str(ratio))
            for side, ratio in ((VALIDATION, section.validation), (TEST, section.test))
            if ratio is not None
        }
        self._seed = seed
        self._before = before

    def one(self, unit: bytes) -> int:  # noqa: ARG002  -- as Assigner has it
        """Not before all are known."""
        raise TypeError("an exact split has to know all samples: call all()")

    def all(self, units: bytes, strata: bytes, keys: bytes = b"") -> bytes:
        """The side of each sample, in whatever order they are given."""
        drawn = array("Q", (draw(unit, self._seed) for unit in _pieces(units, UNIT_BYTES)))
        stood = self._stood(units, keys)
        chosen = self._chosen(self._strata(drawn, strata, stood))
        return bytes(stood[number] if number in stood else chosen.get(number, TRAIN) for number in drawn)

    def _stood(self, units: bytes, keys: bytes) -> dict[int, int]:
        """Draw to side, of the units that have to stay where they, or their samples, stood in the earlier dataset."""
        sides = self._before.sides(units, keys) if self._before.units else {}
        if not sides:
            return {}
        numbers = ((number_of(unit), unit) for unit in _pieces(units, UNIT_BYTES))
        return {draw(unit, self._seed): sides[number] for number, unit in numbers if number in sides}

    def _strata(self, drawn: array[int], strata: bytes, stood: Mapping[int, int]) -> list[_Stratum]:
        """Units by stratum, in the order of their draws."""
        names = sorted(set(_pieces(strata, STRATUM_BYTES))) or [b""]
        found = [_Stratum() for _ in names]
        for number, name, size in _counted(drawn, strata, names):
            stratum = found[name]
            if number in stood:
                stratum.placed[stood[number]] += size
            else:
                stratum.pool.add(number, size)
        return found

    def _chosen(self, strata: list[_Stratum]) -> dict[int, int]:
        """Draw to side, of the units that are not trained on."""
        chosen: dict[int, int] = {}
        sizes = [stratum.size for stratum in strata]
        for side in _ORDER:
            missed = 0
            for stratum, target in zip(strata, self._targets(sizes, side), strict=True):
                # What whole groups left open, or took too much, is made up for in the next stratum.
                wanted = target - stratum.placed[side] + missed
                taken = stratum.pool.take(wanted, from_top=side == TEST)
                chosen |= dict.fromkeys(taken.numbers, side)
                missed = wanted - taken.size
        return chosen

    def _targets(self, sizes: list[int], side: int) -> list[int]:
        """How many samples of each stratum stand on a side: largest remainders, which add up to the whole's share."""
        ratio = self._ratios.get(side, Fraction(0))
        shares = [ratio * size for size in sizes]
        targets = [int(share) for share in shares]
        left = int(sum(shares) + Fraction(1, 2)) - sum(targets)
        by_remainder = sorted(range(len(sizes)), key=lambda index: (targets[index] - shares[index], index))
        for index in by_remainder[:left]:
            targets[index] += 1
        return targets


def _pieces(column: bytes, size: int) -> Iterator[bytes]:
    return (column[start : start + size] for start in range(0, len(column), size))


def _counted(drawn: array[int], strata: bytes, names: list[bytes]) -> Iterator[tuple[int, int, int]]:
    """Each unit in the order of the draws: its draw, the place of its stratum in `names`, and its samples."""
    if not strata:
        yield from ((number, 0, count) for number, count in _runs(sorted(drawn)))
        return
    places, width = {name: place for place, name in enumerate(names)}, len(names)
    of_samples = (places[name] for name in _pieces(strata, STRATUM_BYTES))
    pairs = sorted(number * width + place for number, place in zip(drawn, of_samples, strict=True))
    for number, runs in groupby(_runs(pairs), lambda run: run[0] // width):
        counts = {pair % width: count for pair, count in runs}
        # The first of those that most samples are of.
        yield number, max(counts, key=lambda place: counts[place]), sum(counts.values())


def _runs(ordered: list[int]) -> Iterator[tuple[int, int]]:
    """Each value once, and how often it stands there."""
    start = 0
    for place in range(1, len(ordered) + 1):
        if place == len(ordered) or ordered[place] != ordered[start]:
            yield ordered[start], place - start
            start = place
