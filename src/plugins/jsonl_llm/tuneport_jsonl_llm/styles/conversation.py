"""A whole conversation in one field."""

from __future__ import annotations

from tuneport import Chat, Context, Entity, Message, Reject, Sample
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import StyleConfig
from tuneport_jsonl_llm.mapping import compile_mapping
from tuneport_jsonl_llm.styles.parts import Style, system, text_in
from tuneport_jsonl_llm.styles.shown import settled
from tuneport_jsonl_llm.styles.tools import tool_reader
from tuneport_jsonl_llm.turns.reader import TurnReader, Turns


def conversation(config: StyleConfig, field: str, ctx: Context) -> Style:
    """Read a list of turns, with the tools that the assistant may call; see FieldMapping.messages_field."""
    held = compile_mapping(field, ctx.fields)
    ctx.needs(held.fields[0], at="field_mapping.messages_field")
    said = system(config.field_mapping, ctx)
    read_tools, has_tools = tool_reader(config.field_mapping, ctx)
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)

    def read(reader: TurnReader, entity: Entity) -> Turns | Reject:
        return reader.conversation(held.value(entity), field)

    reader = settled(config, ctx, read)
    ctx.makes(Chat, metadata=types, turns=reader.keep, tools=has_tools)

    def style(entity: Entity) -> Sample | Reject:
        turns = read(reader, entity)
        if isinstance(turns, Reject):
            return turns
        told = text_in(said, entity)
        if isinstance(told, Reject):
            return told
        tools = read_tools(entity)
        if isinstance(tools, Reject):
            return tools
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        if told and turns[0].role not in ("system", "developer"):
            turns = [Message("system", told), *turns]
        return Chat(messages=turns, tools=tools, metadata=values)

    return style
