"""What the weights of a run add up to: exact on merge, whatever the order and however samples are cut into parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import frexp, fsum
from typing import Any

import msgspec

from tuneport.runs.weights.shares import LabelShares, units_of

_SMALLEST = 1074
"""The smallest float is 2**-1074: every weight is a whole number of these."""
_STEPS = 70
"""Bins from one power of two to the next: each is 0.7 to 1.4 % wide."""
_LEAST, _MOST = 1e-150, 1e150
"""Between these, a square is a float that is as exact as any."""
_TOP = 100
"""The heaviest of so many samples are looked at: the heaviest 1 %."""


class WeightSums(msgspec.Struct):
    """What the weights of samples add up to: of all that a run exports, or of those whose mean is wanted.

    Attributes:
        count: how many.
        low: the smallest.
        high: the largest.
        total: their sum, in units of 2**-1074.
        squares: the sum of their squares, each rounded once, in units of 2**-2148.
        bins: how many lie in each of the bins that are about 1 % wide; a weight of 0 is in none.
        shares: label to how the weight is spread over its values.
    """

    count: int = 0
    low: float = 0.0
    high: float = 0.0
    total: int = 0
    squares: int = 0
    bins: dict[int, int] = msgspec.field(default_factory=dict)
    shares: dict[str, LabelShares] = msgspec.field(default_factory=dict)

    def add(self, weights: Sequence[float]) -> None:
        """Add some weights, finite and not negative."""
        if not weights:
            return
        low, high = min(weights), max(weights)
        self.low = min(self.low, low) if self.count else low
        self.high = max(self.high, high) if self.count else high
        self.count += len(weights)
        self._add_up(weights)

    def share(self, labels: Mapping[str, Sequence[str | None]], weights: Iterable[float]) -> None:
        """Add samples to labels: the value of each, None where it has none, and its weight."""
        units = [units_of(weight) for weight in weights] if labels else []
        for label, values in labels.items():
            self.shares.setdefault(label, LabelShares()).add(values, units)

    def merge(self, other: WeightSums) -> None:
        """Add the weights of another part."""
        if other.count:
            self.low = min(self.low, other.low) if self.count else other.low
            self.high = max(self.high, other.high) if self.count else other.high
        self.count += other.count
        self.total += other.total
        self.squares += other.squares
        for number, count in other.bins.items():
            self.bins[number] = self.bins.get(number, 0) + count
        for label, shares in other.shares.items():
            self.shares.setdefault(label, LabelShares()).merge(shares)

    @property
    def mean(self) -> float:
        """Their mean, rounded once; 0.0 where there are none."""
        return self.total / (self.count << _SMALLEST) if self.count else 0.0

    def summary(self) -> dict[str, Any]:
        """What a manifest holds.

        `effective` is the effective sample size, (sum w)^2 / sum w^2: so many samples of one weight tell a trainer as
        much. `top_share` is the share of the weight that lies on the heaviest 1 %, from bins of 1 %.
        """
        return {
            "count": self.count,
            "min": self.low,
            "max": self.high,
            "mean": self.mean,
            "effective": self.total**2 / self.squares if self.squares else 0.0,
            "top_share": round(self._top_share(), 4),
        }

    def shares_summary(self) -> dict[str, dict[str, float]]:
        """Label to value to its share of the weight of all samples that have the label."""
        shares = {label: one.summary() for label, one in self.shares.items()}
        return {label: one for label, one in shares.items() if one}

    def _add_up(self, weights: Sequence[float]) -> None:
        # What has no exact place among floats when it is squared goes by itself.
        usual = [weight for weight in weights if _LEAST < weight < _MOST]
        self.total += _exactly(usual) >> _SMALLEST
        self.squares += _exactly([weight * weight for weight in usual])
        for weight in weights if len(usual) < len(weights) else ():
            if weight and not _LEAST < weight < _MOST:
                units = _exactly([weight]) >> _SMALLEST
                self.total += units
                self.squares += units * units
        parts = map(frexp, weights)
        numbers = Counter([power * _STEPS + int((part - 0.5) * (2 * _STEPS)) for part, power in parts if part])
        for number, count in numbers.items():
            self.bins[number] = self.bins.get(number, 0) + count

    def _top_share(self) -> float:
        """The weight of the heaviest 1 % over that of all, each sample as heavy as the middle of its bin."""
        room, top, whole = -(-self.count // _TOP), 0, 0
        for number in sorted(self.bins, reverse=True):
            power, step = divmod(number, _STEPS)
            middle = (2 * _STEPS + 2 * step + 1) << (power + _SMALLEST)
            taken = min(self.bins[number], room)
            room -= taken
            top += middle * taken
            whole += middle * self.bins[number]
        return top / whole if whole else 0.0


def _exactly(numbers: Iterable[float]) -> int:
    """The sum of some numbers in units of 2**-2148, without a rounding error.

    What `fsum` has rounded off the sum is the sum of the numbers less what it gave.
    """
    total, left = 0, list(numbers)
    while rounded := fsum(left):
        above, below = rounded.as_integer_ratio()
        total += (above << 2 * _SMALLEST) // below
        left.append(-rounded)
    return total
