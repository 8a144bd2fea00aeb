"""Weightings: formulas against values worked out by hand, and what is no weight."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.jsonl_llm.support import answer, context, shape
from tuneport import Chat, Context, Message, Reject, Text
from tuneport_jsonl_llm import weightings
from tuneport_jsonl_llm.config import FieldWeightConfig, FreshnessConfig

SAMPLE = answer("An answer")


def field_weight(value: Any, ctx: Context | None = None, **config: Any) -> float | Reject | None:
    """The weight of a record with this importance."""
    weigh = weightings.field(FieldWeightConfig(**config), ctx or context())
    return weigh({config.get("weight_field", "importance"): value}, SAMPLE)


def fresh(value: Any, ctx: Context | None = None, **config: Any) -> float:
    """The freshness of a record created at `value`, on 21 November 2024."""
    factor = weightings.freshness(FreshnessConfig(**config), ctx or context())({"created_at": value}, SAMPLE)
    assert isinstance(factor, float)
    return factor


@pytest.mark.parametrize(("votes", "weight"), [(0, 0.0), (1, 1.0), (2, 2.0), (57, 57.0)])
def test_upvotes_are_weights(votes: int, weight: float) -> None:
    """57 upvotes weigh 57 times one: nothing is cut down to 1."""
    result = field_weight(votes, weight_field="upvotes")
    assert (result, type(result)) == (weight, float)


@pytest.mark.parametrize(
    ("value", "weight"), [("0.25", 0.25), (" 2 ", 2.0), ("1e1", 10.0), (True, 1.0), (False, 0.0), (Decimal("1.5"), 1.5)]
)
def test_numeric_string_weights_count(value: object, weight: float) -> None:
    """Text that is a number, and a boolean, are weights and not ignored."""
    assert field_weight(value) == weight


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_record_without_a_weight_gets_the_default(value: object) -> None:
    """Null and blank mean no weight, and the default is never normalised."""
    assert field_weight(value, default_weight=0.5) == 0.5
    assert field_weight(value, default_weight=0.5, normalize="log") == 0.5


@pytest.mark.parametrize(("value", "weight"), [(0, 1.0), (math.e - 1, 2.0), (math.e**2 - 1, 3.0), (-5, 1.0)])
def test_normalize_log(value: float, weight: float) -> None:
    """`log` is one plus the natural logarithm of one plus the number, and 1.0 for what is not positive."""
    result = field_weight(value, normalize="log")
    assert result == pytest.approx(weight, abs=1e-12)


@pytest.mark.parametrize("value", [-3, -0.5, "-1"])
def test_a_negative_weight_counts_as_zero_and_is_reported(value: object) -> None:
    """A negative number weighs nothing, and the run says how many there were."""
    ctx = context()
    result = field_weight(value, ctx)
    assert (result, ctx.counts) == (0.0, {"negative_weight": 1})


def test_negative_zero_is_zero() -> None:
    """No row says -0.0."""
    assert str(field_weight(-0.0)) == "0.0"


@pytest.mark.parametrize("normalize", ["none", "log"])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, "inf", "nan", "1e999", 10**400])
def test_a_weight_that_is_not_finite_is_passed_on_as_such(value: object, normalize: str) -> None:
    """The host refuses what is not finite, so it must see it: no default, no zero, no exception."""
    result = field_weight(value, normalize=normalize)
    assert isinstance(result, float)
    assert not math.isfinite(result)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("abc", "Weight field 'upvotes' is text, not a number"),
        ("1_000", "Weight field 'upvotes' is text, not a number"),
        ("x" * 500, "Weight field 'upvotes' is text, not a number"),
        ([1], "Weight field 'upvotes' is a list, not a number"),
        (b"1", "Weight field 'upvotes' is bytes, not a number"),
    ],
)
def test_a_weight_that_is_no_number_rejects_its_record(value: object, said: str) -> None:
    """The reject shows what stood there, but at most twenty characters of it."""
    assert field_weight(value, weight_field="upvotes") == Reject("bad_type", said)


def test_only_a_named_weight_field_must_exist() -> None:
    """A misspelt weight field is a problem of the recipe; the default one may be absent."""
    ctx = context({"answer": ""}, closed=True)
    field_weight(None, ctx)
    assert (ctx.problems, ctx.declared) == ([], {"importance"})
    field_weight(None, ctx, weight_field="upvotse")
    assert [(problem.path, problem.code) for problem in ctx.problems] == [("weight_field", "unknown_field")]


@pytest.mark.parametrize(
    ("size", "factor"), [(0, 1.0), (10, 1.005), (500, 1.25), (1000, 1.5), (1001, 1.5), (100_000, 1.5)]
)
def test_length_weight(size: int, factor: float) -> None:
    """One plus the length over 2,000, up to 1.5, which 1,000 characters reach."""
    assert weightings.length(None, context())({}, answer("x" * size)) == pytest.approx(factor, abs=1e-12)


def test_length_weight_counts_characters_not_bytes() -> None:
    """500 umlauts weigh 1.25, as 500 letters do."""
    assert weightings.length(None, context())({}, answer("ü" * 500)) == 1.25


def test_length_weight_applies_in_chat_style() -> None:
    """The assistant's answer, or the whole text, is what counts, not a field that only one style has."""
    chat = Chat(messages=(Message("user", "?"), Message("assistant", "x" * 1500)))
    assert weightings.length(None, context(sample=shape(Chat)))({}, chat) == 1.5
    assert weightings.length(None, context(sample=shape(Text)))({}, Text(text="x" * 500)) == 1.25


