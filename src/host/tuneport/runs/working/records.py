"""What is read of every record before any stage: its key, its subject, the fields that may be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tuneport.model import Batch, Entity
from tuneport.runs.codes import sound

MAX_KEY = 1000
"""Characters of a key or subject that are kept."""
_LONGEST = 4 * MAX_KEY
"""Bits of a number that is written as it is: some more digits than are kept."""


def key_reader(fields: tuple[str, ...] | None) -> Callable[[Entity], str | None]:
    """A function that names an entity by all of its key fields, or by the first of `pk` and `id` where none are set."""
    if fields is None:
        return _usual_key
    if not fields:
        return lambda _entity: None
    if len(fields) == 1:
        (field_,) = fields
        return lambda entity: _text(entity.get(field_))
    return lambda entity: "/".join(_text(entity.get(name)) or "" for name in fields)


def _usual_key(entity: Entity) -> str | None:
    key = entity.get("pk")
    if type(key) is str and 0 < len(key) <= MAX_KEY and key.isascii():
        return key
    return _text(key) or _text(entity.get("id"))


def subject_reader(field_: str | None) -> Callable[[Entity], str | None] | None:
    """A function that says whose data an entity is; None where nobody asks."""
    return None if field_ is None else lambda entity: _text(entity.get(field_))


def _text(value: Any) -> str | None:
    """A key as text that can be written; a structure is no key, and is not shown."""
    if value is None or isinstance(value, (dict, list, tuple, set, bytes)):
        return None
    text = sound(_said(value))
    return text if len(text) <= MAX_KEY else f"{text[:MAX_KEY]}..."


def _said(value: Any) -> str:
    # Python gives a number of thousands of digits no text, but in base 16.
    return hex(value) if type(value) is int and value.bit_length() > _LONGEST else str(value)


def visibility(include: list[str], exclude: list[str]) -> Callable[[Entity], Entity] | None:
    """A function that takes away the fields nothing may look at; None where there are none."""
    if not include and not exclude:
        return None
    kept, hidden = frozenset(include), frozenset(exclude)
    if kept:
        return lambda entity: {k: v for k, v in entity.items() if k in kept and k not in hidden}
    return lambda entity: {k: v for k, v in entity.items() if k not in hidden}


def within(batches: Iterable[Batch], most: int | None) -> Iterator[Batch]:
    """The batches up to the `most`-th record, readable or not, in source order."""
    if most is None:
        yield from batches
        return
    for batch in batches:
        count = len(batch.entities) + len(batch.malformed)
        if count <= most:
            yield batch
            most -= count
        else:
            yield _cut(batch, most)
            return
        if most == 0:
            return


def _cut(batch: Batch, most: int) -> Batch:
    ordinals = sorted([*batch.ordinals, *(bad.ordinal for bad in batch.malformed)])
    end = ordinals[most]
    kept = [(o, e) for o, e in zip(batch.ordinals, batch.entities, strict=True) if o < end]
    malformed = [bad for bad in batch.malformed if bad.ordinal < end]
    return Batch([entity for _, entity in kept], [ordinal for ordinal, _ in kept], end, malformed)
