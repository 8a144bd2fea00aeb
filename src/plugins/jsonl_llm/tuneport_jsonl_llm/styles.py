"""The three styles: a record in, a sample or the reason why there is none out."""

from __future__ import annotations

from collections.abc import Callable

from tuneport import Chat, Context, Entity, Instruction, Message, Reject, Sample, Text
from tuneport_jsonl_llm import metadata
from tuneport_jsonl_llm.config import FieldMapping, StyleConfig
from tuneport_jsonl_llm.mapping import Mapped, compile_mapping

Style = Callable[[Entity], Sample | Reject]


def instruction_tuning(config: StyleConfig, ctx: Context) -> Style:
    """Read an instruction, an optional input and an output.

    Every sample has an input ("" where the record has none), or none has: it is there once `input_field` is
    named in the configuration or the source shows the field.
    """
    asked, learnt = (_required(config.field_mapping, key, ctx) for key in ("instruction_field", "output_field"))
    read_instruction, read_output = asked.read, learnt.read
    about, late_input = _input(config.field_mapping, ctx)
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)
    ctx.makes(Instruction, has_input=about is not None, metadata=types)
    no_instruction, no_output = _missing("instruction"), _missing("output")
    too_late = Reject(
        "late_field",
        f"Field '{late_input}' first appears after the first 10,000 records; name it in field_mapping.input_field",
    )

    def style(entity: Entity) -> Sample | Reject:
        instruction = read_instruction(entity)
        if not isinstance(instruction, str):
            return instruction or no_instruction
        output = read_output(entity)
        if not isinstance(output, str):
            return output or no_output
        given = None
        if about is not None:
            found = about.read(entity)
            if isinstance(found, Reject):
                return found
            given = found or ""
        elif late_input and entity.get(late_input) is not None:
            return too_late
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        sample = Instruction(instruction=instruction, output=output, input=given, metadata=values)
        written = (("instruction", asked, instruction), ("output", learnt, output))
        _keep_structures(sample, (*written, ("input", about, given)) if about and given else written, entity)
        return sample

    return style


def chat_completion(config: StyleConfig, ctx: Context) -> Style:
    """Read a user's message, the assistant's answer, and a system message where it is not empty."""
    asked, learnt = (_required(config.field_mapping, key, ctx) for key in ("user_field", "assistant_field"))
    read_user, read_assistant = asked.read, learnt.read
    said = _system(config.field_mapping, ctx)
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)
    ctx.makes(Chat, metadata=types)
    no_user, no_assistant = _missing("user"), _missing("assistant")

    def style(entity: Entity) -> Sample | Reject:
        user = read_user(entity)
        if not isinstance(user, str):
            return user or no_user
        assistant = read_assistant(entity)
        if not isinstance(assistant, str):
            return assistant or no_assistant
        system = said.read(entity) if said is not None else None
        if isinstance(system, Reject):
            return system
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        turns = (Message("user", user), Message("assistant", assistant))
        sample = Chat(messages=(Message("system", system), *turns) if system else turns, metadata=values)
        first = len(sample.messages) - 2
        written = (
            (f"messages.{first}.content", asked, user),
            (f"messages.{first + 1}.content", learnt, assistant),
        )
        spoken = (("messages.0.content", said, system), *written) if said is not None and system else written
        _keep_structures(sample, spoken, entity)
        return sample

    return style


def text_completion(config: StyleConfig, ctx: Context) -> Style:
    """Read one text."""
    learnt = _required(config.field_mapping, "text_field", ctx)
    types, late = metadata.declare(config, ctx)
    read_metadata = metadata.reader(types, late)
    ctx.makes(Text, metadata=types)
    no_text = _missing("text")

    def style(entity: Entity) -> Sample | Reject:
        text = learnt.read(entity)
        if not isinstance(text, str):
            return text or no_text
        values = read_metadata(entity)
        if isinstance(values, Reject):
            return values
        sample = Text(text=text, metadata=values)
        _keep_structures(sample, (("text", learnt, text),), entity)
        return sample

    return style


def _missing(role: str) -> Reject:
    return Reject("missing_field", f"Missing required field '{role}'")


def _keep_structures(sample: Sample, written: tuple[tuple[str, Mapped, str], ...], entity: Entity) -> None:
    """Keep objects and lists beside the texts they are written as: validators look at what they were."""
    for column, mapped, text in written:
        if text.startswith(("{", "[")):
            value = mapped.structure(entity, text)
            if value is not None:
                sample.structured[column] = value


def _required(mapping: FieldMapping, key: str, ctx: Context) -> Mapped:
    mapped = compile_mapping(getattr(mapping, key), ctx.fields)
    for name in mapped.fields:
        ctx.needs(name, at=f"field_mapping.{key}")
    return mapped


def _input(mapping: FieldMapping, ctx: Context) -> tuple[Mapped | None, str]:
    """How to read the input; or, where the run has none, the default field that must not turn up any more."""
    if not mapping.input_field:
        return None, ""
    if "input_field" in mapping.model_fields_set:
        return _required(mapping, "input_field", ctx), ""
    name = mapping.input_field
    if name in ctx.fields:
        ctx.reads(name)
        return compile_mapping(name, ctx.fields), ""
    if ctx.closed:
        return None, ""
    ctx.reads(name)
    return None, name


def _system(mapping: FieldMapping, ctx: Context) -> Mapped | None:
    if not mapping.system_field:
        return None
    if "system_field" in mapping.model_fields_set:
        return _required(mapping, "system_field", ctx)
    mapped = compile_mapping(mapping.system_field, ctx.fields)
    ctx.reads(*mapped.fields)
    return mapped
