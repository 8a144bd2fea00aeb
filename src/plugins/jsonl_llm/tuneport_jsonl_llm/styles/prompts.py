"""`prompt_completion`: a prompt and its completion."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from tuneport import Chat, Context, Entity, Instruction, Reject, Sample
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import StyleConfig
from tuneport_jsonl_llm.styles.parts import Style, keep_structures, missing, reasoning, reasoning_fields, text_in
from tuneport_jsonl_llm.styles.shown import first_records, settled
from tuneport_jsonl_llm.styles.sides import Side, answer_side, prompt_side, together
from tuneport_jsonl_llm.styles.tools import tool_reader
from tuneport_jsonl_llm.turns.plain import turns_in
from tuneport_jsonl_llm.turns.reader import TurnReader, Turns


def prompt_completion(config: StyleConfig, ctx: Context) -> Style:
    """Read two texts as instruction and output, or two conversations, or one of each, as a chat.

    A run's samples are chats once `message_fields` is given, or one of the first records holds turns.
    """
    sides = (prompt_side(config.field_mapping, ctx), answer_side(config.field_mapping, "completion_field", ctx))
    if config.message_fields is not None or _hold_turns(sides, ctx):
        return _conversations(config, sides, ctx)
    return _texts(config, sides, ctx)


def _hold_turns(sides: Sequence[Side], ctx: Context) -> bool:
    return any(turns_in(side.mapped.value(entity)) for entity in first_records(ctx) for side in sides)


def _texts(config: StyleConfig, sides: Sequence[Side], ctx: Context) -> Style:
    asked, learnt = (side.mapped for side in sides)
    thought, thought_weight = reasoning(config.field_mapping, ctx), config.reasoning_weight
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)
    ctx.makes(Instruction, metadata=types, turns=reasoning_fields(thought, thought_weight))
    no_prompt, no_completion = (missing(side.part) for side in sides)

    def style(entity: Entity) -> Sample | Reject:
        prompt = asked.read(entity)
        if not isinstance(prompt, str):
            return prompt or no_prompt
        completion = learnt.read(entity)
        if not isinstance(completion, str):
            return completion or no_completion
        for side, text in zip(sides, (prompt, completion), strict=True):
            if text.startswith(("[", "{")) and turns_in(text):
                return _too_late(side)
        thoughts = text_in(thought, entity)
        if isinstance(thoughts, Reject):
            return thoughts
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        sample = Instruction(instruction=prompt, output=completion, metadata=values)
        if thoughts:
            sample.reasoning, sample.reasoning_weight = thoughts, thought_weight
        keep_structures(sample, (("instruction", asked, prompt), ("output", learnt, completion)), entity)
        return sample

    return style


def _too_late(side: Side) -> Reject:
    fix = "message_fields = [] makes conversations of all"
    text = f"Field '{side.part}' holds turns for the first time after the first 10,000 records; {fix}"
    return Reject("late_field", text)


def _conversations(config: StyleConfig, sides: Sequence[Side], ctx: Context) -> Style:
    thought = reasoning(config.field_mapping, ctx)
    read_tools, has_tools = tool_reader(config.field_mapping, ctx)
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)

    def read(reader: TurnReader, entity: Entity) -> Turns | Reject:
        found = together(sides, reader, entity)
        if isinstance(found, Reject):
            return found
        return reader.whole(_not_learnt(found[0], reader), found[1], "completion")

    reader = settled(config, ctx, read)
    fields = reasoning_fields(thought, config.reasoning_weight)
    ctx.makes(Chat, metadata=types, turns=reader.keep.union(fields), tools=has_tools)

    def style(entity: Entity) -> Sample | Reject:
        turns = read(reader, entity)
        if isinstance(turns, Reject):
            return turns
        thoughts = text_in(thought, entity)
        if isinstance(thoughts, Reject):
            return thoughts
        tools = read_tools(entity)
        if isinstance(tools, Reject):
            return tools
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        if thoughts:
            turns[-1] = structs.replace(turns[-1], reasoning=thoughts, reasoning_weight=config.reasoning_weight)
        return Chat(messages=turns, tools=tools, metadata=values)

    return style


def _not_learnt(prompt: Turns, reader: TurnReader) -> Turns:
    """The prompt, in which no turn of the assistant is learnt, unless turns may have no weight."""
    if reader.named and "weight" not in reader.keep:
        return prompt
    return [
        structs.replace(turn, weight=0.0) if turn.role == "assistant" and turn.weight is None else turn
        for turn in prompt
    ]
