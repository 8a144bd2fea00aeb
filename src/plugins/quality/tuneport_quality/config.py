"""What a user may tell each part of this plugin, with every default."""

from __future__ import annotations

from pydantic import Field

from tuneport import Config
from tuneport.schemas import GivenSchema


class JsonSchemaConfig(Config):
    """What the validator `json_schema` is told."""

    json_schema: GivenSchema = ""
    """The schema: its JSON text, or the schema itself as a table, or `{"file": "schema.json"}`, a JSON file
    named relative to the recipe, or `{"env": "NAME"}`, the variable that holds its text."""
    reject_invalid_samples: bool = True
    """Whether a row that does not fit is refused; else it is written, and counted."""
    log_validation_errors: bool = True
    """Whether each thing that is wrong with a row is said, up to ten; else only that the row does not fit."""


class LengthDistributionConfig(Config):
    """What the metric `length_distribution` is told."""

    per_sample: bool = False
    """Whether the index of records says each sample's length as well, in characters."""


class DiversityScoreConfig(Config):
    """What the metric `diversity_score` is told."""

    tokens: int = Field(50_000, ge=1)
    """How many words are looked at. Scores of different budgets cannot be compared."""


class QualityReportConfig(Config):
    """What the artifact `quality_report` is told."""

    track_schema_compliance: bool = True
    """Whether the report says how many rows fitted the JSON Schema, where one judged them."""
    log_validation_errors: bool = True
    """Whether it shows the last ten things that were wrong with rows."""
    aggregate_stats: bool = True
    """Whether it holds the results of metrics."""
