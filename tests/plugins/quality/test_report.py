"""The artifact `quality_report`: the documented keys, types and numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from plugins.quality.support import context
from tuneport import Dataset
from tuneport.dataset import DatasetManifest, ValidatorStats
from tuneport_quality.config import QualityReportConfig
from tuneport_quality.report import quality_report

DOCUMENTED = {
    "schema_validation": {
        "total_validated": 150000,
        "compliant": 148500,
        "violations": 1500,
        "compliance_rate": 0.99,
        "recent_errors": ["Missing required field: output", "Field 'instruction' too short (min 10 chars)"],
    },
    "length_distribution": {
        "0": 150,
        "100": 2500,
        "200": 15000,
        "300": 45000,
        "400": 60000,
        "500": 25000,
        "600": 2350,
    },
    "diversity_score": 0.87,
}
METRICS = {name: DOCUMENTED[name] for name in ("diversity_score", "length_distribution")}


def schema_stats(judged: int, refused: int = 0, flagged: int = 0, problems: list[str] | None = None) -> ValidatorStats:
    """What a JSON Schema said of a run's rows."""
    return ValidatorStats("quality:json_schema", judged, refused, flagged, problems or [])


def reported(
    validators: dict[str, ValidatorStats] | None = None, metrics: dict[str, Any] | None = None, **config: bool
) -> Any:
    """The report of a dataset with these results; its bytes are looked at on the way."""
    manifest = DatasetManifest(
        name="faq",
        now="2024-11-21T00:00:00Z",
        seed=0,
        recipe="",
        source="faq.db",
        counts={},
        rejects={},
        weights={},
        notes={},
        formats={},
        plugins=[],
        versions={},
        digest="",
        validators=validators or {},
        metrics=metrics or {},
    )
    make = quality_report(QualityReportConfig(**config), context())
    (artifact,) = make(Dataset(Path("faq"), manifest))
    assert artifact.path == "quality_report.json"
    assert artifact.data == json.dumps(json.loads(artifact.data), indent=2).encode() + b"\n"
    return json.loads(artifact.data)


def test_the_documented_report() -> None:
    """Key for key, number for number, in the documented order."""
    problems = DOCUMENTED["schema_validation"]["recent_errors"]  # type: ignore[index]
    result = reported({"json_schema": schema_stats(150000, 1500, 0, problems)}, METRICS)
    assert result == DOCUMENTED
    assert json.dumps(result) == json.dumps(DOCUMENTED)


def test_rows_that_were_let_pass_are_violations_too() -> None:
    """Compliance is about rows, not about what became of them."""
    block = reported({"json_schema": schema_stats(10, 1, 2)})["schema_validation"]
    assert (block["compliant"], block["violations"], block["compliance_rate"]) == (7, 3, 0.7)


def test_nothing_validated() -> None:
    """No division by zero, and a float all the same."""
    block = reported({"json_schema": schema_stats(0)})["schema_validation"]
    assert block == {"total_validated": 0, "compliant": 0, "violations": 0, "compliance_rate": 0.0}
    assert isinstance(block["compliance_rate"], float)


def test_without_a_schema_there_is_no_compliance() -> None:
    """Other validators are not schema compliance, whatever they are called."""
    assert reported() == {}
    assert reported({"json_schema": ValidatorStats("acme:json_schema", 10, 1)}) == {}


def test_several_schemas_are_taken_together() -> None:
    """Sums, and the last ten errors of all."""
    first = schema_stats(10, 1, 0, [f"first {number}" for number in range(8)])
    second = schema_stats(10, 0, 3, [f"second {number}" for number in range(8)])
    block = reported({"a": first, "other": ValidatorStats("acme:x", 99, 99), "b": second})["schema_validation"]
    assert (block["total_validated"], block["violations"], block["compliance_rate"]) == (20, 4, 0.8)
    assert block["recent_errors"] == ["first 6", "first 7", *(f"second {number}" for number in range(8))]


@pytest.mark.parametrize(
    ("switch", "left"),
    [
        ("track_schema_compliance", {"length_distribution", "diversity_score", "acme_toxicity"}),
        ("aggregate_stats", {"schema_validation"}),
    ],
)
def test_switches_leave_parts_out(switch: str, left: set[str]) -> None:
    """Each switch takes its part, and nothing else."""
    validators = {"json_schema": schema_stats(10, 1, 0, ["x"])}
    assert set(reported(validators, {**METRICS, "acme_toxicity": 1}, **{switch: False})) == left


def test_errors_are_left_out_with_logging_off() -> None:
    """The counts stay."""
    block = reported({"json_schema": schema_stats(10, 1, 0, ["x"])}, log_validation_errors=False)["schema_validation"]
    assert block == {"total_validated": 10, "compliant": 9, "violations": 1, "compliance_rate": 0.9}


def test_other_metrics_follow_under_their_names() -> None:
    """What another plugin measures stands after the documented keys."""
    result = reported({"s": schema_stats(1)}, {"acme_toxicity": {"mean": 0.1}, **METRICS, "zeta": [1, 2]})
    assert list(result) == ["schema_validation", "length_distribution", "diversity_score", "acme_toxicity", "zeta"]
    assert result["acme_toxicity"] == {"mean": 0.1}


def test_a_metric_cannot_stand_in_for_the_compliance() -> None:
    """A third party's metric of that name gives way."""
    result = reported({"s": schema_stats(1)}, {"schema_validation": "mine"})
    assert result["schema_validation"]["total_validated"] == 1
