"""The plan of a run: what it is (identity) and what was settled when it first started (pinned)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import msgspec.json

from tuneport.files import Resources
from tuneport.model import Entity, Problem
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import Recipe
from tuneport.runs.codes import sound
from tuneport.runs.planning.compile import Judges, compile_pipeline, compile_validators
from tuneport.runs.planning.compiled import Compiled
from tuneport.runs.planning.compiler import Clause, misread
from tuneport.runs.planning.formats import must_open
from tuneport.runs.planning.identity import Pinned, canonical, identity_of, now_of, pinned_before
from tuneport.runs.planning.importers import resolve_readers
from tuneport.runs.planning.known import facts_of
from tuneport.runs.planning.origin import given, opened, warn_of_unseen
from tuneport.runs.planning.pipeline import Pipeline, resolve_pipeline
from tuneport.runs.planning.sizes import SIZES, Sizes
from tuneport.runs.planning.split import Split, split_of
from tuneport.runs.planning.target import Target, target_of
from tuneport.runs.reading.sources import with_field_types
from tuneport.runs.reading.streams import Inlet, Stream


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, checked, before it reads the first record."""

    recipe: Recipe
    pipeline: Pipeline
    compiled: Compiled
    inlets: tuple[Inlet, ...]
    streams: tuple[Stream, ...]
    target: Target
    identity: Mapping[str, Any]
    pinned: Pinned
    sizes: Sizes
    split: Split | None
    lent: Pinned | None = None
    """What staged work was pinned to, where this plan has it from there."""
    fresh: bool = False
    """Whether staged work is thrown away, whatever it is."""

    @property
    def title(self) -> str:
        """What is read, for a person."""
        return " + ".join(inlet.info.title for inlet in self.inlets)

    @property
    def rows(self) -> int | None:
        """About how many records there are; None where nobody knows."""
        counts = [inlet.info.rows for inlet in self.inlets]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def digest(self) -> str:
        """SHA-256 of identity and pinned facts: what staged work is bound to."""
        return sha256(self.document()).hexdigest()

    @property
    def resumable(self) -> bool:
        """Whether a killed run can be taken up again: its sources can be read twice, and tell when they changed."""
        return self.target.kind != "stdout" and all(stream.info.revision is not None for stream in self.streams)

    def reads(self, number: int) -> frozenset[str] | None:
        """The fields to read of an inlet, those that name a record or its subject included; None for all."""
        reads, inlet = self.compiled.preparations[number].reads, self.inlets[number]
        if reads is None:
            return None
        subject = () if inlet.subject is None else (inlet.subject,)
        return reads | frozenset((*(("pk", "id") if inlet.key is None else inlet.key), *subject))

    @property
    def waits(self) -> tuple[str, ...]:
        """Why no verdict can be given before all samples have been seen; empty where verdicts come part by part."""
        reasons = [f"{stage.qualified} needs the values of all samples" for stage, _ in self.compiled.deferred]
        if self.split is not None and self.split.waits:
            reasons.append(self.split.waits)
        if self.averages:
            copied = [name for name, one in self.compiled.carried().items() if one.weights == "replicate"]
            asking = ["mean_one", *copied] if self.pipeline.mean_one else copied
            reasons.append(f"{', '.join(asking)}: weights are taken over their mean")
        return tuple(reasons)

    @property
    def mean(self) -> float | None:
        """The mean of all weights, where it is known before any is: all are the same."""
        factor, (least, most) = self.compiled.factor, self.pipeline.bounds
        return None if factor is None else min(max(factor, least), most)

    @property
    def averages(self) -> bool:
        """Whether the mean of the weights is asked for, and all samples have to be seen for it."""
        asked = self.pipeline.mean_one or any(one.weights == "replicate" for one in self.compiled.carried().values())
        return asked and self.mean is None

    def shard_size(self, name: str) -> int:
        """Bytes of rows after which a file of a format ends: the recipe's, else what its target likes best."""
        output, preset = self.recipe.output, self.pipeline.traits()[name].shard_size
        if preset is None or "shard_size" in output.model_fields_set:
            return int(output.shard_size)
        return min(preset, int(output.shard_size))

    @property
    def deferred(self) -> bool:
        """Whether samples wait in a spool until all have been seen."""
        return bool(self.waits) or self.sizes.defer

    @property
    def indexed(self) -> bool:
        """Whether the output says of every record what became of it."""
        if self.target.kind != "folder":
            return False
        asked = self.recipe.output.index
        named = any(section.key or section.subject for section in self.recipe.source)
        per_sample = any(one.per_sample for one in self.compiled.metrics)
        return (named or per_sample) if asked is None else asked

    def place(self, stream: int, ordinal: int) -> str:
        """Where a record stands, for a person; `ordinal` counts lines or rows of its stream, from 0."""
        one = self.streams[stream]
        try:
            place = one.source.locate(ordinal)
            if sum(other.inlet == one.inlet for other in self.streams) > 1:
                # Of several files, two may have the same name in different folders.
                file = Path(one.name).name
                place = f"{one.name}{place.removeprefix(file)}" if file and place.startswith(file) else place
            return self.recipe.references.masked(sound(place))
        except Exception:  # noqa: BLE001  -- where a third party's source cannot say it, the number will do
            return f"record {ordinal + 1}"

    def document(self) -> bytes:
        """Identity and pinned facts as canonical JSON."""
        return canonical({"identity": self.identity, "pinned": self.pinned})

    def noted(self) -> bytes:
        """The same as `plan.json` holds it: with how many records there were, for whoever compares plans."""
        rows = {inlet.name: inlet.info.rows for inlet in self.inlets}
        return canonical({"identity": self.identity, "pinned": self.pinned, "rows": rows})

    def shown(self) -> bytes:
        """The same for others to see: without what values that stand elsewhere could be guessed from."""
        identity = {name: part for name, part in self.identity.items() if name != "values"}
        return canonical({"identity": identity, "pinned": self.pinned})


def make_plan(
    recipe: Recipe,
    manager: PluginManager,
    *,
    entities: Iterable[Entity] | None = None,
    sizes: Sizes = SIZES,
    to_run: bool = True,
    fresh: bool = False,
) -> Plan:
    """Resolve, validate and pin a recipe. Work of the same identity that is staged lends its pinned facts.

    Args:
        recipe: what is asked for.
        manager: where plugins come from.
        entities: read these instead of the recipe's source.
        sizes: how to cut the work.
        to_run: fail now, before anything is read, where the target exists.
        fresh: take nothing from staged work, which is thrown away.

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
    staged = None if fresh else target.staged_plan()
    if to_run and staged is None and not problems:
        target.must_be_free()
    resources = Resources(recipe.base)
    inlets, streams = given(entities) if entities is not None else opened(recipe, readers, target, resources, problems)
    draft = _Draft(recipe, pipeline, inlets, streams, target, sizes, resources.digests, fresh)
    return draft.plan(staged, problems)


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
