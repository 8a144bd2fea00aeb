"""Cutting records into parts, and stopping at a limit: nothing lost, nothing twice, places kept."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tuneport import Batch, Malformed
from tuneport.runs.reading.parts import rebatch
from tuneport.runs.working.records import within

LINES = st.lists(st.sampled_from(["good", "bad", "blank"]), max_size=40)


def batches_of(lines: list[str], cuts: list[int]) -> list[Batch]:
    """The lines as a source would give them, cut into batches at some places."""
    batches: list[Batch] = []
    edges = sorted({0, len(lines), *(cut % (len(lines) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        here = list(enumerate(lines))[start:end]
        good = [number for number, line in here if line == "good"]
        bad = [Malformed(number, "bad_json", "Not JSON") for number, line in here if line == "bad"]
        batches.append(Batch([{"line": number} for number in good], good, end, bad))
    return batches


def places(batches: list[Batch]) -> list[tuple[int, str]]:
    """Where each record stands over all batches, and that its content belongs there."""
    found: list[tuple[int, str]] = []
    base = 0
    for batch in batches:
        for ordinal, entity in zip(batch.ordinals, batch.entities, strict=True):
            assert entity["line"] == base + ordinal
            found.append((base + ordinal, "good"))
        found += [(base + bad.ordinal, "bad") for bad in batch.malformed]
        base += batch.end
    return sorted(found)


@given(LINES, st.lists(st.integers(0, 40), max_size=5), st.integers(1, 12), st.integers(8, 200))
def test_rebatching_keeps_every_record_and_its_place(lines: list[str], cuts: list[int], size: int, most: int) -> None:
    """However batches come, parts of `size` hold the same records at the same lines, in order."""
    cut = list(rebatch(batches_of(lines, cuts), size, most))

    assert places(cut) == [(number, line) for number, line in enumerate(lines) if line != "blank"]
    assert sum(batch.end for batch in cut) == len(lines)
    assert all(len(batch.entities) + len(batch.malformed) <= size for batch in cut)


def test_large_records_make_small_parts() -> None:
    """A part ends once its records are larger than it should be, however few they are."""
    entities: list[dict[str, Any]] = [{"line": n, "text": "x" * 100} for n in range(10)]
    cut = list(rebatch([Batch(entities, list(range(10)), 10)], 1000, 250))

    assert [len(batch.entities) for batch in cut] == [3, 3, 3, 1]


@given(LINES, st.lists(st.integers(0, 40), max_size=5), st.integers(0, 45))
def test_a_limit_takes_the_first_records(lines: list[str], cuts: list[int], most: int) -> None:
    """A limit counts readable and unreadable records alike, in source order."""
    taken: list[tuple[int, str]] = []
    for batch in within(batches_of(lines, cuts), most):
        taken += [(number, "good") for number in batch.ordinals] + [(bad.ordinal, "bad") for bad in batch.malformed]

    records = [(number, line) for number, line in enumerate(lines) if line != "blank"]
    assert sorted(taken) == records[:most]
