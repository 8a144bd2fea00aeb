"""What is said of odd weights, and that nothing is said of others."""

from __future__ import annotations

from typing import Any

import pytest

from tuneport.dataset import FormatInfo
from tuneport.options import FormatStats
from tuneport.runs.weights.diagnosis import of_formats, of_weights
from tuneport.traits import FormatTraits

EVEN = {"count": 2178, "min": 0.3, "max": 5.9, "mean": 1.0, "effective": 1640.0, "top_share": 0.05}
ABSOLUTE, RELATIVE = FormatTraits(weight="row", scale="absolute"), FormatTraits(weight="row")


def info(carriage: str, ledger: FormatStats) -> FormatInfo:
    """One format of a dataset."""
    return FormatInfo("acme:x", None, {}, ledger, carriage)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"effective": 1089.0}, []),
        ({"effective": 1088.4}, ["2,178 samples tell a trainer as much as 1,088 of one weight"]),
        ({"top_share": 0.2}, []),
        ({"top_share": 0.214}, ["21 % of the weight lies on 22 of 2,178 samples"]),
        ({"top_share": 0.3, "count": 20, "effective": 20.0}, []),
        ({"count": 0, "effective": 0.0}, []),
    ],
)
def test_weights_as_such(changes: dict[str, Any], said: list[str]) -> None:
    """Few heavy samples are told of, with numbers and a key that bounds them."""
    found = of_weights({**EVEN, **changes})

    assert [one.partition(":")[0] for one in found] == said
    assert all("weighting." in one for one in found)


def copied(left_out: int) -> FormatInfo:
    """A format that leaves out so many."""
    return info("replicate", FormatStats(rows=2178 - left_out, left_out=left_out))


@pytest.mark.parametrize(
    ("formats", "said"),
    [
        ({"a": copied(653)}, []),
        ({"a": copied(654)}, ["a leaves out 654 of 2,178 samples"]),
        ({"a": copied(654), "b": copied(654)}, ["a, b leave out 654 of 2,178 samples"]),
        ({"a": copied(654), "b": copied(700)}, ["a leaves out 654 of 2,178", "b leaves out 700 of 2,178"]),
        ({"a": info("ignore", FormatStats(left_out=2000))}, []),
    ],
)
def test_copies_that_leave_out_many(formats: dict[str, FormatInfo], said: list[str]) -> None:
    """One sentence for all formats with the same number."""
    found = of_formats(formats, dict.fromkeys(formats, RELATIVE), EVEN)

    assert [one[: len(text)] for one, text in zip(found, said, strict=True)] == said


@pytest.mark.parametrize(
    ("carriage", "traits", "mean", "said"),
    [
        ("column", ABSOLUTE, 1.5, []),
        ("column", ABSOLUTE, 0.7, []),
        ("column", ABSOLUTE, 1.6, ["a, b multiply the loss by weights whose mean is 1.6"]),
        ("column", ABSOLUTE, 0.5, ["a, b multiply the loss by weights whose mean is 0.5"]),
        ("column", RELATIVE, 9.0, []),
        ("ignore", ABSOLUTE, 9.0, []),
        ("column", ABSOLUTE, 0.0, []),
    ],
)
def test_weights_that_act_like_a_learning_rate(
    carriage: str, traits: FormatTraits, mean: float, said: list[str]
) -> None:
    """Where a trainer takes them as they are, and their mean is far from 1."""
    one = info(carriage, FormatStats(rows=2178))
    found = of_formats({"a": one, "b": one}, {"a": traits, "b": traits}, {**EVEN, "mean": mean})

    assert [text.partition(", as a")[0] for text in found] == said


def test_without_weights_nothing_is_said() -> None:
    """A run without weightings has no summary."""
    assert of_weights({}) == of_formats({"a": copied(2000)}, {"a": ABSOLUTE}, {}) == []
