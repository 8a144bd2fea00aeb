"""What a user may tell each part of this plugin, with every default."""

from __future__ import annotations

from typing import Literal

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


class NearDuplicatesConfig(Config):
    """What the fingerprint `near_duplicates` is told."""

    threshold: float = Field(0.8, ge=0.3, le=1)
    """From which Jaccard similarity of their shingles on two samples are near-duplicates."""
    unit: Literal["words", "characters"] = "words"
    """What a shingle is made of. A word is what stands between white space, in lower case; of Chinese, Japanese, Thai,
    Lao, Khmer, Burmese and Tibetan, which write none, each character is one."""
    size: int = Field(5, ge=1, le=64)
    """How many of them in a row are a shingle; a shorter text is one by itself."""
    num_perm: int = Field(256, ge=64, le=1024, multiple_of=2)
    """Hash functions: twice as many take twice the time, and tell by a third more exactly how alike two samples are."""
    action: Literal["report", "drop"] = "report"
    """`report` keeps and counts them, `drop` keeps the first in the source. A split parts none of them either way."""


class DecontaminationConfig(Config):
    """What the filter `decontamination` is told."""

    against: list[str] = Field(min_length=1)
    """Files to evaluate with, named relative to the recipe: `.jsonl`, or a text on each line."""
    fields: list[str] = []
    """The fields of a row that are looked at; all of them where left out."""
    ngram: int = Field(13, ge=1, le=100)
    """How many words in a row make a sample contaminated. A word is a run of letters and digits, whatever its case and
    form (NFKC); of scripts that write no blanks it is a character. A shorter text is looked for whole."""
    min_words: int = Field(5, ge=1)
    """Texts of fewer words are not looked for: what says "yes" stands everywhere."""
    overlap: float = Field(0.0, ge=0, le=1)
    """Which part of the n-grams of a sample's text has to be found; 0 for any of them."""
