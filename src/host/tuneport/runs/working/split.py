"""The split of one run: part by part, or whole once all samples have been seen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress

from tuneport.runs.messages import DUPLICATE, KEY_BYTES, PROMPT_BYTES, STRATUM_BYTES, Candidates
from tuneport.runs.planning.split import Split
from tuneport.runs.splitting.audit import Audit


class Splitting:
    """Decides where samples stand, and watches what stands on both sides.

    Args:
        split: what the plan says of it.
    """

    def __init__(self, split: Split) -> None:
        self._assigner = split.assigner()
        self._audit = Audit(split.before)
        self._units = bytearray()
        self._strata = bytearray()
        self._parts: list[tuple[bytes, bytes]] = []

    def part(self, candidates: Candidates, kept: bytes) -> tuple[bytes, bytes]:
        """The splits of one part, and what has to be known of it after a crash; `kept` says what is no duplicate."""
        units = _units(candidates, kept)
        splits = bytes(map(self._assigner.one, _pieces(units, KEY_BYTES)))
        memory = self._audit.add(_kept(candidates.prompts, PROMPT_BYTES, kept), units, splits)
        return _spread(kept, splits), memory

    def restore(self, memory: bytes) -> None:
        """Take up a part that was decided."""
        self._audit.restore(memory)

    def gather(self, candidates: Candidates, kept: bytes) -> None:
        """Add a part that will be decided with all others."""
        self._parts.append((kept, _kept(candidates.prompts, PROMPT_BYTES, kept)))
        self._units += _units(candidates, kept)
        self._strata += _kept(candidates.strata, STRATUM_BYTES, kept)

    def whole(self) -> Iterator[bytes]:
        """The splits of all parts that were gathered, in order."""
        units = bytes(self._units)
        every = self._assigner.all(units, bytes(self._strata))
        start = 0
        for kept, prompts in self._parts:
            end = start + len(prompts) // PROMPT_BYTES
            splits = every[start:end]
            self._audit.add(prompts, units[start * KEY_BYTES : end * KEY_BYTES], splits)
            start = end
            yield _spread(kept, splits)

    def leakage(self) -> dict[str, int]:
        """What was looked for across the split, and how often it was found."""
        return self._audit.result()


def _units(candidates: Candidates, kept: bytes) -> bytes:
    return _kept(candidates.units or candidates.keys, KEY_BYTES, kept)


def _kept(column: bytes, width: int, kept: bytes) -> bytes:
    return b"".join(compress(_pieces(column, width), kept))


def _pieces(column: bytes, width: int) -> Iterator[bytes]:
    return (column[start : start + width] for start in range(0, len(column), width))


def _spread(kept: bytes, splits: bytes) -> bytes:
    """A byte for every sample of a part, duplicates among them."""
    following = iter(splits)
    return bytes(next(following) if keep else DUPLICATE for keep in kept)
