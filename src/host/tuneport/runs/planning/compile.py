"""From stages to plain callables: every factory is called once, those that look at records once for each source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from tuneport.errors import told
from tuneport.hookspecs import DeferredWeighting
from tuneport.model import Problem
from tuneport.runs.planning.adapter import judge_adapter
from tuneport.runs.planning.compiled import Compiled, NamedMetric, Preparation
from tuneport.runs.planning.compiler import Clause, Compiler, Facts
from tuneport.runs.planning.formats import compile_formats
from tuneport.runs.planning.pipeline import Pipeline
from tuneport.runs.planning.shapes import one_shape
from tuneport.runs.planning.stages import Stage, names_of
from tuneport.split import SplitSection


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
    pipeline: Pipeline,
    judges: Judges,
    facts: Sequence[Facts],
    conditions: Sequence[Clause],
    split: SplitSection | None,
    problems: list[Problem],
) -> Compiled:
    """Call every other factory: once for each source those that look at its records, once the others.

    Args:
        pipeline: the stages.
        judges: its validators.
        facts: what factories may know, for each source.
        conditions: what a record has to fulfil.
        split: what is kept apart from training.
        problems: what is wrong is added here.
    """
    found: list[Problem] = []
    compilers = [Compiler(one, bool(pipeline.weightings), found) for one in facts]
    counts, resources = compilers[0].counts, dict(judges.resources)
    for compiler in compilers:
        compiler.counts = counts
        if split is not None:
            compiler.needs(split.group_by, "output.split.group_by")
            compiler.needs(split.stratify_by, "output.split.stratify_by")
    preparations = [
        _preparation(compiler, style, pipeline, conditions)
        for compiler, style in zip(compilers, pipeline.styles, strict=True)
    ]
    last = Compiler(facts[0], bool(pipeline.weightings), found, counts=counts)
    last.sample = one_shape([one.shape for one in preparations], [one.title for one in facts], found)
    last.weighted = last.weighted or (last.sample is not None and last.sample.weighted)
    judged, formats = compile_formats(pipeline, last, [one.shape for one in preparations])
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
        sample=last.sample,
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
    fingerprints = [(stage.ref, compiler.make(stage)) for stage in pipeline.fingerprints]
    at_once = [one for one in weightings if not isinstance(one[1], DeferredWeighting)]
    return Preparation(
        conditions=[condition for condition in fulfilled if condition is not None],
        style=(style.ref, made),
        filters=filters,
        weightings=at_once,
        deferred=[one for one in weightings if isinstance(one[1], DeferredWeighting)],
        fingerprints=fingerprints,
        shape=compiler.sample,
        reads=None if compiler.whole else frozenset(compiler.reads),
        whole=compiler.whole,
        factor=_factor(compiler),
        shortcut=_shortcut(compiler, style, made, [one for _, one in (*filters, *at_once)]),
    )


def _shortcut(compiler: Compiler, style: Stage, made: Any, stages: list[Any]) -> tuple[Any, int]:
    """A style's shortcut, and how many stages it stands for; none where it has none, or that is no function."""
    shorten = getattr(made, "shortcut", None)
    if not callable(shorten):
        return None, 0
    try:
        short, count = shorten(made, stages)
        if (short is not None and not callable(short)) or not 0 <= count <= len(stages):
            raise TypeError("a function, or None, and a number of stages are wanted")
    except Exception as error:  # noqa: BLE001  -- any plugin's fault is a problem of the recipe that names it
        text = f"{style.ref.qualified} cannot be set up: its shortcut: {told(error)}"
        compiler.problems.append(Problem(style.path, text, code=f"hook:{style.ref.plugin}"))
        return None, 0
    return short, count


def _factor(compiler: Compiler) -> float | None:
    """What every sample weighs; None where one of the weightings, or the style, may weigh them differently."""
    if compiler.sample is None or compiler.sample.weighted or None in compiler.factors:
        return None
    return prod(factor for factor in compiler.factors if factor is not None)


def _on(what: str, validators: Sequence[tuple[Stage, Any]]) -> list[tuple[Stage, Any]]:
    return [(stage, made) for stage, made in validators if stage.contribution.on == what]
