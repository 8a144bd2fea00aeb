"""admit: the reducer. It sees columns in part order, and answers with one verdict per part."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import compress

import msgspec
import msgspec.msgpack

from tuneport.runs.messages import DUPLICATE, KEY_BYTES, TRAIN, Candidates, PartResult, Verdict
from tuneport.runs.planning.plan import Plan
from tuneport.runs.working.split import Splitting
from tuneport.runs.working.weigh import Mean
from tuneport.summary import Summary

Everything = Callable[[], Iterable[Candidates]]
"""The candidates of all parts, in part order, as often as they are asked for."""


class Memory(msgspec.Struct):
    """What the reducer has to know again after a crash, of the parts of one savepoint."""

    keys: bytes
    split: bytes


class Reducer:
    """First-wins deduplication over the whole run, the split, and the mean of the weights.

    Args:
        plan: the run's plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._dedup = plan.pipeline.dedup
        self._split = Splitting(plan.split) if plan.split is not None else None
        self._mean = plan.mean
        self._averages = Mean(plan) if plan.averages else None
        self._seen: set[bytes] = set()
        self._new: dict[int, Memory] = {}
        self._stream, self._base = 0, 0

    def admit(self, candidates: Candidates) -> Verdict:
        """Decide one part. Parts come in order."""
        verdict, new = self._first_wins(candidates)
        self._new[candidates.part] = Memory(new, b"")
        if self._split is not None:
            verdict.splits = self._split.part(candidates, verdict.splits)
        return verdict

    def decide(self, everything: Everything) -> Iterator[Verdict]:
        """Decide all parts, once the last of them has been seen."""
        verdicts: list[Verdict] = []
        columns: list[array[float]] = []
        for candidates in everything():
            verdict, _ = self._first_wins(candidates)
            columns = columns or [array("d") for _ in candidates.raw]
            for column, raw in zip(columns, candidates.raw, strict=True):
                column.extend(compress(array("d", raw), verdict.splits))
            if self._split is not None:
                self._split.gather(candidates, verdict.splits)
            verdicts.append(verdict)
        summaries = [Summary.of(column) for column in columns]
        if self._split is not None:
            for verdict, splits in zip(verdicts, self._split.whole(), strict=True):
                verdict.splits = splits
        mean = self._mean
        if self._averages is not None:
            mean = self._averages.of(everything(), [verdict.splits for verdict in verdicts], summaries)
        for verdict in verdicts:
            verdict.summaries, verdict.mean = summaries, mean
            yield verdict

    def written(self, result: PartResult) -> None:
        """Be told what was written of a part that was decided."""
        if self._split is not None:
            self._new.setdefault(result.part, Memory(b"", b"")).split = self._split.written(result.part, result.written)

    def leakage(self) -> dict[str, int] | None:
        """What was looked for across the split, and how often it was found; None where nothing is split."""
        return self._split.leakage() if self._split is not None else None

    def _first_wins(self, candidates: Candidates) -> tuple[Verdict, bytes]:
        """A part's verdict as far as duplicates go, and the identities that are new."""
        splits, new = self._splits(candidates.keys)
        base = self._reach(candidates.stream, candidates.end)
        return Verdict(candidates.part, base, splits, mean=self._mean), new

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
        """What a savepoint has to keep of these parts: the identities they brought, and what the split has seen."""
        return _pack([self._new[result.part] for result in results if result.part in self._new])

    def saved(self, results: Iterable[PartResult]) -> None:
        """Forget what each part brought: a savepoint holds it."""
        for result in results:
            self._new.pop(result.part, None)

    def restore(self, memory: bytes, results: Iterable[PartResult]) -> None:
        """Take up the state of parts that were done before: what they brought, and how far they reach."""
        for part in _unpack(memory):
            self._seen.update(part.keys[start : start + KEY_BYTES] for start in range(0, len(part.keys), KEY_BYTES))
            if self._split is not None:
                self._split.restore(part.split)
        for result in results:
            self._reach(result.stream, result.end)


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Memory]).decode
