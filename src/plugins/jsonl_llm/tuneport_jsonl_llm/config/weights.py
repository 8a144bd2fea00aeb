"""How samples are weighted: what the weightings are told, and what the exporter is."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tuneport import Config


class FieldWeightConfig(Config):
    """What the weighting `field` is told."""

    weight_field: str = Field("importance", min_length=1)
    """The field that holds the weight: a number, or text that is one."""
    weight_expression: str = ""
    """An expression over the record, such as `log1p(upvotes) * 0.5`, instead of a field. A condition counts 1
    where it holds and 0 where it does not; null, as of a field that is missing, is `default_weight`."""
    default_weight: float = Field(1.0, ge=0)
    """The weight of a record without one. Never normalised."""
    normalize: Literal["none", "log", "minmax", "percentile"] = "none"
    """`none` takes the number x as it is, `log` 1 + ln(1 + x), `minmax` 0.5 + (x - min) / (max - min), and
    `percentile` 0.5 + rank, the rank running from 0 to 1. The last two have to see all samples first."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.weight_expression.strip() and "weight_field" in self.model_fields_set:
            raise ValueError("weight_field and weight_expression are both given: name one")
        # Whoever writes every default down gives both, and means the field.
        empty = "weight_expression" in self.model_fields_set and not self.weight_expression.strip()
        if empty and "weight_field" not in self.model_fields_set:
            raise ValueError("weight_expression is empty: write one, such as log1p(upvotes), or leave the key out")
        return self


class FreshnessConfig(Config):
    """What the weighting `freshness` is told."""

    timestamp_field: str = Field("created_at", min_length=1)
    """The field that says how old a record is."""
    freshness_half_life_days: float = Field(90.0, gt=0)
    """Days after which a record counts half."""
    freshness_floor: float = Field(0.1, ge=0, le=1)
    """The factor below which no record falls, however old."""


class Weighting(FieldWeightConfig, FreshnessConfig):
    """How samples are weighted. The factors multiply."""

    enable_weights: bool = True
    """Whether rows carry a weight at all."""
    auto_weight_by_length: bool = False
    """Whether longer texts weigh more, up to 1.5 times."""
    auto_weight_by_freshness: bool = False
    """Whether older records weigh less."""
    min_weight: float = Field(0.0, ge=0)
    """What a sample weighs at least, after all factors."""
    max_weight: float | None = Field(None, ge=0)
    """What a sample weighs at most, after all factors; None for no bound."""
    mean_one: bool = False
    """Whether weights, bounded, are then divided by their mean, so that they are 1 on average over all samples that
    are trained on."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_weight is not None and self.min_weight > self.max_weight:
            raise ValueError(f"min_weight = {self.min_weight:g} is more than max_weight = {self.max_weight:g}")
        return self
