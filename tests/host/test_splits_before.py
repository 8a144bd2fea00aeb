"""Where units have to stay for what stood in an earlier dataset."""

from __future__ import annotations

import pytest
from xxhash import xxh3_128_digest

from tuneport.runs.messages import TEST, TRAIN, VALIDATION
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.exact import Exact
from tuneport.runs.splitting.stable import Stable
from tuneport.runs.splitting.units import number_of
from tuneport.split import SplitSection


def key(name: str) -> bytes:
    """A unit or an identity, as good as any."""
    return xxh3_128_digest(name.encode())


def numbers(sides: dict[str, int]) -> dict[int, int]:
    """Sides by number."""
    return {number_of(key(name)): side for name, side in sides.items()}


BEFORE = Before(
    numbers({"A": TRAIN, "B": VALIDATION, "lone": VALIDATION}),
    numbers({"a": TRAIN, "b": VALIDATION, "c": TEST, "lone": VALIDATION}),
)
SAMPLES: dict[str, tuple[list[tuple[str, str]], dict[str, int]]] = {
    "a group stays, whoever is in it": ([("A", "b"), ("A", "new"), ("B", "a")], {"A": TRAIN, "B": VALIDATION}),
    "a new group stays where its samples stood": ([("N", "new"), ("N", "b"), ("M", "c")], {"N": VALIDATION, "M": TEST}),
    "trained on beats the rest": ([("N", "c"), ("N", "b"), ("N", "a")], {"N": TRAIN}),
    "a sample that gets a key": ([("N", "lone")], {"N": VALIDATION}),
    "a sample that loses its key": ([("b", "b")], {"b": VALIDATION}),
    "what is new may stand anywhere": ([("N", "new"), ("new", "new")], {}),
}


@pytest.mark.parametrize("case", SAMPLES)
def test_where_units_stay(case: str) -> None:
    """The group wins over its samples, and a sample over the draw, in any order."""
    samples, expected = SAMPLES[case]
    for ordered in (samples, samples[::-1]):
        units, keys = (b"".join(map(key, column)) for column in zip(*ordered, strict=True))
        assert BEFORE.sides(units, keys) == numbers(expected)


@pytest.mark.parametrize("mode", [Stable, Exact])
def test_splits_go_by_it(mode: type[Stable | Exact]) -> None:
    """Either mode knows all samples for it, and gives a group one side."""
    section = SplitSection(validation=0.5, test=0.4, mode="exact" if mode is Exact else "stable")
    pairs = [("N", "new"), ("N", "a"), ("M", "b"), ("L", "c"), ("L", "other")]
    units, keys = (b"".join(map(key, column)) for column in zip(*pairs, strict=True))
    for seed in range(20):
        assigner = mode(section, seed, BEFORE)
        assert assigner.waits
        assert list(assigner.all(units, b"", keys)) == [TRAIN, TRAIN, VALIDATION, TEST, TEST]
