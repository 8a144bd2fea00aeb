"""From stages to plain callables: every factory is called once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuneport.config import below
from tuneport.context import Context, SampleShape
from tuneport.errors import RecipeError
from tuneport.expressions import Condition, ExpressionError
from tuneport.expressions import condition as parse_condition
from tuneport.files import Resources
from tuneport.hookspecs import DeferredWeighting
from tuneport.model import Problem, Sample
from tuneport.plugin_manager.discovery import told
from tuneport.runs.messages import StageRef
from tuneport.runs.planning.adapter import judge_adapter
from tuneport.runs.planning.pipeline import Pipeline, Stage, names_of

if TYPE_CHECKING:
    from tuneport.hookspecs import ArtifactMaker, Filter, Format, Style, Validator, Weighting

METRIC_METHODS = ("new", "add", "merge", "result")


@dataclass(frozen=True)
class Facts:
    """What factories may know of a run: pinned once, the same in every worker and after a resume."""

    now: datetime
    seed: int
    fields: Mapping[str, str]
    closed: bool
    hidden: frozenset[str]
    base: Path


@dataclass(frozen=True)
class NamedMetric:
    """A metric, and what it is called in the manifest; `per_sample` where it has a method `of(sample)`."""

    name: str
    stage: StageRef
    metric: Any

    @property
    def per_sample(self) -> bool:
        """Whether it can say something of a single sample."""
        return callable(getattr(self.metric, "of", None))


@dataclass
class Compiled:
    """A pipeline as plain callables, each beside the stage it came from.

    Attributes:
        conditions: what a record has to fulfil to be looked at.
        deferred: weightings that need all samples before they can weigh one.
        judged: what makes the row that validators see; None where there are none.
        validators: of rows.
        dataset_validators: of the finished dataset.
        reads: the entity fields that stages look at; None where one of them did not say.
        whole: the stages that did not say.
        resources: path to SHA-256 of the files that stages asked for.
        counts: events that stages count while they work; taken part by part.
        warned: stages that raised, and were warned of.
    """

    conditions: list[Condition]
    style: tuple[StageRef, Style]
    filters: list[tuple[StageRef, Filter]]
    weightings: list[tuple[StageRef, Weighting]]
    deferred: list[tuple[StageRef, DeferredWeighting]]
    judged: tuple[StageRef, Format] | None
    formats: list[tuple[str, StageRef, Format]]
    validators: list[tuple[str, StageRef, Validator]]
    dataset_validators: list[tuple[StageRef, Validator]]
    metrics: list[NamedMetric]
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
class Compiler:
    """Calls factories, and gathers what they declare."""

    facts: Facts
    weighted: bool
    problems: list[Problem]
    sample: SampleShape | None = None
    reads: set[str] = field(default_factory=set)
    whole: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.resources = Resources(self.facts.base)

    def make(self, stage: Stage, *, sees_entities: bool = False) -> Any:
        """Call a stage's factory; what it finds wrong is added to `problems`."""
        context = self._context(stage.ref.plugin)
        try:
            made: object = stage.contribution.factory(stage.config, context)
        except RecipeError as error:
            self.problems.extend(below(stage.path, problem) for problem in error.problems)
            return None
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- any plugin's fault is a problem of the recipe that names it
            text = f"{stage.ref.qualified} cannot be set up: {told(error)}"
            self.problems.append(Problem(stage.path, text, code=f"hook:{stage.ref.plugin}"))
            return None
        wanted = METRIC_METHODS if stage.ref.kind == "metrics" else ("__call__",)
        if not all(callable(getattr(made, name, None)) for name in wanted):
            what = f"nothing with {', '.join(wanted)}" if stage.ref.kind == "metrics" else "no function"
            text = f"{stage.ref.qualified} cannot be set up: its factory returned {type(made).__name__}, {what}"
            self.problems.append(Problem(stage.path, text, code=f"hook:{stage.ref.plugin}"))
        self.problems.extend(below(stage.path, problem) for problem in context.problems)
        if stage.ref.kind == "styles":
            self.sample = context.sample
        if sees_entities:
            self._note(stage, context.declared)
        return made

    def _context(self, plugin: str) -> Context:
        return Context(
            now=self.facts.now,
            seed=self.facts.seed,
            log=getLogger(f"tuneport.{plugin}" if plugin else "tuneport"),
            fields=self.facts.fields,
            closed=self.facts.closed,
            hidden=self.facts.hidden,
            weighted=self.weighted,
            sample=self.sample,
            read_resource=self.resources.read,
            counts=self.counts,
        )

    def condition(self, text: str, path: str) -> Condition | None:
        """Parse a condition; what is wrong with it, or with its fields, is added to `problems`."""
        context = self._context("")
        try:
            condition = parse_condition(text, lambda: context.count("where_kinds_differ"))
        except ExpressionError as error:
            self.problems.append(Problem(path, error.message, error.hint, "expression"))
            return None
        for name in sorted(condition.fields):
            context.needs(name)
        self.problems.extend(below(path, problem) for problem in context.problems)
        self.reads |= condition.fields
        return condition

    def _note(self, stage: Stage, declared: set[str] | None) -> None:
        if declared is None:
            self.whole.append(stage.ref.qualified)
        else:
            self.reads |= declared


