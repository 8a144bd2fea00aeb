"""A hand-made context, and one record's way through the factories."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tuneport import Context, Instruction, Reject, Sample
from tuneport.context import SampleShape
from tuneport_jsonl_llm import rows, styles, weightings
from tuneport_jsonl_llm.config import FieldWeightConfig, RowConfig, StyleConfig

NOW = datetime(2024, 11, 21, tzinfo=UTC)
STYLES = {
    "instruction_tuning": styles.instruction_tuning,
    "chat_completion": styles.chat_completion,
    "text_completion": styles.text_completion,
    "prompt_completion": styles.prompt_completion,
    "preference": styles.preference,
    "unpaired_preference": styles.unpaired_preference,
}


def showing(*records: dict[str, Any], **more: Any) -> Context:
    """The context of a source that begins with these records."""
    fields = dict.fromkeys((name for record in records for name in record), "")
    return context(fields, look=lambda: records, **more)


def context(
    fields: Mapping[str, str] | None = None, *, closed: bool = False, weighted: bool = True, **more: Any
) -> Context:
    """A context with these fields, at midnight of 21 November 2024, UTC."""
    return Context(
        now=more.pop("now", NOW),
        seed=0,
        log=logging.getLogger("tuneport.test"),
        fields=fields or {},
        closed=closed,
        weighted=weighted,
        **more,
    )


def read(style: str, config: Mapping[str, Any], entity: dict[str, Any], ctx: Context | None = None) -> Sample:
    """The sample a style makes of a record; an AssertionError where it makes a reject."""
    result = attempt(style, config, entity, ctx)
    assert isinstance(result, Sample), result
    return result


def attempt(
    style: str, config: Mapping[str, Any], entity: dict[str, Any], ctx: Context | None = None
) -> Sample | Reject:
    """The sample or reject a style makes of a record. Without a context, the source shows that record."""
    ctx = showing(entity) if ctx is None else ctx
    return STYLES[style](StyleConfig.model_validate(config), ctx)(entity)


def row(
    style: str, config: Mapping[str, Any], entity: dict[str, Any], fields: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The row of a record: style, the weighting `field`, and the format."""
    ctx = context(dict.fromkeys(entity, "") if fields is None else fields)
    sample = STYLES[style](StyleConfig.model_validate(config), ctx)(entity)
    assert isinstance(sample, Sample), sample
    weight = weightings.field(FieldWeightConfig(), ctx)(entity, sample)
    assert isinstance(weight, float)
    sample.weight = weight
    return rows.tuneport(RowConfig(), ctx)(sample)


def shape(kind: type[Sample], *, has_input: bool = False, **metadata: str) -> SampleShape:
    """What a style declares."""
    return SampleShape(kind, has_input, metadata)


def answer(text: str) -> Instruction:
    """A sample whose trained text is `text`."""
    return Instruction(instruction="Q", output=text)
