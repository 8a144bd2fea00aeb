"""Metadata: the same keys and types in every sample, or a reject."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.jsonl_llm.support import attempt, context, read
from tuneport import Reject
from tuneport_jsonl_llm.config import METADATA_TYPES
from tuneport_jsonl_llm.metadata import coercer

OTHER_TYPES = [kind for kind in METADATA_TYPES if kind != "string"]


def test_metadata_keeps_types_and_lists() -> None:
    """Numbers stay numbers, booleans booleans, and lists and nulls do not vanish."""
    types = {"n": "integer", "x": "number", "ok": "bool", "tags": "list[string]", "none": "string"}
    entity = {"content": "T", "n": 7, "x": 4.5, "ok": True, "tags": ["a", "b"], "none": None}
    sample = read("text_completion", {"metadata_fields": types}, entity)
    assert sample.metadata == {"n": 7, "x": 4.5, "ok": True, "tags": ["a", "b"], "none": None}
    assert [type(value) for value in sample.metadata.values()] == [int, float, bool, list, type(None)]


def test_declared_metadata_is_on_every_sample() -> None:
    """A table of types is the whole set of keys, in its order, null where a record has nothing."""
    config = {"metadata_fields": {"b": "string", "a": "list[integer]"}}
    sample = read("text_completion", config, {"content": "T"}, context({}))
    assert list(sample.metadata.items()) == [("b", None), ("a", None)]


def test_listed_metadata_takes_the_sources_types() -> None:
    """A field in the list has the type the source gives it, and text where the source gives none."""
    ctx = context({"content": "", "year": "integer", "note": "", "raw": "json"})
    entity = {"content": "T", "year": "2024", "note": 5, "raw": {"b": 1, "a": [2]}}
    sample = read("text_completion", {"metadata_fields": ["raw", "year", "note", "year"]}, entity, ctx)
    assert list(sample.metadata.items()) == [("raw", '{"b":1,"a":[2]}'), ("year", 2024), ("note", "5")]


def test_metadata_that_turns_up_late_is_rejected_with_the_fix() -> None:
    """A field the source did not show is on no sample; a record that has it all the same is refused."""
    ctx = context({"content": "", "source": "string"})
    config = {"metadata_fields": ["source", "author"]}
    assert read("text_completion", config, {"content": "T", "author": None}, ctx).metadata == {"source": None}
    assert attempt("text_completion", config, {"content": "T", "author": "Me"}, ctx) == Reject(
        "late_field",
        "Field 'author' first appears after the first 10,000 records; give it a type in metadata_fields",
    )


def test_misspelt_metadata_is_a_problem_of_the_recipe() -> None:
    """A listed field that a complete schema lacks is found at once; a default one is simply left out."""
    fields = {"content": "", "source": "string"}
    ctx = context(fields, closed=True)
    read("text_completion", {"metadata_fields": ["sorce"]}, {"content": "T"}, ctx)
    assert [(problem.path, problem.code) for problem in ctx.problems] == [("metadata_fields", "unknown_field")]
    ctx = context(fields, closed=True)
    assert read("text_completion", {}, {"content": "T", "source": "w"}, ctx).metadata == {"source": "w"}
    assert ctx.problems == []


def test_excluded_metadata_is_a_problem_only_where_it_was_named() -> None:
    """A field the recipe hides cannot be asked for, and a default one is neither read nor late."""
    hidden = frozenset({"source"})
    ctx = context({"content": ""}, hidden=hidden)
    read("text_completion", {"metadata_fields": ["source"]}, {"content": "T"}, ctx)
    assert [problem.code for problem in ctx.problems] == ["excluded_field"]
    ctx = context({"content": ""}, hidden=hidden)
    read("text_completion", {}, {"content": "T"}, ctx)
    assert ctx.problems == []
    assert "source" not in (ctx.declared or ())


def test_metadata_can_be_left_out() -> None:
    """`include_metadata = false` reads none and writes none."""
    ctx = context({"content": "", "source": "string"})
    assert read("text_completion", {"include_metadata": False}, {"content": "T", "source": "w"}, ctx).metadata == {}
    assert ctx.declared == {"content"}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("string", "plain", "plain"),
        ("string", "2024-11-21", "2024-11-21T00:00:00.000Z"),
        ("string", "2024-11-21T08:30:00Z", "2024-11-21T08:30:00.000Z"),
        ("string", "2024-11-21 08:30", "2024-11-21T08:30:00.000Z"),
        ("string", "2024-11-21T08:30:00.123456+02:00", "2024-11-21T08:30:00.123+02:00"),
        ("string", "2024-11-21T08:30:00+00:00", "2024-11-21T08:30:00.000Z"),
        ("string", "2024-11-21 is a date", "2024-11-21 is a date"),
        ("string", "2024-13-45", "2024-13-45"),
        ("string", "2024-W47-4", "2024-W47-4"),
        ("string", "20241121", "20241121"),
        ("string", "2024-11-21X08:30", "2024-11-21X08:30"),
        ("string", date(2024, 11, 21), "2024-11-21T00:00:00.000Z"),
        ("string", datetime(2024, 11, 21, 8, 30, tzinfo=UTC), "2024-11-21T08:30:00.000Z"),
        (
            "string",
            datetime(2024, 11, 21, 8, 30, tzinfo=timezone(timedelta(hours=-5))),
            "2024-11-21T08:30:00.000-05:00",
        ),
        (
            "string",
            datetime(2024, 11, 21, 8, 30, tzinfo=timezone(timedelta(minutes=53, seconds=28))),
            "2024-11-21T07:36:32.000Z",
        ),
        ("string", 7, "7"),
        ("string", True, "true"),
        ("string", ["é"], '["é"]'),
        ("integer", 42.0, 42),
        ("integer", " -42 ", -42),
        ("integer", "42.0", 42),
        ("integer", Decimal(42), 42),
        ("integer", 2**63 - 1, 2**63 - 1),
        ("integer", -(2**63), -(2**63)),
        ("number", 3, 3.0),
        ("number", "2.5e1", 25.0),
        ("number", Decimal("0.25"), 0.25),
        ("bool", 1, True),
        ("bool", 0, False),
        ("bool", "True", True),
        ("bool", "0", False),
        ("list[string]", "physics", ["physics"]),
        ("list[string]", '["physics", "quantum"]', ["physics", "quantum"]),
        ("list[string]", "[draft] physics", ["[draft] physics"]),
        ("list[string]", "", []),
        ("list[string]", ("2024-11-21", 5), ["2024-11-21T00:00:00.000Z", "5"]),
        ("list[integer]", '[1, 2.0, "3"]', [1, 2, 3]),
        ("list[number]", [1, "2.5"], [1.0, 2.5]),
        ("list[number]", 4, [4.0]),
    ],
)
def test_a_value_is_brought_to_its_type(kind: str, value: object, expected: Any) -> None:
    """Each value becomes exactly the declared type, and floats are never integers."""
    result = coercer("f", kind)(value)
    assert result == expected
    assert type(result) is type(expected)
    if isinstance(expected, list):  # 1 == 1.0 == True in a list too
        assert [type(item) for item in result] == [type(item) for item in expected]


@pytest.mark.parametrize(
    ("kind", "value", "code", "said"),
    [
        ("integer", "MMXXIV", "bad_type", "Metadata field 'year' is text, not an integer"),
        ("integer", 4.5, "bad_type", "Metadata field 'year' is a number, not an integer"),
        ("integer", True, "bad_type", "Metadata field 'year' is a boolean, not an integer"),
        ("integer", "1_000", "bad_type", "Metadata field 'year' is text, not an integer"),
        ("integer", float("inf"), "bad_type", "Metadata field 'year' is not a finite number"),
        ("integer", 2**63, "int_range", "Metadata field 'year' is an integer beyond 64 bits"),
        ("integer", "-9223372036854775809", "int_range", "Metadata field 'year' is an integer beyond 64 bits"),
        ("integer", "9" * 5000, "int_range", "Metadata field 'year' is an integer beyond 64 bits"),
        ("number", True, "bad_type", "Metadata field 'year' is a boolean, not a number"),
        ("number", "nan", "bad_type", "Metadata field 'year' is text, not a number"),
        ("number", float("nan"), "bad_type", "Metadata field 'year' is not a finite number"),
        ("number", 10**400, "bad_type", "Metadata field 'year' is not a finite number"),
        ("bool", "yes", "bad_type", "Metadata field 'year' is text, not true or false"),
        ("bool", 2, "bad_type", "Metadata field 'year' is an integer, not true or false"),
        ("string", b"raw", "bad_type", "Metadata field 'year' is bytes, not text"),
        ("string", float("nan"), "bad_type", "Metadata field 'year' is not a finite number"),
        ("string", "\ud83d", "bad_utf8", "Metadata field 'year' holds a lone surrogate, which is no character"),
        ("string", {"k": "\ud83d"}, "bad_utf8", "Metadata field 'year' holds a lone surrogate, which is no character"),
        ("list[string]", {"a": 1}, "bad_type", "Metadata field 'year' is an object, not a list of text"),
        ("list[string]", ["a", None], "bad_type", "Metadata field 'year' holds null"),
        ("list[integer]", [1, "x"], "bad_type", "An element of metadata field 'year' is text, not an integer"),
        ("list[integer]", [2**64], "int_range", "An element of metadata field 'year' is an integer beyond 64 bits"),
    ],
)
def test_a_value_that_does_not_fit_is_rejected(kind: str, value: object, code: str, said: str) -> None:
    """What cannot be the declared type rejects its record, by the field's name and without the value."""
    sample = attempt("text_completion", {"metadata_fields": {"year": kind}}, {"content": "T", "year": value})
    assert sample == Reject(code, said)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]))
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.sampled_from(METADATA_TYPES), ANYTHING)
def test_coercion_never_raises_and_always_keeps_the_type(kind: str, value: Any) -> None:
    """Any value becomes the declared type or a reject; both are fit to be written."""
    result = coercer("f", kind)(value)
    if isinstance(result, Reject):
        assert result.code in {"bad_type", "int_range", "bad_utf8"}
        return
    items = result if kind.startswith("list") else [result]
    wanted = {"string": str, "integer": int, "number": float, "bool": bool}[kind.removeprefix("list[").rstrip("]")]
    for item in items:
        assert type(item) is wanted
        assert "nan" not in str(item) or wanted is str
        if isinstance(item, str):
            item.encode()


@given(st.sampled_from(METADATA_TYPES), ANYTHING)
def test_coercing_twice_is_coercing_once(kind: str, value: Any) -> None:
    """A value of the declared type stays as it is, so that an exported dataset exports to itself."""
    once = coercer("f", kind)(value)
    if not isinstance(once, Reject):
        assert coercer("f", kind)(once) == once


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_survive_as_text(number: int) -> None:
    """An integer that a database keeps as text comes back as itself."""
    assert coercer("f", "integer")(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_as_text(number: float) -> None:
    """A number that a database keeps as text comes back as itself."""
    assert coercer("f", "number")(repr(number)) == number
