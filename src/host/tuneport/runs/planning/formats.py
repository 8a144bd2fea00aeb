"""Formats, made, and matched with the samples they will be given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuneport.context import SampleShape
from tuneport.model import Problem
from tuneport.runs.messages import StageRef
from tuneport.runs.planning.compiled import NamedFormat
from tuneport.runs.planning.compiler import Compiler
from tuneport.runs.planning.pipeline import Pipeline
from tuneport.runs.planning.stages import Stage
from tuneport.runs.planning.target import Target
from tuneport.runs.weights.policy import carriage_for
from tuneport.sample import Sample, kind_of

_PAIRS = {"preference", "unpaired"}
"""Kinds of samples that no other can stand beside: they are for another way of training."""


def compile_formats(
    pipeline: Pipeline, compiler: Compiler, shapes: Sequence[SampleShape | None]
) -> tuple[tuple[StageRef, Any] | None, list[NamedFormat]]:
    """The formats, and the one that validators are shown; where that is written as well, its rows are made once."""
    judged = None if pipeline.judged is None else (pipeline.judged.ref, Once(compiler.make(pipeline.judged)))
    kinds = _kinds(shapes, compiler)
    formats = []
    for (name, carriage), stage in zip(pipeline.carried().items(), pipeline.formats, strict=True):
        _must_take(stage, kinds, compiler)
        names = [kind_of(kind) for kind in kinds or ()]
        traits = stage.contribution.traits
        carriage = carriage_for(carriage, names, traits, name, stage.path, compiler.problems)
        written = carriage.weights == "column"
        shared = judged is not None and stage.ref == judged[0] and written
        # The weight is in the row, or in the number of rows.
        write = judged[1] if judged and shared else compiler.make(stage, weighted=written)
        contribution = stage.contribution
        unsure = kinds is None and contribution.traits.kinds is not None
        formats.append(NamedFormat(name, stage.ref, write, contribution.traits, contribution.check, carriage, unsure))
    return judged, formats


def _kinds(shapes: Sequence[SampleShape | None], compiler: Compiler) -> set[type[Sample]] | None:
    """The kinds of the run's samples; None where a style did not say."""
    kinds = {shape.kind for shape in shapes if shape is not None}
    names = {kind_of(kind) for kind in kinds}
    if len(names) > 1 and names & _PAIRS:
        text = f"samples of the kinds {', '.join(sorted(names))} are for different ways of training"
        compiler.problems.append(Problem("source", text, "export each to a dataset of its own"))
    return None if None in shapes else kinds


def _must_take(stage: Stage, kinds: set[type[Sample]] | None, compiler: Compiler) -> None:
    """Add the problem of a format that has no way to write a kind of sample."""
    takes = stage.contribution.traits.kinds
    for kind in sorted(kinds or (), key=kind_of):
        if takes is not None and not fits(kind, takes):
            text = f"{stage.ref.name} cannot hold {kind_of(kind)} samples, which this style makes"
            hint = f"it takes {', '.join(sorted(takes))}: leave it out, or choose another style"
            compiler.problems.append(Problem(stage.path, text, hint, "kind"))


def fits(kind: type[Sample], takes: frozenset[str]) -> bool:
    """Whether a kind of sample, or one that it is a case of, is among those that are taken."""
    return any(kind_of(one) in takes for one in kind.__mro__ if issubclass(one, Sample) and one is not Sample)


def must_open(pipeline: Pipeline, target: Target, problems: list[Problem]) -> None:
    """Add the problem of files that a format's reader does not open as they are compressed."""
    for name, traits in pipeline.traits().items():
        if target.compression not in traits.compressions:
            opened = ", ".join(sorted(one for one in traits.compressions if one != "none"))
            text = f"the reader of {name} opens {f'{opened} and ' if opened else 'only '}files that are not compressed"
            hint = "leave compression out, or drop that format"
            problems.append(Problem(f'output.compression = "{target.compression}"', text, hint))


class Once:
    """A format that does not make the same sample's row twice in a row."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._sample: Sample | None = None
        self._row: Any = None
        self.features = getattr(write, "features", None)
        self.sound = getattr(write, "sound", False)
        if hasattr(write, "carries"):
            self.carries = write.carries

    def __call__(self, sample: Sample) -> Any:
        """The sample's row."""
        if sample is not self._sample:
            self._sample, self._row = sample, self._write(sample)
        return self._row
