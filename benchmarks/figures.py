"""How figures are made of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

Used = Mapping[str, Sequence[float]]
"""What runs took, as the results hold it: see `measuring.Used`."""


def ratio(one: Used, other: Used, of: str = "seconds") -> float:
    """How many times as much one took as the other: the median over turns, each beside its own neighbour."""
    return median(left / right for left, right in zip(one[of], other[of], strict=True))


def reference(results: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """What others are compared with: ours, with two processes where that took part."""
    return next(result for name in ("tuneport 2", "tuneport 1") for result in results if result["name"] == name)


def a_row(sizes: Sequence[Mapping[str, Any]]) -> float | None:
    """Bytes of memory that each more row kept takes, from the smallest size to the largest; None of one size."""
    small, large = sizes[0], sizes[-1]
    if small is large:
        return None
    more: float = median(large["used"]["peak"]) - median(small["used"]["peak"])
    rows: int = large["rows"] - small["rows"]
    return more * 1e6 / rows
