"""The artifact `quality_report`: what validators and metrics said of a dataset, as one JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from tuneport import Artifact, Context, Dataset
from tuneport_quality.config import QualityReportConfig

PATH = "quality_report.json"
_VALIDATOR = "quality:json_schema"
_METRICS = ("length_distribution", "diversity_score")
_RECENT = 10


def quality_report(config: QualityReportConfig, _ctx: Context) -> Callable[[Dataset], Iterable[Artifact]]:
    """Write `quality_report.json`."""
    return lambda dataset: [Artifact(PATH, (json.dumps(report(dataset, config), indent=2) + "\n").encode())]


def report(dataset: Dataset, config: QualityReportConfig) -> dict[str, Any]:
    """The report of a dataset.

    Returns:
        `schema_validation`, where a JSON Schema judged the rows; `length_distribution` and `diversity_score`,
        where they were measured; then every other metric under its name.
    """
    found: dict[str, Any] = {}
    if config.track_schema_compliance:
        found |= _compliance(dataset, with_errors=config.log_validation_errors)
    if config.aggregate_stats:
        metrics = dataset.manifest.metrics
        found |= {name: metrics[name] for name in _METRICS if name in metrics}
        found |= {name: result for name, result in metrics.items() if name not in found}
    return found


def _compliance(dataset: Dataset, *, with_errors: bool) -> dict[str, Any]:
    """All JSON Schemas' judgements together; nothing where there was none."""
    judges = [said for said in dataset.manifest.validators.values() if said.plugin == _VALIDATOR]
    if not judges:
        return {}
    total = sum(said.judged for said in judges)
    violations = sum(said.refused + said.flagged for said in judges)
    block: dict[str, Any] = {
        "total_validated": total,
        "compliant": total - violations,
        "violations": violations,
        "compliance_rate": (total - violations) / total if total else 0.0,
    }
    errors = [text for said in judges for text in said.problems][-_RECENT:]
    if with_errors and errors:
        block["recent_errors"] = errors
    return {"schema_validation": block}