@dataclass(frozen=True)
class Judges:
    """Validators, made before anything is known of the records.

    Attributes:
        made: each beside its stage; None where it could not be made.
        resources: path to SHA-256 of the files that they asked for.
    """

    made: list[tuple[Stage, Any]]
    resources: dict[str, str]


def compile_validators(pipeline: Pipeline, facts: Facts, problems: list[Problem]) -> Judges:
    """Make the validators, and let those of adapters judge; what is wrong is added to `problems`.

    They look at rows, not at records: what is wrong with a schema is told before a source is read for its fields.
    """
    compiler = Compiler(facts, bool(pipeline.weightings), problems)
    made = [(stage, compiler.make(stage)) for stage in pipeline.validators]
    judge_adapter(pipeline.adapter, _on("adapter", made), problems)
    return Judges(made, compiler.resources.digests)


def compile_pipeline(
    pipeline: Pipeline, judges: Judges, facts: Facts, conditions: Mapping[str, str], problems: list[Problem]
) -> Compiled:
    """Call every other factory once; what they find wrong is added to `problems`.

    Args:
        pipeline: the stages.
        judges: its validators.
        facts: what factories may know.
        conditions: where in the recipe a condition stands, to its text.
        problems: what is wrong is added here.
    """
    compiler = Compiler(facts, bool(pipeline.weightings), problems)
    fulfilled = [compiler.condition(text, path) for path, text in conditions.items()]
    style = compiler.make(pipeline.style, sees_entities=True)
    filters = [(stage.ref, compiler.make(stage, sees_entities=True)) for stage in pipeline.filters]
    weightings = [(stage.ref, compiler.make(stage, sees_entities=True)) for stage in pipeline.weightings]
    judged, formats = _formats(pipeline, compiler)
    validators = judges.made
    names = names_of([stage for stage, _ in _on("row", validators)])
    metrics = [compiler.make(stage) for stage in pipeline.metrics]
    artifacts = [(stage.ref, compiler.make(stage)) for stage in pipeline.artifacts]
    compiler.counts.clear()
    return Compiled(
        conditions=[condition for condition in fulfilled if condition is not None],
        style=(pipeline.style.ref, style),
        filters=filters,
        weightings=[one for one in weightings if not isinstance(one[1], DeferredWeighting)],
        deferred=[one for one in weightings if isinstance(one[1], DeferredWeighting)],
        judged=judged,
        formats=formats,
        validators=[(name, stage.ref, made) for name, (stage, made) in zip(names, _on("row", validators), strict=True)],
        dataset_validators=[(stage.ref, made) for stage, made in _on("dataset", validators)],
        metrics=[
            NamedMetric(name, stage.ref, made)
            for name, stage, made in zip(names_of(pipeline.metrics), pipeline.metrics, metrics, strict=True)
        ],
        artifacts=artifacts,
        reads=None if compiler.whole else frozenset(compiler.reads),
        whole=compiler.whole,
        resources={**judges.resources, **compiler.resources.digests},
        counts=compiler.counts,
    )


def _formats(
    pipeline: Pipeline, compiler: Compiler
) -> tuple[tuple[StageRef, Format] | None, list[tuple[str, StageRef, Format]]]:
    """The formats, and the one that validators are shown; where that is written as well, its rows are made once."""
    judged = None if pipeline.judged is None else (pipeline.judged.ref, Once(compiler.make(pipeline.judged)))
    formats = []
    for name, stage in zip(pipeline.format_names(), pipeline.formats, strict=True):
        shared = judged is not None and stage.ref == judged[0]
        formats.append((name, stage.ref, judged[1] if judged and shared else compiler.make(stage)))
    return judged, formats


class Once:
    """A format that does not make the same sample's row twice in a row."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._sample: Sample | None = None
        self._row: Any = None
        self.features = getattr(write, "features", None)

    def __call__(self, sample: Sample) -> Any:
        """The sample's row."""
        if sample is not self._sample:
            self._sample, self._row = sample, self._write(sample)
        return self._row


def _on(what: str, validators: Sequence[tuple[Stage, Any]]) -> list[tuple[Stage, Any]]:
    return [(stage, made) for stage, made in validators if stage.contribution.on == what]
