"""The three weightings. Each gives a factor; the host multiplies them, and refuses what is not finite."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from typing import Any

from tuneport import Context, Entity, Reject, Sample
from tuneport_jsonl_llm.config import FieldWeightConfig, FreshnessConfig
from tuneport_jsonl_llm.timestamps import to_moment
from tuneport_jsonl_llm.trained import trained_text
from tuneport_jsonl_llm.values import describe

Weighting = Callable[[Entity, Sample], float | Reject]
"""A factor, or a Reject where the record's weight is no number."""


def field(config: FieldWeightConfig, ctx: Context) -> Weighting:
    """The number in `weight_field`: a number, or text that is one; true counts 1 and false 0.

    A record without one gets `default_weight`, which is never normalised. A negative number weighs 0 and is
    counted as `negative_weight`. `normalize = "log"` gives 1 + ln(1 + number).
    """
    name, default = config.weight_field, config.default_weight
    if "weight_field" in config.model_fields_set:
        ctx.needs(name, at="weight_field")
    else:
        ctx.reads(name)
    logarithmic = config.normalize == "log"

    def weigh(entity: Entity, _sample: Sample) -> float | Reject:
        value = entity.get(name)
        if type(value) is not float:
            value = _number(value, name)
            if value is None:
                return default
            if isinstance(value, Reject):
                return value
        if value < 0 and value != -math.inf:
            ctx.count("negative_weight")
            value = 0.0
        if not logarithmic:
            return value or 0.0  # -0.0 is written as 0.0
        return 1.0 + math.log1p(value) if value >= 0 else value

    return weigh


def _number(value: Any, name: str) -> float | Reject | None:
    """The value as a float, not finite where it is too large for one; None where there is no weight."""
    if value is None:
        return None
    try:
        if isinstance(value, (int, float, Decimal)):
            return float(value)
        if isinstance(value, str):
            text = value.strip()
            if not text:
                return None
            if "_" not in text:
                return float(text)
    except OverflowError:
        return math.inf
    except ValueError:
        pass
    return Reject("bad_type", f"Weight field '{name}' is {describe(value)}, not a number")


def length(_config: object, ctx: Context) -> Weighting:
    """1 + min(0.5, characters / 2000) of the trained text."""
    ctx.reads()
    read = trained_text(ctx)

    def weigh(_entity: Entity, sample: Sample) -> float:
        return 1.0 + min(0.5, len(read(sample)) / 2000.0)

    return weigh


def freshness(config: FreshnessConfig, ctx: Context) -> Weighting:
    """max(freshness_floor, 0.5 ** (age / freshness_half_life_days)), the age in days with their fractions.

    The age is taken from the run's `now`. A record without a readable time counts in full and as one
    `no_timestamp`, one from the future in full and as one `future_timestamp`.
    """
    name, half_life, floor = config.timestamp_field, config.freshness_half_life_days, config.freshness_floor
    # Whoever asks for freshness asks for this field, named or not.
    ctx.needs(name, at="timestamp_field")
    now = ctx.now if ctx.now.tzinfo is not None else ctx.now.replace(tzinfo=UTC)

    def weigh(entity: Entity, _sample: Sample) -> float:
        moment = to_moment(entity.get(name))
        if moment is None:
            ctx.count("no_timestamp")
            return 1.0
        age = (now - moment).total_seconds() / 86400.0
        if age < 0:
            ctx.count("future_timestamp")
            return 1.0
        return max(floor, math.pow(0.5, age / half_life))

    return weigh
