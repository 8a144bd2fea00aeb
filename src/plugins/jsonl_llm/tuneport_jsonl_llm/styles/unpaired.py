"""`unpaired_preference`: a prompt, one answer, and whether that is a good one."""

from __future__ import annotations

from tuneport import Context, Entity, Reject, Sample, Unpaired
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import StyleConfig
from tuneport_jsonl_llm.styles.beginning import begun
from tuneport_jsonl_llm.styles.labels import label_reader
from tuneport_jsonl_llm.styles.parts import Style
from tuneport_jsonl_llm.styles.shown import settled
from tuneport_jsonl_llm.styles.sides import Side, answer_side, together, when_there
from tuneport_jsonl_llm.styles.tools import tool_reader
from tuneport_jsonl_llm.turns.reader import TurnReader, Turns


def unpaired_preference(config: StyleConfig, ctx: Context) -> Style:
    """Read a prompt, an answer and a label; of an answer of several turns the last one is judged."""
    asked = when_there(config.field_mapping, ctx)
    answer = answer_side(config.field_mapping, "completion_field", ctx)
    read_label = label_reader(config, ctx)
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
        label = read_label(entity)
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
