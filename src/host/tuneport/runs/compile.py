"""From stages to plain callables: every factory is called once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuneport.context import Context, SampleShape
from tuneport.errors import RecipeError
from tuneport.model import Problem
from tuneport.plugin_manager.discovery import told
from tuneport.runs.messages import StageRef
from tuneport.runs.pipeline import Pipeline, Stage

if TYPE_CHECKING:
    from tuneport.hookspecs import ArtifactMaker, Filter, Format, Style, Weighting


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
        resources: path to SHA-256 of the files that stages asked for.
        counts: events that stages count while they work; taken part by part.
        warned: stages that raised, and were warned of.
    """

    style: tuple[StageRef, Style]
    filters: list[tuple[StageRef, Filter]]
    weightings: list[tuple[StageRef, Weighting]]
    formats: list[tuple[str, StageRef, Format]]
    artifacts: list[tuple[StageRef, ArtifactMaker]]
    reads: frozenset[str] | None
    whole: list[str]
    resources: dict[str, str]
    counts: Counter[str]
    warned: set[str] = field(default_factory=set)

    def take_counts(self) -> Counter[str]:
        """The events since the last call."""
        taken = Counter(self.counts)
        self.counts.clear()
        return taken


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
            made: object = stage.contribution.factory(stage.config, context)
        except RecipeError as error:
            self.problems.extend(Problem(_below(stage.path, p.path), p.message, p.hint) for p in error.problems)
            return None
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- any plugin's fault is a problem of the recipe that names it
            text = f"{stage.ref.qualified} cannot be set up: {told(error)}"
            self.problems.append(Problem(stage.path, text, code=f"hook:{stage.ref.plugin}"))
            return None
        if not callable(made):
            text = f"{stage.ref.qualified} cannot be set up: its factory returned {type(made).__name__}, no function"
            self.problems.append(Problem(stage.path, text, code=f"hook:{stage.ref.plugin}"))
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
    compiler.counts.clear()
    return Compiled(
        style=(pipeline.style.ref, style),
        filters=filters,
        weightings=weightings,
        formats=formats,
        artifacts=artifacts,
        reads=None if compiler.whole else frozenset(compiler.reads),
        whole=compiler.whole,
        resources=compiler.resources,
        counts=compiler.counts,
    )
