"""The plan of a run: what it is (identity) and what was settled when it first started (pinned)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import msgspec.json

from tuneport.errors import RecipeError
from tuneport.files import Resources
from tuneport.model import Entity, Problem
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import Recipe
from tuneport.runs.codes import sound
from tuneport.runs.planning.compile import Compiled, Facts, Judges, compile_pipeline, compile_validators
from tuneport.runs.planning.identity import Pinned, canonical, identity_of, now_of, pinned_before
from tuneport.runs.planning.origin import key_of, opened, subject_of, warn_of_unseen
from tuneport.runs.planning.pipeline import Pipeline, Stage, resolve_importer, resolve_pipeline
from tuneport.runs.planning.target import Target, target_of
from tuneport.runs.reading.sources import information, with_field_types
from tuneport.source import Source, SourceInfo


@dataclass(frozen=True)
class Sizes:
    """How work is cut. None of it changes a byte of the dataset.

    Attributes:
        part_bytes: about how much of a source that can seek is one part.
        part_entities: how many records are one part where it cannot; None means a part for the whole source.
        savepoint_bytes: how much rendered output is made durable together.
        seek: read ranges where the source can; off, it is read from end to end.
        defer: let samples wait until all are there, even where nothing asks for it.
    """

    part_bytes: int = 4 << 20
    part_entities: int | None = 4096
    savepoint_bytes: int = 64 << 20
    seek: bool = True
    defer: bool = False


SIZES = Sizes()


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, checked, before it reads the first record."""

    recipe: Recipe
    pipeline: Pipeline
    compiled: Compiled
    importer: Stage | None
    source: Source
    info: SourceInfo
    key: tuple[str, ...] | None
    subject: str | None
    target: Target
    identity: Mapping[str, Any]
    pinned: Pinned
    sizes: Sizes

    @property
    def digest(self) -> str:
        """SHA-256 of identity and pinned facts: what staged work is bound to."""
        return sha256(self.document()).hexdigest()

    @property
    def resumable(self) -> bool:
        """Whether a killed run can be taken up again: the source can be read twice, and tells when it changed."""
        return self.info.revision is not None and self.target.kind != "stdout"

    @property
    def reads(self) -> frozenset[str] | None:
        """The fields to read, those that name a record or its subject included; None for all."""
        if self.compiled.reads is None:
            return None
        subject = () if self.subject is None else (self.subject,)
        return self.compiled.reads | frozenset((*(("pk", "id") if self.key is None else self.key), *subject))

    @property
    def waits(self) -> tuple[str, ...]:
        """Why no verdict can be given before all samples have been seen; empty where verdicts come part by part."""
        return tuple(f"{stage.qualified} needs the values of all samples" for stage, _ in self.compiled.deferred)

    @property
    def deferred(self) -> bool:
        """Whether samples wait in a spool until all have been seen."""
        return bool(self.compiled.deferred) or self.sizes.defer

    @property
    def indexed(self) -> bool:
        """Whether the output says of every record what became of it."""
        if self.target.kind != "folder":
            return False
        source, asked = self.recipe.source, self.recipe.output.index
        named = source is not None and bool(source.key or source.subject)
        per_sample = any(one.per_sample for one in self.compiled.metrics)
        return (named or per_sample) if asked is None else asked

    def place(self, ordinal: int) -> str:
        """Where a record stands, for a person; `ordinal` counts lines or rows of the whole source, from 0."""
        try:
            return sound(self.source.locate(ordinal))
        except Exception:  # noqa: BLE001  -- where a third party's source cannot say it, the number will do
            return f"record {ordinal + 1}"

    def document(self) -> bytes:
        """The plan as canonical JSON, as `plan.json` holds it."""
        return canonical({"identity": self.identity, "pinned": self.pinned})


def make_plan(
    recipe: Recipe,
    manager: PluginManager,
    *,
    entities: Iterable[Entity] | None = None,
    sizes: Sizes = SIZES,
    to_run: bool = True,
) -> Plan:
    """Resolve, validate and pin a recipe. Work of the same identity that is staged lends its pinned facts.

    Args:
        recipe: what is asked for.
        manager: where plugins come from.
        entities: read these instead of the recipe's source.
        sizes: how to cut the work.
        to_run: fail now, before anything is read, where the target exists.

    Raises:
        RecipeError: the recipe is wrong; all problems at once.
        TargetExistsError: something stands where it points to.
        SourceNotFoundError, SourceError: there is nothing to read, or it cannot be opened.
    """
    problems = list(recipe.problems)
    pipeline = resolve_pipeline(recipe, manager, problems)
    importer = resolve_importer(recipe, manager, problems) if entities is None else None
    target = target_of(recipe.output, recipe.base, len(pipeline.formats) if pipeline else 1, problems)
    if pipeline is None or target is None or (entities is None and importer is None):
        raise RecipeError(problems, recipe.origin)
    staged = target.staged_plan()
    if to_run and staged is None and not problems:
        target.must_be_free()
    resources = Resources(recipe.base)
    source = opened(recipe, importer, entities, target, resources, problems)
    info = information(source)
    key, subject = key_of(recipe, info, problems), subject_of(recipe, info, problems)
    draft = _Draft(recipe, pipeline, importer, source, info, key, subject, target, sizes, resources.digests)
    return draft.plan(staged, problems)


