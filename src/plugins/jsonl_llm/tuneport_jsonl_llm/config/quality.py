"""Which samples are left out, and what is measured of the others."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from tuneport import Config


class LengthConfig(Config):
    """What the filter `length` is told. Both bounds are inclusive, in characters of the trained text."""

    min_text_length: int = Field(10, ge=0)
    """Fewest characters."""
    max_text_length: int = Field(8192, ge=0)
    """Most characters."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_text_length > self.max_text_length:
            bounds = f"{self.min_text_length} is more than max_text_length = {self.max_text_length}"
            raise ValueError(f"min_text_length = {bounds}")
        return self


class Quality(LengthConfig):
    """Which samples are left out."""

    skip_empty_outputs: bool = True
    """Whether a trained text of white space only is left out."""
    skip_duplicates: bool = True
    """Whether content that was seen before is left out."""


class QualityMetrics(Config):
    """What is measured of the rows written, and reported."""

    enable_metrics: bool = False
    """Whether anything is measured."""
    track_per_sample: bool = False
    """Whether the dataset's index says the length of each sample."""
    aggregate_stats: bool = True
    """Whether the report holds lengths and diversity."""
    track_schema_compliance: bool = True
    """Whether the report holds what the schema's validator said."""
    track_length_distribution: bool = True
    """Whether lengths are counted, in characters of the trained text."""
    track_diversity_score: bool = True
    """Whether the diversity of the trained text is measured."""
