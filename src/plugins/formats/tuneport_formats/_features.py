"""Columns that stand beside a sample's texts, and the types that a dataset card declares for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tuneport import Context, Sample
from tuneport_formats._calls import tools_text

_METADATA: dict[str, Any] = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "bool": "bool",
    "list[string]": {"list": "string"},
    "list[integer]": {"list": "int64"},
    "list[number]": {"list": "float64"},
}
_UNKNOWN = object()


class Beside:
    """Adds tools, weight and metadata to a row, where its target has a place for them and the run has any.

    They stand in every row of a run or in none.
    """

    __slots__ = ("_known", "_metadata", "_no_tools", "_tools", "_weight", "types")

    def __init__(
        self,
        ctx: Context,
        *,
        tools: Literal["null", "empty", "no"] = "no",
        weight: bool = False,
        metadata: bool = False,
    ) -> None:
        """Compile for a run.

        Args:
            ctx: of the run. Where its style did not say what samples have, each sample decides.
            tools: whether there is a column of tools, as JSON text, and whether it holds null or an empty text where a
                sample has none.
            weight: whether there is a column of weights.
            metadata: whether there is a column of metadata.
        """
        shape = ctx.sample
        self._known = shape is not None
        self._tools = tools != "no" and (shape is None or shape.tools)
        self._no_tools = "" if tools == "empty" else None
        self._weight = weight and ctx.weighted
        self._metadata = metadata and (shape is None or bool(shape.metadata))
        self.types: dict[str, Any] = {}
        if self._tools:
            self.types["tools"] = "string"
        if self._weight:
            self.types["weight"] = "float64"
        if self._metadata and shape is not None:
            columns = {name: _METADATA.get(kind, _UNKNOWN) for name, kind in shape.metadata.items()}
            self.types["metadata"] = _UNKNOWN if _UNKNOWN in columns.values() else {"struct": columns}

    def add(self, row: dict[str, Any], sample: Sample) -> dict[str, Any]:
        """The row, with what stands beside its texts."""
        if self._tools and (sample.tools or self._known):
            row["tools"] = tools_text(sample.tools) or self._no_tools
        if self._weight:
            row["weight"] = float(sample.weight)
        if self._metadata and (sample.metadata or self._known):
            row["metadata"] = sample.metadata
        return row

    def features(self, texts: Mapping[str, Any]) -> dict[str, Any] | None:
        """Column to type of the whole row; None where one of them is not known."""
        types = {**texts, **self.types}
        unknown = not self._known or any(one is None or one is _UNKNOWN for one in types.values())
        return None if unknown else types
