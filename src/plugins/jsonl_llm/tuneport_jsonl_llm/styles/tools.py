"""The tools of a conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tuneport import Context, Entity, Reject
from tuneport_jsonl_llm.config import FieldMapping
from tuneport_jsonl_llm.styles.parts import optional
from tuneport_jsonl_llm.turns.calls import tools_in

ReadTools = Callable[[Entity], Sequence[dict[str, Any]] | Reject]


def tool_reader(mapping: FieldMapping, ctx: Context) -> tuple[ReadTools, bool]:
    """How to read the tools of a record, and whether a run's samples may carry any."""
    part = optional(mapping, "tools_field", ctx)
    mapped, name = part.mapped, part.late or mapping.tools_field
    if mapped is not None:
        return lambda entity: tools_in(mapped.value(entity), name), True
    if not part.late:
        return lambda _entity: (), False
    too_late = part.too_late()
    return lambda entity: too_late if entity.get(name) else (), False
