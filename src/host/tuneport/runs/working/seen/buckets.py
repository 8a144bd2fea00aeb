"""Identities in memory: those that begin alike stand in one bucket, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from tuneport.runs.messages import DUPLICATE, KEY_BYTES, TRAIN
from tuneport.runs.working.seen.keys import HEAD_BITS, found, halves, heads, pieces

_FULL = 64
"""Keys that a bucket holds on average before there are twice as many buckets. With more a search takes longer; with
fewer there is more memory around them, for each bucket has a header, and small blocks of memory hardly come back."""
_FIRST_BITS = 8


class Buckets:
    """A set of keys in a quarter of the memory of a `set`: a bucket is plain bytes, and searched as text is."""

    def __init__(self) -> None:
        self._buckets = [b""] * (1 << _FIRST_BITS)
        self._shift = HEAD_BITS - _FIRST_BITS
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, keys: bytes, *, keep: bool = True) -> bytes:
        """Add the keys of a column, or without `keep` only look for them.

        Returns:
            A byte for each: TRAIN for one that is new, DUPLICATE for one that was there.
        """
        while self._count > _FULL * len(self._buckets) and self._shift:
            self._spread()
        verdict = bytearray([TRAIN]) * (len(keys) // KEY_BYTES)
        buckets, shift = self._buckets, self._shift
        for index, (head, key) in enumerate(zip(heads(keys), pieces(keys), strict=True)):
            bucket = buckets[head >> shift]
            at = bucket.find(key)
            if at > 0 and at % KEY_BYTES:
                at = found(bucket, key, at)
            if at >= 0:
                verdict[index] = DUPLICATE
            elif keep:
                buckets[head >> shift] = bucket + key
        if keep:
            self._count += verdict.count(TRAIN)
        return bytes(verdict)

    def _spread(self) -> None:
        """Twice as many buckets. Each goes as soon as the two that hold its keys are there."""
        self._shift -= 1
        self._buckets = [half for bucket in _taken(self._buckets) for half in halves(bucket, self._shift)]


def _taken(buckets: list[bytes]) -> Iterator[bytes]:
    for number, bucket in enumerate(buckets):
        buckets[number] = b""
        yield bucket
