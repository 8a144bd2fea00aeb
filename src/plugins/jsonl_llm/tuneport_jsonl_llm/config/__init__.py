"""What a user may write under `export`, with every default: the exporter's model, and its stages' own."""

from __future__ import annotations

from tuneport_jsonl_llm.config.exporter import JSONLLLMConfig
from tuneport_jsonl_llm.config.quality import LengthConfig, Quality, QualityMetrics
from tuneport_jsonl_llm.config.rows import RowConfig, SchemaConfig, StructuredGeneration
from tuneport_jsonl_llm.config.styles import (
    METADATA_TYPES,
    STYLES,
    TURN_FIELDS,
    FieldMapping,
    StyleConfig,
    TurnField,
)
from tuneport_jsonl_llm.config.weights import FieldWeightConfig, FreshnessConfig, Weighting

__all__ = [
    "METADATA_TYPES",
    "STYLES",
    "TURN_FIELDS",
    "FieldMapping",
    "FieldWeightConfig",
    "FreshnessConfig",
    "JSONLLLMConfig",
    "LengthConfig",
    "Quality",
    "QualityMetrics",
    "RowConfig",
    "SchemaConfig",
    "StructuredGeneration",
    "StyleConfig",
    "TurnField",
    "Weighting",
]
