"""How deep, long and large a row is, found without recursion and with an end to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAX_VALUES = 64 << 10
_HOLDERS = (dict, list, tuple)
_SCALARS = frozenset({float, int, bool, type(None)})


@dataclass(frozen=True, slots=True)
class Extent:
    """The extent of a value.

    Attributes:
        depth: levels of objects and lists; one more than asked for where there are more.
        characters: of all texts and keys.
        values: in it, itself included; below the level that reaches 65,536 none are counted.
    """

    depth: int
    characters: int
    values: int


def extent(value: Any, max_depth: int) -> Extent:
    """Measure a value, down to `max_depth` levels."""
    depth = 0
    values = 1
    characters = len(value) if isinstance(value, str) else 0
    level = [value] if isinstance(value, _HOLDERS) else []
    while level and depth <= max_depth and values < MAX_VALUES:
        depth += 1
        values += sum(map(len, level))
        inside = [one for holder in level for one in _inside(holder)]
        characters += sum(len(one) for one in inside if isinstance(one, str))
        level = [one for one in inside if isinstance(one, _HOLDERS)]
    return Extent(depth, characters, values)


def within(holder: Any, levels: int, longest: int) -> bool:
    """Whether a row has at most `levels` levels, and no text of more than `longest` characters.

    This is asked for every row, so each value costs one look at its type. Names are not measured.
    """
    if levels == 0:
        return False
    for one in holder.values() if isinstance(holder, dict) else holder:
        kind = type(one)
        if kind is str:
            if len(one) > longest:
                return False
        elif kind not in _SCALARS and isinstance(one, _HOLDERS) and not within(one, levels - 1, longest):
            return False
    return True


def _inside(holder: Any) -> Any:
    """The elements of a list; the keys and values of an object."""
    return [*holder, *holder.values()] if isinstance(holder, dict) else holder
