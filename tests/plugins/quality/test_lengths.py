"""The metric `length_distribution`: buckets of a hundred characters, in order, exact however samples are cut."""

from __future__ import annotations

from typing import Any

import msgspec.msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.quality.support import context
from tuneport import Chat, Instruction, Message, Sample, Text
from tuneport_quality.config import LengthDistributionConfig
from tuneport_quality.lengths import length_distribution


def metric(kind: type[Sample] | None = None, **config: Any) -> Any:
    """The metric of a run with samples of this kind."""
    return length_distribution(LengthDistributionConfig(**config), context(kind=kind))


def measured(samples: list[Sample], kind: type[Sample] | None = None) -> Any:
    """The state after these samples."""
    one = metric(kind)
    state = one.new()
    for sample in samples:
        one.add(state, sample, "train")
    return state


def answer(size: int) -> Instruction:
    """A sample with so many characters to learn."""
    return Instruction(instruction="Q" * 500, output="ü" * size)


def test_the_documented_distribution() -> None:
    """The documented report, at a hundredth of its size where it can be: string keys, in numeric order."""
    documented = {"0": 150, "100": 2500, "200": 15000, "300": 45000, "400": 60000, "500": 25000, "600": 2350}
    samples: list[Sample] = [answer(int(least) + 50) for least, count in documented.items() for _ in range(count // 50)]
    result = metric().result(measured(samples))
    assert result == {least: count // 50 for least, count in documented.items()}
    assert list(result) == list(documented)


@pytest.mark.parametrize(("size", "bucket"), [(0, "0"), (99, "0"), (100, "100"), (199, "100"), (12_345, "12300")])
def test_a_bucket_is_named_after_its_least_length(size: int, bucket: str) -> None:
    """In characters, not bytes."""
    assert metric().result(measured([answer(size)])) == {bucket: 1}


def test_buckets_stand_in_the_order_of_numbers() -> None:
    """Not 0, 1000, 200."""
    assert list(metric().result(measured([answer(size) for size in (1000, 200, 0)]))) == ["0", "200", "1000"]


@pytest.mark.parametrize("known", [True, False])
def test_the_trained_text_of_every_kind_is_measured(known: bool) -> None:
    """The output, the last turn, or the whole text; the same whether or not the style said what it makes."""
    samples: list[Sample] = [
        answer(250),
        Chat(messages=(Message("user", "a" * 900), Message("assistant", "b" * 250))),
        Text(text="c" * 250),
    ]
    for sample in samples:
        assert measured([sample], type(sample) if known else None) == measured([answer(250)])


def test_nothing_measured() -> None:
    """An empty object, not an error."""
    assert metric().result(metric().new()) == {}


def test_per_sample() -> None:
    """Only where it is asked for does the metric say each sample's length."""
    assert metric(per_sample=True).of(answer(123)) == 123
    assert not hasattr(metric(), "of")


@given(st.lists(st.integers(0, 3000)), st.lists(st.integers(0, 50)))
def test_merging_is_exact(sizes: list[int], cuts: list[int]) -> None:
    """However the samples are cut into parts, and though each state travels."""
    one = metric()
    merged, start = one.new(), 0
    for cut in [*cuts, len(sizes)]:
        part = measured([answer(size) for size in sizes[start : start + cut]])
        merged = one.merge(merged, msgspec.msgpack.decode(msgspec.msgpack.encode(part)))
        start += cut
    assert one.result(merged) == one.result(measured([answer(size) for size in sizes]))


def test_merging_changes_neither_side() -> None:
    """A state may be merged again."""
    left, right = measured([answer(1)]), measured([answer(1)])
    assert metric().merge(left, right) == {0: 2}
    assert left == right == {0: 1}