@dataclass(frozen=True)
class _Draft:
    """A plan whose facts are not pinned yet."""

    recipe: Recipe
    pipeline: Pipeline
    importer: Stage | None
    source: Source
    info: SourceInfo
    key: tuple[str, ...] | None
    subject: str | None
    target: Target
    sizes: Sizes
    resources: Mapping[str, str]

    def plan(self, staged: Mapping[str, Any] | None, problems: list[Problem]) -> Plan:
        """The plan, with the facts that staged work of the same identity was pinned to, or with its own."""
        identity = identity_of(self.recipe, self.pipeline, self.importer, self.info)
        before = pinned_before(staged, identity) if staged is not None else None
        if before is not None and self.recipe.run.now is not None:
            before = msgspec.structs.replace(before, now=self.recipe.run.now)
        now = before.now if before is not None else now_of(self.recipe)
        judges = compile_validators(self.pipeline, self._facts(now, {}), problems)
        self._no_folder(problems)
        if problems and self.info.fields is None:
            # Its fields would have to be looked for in the records, and nothing is read for a recipe that is wrong.
            raise RecipeError(problems, self.recipe.origin)
        source, pinned = (self.source, before) if before is not None else self._pinned(now)
        plan = self._compiled(identity, source, pinned, judges, problems)
        if before is not None and staged is not None and staged["identity"] != msgspec.to_builtins(plan.identity):
            # A file that a stage reads has changed since: this is another run, with a time of its own.
            return self.plan(None, problems)
        return plan

    def _compiled(
        self, identity: Mapping[str, Any], source: Source, pinned: Pinned, judges: Judges, problems: list[Problem]
    ) -> Plan:
        facts = self._facts(pinned.now, dict(pinned.fields))
        compiled = compile_pipeline(self.pipeline, judges, facts, self._conditions(), problems)
        warn_of_unseen(self.recipe, self.info, facts.fields)
        if problems:
            raise RecipeError(problems, self.recipe.origin)
        plan = Plan(
            recipe=self.recipe,
            pipeline=self.pipeline,
            compiled=compiled,
            importer=self.importer,
            source=source,
            info=self.info,
            key=self.key,
            subject=self.subject,
            target=self.target,
            identity={**identity, "resources": {**self.resources, **compiled.resources}},
            pinned=pinned,
            sizes=self.sizes,
        )
        if not plan.indexed and any(one.per_sample for one in compiled.metrics):
            what = "what is said of each sample stands in the index, and there is none"
            problems.append(Problem("export.quality_metrics", what, "name a folder, and leave output.index out"))
            raise RecipeError(problems, self.recipe.origin)
        return plan

    def _no_folder(self, problems: list[Problem]) -> None:
        """Name what only a folder can have."""
        if self.target.kind != "folder":
            judges = [stage for stage in self.pipeline.validators if stage.contribution.on == "dataset"]
            problems.extend(
                Problem(stage.path, f"{stage.ref.qualified} judges datasets, and rows alone are none", "name a folder")
                for stage in judges
            )

    def _conditions(self) -> dict[str, str]:
        both = {
            "export.where": self.recipe.export.where,
            "output.filter_expression": self.recipe.output.filter_expression,
        }
        return {place: text for place, text in both.items() if text.strip()}

    def _pinned(self, now: datetime) -> tuple[Source, Pinned]:
        source, fields = with_field_types(self.source, self.info)
        return source, Pinned(
            now=now,
            fields=fields,
            part_bytes=self.sizes.part_bytes,
            part_entities=self.sizes.part_entities,
            seek=self.sizes.seek,
        )

    def _facts(self, now: datetime, fields: dict[str, str]) -> Facts:
        output = self.recipe.output
        hidden = set(output.exclude_fields)
        if output.include_fields:
            hidden |= fields.keys() - set(output.include_fields)
        return Facts(
            now=now,
            seed=self.recipe.run.seed,
            fields={name: kind for name, kind in fields.items() if name not in hidden},
            closed=self.info.closed,
            hidden=frozenset(hidden),
            base=self.recipe.base,
        )
