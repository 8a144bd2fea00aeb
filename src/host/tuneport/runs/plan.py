"""The plan of a run: what it is (identity) and what was settled when it first started (pinned)."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import msgspec
import msgspec.json

from tuneport.errors import RecipeError, SourceNotFoundError, UsageError
from tuneport.model import Entity, Problem
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import Recipe
from tuneport.runs.compile import Compiled, Facts, compile_pipeline
from tuneport.runs.pipeline import Pipeline, Stage, resolve_importer, resolve_pipeline
from tuneport.runs.sources import IterableSource, field_types, open_source
from tuneport.runs.target import Target, target_of
from tuneport.source import Source, SourceInfo

# What may change between a run and its resume without changing a byte of the dataset.
_NOT_IDENTITY = {"run": {"max_error_rate", "now"}, "output": {"min_rows", "progress_interval", "continue_on_error"}}


@dataclass(frozen=True)
class Sizes:
    """How work is cut. None of it changes a byte of the dataset.

    Attributes:
        part_bytes: about how much of a source that can seek is one part.
        part_entities: how many records are one part where it cannot; None means a part for the whole source.
        savepoint_bytes: how much rendered output is made durable together.
        seek: read ranges where the source can; off, it is read from end to end.
    """

    part_bytes: int = 4 << 20
    part_entities: int | None = 4096
    savepoint_bytes: int = 64 << 20
    seek: bool = True


SIZES = Sizes()


class Pinned(msgspec.Struct, frozen=True):
    """Settled when a run first starts, and kept when it is taken up again."""

    now: datetime
    fields: dict[str, str]
    part_bytes: int
    part_entities: int | None
    seek: bool


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, checked, before it reads the first record."""

    recipe: Recipe
    pipeline: Pipeline
    compiled: Compiled
    source: Source
    info: SourceInfo
    key: tuple[str, ...]
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
        """The fields to read, those that name a record included; None for all."""
        compiled = self.compiled.reads
        return None if compiled is None else compiled | frozenset(self.key)

    def document(self) -> bytes:
        """The plan as canonical JSON, as `plan.json` holds it."""
        return canonical({"identity": self.identity, "pinned": self.pinned})


def canonical(data: Any) -> bytes:
    """JSON with sorted keys: the same data, the same bytes."""
    return msgspec.json.encode(data, order="sorted")


def make_plan(
    recipe: Recipe,
    manager: PluginManager,
    *,
    entities: Iterable[Entity] | None = None,
    sizes: Sizes = SIZES,
    staged: Mapping[str, Any] | None = None,
) -> Plan:
    """Resolve, validate and pin a recipe.

    Args:
        recipe: what is asked for.
        manager: where plugins come from.
        entities: read these instead of the recipe's source.
        sizes: how to cut the work.
        staged: the plan of work that was staged before; its pinned facts are taken over if it is of the
            same identity.

    Raises:
        RecipeError: the recipe is wrong; all problems at once.
        SourceNotFoundError, SourceError: there is nothing to read, or it cannot be opened.
    """
    problems = list(recipe.problems)
    pipeline = resolve_pipeline(recipe, manager, problems)
    importer = resolve_importer(recipe, manager, problems) if entities is None else None
    formats = len(pipeline.formats) if pipeline else 1
    target = target_of(recipe.output, recipe.base, formats, problems)
    if pipeline is None or target is None or (entities is None and importer is None):
        raise RecipeError(problems, recipe.origin)
    source = IterableSource(entities) if entities is not None else _open(importer, recipe)
    info = source.info()
    key = _key(recipe, info, problems)
    if problems and info.fields is None:
        raise RecipeError(problems, recipe.origin)
    draft = _Draft(recipe, pipeline, source, info, key, target, importer, sizes)
    plan = draft.plan(draft.pinned(staged), problems)
    if staged and staged.get("identity") != plan.identity:
        plan = draft.plan(draft.pinned(None), problems)
    return plan


def _open(importer: Stage | None, recipe: Recipe) -> Source:
    assert importer is not None  # noqa: S101  -- for the type checker: make_plan has checked
    settings = {
        name: recipe.resolve(value) if hasattr(value, "is_absolute") else value
        for name, value in ((name, getattr(importer.config, name)) for name in importer.config.model_fields_set)
    }
    try:
        return open_source(importer.contribution, importer.config.model_copy(update=settings))
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{error.filename}: not found") from error


