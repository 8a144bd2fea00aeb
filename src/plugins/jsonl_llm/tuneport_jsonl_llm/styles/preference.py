"""`preference`: a prompt, a better answer and a worse one."""

from __future__ import annotations

from typing import NamedTuple

from tuneport import Context, Entity, Preference, Reject, Sample
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import StyleConfig
from tuneport_jsonl_llm.styles.beginning import begun, common, same
from tuneport_jsonl_llm.styles.parts import Style
from tuneport_jsonl_llm.styles.shown import settled
from tuneport_jsonl_llm.styles.sides import Side, answer_side, together, when_there
from tuneport_jsonl_llm.styles.tools import tool_reader
from tuneport_jsonl_llm.turns.reader import TurnReader, Turns


class _Pair(NamedTuple):
    prompt: Turns
    chosen: Turns
    rejected: Turns


def preference(config: StyleConfig, ctx: Context) -> Style:
    """Read a prompt and two answers, each a text or a list of turns.

    Answers that are whole conversations begin with their prompt: what both begin with is the prompt, and has to end
    with that of the record where it has one.
    """
    asked = when_there(config.field_mapping, ctx)
    answers = [answer_side(config.field_mapping, key, ctx) for key in ("chosen_field", "rejected_field")]
    read_tools, has_tools = tool_reader(config.field_mapping, ctx)
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)

    def read(reader: TurnReader, entity: Entity) -> _Pair | Reject:
        return _pair(asked, answers, reader, entity)

    def all_turns(reader: TurnReader, entity: Entity) -> Turns:
        found = read(reader, entity)
        return [] if isinstance(found, Reject) else [turn for turns in found for turn in turns]

    reader = settled(config, ctx, all_turns)
    ctx.makes(Preference, metadata=types, turns=reader.keep, tools=has_tools)

    def style(entity: Entity) -> Sample | Reject:
        pair = read(reader, entity)
        if isinstance(pair, Reject):
            return pair
        tools = read_tools(entity)
        if isinstance(tools, Reject):
            return tools
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        return Preference(**pair._asdict(), tools=tools, metadata=values)

    return style


def _pair(asked: Side | None, answers: list[Side], reader: TurnReader, entity: Entity) -> _Pair | Reject:
    prompt = asked.turns(reader, entity) if asked is not None else None
    if isinstance(prompt, Reject):
        return prompt
    found = together(answers, reader, entity)
    if isinstance(found, Reject):
        return found
    chosen, rejected = found
    if chosen[0].role != "assistant" or rejected[0].role != "assistant":
        shared = common(chosen, rejected)
        chosen, rejected = chosen[shared:], rejected[shared:]
        prompt = begun(found[0][:shared], prompt)
        if prompt is None or chosen[0].role != "assistant" or rejected[0].role != "assistant":
            return Reject("prompts_differ", "The chosen answer and the rejected one are answers to different prompts")
    if prompt is None:
        return Reject("missing_field", "Missing required field 'prompt'")
    return _checked(_Pair(prompt, chosen, rejected), reader)


def _checked(pair: _Pair, reader: TurnReader) -> _Pair | Reject:
    """The pair, both answers of which end with the assistant and are not the same."""
    if same(pair.chosen, pair.rejected):
        return Reject("same_answers", "The chosen answer and the rejected one are the same")
    answers: list[Turns] = []
    for name, turns in (("chosen", pair.chosen), ("rejected", pair.rejected)):
        whole = reader.whole(pair.prompt, turns, name)
        if isinstance(whole, Reject):
            return whole
        answers.append(whole[len(pair.prompt) :])
    return _Pair(pair.prompt, *answers)
