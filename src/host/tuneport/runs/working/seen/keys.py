"""Columns of keys: KEY_BYTES each, one after the other."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import compress
from operator import itemgetter, not_
from struct import Struct

from tuneport.runs.messages import KEY_BYTES

HEAD_BITS = 32
_HEAD = "I"
_unpack = Struct(f"{KEY_BYTES}s").iter_unpack
_first = itemgetter(0)


def pieces(keys: bytes) -> Iterator[bytes]:
    """Each key of a column."""
    return map(_first, _unpack(keys))


def heads(keys: bytes) -> array[int]:
    """Of each key HEAD_BITS of it as a number, by which keys are kept apart."""
    return array(_HEAD, keys)[:: KEY_BYTES * 8 // HEAD_BITS]


def found(keys: bytes, key: bytes, start: int = 0) -> int:
    """Where a key stands in a column, from a position on; -1 where it does not: what overlaps two keys is neither."""
    at = keys.find(key, start)
    while at > 0 and at % KEY_BYTES:
        at = keys.find(key, at + 1)
    return at


def halves(keys: bytes, bit: int) -> tuple[bytes, bytes]:
    """The keys whose heads do not have a bit, and those whose heads have it, each in the order of the column."""
    have = [head >> bit & 1 for head in heads(keys)]
    return b"".join(compress(pieces(keys), map(not_, have))), b"".join(compress(pieces(keys), have))
