"""What a user may write under `export`, with every default: the exporter's model, and its stages' own."""

from __future__ import annotations

from typing import Any, Literal, Self, get_args

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from tuneport import Config
from tuneport_jsonl_llm.mapping import parse

MetadataType = Literal["string", "integer", "number", "bool", "list[string]", "list[integer]", "list[number]"]
METADATA_TYPES: tuple[str, ...] = get_args(MetadataType)
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
                    raise ValueError(f'"{name}" has the type {kind!r}; known: {", ".join(METADATA_TYPES)}')
        elif not (isinstance(given, (list, tuple)) and all(isinstance(name, str) for name in given)):
            raise ValueError("a list of field names, or a table of field name to type")
        return list(given) if isinstance(given, tuple) else given


class FieldWeightConfig(Config):
    """What the weighting `field` is told."""

    weight_field: str = Field("importance", min_length=1)
    """The field that holds the weight: a number, or text that is one."""
    default_weight: float = Field(1.0, ge=0)
    """The weight of a record without one. Never normalised."""
    normalize: Literal["none", "log"] = "none"
    """`none` takes the number as it is, `log` takes 1 + ln(1 + number)."""


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


class RowConfig(Config):
    """What the format `tuneport` is told."""

    metadata_encoding: Literal["object", "json"] = "object"
    """`object` writes metadata as an object, `json` as one string that holds JSON."""


class JSONLLLMConfig(StyleConfig, RowConfig):
    """Configuration of the exporter `jsonl_llm`. Assignable: `config.quality.min_text_length = 50`."""

    style: str | dict[str, Any] = "instruction_tuning"
    """instruction_tuning, chat_completion, text_completion, a style of another plugin (`acme:thing`), or
    `{"use": name, ...}` with that style's own configuration."""
    weighting: Weighting = Field(default_factory=Weighting)
    """How samples are weighted."""
    quality: Quality = Field(default_factory=Quality)
    """Which samples are left out."""

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
