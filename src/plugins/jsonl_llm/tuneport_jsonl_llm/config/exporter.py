"""The exporter's configuration: what a user may write under `export`, with every default."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from tuneport import AdapterMetadata
from tuneport_jsonl_llm.config.quality import Quality, QualityMetrics
from tuneport_jsonl_llm.config.rows import StructuredGeneration
from tuneport_jsonl_llm.config.styles import STYLES, StyleConfig
from tuneport_jsonl_llm.config.weights import Weighting


class JSONLLLMConfig(StyleConfig):
    """Configuration of the exporter `jsonl_llm`. Assignable: `config.quality.min_text_length = 50`."""

    style: str | dict[str, Any] = "instruction_tuning"
    """instruction_tuning, chat_completion, text_completion, prompt_completion, preference, unpaired_preference, a style
    of another plugin (`acme:thing`), or `{"use": name, ...}` with that style's own configuration."""
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
