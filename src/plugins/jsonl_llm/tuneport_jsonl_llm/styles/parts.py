"""What the styles have in common: finding the parts of a sample in a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tuneport import Context, Entity, Reject, Sample
from tuneport_jsonl_llm.config import FieldMapping
from tuneport_jsonl_llm.mapping import Mapped, compile_mapping
from tuneport_jsonl_llm.shortcut import Inline

Style = Callable[[Entity], Sample | Reject]


def required(mapping: FieldMapping, key: str, ctx: Context) -> Mapped:
    """A part that the source has to have."""
    mapped = compile_mapping(getattr(mapping, key), ctx.fields)
    for name in mapped.fields:
        ctx.needs(name, at=f"field_mapping.{key}")
    return mapped


class Part(NamedTuple):
    """A part that a run has or has not.

    Attributes:
        mapped: how to read it; None where the run has none.
        late: the default field that must not turn up any more; "" where there is none.
        key: the key that would have named it.
    """

    mapped: Mapped | None
    late: str
    key: str

    def too_late(self) -> Reject:
        """The reject of a record that has it after all."""
        fix = f"name it in field_mapping.{self.key}"
        return Reject("late_field", f"Field '{self.late}' first appears after the first 10,000 records; {fix}")


def optional(mapping: FieldMapping, key: str, ctx: Context) -> Part:
    """A part that is there once its field is named in the configuration or the source shows the default one."""
    name = getattr(mapping, key)
    if not name:
        return Part(None, "", key)
    if key in mapping.model_fields_set:
        return Part(required(mapping, key, ctx), "", key)
    if name in ctx.fields:
        ctx.reads(name)
        return Part(compile_mapping(name, ctx.fields), "", key)
    if ctx.closed:
        return Part(None, "", key)
    ctx.reads(name)
    return Part(None, name, key)


def system(mapping: FieldMapping, ctx: Context) -> Mapped | None:
    """The system message, which a record may have without being asked."""
    if not mapping.system_field:
        return None
    if "system_field" in mapping.model_fields_set:
        return required(mapping, "system_field", ctx)
    mapped = compile_mapping(mapping.system_field, ctx.fields)
    ctx.reads(*mapped.fields)
    return mapped


def reasoning(mapping: FieldMapping, ctx: Context) -> Mapped | None:
    """What comes before the answer, where it is named."""
    return required(mapping, "reasoning_field", ctx) if mapping.reasoning_field else None


def reasoning_fields(mapped: Mapped | None, weight: float | None) -> tuple[str, ...]:
    """What answers have beside their text."""
    if mapped is None:
        return ()
    return ("reasoning",) if weight is None else ("reasoning", "reasoning_weight")


def text_in(mapped: Mapped | None, entity: Entity) -> str | Reject:
    """The text of a part that may be missing: "" then."""
    return "" if mapped is None else mapped.read(entity) or ""


def missing(role: str) -> Reject:
    """The reject of a record without a part that every sample has."""
    return Reject("missing_field", f"Missing required field '{role}'")


def keep_structures(sample: Sample, written: tuple[tuple[str, Mapped, str], ...], entity: Entity) -> None:
    """Keep objects and lists beside the texts they are written as: validators look at what they were."""
    for column, mapped, text in written:
        if text.startswith(("{", "[")):
            value = mapped.structure(entity, text)
            if value is not None:
                sample.structured[column] = value


def inline_text(local: str, mapped: Mapped) -> Inline | None:
    """How to read a part that every record has, as lines of Python; None for a path or a template."""
    if len(mapped.steps) != 1:
        return None
    return Inline(f"{local} = get({{field}})\nif type({local}) is not str: return None", {"field": mapped.steps[0]})


def inline_optional(local: str, mapped: Mapped) -> Inline | None:
    """The same for one that it may lack, which is "" then."""
    if len(mapped.steps) != 1:
        return None
    text = f"{local} = get({{field}})\nif {local} is None: {local} = ''\nelif type({local}) is not str: return None"
    return Inline(text, {"field": mapped.steps[0]})
