"""Exact splits: the count that is asked, as nearly as whole groups allow."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_128_digest

from tuneport.runs.messages import TEST, TRAIN, VALIDATION
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.exact import Exact
from tuneport.runs.splitting.stable import Stable
from tuneport.runs.splitting.units import number_of, stratum_of
from tuneport.split import SplitSection


def unit(number: int) -> bytes:
    """A unit, as good as any."""
    return xxh3_128_digest(str(number).encode())


def split(
    numbers: Sequence[int], strata: Sequence[str] = (), before: dict[int, int] | None = None, **asked: Any
) -> bytes:
    """The side of each sample, given the number of its unit and the name of its stratum."""
    section = SplitSection(mode="exact", stratify_by=["kind"] if strata else [], **asked)
    columns = b"".join(map(unit, numbers)), b"".join(stratum_of((one,)) for one in strata)
    return Exact(section, 7, Before(before or {})).all(*columns)


def counts(sides: bytes) -> list[int]:
    """Samples in train, validation and test."""
    return [sides.count(side) for side in (TRAIN, VALIDATION, TEST)]


@pytest.mark.parametrize(
    ("samples", "asked", "expected"),
    [
        (150, {"validation": 0.1}, [135, 15, 0]),
        (1000, {"validation": 0.05, "test": 0.02}, [930, 50, 20]),
        (10, {"validation": 0.15}, [8, 2, 0]),
        (10, {"test": 0.3}, [7, 0, 3]),
        (3, {"validation": 0.1}, [3, 0, 0]),
        (7, {"validation": 0.49, "test": 0.49}, [1, 3, 3]),
        (0, {"validation": 0.1}, [0, 0, 0]),
    ],
)
def test_the_count_is_the_share_rounded(samples: int, asked: dict[str, Any], expected: list[int]) -> None:
    """Half a sample is rounded up."""
    assert counts(split(range(samples), **asked)) == expected


def test_it_takes_what_a_stable_split_of_that_share_would() -> None:
    """Both go by the same draws: changing the mode moves the few units between one cut and the other."""
    numbers = range(2000)
    exact = split(numbers, validation=0.1, test=0.1)
    stable = Stable(SplitSection(validation=0.1, test=0.1), 7, Before()).all(b"".join(map(unit, numbers)), b"")
    moved = sum(one != other for one, other in zip(exact, stable, strict=True))
    assert moved == abs(exact.count(VALIDATION) - stable.count(VALIDATION)) + abs(
        exact.count(TEST) - stable.count(TEST)
    )


def test_another_share_moves_no_unit_of_the_other_side() -> None:
    """Validation is filled from below and test from above."""
    small, large = split(range(1000), validation=0.1, test=0.1), split(range(1000), validation=0.3, test=0.1)
    assert {(before, after) for before, after in zip(small, large, strict=True) if before != after} == {
        (TRAIN, VALIDATION)
    }


samples = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), max_size=120)
ratios = st.sampled_from([0.05, 0.1, 0.25, 0.4])


@given(samples, st.randoms(use_true_random=False), ratios, ratios, st.booleans())
def test_groups_stay_whole_in_any_order(
    ones: list[tuple[int, str]], shuffling: random.Random, validation: float, test: float, stratified: bool
) -> None:
    """A unit stands on one side, and the order of the samples makes no difference."""

    def sides_of(ones: list[tuple[int, str]]) -> dict[int, set[int]]:
        strata = [kind for _, kind in ones] if stratified else []
        found: dict[int, set[int]] = {}
        sides = split([number for number, _ in ones], strata, validation=validation, test=test)
        for (number, _), side in zip(ones, sides, strict=True):
            found.setdefault(number, set()).add(side)
        return found

    first = sides_of(ones)
    assert all(len(sides) == 1 for sides in first.values())
    shuffled = list(ones)
    shuffling.shuffle(shuffled)
    assert sides_of(shuffled) == first


@given(st.lists(st.integers(1, 9), min_size=1, max_size=10), st.sampled_from([0.1, 0.3, 0.5]))
def test_no_exchange_of_two_groups_would_come_nearer(sizes: list[int], ratio: float) -> None:
    """Neither one group more or less, nor one instead of another, is nearer to what is asked."""
    numbers = [number for number, size in enumerate(sizes) for _ in range(size)]
    sides = dict(zip(numbers, split(numbers, validation=ratio), strict=True))
    wanted = int(sum(sizes) * ratio + 0.5)
    inside = [sizes[number] for number, side in sides.items() if side == VALIDATION]
    outside = [sizes[number] for number, side in sides.items() if side == TRAIN]
    changes = {new - old for old in [0, *inside] for new in [0, *outside]}
    assert abs(wanted - sum(inside)) == min(abs(wanted - sum(inside) - change) for change in changes)


def test_many_groups_come_as_near_as_any_choice_of_them() -> None:
    """With groups of several sizes the count is met, as trying all choices would meet it."""
    sizes = [5, 4, 4, 7, 3, 9, 2, 6, 8, 4, 4, 4]
    numbers = [number for number, size in enumerate(sizes) for _ in range(size)]
    sums = {sum(chosen) for count in range(len(sizes)) for chosen in combinations(sizes, count)}
    for ratio in (0.1, 0.2, 0.3):
        wanted = int(len(numbers) * ratio + 0.5)
        best = min(abs(wanted - one) for one in sums)
        assert abs(wanted - counts(split(numbers, validation=ratio))[1]) == best


def test_each_stratum_has_its_share_and_the_sum_is_exact() -> None:
    """Largest remainders: no stratum is off by more than one sample, and the whole is what it would be without."""
    sizes = {"a": 333, "b": 55, "c": 27, "d": 4}
    strata = [name for name, size in sizes.items() for _ in range(size)]
    sides = split(range(len(strata)), strata, validation=0.1, test=0.05)
    assert counts(sides) == counts(split(range(len(strata)), validation=0.1, test=0.05))
    found = Counter(zip(strata, sides, strict=True))
    for name, size in sizes.items():
        assert abs(found[name, VALIDATION] - 0.1 * size) < 1
        assert abs(found[name, TEST] - 0.05 * size) < 1


def test_a_stratum_of_its_own_for_each_sample_is_no_stratum() -> None:
    """Many strata cost no more than few, and the sum is still right."""
    strata = [str(number) for number in range(3000)]
    assert counts(split(range(3000), strata, validation=0.1)) == [2700, 300, 0]


def test_groups_and_strata_together() -> None:
    """A group is of the stratum that most of its samples are of, and what one stratum misses the next makes up for."""
    numbers = [number // 5 for number in range(2000)]
    strata = ["a" if number % 4 else "b" for number in numbers]
    strata[0] = "b" if strata[0] == "a" else "a"
    sides = split(numbers, strata, validation=0.1)
    assert counts(sides)[1] == 200
    by_kind = Counter(kind for kind, side in zip(strata, sides, strict=True) if side == VALIDATION)
    assert abs(by_kind["b"] - 50) <= 5


def test_in_a_year_against_the_week_before_no_unit_crosses() -> None:
    """1,000 rows, of which a tenth goes and a tenth comes each week: the count is exact, and nothing moves."""
    before: dict[int, int] = {}
    seen: dict[int, int] = {}
    for week in range(52):
        rows = range(100 * week, 100 * week + 1000)
        sides = split(rows, before=before, validation=0.1)
        for number, side in zip(rows, sides, strict=True):
            assert seen.setdefault(number, side) == side
        # What went away was of both sides in about the same share, so what is new can make up for it.
        assert abs(counts(sides)[1] - 100) <= 5
        before = {number_of(unit(number)): side for number, side in zip(rows, sides, strict=True)}


def test_without_the_week_before_some_cross() -> None:
    """The cut moves with the rows that are there: that is what `against` is for."""
    first, then = split(range(1000), validation=0.1), split(range(100, 1100), validation=0.1)
    crossed = Counter(zip(first[100:], then, strict=False))
    assert crossed[TRAIN, VALIDATION] + crossed[VALIDATION, TRAIN] > 0


def test_what_stands_already_counts_as_filled() -> None:
    """Validation that is full, or more than full, takes nothing more; and a test split that nobody asks for stays."""
    before = {number_of(unit(number)): VALIDATION for number in range(30)}
    before |= {number_of(unit(number)): TEST for number in range(30, 35)}
    sides = split(range(200), before=before, validation=0.1)
    assert counts(sides) == [165, 30, 5]
    assert counts(split(range(400), before=before, validation=0.1)) == [355, 40, 5]


def test_it_cannot_say_before_it_knows_all() -> None:
    """Asking for one unit is a mistake."""
    assigner = Exact(SplitSection(validation=0.1, mode="exact"), 7, Before())
    assert assigner.waits
    with pytest.raises(TypeError, match="all"):
        assigner.one(unit(1))
