"""Sums of weights: exact, and the same however a run is cut into parts."""

from __future__ import annotations

from fractions import Fraction

import msgspec.json
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuneport.runs.weights.shares import MOST_VALUES, OTHERS
from tuneport.runs.weights.sums import WeightSums

WEIGHTS = st.floats(min_value=0.0, allow_infinity=False, allow_nan=False)
SAMPLES = st.lists(st.tuples(WEIGHTS, st.one_of(st.none(), st.integers(0, 400).map(str))), max_size=60)


def sums_of(samples: list[tuple[float, str | None]]) -> WeightSums:
    """The sums of one part."""
    sums = WeightSums()
    weights = [weight for weight, _ in samples]
    sums.add(weights)
    sums.share({"product": [value for _, value in samples]}, weights)
    return sums


def through_json(sums: WeightSums) -> WeightSums:
    """What a savepoint gives back."""
    return msgspec.json.decode(msgspec.json.encode(sums), type=WeightSums)


@given(st.lists(SAMPLES, max_size=6))
def test_how_samples_are_cut_changes_nothing(parts: list[list[tuple[float, str | None]]]) -> None:
    """Parts that went through a savepoint merge to what one part holds, in any grouping."""
    whole = sums_of([sample for part in parts for sample in part])
    left, right = WeightSums(), WeightSums()
    for part in parts:
        left.merge(through_json(sums_of(part)))
    for part in reversed(parts):
        earlier = sums_of(part)
        earlier.merge(right)
        right = earlier

    assert left == right
    assert (whole.summary(), whole.shares_summary()) == (left.summary(), left.shares_summary())


def square(weight: float) -> Fraction:
    """The square of a weight, as the float it has; exact where it has none, or a poor one."""
    return Fraction(weight * weight) if 1e-150 < weight < 1e150 else Fraction(weight) ** 2


@given(st.lists(WEIGHTS, min_size=1))
def test_sums_are_exact(weights: list[float]) -> None:
    """Totals are those of fractions, for the smallest and the largest floats as well."""
    sums = WeightSums()
    sums.add(weights)

    assert Fraction(sums.total, 1 << 1074) == sum(map(Fraction, weights))
    assert Fraction(sums.squares, 1 << 2148) == sum(map(square, weights))
    assert sum(sums.bins.values()) == sum(weight > 0 for weight in weights)
    assert (sums.count, sums.low, sums.high) == (len(weights), min(weights), max(weights))


@pytest.mark.parametrize(
    ("weights", "mean", "effective"),
    [([], 0.0, 0.0), ([0.0, 0.0], 0.0, 0.0), ([2.0, 2.0, 2.0], 2.0, 3.0), ([1.0, 0.0], 0.5, 1.0), ([1, 3.0], 2.0, 1.6)],
)
def test_mean_and_effective_sample_size(weights: list[float], mean: float, effective: float) -> None:
    """(sum w)^2 / sum w^2: all samples where they weigh the same, one where one has all the weight."""
    sums = WeightSums()
    sums.add(weights)

    assert (sums.summary()["mean"], sums.summary()["effective"]) == (mean, effective)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=300))
def test_the_heaviest_samples_are_told_within_the_width_of_a_bin(weights: list[float]) -> None:
    """The share of the heaviest 1 % is that of the sorted weights, but for 2 % of itself."""
    sums = WeightSums()
    sums.add(weights)
    top = sorted(weights, reverse=True)[: -(-len(weights) // 100)]

    assert sums.summary()["top_share"] == pytest.approx(sum(top) / sum(weights), rel=0.02, abs=1e-4)


def test_equal_weights_have_no_top() -> None:
    """The heaviest 1 % of equal weights carry 1 %."""
    sums = WeightSums()
    sums.add([0.37] * 5000)

    assert sums.summary()["top_share"] == 0.01


def test_shares_of_a_label() -> None:
    """Shares are of the weight of all samples with that label, the heaviest value first."""
    sums = WeightSums()
    sums.share({"product": ["Drift", "Quill", None, "Quill"]}, [1.0, 2.5, 9.0, 0.5])
    sums.share({"nothing": [None]}, [1.0])

    assert sums.shares_summary() == {"product": {"Quill": 0.75, "Drift": 0.25}}


def test_a_label_with_many_values_keeps_some_and_their_exact_sums() -> None:
    """The first hundred of the alphabet stand for themselves, and all others together; nothing is lost."""
    values = [f"{number:04}" for number in range(1000)] * 2
    parts = [WeightSums() for _ in range(4)]
    for number, part in enumerate(parts):
        # The last values first: what is thrown out early comes again later.
        mine = values[number::4][::-1]
        part.share({"customer": mine}, [2.0] * len(mine))
    sums = WeightSums()
    for part in parts:
        assert len(part.shares["customer"].values) <= MOST_VALUES
        sums.merge(part)
    shares = sums.shares_summary()["customer"]

    assert list(shares) == [*values[:MOST_VALUES], OTHERS]
    assert {shares[value] for value in values[:MOST_VALUES]} == {0.001}
    assert shares[OTHERS] == 0.9
