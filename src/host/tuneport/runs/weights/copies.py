"""A weight as a number of rows, for targets that have no place for it."""

from __future__ import annotations

from xxhash import xxh3_64_intdigest

_SALT = b"copies:"
"""Keeps these draws apart from others over the same identity and seed: a split by such a draw would bias them."""
_UNSIGNED = (1 << 64) - 1


def copies(weight: float, mean: float, identity: bytes, seed: int, most: int) -> int:
    """How many rows stand for a sample: its weight over the mean, rounded up or down by a seeded draw.

    On average over samples that is the weight itself, below `most`. The same in every format, worker and run.

    Args:
        weight: of the sample, finite and not negative.
        mean: of the weights of all samples that are trained on; where it is 0, all of them are.
        identity: the sample's.
        seed: the run's.
        most: rows at most.
    """
    if weight == 0.0 or mean == 0.0:
        return 0
    ratio = weight / mean
    if ratio >= most:
        return most
    whole = int(ratio)
    # floor(ratio + draw), without the sum: that would round 1 + a draw just below 1 up to 2.
    return whole + (_draw(identity, seed) >= 1.0 - (ratio - whole))


def _draw(identity: bytes, seed: int) -> float:
    """A number from 0 to just below 1, of 53 bits."""
    return float((xxh3_64_intdigest(_SALT + identity, seed & _UNSIGNED) >> 11) / (1 << 53))