@pytest.mark.parametrize(
    ("created", "factor"),
    [
        ("2024-11-21T00:00:00Z", 1.0),
        ("2024-08-23", 0.5),  # 90 days
        ("2024-10-07", 0.7071067811865476),  # 45 days
        ("2024-05-25", 0.25),  # 180 days
        ("2024-11-20T12:00:00", 0.9961565872206),  # half a day: the exponential series by hand, four terms
        ("2023-11-22", 0.1),  # 365 days: 0.06 without the floor
    ],
)
def test_freshness_halves_every_90_days(created: str, factor: float) -> None:
    """The default half-life is a half-life, fractions of days count, and 0.1 is the least."""
    assert fresh(created) == pytest.approx(factor, abs=1e-12)


def test_freshness_takes_half_life_and_floor_from_the_configuration() -> None:
    """Thirty days at a half-life of thirty are one half; a floor of zero lets the factor fall."""
    assert fresh("2024-10-22", freshness_half_life_days=30) == 0.5
    assert fresh("2024-10-22", freshness_half_life_days=3, freshness_floor=0) == 2**-10


@pytest.mark.parametrize(
    "created",
    [
        "2024-08-23T00:00:00Z",
        "2024-08-23T02:00:00+02:00",
        " 2024-08-23 00:00:00 ",
        "2024-08-22T19:00:00-05:00",
        date(2024, 8, 23),
        datetime(2024, 8, 23),  # noqa: DTZ001  -- databases hold such
        datetime(2024, 8, 23, 2, tzinfo=timezone(timedelta(hours=2))),
        1724371200,
        1724371200.0,
        "1724371200",
        1724371200000,
        "1724371200000",
        Decimal(1724371200),
    ],
)
def test_iso_timestamps_are_read(created: object) -> None:
    """ISO texts with and without offset, dates, seconds and milliseconds all name the same moment."""
    ctx = context()
    assert fresh(created, ctx) == pytest.approx(0.5, abs=1e-12)
    assert ctx.counts == {}


@pytest.mark.parametrize(
    "created", [None, "", "yesterday", "2024", 2024, 0, -1, True, math.nan, math.inf, "nan", 10**400, "2024-02-30", []]
)
def test_a_record_without_a_readable_time_counts_in_full(created: object) -> None:
    """No time, or a number that is a year and no moment, gives 1.0 and is counted, never silently the floor."""
    ctx = context()
    assert (fresh(created, ctx), ctx.counts) == (1.0, {"no_timestamp": 1})


