"""A prompt and answers to it, each a text or a list of turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tuneport import Context, Entity, Reject
from tuneport_jsonl_llm.config import FieldMapping
from tuneport_jsonl_llm.mapping import Mapped, compile_mapping
from tuneport_jsonl_llm.styles.parts import optional, required
from tuneport_jsonl_llm.turns.reader import TurnReader, Turns


class Side(NamedTuple):
    """One column of a prompt or an answer.

    Attributes:
        mapped: where it is.
        part: what it is called in rejects: `prompt`, `chosen`.
        role: who says it where it is text.
    """

    mapped: Mapped
    part: str
    role: str

    def turns(self, reader: TurnReader, entity: Entity) -> Turns | Reject | None:
        """Its turns in one record; None where there is nothing."""
        value = self.mapped.value(entity)
        return value if isinstance(value, Reject) else reader.said(value, self.part, self.role)


def prompt_side(mapping: FieldMapping, ctx: Context) -> Side:
    """The prompt, which the source has to have."""
    return Side(required(mapping, "prompt_field", ctx), "prompt", "user")


def answer_side(mapping: FieldMapping, key: str, ctx: Context) -> Side:
    """An answer."""
    return Side(required(mapping, key, ctx), key.removesuffix("_field"), "assistant")


def together(sides: Sequence[Side], reader: TurnReader, entity: Entity) -> list[Turns] | Reject:
    """The turns of each side, all of which a record has to have."""
    found: list[Turns] = []
    for side in sides:
        turns = side.turns(reader, entity)
        if not isinstance(turns, list):
            return turns or Reject("missing_field", f"Missing required field '{side.part}'")
        found.append(turns)
    return found


def when_there(mapping: FieldMapping, ctx: Context) -> Side | None:
    """The prompt, where the source may have one."""
    part = optional(mapping, "prompt_field", ctx)
    mapped = compile_mapping(part.late, ()) if part.late else part.mapped
    return None if mapped is None else Side(mapped, "prompt", "user")
