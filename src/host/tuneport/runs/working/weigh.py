"""A sample's final weight: its own, the factors of deferred weightings, and the verdict's scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, isnan

from tuneport.errors import PluginError
from tuneport.hookspecs import DeferredWeighting
from tuneport.model import Sample
from tuneport.runs.messages import Rejected, StageRef
from tuneport.runs.working.prepare import Whose, bad_weight
from tuneport.summary import Summary


class Finisher:
    """Turns the numbers that deferred weightings took into factors, once their summaries are known."""

    def __init__(self, deferred: Sequence[tuple[StageRef, DeferredWeighting]]) -> None:
        self._deferred = deferred
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
                self._factors.append((stage, weighting.finish(summary)))
            except Exception as error:
                raise PluginError(f"weighting {stage.qualified}: {type(error).__name__}: {error}") from error

    def weigh(self, sample: Sample, raw: Sequence[bytes], position: int, scale: float, whose: Whose) -> Rejected | None:
        """Set a sample's weight; why it cannot have one, or None."""
        weight = sample.weight * scale
        for (stage, factor), column in zip(self._factors, raw, strict=True):
            number = memoryview(column).cast("d")[position]
            try:
                weight *= factor(None if isnan(number) else number)
            except Exception as error:
                raise PluginError(f"weighting {stage.qualified}: {type(error).__name__}: {error}") from error
            if not isfinite(weight) or weight < 0.0:
                return bad_weight(stage, whose, weight)
        sample.weight = weight
        return None
