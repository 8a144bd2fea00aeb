"""The short way: the same samples as the plain calls of all stages, or none at all."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuneport import Context, Reject, Sample
from tuneport_jsonl_llm import filters, styles, weightings
from tuneport_jsonl_llm.config import FieldWeightConfig, FreshnessConfig, LengthConfig, StyleConfig

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIELDS = {"question": "string", "context": "string", "answer": "string", "text": "string", "topic": "string"}
STYLES: dict[str, tuple[Any, dict[str, Any]]] = {
    "instruction": (styles.instruction_tuning, {"instruction_field": "question", "output_field": "answer"}),
    "with input": (
        styles.instruction_tuning,
        {"instruction_field": "question", "input_field": "context", "output_field": "answer"},
    ),
    "chat": (styles.chat_completion, {"user_field": "question", "assistant_field": "answer"}),
    "system": (
        styles.chat_completion,
        {"system_field": "context", "user_field": "question", "assistant_field": "answer"},
    ),
    "text": (styles.text_completion, {"text_field": "answer"}),
}
METADATA = {"topic": "string", "tags": "list[string]", "size": "integer"}

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", " \n", "an answer of some length", '{"a": 1}', "2024-01-02", "half \ud800", "x" * 1200]),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.floats(),
    TEXTS,
    st.lists(TEXTS, max_size=2),
    st.just({"a": 1}),
)
MOMENTS = st.one_of(
    VALUES,
    st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)).map(str),  # noqa: DTZ001  -- some have no zone
    st.datetimes(datetime(2020, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC)).map(datetime.isoformat),  # noqa: DTZ001
)
ENTITIES = st.fixed_dictionaries(
    {},
    optional={
        "question": st.one_of(TEXTS, VALUES),
        "context": st.one_of(TEXTS, VALUES),
        "answer": st.one_of(TEXTS, VALUES),
        "topic": VALUES,
        "tags": VALUES,
        "size": VALUES,
        "importance": st.one_of(st.floats(0, 10), VALUES),
        "created_at": MOMENTS,
    },
)

Stage = Callable[..., Any]


def context(sample: Any = None) -> Context:
    """What a factory is given."""
    return Context(now=NOW, seed=1, log=logging.getLogger("test"), fields=FIELDS, sample=sample)


def compiled(name: str, *, metadata: bool, normalize: str = "none") -> tuple[Stage, list[Stage], list[Stage], Context]:
    """A style, its filters and its weightings, and what counts their events."""
    make, mapping = STYLES[name]
    given_metadata = {"metadata_fields": METADATA} if metadata else {"include_metadata": False}
    first = context()
    style = make(StyleConfig.model_validate({"field_mapping": mapping, **given_metadata}), first)
    ctx = context(first.sample)
    number = FieldWeightConfig.model_validate({"weight_field": "importance", "normalize": normalize})
    tests = [
        filters.empty_output(None, ctx),
        filters.length(LengthConfig(min_text_length=2, max_text_length=1500), ctx),
    ]
    weighs = [
        weightings.field(number, ctx),
        weightings.length(None, ctx),
        weightings.freshness(FreshnessConfig(freshness_half_life_days=365), ctx),
    ]
    return style, tests, weighs, ctx


def plainly(style: Stage, tests: list[Stage], weighs: list[Stage], entity: dict[str, Any]) -> Sample | Reject:
    """All stages by plain calls."""
    sample: Sample | Reject = style(entity)
    if isinstance(sample, Reject):
        return sample
    for test in tests:
        if (reject := test(entity, sample)) is not None:
            return reject  # type: ignore[no-any-return]
    for weigh in weighs:
        factor = weigh(entity, sample)
        if isinstance(factor, Reject):
            return factor
        sample.weight *= factor
        if not math.isfinite(sample.weight):
            return Reject("weight_not_finite", "")
    return sample


@pytest.mark.parametrize("normalize", ["none", "log"])
@pytest.mark.parametrize("metadata", [False, True], ids=["bare", "metadata"])
@pytest.mark.parametrize("name", STYLES)
@settings(max_examples=60)
@given(entity=ENTITIES)
def test_it_is_the_plain_calls_or_nothing(name: str, metadata: bool, normalize: str, entity: dict[str, Any]) -> None:
    """The same sample to the last bit, and no event counted twice; nothing for what any of them would refuse."""
    style, tests, weighs, ctx = compiled(name, metadata=metadata, normalize=normalize)
    shortcut, count = style.shortcut(style, [*tests, *weighs])  # type: ignore[attr-defined]
    assert count == 5
    try:
        short = shortcut(entity)
    except Exception:  # noqa: BLE001  -- as good as None
        short = None
    assert not ctx.counts
    plain = plainly(style, tests, weighs, entity)
    if short is not None:
        assert plain == short
        assert repr(plain.weight) == repr(short.weight)  # type: ignore[union-attr]
        assert not ctx.counts


@pytest.mark.parametrize("name", STYLES)
def test_ordinary_records_go_that_way(name: str) -> None:
    """Or it would be of no use; whole numbers and missing ones among their weights."""
    style, tests, weighs, _ = compiled(name, metadata=True)
    shortcut, _ = style.shortcut(style, [*tests, *weighs])  # type: ignore[attr-defined]
    entity = {"question": "Who?", "context": "Here.", "answer": "Nobody.", "created_at": "2026-01-01T00:00:00Z"}
    for more in ({}, {"importance": 3}, {"importance": 2.5, "topic": "Drift", "tags": ["a"], "size": 4}):
        assert shortcut(entity | more) == plainly(style, tests, weighs, entity | more)


def test_a_third_partys_stage_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    """What comes after it is called plainly; the lines can be read in the log."""
    style, tests, weighs, _ = compiled("chat", metadata=False)
    with caplog.at_level(logging.DEBUG, "tuneport.jsonl_llm"):
        shortcut, count = style.shortcut(style, [*tests, weighs[0], lambda *_: 2.0, *weighs[1:]])  # type: ignore[attr-defined]
    assert count == 3
    sample = shortcut({"question": "Who?", "answer": "Nobody.", "importance": 3.0})
    assert sample is not None
    assert sample.weight == 3.0
    assert "    if not text or text.isspace(): return None\n" in caplog.text


@pytest.mark.parametrize(
    "mapping",
    [
        {"instruction_field": "{question}?", "output_field": "answer"},
        {"instruction_field": "question", "output_field": "answer.text"},
        {"instruction_field": "question", "output_field": "answer", "reasoning_field": "context"},
    ],
    ids=["template", "path", "reasoning"],
)
def test_some_mappings_have_none(mapping: dict[str, str]) -> None:
    """Plain calls do what lines do not."""
    config = StyleConfig.model_validate({"field_mapping": mapping, "include_metadata": False})
    assert not hasattr(styles.instruction_tuning(config, context()), "shortcut")
