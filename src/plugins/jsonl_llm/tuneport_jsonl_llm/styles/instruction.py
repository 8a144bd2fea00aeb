"""`instruction_tuning`: an instruction, an optional input, and the output to learn."""

from __future__ import annotations

from collections.abc import Callable

from tuneport import Context, Entity, Instruction, Reject, Sample
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import StyleConfig
from tuneport_jsonl_llm.shortcut import Inline, shortened
from tuneport_jsonl_llm.styles.parts import (
    Part,
    Style,
    inline_optional,
    inline_text,
    keep_structures,
    missing,
    optional,
    reasoning,
    reasoning_fields,
    required,
    text_in,
)

_MADE = "{kind}(instruction=instruction, output=output, input=given, metadata=values, weight=weight)"


def instruction_tuning(config: StyleConfig, ctx: Context) -> Style:
    """Read an instruction, an optional input and an output.

    Every sample has an input ("" where the record has none), or none has: it is there once `input_field` is
    named in the configuration or the source shows the field.
    """
    asked, learnt = (required(config.field_mapping, key, ctx) for key in ("instruction_field", "output_field"))
    read_instruction, read_output = asked.read, learnt.read
    part = optional(config.field_mapping, "input_field", ctx)
    about, read_input = part.mapped, _input_reader(part)
    thought, thought_weight = reasoning(config.field_mapping, ctx), config.reasoning_weight
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)
    turns = reasoning_fields(thought, thought_weight)
    ctx.makes(Instruction, has_input=about is not None, metadata=types, turns=turns)
    no_instruction, no_output = missing("instruction"), missing("output")

    def style(entity: Entity) -> Sample | Reject:
        instruction = read_instruction(entity)
        if not isinstance(instruction, str):
            return instruction or no_instruction
        output = read_output(entity)
        if not isinstance(output, str):
            return output or no_output
        given = read_input(entity)
        if isinstance(given, Reject):
            return given
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        sample = Instruction(instruction=instruction, output=output, input=given, metadata=values)
        if thought is not None:
            text = text_in(thought, entity)
            if isinstance(text, Reject):
                return text
            sample.reasoning, sample.reasoning_weight = text, thought_weight if text else None
        written = (("instruction", asked, instruction), ("output", learnt, output))
        keep_structures(sample, (*written, ("input", about, given)) if about and given else written, entity)
        return sample

    if thought is not None:
        return style
    parts = [inline_text("instruction", asked), inline_text("output", learnt), _inline_input(part)]
    return shortened(style, [*parts, metadata.inline(types, late)], "output", _MADE, Instruction)


def _input_reader(part: Part) -> Callable[[Entity], str | Reject | None]:
    """The input, "" where a record has none; None where the run has none."""
    about = part.mapped
    if about is not None:
        return lambda entity: about.read(entity) or ""
    if not part.late:
        return lambda _entity: None
    name, too_late = part.late, part.too_late()
    return lambda entity: None if entity.get(name) is None else too_late


def _inline_input(part: Part) -> Inline | None:
    if part.mapped is not None:
        return inline_optional("given", part.mapped)
    return Inline(
        "given = None" if not part.late else "given = get({late})\nif given is not None: return None",
        {"late": part.late},
    )
