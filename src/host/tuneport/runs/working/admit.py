"""admit: the reducer. It sees columns in part order, and answers with one verdict per part."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import compress
from pathlib import Path

import msgspec
import msgspec.msgpack

from tuneport.dataset import NearInfo
from tuneport.runs.messages import DUPLICATE, KEY_BYTES, TRAIN, Candidates, PartResult, Verdict
from tuneport.runs.planning.plan import Plan
from tuneport.runs.storage import Storage
from tuneport.runs.working.near.clusters import Clusters
from tuneport.runs.working.seen.identities import Identities
from tuneport.runs.working.seen.keys import pieces
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
    """First-wins deduplication over the whole run, near-duplicates, the split, and the mean of the weights.

    Args:
        plan: the run's plan.
        storage: for what memory has no room for (`run.memory`).
        folder: where that goes; None for the system's temporary space.
    """

    def __init__(self, plan: Plan, storage: Storage | None = None, folder: Path | None = None) -> None:
        self._dedup = plan.pipeline.dedup
        self._clusters = Clusters(plan) if plan.compiled.fingerprints else None
        clustered = self._clusters is not None
        self._split = Splitting(plan.split, clustered=clustered) if plan.split is not None else None
        self._mean = plan.mean
        self._averages = Mean(plan) if plan.averages else None
        self._seen = Identities(plan.recipe.run.memory, storage or Storage(), folder)
        self._new: dict[int, Memory] = {}
        self._stream, self._base = 0, 0

    def admit(self, candidates: Candidates) -> Verdict:
        """Decide one part. Parts come in order."""
        verdict = self._first_wins(candidates)
        self._new[candidates.part] = Memory(_new(candidates.keys, verdict.splits) if self._dedup else b"", b"")
        if self._split is not None:
            verdict.splits = self._split.part(candidates, verdict.splits)
        return verdict

    def decide(self, everything: Everything) -> Iterator[Verdict]:
        """Decide all parts, once the last of them has been seen."""
        verdicts: list[Verdict] = []
        columns: list[array[float]] = []
        for candidates, verdict in self._kept(everything):
            columns = columns or [array("d") for _ in candidates.raw]
            for column, raw in zip(columns, candidates.raw, strict=True):
                column.extend(compress(array("d", raw), verdict.splits))
            if self._split is not None:
                self._split.gather(candidates, verdict.splits)
            verdicts.append(verdict)
        summaries = [Summary.of(column) for column in columns]
        if self._split is not None:
            labels = self._clusters.labels(verdicts) if self._clusters is not None else None
            for verdict, splits in zip(verdicts, self._split.whole(labels), strict=True):
                verdict.splits = splits
        if self._clusters is not None:
            self._clusters.sides(verdicts)
        mean = self._mean
        if self._averages is not None:
            mean = self._averages.of(everything(), [verdict.splits for verdict in verdicts], summaries)
        for verdict in verdicts:
            verdict.summaries, verdict.mean = summaries, mean
            verdict.clusters = self._clusters.identities(verdict) if self._clusters is not None else b""
            yield verdict

    def _kept(self, everything: Everything) -> Iterator[tuple[Candidates, Verdict]]:
        """All parts, and their verdicts as far as duplicates go, exact ones first."""
        if self._clusters is None:
            yield from ((candidates, self._first_wins(candidates)) for candidates in everything())
            return
        verdicts = [self._first_wins(candidates) for candidates in everything()]
        self._clusters.leave_out(everything, verdicts)
        yield from zip(everything(), verdicts, strict=True)

    def written(self, result: PartResult) -> None:
        """Be told what was written of a part that was decided."""
        if self._split is not None:
            self._new.setdefault(result.part, Memory(b"", b"")).split = self._split.written(result.part, result.written)

    def leakage(self) -> dict[str, int] | None:
        """What was looked for across the split, and how often it was found; None where nothing is split."""
        return self._split.leakage() if self._split is not None else None

    def near(self) -> NearInfo | None:
        """Which samples are near-duplicates; None where nobody looks for them."""
        return self._clusters.info() if self._clusters is not None else None

    def close(self) -> None:
        """Let go of what is on disk."""
        self._seen.close()

    def _first_wins(self, candidates: Candidates) -> Verdict:
        """A part's verdict as far as duplicates go."""
        keys = candidates.keys
        splits = self._seen.add(keys) if self._dedup else bytes([TRAIN]) * (len(keys) // KEY_BYTES)
        base = self._reach(candidates.stream, candidates.end)
        return Verdict(candidates.part, base, splits, mean=self._mean)

    def _reach(self, stream: int, end: int) -> int:
        """Go on by `end` lines or rows; how many of this stream came before."""
        if stream != self._stream:
            self._stream, self._base = stream, 0
        base, self._base = self._base, self._base + end
        return base

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
            self._seen.add(part.keys)
            if self._split is not None:
                self._split.restore(part.split)
        for result in results:
            self._reach(result.stream, result.end)


def _new(keys: bytes, splits: bytes) -> bytes:
    """The identities of a part that are new."""
    return b"".join(compress(pieces(keys), splits)) if DUPLICATE in splits else keys


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Memory]).decode
