"""What is odd about the weights of a run, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tuneport.dataset import FormatInfo
from tuneport.traits import FormatTraits

LEAST_EFFECTIVE = 0.5
"""Below half of the samples, more of them are drowned out than heard."""
MOST_ON_TOP = 0.2
"""Where one sample in a hundred has a fifth of the weight, a trainer sees these over and over."""
MOST_LEFT_OUT = 0.3
"""Weights between 0.5 and 1.5 leave out at most a quarter: beyond that, copies are a poor stand-in for them."""
MOST_OFF_ONE = 1.5
"""A mean of 1.5 acts like a learning rate of half as much again; smaller differences drown in other noise."""


def of_weights(weights: Mapping[str, Any]) -> list[str]:
    """What is odd about the weights as such.

    Args:
        weights: their summary, as a manifest holds it; {} where the run has none.
    """
    if not weights or not weights["count"]:
        return []
    said = []
    count, effective = weights["count"], weights["effective"]
    if effective < LEAST_EFFECTIVE * count:
        said.append(
            f"{count:,} samples tell a trainer as much as {effective:,.0f} of one weight: raise weighting.min_weight"
        )
    # With fewer than a hundred samples, the heaviest 1 % is a single one.
    if weights["top_share"] > MOST_ON_TOP and count >= 100:
        said.append(
            f"{100 * weights['top_share']:.0f} % of the weight lies on {-(-count // 100):,} of {count:,} samples:"
            ' bound it with weighting.max_weight, or use normalize = "log"'
        )
    return said


def of_formats(
    formats: Mapping[str, FormatInfo], traits: Mapping[str, FormatTraits], weights: Mapping[str, Any]
) -> list[str]:
    """What is odd about the weights in each format.

    Args:
        formats: format name to its ledger, and how it carries weights.
        traits: format name to what its target can express.
        weights: their summary, as above.
    """
    if not weights or not weights["count"]:
        return []
    return [*_poor(formats, weights["count"]), *_loud(formats, traits, weights["mean"])]


def _poor(formats: Mapping[str, FormatInfo], samples: int) -> Iterator[str]:
    """Formats that leave out many; draws are the same in all of them, and so are their numbers most of the time."""
    names: dict[int, list[str]] = {}
    for name, info in formats.items():
        if info.weights == "replicate" and info.ledger.left_out > MOST_LEFT_OUT * samples:
            names.setdefault(info.ledger.left_out, []).append(name)
    for left_out, ones in names.items():
        verb = "leaves" if len(ones) == 1 else "leave"
        yield (
            f"{', '.join(ones)} {verb} out {left_out:,} of {samples:,} samples, for copies stand for weights there:"
            " weights closer together lose fewer"
        )


def _loud(formats: Mapping[str, FormatInfo], traits: Mapping[str, FormatTraits], mean: float) -> Iterator[str]:
    """Formats whose trainer takes weights as they are, where these change the whole loss."""
    if mean <= 0 or max(mean, 1 / mean) <= MOST_OFF_ONE:
        return
    names = [name for name, one in formats.items() if one.weights == "column" and traits[name].scale == "absolute"]
    if names:
        verb = "multiplies" if len(names) == 1 else "multiply"
        yield (
            f"{', '.join(names)} {verb} the loss by weights whose mean is {mean:.2g}, as a higher or lower learning"
            " rate does: weighting.mean_one = true keeps it where it is"
        )
