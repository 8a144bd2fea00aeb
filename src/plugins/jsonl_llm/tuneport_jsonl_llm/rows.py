"""The format `tuneport`: a sample as a row, with the same keys in the same order throughout a run."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import msgspec.json

from tuneport import Chat, Context, Instruction, Preference, Sample, Text, Unpaired
from tuneport_jsonl_llm.config import RowConfig
from tuneport_jsonl_llm.schema import column
from tuneport_jsonl_llm.turn_rows import fields_of, turn_type, turn_writer

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

    The content is `instruction`, `input`, `output`; `text`; `prompt`, `chosen`, `rejected`; `prompt`, `completion`,
    `label`; or for every other kind of sample `messages`. A run of several kinds writes `messages` for all of them.
    Prompts and answers are lists of turns. Turns have the keys that the run's turns may have, calls of tools have
    their arguments as JSON text, and `tools` is JSON text too.

    Attributes:
        features: column to type, or None where the style did not say what its samples are like.
    """

    sound = True
    """None of its rows can break the rules of `row_check`."""

    __slots__ = (
        *("_as_json", "_has_input", "_metadata", "_mixed", "_reasons", "_schema", "_tools", "_turns", "_weighted"),
        "features",
    )

    def __init__(self, config: RowConfig, ctx: Context) -> None:
        shape = ctx.sample
        self._as_json = config.metadata_encoding == "json"
        self._weighted = ctx.weighted
        # None: the style did not say, so that each sample decides.
        self._metadata = None if shape is None else bool(shape.metadata)
        self._tools = None if shape is None else shape.tools
        self._turns = turn_writer(None if shape is None else shape.turns)
        self._reasons = None if shape is None else _reasons(shape.turns)
        self._has_input = shape is not None and shape.has_input
        self._mixed = shape is not None and shape.kind is Sample
        given = config.json_schema
        self._schema = None if given is None else column(given, config.schema_encoding, ctx)
        self.features = _features(ctx, as_json=self._as_json)
        if self.features is not None and self._schema is not None:
            # A schema as an object has no type that a card could declare: rows are looked at instead.
            self.features = {**self.features, self._schema[0]: "string"} if isinstance(self._schema[1], str) else None

    def __call__(self, sample: Sample) -> dict[str, Any]:
        """One sample's row."""
        row = self._content(sample)
        if self._tools or (self._tools is None and sample.tools):
            row["tools"] = msgspec.json.encode(sample.tools).decode()
        if self._weighted:
            row["weight"] = float(sample.weight)
        if self._metadata or (self._metadata is None and sample.metadata):
            row["metadata"] = msgspec.json.encode(sample.metadata).decode() if self._as_json else sample.metadata
        if self._schema is not None:
            row[self._schema[0]] = self._schema[1]
        return row

    def _content(self, sample: Sample) -> dict[str, Any]:
        if self._mixed:
            return {"messages": self._turns(sample.messages)}
        if isinstance(sample, Instruction):
            return self._instruction(sample)
        if isinstance(sample, Text):
            return {"text": sample.text}
        if isinstance(sample, Preference):
            parts = {"prompt": sample.prompt, "chosen": sample.chosen, "rejected": sample.rejected}
            return {name: self._turns(turns) for name, turns in parts.items()}
        if isinstance(sample, Unpaired):
            answer = self._turns([sample.completion])
            return {"prompt": self._turns(sample.prompt), "completion": answer, "label": sample.label}
        return {"messages": self._turns(sample.messages)}

    def _instruction(self, sample: Instruction) -> dict[str, Any]:
        row: dict[str, Any] = {"instruction": sample.instruction}
        if sample.input is not None or self._has_input:
            row["input"] = sample.input or ""
        row["output"] = sample.output
        for name in _reasons(fields_of([sample.completion])) if self._reasons is None else self._reasons:
            row[name] = getattr(sample, name)
        return row


def tuneport(config: RowConfig, ctx: Context) -> Rows:
    """Compile the format."""
    return Rows(config, ctx)


def _reasons(turns: Container[str]) -> tuple[str, ...]:
    return tuple(name for name in ("reasoning", "reasoning_weight") if name in turns)


def _features(ctx: Context, *, as_json: bool) -> dict[str, Any] | None:
    shape = ctx.sample
    if shape is None or not all(kind in _COLUMN_TYPES for kind in shape.metadata.values()):
        return None
    features = _content_types(shape.kind, shape.turns, has_input=shape.has_input)
    if features is None:
        return None
    if shape.tools:
        features["tools"] = "string"
    if ctx.weighted:
        features["weight"] = "float64"
    if shape.metadata:
        columns = {name: _COLUMN_TYPES[kind] for name, kind in shape.metadata.items()}
        features["metadata"] = "string" if as_json else {"struct": columns}
    return features


def _content_types(kind: type[Sample], turns: frozenset[str], *, has_input: bool) -> dict[str, Any] | None:
    """The types of the columns of content; None where the kind is another plugin's."""
    if issubclass(kind, Instruction):
        names = ["instruction", "input", "output"] if has_input else ["instruction", "output"]
        thoughts = {"reasoning": "string", "reasoning_weight": "float64"}
        return {**dict.fromkeys(names, "string"), **{name: thoughts[name] for name in _reasons(turns)}}
    if issubclass(kind, Text):
        return {"text": "string"}
    if issubclass(kind, Preference):
        return dict.fromkeys(("prompt", "chosen", "rejected"), turn_type(turns))
    if issubclass(kind, Unpaired):
        return {**dict.fromkeys(("prompt", "completion"), turn_type(turns)), "label": "bool"}
    if kind is Sample or issubclass(kind, Chat):
        return {"messages": turn_type(turns)}
    return None
