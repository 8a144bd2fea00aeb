"""One part while it is rendered: what it is made of, and what came of it so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import compress

from tuneport.runs.messages import KEY_BYTES, SPLITS, Candidates, Prepared, Rejected, Verdict
from tuneport.runs.working.blame import Whose
from tuneport.runs.working.breaker import Chain
from tuneport.runs.working.judge import Judge
from tuneport.runs.working.lines import Lines
from tuneport.runs.working.measure import Measures


@dataclass
class Rendering:
    """One part while it is rendered; `position` is that of the sample at hand."""

    candidates: Candidates
    prepared: Prepared
    verdict: Verdict
    formats: list[Lines]
    judge: Judge
    measures: Measures
    notes: Counter[str]
    exported: bytearray
    weighed: Chain
    labels: dict[str, list[str | None]]
    weights: list[float] = field(default_factory=list)
    refused: list[Rejected] = field(default_factory=list)
    index: list[tuple[int, bytes]] = field(default_factory=list)
    position: int = 0

    def whose(self) -> Whose:
        """Whose the sample at hand is."""
        prepared, position = self.prepared, self.position
        return Whose(prepared.ordinals[position], prepared.keys[position], prepared.subjects[position])

    def identity(self) -> bytes:
        """What makes the sample at hand a duplicate of another."""
        return self._of(self.candidates.keys)

    def unit(self) -> bytes:
        """What may not stand on both sides of a split."""
        return self._of(self.candidates.units)

    def cluster(self) -> bytes:
        """The identity of the first of the near-duplicates of the sample at hand; empty where it has none."""
        first = self._of(self.verdict.clusters)
        return first if any(first) else b""

    def raw(self) -> list[float]:
        """The numbers that deferred weightings took of the sample at hand."""
        return [memoryview(column).cast("d")[self.position] for column in self.candidates.raw]

    def _of(self, column: bytes) -> bytes:
        return column[self.position * KEY_BYTES : (self.position + 1) * KEY_BYTES]

    def locator(self, ordinal: int, place: Callable[[int, int], str]) -> str:
        """Where a record of this part stands."""
        return place(self.candidates.stream, self.verdict.base + ordinal)

    def named(self, key: str | None, ordinal: int, place: Callable[[int, int], str]) -> str:
        """A record's key, or where it stands."""
        return key if key is not None else self.locator(ordinal, place)

    def splits(self) -> dict[str, int]:
        """Split to the number of samples that were exported to it."""
        counted = Counter(compress(self.verdict.splits, self.exported))
        return {SPLITS[split]: count for split, count in counted.items()}

    def chains(self) -> list[Chain]:
        """What is told of failures, in the order in which a sample comes to it."""
        return [self.weighed, *(lines.chain for lines in self.formats), *self.judge.chains]

    def rejected(self) -> list[Rejected]:
        """The records that became no row, in source order."""
        return sorted(self.prepared.rejected, key=lambda reject: reject.ordinal)
