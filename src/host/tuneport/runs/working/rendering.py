"""One part while it is rendered: what it is made of, and what came of it so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tuneport.runs.messages import KEY_BYTES, Candidates, Prepared, Rejected, Verdict
from tuneport.runs.working.blame import Whose
from tuneport.runs.working.breaker import Chain
from tuneport.runs.working.judge import Judge
from tuneport.runs.working.lines import Lines
from tuneport.runs.working.measure import Measures


@dataclass
class Rendering:
    """One part while it is rendered."""

    candidates: Candidates
    prepared: Prepared
    verdict: Verdict
    formats: list[Lines]
    judge: Judge
    measures: Measures
    notes: Counter[str]
    exported: bytearray
    weighed: Chain
    splits: Counter[str] = field(default_factory=Counter)
    weights: list[float] = field(default_factory=list)
    labels: dict[str, list[str | None]] = field(default_factory=dict)
    refused: list[Rejected] = field(default_factory=list)
    index: list[tuple[int, bytes]] = field(default_factory=list)

    def whose(self, position: int) -> Whose:
        """Whose a sample is."""
        prepared = self.prepared
        return Whose(prepared.ordinals[position], prepared.keys[position], prepared.subjects[position])

    def identity(self, position: int) -> bytes:
        """What makes a sample a duplicate of another."""
        return self.candidates.keys[position * KEY_BYTES : (position + 1) * KEY_BYTES]

    def unit(self, position: int) -> bytes:
        """What may not stand on both sides of a split."""
        units = self.candidates.units
        return units[position * KEY_BYTES : (position + 1) * KEY_BYTES]

    def locator(self, ordinal: int, place: Callable[[int, int], str]) -> str:
        """Where a record of this part stands."""
        return place(self.candidates.stream, self.verdict.base + ordinal)

    def named(self, key: str | None, ordinal: int, place: Callable[[int, int], str]) -> str:
        """A record's key, or where it stands."""
        return key if key is not None else self.locator(ordinal, place)

    def chains(self) -> list[Chain]:
        """What is told of failures, in the order in which a sample comes to it."""
        return [self.weighed, *(lines.chain for lines in self.formats), *self.judge.chains]

    def rejected(self) -> list[Rejected]:
        """The records that became no row, in source order."""
        return sorted(self.prepared.rejected, key=lambda reject: reject.ordinal)
