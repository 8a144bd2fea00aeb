"""The three weightings. Each gives a factor; the host multiplies them, and refuses what is not finite."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC

from tuneport import Context, DeferredWeighting, Entity, Reject, Sample, Summary
from tuneport_jsonl_llm.config import FieldWeightConfig, FreshnessConfig
from tuneport_jsonl_llm.shortcut import inlined
from tuneport_jsonl_llm.timestamps import parse_iso, to_moment
from tuneport_jsonl_llm.trained import trained_text
from tuneport_jsonl_llm.weight_numbers import ReadNumber, number_reader

Weighting = Callable[[Entity, Sample], float | Reject]
"""A factor, or a Reject where the record's weight is no number."""

_NUMBER = """\
number = get({name})
if number is None: factor = {default}
elif (type(number) is float or type(number) is int) and 0 <= number < {inf}: factor = number + 0.0
else: return None
"""
_LOGARITHM = "if number is not None: factor = 1.0 + {log1p}(factor)\n"
_FRESHNESS = """\
moment = {parse}(get({name}).strip())
if moment.tzinfo is None: return None
age = ({now} - moment).total_seconds() / 86400.0
if age < 0: return None
factor = {pow}(0.5, age / {half_life})
weight *= factor if factor > {floor} else {floor}
"""
"""What is no text or no moment raises, which is as good as None."""


def field(config: FieldWeightConfig, ctx: Context) -> Weighting | DeferredWeighting:
    """The number in `weight_field`, or that `weight_expression` gives: a number, or text that is one.

    True counts 1 and false 0. A record without one gets `default_weight`, which is never normalised. A negative
    number counts as 0 and is noted as `negative_weight`. `normalize = "log"` gives 1 + ln(1 + number); see Normalised
    for the others.
    """
    read, default = number_reader(config, ctx), config.default_weight
    if _never_there(config, ctx):
        ctx.same(default)
    if config.normalize in {"minmax", "percentile"}:
        return Normalised(read, default, ranked=config.normalize == "percentile")
    logarithmic = config.normalize == "log"

    def weigh(entity: Entity, _sample: Sample) -> float | Reject:
        number = read(entity)
        if number is None:
            return default
        if isinstance(number, Reject) or not logarithmic:
            return number
        return 1.0 + math.log1p(number) if number >= 0 else number

    if config.weight_expression.strip():
        return weigh
    text = _NUMBER + (_LOGARITHM if logarithmic else "") + "weight *= factor"
    return inlined(weigh, text, name=config.weight_field, default=default, inf=math.inf, log1p=math.log1p)


def _never_there(config: FieldWeightConfig, ctx: Context) -> bool:
    """Whether no record can have the field, so that all of them have the default weight."""
    name = config.weight_field
    return not config.weight_expression.strip() and (name in ctx.hidden or (ctx.closed and name not in ctx.fields))


class Normalised:
    """A weight that says where a record's number stands among those of all samples kept after deduplication.

    minmax: 0.5 + (number - min) / (max - min). percentile: 0.5 + rank, see `Summary.rank`. Both run from 0.5 to
    1.5, and give 1.0 where all numbers are the same or there is only one.
    """

    def __init__(self, read: ReadNumber, default: float, *, ranked: bool) -> None:
        self._read = read
        self._default = default
        self._ranked = ranked

    def __call__(self, entity: Entity, _sample: Sample) -> float | Reject | None:
        """The record's number."""
        return self._read(entity)

    def finish(self, summary: Summary) -> Callable[[float | None], float]:
        """The function from a number, or None, to the weight."""
        default, low, spread = self._default, summary.low, summary.high - summary.low

        def by_rank(number: float | None) -> float:
            if number is None:
                return default
            rank = summary.rank(number)
            return 1.0 if rank is None else 0.5 + rank

        def by_range(number: float | None) -> float:
            if number is None:
                return default
            return 1.0 if spread == 0 else 0.5 + (number - low) / spread

        return by_rank if self._ranked else by_range


def length(_config: object, ctx: Context) -> Weighting:
    """1 + min(0.5, characters / 2000) of the trained text."""
    ctx.reads()
    read = trained_text(ctx)

    def weigh(_entity: Entity, sample: Sample) -> float:
        return 1.0 + min(0.5, len(read(sample)) / 2000.0)

    return inlined(weigh, "weight *= 1.0 + (len(text) / 2000.0 if len(text) < 1000 else 0.5)")


def freshness(config: FreshnessConfig, ctx: Context) -> Weighting:
    """max(freshness_floor, 0.5 ** (age / freshness_half_life_days)), the age in days with their fractions.

    The age is taken from the run's `now`. A record without a readable time counts in full and as one
    `no_timestamp`, one from the future in full and as one `future_timestamp`.
    """
    name, half_life, floor = config.timestamp_field, config.freshness_half_life_days, config.freshness_floor
    # Whoever asks for freshness asks for this field, named or not.
    ctx.needs(name, at="timestamp_field")
    if ctx.closed and name not in ctx.fields:
        # Another source of the run has it: here every record counts in full.
        ctx.same(1.0)
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

    return inlined(
        weigh, _FRESHNESS, name=name, now=now, half_life=half_life, floor=floor, parse=parse_iso, pow=math.pow
    )
