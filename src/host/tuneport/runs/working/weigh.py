"""A sample's final weight: its own, and the factors of deferred weightings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, isnan

from tuneport.errors import PluginError, told
from tuneport.hookspecs import DeferredWeighting
from tuneport.runs.messages import Rejected, StageRef
from tuneport.runs.planning.plan import Plan
from tuneport.runs.working.prepare import Whose, bad_weight, raised_by
from tuneport.sample import Sample
from tuneport.summary import Summary


class Finisher:
    """Turns the numbers that deferred weightings took into factors, once their summaries are known."""

    def __init__(self, deferred: Sequence[tuple[StageRef, DeferredWeighting]], plan: Plan) -> None:
        self._deferred = deferred
        self._warned = plan.compiled.warned
        self._least, self._most = plan.pipeline.bounds
        self._factors: list[tuple[StageRef, Callable[[float | None], float]]] = []

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
            except (Exception, SystemExit) as error:
                raise PluginError(f"weighting {stage.qualified}: {told(error)}") from error

    def weigh(self, sample: Sample, raw: Sequence[bytes], position: int, whose: Whose) -> Rejected | None:
        """Set a sample's weight; why it cannot have one, or None."""
        weight = sample.weight
        for (stage, factor), column in zip(self._factors, raw, strict=True):
            number = memoryview(column).cast("d")[position]
            try:
                weight *= factor(None if isnan(number) else number)
                if not isfinite(weight) or weight < 0.0:
                    return bad_weight(stage, whose, weight, self._warned)
            except (Exception, SystemExit) as error:  # noqa: BLE001  -- one record, one reject: the run goes on
                return raised_by(stage, whose, error, self._warned)
        if self._factors:
            sample.weight = min(max(weight, self._least), self._most)
        return None
