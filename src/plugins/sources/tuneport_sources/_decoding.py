"""From the bytes of a record to an entity, which is nested no deeper than the host takes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from gc import is_tracked
from typing import Any, Literal, TypedDict

import msgspec

from tuneport import Entity
from tuneport.nesting import excess, is_deep_text, is_roomy
from tuneport_sources._diagnosis import DuplicateKeyError

DuplicateKeys = Literal["last", "reject"]
Decode = Callable[[bytes], Entity]
"""Raises msgspec.MsgspecError, ValueError or RecursionError."""


def decoder(fields: frozenset[str] | None, duplicate_keys: DuplicateKeys = "last") -> Decode:
    """Make a decoder of whole objects, or of these fields alone, which is a third faster.

    It has to be used in the thread in which it is made.
    """
    shape = shape_of(fields)
    decode = _whole if shape is _OBJECT else _projected(shape)
    if duplicate_keys == "reject":
        decode = _after(_refuse_duplicates, decode)
    return decode if is_roomy() else _after(_refuse_deep, decode)


def _whole(record: bytes) -> Entity:
    entity = _object(record)
    if not _is_flat(entity):
        _refuse_deep_values(record, entity)
    return entity


def shape_of(fields: frozenset[str] | None) -> Any:
    """The type of an object of which these fields are read."""
    # a TypedDict's keys that are not ASCII are never found (msgspec 0.22)
    if fields is None or not all(map(str.isascii, fields)):
        return _OBJECT
    # sorted: the class, and with it msgspec's work, does not depend on the hash seed
    return TypedDict("shape", dict.fromkeys(sorted(fields), Any), total=False)  # type: ignore[operator]


def _projected(shape: Any) -> Decode:
    decode = msgspec.json.Decoder(shape).decode

    def projected(record: bytes) -> Entity:
        # msgspec does not look into the strings it skips
        if not record.isascii():
            record.decode()
        entity: Entity = decode(record)
        if not _is_flat(entity):
            _refuse_deep_values(record, entity)
        return entity

    return projected


def _after(check: Callable[[bytes], object], decode: Decode) -> Decode:
    def checked(record: bytes) -> Entity:
        check(record)
        return decode(record)

    return checked


def _is_flat(entity: Entity) -> bool:
    """Whether it is plain that nothing is nested in it but lists and objects of scalars, as it is in most.

    The garbage collector keeps track of what can hold something else: not of scalars, nor of dicts of these.
    """
    for value in filter(is_tracked, entity.values()):
        if any(map(is_tracked, value if type(value) is list else value.values())):
            return False
    return True


def _refuse_deep_values(record: bytes, entity: Entity) -> None:
    """Refuse a record for what was read of it, not for what was passed over."""
    if is_deep_text(record) and excess(entity):
        raise RecursionError


def _refuse_deep(record: bytes) -> None:
    if is_deep_text(record):
        raise RecursionError


def _refuse_duplicates(record: bytes) -> None:
    # what is wrong in other ways is for the decoder to say
    if not is_deep_text(record):
        with suppress(UnicodeDecodeError, json.JSONDecodeError):
            _once(record.decode())


def _pairs(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise DuplicateKeyError


_once = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=str, parse_float=str).decode
_OBJECT = dict[str, Any]
_object = msgspec.json.Decoder(_OBJECT).decode
