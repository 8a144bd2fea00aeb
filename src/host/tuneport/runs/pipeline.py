"""From names in a recipe to stages, and from stages to plain callables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuneport.config import suggest, validate
from tuneport.context import Context, SampleShape
from tuneport.errors import PluginError, RecipeError, UnknownNameError
from tuneport.hookspecs import Stages, Use
from tuneport.model import Problem
from tuneport.plugin_manager import Contribution, PluginManager
from tuneport.plugin_manager.digest import code_digest
from tuneport.recipes import Recipe
from tuneport.runs.messages import StageRef

if TYPE_CHECKING:
    from tuneport.hookspecs import ArtifactMaker, Filter, Format, Style, Weighting


@dataclass(frozen=True)
class Stage:
    """A stage whose plugin is loaded and whose configuration is valid, and where the recipe asks for it."""

    ref: StageRef
    contribution: Contribution
    config: Any
    path: str


@dataclass(frozen=True)
class Pipeline:
    """All stages of a run, resolved."""

    exporter: Stage
    style: Stage
    filters: tuple[Stage, ...]
    weightings: tuple[Stage, ...]
    formats: tuple[Stage, ...]
    artifacts: tuple[Stage, ...]
    dedup: bool

    def stages(self) -> Iterator[Stage]:
        """Every stage, in the order in which a record meets them."""
        yield from (self.exporter, self.style, *self.filters, *self.weightings, *self.formats, *self.artifacts)

    def format_names(self) -> list[str]:
        """What each format is called in paths and ledgers: its bare name where that is unique."""
        bare = Counter(stage.ref.name for stage in self.formats)
        return [
            stage.ref.name if bare[stage.ref.name] == 1 else f"{stage.ref.plugin}-{stage.ref.name}"
            for stage in self.formats
        ]


def stage_of(
    manager: PluginManager, kind: str, use: Use, path: str, problems: list[Problem], prefer: str = ""
) -> Stage | None:
    """Resolve one stage and validate its configuration; what is wrong is added to `problems`."""
    given = {"use": use} if isinstance(use, str) else dict(use)
    name = given.pop("use", None)
    given.pop("at", None)
    if not isinstance(name, str):
        problems.append(Problem(path, 'a stage is a name, or a table with use = "name"'))
        return None
    try:
        contribution = manager.resolve(kind, name, prefer)
    except PluginError as error:
        problems.append(Problem(f'{path} = "{name}"', error.message, error.hint, error.code))
        return None
    config = validate(contribution.config, given, path, problems)
    if config is None:
        return None
    return Stage(_reference(manager, contribution, config), contribution, config, path)


def _reference(manager: PluginManager, contribution: Contribution, config: Any) -> StageRef:
    record = manager.get(contribution.plugin)
    # Only what was set: a stage may treat a named default and an unnamed one differently.
    plain = config.model_dump(mode="json", exclude_unset=True)
    digest = code_digest(record.module)
    return StageRef(contribution.kind, record.name, contribution.name, record.version, digest, plain)


def resolve_pipeline(recipe: Recipe, manager: PluginManager, problems: list[Problem]) -> Pipeline | None:
    """Every stage a recipe asks for, by itself or through its exporter.

    What is wrong is added to `problems`. The stages that are right are returned all the same, so that all
    problems can be told at once; None where there is no style to go on with.
    """
    exporter = _exporter(recipe, manager, problems)
    stages = exporter.contribution.factory(exporter.config) if exporter is not None else None
    prefer = exporter.ref.plugin if exporter is not None else ""
    if exporter is not None and not isinstance(stages, Stages):
        problems.append(Problem("export.use", f"exporter {recipe.export.use} runs on its own, and in Python only"))
    asked = stages if isinstance(stages, Stages) else None
    lists = _lists(recipe, asked, prefer, manager, problems)
    if exporter is None or asked is None:
        return None
    style = _resolve(manager, "styles", asked.style, "export.style", problems, prefer)
    return Pipeline(exporter, style, **lists, dedup=asked.dedup) if style is not None else None


def _exporter(recipe: Recipe, manager: PluginManager, problems: list[Problem]) -> Stage | None:
    """The exporter; where keys of its configuration are wrong, as if they had been left out."""
    wrong: list[Problem] = []
    given = {"use": recipe.export.use, **recipe.export.settings}
    exporter = stage_of(manager, "exporters", given, "export", wrong)
    problems.extend(wrong)
    if exporter is None:
        keys = {re.split(r"[ .\[]", problem.path.removeprefix("export."))[0] for problem in wrong}
        exporter = stage_of(manager, "exporters", {k: v for k, v in given.items() if k not in keys}, "export", [])
    return exporter


def _lists(
    recipe: Recipe, stages: Stages | None, prefer: str, manager: PluginManager, problems: list[Problem]
) -> dict[str, tuple[Stage, ...]]:
    export = recipe.export
    asked: dict[str, tuple[Sequence[Use], Sequence[Use]]] = {
        "filters": (stages.filters if stages else (), export.filters),
        "weightings": (stages.weightings if stages else (), export.weightings),
        "formats": (() if export.formats or not stages else stages.formats, export.formats),
        "artifacts": (stages.artifacts if stages else (), export.artifacts),
    }
    resolved = {}
    for kind, (own, listed) in asked.items():
        found = [_resolve(manager, kind, use, f"export.{kind}", problems, prefer) for use in own]
        found += [_resolve(manager, kind, use, f"export.{kind}[{i}]", problems, prefer) for i, use in enumerate(listed)]
        resolved[kind] = tuple(stage for stage in found if stage is not None)
    return resolved


def _resolve(
    manager: PluginManager, kind: str, use: Use, path: str, problems: list[Problem], prefer: str
) -> Stage | None:
    if isinstance(use, Mapping) and "at" in use:
        path = f"export.{use['at']}" if use["at"] else "export"
    return stage_of(manager, kind, use, path, problems, prefer)


@dataclass(frozen=True)
class Facts:
    """What factories may know of a run: pinned once, the same in every worker and after a resume."""

    now: datetime
    seed: int
    fields: Mapping[str, str]
    closed: bool
    hidden: frozenset[str]
    base: Path


@dataclass
class Compiled:
    """A pipeline as plain callables, each beside the stage it came from.

    Attributes:
        reads: the entity fields that stages look at; None where one of them did not say.
        whole: the stages that did not say.
        sample: what all samples have in common, where the style declared it.
        resources: path to SHA-256 of the files that stages asked for.
        counts: events that stages count; taken and cleared part by part.
    """

    style: tuple[StageRef, Style]
    filters: list[tuple[StageRef, Filter]]
    weightings: list[tuple[StageRef, Weighting]]
    formats: list[tuple[str, StageRef, Format]]
    artifacts: list[tuple[StageRef, ArtifactMaker]]
    dedup: bool
    reads: frozenset[str] | None
    whole: list[str]
    sample: SampleShape | None
    resources: dict[str, str]
    counts: Counter[str]


@dataclass
class _Compiler:
    facts: Facts
    weighted: bool
    problems: list[Problem]
    sample: SampleShape | None = None
    reads: set[str] = field(default_factory=set)
    whole: list[str] = field(default_factory=list)
    resources: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def make(self, stage: Stage, *, sees_entities: bool) -> Any:
        """Call a stage's factory; what it finds wrong is added to `problems`."""
        context = Context(
            now=self.facts.now,
            seed=self.facts.seed,
            log=getLogger(f"tuneport.{stage.ref.plugin}"),
            fields=self.facts.fields,
            closed=self.facts.closed,
            hidden=self.facts.hidden,
            weighted=self.weighted,
            sample=self.sample,
            read_resource=self._resource,
            counts=self.counts,
        )
        try:
            made: Callable[..., Any] = stage.contribution.factory(stage.config, context)
        except RecipeError as error:
            self.problems.extend(Problem(_below(stage.path, p.path), p.message, p.hint) for p in error.problems)
            return None
        except Exception as error:  # noqa: BLE001  -- any plugin's fault is a problem of the recipe that names it
            text = f"{stage.ref.qualified} cannot be set up: {type(error).__name__}: {error}"
            self.problems.append(Problem(stage.path, text, code=f"hook:{stage.ref.plugin}"))
            return None
        self.problems.extend(Problem(_below(stage.path, p.path), p.message, p.hint, p.code) for p in context.problems)
        if stage.ref.kind == "styles":
            self.sample = context.sample
        if sees_entities:
            self._note(stage, context.declared)
        return made

    def _note(self, stage: Stage, declared: set[str] | None) -> None:
        if declared is None:
            self.whole.append(stage.ref.qualified)
        else:
            self.reads |= declared

    def _resource(self, path: str) -> bytes:
        data = (self.facts.base / path).read_bytes()
        self.resources[path] = sha256(data).hexdigest()
        return data


