"""`unpaired_preference`: a prompt, one answer, and whether that is a good one."""

from __future__ import annotations

from typing import Any

from tuneport import Context, Entity, Reject, Sample, Unpaired
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import StyleConfig
from tuneport_jsonl_llm.styles.beginning import begun
from tuneport_jsonl_llm.styles.parts import Style, missing, required
from tuneport_jsonl_llm.styles.shown import settled
from tuneport_jsonl_llm.styles.sides import Side, answer_side, together, when_there
from tuneport_jsonl_llm.styles.tools import tool_reader
from tuneport_jsonl_llm.turns.reader import TurnReader, Turns
from tuneport_jsonl_llm.values import describe

_LABELS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}


def unpaired_preference(config: StyleConfig, ctx: Context) -> Style:
    """Read a prompt, an answer and a label; of an answer of several turns the last one is judged."""
    asked = when_there(config.field_mapping, ctx)
    answer = answer_side(config.field_mapping, "completion_field", ctx)
    judged = required(config.field_mapping, "label_field", ctx)
    read_tools, has_tools = tool_reader(config.field_mapping, ctx)
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)

    def read(reader: TurnReader, entity: Entity) -> Turns | Reject:
        return _turns(asked, answer, reader, entity)

    reader = settled(config, ctx, read)
    ctx.makes(Unpaired, metadata=types, turns=reader.keep, tools=has_tools)

    def style(entity: Entity) -> Sample | Reject:
        turns = read(reader, entity)
        if isinstance(turns, Reject):
            return turns
        label = label_of(judged.value(entity), config.field_mapping.label_field)
        if isinstance(label, Reject):
            return label
        tools = read_tools(entity)
        if isinstance(tools, Reject):
            return tools
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        return Unpaired(prompt=turns[:-1], completion=turns[-1], label=label, tools=tools, metadata=values)

    return style


def _turns(asked: Side | None, answer: Side, reader: TurnReader, entity: Entity) -> Turns | Reject:
    """Prompt and answer as one conversation."""
    prompt = asked.turns(reader, entity) if asked is not None else None
    if isinstance(prompt, Reject):
        return prompt
    found = together([answer], reader, entity)
    if isinstance(found, Reject):
        return found
    whole = reader.whole([], found[0], "completion")
    if isinstance(whole, Reject):
        return whole
    if whole[0].role != "assistant":
        # A whole conversation, which begins with its prompt.
        prompt, whole = begun(whole[:-1], prompt), whole[-1:]
        if prompt is None:
            return Reject("prompts_differ", "The answer does not begin with the prompt that the record has")
    if not prompt:
        return Reject("missing_field", "Missing required field 'prompt'")
    return reader.whole(prompt, whole, "completion")


def label_of(value: Any, name: str) -> bool | Reject:
    """A label: true or false, 1 or 0, yes or no, as they are or as text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return missing("label")
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    label = _LABELS.get(value.strip().lower()) if isinstance(value, str) else None
    wanted = "true or false, 1 or 0, yes or no"
    return Reject("bad_type", f"Field '{name}' is {describe(value)}, not {wanted}") if label is None else label
