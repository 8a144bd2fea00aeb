"""From stages to plain callables: every factory is called once, those that look at records once for each source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuneport.hookspecs import DeferredWeighting
from tuneport.model import Problem
from tuneport.runs.messages import StageRef
from tuneport.runs.planning.adapter import judge_adapter
from tuneport.runs.planning.compiled import Compiled, NamedMetric, Preparation
from tuneport.runs.planning.compiler import Clause, Compiler, Facts
from tuneport.runs.planning.pipeline import Pipeline
from tuneport.runs.planning.shapes import one_shape
from tuneport.runs.planning.stages import Stage, names_of
from tuneport.sample import Sample

if TYPE_CHECKING:
    from tuneport.hookspecs import Format


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
    pipeline: Pipeline, judges: Judges, facts: Sequence[Facts], conditions: Sequence[Clause], problems: list[Problem]
) -> Compiled:
    """Call every other factory: once for each source those that look at its records, once the others.

    Args:
        pipeline: the stages.
        judges: its validators.
        facts: what factories may know, for each source.
        conditions: what a record has to fulfil.
        problems: what is wrong is added here.
    """
    found: list[Problem] = []
    compilers = [Compiler(one, bool(pipeline.weightings), found) for one in facts]
    counts, resources = compilers[0].counts, dict(judges.resources)
    for compiler in compilers:
        compiler.counts = counts
    preparations = [
        _preparation(compiler, style, pipeline, conditions)
        for compiler, style in zip(compilers, pipeline.styles, strict=True)
    ]
    last = Compiler(facts[0], bool(pipeline.weightings), found, counts=counts)
    last.sample = one_shape([one.shape for one in preparations], [one.title for one in facts], found)
    judged, formats = _formats(pipeline, last)
    validators = judges.made
    names = names_of([stage for stage, _ in _on("row", validators)])
    metrics = [last.make(stage) for stage in pipeline.metrics]
    artifacts = [(stage.ref, last.make(stage)) for stage in pipeline.artifacts]
    counts.clear()
    for compiler in (*compilers, last):
        resources |= compiler.resources.digests
    # Several sources are told of the same slip several times.
    problems.extend(problem for problem in dict.fromkeys(found) if problem not in problems)
    return Compiled(
        preparations=preparations,
        metadata=tuple(last.sample.metadata) if last.sample is not None and len(facts) > 1 else None,
        judged=judged,
        formats=formats,
        validators=[(name, stage.ref, made) for name, (stage, made) in zip(names, _on("row", validators), strict=True)],
        dataset_validators=[(stage.ref, made) for stage, made in _on("dataset", validators)],
        metrics=[
            NamedMetric(name, stage.ref, made)
            for name, stage, made in zip(names_of(pipeline.metrics), pipeline.metrics, metrics, strict=True)
        ],
        artifacts=artifacts,
        resources=resources,
        counts=counts,
    )


def _preparation(compiler: Compiler, style: Stage, pipeline: Pipeline, conditions: Sequence[Clause]) -> Preparation:
    """What is done to the records of one source."""
    fulfilled = [compiler.condition(clause) for clause in conditions]
    made = compiler.make(style, sees_entities=True)
    filters = [(stage.ref, compiler.make(stage, sees_entities=True)) for stage in pipeline.filters]
    weightings = [(stage.ref, compiler.make(stage, sees_entities=True)) for stage in pipeline.weightings]
    return Preparation(
        conditions=[condition for condition in fulfilled if condition is not None],
        style=(style.ref, made),
        filters=filters,
        weightings=[one for one in weightings if not isinstance(one[1], DeferredWeighting)],
        deferred=[one for one in weightings if isinstance(one[1], DeferredWeighting)],
        shape=compiler.sample,
        reads=None if compiler.whole else frozenset(compiler.reads),
        whole=compiler.whole,
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
