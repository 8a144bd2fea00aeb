"""Stable splits: nothing moves, and shares are about what is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from tuneport.runs.messages import TEST, TRAIN, VALIDATION
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.stable import Stable
from tuneport.runs.splitting.units import number_of
from tuneport.split import SplitSection


def unit(number: int) -> bytes:
    """A unit, as good as any."""
    return xxh3_128_digest(str(number).encode())


def sides(numbers: range, *, seed: int = 7, validation: float | None = 0.1, test: float | None = None) -> list[int]:
    """The sides of some units."""
    assigner = Stable(SplitSection(validation=validation, test=test), seed, Before())
    return [assigner.one(unit(number)) for number in numbers]


def share(count: int, seed: int) -> float:
    """The share of validation, of which 10 % was asked."""
    return sides(range(count), seed=seed).count(VALIDATION) / count


@pytest.mark.parametrize(("count", "low", "high"), [(50, 4, 16), (150, 6, 14), (1000, 8.5, 11.5), (10_000, 9.5, 10.5)])
def test_shares_lie_within_the_band_that_chance_allows(count: int, low: float, high: float) -> None:
    """Of 10 % asked, about nine seeds in ten give what binomial draws of so many units give nine times in ten."""
    shares = [100 * share(count, seed) for seed in range(1000 if count < 1000 else 60)]
    within = sum(low <= one <= high for one in shares) / len(shares)
    assert 0.8 <= within <= 0.97


def test_no_unit_crosses_in_a_year_of_weekly_exports() -> None:
    """1,000 rows, of which a tenth goes and a tenth comes each week: nothing that is seen twice moves."""
    seen: dict[int, int] = {}
    for week in range(52):
        rows = range(100 * week, 100 * week + 1000)
        for number, side in zip(rows, sides(rows, test=0.05), strict=True):
            assert seen.setdefault(number, side) == side
    assert set(seen.values()) == {TRAIN, VALIDATION, TEST}


def test_another_share_moves_no_unit_of_the_other_side() -> None:
    """Validation grows by units that were trained on, and test stays what it was."""
    rows = range(5000)
    small, large = sides(rows, test=0.1), sides(rows, validation=0.2, test=0.1)
    assert {(before, after) for before, after in zip(small, large, strict=True) if before != after} == {
        (TRAIN, VALIDATION)
    }
    without = sides(rows, validation=None, test=0.1)
    assert [one == TEST for one in small] == [one == TEST for one in without]


def test_the_seed_says_which_units_they_are() -> None:
    """Another seed is another split; a negative one and a large one are seeds as well."""
    rows = range(1000)
    splits = {tuple(sides(rows, seed=seed)) for seed in (0, 1, -1, 1 << 70 | 5)}
    assert len(splits) == 4
    assert sides(rows, seed=-1) == sides(rows, seed=(1 << 64) - 1)


def test_the_draw_is_not_that_of_the_plain_key_and_seed() -> None:
    """Whoever draws by the same key and seed for something else sees no trained-on units with high draws only."""
    rows = range(2000)
    trained = [number for number, side in zip(rows, sides(rows, validation=0.5), strict=True) if side == TRAIN]
    lower = sum(xxh3_64_intdigest(unit(number), 7) < 1 << 63 for number in trained)
    assert 0.4 < lower / len(trained) < 0.6


def test_what_stood_elsewhere_before_stays_there() -> None:
    """An earlier dataset beats the draw, whatever side it had."""
    rows = range(200)
    before = Before({number_of(unit(number)): TEST if number % 2 else TRAIN for number in range(100)})
    assigner = Stable(SplitSection(validation=0.9), 7, before)
    found = [assigner.one(unit(number)) for number in rows]
    assert found[:100] == [TRAIN, TEST] * 50
    assert found[100:].count(VALIDATION) > 80


@given(st.lists(st.binary(min_size=16, max_size=16)), st.integers(), st.randoms())
def test_order_and_cut_make_no_difference(units: list[bytes], seed: int, random: object) -> None:
    """One after the other or all together, in any order: the same sides."""
    assigner = Stable(SplitSection(validation=0.3, test=0.3), seed, Before())
    assert assigner.all(b"".join(units), b"") == bytes(map(assigner.one, units))