def _key(recipe: Recipe, info: SourceInfo, problems: list[Problem]) -> tuple[str, ...]:
    """The fields that name a record: those the recipe names, else the source's own, else `pk`, else `id`."""
    named = tuple(recipe.source.key) if recipe.source is not None else ()
    if named and info.closed and info.fields is not None:
        for name in named:
            if name not in info.fields:
                known = ", ".join(info.fields)
                problems.append(Problem(f'source.key = "{name}"', "the source has no such field", f"it has {known}"))
    if named or info.key:
        return named or info.key
    if info.closed and info.fields is not None:
        return tuple(name for name in ("pk", "id") if name in info.fields)[:1]
    return ("pk", "id")


@dataclass(frozen=True)
class _Draft:
    """What does not change while the pinned facts of a plan are settled."""

    recipe: Recipe
    pipeline: Pipeline
    source: Source
    info: SourceInfo
    key: tuple[str, ...]
    target: Target
    importer: Stage | None
    sizes: Sizes

    def pinned(self, staged: Mapping[str, Any] | None) -> Pinned:
        if staged is not None:
            with contextlib.suppress(msgspec.ValidationError, KeyError):
                pinned = msgspec.convert(staged["pinned"], Pinned)
                return msgspec.structs.replace(pinned, now=self.recipe.run.now or pinned.now)
        return Pinned(
            now=self.recipe.run.now or _now(),
            fields=field_types(self.source, self.info),
            part_bytes=self.sizes.part_bytes,
            part_entities=self.sizes.part_entities,
            seek=self.sizes.seek,
        )

    def plan(self, pinned: Pinned, problems: list[Problem]) -> Plan:
        facts = self._facts(pinned)
        compiled = compile_pipeline(self.pipeline, facts, problems)
        if problems:
            raise RecipeError(problems, self.recipe.origin)
        return Plan(
            recipe=self.recipe,
            pipeline=self.pipeline,
            compiled=compiled,
            source=self.source,
            info=self.info,
            key=self.key,
            target=self.target,
            identity=self._identity(compiled),
            pinned=pinned,
            sizes=self.sizes,
        )

    def _facts(self, pinned: Pinned) -> Facts:
        output = self.recipe.output
        excluded = set(output.exclude_fields)
        if output.include_fields:
            excluded |= pinned.fields.keys() - set(output.include_fields)
        return Facts(
            now=pinned.now,
            seed=self.recipe.run.seed,
            fields={name: kind for name, kind in pinned.fields.items() if name not in excluded},
            closed=self.info.closed,
            hidden=frozenset(excluded),
            base=self.recipe.base,
        )

    def _identity(self, compiled: Compiled) -> dict[str, Any]:
        recipe = self.recipe.model_dump(mode="json", exclude_none=True)
        for section, keys in _NOT_IDENTITY.items():
            recipe[section] = {key: value for key, value in recipe[section].items() if key not in keys}
        now = self.recipe.run.now
        return {
            "recipe": {**recipe, "now": now.isoformat() if now else None},
            "source": {
                "importer": msgspec.to_builtins(self.importer.ref) if self.importer else None,
                "revision": dict(self.info.revision) if self.info.revision is not None else None,
            },
            "stages": [msgspec.to_builtins(stage.ref) for stage in self.pipeline.stages()],
            "resources": compiled.resources,
            "versions": versions(),
        }


def _now() -> datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}, not a number of seconds") from None


def versions() -> dict[str, str]:
    """What the bytes of a dataset depend on besides plugins."""
    named = {name: version(name) for name in ("tuneport", "msgspec", "xxhash", "zstandard")}
    return {**named, "python": ".".join(platform.python_version_tuple()[:2])}


def changed(before: Any, after: Any, path: str = "") -> list[str]:
    """The dotted paths at which two identities differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return [
            line
            for key in sorted(before.keys() | after.keys())
            for line in changed(before.get(key), after.get(key), f"{path}.{key}" if path else key)
        ]
    return [] if before == after else [path]
