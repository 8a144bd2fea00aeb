"""What means the same is one text, and nothing else is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuneport.runs.alike import canonical

ALIKE: dict[str, list[Any]] = {
    "7": [7, 7.0, "7", "7.0", Decimal(7), Decimal("7.00")],
    "-12": [-12, -12.0, "-12", "-12.0", Decimal("-12.0")],
    "0": [0, 0.0, -0.0, "0", "-0", "0.0", "-0.0", Decimal("-0.0")],
    "7.5": [7.5, "7.5", Decimal("7.50")],
    str(1 << 70): [1 << 70, float(1 << 70), str(1 << 70), Decimal(1 << 70)],
    "true": [True, "true", "True", "TRUE"],
    "false": [False, "false", "False", "FALSE"],
    "": [None, "", " \n", float("nan"), Decimal("nan"), Decimal("snan")],
    "2026-01-02": [date(2026, 1, 2), "2026-01-02"],
    "inf": [float("inf"), "inf"],
    '{"a":[2,2],"b":"é"}': [{"b": "é", "a": [2, 2.0]}, {"a": (Decimal("2.0"), 2), "b": "é"}],
    f"[{1 << 70}]": [[1 << 70]],
    "[null]": [[None], [float("nan")]],
}


@pytest.mark.parametrize("text", ALIKE)
def test_a_value_is_the_same_wherever_it_was_read(text: str) -> None:
    """A database, a CSV file, JSON and a program write the same value in their own way."""
    assert [canonical(value) for value in ALIKE[text]] == [text] * len(ALIKE[text])


@pytest.mark.parametrize(
    "text", ["007", "00", "+7", "7.", "7.00", "1.10", "1e3", "07.0", "\u0667", "tRUE", " 7", "7\n"]
)
def test_a_text_that_is_not_exactly_a_whole_number_stays(text: str) -> None:
    """An id with leading zeros, a version and a phone number are not numbers."""
    assert canonical(text) == text


@pytest.mark.parametrize(
    "value", [Decimal("1E+1000000"), Decimal("1E-1000000"), Decimal("Infinity"), Decimal("0.1000000000000000000001")]
)
def test_a_number_of_any_size_has_a_text(value: Decimal) -> None:
    """A short one that is its own, whatever it would take to write all its digits."""
    assert Decimal(canonical(value)) == value
    assert len(canonical(value)) < 30


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_value_has_a_text(value: Any) -> None:
    """And the text is its own, as it is after it has been through a CSV file."""
    assert canonical(canonical(value)) == canonical(value)
