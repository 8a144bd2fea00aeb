"""How a plan comes about: resolved, checked and pinned, or an error that lists all that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from tuneport.files import Resources
from tuneport.model import Entity, Problem
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import Recipe
from tuneport.runs.planning.compile import Judges, compile_pipeline, compile_validators
from tuneport.runs.planning.compiler import Clause, misread
from tuneport.runs.planning.formats import must_open
from tuneport.runs.planning.identity import Pinned, identity_of, now_of, pinned_before
from tuneport.runs.planning.importers import resolve_readers
from tuneport.runs.planning.known import facts_of
from tuneport.runs.planning.origin import given, opened, warn_of_unseen
from tuneport.runs.planning.pipeline import Pipeline, resolve_pipeline
from tuneport.runs.planning.plan import Plan
from tuneport.runs.planning.sizes import SIZES, Sizes
from tuneport.runs.planning.split import split_of
from tuneport.runs.planning.target import Target, target_of
from tuneport.runs.reading.sources import with_field_types
from tuneport.runs.reading.streams import Inlet, Stream


def make_plan(
    recipe: Recipe,
    manager: PluginManager,
    *,
    entities: Iterable[Entity] | None = None,
    sizes: Sizes = SIZES,
    to_run: bool = True,
    fresh: bool = False,
    staged: Mapping[str, Any] | None = None,
) -> Plan:
    """Resolve, validate and pin a recipe. Work of the same identity that is staged lends its pinned facts.

    Args:
        recipe: what is asked for.
        manager: where plugins come from.
        entities: read these instead of the recipe's source.
        sizes: how to cut the work.
        to_run: fail now, before anything is read, where the target exists.
        fresh: take nothing from staged work, which is thrown away.
        staged: a plan that lends its pinned facts, where it is of the same identity; that of staged work if left out.

    Raises:
        RecipeError: the recipe is wrong; all problems at once.
        TargetExistsError: something stands where it points to.
        SourceNotFoundError, SourceError: there is nothing to read, or it cannot be opened.
    """
    problems = list(recipe.problems)
    pipeline = resolve_pipeline(recipe, manager, problems)
    readers = resolve_readers(recipe, manager, problems) if entities is None else []
    target = target_of(recipe.output, recipe.base, len(pipeline.formats) if pipeline else 1, problems)
    if pipeline is None or target is None or (entities is None and len(readers) != max(1, len(recipe.source))):
        misread(_conditions(recipe), problems)
        raise recipe.refused(problems)
    if staged is None and not fresh:
        staged = target.staged_plan()
    if to_run and staged is None and not problems:
        target.must_be_free()
    resources = Resources(recipe.base)
    inlets, streams = given(entities) if entities is not None else opened(recipe, readers, target, resources, problems)
    draft = _Draft(recipe, pipeline, inlets, streams, target, sizes, resources.digests, fresh)
    return replace(draft.plan(staged, problems), settings=manager.portable)


def _conditions(recipe: Recipe) -> list[Clause]:
    both = {"export.where": recipe.export.where, "output.filter_expression": recipe.output.filter_expression}
    masked = recipe.references.masked
    return [Clause(path, text, masked(text)) for path, text in both.items() if text.strip()]


@dataclass(frozen=True)
class _Draft:
    """A plan whose facts are not pinned yet."""

    recipe: Recipe
    pipeline: Pipeline
    inlets: Sequence[Inlet]
    streams: Sequence[Stream]
    target: Target
    sizes: Sizes
    resources: Mapping[str, str]
    fresh: bool

    def plan(self, staged: Mapping[str, Any] | None, problems: list[Problem]) -> Plan:
        """The plan, with the facts that staged work of the same identity was pinned to, or with its own."""
        identity = identity_of(self.recipe, self.pipeline, self.inlets, self.streams)
        # Without a revision nobody knows whether they still hold.
        known = all(stream.info.revision is not None for stream in self.streams)
        before = lent = pinned_before(staged, identity) if staged is not None and known else None
        if before is not None and self.recipe.run.now is not None:
            before = msgspec.structs.replace(before, now=self.recipe.run.now)
        now = before.now if before is not None else now_of(self.recipe)
        judges = compile_validators(
            self.pipeline, facts_of(self.recipe, self.inlets, self.streams, now, [[] for _ in self.inlets])[0], problems
        )
        self._no_folder(problems)
        if problems and any(inlet.info.fields is None for inlet in self.inlets):
            # Fields would have to be looked for in the records, and nothing is read for a recipe that is wrong.
            misread(_conditions(self.recipe), problems)
            raise self.recipe.refused(problems)
        streams, pinned = (self.streams, before) if before is not None else self._pinned(now)
        plan = replace(self._compiled(identity, streams, pinned, judges, problems), lent=lent)
        if before is not None and staged is not None and staged["identity"] != msgspec.to_builtins(plan.identity):
            # A file that a stage reads has changed since: this is another run, with a time of its own.
            return self.plan(None, problems)
        return plan

    def _compiled(
        self,
        identity: Mapping[str, Any],
        streams: Sequence[Stream],
        pinned: Pinned,
        judges: Judges,
        problems: list[Problem],
    ) -> Plan:
        facts = facts_of(self.recipe, self.inlets, streams, pinned.now, pinned.fields)
        split = split_of(self.recipe, self.target, problems)
        must_open(self.pipeline, self.target, problems)
        section = self.recipe.output.split
        compiled = compile_pipeline(self.pipeline, judges, facts, _conditions(self.recipe), section, problems)
        for inlet, one in zip(self.inlets, facts, strict=True):
            warn_of_unseen(inlet, one.fields)
        if problems:
            raise self.recipe.refused(problems)
        resources = {**self.resources, **compiled.resources, **(split.digests if split is not None else {})}
        plan = Plan(
            recipe=self.recipe,
            pipeline=self.pipeline,
            compiled=compiled,
            inlets=tuple(self.inlets),
            streams=tuple(streams),
            target=self.target,
            identity={**identity, "resources": resources},
            pinned=pinned,
            sizes=self.sizes,
            split=split,
            fresh=self.fresh,
        )
        if not plan.indexed and any(one.per_sample for one in compiled.metrics):
            what = "what is said of each sample stands in the index, and there is none"
            problems.append(Problem("export.quality_metrics", what, "name a folder, and leave output.index out"))
            raise self.recipe.refused(problems)
        return plan

    def _no_folder(self, problems: list[Problem]) -> None:
        """Name what only a folder can have."""
        if self.target.kind != "folder":
            judges = [stage for stage in self.pipeline.validators if stage.contribution.on == "dataset"]
            problems.extend(
                Problem(stage.path, f"{stage.ref.qualified} judges datasets, and rows alone are none", "name a folder")
                for stage in judges
            )

    def _pinned(self, now: datetime) -> tuple[Sequence[Stream], Pinned]:
        found = [
            with_field_types([stream for stream in self.streams if stream.inlet == number], inlet.info)
            for number, inlet in enumerate(self.inlets)
        ]
        return [stream for streams, _ in found for stream in streams], Pinned(
            now=now,
            fields=[fields for _, fields in found],
            part_bytes=self.sizes.part_bytes,
            part_entities=self.sizes.part_entities,
            seek=self.sizes.seek,
        )
