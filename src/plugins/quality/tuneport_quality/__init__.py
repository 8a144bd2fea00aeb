"""JSON Schema, near-duplicates, decontamination, metrics of what is written, and the quality report.

Each implementation is imported when its hook is called, so that registering this plugin costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuneport import hookimpl

if TYPE_CHECKING:
    from tuneport import Metric
    from tuneport.hookspecs import ArtifactMaker, Filter, Fingerprint, Register, RegisterValidator


@hookimpl
def register_filters(register: Register[Filter]) -> None:
    """Offer the filter `decontamination`."""
    from tuneport_quality import config, decontamination

    register(
        "decontamination",
        decontamination.decontamination,
        config=config.DecontaminationConfig,
        doc="Leaves out samples that have words in a row with a text to evaluate with",
    )


@hookimpl
def register_fingerprints(register: Register[Fingerprint]) -> None:
    """Offer the fingerprint `near_duplicates`."""
    from tuneport_quality import config, near_duplicates

    register(
        "near_duplicates",
        near_duplicates.near_duplicates,
        config=config.NearDuplicatesConfig,
        doc="Samples whose trained texts are nearly the same, by MinHash over their shingles",
    )


@hookimpl
def register_validators(register: RegisterValidator) -> None:
    """Offer the validator of rows `json_schema`."""
    from tuneport_quality import config, json_schema

    register(
        "json_schema",
        json_schema.json_schema,
        config=config.JsonSchemaConfig,
        doc="Every row fits a JSON Schema (drafts 4, 6, 7, 2019-09, 2020-12)",
        on="row",
    )


@hookimpl
def register_metrics(register: Register[Metric[Any]]) -> None:
    """Offer the two metrics."""
    from tuneport_quality import config, diversity, lengths

    register(
        "length_distribution",
        lengths.length_distribution,
        config=config.LengthDistributionConfig,
        doc="How many samples there are of each length, in steps of 100 characters of the trained text",
    )
    register(
        "diversity_score",
        diversity.diversity_score,
        config=config.DiversityScoreConfig,
        doc="The part of word pairs that are different, from 0 to 1, in a sample of fixed size",
    )


@hookimpl
def register_artifacts(register: Register[ArtifactMaker]) -> None:
    """Offer the quality report."""
    from tuneport_quality import config, report

    register(
        "quality_report",
        report.quality_report,
        config=config.QualityReportConfig,
        doc="quality_report.json: schema compliance, lengths, diversity",
    )
