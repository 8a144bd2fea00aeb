"""A sample's final weight: its own, the factors of deferred weightings, and the scale of the whole run."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress
from math import isfinite, isnan

from tuneport.errors import PluginError, told
from tuneport.hookspecs import DeferredWeighting
from tuneport.runs.messages import TRAIN, Candidates, Rejected, StageRef
from tuneport.runs.planning.plan import Plan
from tuneport.runs.weights.sums import WeightSums
from tuneport.runs.working.blame import bad_weight, of_a_plugin, raised_by
from tuneport.runs.working.breaker import Chain, labels
from tuneport.runs.working.rendering import Rendering
from tuneport.sample import Sample
from tuneport.summary import Summary


class Finisher:
    """Turns the numbers that deferred weightings took into factors, once their summaries are known.

    Args:
        deferred: the weightings of one source.
        plan: the run's plan.

    Attributes:
        needed: whether the weight that a sample was prepared with is not its last one.
    """

    def __init__(self, deferred: Sequence[tuple[StageRef, DeferredWeighting]], plan: Plan) -> None:
        self._deferred = deferred
        self._warned = plan.compiled.warned
        self._least, self._most = plan.pipeline.bounds
        self._scaled = plan.pipeline.mean_one
        self._factors: list[tuple[StageRef, Callable[[float | None], float]]] = []
        self.needed = self._scaled or bool(deferred)

    def summaries(self, summaries: Sequence[Summary]) -> None:
        """Tell the weightings what they asked for; they are asked once.

        Raises:
            PluginError: a weighting fails at that.
        """
        if self._factors or not summaries:
            return
        for (stage, weighting), summary in zip(self._deferred, summaries, strict=True):
            try:
                factor: object = weighting.finish(summary)
                if not callable(factor):
                    raise TypeError(f"finish returned {type(factor).__name__}, no function")
                self._factors.append((stage, factor))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise PluginError(f"weighting {stage.qualified}: {told(error)}") from error

    def weigh(self, sample: Sample, part: Rendering) -> Rejected | None:
        """Set the weight of a part's sample at hand; why it cannot have one, or None."""
        weight, mean = sample.weight, part.verdict.mean
        for (stage, factor), number in zip(self._factors, part.raw(), strict=True):
            try:
                weight *= factor(None if isnan(number) else number)
                if not isfinite(weight) or weight < 0.0:
                    return bad_weight(stage, part.whose(), weight, self._warned)
            except BaseException as error:  # noqa: BLE001  -- one record, one reject: the run goes on
                return raised_by(stage, part.whose(), error, self._warned)
        if self._factors:
            weight = self._bounded(weight)
        sample.weight = weight / mean if self._scaled and mean else weight
        return None

    def chain(self) -> Chain:
        """The functions from number to factor, to be told when one of them fails at a record of a part."""
        return Chain([f"{label} with its summary" for label in labels(stage for stage, _ in self._deferred)])

    def position(self, stage: str) -> int:
        """Where a weighting stands among them."""
        return next(position for position, (ref, _) in enumerate(self._deferred) if ref.qualified == stage)

    def weights(self, candidates: Candidates, splits: bytes) -> Iterator[float]:
        """The final weights of a part's samples that are trained on, before they are scaled."""
        columns = [array("d", column) for column in (candidates.weights, *candidates.raw)]
        for weight, *numbers in compress(zip(*columns, strict=True), (split == TRAIN for split in splits)):
            try:
                final = self._final(weight, numbers)
            except BaseException as error:  # noqa: BLE001  -- it will be the reject of this sample
                of_a_plugin(error)
                continue
            if isfinite(final) and final >= 0.0:
                yield final

    def _final(self, weight: float, numbers: Iterable[float]) -> float:
        for (_, factor), number in zip(self._factors, numbers, strict=True):
            weight *= factor(None if isnan(number) else number)
        return self._bounded(weight) if self._factors else weight

    def _bounded(self, weight: float) -> float:
        return min(max(weight, self._least), self._most)


class Mean:
    """The mean of the weights of all samples that are trained on.

    Args:
        plan: the run's plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._finishers = [Finisher(one.deferred, plan) for one in plan.compiled.preparations]
        self._inlets = [stream.inlet for stream in plan.streams]

    def of(self, everything: Iterable[Candidates], splits: Sequence[bytes], summaries: Sequence[Summary]) -> float:
        """The mean, rounded once, whatever the order of samples; 0.0 where there are none."""
        sums = WeightSums()
        for candidates, verdict in zip(everything, splits, strict=True):
            finisher = self._finishers[self._inlets[candidates.stream]]
            finisher.summaries(summaries)
            sums.add([*finisher.weights(candidates, verdict)])
        return sums.mean
