"""From the exporter's configuration to the stages of a run.

Stages of other plugins are named in full, so that no third plugin can make one of their names ambiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from logging import getLogger
from math import inf
from typing import TYPE_CHECKING, Any, cast

from tuneport import AdapterMetadata, Config, Stages, default_manager
from tuneport_jsonl_llm.config import (
    STYLES,
    JSONLLLMConfig,
    Quality,
    QualityMetrics,
    StructuredGeneration,
    StyleConfig,
    Weighting,
)

if TYPE_CHECKING:
    from tuneport import Exporter

log = getLogger("tuneport.jsonl_llm")

_STYLE_KEYS = [name for name in StyleConfig.model_fields if name != "field_mapping"]


def JSONLLLMExporter(config: JSONLLLMConfig | Mapping[str, Any] | None = None) -> Exporter:  # noqa: N802 -- fixed
    """A new exporter: exactly `default_manager().load("jsonl_llm", config)`."""
    return cast("Exporter", default_manager().load("jsonl_llm", config))


def stages(config: JSONLLLMConfig) -> Stages:
    """What the configuration asks for, as plain data; what is given and not switched on is logged."""
    _warn_of_what_is_off(config)
    least, most = _bounds(config.weighting)
    return Stages(
        style=_style(config),
        filters=_filters(config.quality),
        weightings=_weightings(config.weighting),
        formats=[_rows(config)],
        validators=[*_schema(config.structured_gen), *_adapter_checks(config.adapter_metadata)],
        metrics=_metrics(config.quality_metrics),
        artifacts=_artifacts(config),
        dedup=config.quality.skip_duplicates,
        min_weight=least,
        max_weight=most,
        mean_one=config.weighting.enable_weights and config.weighting.mean_one,
        adapter=config.adapter_metadata if config.adapter_metadata.enable_tracking else None,
    )


def _warn_of_what_is_off(config: JSONLLLMConfig) -> None:
    schema, adapter = config.structured_gen, config.adapter_metadata
    if schema.json_schema and not (schema.enable_schema_validation or schema.include_schema_in_output):
        log.warning("structured_gen.json_schema is given, and enable_schema_validation is off: no row is checked")
    if adapter.adapter_id and not adapter.enable_tracking:
        log.warning("adapter_metadata.adapter_id is given, and enable_tracking is off: no metadata is kept")


def _style(config: JSONLLLMConfig) -> dict[str, Any]:
    """The style with what was given for it, and no defaults.

    So a style can tell a field that was named from one that was not, and another plugin's style is not told
    of keys nobody wrote. What stands in the style's own table comes first.
    """
    given = _given(config, *_STYLE_KEYS)
    mapping = _given(config.field_mapping, *type(config.field_mapping).model_fields)
    if mapping:
        given["field_mapping"] = mapping
    if not isinstance(config.style, str):
        return {"use": "", **given, **config.style}
    # Our own styles have the exporter's keys, so that is where their errors belong.
    place = {"at": ""} if config.style in STYLES else {}
    return {"use": config.style, **place, **given}


def _given(model: Config, *names: str) -> dict[str, Any]:
    """The named values that were set, or changed in place (`config.metadata_fields.append("author")`)."""
    given = {}
    for name in names:
        value = getattr(model, name)
        default = type(model).model_fields[name].get_default(call_default_factory=True)
        if name in model.model_fields_set or value != default:
            given[name] = value
    return given


def _filters(quality: Quality) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = []
    if quality.skip_empty_outputs:
        filters.append({"use": "empty_output", "at": "quality"})
    filters.append(
        {
            "use": "length",
            "at": "quality",
            "min_text_length": quality.min_text_length,
            "max_text_length": quality.max_text_length,
        }
    )
    return filters


def _weightings(weighting: Weighting) -> list[dict[str, Any]]:
    if not weighting.enable_weights:
        return []
    field = {"default_weight": weighting.default_weight, "normalize": weighting.normalize}
    named = _given(weighting, "weight_field", "weight_expression")
    chosen = [{"use": "field", "at": "weighting", **named, **field}]
    if weighting.auto_weight_by_length:
        chosen.append({"use": "length", "at": "weighting"})
    if weighting.auto_weight_by_freshness:
        names = ("timestamp_field", "freshness_half_life_days", "freshness_floor")
        chosen.append({"use": "freshness", "at": "weighting"} | {name: getattr(weighting, name) for name in names})
    return chosen


def _bounds(weighting: Weighting) -> tuple[float, float]:
    """Between what a sample's weight is kept; nothing is kept of a weight that no row carries."""
    if not weighting.enable_weights:
        return 0.0, inf
    return weighting.min_weight, inf if weighting.max_weight is None else weighting.max_weight


def _rows(config: JSONLLLMConfig) -> str | dict[str, Any]:
    """The format, with what differs from its defaults."""
    schema = config.structured_gen
    rows: dict[str, Any] = {"use": "tuneport"}
    if config.metadata_encoding != "object":
        rows |= {"at": "", "metadata_encoding": config.metadata_encoding}
    if schema.include_schema_in_output:
        rows |= {"at": "structured_gen", **_carried(schema)}
    return rows if len(rows) > 1 else "tuneport"


def _carried(schema: StructuredGeneration) -> dict[str, Any]:
    return {"json_schema": schema.json_schema, "schema_encoding": schema.schema_encoding}


def _schema(schema: StructuredGeneration) -> list[dict[str, Any]]:
    if not schema.enable_schema_validation:
        return []
    names = ("json_schema", "reject_invalid_samples", "log_validation_errors")
    return [{"use": "quality:json_schema", "at": "structured_gen", **{name: getattr(schema, name) for name in names}}]


def _adapter_checks(adapter: AdapterMetadata) -> list[dict[str, Any]]:
    if not adapter.enable_tracking:
        return []
    checks = ("adapter_ids", "adapter_versions", "adapter_ranks", "adapter_language")
    return [{"use": f"lora_metadata:{check}", "at": "adapter_metadata"} for check in checks]


def _metrics(metrics: QualityMetrics) -> list[dict[str, Any]]:
    chosen: list[dict[str, Any]] = []
    if not metrics.enable_metrics:
        return chosen
    if metrics.track_per_sample or (metrics.aggregate_stats and metrics.track_length_distribution):
        chosen.append({"use": "quality:length_distribution", "per_sample": metrics.track_per_sample})
    if metrics.aggregate_stats and metrics.track_diversity_score:
        chosen.append({"use": "quality:diversity_score"})
    return [{**metric, "at": "quality_metrics"} for metric in chosen]


def _artifacts(config: JSONLLLMConfig) -> list[dict[str, Any]]:
    artifacts: list[dict[str, Any]] = []
    schema, metrics, adapter = config.structured_gen, config.quality_metrics, config.adapter_metadata
    if schema.include_schema_in_output and schema.schema_encoding == "id":
        artifacts.append({"use": "jsonl_llm:row_schema", "at": "structured_gen", **_carried(schema)})
    if metrics.enable_metrics:
        names = ("track_schema_compliance", "aggregate_stats")
        asked = {name: getattr(metrics, name) for name in names}
        asked["log_validation_errors"] = schema.log_validation_errors
        artifacts.append({"use": "quality:quality_report", "at": "quality_metrics", **asked})
    if adapter.enable_tracking:
        artifacts.append({"use": "lora_metadata:adapter_metadata", "at": "adapter_metadata", **adapter.model_dump()})
    return artifacts
