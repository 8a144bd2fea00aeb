"""The manifest of what a run made."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec.json

from tuneport.dataset import DataFile, DatasetManifest, FormatInfo, PluginInfo, SourceRead, SplitInfo
from tuneport.recipes.models import rfc3339
from tuneport.runs.planning.compiled import NamedFormat
from tuneport.runs.planning.identity import versions
from tuneport.runs.planning.plan import Plan
from tuneport.runs.tally import Tally
from tuneport.runs.weights.losses import in_order
from tuneport.runs.working.features import declared_feature


def resolved_recipe(plan: Plan, folder: Path) -> dict[str, Any]:
    """The recipe that makes the dataset again, from inside its folder: split like the version that was read for it."""
    data = plan.recipe.resolved(plan.pinned.now, folder)
    if plan.split is not None:
        split, read = data["output"]["split"], plan.split.against
        written = split.pop("against", None)
        if read is not None:
            # A reference stays one: what it stands for is shown nowhere.
            split["against"] = str(read) if isinstance(written, str) else written
    return data


def as_json(plan: Plan, data: Any) -> bytes:
    """A side file's JSON, indented where the recipe asks for it."""
    indent = 2 if plan.recipe.output.pretty_print else 0
    return msgspec.json.format(msgspec.json.encode(data), indent=indent) + b"\n"


def manifest_of(
    plan: Plan, tally: Tally, digest: str, formats: dict[str, FormatInfo], index: list[DataFile], recipe: bytes
) -> DatasetManifest:
    """What was made of which records, by whom."""
    stats = tally.stats
    importers = [inlet.importer for inlet in plan.inlets if inlet.importer is not None]
    refs = [*(stage.ref for stage in plan.pipeline.stages()), *importers]
    plugins = {ref.plugin: PluginInfo(ref.plugin, ref.version, ref.digest) for ref in refs}
    changers = [one for stage in plan.pipeline.formats for one in stage.contribution.changed_by]
    plugins |= {one.plugin: PluginInfo(*one) for one in changers}
    return DatasetManifest(
        name=plan.target.path.name if plan.target.kind != "stdout" else "stdout",
        now=rfc3339(plan.pinned.now),
        seed=plan.recipe.run.seed,
        recipe=sha256(recipe).hexdigest(),
        source=plan.title,
        sources=_sources(plan, tally),
        counts={
            "total": stats.total_entities,
            "exported": stats.exported_entities,
            "filtered": stats.filtered_entities,
            "duplicate": stats.duplicate_entities,
            "errored": stats.errored_entities,
        },
        rejects=dict(sorted(stats.rejects.items())),
        weights=tally.weights.summary() if plan.pipeline.weightings else {},
        weight_shares=tally.weights.shares_summary(),
        split=_split(plan, tally),
        near_duplicates=tally.near,
        notes=dict(sorted(tally.notes.items())),
        formats=formats,
        plugins=[plugins[name] for name in sorted(plugins)],
        versions=versions(),
        digest=digest,
        validators=tally.validators,
        metrics=tally.metrics.results(),
        index=index,
    )


def _sources(plan: Plan, tally: Tally) -> list[SourceRead]:
    """What was read of each source."""
    return [SourceRead(inlet.name, inlet.info.title, tally.read[number]) for number, inlet in enumerate(plan.inlets)]


def _split(plan: Plan, tally: Tally) -> SplitInfo | None:
    """How samples were split."""
    if plan.split is None:
        return None
    section = plan.split.section
    return SplitInfo(
        mode=section.mode,
        asked=section.asked,
        samples=dict(tally.splits),
        group_by=section.group_by,
        stratify_by=section.stratify_by,
        against=plan.split.digests.get(str(section.against), ""),
        held_out=plan.split.held_out.prompts if plan.split.held_out is not None else 0,
        **(tally.leakage or {}),
    )


def format_infos(plan: Plan, tally: Tally, files: dict[str, dict[str, list[DataFile]]]) -> dict[str, FormatInfo]:
    """Format name to who wrote it, its columns, its files by split, and its ledger."""
    return {
        one.name: FormatInfo(
            plugin=one.stage.qualified,
            features=_features(one, tally),
            splits={split: shards for split, shards in files.get(one.name, {}).items() if shards},
            ledger=tally.stats.formats[one.name],
            weights=one.carriage.weights,
            losses=_losses(tally, one.name),
        )
        for one in plan.compiled.formats
    }


def _losses(tally: Tally, name: str) -> dict[str, int]:
    losses = tally.losses.get(name, Counter())
    return {aspect: losses[aspect] for aspect in in_order(losses)}


def _features(one: NamedFormat, tally: Tally) -> dict[str, Any] | None:
    known = one.features or tally.features.get(one.name, {})
    columns = {column: declared_feature(seen) for column, seen in known.items()}
    return None if not columns or None in columns.values() else columns
