"""The format `tuneport`: a sample as a row, with the same keys in the same order throughout a run."""

from __future__ import annotations

from typing import Any

import msgspec.json

from tuneport import Chat, Context, Instruction, Sample, Text
from tuneport_jsonl_llm.config import RowConfig
from tuneport_jsonl_llm.schema import column

_MESSAGES = {"list": {"struct": {"role": "string", "content": "string"}}}
_COLUMN_TYPES: dict[str, Any] = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "bool": "bool",
    "list[string]": {"list": "string"},
    "list[integer]": {"list": "int64"},
    "list[number]": {"list": "float64"},
}


class Rows:
    """Writes a sample's content, and its weight, metadata and schema where the run has them.

    The content is `instruction`, `input`, `output`, or `text`, or for every other kind of sample `messages`. A run
    of several kinds writes `messages` for all of them.

    Attributes:
        features: column to type, or None where the style did not say what its samples are like.
    """

    __slots__ = ("_as_json", "_has_input", "_metadata", "_mixed", "_schema", "_weighted", "features")

    def __init__(self, config: RowConfig, ctx: Context) -> None:
        self._as_json = config.metadata_encoding == "json"
        self._weighted = ctx.weighted
        # None: the style did not say, so that each sample decides.
        self._metadata = None if ctx.sample is None else bool(ctx.sample.metadata)
        self._has_input = ctx.sample is not None and ctx.sample.has_input
        self._mixed = ctx.sample is not None and ctx.sample.kind is Sample
        given = config.json_schema
        self._schema = None if given is None else column(given, config.schema_encoding, ctx)
        self.features = _features(ctx, as_json=self._as_json)
        if self.features is not None and self._schema is not None:
            # A schema as an object has no type that a card could declare: rows are looked at instead.
            self.features = {**self.features, self._schema[0]: "string"} if isinstance(self._schema[1], str) else None

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        row: dict[str, Any]
        if self._mixed:
            row = {"messages": _messages(sample)}
        elif isinstance(sample, Instruction):
            row = {"instruction": sample.instruction}
            if sample.input is not None or self._has_input:
                row["input"] = sample.input or ""
            row["output"] = sample.output
        elif isinstance(sample, Text):
            row = {"text": sample.text}
        else:
            row = {"messages": _messages(sample)}
        if self._weighted:
            row["weight"] = float(sample.weight)
        if self._metadata or (self._metadata is None and sample.metadata):
            row["metadata"] = msgspec.json.encode(sample.metadata).decode() if self._as_json else sample.metadata
        if self._schema is not None:
            row[self._schema[0]] = self._schema[1]
        return row


def _messages(sample: Sample) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in sample.messages]


def tuneport(config: RowConfig, ctx: Context) -> Rows:
    """Compile the format."""
    return Rows(config, ctx)


def _features(ctx: Context, *, as_json: bool) -> dict[str, Any] | None:
    shape = ctx.sample
    if shape is None or not all(kind in _COLUMN_TYPES for kind in shape.metadata.values()):
        return None
    if issubclass(shape.kind, Instruction):
        names = ["instruction", "input", "output"] if shape.has_input else ["instruction", "output"]
        features: dict[str, Any] = dict.fromkeys(names, "string")
    elif issubclass(shape.kind, Text):
        features = {"text": "string"}
    elif shape.kind is Sample or issubclass(shape.kind, Chat):
        features = {"messages": _MESSAGES}
    else:
        return None
    if ctx.weighted:
        features["weight"] = "float64"
    if shape.metadata:
        columns = {name: _COLUMN_TYPES[kind] for name, kind in shape.metadata.items()}
        features["metadata"] = "string" if as_json else {"struct": columns}
    return features
