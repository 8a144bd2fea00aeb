"""What a user may write under `export`, with every default: the exporter's model, and its stages' own."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from tuneport import AdapterMetadata, Config
from tuneport.schemas import GivenSchema
from tuneport_jsonl_llm.mapping import parse
from tuneport_jsonl_llm.values import describe

MetadataType = Literal["string", "integer", "number", "bool", "list[string]", "list[integer]", "list[number]"]
METADATA_TYPES: tuple[str, ...] = get_args(MetadataType)
SchemaEncoding = Literal["object", "string", "id"]
DEFAULT_METADATA = ["source", "category", "tags"]
STYLES = ("instruction_tuning", "chat_completion", "text_completion")


class FieldMapping(Config):
    """Where in a record each part of a sample is found.

    Each is a field, a dotted path into nested objects (`payload.question`), or a template
    (`{title}: {payload.body}`). A field that is named here, rather than left to its default, must exist
    where the source knows all its fields.
    """

    instruction_field: str = "question"
    """What is asked (instruction_tuning)."""
    input_field: str = "context"
    """What the instruction is about (instruction_tuning); "" means none."""
    output_field: str = "answer"
    """What is learnt (instruction_tuning)."""
    text_field: str = "content"
    """What is learnt (text_completion)."""
    system_field: str = "system_prompt"
    """The system message (chat_completion); "" means none."""
    user_field: str = "user_message"
    """What the user says (chat_completion)."""
    assistant_field: str = "assistant_response"
    """What the assistant answers, and what is learnt (chat_completion)."""

    @field_validator("*")
    @classmethod
    def _readable(cls, mapping: str, info: ValidationInfo) -> str:
        if mapping or info.field_name not in ("input_field", "system_field"):
            parse(mapping)
        return mapping


class StyleConfig(Config):
    """What the three styles are told."""

    field_mapping: FieldMapping = Field(default_factory=FieldMapping)
    """Where each part of a sample is found."""
    include_metadata: bool = True
    """Whether samples carry metadata."""
    metadata_fields: list[str] | dict[str, MetadataType] = Field(default_factory=DEFAULT_METADATA.copy)
    """Fields kept as metadata: their names, with the types the source knows or shows; or name to type, one of
    string, integer, number, bool, list[string], list[integer], list[number]."""

    @field_validator("metadata_fields", mode="before")
    @classmethod
    def _names_or_types(cls, given: Any) -> Any:
        """Say in one sentence what a union of two types would say in two."""
        if isinstance(given, dict):
            for name, kind in given.items():
                if kind not in METADATA_TYPES:
                    found = f"has the type {kind!r}" if isinstance(kind, str) else f"is {describe(kind)}, not a type"
                    raise ValueError(f'"{name}" {found}; known: {", ".join(METADATA_TYPES)}')
        elif not (isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given)):
            raise ValueError("a list of field names, or a table of field name to type")
        return list(given) if isinstance(given, tuple) else given


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

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_weight is not None and self.min_weight > self.max_weight:
            raise ValueError(f"min_weight = {self.min_weight:g} is more than max_weight = {self.max_weight:g}")
        return self


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


class _Carried(Config):
    """How rows carry a schema."""

    schema_encoding: SchemaEncoding = "object"
    """`__schema__` as an object, `__schema__` as JSON text, or `schema_id`, the first 16 hex digits of its SHA-256,
    with the schema itself in `schemas/<id>.json` of the dataset folder."""


class SchemaConfig(_Carried):
    """A schema that rows carry."""

    json_schema: GivenSchema
    """A JSON Schema that every row carries: as JSON text, as a table, in a file (`{ file = "row.schema.json" }`), or in
    a variable (`{ env = "ROW_SCHEMA" }`)."""


class RowConfig(_Carried):
    """What the format `tuneport` is told."""

    metadata_encoding: Literal["object", "json"] = "object"
    """`object` writes metadata as an object, `json` as one string that holds JSON."""
    json_schema: GivenSchema | None = None
    """A JSON Schema that every row carries; None for none."""


class StructuredGeneration(Config):
    """A JSON Schema for rows: what is checked, and what rows carry."""

    enable_schema_validation: bool = False
    """Whether rows are checked at all."""
    json_schema: GivenSchema = ""
    """The schema: JSON text, a table, a file (`{ file = "row.schema.json" }`), or a variable that holds its text
    (`{ env = "ROW_SCHEMA" }`)."""
    include_schema_in_output: bool = False
    """Whether every row carries the schema."""
    schema_encoding: SchemaEncoding = "object"
    """How: `__schema__` as an object or as JSON text, or `schema_id` and the schema in a file of its own."""
    reject_invalid_samples: bool = True
    """Whether a row that does not fit is left out; else it is written, and counted."""
    log_validation_errors: bool = True
    """Whether the report holds the last ten problems."""


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


class JSONLLLMConfig(StyleConfig):
    """Configuration of the exporter `jsonl_llm`. Assignable: `config.quality.min_text_length = 50`."""

    style: str | dict[str, Any] = "instruction_tuning"
    """instruction_tuning, chat_completion, text_completion, a style of another plugin (`acme:thing`), or
    `{"use": name, ...}` with that style's own configuration."""
    weighting: Weighting = Field(default_factory=Weighting)
    """How samples are weighted."""
    quality: Quality = Field(default_factory=Quality)
    """Which samples are left out."""
    metadata_encoding: Literal["object", "json"] = "object"
    """`object` writes metadata as an object, `json` as one string that holds JSON."""
    structured_gen: StructuredGeneration = Field(default_factory=StructuredGeneration)
    """The JSON Schema that rows have to fit."""
    adapter_metadata: AdapterMetadata = Field(default_factory=AdapterMetadata)
    """What is known of the adapter that will be trained."""
    quality_metrics: QualityMetrics = Field(default_factory=QualityMetrics)
    """What is measured and reported."""

    @field_validator("style", mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if isinstance(given, str) and given:
            return _spelling(given)
        if isinstance(given, dict) and isinstance(given.get("use"), str):
            return {**given, "use": _spelling(given["use"])}
        raise ValueError('a style\'s name, or a table with the name under "use"')


def _spelling(name: str) -> str:
    """A style's name; our own may be written as the constant, `INSTRUCTION_TUNING`."""
    own = name.rpartition("::")[2].lower()
    return own if own in STYLES else name
