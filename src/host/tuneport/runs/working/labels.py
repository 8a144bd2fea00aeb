"""Labels: of which values of a sample it is told how the weight is spread over them."""

from __future__ import annotations

from tuneport.runs.planning.plan import Plan
from tuneport.sample import Sample

SOURCE = "[[source]]"
"""The label of the recipe's own sources, where there are several."""
_METADATA = ("source", "category")


class Labels:
    """Of which labels it is told how the weight is spread over their values, and what a sample has of each.

    Args:
        plan: the run's plan.
    """

    def __init__(self, plan: Plan) -> None:
        shape = plan.compiled.sample
        # Where all weights are the same, the records themselves say how they are spread.
        known = shape.metadata if shape is not None and plan.mean is None else {}
        self._metadata = [name for name in _METADATA if name in known]
        many = len(plan.inlets) > 1 and plan.mean is None
        self._sources = [plan.inlets[stream.inlet].name for stream in plan.streams] if many else []

    def none(self) -> dict[str, list[str | None]]:
        """Each label, with the values of no samples."""
        return {name: [] for name in (*([SOURCE] if self._sources else []), *self._metadata)}

    def add(self, labels: dict[str, list[str | None]], sample: Sample, stream: int) -> None:
        """Add a sample's values."""
        if self._sources:
            labels[SOURCE].append(self._sources[stream])
        for name in self._metadata:
            value = sample.metadata.get(name)
            if type(value) is not str and value is not None:
                value = None if isinstance(value, list) else str(value)
            labels[name].append(value)