def _below(path: str, inner: str) -> str:
    return f"{path}.{inner}" if inner else path


def compile_pipeline(pipeline: Pipeline, facts: Facts, problems: list[Problem]) -> Compiled:
    """Call every factory once; what they find wrong is added to `problems`."""
    compiler = _Compiler(facts, bool(pipeline.weightings), problems)
    style = compiler.make(pipeline.style, sees_entities=True)
    filters = [(stage.ref, compiler.make(stage, sees_entities=True)) for stage in pipeline.filters]
    weightings = [(stage.ref, compiler.make(stage, sees_entities=True)) for stage in pipeline.weightings]
    formats = [
        (name, stage.ref, compiler.make(stage, sees_entities=False))
        for name, stage in zip(pipeline.format_names(), pipeline.formats, strict=True)
    ]
    artifacts = [(stage.ref, compiler.make(stage, sees_entities=False)) for stage in pipeline.artifacts]
    return Compiled(
        style=(pipeline.style.ref, style),
        filters=filters,
        weightings=weightings,
        formats=formats,
        artifacts=artifacts,
        dedup=pipeline.dedup,
        reads=None if compiler.whole else frozenset(compiler.reads),
        whole=compiler.whole,
        sample=compiler.sample,
        resources=compiler.resources,
        counts=compiler.counts,
    )


def resolve_importer(recipe: Recipe, manager: PluginManager, problems: list[Problem]) -> Stage | None:
    """Who reads the recipe's source: named, or found from the suffix of its path."""
    source = recipe.source
    if source is None:
        problems.append(Problem("source", "missing", 'such as source = "support.db"'))
        return None
    name = source.importer
    if name is None:
        path = str(source.settings.get("path", ""))
        try:
            name = manager.resolve("importers", Path(path).suffix.lower()).qualified
        except UnknownNameError:
            known = manager.names("importers")
            hint = f'name it: importer = "..." ({suggest("", known)})'
            message = f'cannot tell from the name "{path}" how to read it' if path else "names no path"
            problems.append(Problem("source", message, hint))
            return None
    return stage_of(manager, "importers", {"use": name, **source.settings}, "source", problems)