def test_a_record_from_the_future_counts_in_full() -> None:
    """A time after the run's own gives 1.0 and is counted."""
    ctx = context()
    assert (fresh("2024-11-21T00:00:01Z", ctx), ctx.counts) == (1.0, {"future_timestamp": 1})


def test_freshness_does_not_ask_the_clock() -> None:
    """The age is taken from the run's now, so that two runs of one plan agree."""
    assert fresh("2000-01-01", context(now=datetime(2000, 3, 31, tzinfo=UTC))) == 0.5
    assert fresh("2000-01-01", context(now=datetime(2000, 3, 31))) == 0.5  # noqa: DTZ001


def test_freshness_needs_its_field() -> None:
    """Asking for freshness of a source that has no such field is a problem of the recipe."""
    ctx = context({"answer": ""}, closed=True)
    weightings.freshness(FreshnessConfig(), ctx)
    assert [(problem.path, problem.code) for problem in ctx.problems] == [("timestamp_field", "unknown_field")]


@pytest.mark.parametrize(
    ("config", "ctx", "factor"),
    [
        ({}, context({"answer": ""}, closed=True), 1.0),
        ({"default_weight": 0.5, "normalize": "minmax"}, context({"answer": ""}, closed=True), 0.5),
        ({}, context({}, hidden=frozenset({"importance"})), 1.0),
        ({"weight_field": "votes"}, context({"answer": ""}, closed=True, elsewhere=frozenset({"votes"})), 1.0),
        ({}, context({"answer": ""}), None),
        ({}, context({"importance": "", "answer": ""}, closed=True), None),
        ({"weight_expression": "2"}, context({"answer": ""}, closed=True), None),
    ],
)
def test_all_samples_weigh_the_same_where_none_can_have_the_field(
    config: dict[str, Any], ctx: Context, factor: float | None
) -> None:
    """A source that knows all its fields and lacks this one gives the default weight to all; else nothing is said."""
    weigh = weightings.field(FieldWeightConfig(**config), ctx)
    assert ctx.factor == factor
    if factor is not None and config.get("normalize") is None:
        assert weigh({"answer": "A"}, SAMPLE) == factor


def test_all_samples_are_as_fresh_where_none_can_have_a_time() -> None:
    """The field is another source's: every record counts in full."""
    ctx = context({"answer": ""}, closed=True, elsewhere=frozenset({"created_at"}))
    weigh = weightings.freshness(FreshnessConfig(), ctx)
    assert (ctx.factor, ctx.problems, weigh({"answer": "A"}, SAMPLE)) == (1.0, [], 1.0)
    open_ctx = context({"created_at": ""})
    weightings.freshness(FreshnessConfig(), open_ctx)
    assert open_ctx.factor is None


def test_strategies_multiply() -> None:
    """An explicit weight of 2, 500 characters and 90 days make 2 x 1.25 x 0.5."""
    entity = {"importance": 2, "created_at": "2024-08-23"}
    sample = answer("x" * 500)
    factors = [
        weightings.field(FieldWeightConfig(), context())(entity, sample),
        weightings.length(None, context())(entity, sample),
        weightings.freshness(FreshnessConfig(), context())(entity, sample),
    ]
    assert factors == [2.0, 1.25, 0.5]


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.binary()


@given(VALUES, st.sampled_from(["none", "log"]))
def test_a_weight_is_never_negative_and_never_raises(value: object, normalize: str) -> None:
    """Any value gives a weight, something not finite for the host to refuse, or a reject."""
    result = field_weight(value, normalize=normalize)
    assert result is not None
    assert isinstance(result, Reject) or not math.isfinite(result) or result >= 0


@given(VALUES | st.dates() | st.datetimes(timezones=st.none() | st.timezones()))
def test_freshness_is_always_between_floor_and_one(value: object) -> None:
    """Any value gives a factor in [0.1, 1]."""
    assert 0.1 <= fresh(value) <= 1.0
