"""The rows of a source's streams, one after the other: where each stands, and which group it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tuneport.model import Batch, Entity, Malformed
from tuneport.runs.alike import canonical
from tuneport.runs.reading.sources import readable
from tuneport.runs.reading.streams import Stream

Row = tuple[int, str, Entity | Malformed]
"""Where it stands, its group's name, and the row; one that cannot be read, or has no group, is a group of its own."""

Group = tuple[int, list[Entity] | Malformed]
"""Where its first row stands, and its rows; or a row that cannot be read, by itself."""

_ORDINALS = 1 << 44
"""More lines or rows than a stream has."""

_BETWEEN = "\x1f"
_MOST_SHOWN = 100


def rows_of(streams: Sequence[Stream], by: Sequence[str], fields: frozenset[str] | None) -> Iterator[Row]:
    """Every row of some streams, in order.

    Args:
        streams: what is read.
        by: the fields that name a group.
        fields: the only fields anyone looks at, or None for all.

    Raises:
        SourceError: a stream fails.
    """
    for number, stream in enumerate(streams):
        for batch in readable(stream.source, None, fields):
            for ordinal, record in _in_order(batch):
                position = number * _ORDINALS + ordinal
                group = record if isinstance(record, Malformed) else group_of(record, by)
                if isinstance(group, str):
                    yield position, group, record
                else:
                    yield position, alone(position), group


def alone(position: int) -> str:
    """The name of the group of a row that belongs to none."""
    return f"{_BETWEEN}{position}"


def place_of(position: int) -> tuple[int, int]:
    """The number of the stream, and the ordinal in it, that a position stands for."""
    return divmod(position, _ORDINALS)


def _in_order(batch: Batch) -> Iterator[tuple[int, Entity | Malformed]]:
    if not batch.malformed:
        return zip(batch.ordinals, batch.entities, strict=True)
    records: list[tuple[int, Entity | Malformed]] = [
        *zip(batch.ordinals, batch.entities, strict=True),
        *((bad.ordinal, bad) for bad in batch.malformed),
    ]
    records.sort(key=lambda record: record[0])
    return iter(records)


def group_of(row: object, by: Sequence[str]) -> str | Malformed:
    """The name of a row's group; why it has none. What stands for one value has one name: 7 in JSON and "7" in CSV."""
    if not isinstance(row, dict):
        return Malformed(0, "bad_type", f"A record is a dict, not {type(row).__name__}")
    names: list[str] = []
    for field in by:
        value = row.get(field)
        kind = value.__class__
        if kind in _STRUCTURES:
            return Malformed(0, "bad_type", f"Field '{field}' is a {_STRUCTURES[kind]}, which names no group")
        name = canonical(value)
        if not name:
            what = "null" if value is None else "blank" if kind is str else "not a number"
            return Malformed(0, "bad_type", f"Field '{field}' is {what}: the row belongs to no group")
        # Neither digits nor a text in quotes have what stands between two of them.
        names.append(name if name.isdigit() and name.isascii() else repr(name))
    return _BETWEEN.join(names)


_STRUCTURES: dict[type, str] = {dict: "table", list: "list", tuple: "list", set: "list", frozenset: "list"}


def title_of(group: str, by: Sequence[str]) -> str:
    """A group as a message names it: `chat_id = 'c17'`."""
    text = ", ".join(f"{field} = {name}" for field, name in zip(by, group.split(_BETWEEN), strict=True))
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
