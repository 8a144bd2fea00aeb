"""What turns of a run have beside role and content: named, or seen in the first records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tuneport import Context, Entity, Message
from tuneport_jsonl_llm.config import TURN_FIELDS, StyleConfig
from tuneport_jsonl_llm.turns.reader import TurnReader, has, plain

ReadTurns = Callable[[TurnReader, Entity], Any]
"""All turns of one record, read by a reader; a reject where there are none."""


def settled(config: StyleConfig, ctx: Context, read: ReadTurns) -> TurnReader:
    """The reader of a run's turns: it keeps what is named in `message_fields`, else what the first records show."""
    if config.message_fields is not None:
        return TurnReader(config, config.message_fields, named=True)
    curious = TurnReader(config, TURN_FIELDS, named=True)
    found = (read(curious, entity) for entity in first_records(ctx))
    shown = _fields_of(turn for turns in found if isinstance(turns, list) for turn in turns)
    return TurnReader(config, shown, named=False)


def _fields_of(turns: Iterable[Message]) -> set[str]:
    fields: set[str] = set()
    for turn in turns:
        if not plain(turn):
            fields.update(name for name in TURN_FIELDS if has(turn, name))
            if len(fields) == len(TURN_FIELDS):
                break
    return fields


def first_records(ctx: Context) -> Iterator[Entity]:
    """The first records that are records."""
    return (entity for entity in ctx.first_records() if isinstance(entity, dict))
