"""The plan of a run: what it is (identity) and what was settled when it first started (pinned)."""

from __future__ import annotations

import os
import platform
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import msgspec.json

from tuneport.errors import RecipeError, TuneportError, UsageError
from tuneport.model import Entity, Problem
from tuneport.plugin_manager import PluginManager
from tuneport.recipes import Recipe
from tuneport.runs.compile import Compiled, Facts, compile_pipeline
from tuneport.runs.pipeline import Pipeline, Stage, resolve_importer, resolve_pipeline
from tuneport.runs.sources import IterableSource, information, open_source, with_field_types
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
    fields: list[tuple[str, str]]
    part_bytes: int
    part_entities: int | None
    seek: bool


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
        return None if compiled is None else compiled | frozenset(("pk", "id") if self.key is None else self.key)

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
    source = _opened(recipe, importer, entities, problems)
    info = information(source)
    key = _key(recipe, info, problems)
    if problems and info.fields is None:
        # Its fields would have to be looked for in the records, and nothing is read for a recipe that is wrong.
        raise RecipeError(problems, recipe.origin)
    return _Draft(recipe, pipeline, importer, source, info, key, target, sizes).plan(staged, problems)


def _opened(
    recipe: Recipe, importer: Stage | None, entities: Iterable[Entity] | None, problems: list[Problem]
) -> Source:
    if importer is None:
        return IterableSource(entities or ())
    paths = {name: recipe.resolve(value) for name, value in importer.config if isinstance(value, Path)}
    config = importer.config.model_copy(update=paths)
    now = recipe.run.now or _now()
    try:
        source = open_source(importer.contribution, config, now, recipe.run.seed, recipe.base)
        information(source)
    except TuneportError as error:
        if not problems:
            raise
        raise RecipeError([*problems, Problem("source", error.message, error.hint)], recipe.origin) from error
    return source


def _key(recipe: Recipe, info: SourceInfo, problems: list[Problem]) -> tuple[str, ...] | None:
    """The fields that name a record: those the recipe names, else the source's own; None for `pk`, else `id`."""
    named = tuple(recipe.source.key) if recipe.source is not None else ()
    if info.closed and info.fields is not None:
        hint = f"it has {', '.join(info.fields)}"
        unknown = [name for name in named if name not in info.fields]
        problems.extend(Problem(f'source.key = "{name}"', "the source has no such field", hint) for name in unknown)
    return named or info.key or None


@dataclass(frozen=True)
class _Draft:
    """A plan whose facts are not pinned yet."""

    recipe: Recipe
    pipeline: Pipeline
    importer: Stage | None
    source: Source
    info: SourceInfo
    key: tuple[str, ...] | None
    target: Target
    sizes: Sizes

    def plan(self, staged: Mapping[str, Any] | None, problems: list[Problem]) -> Plan:
        identity = self._identity()
        pinned = _pinned_before(staged, identity) if staged is not None else None
        source = self.source
        if pinned is None:
            source, pinned = self._pinned()
        elif self.recipe.run.now is not None:
            pinned = msgspec.structs.replace(pinned, now=self.recipe.run.now)
        compiled = compile_pipeline(self.pipeline, self._facts(pinned), problems)
        if problems:
            raise RecipeError(problems, self.recipe.origin)
        return Plan(
            recipe=self.recipe,
            pipeline=self.pipeline,
            compiled=compiled,
            importer=self.importer,
            source=source,
            info=self.info,
            key=self.key,
            target=self.target,
            identity={**identity, "resources": compiled.resources},
            pinned=pinned,
            sizes=self.sizes,
        )

    def _pinned(self) -> tuple[Source, Pinned]:
        source, fields = with_field_types(self.source, self.info)
        return source, Pinned(
            now=self.recipe.run.now or _now(),
            fields=fields,
            part_bytes=self.sizes.part_bytes,
            part_entities=self.sizes.part_entities,
            seek=self.sizes.seek,
        )

    def _facts(self, pinned: Pinned) -> Facts:
        output, fields = self.recipe.output, dict(pinned.fields)
        hidden = set(output.exclude_fields)
        if output.include_fields:
            hidden |= fields.keys() - set(output.include_fields)
        return Facts(
            now=pinned.now,
            seed=self.recipe.run.seed,
            fields={name: kind for name, kind in fields.items() if name not in hidden},
            closed=self.info.closed,
            hidden=frozenset(hidden),
            base=self.recipe.base,
        )

    def _identity(self) -> dict[str, Any]:
        """What this run is, but for the files that its stages read."""
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
            "versions": versions(),
        }


def _pinned_before(staged: Mapping[str, Any], identity: Mapping[str, Any]) -> Pinned | None:
    """The pinned facts of staged work, where it is of this identity."""
    before = staged.get("identity")
    if not isinstance(before, Mapping):
        return None
    if {name: one for name, one in before.items() if name != "resources"} != msgspec.to_builtins(identity):
        return None
    try:
        return msgspec.convert(staged.get("pinned"), Pinned)
    except msgspec.ValidationError:
        return None


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
    return {**named, "zlib": zlib.ZLIB_RUNTIME_VERSION, "python": ".".join(platform.python_version_tuple()[:2])}


def changed(before: Any, after: Any, path: str = "") -> list[str]:
    """The dotted paths at which two identities differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return [
            line
            for key in sorted(before.keys() | after.keys())
            for line in changed(before.get(key), after.get(key), f"{path}.{key}" if path else key)
        ]
    return [] if before == after else [path]
