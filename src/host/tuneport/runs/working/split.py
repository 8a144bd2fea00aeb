"""The split of one run: part by part, or whole once all samples have been seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import compress

from tuneport.runs.messages import DUPLICATE, KEY_BYTES, STRATUM_BYTES, Candidates
from tuneport.runs.planning.split import Split
from tuneport.runs.splitting.audit import Audit
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.linked import linked


class Splitting:
    """Decides where samples stand, and watches what stands on both sides.

    Args:
        split: what the plan says of it.
        clustered: whether units may belong together.
    """

    def __init__(self, split: Split, *, clustered: bool = False) -> None:
        if clustered and not split.before.samples:
            # What belongs together has a name of one of its samples, which may be a new one.
            split = replace(split, before=Before(split.before.units, split.before.units))
        self._assigner = split.assigner()
        self._audit = Audit(split.before)
        self._by_sample = bool(split.before.samples)
        self._gathered: list[tuple[int, bytes]] = []
        self._strata = bytearray()
        self._decided: dict[int, _Decided] = {}

    def part(self, candidates: Candidates, kept: bytes) -> bytes:
        """The splits of one part; `kept` says what is no duplicate."""
        one = _Decided(candidates.prompts, candidates.units or candidates.keys)
        one.splits = _spread(kept, map(self._assigner.one, _kept(one.units, KEY_BYTES, kept)))
        self._decided[candidates.part] = one
        return one.splits

    def gather(self, candidates: Candidates, kept: bytes) -> None:
        """Add a part that will be decided with all others."""
        self._gathered.append((candidates.part, kept))
        one = _Decided(candidates.prompts, candidates.units or candidates.keys)
        one.keys = candidates.keys if self._by_sample else b""
        self._decided[candidates.part] = one
        self._strata += b"".join(_kept(candidates.strata, STRATUM_BYTES, kept))

    def whole(self, clusters: Iterable[int] | None = None) -> Iterator[bytes]:
        """The splits of all parts that were gathered, in order.

        Args:
            clusters: of each sample that is kept a number that all have that belong together, below 0 for none.
        """
        columns = [(self._decided[part], kept) for part, kept in self._gathered]
        units = b"".join(unit for one, kept in columns for unit in _kept(one.units, KEY_BYTES, kept))
        units = units if clusters is None else linked(units, clusters)
        keys = b"".join(key for one, kept in columns for key in _kept(one.keys, KEY_BYTES, kept))
        every = iter(self._assigner.all(units, bytes(self._strata), keys))
        for part, kept in self._gathered:
            self._decided[part].splits = _spread(kept, every)
            yield self._decided[part].splits

    def written(self, part: int, written: bytes) -> bytes:
        """Look at what was written of a part, a byte for each sample; what has to be known of it after a crash."""
        one = self._decided.pop(part)
        splits = bytes(side if is_there else DUPLICATE for side, is_there in zip(one.splits, written, strict=True))
        return self._audit.add(one.prompts, one.units, splits, one.keys)

    def restore(self, memory: bytes) -> None:
        """Take up what `written` returned."""
        self._audit.restore(memory)

    def leakage(self) -> dict[str, int]:
        """What was looked for across the split, and how often it was found."""
        return self._audit.result()


@dataclass
class _Decided:
    """The columns of a part, kept until it is known what was written of it."""

    prompts: bytes
    units: bytes
    splits: bytes = b""
    keys: bytes = b""


def _kept(column: bytes, width: int, kept: bytes) -> Iterator[bytes]:
    pieces = (column[start : start + width] for start in range(0, len(column), width))
    return compress(pieces, kept)


def _spread(kept: bytes, splits: Iterator[int]) -> bytes:
    """A byte for every sample of a part, duplicates among them."""
    return bytes(next(splits) if keep else DUPLICATE for keep in kept)
