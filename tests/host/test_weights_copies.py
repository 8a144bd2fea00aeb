"""Copies that stand for a weight: seeded, bounded, and right on average."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from tuneport.runs.weights.copies import copies

IDENTITIES = [xxh3_128_digest(b"%d" % number) for number in range(20_000)]


@given(st.floats(0, 1e300), st.floats(0, 1e300), st.binary(max_size=16), st.integers(), st.integers(1, 1000))
def test_copies_lie_beside_the_ratio(weight: float, mean: float, identity: bytes, seed: int, most: int) -> None:
    """One of the two whole numbers around weight / mean, the cap at most; the same whenever it is asked."""
    made = copies(weight, mean, identity, seed, most)

    assert made == copies(weight, mean, identity, seed, most)
    assert type(made) is int
    assert 0 <= made <= most
    if mean > 0 and weight / mean < most:
        assert made - 1 < weight / mean < made + 1 or made == weight / mean


@pytest.mark.parametrize(
    ("weight", "mean", "most", "made"),
    [
        (0.0, 1.0, 8, {0}),
        (1.0, 0.0, 8, {0}),
        (1.0, 1.0, 8, {1}),
        (3.0, 1.5, 8, {2}),
        (1e300, 1e-300, 8, {8}),
        (5.5, 1.0, 4, {4}),
        (0.25, 1.0, 8, {0, 1}),
        (2.75, 1.0, 8, {2, 3}),
    ],
)
def test_what_is_made_of_a_weight(weight: float, mean: float, most: int, made: set[int]) -> None:
    """A whole ratio is never rounded, whatever the draw."""
    assert {copies(weight, mean, identity, 7, most) for identity in IDENTITIES[:500]} == made


@pytest.mark.parametrize("ratio", [0.01, 0.3, 1.5, 2.9])
def test_copies_are_right_on_average(ratio: float) -> None:
    """Over 20,000 samples the mean is the weight over the mean weight, within 5 standard errors; seeds differ."""
    made = [copies(ratio * 2, 2.0, identity, 1, 8) for identity in IDENTITIES]

    assert sum(made) / len(made) == pytest.approx(ratio, abs=5 * 0.5 / len(made) ** 0.5)
    assert made != [copies(ratio * 2, 2.0, identity, 2, 8) for identity in IDENTITIES]


def test_a_split_by_the_same_seed_does_not_bias_copies() -> None:
    """Samples that a hash of identity and seed keeps out of validation are copied as all others are."""
    train = [one for one in IDENTITIES if xxh3_64_intdigest(one, 5) / 2**64 >= 0.5]
    made = [copies(0.5, 1.0, identity, 5, 8) for identity in train]

    assert sum(made) / len(made) == pytest.approx(0.5, abs=0.03)
