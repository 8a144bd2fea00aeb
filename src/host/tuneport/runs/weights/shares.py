"""How the weight is spread over the values of a label: exact, bounded, and the same however samples are cut."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

MOST_VALUES = 100
"""Values of a label that stand for themselves; a label with more of them is rarely read as a table."""
OTHERS = "(others)"
_SCALE = 1 << 32
"""Weights are added up as whole numbers of 2**-32: such sums do not depend on their order."""
_LARGE = float(1 << 53)
"""From here on, floats are whole numbers."""


class Share(msgspec.Struct, array_like=True):
    """Samples, and their weight in units of 2**-32."""

    count: int = 0
    units: int = 0

    def add(self, count: int, units: int) -> None:
        """Add some more."""
        self.count += count
        self.units += units


class LabelShares(msgspec.Struct):
    """The values of one label, and what they weigh.

    Of more than MOST_VALUES, the first ones of the alphabet stand for themselves. A value that is among these in the
    end is so in every part that has it, so its sums are exact.

    Attributes:
        whole: all samples that have the label.
        values: value to its samples.
    """

    whole: Share = msgspec.field(default_factory=Share)
    values: dict[str, Share] = msgspec.field(default_factory=dict)

    def add(self, values: Iterable[str | None], units: Iterable[int]) -> None:
        """Add samples by their value, None for one without the label, and their weight in units of 2**-32."""
        sums: dict[str | None, int] = {}
        counts: dict[str | None, int] = {}
        for value, weight in zip(values, units, strict=True):
            sums[value] = sums.get(value, 0) + weight
            counts[value] = counts.get(value, 0) + 1
        for value, weight in sums.items():
            if value is not None:
                self.whole.add(counts[value], weight)
                self.values.setdefault(value, Share()).add(counts[value], weight)
        self._cut()

    def merge(self, other: LabelShares) -> None:
        """Add the samples of another part."""
        self.whole.add(other.whole.count, other.whole.units)
        for value, share in other.values.items():
            self.values.setdefault(value, Share()).add(share.count, share.units)
        self._cut()

    def summary(self) -> dict[str, float]:
        """Value to its share of the label's weight, the heaviest first; the rest together as OTHERS, at the end."""
        if not self.whole.units:
            return {}
        ordered = sorted(self.values.items(), key=lambda item: (-item[1].units, item[0]))
        shares = {value: share.units / self.whole.units for value, share in ordered}
        rest = self.whole.units - sum(share.units for share in self.values.values())
        if self.whole.count > sum(share.count for share in self.values.values()):
            shares[OTHERS] = shares.pop(OTHERS, 0.0) + rest / self.whole.units
        return shares

    def _cut(self) -> None:
        """Keep the first values of the alphabet."""
        for value in sorted(self.values)[MOST_VALUES:]:
            del self.values[value]


def units_of(weight: float) -> int:
    """A weight in units of 2**-32; a large one is whole, and a product of floats might be infinite."""
    return round(weight * _SCALE) if weight < _LARGE else int(weight) * _SCALE
