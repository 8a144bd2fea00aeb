"""The record that rows of one conversation make."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isnan
from typing import Any

from tuneport.model import Entity
from tuneport.recipes.grouping import MESSAGES, GroupSection


def conversation_of(group: GroupSection) -> Callable[[list[Entity]], Entity]:
    """A function from the rows of a conversation, in the source's order, to its record.

    That has the fields `by`, `messages`, and every field of the first turn that is none of the turns'. A turn has
    `role`, `content` and `fields`, null where its row lacks them.
    """
    turn = [("role", group.role_field), ("content", group.content_field), *((name, name) for name in group.fields)]
    of_turns = frozenset(group.turn_fields())

    def conversation(rows: list[Entity]) -> Entity:
        if group.order_by:
            rows.sort(key=lambda row: _order(row, group.order_by))
        first = rows[0]
        made = {name: first[name] for name in group.by}
        made[MESSAGES] = [{name: row.get(field) for name, field in turn} for row in rows]
        for name, value in first.items():
            if name not in of_turns and name not in made:
                made[name] = value
        return made

    return conversation


def _order(row: Entity, fields: Sequence[str]) -> tuple[tuple[int, Any], ...]:
    return tuple(_rank(row.get(field)) for field in fields)


_NUMBER = re.compile(r"[+-]?\d{1,300}(\.\d{1,300})?", re.ASCII)
"""A text that is a plain number, as every cell of a CSV file is a text. No date and no version is one."""


def _rank(value: Any) -> tuple[int, Any]:
    """What a value is sorted by: nulls first, numbers before texts; a text of a plain number is that number.

    Each value by itself, so that it stands at the same rank in every conversation of a run.
    """
    if value is None or (isinstance(value, float | Decimal) and _is_nan(value)):
        return 0, 0
    if isinstance(value, int | float | Decimal):
        return 1, value
    text = value if isinstance(value, str) else str(value)
    number = _NUMBER.fullmatch(text.strip())
    if number is None:
        return 2, text
    # As JSON has it: 0.1 and "0.1" are alike.
    return 1, float(text) if number[1] else int(text)


def _is_nan(value: float | Decimal) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else isnan(value)
