"""admit: the reducer. It sees columns in part order, and answers with one verdict per part."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import compress

from tuneport.runs.messages import DUPLICATE, KEY_BYTES, TRAIN, Candidates, PartResult, Verdict
from tuneport.summary import Summary


class Reducer:
    """First-wins deduplication over the whole run; later the split and the weights' scale.

    Args:
        dedup: leave out samples whose identity was seen before.
    """

    def __init__(self, *, dedup: bool) -> None:
        self._dedup = dedup
        self._seen: set[bytes] = set()
        self._new: dict[int, bytes] = {}
        self._stream, self._base = 0, 0

    def admit(self, candidates: Candidates) -> Verdict:
        """Decide one part. Parts come in order."""
        splits, new = self._splits(candidates.keys)
        base = self._reach(candidates.stream, candidates.end)
        self._new[candidates.part] = new
        return Verdict(candidates.part, base, splits)

    def decide(self, everything: Iterable[Candidates]) -> Iterator[Verdict]:
        """Decide all parts, once the last of them has been seen: what deferred stages asked for is in every verdict."""
        verdicts: list[Verdict] = []
        columns: list[array[float]] = []
        for candidates in everything:
            verdict = self.admit(candidates)
            self._new.clear()
            columns = columns or [array("d") for _ in candidates.raw]
            for column, raw in zip(columns, candidates.raw, strict=True):
                column.extend(compress(array("d", raw), verdict.splits))
            verdicts.append(verdict)
        summaries = [Summary.of(column) for column in columns]
        for verdict in verdicts:
            verdict.summaries = summaries
            yield verdict

    def _reach(self, stream: int, end: int) -> int:
        """Go on by `end` lines or rows; how many of this stream came before."""
        if stream != self._stream:
            self._stream, self._base = stream, 0
        base, self._base = self._base, self._base + end
        return base

    def _splits(self, keys: bytes) -> tuple[bytes, bytes]:
        """A byte per sample, and the identities that are new."""
        count = len(keys) // KEY_BYTES
        if not self._dedup:
            return bytes([TRAIN]) * count, b""
        splits = bytearray(count)
        seen, new = self._seen, []
        for index in range(count):
            key = keys[index * KEY_BYTES : (index + 1) * KEY_BYTES]
            if key in seen:
                splits[index] = DUPLICATE
            else:
                seen.add(key)
                new.append(key)
                splits[index] = TRAIN
        return bytes(splits), b"".join(new)

    def keys_of(self, results: Iterable[PartResult]) -> bytes:
        """The identities that these parts brought, in order: what a savepoint has to keep."""
        return b"".join(self._new.get(result.part, b"") for result in results)

    def saved(self, results: Iterable[PartResult]) -> None:
        """Forget which part brought which identity: a savepoint holds it."""
        for result in results:
            self._new.pop(result.part, None)

    def restore(self, keys: bytes, results: Iterable[PartResult]) -> None:
        """Take up the state of parts that were done before: their identities, and how far they reach."""
        self._seen.update(keys[start : start + KEY_BYTES] for start in range(0, len(keys), KEY_BYTES))
        for result in results:
            self._reach(result.stream, result.end)
