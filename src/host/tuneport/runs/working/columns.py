"""What the reducer will be told of a part: the columns of its candidates, while they grow."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from tuneport.runs.messages import Candidates, Part
from tuneport.runs.working.apart import NOWHERE, Place
from tuneport.runs.working.breaker import Chain
from tuneport.runs.working.near.marks import Mark, Marks


@dataclass
class Columns:
    """What the reducer will be told of a part's samples."""

    raw: list[array[float]]
    weights: array[float] | None
    keys: list[bytes] = field(default_factory=list)
    units: list[bytes] = field(default_factory=list)
    strata: list[bytes] = field(default_factory=list)
    prompts: list[bytes] = field(default_factory=list)
    marks: list[Marks] = field(default_factory=list)

    def add(self, identity: bytes, weight: float, place: Place, marks: Sequence[Mark] = ()) -> None:
        """Add a sample."""
        self.keys.append(identity)
        if self.weights is not None:
            self.weights.append(weight)
        if place is not NOWHERE:
            self.units += place.units
            self.strata += place.strata
            self.prompts += place.prompts
        for column, mark in zip(self.marks, marks, strict=True):
            column.add(mark)

    def candidates(self, part: Part, read: int, end: int, chain: Chain) -> Candidates:
        """What is told of a part of which so much was read."""
        return Candidates(
            part=part.index,
            stream=part.stream,
            read=read,
            end=end,
            keys=b"".join(self.keys),
            raw=[column.tobytes() for column in self.raw],
            weights=self.weights.tobytes() if self.weights is not None else b"",
            units=b"".join(self.units),
            strata=b"".join(self.strata),
            prompts=b"".join(self.prompts),
            streaks=chain.streaks(),
            bands=[column.bands() for column in self.marks],
        )
