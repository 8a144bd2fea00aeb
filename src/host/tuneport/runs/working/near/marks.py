"""What fingerprints say of the samples of a part, while it grows."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import TYPE_CHECKING, NamedTuple

from tuneport.runs.messages import Bands, StageRef
from tuneport.runs.working.foreign import secluded
from tuneport.sample import Sample

if TYPE_CHECKING:
    from tuneport.hookspecs import Fingerprint


class Mark(NamedTuple):
    """What one fingerprint says of one sample; the sketch is empty where bands are sure enough."""

    bands: array[int]
    sketch: bytes


class Marker:
    """Asks one fingerprint.

    Attributes:
        stage: who is asked.
    """

    def __init__(self, stage: StageRef, fingerprint: Fingerprint) -> None:
        sketch = getattr(fingerprint, "sketch", None)
        self.stage = stage
        self._bands = secluded(fingerprint)
        self._sketch = None if sketch is None else secluded(sketch)
        self._size: int | None = None

    def mark(self, sample: Sample) -> Mark:
        """What it says of a sample.

        Raises:
            TypeError, ValueError, OverflowError: that is nothing a fingerprint may say.
        """
        bands = array("Q", self._bands(sample))
        if self._sketch is None:
            return Mark(bands, b"")
        sketch = bytes(self._sketch(sample))
        if self._size is None:
            self._size = len(sketch)
        if len(sketch) != self._size:
            raise ValueError(f"a sketch of {len(sketch)} bytes after one of {self._size}")
        return Mark(bands, sketch)


@dataclass
class Marks:
    """What one fingerprint says of a part's samples."""

    values: array[int] = field(default_factory=lambda: array("Q"))
    counts: array[int] = field(default_factory=lambda: array("I"))
    sketches: bytearray = field(default_factory=bytearray)

    def add(self, mark: Mark) -> None:
        """Add a sample's."""
        self.values += mark.bands
        self.counts.append(len(mark.bands))
        self.sketches += mark.sketch

    def bands(self) -> Bands:
        """The same as the reducer is told of it: in ascending order, so that it can take any range of bands at once."""
        owners = [*chain.from_iterable(map(repeat, range(len(self.counts)), self.counts))]
        order = sorted(range(len(owners)), key=self.values.__getitem__)
        values, whose = _in(order, self.values), _in(order, owners)
        return Bands(array("Q", values).tobytes(), array("I", whose).tobytes(), bytes(self.sketches))


def _in(order: Sequence[int], column: Sequence[int]) -> map[int]:
    return map(column.__getitem__, order)
