"""A plan as plain data, for people and for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tuneport.runs.planning.plan import Plan
from tuneport.runs.planning.stages import Stage
from tuneport.runs.weights.policy import Carriage
from tuneport.traits import FormatTraits


class PlanFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a run will do. Stages are called `plugin:name`.

    Attributes:
        title: what is read.
        rows: about how many records it has; None where that is not known.
        reads: the fields a run reads, of all its sources together; None for all of them.
        whole: the stages because of which all of them are read.
        where: the conditions on a record, all of which have to hold.
        styles: what makes a sample of a record, for each source.
        filters: what may leave it out.
        weightings: what weighs it; factors multiply.
        fingerprints: what says which samples are near-duplicates.
        dedup: whether samples with the same content are left out, but for the first.
        formats: what writes it.
        weights: format name to how it carries weights.
        traits: format name to what its target can express.
        split: what is kept apart from training; None where nothing is.
        validators: what judges rows, the adapter or the dataset.
        metrics: what is measured.
        waits: why verdicts need all samples; empty where they come record by record.
        target: where the dataset goes; None where the recipe does not say.
        now: the run's time.
        resumable: whether a killed run can be taken up again.
        digest: of the plan; None where it has no target.
    """

    title: str
    rows: int | None
    reads: list[str] | None
    whole: list[str]
    where: list[str]
    styles: list[str]
    filters: list[str]
    weightings: list[str]
    fingerprints: list[str]
    dedup: bool
    formats: list[str]
    weights: dict[str, Carriage]
    traits: dict[str, FormatTraits]
    split: dict[str, Any] | None
    validators: list[str]
    metrics: list[str]
    waits: list[str]
    target: str | None
    now: str
    resumable: bool
    digest: str | None


def plan_facts(plan: Plan) -> PlanFacts:
    """What a plan says."""
    pipeline, preparations = plan.pipeline, plan.compiled.preparations
    return PlanFacts(
        title=plan.title,
        rows=plan.rows,
        reads=_reads(plan),
        whole=sorted({stage for one in preparations for stage in one.whole}),
        where=[condition.text for condition in preparations[0].conditions],
        styles=_names(pipeline.styles),
        filters=_names(pipeline.filters),
        weightings=_names(pipeline.weightings),
        fingerprints=_names(pipeline.fingerprints),
        dedup=pipeline.dedup,
        formats=_names(pipeline.formats),
        weights=plan.compiled.carried(),
        traits=pipeline.traits(),
        split=_split(plan),
        validators=_names(pipeline.validators),
        metrics=_names(pipeline.metrics),
        waits=list(plan.waits),
        target=plan.target.shown,
        now=plan.pinned.now.isoformat(),
        resumable=plan.resumable,
        digest=plan.digest,
    )


def _reads(plan: Plan) -> list[str] | None:
    fields: set[str] = set()
    for number in range(len(plan.inlets)):
        reads = plan.reads(number)
        if reads is None:
            return None
        fields |= reads
    return sorted(fields)


def _split(plan: Plan) -> dict[str, Any] | None:
    return plan.split.section.model_dump(mode="json", exclude_defaults=True) if plan.split is not None else None


def _names(stages: Iterable[Stage]) -> list[str]:
    return [stage.ref.qualified for stage in stages]
